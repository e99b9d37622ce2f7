"""Storms over the Faust workers: one after the other is stopped or killed, and no event is missed or out of order."""

import asyncio
import itertools
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from infra import deadletters, progress
from infra.embedded.tables import EmbeddedTables
from infra.kafka.log import KafkaLog
from infra.log import Retention, Topic
from infra.progress import progress_of
from infra.supervisor import Program, Supervisor
from tests.gapless import GaplessWriter
from tests.services import Service

pytestmark = [pytest.mark.chaos, pytest.mark.cluster, pytest.mark.timeout(600)]

WORKERS, PARTITIONS, KEYS = 3, 6, 60
STORM = 60.0  # seconds
EVERY = 4.0  # seconds between two stops


@dataclass(frozen=True)
class Handled:
    """One line of the workers' journal."""

    time: int
    partition: int
    sequence: int
    key: str
    number: int


@dataclass
class Crew:
    """The workers under a supervisor."""

    supervisor: Supervisor
    pids: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def tell(self, name: str, line: str) -> None:
        self.lines.append(f"{name} | {line}")
        if line.startswith("started as process "):
            self.pids[name] = int(line.rpartition(" ")[2])


def crew_of(kafka: Service, topic: str, folder: Path) -> Crew:
    command = [sys.executable, "-m", "tests.chaos.storm_worker", kafka.address, topic]
    programs = [Program(f"worker.{n}", [*command, f"{n}", str(folder)], dict(os.environ)) for n in range(WORKERS)]
    crew = Crew(Supervisor([], print))
    crew.supervisor = Supervisor(programs, crew.tell)
    return crew


def journal(folder: Path) -> list[Handled]:
    """What was handled, in the order of time."""
    found = []
    for line in (folder / "journal").read_text().splitlines():
        time_, partition, sequence, key, number = line.split(" ")
        found.append(Handled(int(time_), int(partition), int(sequence), key, int(number)))
    return sorted(found, key=lambda each: each.time)


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_no_event_is_missed_or_out_of_order_in_a_storm(kafka: Service, tmp_path: Path) -> None:
    topic = f"storm-{uuid4()}.events"
    log = KafkaLog(kafka.address, data_dir=tmp_path)
    log.ensure([Topic(topic, PARTITIONS, Retention.FOREVER)])
    tables = EmbeddedTables(tmp_path / "tables.db", patience=60.0)
    await tables.create([progress.PROGRESS, *deadletters.TABLES])
    writer = GaplessWriter(kafka.address, topic, PARTITIONS, KEYS)
    (tmp_path / "journal").touch()
    crew = crew_of(kafka, topic, tmp_path)
    running = asyncio.create_task(crew.supervisor.run())

    over = False

    def load() -> None:
        for turn in itertools.count():
            if over:
                return
            if turn % 7 == 0:
                writer.abort(5)
            writer.commit(25)
            time.sleep(0.05)

    loading = asyncio.create_task(asyncio.to_thread(load))
    await until(lambda: len({each.partition for each in journal(tmp_path)}) == PARTITIONS)
    stops: list[tuple[int, str, signal.Signals]] = []
    ways = itertools.cycle([signal.SIGKILL, signal.SIGTERM])
    began = time.monotonic()
    while time.monotonic() - began < STORM:
        name, how = random.choice(sorted(crew.pids)), next(ways)
        try:
            os.kill(crew.pids[name], how)
            stops.append((time.time_ns(), name, how))
        except ProcessLookupError:
            pass  # it is just being started again
        await asyncio.sleep(EVERY)
    over = True
    await loading
    expected = {(topic, number): sequence for number, sequence in writer.sequences.items()}

    async def reached() -> bool:
        found = await progress_of(tables, topic)
        return {each: found[each].sequence for each in expected if each in found} == expected

    deadline = time.monotonic() + 240
    while not await reached():
        assert time.monotonic() < deadline, "\n".join(crew.lines[-80:])
        await asyncio.sleep(0.5)
    crew.supervisor.stop()
    await running
    await tables.close()
    log.close()

    handled = journal(tmp_path)
    events = sum(writer.counts.values())
    once = {(each.key, each.number) for each in handled}
    never = {(key, n) for key, count in writer.counts.items() for n in range(1, count + 1)} - once
    breaks = []
    last: dict[str, int] = {}
    for each in handled:
        if each.number > last.get(each.key, 0) + 1:
            breaks.append(each)
        last[each.key] = max(each.number, last.get(each.key, 0))
    twice = len(handled) - len(once)
    kills = sum(how == signal.SIGKILL for _, _, how in stops)
    silences = sorted(
        (later.time - earlier.time) / 1e9
        for number in range(PARTITIONS)
        for earlier, later in itertools.pairwise(each for each in handled if each.partition == number)
    )
    print(f"\nlongest silences of a partition: {', '.join(f'{each:.1f} s' for each in silences[:-6:-1])}")
    print(f"{events} events, {len(stops)} stops ({kills} kill -9): {len(never)} never handled, ")
    print(f"{twice} handled again ({100 * twice / events:.1f} %), {len(breaks)} order breaks")
    assert not never
    assert not breaks
    assert len(stops) > 5
    assert not [line for line in crew.lines if "no progress, ending the process" in line]
