"""The plain loop: a stream on a thread, over a log that several members share."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from infra.deadletters import DeadLetters
from infra.log import Record
from infra.progress import progress_of
from processors import loop, streams
from processors.streams import Stream
from tests.unit.processors.streaming import EVENTS, PLAIN, Bench, Recorder, headers_of


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = await Bench.at(tmp_path, partitions=4)
    yield bench
    await bench.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PATIENCE", (0.0,))
    monkeypatch.setattr(loop, "TENDING", 0.05)


@contextmanager
def running(bench: Bench, handler: Recorder, slot: str = "0") -> Iterator[Stream[Record]]:
    stream, stop = bench.stream(handler), Event()
    thread = Thread(target=loop.run, args=(stream, bench.log, slot, stop))
    thread.start()
    try:
        yield stream
    finally:
        stop.set()
        thread.join()


async def until(true: Callable[[], bool | Awaitable[bool]]) -> None:
    """Returns when it is so; fails a minute later."""
    deadline = time.monotonic() + 60
    while True:
        answer = true()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def parked(bench: Bench, count: int) -> bool:
    return len(await DeadLetters(bench.tables).parked("recorder")) == count


async def kept(bench: Bench, count: int) -> bool:
    return len(await DeadLetters(bench.tables).letters("recorder", "copy/bad")) == count


async def test_every_partition_is_read_from_its_own_progress(bench: Bench) -> None:
    for n in range(40):
        bench.event(f"copy/{n % 4}", f"{n}", partition=n % 4)
    first = Recorder()
    with running(bench, first):
        await until(lambda: len(first.handled) == 40)
    for n in range(40, 60):
        bench.event(f"copy/{n % 4}", f"{n}", partition=n % 4)
    second = Recorder()
    with running(bench, second):
        await until(lambda: len(second.handled) >= 20)
    assert sorted(map(int, second.texts())) == list(range(40, 60))
    assert all(second.texts(f"copy/{p}") == [f"{n}" for n in range(40 + p, 60, 4)] for p in range(4))


async def test_members_share_the_partitions_and_nothing_is_handled_twice_when_one_leaves(bench: Bench) -> None:
    first, second = Recorder(), Recorder()
    with running(bench, first, "0") as one:
        with running(bench, second, "1") as two:
            await until(lambda: len(one.progress()) == len(two.progress()) == 4)  # two topics of four partitions
            for n in range(40):
                bench.event(f"copy/{n % 4}", f"{n}", partition=n % 4)
            await until(lambda: len(first.handled) + len(second.handled) == 40)
        await until(lambda: len(one.progress()) == 8)
        for n in range(40, 60):
            bench.event(f"copy/{n % 4}", f"{n}", partition=n % 4)
        await until(lambda: len(first.handled) + len(second.handled) >= 60)
    assert sorted(map(int, first.texts() + second.texts())) == list(range(60))
    assert second.owned == set()


POISON = {
    "bytes that are no text": (b"\xff", {}),
    "no value": (None, {}),
    "an envelope that lies": (b"\xff", {"ce_sequence": b"77", "ce_type": b"\xff"}),
    "a broken body in a good envelope": (b"\xff", headers_of("copy/bad", 1)),
}


@pytest.mark.parametrize("what", POISON)
@pytest.mark.parametrize("topic", [EVENTS, PLAIN])
async def test_a_poisoned_record_parks_its_key_alone(bench: Bench, topic: str, what: str) -> None:
    handler, (value, headers) = Recorder(), POISON[what]
    producer = bench.log.producer()
    producer.send(topic, b"copy/bad", value, headers, partition=0)
    producer.flush(5)
    bench.sequence[0] = 1 if "good envelope" in what and topic == EVENTS else 0
    for n in range(3):
        bench.event("copy/good", f"{n}")
        bench.put(PLAIN, b"copy/other", f"{n}")
    with running(bench, handler):
        await until(lambda: len(handler.handled) == 6)
        letters = DeadLetters(bench.tables)
        assert [each.lane.key for each in await letters.parked("recorder")] == ["copy/bad"]
        await letters.wish("recorder", "copy/bad", "discard", "no event of ours")
        await until(lambda: parked(bench, 0))
        bench.put(PLAIN, b"copy/bad", "good again")
        await until(lambda: "good again" in handler.texts())
    assert handler.texts("copy/good") == handler.texts("copy/other") == ["0", "1", "2"]


async def test_a_key_goes_on_in_order_after_its_handler_is_repaired(bench: Bench) -> None:
    broken, handler = True, Recorder()
    handler.failing = lambda key, text: ValueError("bug") if broken and key == "copy/bad" else None
    with running(bench, handler):
        for n in range(10):
            bench.event("copy/bad", f"{n}")
            bench.event("copy/good", f"{n}")
        await until(lambda: len(handler.texts("copy/good")) == 10)
        await until(lambda: kept(bench, 10))
        broken = False
        await DeadLetters(bench.tables).wish("recorder", "copy/bad", "retry", "repaired")
        bench.event("copy/bad", "10")
        await until(lambda: len(handler.texts("copy/bad")) == 11)
    assert handler.texts("copy/bad") == [f"{n}" for n in range(11)]
    assert (await progress_of(bench.tables, "recorder"))[EVENTS, 0].sequence == 21
