"""The SQL of one table, and why its columns merge the way they do."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from uuid import UUID

from infra.table_values import RowReader, WriteReader, instant, kinds
from infra.tables import Table, Value

# Beside each column c stands `c__at`, the time of the write that won; in each row the time of the last put and of the
# last removal. What a removal or a later put has hidden is not kept (NULL, 0), so that reads need not compare times.
PUT, GONE = "put__at", "gone__at"

TYPES: Mapping[type, str] = {
    str: "TEXT",
    int: "INTEGER",
    float: "REAL",
    bool: "INTEGER",
    bytes: "BLOB",
    UUID: "BLOB",
    datetime: "INTEGER",
}

_BACK: Mapping[type, Callable[[Value], Value]] = {
    bool: bool,
    UUID: lambda value: UUID(bytes=value),
    datetime: instant,
}

# Two writes of one column at the same time: the greater value wins, in the order of Cassandra's bytes, where negative
# numbers (sign bit set) come after the others, and the further from zero the later where they are floats.
_TIES: Mapping[type, Callable[[str], str]] = {
    int: lambda each: f"({each} < 0, {each})",
    datetime: lambda each: f"({each} < 0, {each})",
    float: lambda each: f"({each} < 0, abs({each}))",
}


class Statements:
    """What is said to SQLite about one table. A read's first parameter is the time up to which puts have expired."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.read_row = RowReader(table, {name: _BACK[kind] for name, kind in kinds(table).items() if kind in _BACK})
        self.name = quoted(table.name)
        self._puts: dict[tuple[str, ...], tuple[str, WriteReader]] = {}

    # The table itself.

    def columns(self) -> dict[str, str]:
        """All columns as stored, with their definitions."""
        table = self.table
        keys = {name: f"{TYPES[kind]} NOT NULL" for name, kind in (*table.partition.items(), *table.clustering.items())}
        values = {name: TYPES[kind] for name, kind in table.columns.items()}
        times = {_at(name): "INTEGER NOT NULL DEFAULT 0" for name in table.columns}
        return {**keys, **values, **times, PUT: "INTEGER NOT NULL DEFAULT 0", GONE: "INTEGER NOT NULL DEFAULT 0"}

    def create(self) -> str:
        columns = ", ".join(f"{quoted(name)} {definition}" for name, definition in self.columns().items())
        # Not WITHOUT ROWID: with values of more than some 50 bytes it writes half as fast, or slower.
        key = f"CONSTRAINT {self.partitioning} PRIMARY KEY ({_list(self.table.keys)})"
        return f"CREATE TABLE {self.name} ({columns}, {key}) STRICT"

    @property
    def partitioning(self) -> str:
        """How many columns of the key are its partition: nothing to SQLite, but a change would be one elsewhere."""
        return f"partition_of_{len(self.table.partition)}"

    def add(self, column: str) -> str:
        return f"ALTER TABLE {self.name} ADD COLUMN {quoted(column)} {self.columns()[column]}"

    def create_age_index(self) -> str:
        return f"CREATE INDEX IF NOT EXISTS {quoted(self.table.name + '__age')} ON {self.name} (max({PUT}, {GONE}))"

    def drop(self) -> str:
        return f"DROP TABLE IF EXISTS {self.name}"

    # Writes.

    def put(self, columns: tuple[str, ...]) -> tuple[str, WriteReader]:
        """The statement that puts these columns, and the reader of its parameters but the last, the time."""
        if columns not in self._puts:
            reader = WriteReader(self.table, columns)  # refuses names that are not declared
            self._puts[columns] = self._put(columns), reader
        return self._puts[columns]

    def _put(self, columns: Sequence[str]) -> str:
        names = (*self.table.keys, *columns)
        time = f"?{len(names) + 1}"
        times = [_at(name) for name in columns] + [PUT]
        values = [f"?{place + 1}" for place in range(len(names))] + [time] * len(times)
        later = ", ".join([self._merge(name) for name in columns] + [f"{each} = max({each}, {time})" for each in times])
        return (
            f"INSERT INTO {self.name} ({_list((*names, *times))}) VALUES ({', '.join(values)}) "
            f"ON CONFLICT ({_list(self.table.keys)}) DO UPDATE SET {later} WHERE {time} > {GONE}"
        )

    def _merge(self, name: str) -> str:
        column, at = quoted(name), _at(name)
        new = f"excluded.{column}"
        tie = _TIES.get(self.table.columns[name], str)
        wins = f"excluded.{at} > {at} OR excluded.{at} = {at} AND {tie(new)} > {tie(column)}"
        return f"{column} = CASE WHEN {wins} THEN {new} ELSE {column} END"

    @cached_property
    def remove(self) -> tuple[str, WriteReader]:
        """The statement that removes a row, and the reader of its parameters but the last, the time."""
        keys = self.table.keys
        time = f"?{len(keys) + 1}"
        kept = [
            f"{quoted(name)} = CASE WHEN {_at(name)} > {time} THEN {quoted(name)} END" for name in self.table.columns
        ]
        times = [_at(name) for name in self.table.columns] + [PUT]
        kept += [f"{each} = CASE WHEN {each} > {time} THEN {each} ELSE 0 END" for each in times]
        values = ", ".join([f"?{place + 1}" for place in range(len(keys) + 1)])
        sql = (
            f"INSERT INTO {self.name} ({_list(keys)}, {GONE}) VALUES ({values}) "
            f"ON CONFLICT ({_list(keys)}) DO UPDATE SET {', '.join(kept)}, {GONE} = {time} WHERE {time} > {GONE}"
        )
        return sql, WriteReader(self.table, ())

    @cached_property
    def sweep(self) -> str:
        """Removes rows of which everything is older than the first parameter, at most as many as the second says."""
        old = f"SELECT rowid FROM {self.name} WHERE max({PUT}, {GONE}) <= ? LIMIT ?"
        return f"DELETE FROM {self.name} WHERE rowid IN ({old})"

    # Reads.

    @cached_property
    def get(self) -> str:
        return f"{self._select} AND {_equal(self.table.keys)}"

    def scan(self, above: int, below: int, reverse: bool) -> str:
        """A part of a partition; `above` and `below` count the values of the bounds."""
        clustering = list(self.table.clustering)
        bounds = [_compare(clustering[:size], sign) for size, sign in ((above, ">"), (below, "<")) if size]
        where = " AND ".join([_equal(self.table.partition), *bounds])
        order = "DESC" if self.table.descending != reverse else "ASC"
        by = ", ".join(f"{quoted(name)} {order}" for name in clustering) or "1"
        return f"{self._select} AND {where} ORDER BY {by} LIMIT ?"

    def page(self, first: bool) -> str:
        """The next rows in the order of their keys, from the start or after a key."""
        where = "" if first else f" AND {_compare(self.table.keys, '>')}"
        return f"{self._select}{where} ORDER BY {_list(self.table.keys)} LIMIT ?"

    @cached_property
    def _select(self) -> str:
        values = [quoted(name) for name in self.table.columns]
        if self.table.ttl is not None:
            values = [f"CASE WHEN {_at(name)} > ?1 THEN {quoted(name)} END" for name in self.table.columns]
        return f"SELECT {', '.join([_list(self.table.keys), *values])} FROM {self.name} WHERE {PUT} > ?1"


def quoted(name: str) -> str:
    return f'"{name}"'


def _at(name: str) -> str:
    return f"{name}__at"


def _list(names: Collection[str]) -> str:
    return ", ".join(map(quoted, names))


def _equal(names: Collection[str]) -> str:
    return " AND ".join(f"{quoted(name)} = ?" for name in names)


def _compare(names: Collection[str], sign: str) -> str:
    return f"({_list(names)}) {sign} ({', '.join('?' * len(names))})"
