"""How fast events become rows: the chat's read model over a topic of events, read from its beginning."""

import asyncio
import random
import time
from pathlib import Path
from uuid import UUID, uuid4

from bench.commands import CODEC, CONVERSATIONS, TEXT
from bench.installation import Installation, Servers, installation
from bench.report import Report, console
from bench.usage import Usage
from domain.chat.conversation import Delivered, MessageSent, Read
from domain.chat.conversation.events import Kind
from infra.clock import micros_now
from infra.log import LogUnavailable
from infra.partitioning import partition_of
from infra.progress import progress_of
from infra.settings import Engine
from projections.chat.conversations import conversations
from projections.following import replay_of
from schemas import topics
from schemas.envelope import Recorded
from septet.composition import House, build

REBUILD, PLAIN, FAUST = "rebuild", "plain loop", "Faust"
LOOK = 0.02  # seconds between two looks at how far it is
PATIENCE = 120.0  # seconds without any progress


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    """A rebuild, and a worker that has fallen behind: by the plain loop, in a cluster by Faust, too."""
    count = 10_000 if short else 150_000
    report = Report("replay", engine.value, "8 of 10 events are messages, the others receipts; 2 rows each")
    for way in (REBUILD, PLAIN) if engine is Engine.EMBEDDED else (REBUILD, PLAIN, FAUST):
        with installation(engine, servers, folder) as septet:
            asyncio.run(_measure(septet, report, count, way))
    return report


async def _measure(septet: Installation, report: Report, count: int, way: str) -> None:
    house = build(septet.settings)
    await house.prepare()
    console.print(f"  {septet.engine.value}: filling chat.events with {count:,} events")
    _fill(house, count)
    name = conversations.name
    if way == REBUILD:
        septet.start(name, ["rebuild", name, "--parallel", "2"])
        name, process = replay_of(name, 1), name
    else:
        septet.start(name, ["worker", name, *(["--plain"] if way == PLAIN else [])])
        process = name
    usage, first, began = Usage(septet.pids), 0, time.monotonic()
    done, moved = 0, time.monotonic()
    while done < count:
        await asyncio.sleep(LOOK)
        now = sum(each.sequence for each in (await progress_of(house.tables, name)).values())
        if now != done:
            done, moved = now, time.monotonic()
        elif time.monotonic() - moved > PATIENCE:
            raise RuntimeError(f"{name} stands at {done:,} of {count:,}")
        if done and not first:  # its start is not what is measured
            first, began = done, time.monotonic()
            usage.start()
    seconds = time.monotonic() - began
    report.add(
        way=way,
        events=count - first,
        per_s=round((count - first) / seconds),
        per_cpu_s=round((count - first) / usage.seconds_of(process)),
        busy=usage.text(),
    )
    await house.tables.close()
    house.close()


def _fill(house: House, count: int) -> None:
    """Writes events as the command processor does, without transactions."""
    chance, topic, producer = random.Random(11), topics.events("chat"), house.log.producer()
    partitions, sequences = house.log.topics()[topic], dict[int, int]()
    groups = [uuid4() for _ in range(CONVERSATIONS)]
    versions = dict.fromkeys(groups, 0)
    micros = micros_now()
    for number in range(count):
        group = chance.choice(groups)
        key, versions[group] = f"conversation/{group}", versions[group] + 1
        partition = partition_of(key.encode(), partitions)
        sequence = sequences[partition] = sequences.get(partition, 0) + 1
        event = _event(chance.random(), group, versions[group])
        type_ = CODEC.type_name(type(event))
        at = Recorded(
            id=f"{number}:1",
            type=type_,
            system="chat",
            partition=partition,
            sequence=sequence,
            key=key,
            version=versions[group],
            micros=micros + number,
            actor=f"person|{group}",
            correlation=str(number),
            causation=str(number),
        )
        while True:
            try:
                producer.send(topic, key.encode(), CODEC.encode(event), at.headers(), partition=partition)
                break
            except LogUnavailable:  # its queue is full
                time.sleep(0.01)
    producer.flush(120)
    producer.close()


def _event(kind: float, person: UUID, seq: int) -> MessageSent | Delivered | Read:
    if kind < 0.1:
        return Delivered(person, seq)
    if kind < 0.2:
        return Read(person, seq)
    return MessageSent(seq, UUID(int=seq), person, Kind.TEXT, TEXT, None, (), False, ())
