"""The SQL of one table, and why its columns merge the way they do."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from typing import NamedTuple
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


@lru_cache(maxsize=16_384)
def _uuid(value: bytes) -> UUID:
    """The same few ids are read again and again, and a UUID takes longer to make than all else of a row."""
    return UUID(bytes=value)


_BACK: Mapping[type, Callable[[Value], Value]] = {
    bool: bool,
    UUID: _uuid,
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
        self._changes: dict[tuple[str, ...] | None, Change] = {}

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

    def put(self, columns: tuple[str, ...]) -> "Change":
        """Puts these columns."""
        if columns not in self._changes:
            reader = WriteReader(self.table, columns)  # refuses names that are not declared
            times = [_at(name) for name in columns] + [PUT]
            later = [self._merge(name) for name in columns]
            later += [f"{each} = max({each}, {_new(each)})" for each in times]
            self._changes[columns] = Change(reader, self._upsert((*self.table.keys, *columns), times, later, PUT))
        return self._changes[columns]

    @property
    def remove(self) -> "Change":
        """Removes a row."""
        if None not in self._changes:
            time = _new(GONE)
            names = list(self.table.columns)
            later = [f"{quoted(name)} = CASE WHEN {_at(name)} > {time} THEN {quoted(name)} END" for name in names]
            times = [_at(name) for name in names] + [PUT]
            later += [f"{each} = CASE WHEN {each} > {time} THEN {each} ELSE 0 END" for each in times]
            later.append(f"{GONE} = {time}")
            self._changes[None] = Change(
                WriteReader(self.table, ()), self._upsert(self.table.keys, [GONE], later, GONE)
            )
        return self._changes[None]

    def _upsert(self, names: Sequence[str], times: Sequence[str], later: Sequence[str], by: str) -> "Upsert":
        """Inserts rows of `names` with their time in all `times`, or does what is to be done `later`."""
        into = f"INSERT INTO {self.name} ({_list((*names, *times))}) VALUES "
        merge = f" ON CONFLICT ({_list(self.table.keys)}) DO UPDATE SET {', '.join(later)} WHERE {_new(by)} > {GONE}"
        return Upsert(into, len(names), len(times), merge)

    def _merge(self, name: str) -> str:
        column, at = quoted(name), _at(name)
        new = _new(name)
        tie = _TIES.get(self.table.columns[name], str)
        wins = f"{_new(at)} > {at} OR {_new(at)} = {at} AND {tie(new)} > {tie(column)}"
        return f"{column} = CASE WHEN {wins} THEN {new} ELSE {column} END"

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


class Upsert:
    """A statement for one row or many: each step of SQLite gives the interpreter lock away, so the fewer the better."""

    def __init__(self, into: str, values: int, times: int, merge: str) -> None:
        self._into, self._values, self._times, self._merge = into, values, times, merge
        self._texts: dict[int, str] = {}

    def __call__(self, rows: int) -> str:
        """The statement for so many rows; its parameters are those of the rows, one row after the other."""
        if rows not in self._texts:
            width = self._values + 1
            texts = []
            for start in range(1, rows * width, width):
                places = [*range(start, start + self._values), *[start + self._values] * self._times]
                texts.append(f"({', '.join([f'?{place}' for place in places])})")
            self._texts[rows] = self._into + ", ".join(texts) + self._merge
        return self._texts[rows]


class Change(NamedTuple):
    """One way to change rows: the reader of a row's parameters but the last, its time; and the statement."""

    read: WriteReader
    statement: Upsert


def quoted(name: str) -> str:
    return f'"{name}"'


def _new(name: str) -> str:
    """What an insert that met a row would have put into a column."""
    return f"excluded.{quoted(name)}"


def _at(name: str) -> str:
    return f"{name}__at"


def _list(names: Collection[str]) -> str:
    return ", ".join(map(quoted, names))


def _equal(names: Collection[str]) -> str:
    return " AND ".join(f"{quoted(name)} = ?" for name in names)


def _compare(names: Collection[str], sign: str) -> str:
    return f"({_list(names)}) {sign} ({', '.join('?' * len(names))})"
