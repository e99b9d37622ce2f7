"""Delivery: every entry is kept for every device and pushed once to those who are connected."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.chat.signals import INBOX, PASSING, SESSIONS, Entry, Presence, Push, Session
from infra.clock import micros_now
from infra.progress import progress_of
from infra.tables import TablesUnavailable, Write
from processors import delivery
from processors.delivery import Delivery
from processors.streams import Stream
from projections.chat.inbox import Inbox
from schemas import topics
from tests.scenario import ANN, BOB
from tests.unit.domain.conversations import GROUP
from tests.unit.past import CODEC
from tests.unit.processors.stage import Stage, home, people_of, session, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


def enter(stage: Stage, sequence: int, *people: UUID, large: bool = False, part: int = 0) -> None:
    raw = b"".join(each.bytes for each in people)
    data = f'{{"n":{sequence}}}' if not part else f'{{"n":"{sequence}.{part}"}}'
    entry = Entry(raw, 0, sequence, UUID(GROUP), sequence, large, data, part)
    stage.send(INBOX, b"conversation/" + GROUP.encode(), entry, home(people[0]))


def says(stage: Stage, said: Session) -> None:
    stage.send(SESSIONS, b"device/" + str(said.device).encode(), said, home(said.person))


async def run(stage: Stage) -> Stream[Any]:
    return await stage.run(Delivery(stage.log, CODEC, stage.tables, Inbox(stage.tables)))


async def again(stage: Stage, stream: Stream[Any]) -> None:
    """What has come since."""
    for topic in (SESSIONS, INBOX):
        await stream.handle(stage.read(topic))


async def inbox(stage: Stage, person: UUID) -> list[tuple[int, str]]:
    return await Inbox(stage.tables).after(person, 0, 1_000, 1_000)


def pushes(stage: Stage, gateway: int) -> list[Push]:
    return stage.messages(topics.ANSWERS, gateway)


async def test_a_repeated_source_event_is_dropped_also_after_a_restart(stage: Stage) -> None:
    enter(stage, 1, ANN)
    enter(stage, 1, ANN)
    enter(stage, 2, ANN)
    await run(stage)
    enter(stage, 2, ANN)
    enter(stage, 1, ANN)
    enter(stage, 3, ANN)
    await run(stage)
    assert [data for _, data in await inbox(stage, ANN)] == ['{"n":1}', '{"n":2}', '{"n":3}']


async def test_all_parts_of_an_event_come_once_each_also_over_restarts(stage: Stage) -> None:
    enter(stage, 1, ANN)
    enter(stage, 1, ANN, part=1)
    await run(stage)
    enter(stage, 1, ANN, part=1)
    enter(stage, 1, ANN, part=2)
    enter(stage, 2, ANN)
    enter(stage, 1, ANN, part=2)
    await run(stage)
    for sequence, part in ((1, 0), (1, 1), (1, 2), (2, 0), (2, 1)):  # the event and the next one, again
        enter(stage, sequence, ANN, part=part)
    await run(stage)
    assert [data for _, data in await inbox(stage, ANN)] == [
        '{"n":1}',
        '{"n":"1.1"}',
        '{"n":"1.2"}',
        '{"n":2}',
        '{"n":"2.1"}',
    ]


async def test_large_groups_keep_one_nudge_and_push_the_content(stage: Stage) -> None:
    says(stage, session(ANN, 1, 0, at=micros_now()))
    stream = await run(stage)
    for sequence in (1, 2, 3):
        enter(stage, sequence, ANN, large=True)
    await again(stage, stream)
    ((place, nudge),) = await inbox(stage, ANN)
    assert (place, nudge) == (3, f'{{"type":"nudge","chat_id":"{GROUP}","seq":3}}')
    assert [each.data for each in pushes(stage, 0)] == ['{"n":1}', '{"n":2}', '{"n":3}']


async def test_rows_are_durable_before_progress(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = Delivery(stage.log, CODEC, stage.tables, Inbox(stage.tables))
    stream = stage.stream(handler)
    await stream.assign([(INBOX, n) for n in range(2)])
    enter(stage, 1, ANN)
    records, failures, write = stage.read(INBOX), [1, 1], stage.tables.write

    async def failing(writes: list[Write]) -> None:
        if any(each.table.name == "chat_inbox" for each in writes) and failures:
            failures.pop()
            assert await progress_of(stage.tables, "delivery") == {}
            raise TablesUnavailable("away")
        await write(writes)

    monkeypatch.setattr(stage.tables, "write", failing)
    await stream.handle(records)
    assert not failures
    assert [data for _, data in await inbox(stage, ANN)] == ['{"n":1}']


async def test_a_device_that_connects_gets_what_came_between_once(stage: Stage) -> None:
    for sequence in (1, 2, 3):
        enter(stage, sequence, ANN)
    stream = await run(stage)
    says(stage, session(ANN, 1, 2, cursor=1, at=micros_now()))
    await again(stage, stream)
    enter(stage, 4, ANN)
    says(stage, session(ANN, 1, 2, cursor=2, at=micros_now()))  # the same connection: only its cursor has moved
    await again(stage, stream)
    assert [(each.place, each.data) for each in pushes(stage, 2)] == [(2, '{"n":2}'), (3, '{"n":3}'), (4, '{"n":4}')]


async def test_who_takes_over_knows_what_a_device_lacks(stage: Stage) -> None:
    for sequence in (1, 2):
        enter(stage, sequence, ANN)
    await run(stage)
    says(stage, session(ANN, 1, 2, cursor=1, at=micros_now()))
    await run(stage)
    assert [(each.place, each.data) for each in pushes(stage, 2)] == [(2, '{"n":2}')]


async def test_a_devices_cursor_does_not_go_back_for_another_connection_that_has_less(stage: Stage) -> None:
    now = micros_now()
    says(stage, session(ANN, 1, 0, "socket", cursor=5, at=now))
    says(stage, said := session(ANN, 1, 0, "poll", cursor=2, at=now + 1))
    await run(stage)
    assert await Inbox(stage.tables).cursor(ANN, said.device) == 5


async def test_entries_behind_the_head_are_not_read(stage: Stage) -> None:
    tables = Inbox(stage.tables)
    await stage.tables.write(
        [tables.entry(ANN, place, "{}", micros_now()) for place in (1, 2, 4)]
    )  # the third is on its way
    assert [place for place, _ in await tables.after(ANN, 0, 2, 10)] == [1, 2]


async def test_every_device_is_pushed_once_for_each_gateway_until_it_is_gone(stage: Stage) -> None:
    now = micros_now()
    for device, gateway in ((1, 0), (2, 0), (3, 1)):
        says(stage, session(ANN, device, gateway, at=now))
    stream = await run(stage)
    enter(stage, 1, ANN)
    await again(stage, stream)
    says(stage, session(ANN, 3, None, at=now + 1))
    await again(stage, stream)
    enter(stage, 2, ANN)
    await again(stage, stream)
    assert [[each.data for each in pushes(stage, n)] for n in (0, 1)] == [['{"n":1}', '{"n":2}'], ['{"n":1}']]
    assert people_of(pushes(stage, 0)[0]) == [ANN]


async def test_a_reconnect_within_the_grace_is_no_event(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    now = micros_now()
    says(stage, session(ANN, 1, 0, "a", at=now))
    await run(stage)
    stream = await run(stage)
    for said in (session(ANN, 1, None, "a", at=now + 1), session(ANN, 1, 1, "b", at=now + 2)):
        says(stage, said)
        await again(stage, stream)
        await stream.tend()
    told: list[Presence] = stage.messages(PASSING)
    assert [each.online for each in told] == [True]  # it was connected when this worker came, and still is
    monkeypatch.setattr(delivery, "GRACE", 0.0)
    says(stage, session(ANN, 1, None, "b", at=now + 3))
    await again(stage, stream)
    await stream.tend()
    assert [(each.person, each.online) for each in stage.messages(PASSING)[1:]] == [(ANN, False)]
    assert ((await Inbox(stage.tables).seen(ANN)) or {})["online"] is False


async def test_a_silent_gateways_devices_are_gone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "GRACE", 0.0)
    says(stage, session(BOB, 1, 0, at=micros_now() - delivery.SILENT - 1))
    stream = await run(stage)
    await stream.tend()  # it is missed
    await stream.tend()  # and its grace is over
    enter(stage, 1, BOB)
    await again(stage, stream)
    assert pushes(stage, 0) == []
    assert [each.online for each in stage.messages(PASSING)] == [True, False]
