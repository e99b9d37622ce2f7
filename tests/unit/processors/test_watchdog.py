"""The watchdog: it ends a worker that hangs or is no longer fed, and leaves alone one that waits for good reason."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from infra.log import LogUnavailable, Record, TopicPartition
from infra.tables import TablesUnavailable, Write
from processors import streams, watchdog
from processors.streams import Stream
from processors.watchdog import FAILED, Watchdog
from tests.unit.processors.streaming import EVENTS, PLAIN, Bench, Recorder

PATIENCE = 60.0


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = await Bench.at(tmp_path)
    yield bench
    await bench.close()


@pytest.fixture
async def stream(bench: Bench) -> Stream[Record]:
    stream = bench.stream(Recorder())
    await stream.assign([(EVENTS, 0), (PLAIN, 0)])
    return stream


class Clock:
    """The time, as the test has it go by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.monotonic()
        for module in (streams, watchdog):
            monkeypatch.setattr(module, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def test_nothing_is_wrong_with_a_stream_that_has_nothing_to_do(
    bench: Bench, clock: Clock, stream: Stream[Record]
) -> None:
    dog = Watchdog(stream, bench.log, PATIENCE)
    for _ in range(10):
        clock.now += 50
        await stream.tend()
        assert dog.complaint() == ""


async def test_silence_is_reported(bench: Bench, clock: Clock, stream: Stream[Record]) -> None:
    await stream.tend()
    clock.now += 61
    assert "nothing has happened for 61 s" in Watchdog(stream, bench.log, PATIENCE).complaint()


async def _of_one_event(bench: Bench, stream: Stream[Record]) -> Watchdog:
    """A watchdog that has looked at a stream with its one event done."""
    dog = Watchdog(stream, bench.log, PATIENCE)
    bench.event("copy/a", "one")
    await stream.handle(bench.records())
    assert dog.complaint() == ""
    return dog


async def test_a_partition_with_records_that_nobody_brings_is_reported(
    bench: Bench, clock: Clock, stream: Stream[Record]
) -> None:
    dog = await _of_one_event(bench, stream)
    bench.event("copy/a", "two")
    clock.now += 59
    await stream.tend()
    assert dog.complaint() == ""
    clock.now += 2
    await stream.tend()
    assert dog.complaint() == ""  # they may have come this moment
    clock.now += 6
    await stream.tend()
    assert "lending.events 0 has stood at offset 0 for 67 s" in dog.complaint()


async def test_records_that_come_at_the_moment_of_the_look_are_no_reason(
    bench: Bench, clock: Clock, stream: Stream[Record]
) -> None:
    dog = await _of_one_event(bench, stream)
    clock.now += 61
    await stream.tend()
    bench.event("copy/a", "two")
    assert dog.complaint() == ""
    await stream.handle(bench.records())
    clock.now += 6
    assert dog.complaint() == ""


async def test_progress_in_time_is_enough(bench: Bench, clock: Clock, stream: Stream[Record]) -> None:
    dog = Watchdog(stream, bench.log, PATIENCE)
    for n in range(5):
        bench.event("copy/a", f"{n}")
        bench.event("copy/a", f"{n}")
        clock.now += 50
        await stream.handle(bench.records()[: n + 1])
        assert dog.complaint() == ""


async def test_an_end_that_is_not_a_record_is_nothing_to_read(
    bench: Bench, clock: Clock, stream: Stream[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Kafka the mark of a transaction lies behind its last record."""
    bench.event("copy/a", "one")
    await stream.handle(bench.records())
    end = bench.log.end
    monkeypatch.setattr(bench.log, "end", lambda partition: end(partition) + 1)
    dog = Watchdog(stream, bench.log, PATIENCE)
    for _ in range(3):
        assert dog.complaint() == ""
        clock.now += 61
        await stream.tend()


async def test_a_log_that_is_away_is_no_fault_of_the_stream(
    bench: Bench, clock: Clock, stream: Stream[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(partition: TopicPartition) -> int:
        raise LogUnavailable("gone fishing")

    monkeypatch.setattr(bench.log, "end", away)
    dog = Watchdog(stream, bench.log, PATIENCE)
    for _ in range(3):
        assert dog.complaint() == ""
        clock.now += 61
        await stream.tend()


async def test_waiting_for_tables_is_life(bench: Bench, clock: Clock, stream: Stream[Record]) -> None:
    waited = 0

    class Patient(Recorder):
        async def handle(self, batch: Sequence[Record]) -> Sequence[Write]:
            nonlocal waited
            waited += 1
            clock.now += 50
            if waited < 5:
                raise TablesUnavailable("out for lunch")
            assert Watchdog(stream, bench.log, PATIENCE).complaint() == ""
            return ()

    stream.handler = Patient()
    bench.event("copy/a", "one")
    await stream.handle(bench.records())
    assert waited == 5


HANGING = """
import asyncio, sys, threading, time
from pathlib import Path
from infra.logging import configure
from processors import loop
from processors.watchdog import Watchdog
from tests.unit.processors.streaming import Bench, Recorder

class Hanging(Recorder):
    async def handle(self, batch):
        print("handling", flush=True)
        await self.wait() if sys.argv[2] == "awaits" else time.sleep(600)

    async def wait(self):
        await asyncio.get_running_loop().create_future()

configure("INFO", as_json=False)
bench = asyncio.run(Bench.at(Path(sys.argv[1])))
bench.event("copy/a", "one")
stream = bench.stream(Hanging())
with Watchdog(stream, bench.log, float(sys.argv[3])).watching():
    loop.run(stream, bench.log, "0", threading.Event())
"""


@pytest.mark.parametrize("how", ["awaits", "blocks"])
def test_a_process_whose_handler_hangs_ends_and_says_where(tmp_path: Path, how: str) -> None:
    worker = subprocess.run([sys.executable, "-c", HANGING, str(tmp_path), how, "1"], capture_output=True, text=True)
    assert "handling" in worker.stdout
    assert worker.returncode == FAILED
    assert "no progress, ending the process" in worker.stdout
    where = "wait" if how == "awaits" else "handle"
    assert re.search(rf'File "<string>", line \d+, in {where}\n', worker.stderr)


def test_a_worker_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    script = HANGING.replace('print("handling", flush=True)', "print('handling', flush=True)\n        return ()")
    worker = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), "awaits", "5"], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    try:
        assert any(b"handling" in line for line in worker.stdout)
        with pytest.raises(subprocess.TimeoutExpired):
            worker.wait(7)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
