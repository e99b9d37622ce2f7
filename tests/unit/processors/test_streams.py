"""The stream runner: each event once and in order, whatever its feeder, its stores and its handler do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.deadletters import DeadLetters, Lane
from infra.log import Record, TopicPartition
from infra.progress import progress_of
from infra.tables import TablesUnavailable, Write
from processors import streams
from processors.streams import Stream
from tests.unit.processors.streaming import APPLIED, EVENTS, PLAIN, Bench, Recorder, headers_of

PARTITION: TopicPartition = (EVENTS, 0)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = await Bench.at(tmp_path)
    yield bench
    await bench.close()


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PATIENCE", (0.0, 0.0, 0.0))


async def opened(bench: Bench, handler: Recorder, *partitions: TopicPartition) -> Stream[Record]:
    stream = bench.stream(handler)
    await stream.assign(partitions or [PARTITION])
    return stream


async def test_a_batch_is_handled_in_order_and_once(bench: Bench) -> None:
    for n in range(5):
        bench.event("copy/a", f"{n}")
    handler = Recorder()
    stream = await opened(bench, handler)
    await stream.handle(bench.records())
    await stream.handle(bench.records())
    assert handler.texts() == ["0", "1", "2", "3", "4"]
    assert handler.batches == [5]
    assert [row["text"] for row in await bench.tables.scan(APPLIED, topic=EVENTS, limit=9)] == handler.texts()


async def test_progress_is_durable_and_where_the_next_owner_goes_on(bench: Bench) -> None:
    for n in range(3):
        bench.event("copy/a", f"{n}")
    await (await opened(bench, Recorder())).handle(bench.records()[:2])
    progress = (await progress_of(bench.tables, "recorder"))[PARTITION]
    assert (progress.sequence, progress.place) == (2, 1)
    assert await bench.stream(Recorder()).assign([PARTITION, (PLAIN, 0)]) == {PARTITION: 2, (PLAIN, 0): 0}


async def test_a_gap_in_the_sequence_is_read_again_from_the_log(bench: Bench) -> None:
    for n in range(9):
        bench.event("copy/a", f"{n}")
    handler, records = Recorder(), bench.records()
    stream = await opened(bench, handler)
    await stream.handle([*records[:2], records[5], records[8]])
    assert handler.texts() == [f"{n}" for n in range(9)]


async def test_a_gap_that_is_longer_than_a_batch_is_handled_in_parts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MENDED", 4)
    for n in range(20):
        bench.event("copy/a", f"{n}")
    handler = Recorder()
    stream = await opened(bench, handler)
    await stream.handle(bench.records()[-1:])
    assert handler.texts() == [f"{n}" for n in range(20)]
    assert max(handler.batches) <= 4


async def test_an_event_that_was_written_twice_is_dropped_for_good(bench: Bench) -> None:
    bench.event("copy/a", "first")
    bench.put(EVENTS, b"copy/a", "the same again", headers_of("copy/a", 1))
    bench.event("copy/a", "second")
    handler = Recorder()
    stream = await opened(bench, handler)
    await stream.handle(bench.records())
    assert handler.texts() == ["first", "second"]
    assert stream.progress()[PARTITION].place == 2


async def test_a_hole_in_the_log_itself_stops_nothing(bench: Bench) -> None:
    bench.event("copy/a", "one")
    bench.sequence[0] = 7
    bench.event("copy/a", "eight")
    bench.event("copy/a", "nine")
    handler = Recorder()
    stream = await opened(bench, handler)
    await stream.handle(bench.records())
    assert handler.texts() == ["one", "eight", "nine"]
    assert stream.progress()[PARTITION].sequence == 9


@pytest.mark.parametrize("sequence", [b"999999999999", b"-4", b"0", b"many"])
async def test_a_forged_sequence_hides_no_event(bench: Bench, sequence: bytes) -> None:
    bench.event("copy/a", "one")
    bench.put(EVENTS, b"copy/b", b"\xff", {"ce_sequence": sequence})
    bench.event("copy/a", "two")
    handler = Recorder()
    stream = await opened(bench, handler)
    await stream.handle(bench.records())
    assert handler.texts() == ["one", "two"]
    assert [each.lane.key for each in await DeadLetters(bench.tables).parked("recorder")] == ["copy/b"]


async def test_records_of_a_partition_that_has_moved_are_left_to_its_owner(bench: Bench) -> None:
    bench.event("copy/a", "one")
    handler = Recorder()
    stream = await opened(bench, handler)
    await stream.revoke([PARTITION])
    await stream.handle(bench.records())
    assert handler.handled == []
    assert handler.owned == set()
    assert stream.progress() == {}


@pytest.mark.parametrize("topic", [EVENTS, PLAIN])
async def test_what_a_cancellation_broke_off_is_handled_with_the_next_batch(bench: Bench, topic: str) -> None:
    """Faust takes a batch whose handler was cancelled for done; the next one it delivers is the one behind it."""
    for n in range(6):
        if topic == EVENTS:
            bench.event("copy/a", f"{n}")
        else:
            bench.put(PLAIN, b"copy/a", f"{n}")

    class Slow(Recorder):
        async def handle(self, batch: list[Record]) -> list[Write]:  # type: ignore[override]
            if not self.batches:
                self.batches.append(0)
                await asyncio.sleep(60)
            return list(await super().handle(batch))

    handler, records = Slow(), bench.records(topic)
    stream = await opened(bench, handler, (topic, 0))
    cut = asyncio.create_task(stream.handle(records[:3]))
    await asyncio.sleep(0.01)
    cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut
    await stream.handle(records[3:])
    assert handler.texts() == [f"{n}" for n in range(6)]


async def test_no_progress_without_the_writes_and_waiting_while_a_store_is_away(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.event("copy/a", "one")
    write, away = bench.tables.write, 3

    async def failing(writes: list[Write]) -> None:
        nonlocal away
        assert stream.progress()[PARTITION].place == -1
        away -= 1
        if away >= 0:
            raise TablesUnavailable("out for lunch")
        await write(writes)

    handler = Recorder()
    stream = await opened(bench, handler)
    monkeypatch.setattr(bench.tables, "write", failing)
    before = stream.pulse
    await stream.handle(bench.records())
    assert stream.progress()[PARTITION].place == 0
    assert stream.pulse > before
    assert handler.texts() == ["one"]


async def test_a_failing_event_parks_its_key_in_order_and_no_other(bench: Bench) -> None:
    for n in range(3):
        bench.event("copy/bad", f"bad {n}")
        bench.event("copy/good", f"good {n}")
    handler = Recorder()
    handler.failing = lambda key, text: ValueError("broken rule") if text == "bad 1" else None
    stream = await opened(bench, handler)
    await stream.handle(bench.records()[:5])
    await stream.handle(bench.records())
    assert handler.texts("copy/good") == ["good 0", "good 1", "good 2"]
    assert handler.texts("copy/bad") == ["bad 0"]
    letters = DeadLetters(bench.tables)
    (parked,) = await letters.parked("recorder")
    assert parked.lane == Lane(EVENTS, 0, "copy/bad")
    assert "broken rule" in parked.error
    kept = await letters.letters("recorder", "copy/bad")
    assert [each.record.value for each in kept] == [b"bad 1", b"bad 2"]
    assert [each.record for each in kept] == [bench.records()[2], bench.records()[4]]
    assert stream.progress()[PARTITION].sequence == 6


async def test_other_keys_are_handled_at_once_while_one_is_parked(bench: Bench) -> None:
    bench.event("copy/bad", b"\xff")
    for n in range(50):
        bench.event("copy/good", f"{n}")
        bench.event("copy/bad", f"{n}")
    handler, records = Recorder(), bench.records()
    stream = await opened(bench, handler)
    await stream.handle(records[:1])
    await stream.handle(records[1:])
    assert handler.batches == [50]


async def test_a_transient_failure_parks_nothing(bench: Bench) -> None:
    bench.event("copy/a", "one")
    handler, tries = Recorder(), iter([ValueError("once"), ValueError("twice"), None])
    handler.failing = lambda key, text: next(tries)
    stream = await opened(bench, handler)
    await stream.handle(bench.records())
    assert handler.texts() == ["one"]
    assert await DeadLetters(bench.tables).parked("recorder") == []


async def test_a_parked_key_stays_parked_for_the_next_owner(bench: Bench) -> None:
    bench.event("copy/bad", b"\xff")
    bench.event("copy/bad", "later")
    await (await opened(bench, Recorder())).handle(bench.records()[:1])
    handler = Recorder()
    await (await opened(bench, handler)).handle(bench.records())
    assert handler.handled == []
    assert len(await DeadLetters(bench.tables).letters("recorder", "copy/bad")) == 2


async def test_retry_handles_the_letters_in_order_and_before_what_comes_later(bench: Bench) -> None:
    for n in range(4):
        bench.event("copy/bad", f"{n}")
    broken = True
    handler = Recorder()
    handler.failing = lambda key, text: ValueError("bug") if broken else None
    stream = await opened(bench, handler)
    await stream.handle(bench.records()[:3])
    letters = DeadLetters(bench.tables)

    assert await letters.wish("recorder", "copy/bad", "retry", "too early") == 1
    await stream.tend()
    (parked,) = await letters.parked("recorder")
    assert (parked.wish, parked.reason) == ("", "too early")
    assert len(await letters.letters("recorder", "copy/bad")) == 3

    broken = False
    await letters.wish("recorder", "copy/bad", "retry", "repaired")
    await stream.tend()
    await stream.handle(bench.records())
    assert handler.texts() == ["0", "1", "2", "3"]
    assert await letters.parked("recorder") == []
    assert await letters.letters("recorder", "copy/bad") == []


async def test_discard_drops_the_letters_and_lets_the_key_go_on(bench: Bench) -> None:
    bench.event("copy/bad", b"\xff")
    bench.event("copy/bad", "good, but too late")
    handler = Recorder()
    stream = await opened(bench, handler)
    await stream.handle(bench.records())
    letters = DeadLetters(bench.tables)
    await letters.wish("recorder", "copy/bad", "discard", "spam")
    await stream.tend()
    bench.event("copy/bad", "new")
    await stream.handle(bench.records())
    assert handler.texts() == ["new"]
    assert await letters.parked("recorder") == []


async def test_a_wish_for_a_key_of_another_owner_is_left_to_it(tmp_path: Path) -> None:
    bench = await Bench.at(tmp_path, partitions=2)
    bench.event("copy/bad", b"\xff", partition=1)
    first, second = Recorder(), Recorder()
    owner, other = await opened(bench, first, (EVENTS, 1)), await opened(bench, second, (EVENTS, 0))
    await owner.handle(bench.records(partition=1))
    letters = DeadLetters(bench.tables)
    await letters.wish("recorder", "copy/bad", "discard", "")
    await other.tend()
    assert len(await letters.parked("recorder")) == 1
    await owner.tend()
    assert await letters.parked("recorder") == []
    await bench.close()


async def test_one_key_parked_in_two_partitions_keeps_the_letters_of_both(tmp_path: Path) -> None:
    bench = await Bench.at(tmp_path, partitions=2)
    for number in (0, 1):
        bench.put(PLAIN, b"copy/bad", f"{number}", partition=number)
    handler = Recorder()
    handler.failing = lambda key, text: ValueError("bug")
    stream = await opened(bench, handler, (PLAIN, 0), (PLAIN, 1))
    await stream.handle([*bench.records(PLAIN, 0), *bench.records(PLAIN, 1)])
    letters = DeadLetters(bench.tables)
    assert [each.record.value for each in await letters.letters("recorder", "copy/bad")] == [b"0", b"1"]
    handler.failing = lambda key, text: None
    assert await letters.wish("recorder", "copy/bad", "retry", "") == 2
    await stream.tend()
    assert sorted(handler.texts()) == ["0", "1"]
    assert await letters.parked("recorder") == []
    await bench.close()


async def test_a_letter_is_the_record_it_was_bytes_and_all(bench: Bench) -> None:
    bench.put(EVENTS, b"\xff\xfe", b"\x80\x81", {"ce_type": b"\xff", "x": b""})
    stream = await opened(bench, Recorder())
    await stream.handle(bench.records())
    (parked,) = await DeadLetters(bench.tables).parked("recorder")
    (letter,) = await DeadLetters(bench.tables).letters("recorder", parked.lane.key)
    assert letter.record == bench.records()[0]


async def test_tending_that_fails_is_no_end(bench: Bench) -> None:
    class Forgetful(Recorder):
        async def tend(self) -> list[Write]:
            raise KeyError("what was it")

    stream = await opened(bench, Forgetful())
    await stream.tend()
    bench.event("copy/a", "one")
    await stream.handle(bench.records())
    assert stream.progress()[PARTITION].place == 0
