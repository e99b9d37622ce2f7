"""What a table may declare and hold, checked alike for every store: what one takes, every other takes too."""

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from infra.tables import Put, Row, Table, Value, Write

# What stores hold: a UUID as its 16 bytes, a datetime as microseconds since 1970, all else as it is.
Plain = str | int | float | bool | bytes

MAX_KEY_BYTES = 8_000  # of one key column; Cassandra takes 65,535 for a whole partition key
MAX_VALUE_BYTES = 4 * 1024 * 1024  # of one column; Cassandra takes half a commit log segment for a whole row
_BYTES_PER_CHARACTER = 4  # at most
MAX_AT = 0x7FFF_FFFF_FFFF_FFFF
_MAX_NAME = 48  # Cassandra's, for tables
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")  # no double underscore: stores put their own columns beside ours
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a str: {value!r}")
    return value


def _integer(value: Value) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"not an int: {value!r}")
    if not -0x8000_0000_0000_0000 <= value <= 0x7FFF_FFFF_FFFF_FFFF:
        raise ValueError(f"not an int of 64 bits: {value}")
    return value


def _number(value: Value) -> float:
    if not isinstance(value, float | int) or isinstance(value, bool):
        raise TypeError(f"not a float: {value!r}")
    if math.isnan(value):
        raise ValueError("not a number, so neither less nor greater than another")
    return value + 0.0  # there is but one zero


def _flag(value: Value) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"not a bool: {value!r}")
    return value


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"not bytes: {value!r}")
    return value


def _uuid(value: Value) -> bytes:
    if not isinstance(value, UUID):
        raise TypeError(f"not a UUID: {value!r}")
    return value.int.to_bytes(16)  # its `bytes`, one call less


def _micros(value: Value) -> int:
    if not isinstance(value, datetime):
        raise TypeError(f"not a datetime: {value!r}")
    if value.tzinfo is None:
        raise ValueError(f"a datetime without a time zone: {value!r}")
    return (value - _EPOCH) // _MICROSECOND


def instant(micros: int) -> datetime:
    """The aware datetime in UTC of microseconds since 1970, exactly."""
    return _EPOCH + timedelta(microseconds=micros)


# By declared type: from a value to what stores hold; raises TypeError, ValueError.
TO_PLAIN: Mapping[type, Callable[[Value], Plain]] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: _flag,
    bytes: _bytes,
    UUID: _uuid,
    datetime: _micros,
}


def kinds(table: Table) -> dict[str, type]:
    """The types of all columns, in the order of a row."""
    return {**table.partition, **table.clustering, **table.columns}


def check_declaration(table: Table) -> None:
    """Refuses with ValueError what some store could not hold: names, types, a table without a partition."""
    if not table.partition:
        raise ValueError(f"table {table.name} has no partition column")
    if len(table.name) > _MAX_NAME:
        raise ValueError(f"table name of more than {_MAX_NAME} characters: {table.name}")
    if clash := set(table.keys) & set(table.columns) | set(table.partition) & set(table.clustering):
        raise ValueError(f"table {table.name} declares {', '.join(sorted(clash))} twice")
    for name in (table.name, *table.keys, *table.columns):
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name in lower_case_words: {name!r} in table {table.name}")
    for name, kind in kinds(table).items():
        if kind not in TO_PLAIN:
            raise ValueError(f"no store holds {kind!r}: {table.name}.{name}")


def plain(table: Table, name: str, value: Value) -> Plain:
    """What stores hold for a value of a key or column; raises TypeError or ValueError, saying which one."""
    kind = kinds(table)[name]
    try:
        found = TO_PLAIN[kind](value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{table.name}.{name}: {error}") from None
    if isinstance(found, str | bytes):
        most = MAX_KEY_BYTES if name in table.keys else MAX_VALUE_BYTES
        if len(found if isinstance(found, bytes) else found.encode()) > most:
            raise ValueError(f"{table.name}.{name}: more than {most:,} bytes")
    if name in table.partition and len(table.partition) == 1 and found in ("", b""):
        raise ValueError(f"{table.name}.{name}: an empty partition key")
    return found


def plain_partition(table: Table, partition: Mapping[str, Value]) -> list[Plain]:
    """What stores hold for the partition of a query; raises TypeError or ValueError where it is not a whole one."""
    if partition.keys() != table.partition.keys():
        raise TypeError(
            f"a partition of table {table.name} is {', '.join(table.partition)}, not {', '.join(partition)}"
        )
    return [plain(table, name, partition[name]) for name in table.partition]


def plain_key(table: Table, key: Mapping[str, Value]) -> list[Plain]:
    """What stores hold for the whole key of a row; raises TypeError or ValueError."""
    if key.keys() != set(table.keys):
        raise TypeError(f"a key of table {table.name} is {', '.join(table.keys)}, not {', '.join(key)}")
    return [plain(table, name, key[name]) for name in table.keys]


def plain_bound(table: Table, bound: Sequence[Value]) -> list[Plain]:
    """What stores hold for a bound on the clustering columns; raises TypeError or ValueError."""
    if not 0 < len(bound) <= len(table.clustering):
        raise ValueError(f"a bound in table {table.name} has 1 to {len(table.clustering)} values, not {len(bound)}")
    return [plain(table, name, value) for name, value in zip(table.clustering, bound, strict=False)]


class RowReader:
    """From a store's tuple of a whole row, key columns first, to the row; columns without a value are None.

    `back` has, by column, what makes the value again where the store gives something else.
    """

    def __init__(self, table: Table, back: Mapping[str, Callable[[Value], Value]]) -> None:
        self._names = (*table.keys, *table.columns)
        self._back = tuple((self._names.index(name), name, made) for name, made in back.items())

    def __call__(self, values: Sequence[Value]) -> Row:
        row: Row = dict(zip(self._names, values, strict=True))
        for place, name, back in self._back:
            if (value := values[place]) is not None:
                row[name] = back(value)
        return row


class WriteReader:
    """From a write to what stores hold, for all writes that name the same columns of the same table: the hot path."""

    def __init__(self, table: Table, columns: Sequence[str]) -> None:
        check_declaration(table)
        if unknown := [name for name in columns if name not in table.columns]:
            raise TypeError(f"table {table.name} has no column {', '.join(unknown)}")
        types = kinds(table)
        self.table, self.names = table, (*table.keys, *columns)
        self._convert = [TO_PLAIN[types[name]] for name in self.names]
        # Lengths that need no closer look.
        self._lengths = [
            (place, 1, MAX_KEY_BYTES // _BYTES_PER_CHARACTER)
            if name in table.keys
            else (place, 0, MAX_VALUE_BYTES // _BYTES_PER_CHARACTER)
            for place, name in enumerate(self.names)
            if types[name] in (str, bytes)
        ]

    def __call__(self, write: Write) -> list[Plain]:
        """The key and the values in the order of `names`; raises TypeError or ValueError, saying which is wrong."""
        given = (*write.key, *write.values.values()) if isinstance(write, Put) else write.key
        if not 0 < write.at <= MAX_AT:
            raise ValueError(f"not an instant in microseconds: {write.at} for table {self.table.name}")
        try:
            found = [convert(value) for convert, value in zip(self._convert, given, strict=True)]
        except (TypeError, ValueError):
            return self._explain(given)
        for place, least, most in self._lengths:
            if not least <= len(found[place]) <= most:  # type: ignore[arg-type]
                return self._explain(given)
        return found

    def _explain(self, given: Sequence[Value]) -> list[Plain]:
        return [plain(self.table, name, value) for name, value in zip(self.names, given, strict=True)]


def micros_now() -> int:
    """Microseconds since 1970 by this machine's clock."""
    return time.time_ns() // 1000


def expired_at(table: Table) -> int:
    """The time up to which writes have outlived the table's time to live, which counts from their `at`; 0: none has.

    From `at` and not from the moment of writing, so that a replay brings nothing back to life.
    """
    return 0 if table.ttl is None else micros_now() - table.ttl // _MICROSECOND
