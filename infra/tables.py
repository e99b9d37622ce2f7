"""The tables port: declared read models; writes are absolute and time-stamped, so repeats and late ones do no harm."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

import msgspec

# Column types: str, int, float, bool, bytes, UUID, datetime (aware, microseconds). A text column may hold JSON.
Value = Any
Row = dict[str, Value]


class TablesUnavailable(Exception):
    """The store does not answer now. Nothing is half written that a repeat would not mend; try again."""


@dataclass(frozen=True)
class Table:
    """One query's rows: the partition says which node, the clustering the order inside it; the last write wins."""

    name: str
    partition: Mapping[str, type]
    clustering: Mapping[str, type] = field(default_factory=dict)
    columns: Mapping[str, type] = field(default_factory=dict)
    descending: bool = False  # the order of the clustering columns
    ttl: timedelta | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        return (*self.partition, *self.clustering)

    def put(self, at: int, **values: Value) -> "Put":
        """Sets these columns of one row as of `at` (microseconds of the event); the others stay as they are."""
        key = tuple([values.pop(name) for name in self.keys])
        return Put(self, key, values, at)

    def remove(self, at: int, **key: Value) -> "Remove":
        """Removes one row as of `at`: what was written up to that instant, itself included, is gone."""
        return Remove(self, tuple([key[name] for name in self.keys]), at)

    def generation(self, number: int) -> "Table":
        """The same table in another build of its projection."""
        return self if number == 0 else replace(self, name=f"{self.name}_g{number}")


class Put(msgspec.Struct, frozen=True, gc=False):
    table: Table
    key: tuple[Value, ...]
    values: dict[str, Value]
    at: int


class Remove(msgspec.Struct, frozen=True, gc=False):
    table: Table
    key: tuple[Value, ...]
    at: int


Write = Put | Remove


def latest(writes: Sequence[Write]) -> list[Write]:
    """The writes without those that another of them makes pointless: of the same row and columns, but older."""
    found: dict[tuple[Value, ...], Write] = {}
    same_time: list[Write] = []
    for write in writes:
        columns = write.values if isinstance(write, Put) else (None,)
        place = (write.table.name, write.key, *columns)
        known = found.get(place)
        if known is None or write.at > known.at:
            found[place] = write
        elif write.at == known.at:
            same_time.append(write)  # which of the two wins is the store's to say
    return [*found.values(), *same_time]


class Tables(Protocol):
    """A store of tables. What was written outlives the process; a row is there once one of its columns was put.

    A store may lose the last calls in a power cut, though only in their order: what is kept in it together with the
    progress that led to it is whole again once the log was followed from there.
    """

    async def create(self, tables: Sequence[Table]) -> None:
        """Creates what is missing and adds columns that are new in the declaration."""

    async def drop(self, tables: Sequence[Table]) -> None: ...

    async def write(self, writes: Sequence[Write]) -> None:
        """Applies all; per column the greater `at` wins. Raises TablesUnavailable: then repeat all of it.

        Of one partition, whoever sees one of the writes sees all before it.
        """

    async def get(self, table: Table, **key: Value) -> Row | None:
        """The row with this whole key, or None. It has every column; those that were never put are None."""

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
        """Up to `limit` rows of one partition in clustering order (`reverse`: the other way).

        `above` and `below` are exclusive bounds on the clustering columns (a prefix of them, compared as tuples).
        """

    def rows(self, table: Table) -> AsyncIterator[Row]:
        """Every row of the table in no promised order; for comparisons and rebuilds, not for queries."""

    async def close(self) -> None: ...
