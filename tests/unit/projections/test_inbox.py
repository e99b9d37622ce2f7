"""The inbox: entries in order over its table's buckets, what a device has, and what a partition has of each source."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from domain.chat.signals import Session
from infra import progress
from infra.clock import micros_now
from infra.embedded.tables import EmbeddedTables
from projections.chat import inbox
from projections.chat.inbox import Inbox
from tests.scenario import ANN, BOB

PHONE, DESK = UUID(int=1), UUID(int=2)


@pytest.fixture
async def tables(tmp_path: Path) -> AsyncIterator[EmbeddedTables]:
    tables = EmbeddedTables(tmp_path / "tables.db")
    await tables.create([*Inbox.tables, progress.PROGRESS])
    yield tables
    await tables.close()


@pytest.fixture
async def filled(tables: EmbeddedTables, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    """Places 1 to 30 in buckets of ten: Ann has the even ones but for the second bucket, Bob all others."""
    monkeypatch.setattr(inbox, "BUCKET", 10)
    found = Inbox(tables)
    await tables.write(
        [
            found.entry(ANN if place % 2 == 0 and not 10 <= place < 20 else BOB, place, str(place), micros_now())
            for place in range(1, 31)
        ]
    )
    return found


ANNS = [2, 4, 6, 8, 20, 22, 24, 26, 28, 30]


async def places(of: Inbox, person: UUID, cursor: int, head: int = 30, limit: int = 100) -> list[int]:
    found = await of.after(person, cursor, head, limit)
    assert all(data == str(place) for place, data in found)
    return [place for place, _ in found]


async def test_entries_come_in_order_over_buckets_and_over_an_empty_one(filled: Inbox) -> None:
    assert await places(filled, ANN, 0) == ANNS
    assert sorted([*ANNS, *await places(filled, BOB, 0)]) == list(range(1, 31))


@pytest.mark.parametrize("cursor", [-1, 0, 1, 2, 8, 9, 10, 11, 19, 20, 21, 29, 30, 31, 99])
async def test_only_what_is_behind_the_cursor_comes(filled: Inbox, cursor: int) -> None:
    assert await places(filled, ANN, cursor) == [place for place in ANNS if place > cursor]


@pytest.mark.parametrize("limit", [1, 3, 4, 5, 10])
async def test_page_by_page_everything_comes_once(filled: Inbox, limit: int) -> None:
    found: list[int] = []
    while page := await places(filled, ANN, found[-1] if found else 0, limit=limit):
        assert len(page) <= limit
        found += page
    assert found == ANNS


async def test_what_is_behind_the_head_is_not_looked_at(filled: Inbox) -> None:
    for head in (1, 2, 19, 20):
        assert await places(filled, ANN, 0, head=head) == [each for each in ANNS if each <= head]
    assert await places(filled, ANN, 25, head=3) == []


async def test_an_entry_that_is_written_again_is_one(tables: EmbeddedTables, filled: Inbox) -> None:
    await tables.write([filled.entry(ANN, 20, "20", micros_now())])
    assert await places(filled, ANN, 0) == ANNS


async def test_each_device_has_its_own_cursor(tables: EmbeddedTables) -> None:
    found = Inbox(tables)
    for device, cursor, at in ((PHONE, 5, 2), (DESK, 9, 2), (PHONE, 3, 1)):  # the last one is late
        await tables.write([found.device(Session(ANN, device, 0, "a", cursor, at))])
    assert [await found.cursor(ANN, each) for each in (PHONE, DESK)] == [5, 9]
    assert await found.cursor(BOB, PHONE) is None


async def test_a_mark_of_a_source_only_rises_by_event_and_part(tables: EmbeddedTables) -> None:
    found = Inbox(tables)
    await tables.write([found.source(0, 1, 6, 2), found.source(0, 2, 9, 0), found.source(1, 1, 4, 0)])
    await tables.write([found.source(0, 1, 6, 1), found.source(0, 2, 8, 5)])  # late
    assert await found.sources(0) == {1: (6, 2), 2: (9, 0)}
    await tables.write([found.source(0, 1, 7, 0)])
    assert (await found.sources(0))[1] == (7, 0)


async def test_nothing_is_stored_yet(tables: EmbeddedTables) -> None:
    found = Inbox(tables)
    assert (await found.head(0), await found.sources(0), await found.seen(ANN)) == (0, {}, None)
