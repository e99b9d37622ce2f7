"""Deadlines: sent when they are due, once in effect, whatever stops in between."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infra.log import LogUnavailable
from processors import deadlines
from processors.deadlines import DEADLINES, HOUR, Deadlines, Due
from tests.unit.processors.stage import Stage, staged

PLACE, TOPIC = "chat.events:0", "chat.commands"


class Clock:
    now = 1_000 * HOUR + 5

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(deadlines, "micros_now", clock)
    return clock


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


async def opened(stage: Stage) -> Deadlines:
    desk = Deadlines(stage.tables, stage.log.producer())
    await desk.open([PLACE])
    return desk


def due(name: str, at: int) -> Due:
    return Due(name, at, TOPIC, b"conversation/1", {"ce_id": name.encode()}, b"body")


def sent(stage: Stage, desk: Deadlines) -> list[str]:
    desk._producer.flush(30)
    return [each.headers["ce_id"].decode() for each in stage.read(TOPIC)]


async def test_kept_until_due_and_sent_once(stage: Stage, clock: Clock) -> None:
    desk = await opened(stage)
    await stage.tables.write([*desk.keep(PLACE, due("b", clock.now + 20)), *desk.keep(PLACE, due("a", clock.now + 10))])
    await desk.sweep()
    assert sent(stage, desk) == []
    clock.now += 20
    for _ in range(2):
        await stage.tables.write(await desk.sweep())
    assert sent(stage, desk) == ["a", "b"]


async def test_what_the_log_did_not_take_is_sent_again(
    stage: Stage, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await opened(stage)
    await stage.tables.write(desk.keep(PLACE, due("a", clock.now + 10)))
    clock.now += 10
    with monkeypatch.context() as broken:

        def away(_: float) -> None:
            raise LogUnavailable("away")

        broken.setattr(desk._producer, "flush", away)
        with pytest.raises(LogUnavailable):
            await desk.sweep()
    await stage.tables.write(await desk.sweep())
    assert sent(stage, desk) == ["a", "a"]


async def test_a_place_is_looked_at_when_something_is_due_there_and_now_and_then(
    stage: Stage, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    scan = stage.tables.scan

    def counted(*args: Any, **rest: Any) -> Any:
        looks.append(clock.now)
        return scan(*args, **rest)

    monkeypatch.setattr(stage.tables, "scan", counted)
    desk = await opened(stage)
    begun = clock.now
    await stage.tables.write(await desk.sweep())
    await stage.tables.write(desk.keep(PLACE, due("a", begun + 40_000_000)))
    for _ in range(120):
        clock.now += 1_000_000
        await stage.tables.write(await desk.sweep())
    assert sorted({(each - begun) // 1_000_000 for each in looks}) == [0, 40, 100]
    assert sent(stage, desk) == ["a"]


async def test_what_is_past_goes_out_at_once(stage: Stage, clock: Clock) -> None:
    desk = await opened(stage)
    assert desk.keep(PLACE, due("past", clock.now)) == []
    assert sent(stage, desk) == ["past"]


async def test_a_crash_before_the_note_sends_the_same_id_again(stage: Stage, clock: Clock) -> None:
    desk = await opened(stage)
    await stage.tables.write(desk.keep(PLACE, due("a", clock.now + 10)))
    clock.now += 3 * HOUR
    await desk.sweep()  # what it answers is lost
    desk = await opened(stage)
    await stage.tables.write(await desk.sweep())
    assert sent(stage, desk) == ["a", "a"]
    desk = await opened(stage)
    await stage.tables.write(await desk.sweep())
    assert sent(stage, desk) == ["a", "a"]


async def test_past_hours_leave_no_rows(stage: Stage, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "PAGE", 2)
    desk = await opened(stage)
    for number in range(7):
        await stage.tables.write(desk.keep(PLACE, due(f"{number}", clock.now + 1 + number * HOUR // 2)))
    clock.now += 2 * HOUR
    await stage.tables.write(await desk.sweep())
    assert sent(stage, desk) == ["0", "1", "2", "3"]
    assert {row["id"] async for row in stage.tables.rows(DEADLINES)} == {"4", "5", "6"}
    desk.close([PLACE])
    clock.now += 9 * HOUR
    assert await desk.sweep() == []
