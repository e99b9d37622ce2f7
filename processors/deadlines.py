"""Deadlines: commands that are due later, kept in a table and sent when their time has come."""

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from infra.clock import micros_now
from infra.log import Producer
from infra.tables import Table, Tables, Write
from processors.agenda import Agenda

HOUR = 3_600_000_000  # microseconds: a table partition holds what is due in one hour, of one partition of events
PAGE = 500

DEADLINES = Table(
    "deadlines",
    partition={"place": str, "hour": int},  # place: the partition of events it comes from, "identity.events:3"
    clustering={"due": int, "id": str},
    columns={"topic": str, "key": bytes, "headers": bytes, "body": bytes},
)
SWEPT = Table("deadlines_swept", partition={"place": str}, columns={"until": int})


class Due(msgspec.Struct, frozen=True):
    """A command record and when it is to be sent (microseconds). Its id is the command's: twice sent, once decided."""

    id: str
    due: int
    topic: str
    key: bytes
    headers: dict[str, bytes]
    body: bytes


class Deadlines:
    """The deadlines of the partitions of events that one worker owns. Each place has one sweeper at a time.

    A sweep sends all that is due and then notes how far it came; a crash between the two sends some again, with the
    same ids. Rows are removed only when their whole hour is past, so that no sweep wades through tombstones.
    """

    tables = (DEADLINES, SWEPT)

    def __init__(self, tables: Tables, producer: Producer) -> None:
        self._tables, self._producer = tables, producer
        self._until: dict[str, int] = {}  # everything due up to then was sent
        self._agenda = Agenda()

    async def open(self, places: Iterable[str]) -> None:
        """Goes on where the last sweeper of these places was; new places begin now."""
        for place in places:
            row = await self._tables.get(SWEPT, place=place)
            if row is None:
                now = micros_now()
                await self._tables.write([SWEPT.put(now, place=place, until=now)])
            self._until[place] = now if row is None else row["until"]
            self._agenda.open([place])

    def close(self, places: Iterable[str]) -> None:
        """Leaves places to others."""
        for place in places:
            self._until.pop(place, None)
            self._agenda.close([place])

    def keep(self, place: str, due: Due) -> list[Write]:
        """The write that keeps a command for its time; one that is due already goes out at once."""
        if due.due <= max(micros_now(), self._until[place]):
            self._send(due)
            return []
        self._agenda.add(place, due.due)
        headers = msgspec.msgpack.encode(due.headers)
        values = {"topic": due.topic, "key": due.key, "headers": headers, "body": due.body}
        return [DEADLINES.put(micros_now(), place=place, hour=due.due // HOUR, due=due.due, id=due.id, **values)]

    async def sweep(self) -> Sequence[Write]:
        """Sends what is due; answers the notes of how far it came, once the log has all of it."""
        writes: list[Write] = []
        swept: list[tuple[str, int, int]] = []  # place, until when, and when there is something next
        for place in self._agenda.due(micros_now()):
            since, now, first = self._until[place], micros_now(), None
            for hour in range(since // HOUR, now // HOUR + 1):
                first = await self._send_hour(place, hour, since, now)
                if (hour + 1) * HOUR <= now:
                    writes += await self._past(place, hour)
            swept.append((place, now, first or (now // HOUR + 1) * HOUR))
        if swept:
            await asyncio.to_thread(self._producer.flush, 30.0)
        for place, now, following in swept:
            self._until[place] = now
            self._agenda.rest(place, now, following)
            writes.append(SWEPT.put(now, place=place, until=now))
        return writes

    async def _send_hour(self, place: str, hour: int, since: int, until: int) -> int | None:
        """Answers when the first of the same hour is due that is not due yet."""
        above: tuple[int] | tuple[int, str] = (since,)
        while rows := await self._tables.scan(DEADLINES, place=place, hour=hour, above=above, limit=PAGE):
            for row in rows:
                if row["due"] > until:
                    return int(row["due"])
                headers = msgspec.msgpack.decode(row["headers"], type=dict[str, bytes])
                self._send(Due(row["id"], row["due"], row["topic"], row["key"], headers, row["body"]))
            above = (rows[-1]["due"], rows[-1]["id"])
        return None

    async def _past(self, place: str, hour: int) -> list[Write]:
        """Removes an hour that no sweep will read again."""
        writes: list[Write] = []
        above: tuple[int, str] | None = None
        while rows := await self._tables.scan(DEADLINES, place=place, hour=hour, above=above, limit=PAGE):
            writes += [
                DEADLINES.remove(micros_now(), place=place, hour=hour, due=each["due"], id=each["id"]) for each in rows
            ]
            above = (rows[-1]["due"], rows[-1]["id"])
        return writes

    def _send(self, due: Due) -> None:
        self._producer.send(due.topic, due.key, due.body, due.headers)
