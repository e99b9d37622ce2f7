"""People's inboxes, their devices' cursors and their presence: written by the delivery, read by sockets and polls."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.chat.signals import INBOX, Session
from domain.instants import instant
from infra.log import TopicPartition
from infra.progress import progress_of
from infra.tables import Row, Table, Tables, Write

KEPT = timedelta(days=30)  # how long an entry waits for a device
BUCKET = 1_000_000  # places of the inbox per table partition: bounds it, whoever gets all the mail

ENTRIES = Table(
    "chat_inbox",
    partition={"person": UUID, "bucket": int},
    clustering={"place": int},
    columns={"data": str},
    ttl=KEPT,
)
DEVICES = Table(
    "chat_devices",
    partition={"person": UUID},
    clustering={"device": UUID},
    columns={"cursor": int, "connected": bool, "seen": datetime},
)
PRESENCE = Table("chat_presence", partition={"person": UUID}, columns={"online": bool, "last_seen": datetime})
SOURCES = Table(
    "chat_inbox_sources",
    partition={"number": int},
    clustering={"source": int},
    columns={"sequence": int, "part": int},
)
PARTS = 1 << 16  # more than the entries an event can mean: orders the marks of one event


class Inbox:
    """The inbox tables: rows for the delivery to write, queries for those who read."""

    tables = (ENTRIES, DEVICES, PRESENCE, SOURCES)

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def entry(self, person: UUID, place: int, data: str, at: int) -> Write:
        """An entry (`data`: JSON as clients get it) at its place in the person's inbox partition."""
        return ENTRIES.put(at, person=person, bucket=place // BUCKET, place=place, data=data)

    def device(self, session: Session) -> Write:
        """What a device has, and whether it is connected."""
        return DEVICES.put(
            session.at,
            person=session.person,
            device=session.device,
            cursor=session.cursor,
            connected=session.gateway is not None,
            seen=instant(session.at),
        )

    def presence(self, person: UUID, online: bool, at: int) -> Write:
        """Whether a person is there, or when they were last."""
        return PRESENCE.put(at, person=person, online=online, last_seen=instant(at))

    def source(self, number: int, source: int, sequence: int, part: int) -> Write:
        """Inbox partition `number` has everything of events partition `source` up to this part of an event."""
        return SOURCES.put(sequence * PARTS + part, number=number, source=source, sequence=sequence, part=part)

    async def sources(self, number: int) -> dict[int, tuple[int, int]]:
        """The last event of each events partition that inbox partition `number` has: its sequence, and which part."""
        rows = await self._tables.scan(SOURCES, number=number, limit=10_000)
        return {row["source"]: (row["sequence"], row["part"] or 0) for row in rows}

    async def after(self, person: UUID, cursor: int, head: int, limit: int) -> list[tuple[int, str]]:
        """Up to `limit` entries (place, JSON) after `cursor`, in order; `head` is where the inbox ends now.

        Behind the head, entries may be there whose predecessors are not yet: a cursor must not pass these. Goes from
        bucket to bucket; places of a partition are shared by many people, so most buckets are quickly done.
        """
        found: list[tuple[int, str]] = []
        for bucket in range(max(cursor, 0) // BUCKET, max(head, 0) // BUCKET + 1):
            rows = await self._tables.scan(
                ENTRIES, person=person, bucket=bucket, above=(cursor,), below=(head + 1,), limit=limit - len(found)
            )
            found += [(row["place"], row["data"]) for row in rows]
            if len(found) >= limit:
                break
        return found

    async def head(self, number: int) -> int:
        """The place of the last entry of an inbox partition that is stored together with all before it."""
        return (await self.reached()).get((INBOX, number), 0)

    async def reached(self) -> dict[TopicPartition, int]:
        """The offset behind the last record of each partition that the delivery is done with."""
        return {each: at.place + 1 for each, at in (await progress_of(self._tables, "delivery")).items()}

    async def cursor(self, person: UUID, device: UUID) -> int | None:
        """How far a device has acknowledged; None where it is not known yet."""
        row = await self._tables.get(DEVICES, person=person, device=device)
        return None if row is None else row["cursor"]

    async def seen(self, person: UUID) -> Row | None:
        """Their presence row (`online`, `last_seen`), without regard to who may see it."""
        return await self._tables.get(PRESENCE, person=person)
