"""Dead letters: events that a consumer could not handle, kept per key and in order until someone decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from infra.clock import micros_now
from infra.log import Record
from infra.tables import Row, Table, Tables

# One key may have records in several partitions (an inbox topic is partitioned by its readers, not by its keys), and
# each of those has its own owner: what is parked is a key of one partition.
LETTERS = Table(
    "dead_letters",
    partition={"consumer": str, "key": str},
    clustering={"topic": str, "number": int, "place": int},  # place: the offset in that partition
    columns={"raw_key": bytes, "headers": bytes, "body": bytes, "error": str, "time": int, "kept": int},
)
PARKED = Table(
    "parked_keys",
    partition={"consumer": str},
    clustering={"key": str, "topic": str, "number": int},
    columns={"error": str, "since": int, "wish": str, "reason": str},
)
TABLES = (LETTERS, PARKED)
PAGE = 500


class Lane(NamedTuple):
    """The records of one key in one partition: what keeps its order, and what is parked as a whole."""

    topic: str
    number: int
    key: str

    @classmethod
    def of(cls, record: Record) -> "Lane":
        return cls(record.topic, record.partition, record.key.decode(errors="backslashreplace"))


@dataclass(frozen=True, slots=True)
class Parked:
    """A lane whose events wait, since one of them could not be handled."""

    lane: Lane
    error: str
    since: int  # microseconds
    wish: str  # "", "retry" or "discard": what an operator asked for and the consumer has not done yet
    reason: str  # what the operator said to it


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that waits, as the record it was, and why it does."""

    record: Record
    error: str
    kept: int  # when it was written here, microseconds


class DeadLetters:
    """The dead letters of every consumer: written by the consumer that owns the partition, wished for by operators."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def parked(self, consumer: str) -> list[Parked]:
        """What is parked of a consumer, ordered by key."""
        rows: list[Row] = []
        above: tuple[str, str, int] | None = None
        while page := await self._tables.scan(PARKED, consumer=consumer, limit=PAGE, above=above):
            rows += page
            above = (page[-1]["key"], page[-1]["topic"], page[-1]["number"])
        return [
            Parked(
                Lane(row["topic"], row["number"], row["key"]),
                row["error"],
                row["since"],
                row["wish"] or "",
                row["reason"] or "",
            )
            for row in rows
            if row["since"] is not None  # else only the trace of a wish that came too late
        ]

    async def park(self, consumer: str, lane: Lane, error: str) -> None:
        """Parks a lane: from now on its events are letters."""
        now = micros_now()
        put = PARKED.put(now, consumer=consumer, **lane._asdict(), error=error, since=now, wish="", reason="")
        await self._tables.write([put])

    async def keep(self, consumer: str, records: Sequence[Record], error: str) -> None:
        """Keeps events as letters, behind the earlier ones of their lanes."""
        now = micros_now()
        await self._tables.write(
            [
                LETTERS.put(
                    now,
                    consumer=consumer,
                    **Lane.of(record)._asdict(),
                    place=record.offset,
                    raw_key=record.key,
                    headers=msgspec.msgpack.encode(dict(record.headers)),
                    error=error,
                    time=record.time,
                    kept=now,
                    **({} if record.value is None else {"body": record.value}),
                )
                for record in records
            ]
        )

    async def letters(
        self, consumer: str, key: str, after: tuple[str, int, int] | None = None, limit: int = PAGE
    ) -> list[Letter]:
        """The letters of a key behind `after` (topic, partition, offset), in order inside each partition."""
        return [
            _letter(row)
            for row in await self._tables.scan(LETTERS, consumer=consumer, key=key, limit=limit, above=after)
        ]

    async def of(self, consumer: str, lane: Lane) -> list[Letter]:
        """The first letters of a lane, in order; none where it has none left."""
        before = (lane.topic, lane.number, -1)
        rows = await self._tables.scan(LETTERS, consumer=consumer, key=lane.key, limit=PAGE, above=before)
        return [_letter(row) for row in rows if (row["topic"], row["number"]) == (lane.topic, lane.number)]

    async def wish(self, consumer: str, key: str, wish: str, reason: str) -> int:
        """Asks the consumer to `retry` or `discard` a parked key, which it does within a second or two.

        Answers in how many partitions the key is parked; 0: there is nothing to wish for.
        """
        lanes = [each.lane for each in await self.parked(consumer) if each.lane.key == key]
        for lane in lanes:
            await self.answer(consumer, lane, wish, reason)
        return len(lanes)

    async def answer(self, consumer: str, lane: Lane, wish: str, reason: str) -> None:
        """Sets what is wished for one lane; "" where the consumer tried and could not."""
        await self._tables.write(
            [PARKED.put(micros_now(), consumer=consumer, **lane._asdict(), wish=wish, reason=reason)]
        )

    async def drop(self, consumer: str, letters: Sequence[Letter]) -> None:
        """Removes letters that were handled or discarded, also those that a machine whose clock is ahead has kept."""
        now = micros_now()
        await self._tables.write(
            [
                LETTERS.remove(
                    max(now, each.kept),
                    consumer=consumer,
                    **Lane.of(each.record)._asdict(),
                    place=each.record.offset,
                )
                for each in letters
            ]
        )

    async def release(self, consumer: str, lane: Lane) -> None:
        """Ends the parking of a lane that has no letters left."""
        await self._tables.write([PARKED.remove(micros_now(), consumer=consumer, **lane._asdict())])


def _letter(row: Row) -> Letter:
    headers = msgspec.msgpack.decode(row["headers"], type=dict[str, bytes])
    record = Record(row["topic"], row["number"], row["place"], row["raw_key"], row["body"], headers, row["time"])
    return Letter(record, row["error"], row["kept"])
