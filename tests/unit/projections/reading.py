"""The words read models are tested in: given (events), then (rows), over real tables."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.kernel import Message
from infra.embedded.tables import EmbeddedTables
from infra.log import Record
from infra.tables import Row, Table, Write
from projections.projection import Projection
from tests.unit.past import CODEC, Past


@dataclass
class ReadModel:
    """A projection, its tables, and what has happened so far."""

    projection: Projection
    tables: EmbeddedTables
    past: Past

    async def given(self, *events: Message, to: object) -> "ReadModel":
        """These events happen to the aggregate with this id, and are applied."""
        for event in events:
            await self.apply(self.past.happen(event, to))
        return self

    async def apply(self, *records: Record) -> None:
        """Applies records, as often as the test likes."""
        await self.tables.write(await writes_of(self.projection, records))

    async def then(self, table: Table, *rows: dict[str, Any]) -> None:
        """The table has exactly these rows: of each the columns that are not None."""
        found = [{name: value for name, value in row.items() if value is not None} for row in await self.rows(table)]
        assert sorted(found, key=repr) == sorted(rows, key=repr)

    async def rows(self, table: Table) -> list[Row]:
        return [row async for row in self.tables.rows(table)]


async def writes_of(projection: Projection, records: Sequence[Record]) -> Sequence[Write]:
    """What a projection makes of records."""
    found = [projection.read(each, CODEC) for each in records]
    return await projection.handle([each for each in found if each is not None])


@asynccontextmanager
async def opened(projection: Projection, folder: Path) -> AsyncIterator[ReadModel]:
    tables = EmbeddedTables(folder / "tables.db")
    await tables.create(projection.tables)
    yield ReadModel(projection, tables, Past())
    await tables.close()
