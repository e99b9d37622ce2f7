"""The CQL of one table, and how its values lie in it."""

import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from infra.table_values import Plain, RowReader, WriteReader, instant, kinds
from infra.tables import Put, Table, Value, Write

# A `timestamp` has milliseconds only, so an instant is a bigint of microseconds.
TYPES: Mapping[type, str] = {
    str: "text",
    int: "bigint",
    float: "double",
    bool: "boolean",
    bytes: "blob",
    UUID: "uuid",
    datetime: "bigint",
}
# `uuid` is ordered by version before anything else; a blob is ordered as everybody else orders ids.
CLUSTERING_TYPES: Mapping[type, str] = {**TYPES, UUID: "blob"}

_BIGINT, _DOUBLE, _INT = struct.Struct(">q").pack, struct.Struct(">d").pack, struct.Struct(">i").pack

# From a plain value to its bytes on the wire (native protocol v5, section 6): the driver's own way takes much longer.
CELLS: Mapping[type, Callable[[Value], bytes]] = {
    str: str.encode,
    int: _BIGINT,
    float: _DOUBLE,
    bool: lambda value: b"\1" if value else b"\0",
    bytes: lambda value: value,
    UUID: lambda value: value,
    datetime: _BIGINT,
}

MAX_TTL = 630_720_000  # seconds; Cassandra's limit
_WINDOWS = 24  # time windows that a table with a time to live is kept in; a whole one is dropped at once


class Change:
    """One way to change rows of a table: a statement and how a write becomes its parameters."""

    def __init__(self, table: Table, cql: str, columns: Sequence[str], put: bool) -> None:
        self.cql = cql
        self._read = WriteReader(table, columns)
        self._cells = [CELLS[kinds(table)[name]] for name in self._read.names]
        self._keys = len(table.partition)
        self._put, self._ttl = put, table.ttl is not None

    def __call__(self, write: Write, expired: int) -> tuple[bytes, list[bytes]]:
        """The partition's routing key and the parameters; `expired`: the time up to which puts have expired."""
        cells = [cell(value) for cell, value in zip(self._cells, self._read(write), strict=True)]
        partition = cells[: self._keys]
        at = _BIGINT(write.at)
        if not self._put:
            cells.insert(0, at)
        elif self._ttl:
            cells += (at, _INT(min(-((expired - write.at) // 1_000_000), MAX_TTL)))  # the rest of its life, rounded up
        else:
            cells.append(at)
        return routing_key(partition), cells


class Statements:
    """What is said to Cassandra about one table."""

    def __init__(self, keyspace: str, table: Table) -> None:
        self.table = table
        self.name = f"{quoted(keyspace)}.{quoted(table.name)}"
        instants = {name: instant for name, kind in kinds(table).items() if kind is datetime}
        ids = {name: _id for name, kind in table.clustering.items() if kind is UUID}
        self.read_row = RowReader(table, {**instants, **ids})
        self._kinds = kinds(table)
        self._puts: dict[tuple[str, ...], Change] = {}

    # The table itself.

    def columns(self) -> dict[str, str]:
        """All columns with their types."""
        table = self.table
        return {
            **{name: TYPES[kind] for name, kind in table.partition.items()},
            **{name: CLUSTERING_TYPES[kind] for name, kind in table.clustering.items()},
            **{name: TYPES[kind] for name, kind in table.columns.items()},
        }

    def create(self) -> str:
        table = self.table
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in self.columns().items())
        key = ", ".join([f"({_list(table.partition)})", *map(quoted, table.clustering)])
        options = [f"compaction = {_compaction(table.ttl)}"]
        if table.clustering:
            order = ", ".join(f"{quoted(name)} {self._order(False)}" for name in table.clustering)
            options.append(f"CLUSTERING ORDER BY ({order})")
        if table.ttl is not None:
            options.append(f"default_time_to_live = {max(1, int(table.ttl.total_seconds()))}")
        return f"CREATE TABLE IF NOT EXISTS {self.name} ({columns}, PRIMARY KEY ({key})) WITH {' AND '.join(options)}"

    def add(self, column: str) -> str:
        return f"ALTER TABLE {self.name} ADD IF NOT EXISTS {quoted(column)} {self.columns()[column]}"

    def drop(self) -> str:
        return f"DROP TABLE IF EXISTS {self.name}"

    # Writes.

    def put(self, columns: tuple[str, ...]) -> Change:
        """Puts these columns; in a table with a time to live each write lives for the rest of it."""
        if columns not in self._puts:
            names = (*self.table.keys, *columns)
            using = "TIMESTAMP ?" if self.table.ttl is None else "TIMESTAMP ? AND TTL ?"
            cql = f"INSERT INTO {self.name} ({_list(names)}) VALUES ({_marks(names)}) USING {using}"
            self._puts[columns] = Change(self.table, cql, columns, put=True)
        return self._puts[columns]

    @cached_property
    def remove(self) -> Change:
        cql = f"DELETE FROM {self.name} USING TIMESTAMP ? WHERE {_equal(self.table.keys)}"
        return Change(self.table, cql, (), put=False)

    def change(self, write: Write) -> Change:
        return self.put(tuple(write.values)) if isinstance(write, Put) else self.remove

    # Reads.

    @cached_property
    def get(self) -> str:
        return f"{self._select} WHERE {_equal(self.table.keys)}"

    def scan(self, above: int, below: int, reverse: bool) -> str:
        """A part of a partition; `above` and `below` count the values of the bounds."""
        clustering = list(self.table.clustering)
        bounds = [
            f"({_list(clustering[:size])}) {sign} ({_marks(clustering[:size])})"
            for size, sign in ((above, ">"), (below, "<"))
            if size
        ]
        by = ", ".join(f"{quoted(name)} {self._order(reverse)}" for name in clustering)
        order = f" ORDER BY {by}" if by else ""
        return f"{self._select} WHERE {' AND '.join([_equal(self.table.partition), *bounds])}{order} LIMIT ?"

    @cached_property
    def rows(self) -> str:
        return self._select

    def cells(self, names: Collection[str], values: Sequence[Plain]) -> list[bytes]:
        """The parameters of a read."""
        return [CELLS[self._kinds[name]](value) for name, value in zip(names, values, strict=True)]

    @cached_property
    def _select(self) -> str:
        return f"SELECT {_list((*self.table.keys, *self.table.columns))} FROM {self.name}"

    def _order(self, reverse: bool) -> str:
        return "DESC" if self.table.descending != reverse else "ASC"


def routing_key(partition: Sequence[bytes]) -> bytes:
    """What a partition's token is made of: the one column's bytes, or all of them with their lengths."""
    if len(partition) == 1:
        return partition[0]
    return b"".join([len(each).to_bytes(2) + each + b"\0" for each in partition])


def quoted(name: str) -> str:
    """The name as CQL takes it, whether or not it is one of CQL's words."""
    return f'"{name}"'


def _compaction(ttl: timedelta | None) -> str:
    if ttl is None:
        return "{'class': 'UnifiedCompactionStrategy'}"
    minutes = max(1, int(ttl / timedelta(minutes=1) / _WINDOWS))
    unit, size = next((u, s) for u, s in (("DAYS", 1440), ("HOURS", 60), ("MINUTES", 1)) if minutes >= s)
    return (
        "{'class': 'TimeWindowCompactionStrategy', "
        f"'compaction_window_unit': '{unit}', 'compaction_window_size': {minutes // size}}}"
    )


def _id(value: Value) -> UUID:
    return UUID(bytes=value)


def _list(names: Collection[str]) -> str:
    return ", ".join(map(quoted, names))


def _marks(names: Collection[str]) -> str:
    return ", ".join("?" * len(names))


def _equal(names: Collection[str]) -> str:
    return " AND ".join(f"{quoted(name)} = ?" for name in names)
