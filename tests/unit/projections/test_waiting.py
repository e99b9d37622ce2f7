"""Reading one's own writes: a query waits until its read model has come far enough, and no longer than it should."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.kernel import Position
from infra.embedded.tables import EmbeddedTables
from infra.progress import PROGRESS, Progress, marks
from infra.tables import Row, Table, TablesUnavailable, Value
from projections import waiting
from projections.waiting import Behind, Waiting

NAME = "projection.chat"


class Counting(EmbeddedTables):
    """Counts how often it is asked, and is away when told so."""

    asked, away = 0, False

    async def scan(
        self,
        table: Table,
        *,
        limit: int,
        above: tuple[Value, ...] | None = None,
        below: tuple[Value, ...] | None = None,
        reverse: bool = False,
        **partition: Value,
    ) -> list[Row]:
        self.asked += 1
        await asyncio.sleep(0)  # as a store does that is elsewhere
        if self.away:
            raise TablesUnavailable("away")
        return await super().scan(table, limit=limit, above=above, below=below, reverse=reverse, **partition)

    async def reach(self, sequence: int, partition: int = 0) -> None:
        await self.write(marks(NAME, {("chat.events", partition): Progress(sequence, sequence - 1)}))


@pytest.fixture
async def tables(tmp_path: Path) -> AsyncIterator[Counting]:
    tables = Counting(tmp_path / "tables.db")
    await tables.create([PROGRESS])
    yield tables
    await tables.close()


async def test_what_is_passed_is_looked_up_once(tables: Counting) -> None:
    await tables.reach(7)
    desk = Waiting(tables)
    for sequence in (7, 3, 7):
        await desk.passed(NAME, Position("chat", 0, sequence))
    assert tables.asked == 1


async def test_it_returns_when_the_read_model_comes_there(tables: Counting) -> None:
    waiter = asyncio.create_task(Waiting(tables).passed(NAME, Position("chat", 0, 2)))
    await tables.reach(1)
    while tables.asked < 3:
        await asyncio.sleep(0)
    assert not waiter.done()
    await tables.reach(2)
    await waiter


async def test_behind_says_by_how_many_events(tables: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    await tables.reach(4)
    with pytest.raises(Behind) as found:
        await Waiting(tables).passed(NAME, Position("chat", 0, 9))
    assert (found.value.projection, found.value.lag) == (NAME, 5)


async def test_another_partition_says_nothing_of_this_one(tables: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    await tables.reach(100, partition=1)
    with pytest.raises(Behind) as found:
        await Waiting(tables).passed(NAME, Position("chat", 0, 1))
    assert found.value.lag == 1


async def test_many_who_wait_share_one_look(tables: Counting) -> None:
    await tables.reach(50)
    desk = Waiting(tables)
    await asyncio.gather(*(desk.passed(NAME, Position("chat", 0, sequence)) for sequence in range(1, 51)))
    assert tables.asked == 1


async def test_one_who_gives_up_takes_nobodys_look_away(tables: Counting) -> None:
    await tables.reach(1)
    desk = Waiting(tables)
    one, other = (asyncio.create_task(desk.passed(NAME, Position("chat", 0, 1))) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    await other
    assert one.cancelled()
    assert tables.asked == 1


async def test_an_outage_is_told_and_the_next_look_is_a_new_one(tables: Counting) -> None:
    await tables.reach(1)
    desk, tables.away = Waiting(tables), True
    with pytest.raises(TablesUnavailable):
        await desk.passed(NAME, Position("chat", 0, 1))
    tables.away = False
    await desk.passed(NAME, Position("chat", 0, 1))
