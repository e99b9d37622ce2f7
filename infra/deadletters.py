"""Dead letters: events that a consumer could not handle, kept per key and in order until someone decides."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from infra.log import Record
from infra.tables import Row, Table, Tables

LETTERS = Table(
    "dead_letters",
    partition={"consumer": str, "key": str},
    clustering={"place": int},  # the offset in its topic: one key is one partition, so this is its order
    columns={"topic": str, "number": int, "headers": str, "body": bytes, "error": str, "time": int},
)
PARKED = Table(
    "parked_keys",
    partition={"consumer": str},
    clustering={"key": str},
    columns={"topic": str, "number": int, "error": str, "since": int, "wish": str, "reason": str},
)
TABLES = (LETTERS, PARKED)
PAGE = 500


@dataclass(frozen=True, slots=True)
class Parked:
    """A key whose events wait, since one of them could not be handled."""

    consumer: str
    key: str
    topic: str
    number: int
    error: str
    since: int  # microseconds
    wish: str  # "", "retry" or "discard": what an operator asked for and the consumer has not done yet


class DeadLetters:
    """The dead letters of every consumer: written by the consumer that owns the key, wished for by operators."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def parked(self, consumer: str) -> list[Parked]:
        """The keys of a consumer that are parked."""
        rows: list[Row] = []
        while page := await self._tables.scan(
            PARKED, consumer=consumer, limit=PAGE, above=(rows[-1]["key"],) if rows else None
        ):
            rows += page
        return [
            Parked(consumer, row["key"], row["topic"], row["number"], row["error"], row["since"], row["wish"] or "")
            for row in rows
            if row["topic"] is not None
        ]

    async def park(self, consumer: str, key: str, record: Record, error: str) -> None:
        """Parks a key: from now on its events are letters."""
        now, topic, number = _now(), record.topic, record.partition
        put = PARKED.put(now, consumer=consumer, key=key, topic=topic, number=number, error=error, since=now)
        await self._tables.write([put])

    async def keep(self, consumer: str, key: str, record: Record, error: str) -> None:
        """Keeps one event as a letter, behind the earlier ones of its key."""
        values: dict[str, Any] = {} if record.value is None else {"body": record.value}
        values |= {"topic": record.topic, "number": record.partition, "error": error, "time": record.time}
        readable = {name: value.decode(errors="replace") for name, value in record.headers.items()}
        values["headers"] = msgspec.json.encode(readable).decode()
        await self._tables.write([LETTERS.put(_now(), consumer=consumer, key=key, place=record.offset, **values)])

    async def letters(self, consumer: str, key: str, after: int | None = None, limit: int = PAGE) -> list[Record]:
        """A key's letters in order, as the records they were."""
        rows = await self._tables.scan(
            LETTERS, consumer=consumer, key=key, limit=limit, above=None if after is None else (after,)
        )
        return [_record(key, row) for row in rows]

    async def wish(self, consumer: str, key: str, wish: str, reason: str) -> None:
        """Asks the consumer to `retry` or `discard` a parked key; it does so within a second or two."""
        await self._tables.write([PARKED.put(_now(), consumer=consumer, key=key, wish=wish, reason=reason)])

    async def drop(self, consumer: str, key: str, records: Sequence[Record]) -> None:
        """Removes letters that were handled or discarded."""
        now = _now()
        await self._tables.write(
            [LETTERS.remove(now, consumer=consumer, key=key, place=each.offset) for each in records]
        )

    async def release(self, consumer: str, key: str) -> None:
        """Ends the parking of a key that has no letters left."""
        await self._tables.write([PARKED.remove(_now(), consumer=consumer, key=key)])


def _record(key: str, row: Row) -> Record:
    headers = {name: text.encode() for name, text in msgspec.json.decode(row["headers"], type=dict[str, str]).items()}
    return Record(row["topic"], row["number"], row["place"], key.encode(), row["body"], headers, row["time"])


def _now() -> int:
    return time.time_ns() // 1000
