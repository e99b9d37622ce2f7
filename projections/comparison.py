"""Whether two builds of a table hold the same rows, also while both are being written."""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from infra.tables import Row, Table, Tables, Value

BUCKETS = 4_096  # rows are summed up in that many parts, so that a difference is looked for in a small one
SHOWN = 20  # keys that a comparison names
PAUSES = (0.2, 0.5, 1.0)  # seconds for which two rows that differ may still be on their way

Key = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One table in two generations. Digests are the same where the rows were, whatever their order."""

    table: str
    rows: tuple[int, int]
    digests: tuple[str, str]
    differing: int  # rows that differ, once what was on its way has come
    keys: tuple[str, ...]  # the first of them

    @property
    def same(self) -> bool:
        return self.differing == 0


@dataclass(slots=True)
class _Sum:
    count: int
    buckets: list[int]

    @property
    def digest(self) -> str:
        return hashlib.blake2b(msgspec.msgpack.encode([hex(each) for each in self.buckets]), digest_size=8).hexdigest()


async def compare(tables: Tables, one: Table, other: Table) -> Compared:
    """Reads both tables whole; where they differ, reads the rows in question again until they agree or do not."""
    first, second = await _sum(tables, one), await _sum(tables, other)
    suspects = {n for n, pair in enumerate(zip(first.buckets, second.buckets, strict=True)) if pair[0] != pair[1]}
    differing: list[Key] = []
    if suspects:
        here, there = await _rows_of(tables, one, suspects), await _rows_of(tables, other, suspects)
        differing = [key for key in here.keys() | there.keys() if here.get(key) != there.get(key)]
    for pause in PAUSES:
        if not differing:
            break
        await asyncio.sleep(pause)
        differing = [key for key in differing if not await _agree(tables, one, other, key)]
    return Compared(
        one.name,
        (first.count, second.count),
        (first.digest, second.digest),
        len(differing),
        tuple(" ".join(map(str, key)) for key in sorted(differing, key=str)[:SHOWN]),
    )


async def _sum(tables: Tables, table: Table) -> _Sum:
    found = _Sum(0, [0] * BUCKETS)
    async for row in tables.rows(table):
        found.count += 1
        found.buckets[_bucket(table, row)] += _digest(row.values())
    return found


async def _rows_of(tables: Tables, table: Table, buckets: set[int]) -> dict[Key, int]:
    return {
        tuple(row[name] for name in table.keys): _digest(row.values())
        async for row in tables.rows(table)
        if _bucket(table, row) in buckets
    }


async def _agree(tables: Tables, one: Table, other: Table, key: Key) -> bool:
    named: dict[str, Any] = dict(zip(one.keys, key, strict=True))
    here, there = await asyncio.gather(tables.get(one, **named), tables.get(other, **named))
    return here == there


def _bucket(table: Table, row: Row) -> int:
    return _digest([row[name] for name in table.keys]) % BUCKETS


def _digest(values: Iterable[Value]) -> int:
    return int.from_bytes(hashlib.blake2b(msgspec.msgpack.encode(list(values)), digest_size=8).digest())
