"""Delivery: owns people's inboxes, keeps every entry for every device, and hands it at once to those connected."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from domain.chat.signals import INBOX, PASSING, SESSIONS, Entry, Presence, Push, Session, person_key
from infra.clock import micros_now
from infra.log import Log, Record, TopicPartition
from infra.partitioning import partition_of
from infra.tables import Tables, Write
from schemas import topics
from schemas.codec import Codec, Undecodable
from schemas.envelope import BrokenEnvelope

GRACE = 8.0  # seconds without a connection until a person is seen to have left: a reconnect is no event
SILENT = 150_000_000  # microseconds without a word from a session's gateway: that gateway is gone
CATCH_UP = 1_000  # entries handed to a device that has just connected; what is beyond, it pulls


class Inbox(Protocol):
    """Where entries, cursors and presence are kept."""

    def entry(self, person: UUID, place: int, data: str, at: int) -> Write: ...

    def device(self, session: Session) -> Write: ...

    def presence(self, person: UUID, online: bool, at: int) -> Write: ...

    def source(self, number: int, source: int, sequence: int, part: int) -> Write: ...

    async def sources(self, number: int) -> dict[int, tuple[int, int]]: ...

    async def reached(self) -> dict[TopicPartition, int]: ...

    async def after(self, person: UUID, cursor: int, head: int, limit: int) -> list[tuple[int, str]]: ...


class Delivery:
    """The owner of the inbox partitions it is given. A repeated entry is known by the event it comes from."""

    name = "delivery"
    topics: tuple[str, ...] = (INBOX, SESSIONS)
    awaited = False
    pace = 0.02

    def __init__(self, source: Log, codec: Codec, tables: Tables, inbox: Inbox) -> None:
        self._log, self._codec, self._tables, self._inbox = source, codec, tables, inbox
        self._producer = source.producer(early=True)
        self._gateways = source.topics()[topics.ANSWERS]
        self._sessions: dict[UUID, dict[UUID, Session]] = {}  # connected devices, by person
        # Inbox partition, source partition: the last event's sequence and part.
        self._sources: dict[tuple[int, int], tuple[int, int]] = {}
        self._marked: dict[tuple[int, int], tuple[int, int]] = {}
        self._heads: dict[int, int] = {}  # inbox partition: the place of the last entry
        self._partitions = source.topics()[INBOX]
        self._leaving: dict[UUID, float] = {}  # people without a connection, and when they will have left

    def read(self, record: Record, codec: Codec) -> tuple[Record, Entry | Session] | None:
        """The entry or session of a record; None for the trace of a device that is gone."""
        if record.value is None:
            return None
        message = codec.decode(record.value)
        if not isinstance(message, Entry | Session):
            raise BrokenEnvelope(f"{type(message).__name__} does not belong on {record.topic}")
        return record, message

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Learns who is connected, and which events the inbox has already."""
        numbers = [number for topic, number in partitions if topic == INBOX]
        reached = await self._inbox.reached()
        self._heads.update((number, reached.get((INBOX, number), 0)) for number in numbers)
        for number in numbers:
            for source, last in (await self._inbox.sources(number)).items():
                self._sources[number, source] = self._marked[number, source] = last
        lately = micros_now() - SILENT
        told = {number: reached.get((SESSIONS, number), 0) for number in numbers}
        for session in await asyncio.to_thread(self._sessions_of, told):
            if session.gateway is not None:
                self._sessions.setdefault(session.person, {})[session.device] = session
            elif session.at > lately:  # the last owner may have ended before it told that they were gone
                self._leaving.setdefault(session.person, time.monotonic() + GRACE)
        for person in self._sessions.keys() & self._leaving.keys():
            del self._leaving[person]

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Forgets the people of inboxes that another worker owns now."""
        numbers = {number for topic, number in partitions if topic == INBOX}
        for person in [each for each in self._sessions if self._home(each) in numbers]:
            del self._sessions[person]
        for person in [each for each in self._leaving if self._home(each) in numbers]:
            del self._leaving[person]
        for key in [each for each in self._sources if each[0] in numbers]:
            del self._sources[key]

    def _home(self, person: UUID) -> int:
        return partition_of(person_key(person), self._partitions)

    def _sessions_of(self, told: Mapping[int, int]) -> list[Session]:
        """The latest sessions before an offset of each partition; those behind it come by themselves, and catch up."""
        if not told:
            return []
        reader = self._log.reader({(SESSIONS, number): 0 for number in told})
        latest: dict[bytes, bytes] = {}
        try:
            while not reader.level():
                for record in reader.poll(1_000, 0.1):
                    if record.offset < told[record.partition]:
                        latest[record.key] = record.value or b""
        finally:
            reader.close()
        return [found for value in latest.values() if (found := self._session_of(value)) is not None]

    def _session_of(self, value: bytes) -> Session | None:
        """The session of a record; what is none has its place among the dead letters and must not stop a start."""
        try:
            message = self._codec.decode(value)
        except Undecodable:
            return None
        return message if isinstance(message, Session) else None

    async def handle(self, batch: Sequence[tuple[Record, Entry | Session]]) -> Sequence[Write]:
        """Entries become rows and pushes; sessions tell where to push from now on.

        Only when the rows are durable does it remember having seen their events: else a repeat would be taken for done.
        """
        seen: dict[tuple[int, int], tuple[int, int]] = {}
        writes: list[Write] = []
        nudges: dict[tuple[bytes, UUID], Write] = {}  # the latest of a large group is enough
        for record, message in batch:
            if isinstance(message, Session):
                if self._connects(message):
                    await self._tables.write([*writes, *nudges.values()])  # so that the catching up sees all before it
                    writes, nudges = [], {}
                    await self._catch_up(message)
                writes += self._session(message)
            else:
                self._heads[record.partition] = record.offset + 1
                source = (record.partition, message.source)
                if (message.sequence, message.part) > seen.get(source, self._sources.get(source, (0, 0))):
                    seen[source] = message.sequence, message.part
                    self._enter(record, message, writes, nudges)
        await self._tables.write([*writes, *nudges.values()])
        await asyncio.to_thread(self._producer.flush, 30.0)
        self._sources.update(seen)
        return ()

    async def marks(self) -> Sequence[Write]:
        """Up to which event of each source the inbox has everything."""
        changed = {key: last for key, last in self._sources.items() if self._marked.get(key) != last}
        self._marked.update(changed)
        return [self._inbox.source(number, source, *last) for (number, source), last in changed.items()]

    async def tend(self) -> Sequence[Write]:
        """Who has been away long enough is shown as gone; sessions of a gateway that fell silent are ended."""
        now, writes = time.monotonic(), list[Write]()
        silent = micros_now() - SILENT
        for session in [each for devices in self._sessions.values() for each in devices.values() if each.at < silent]:
            writes += self._gone(session)
        for person in [person for person, due in self._leaving.items() if due <= now]:
            del self._leaving[person]
            writes += self._tell(Presence(person, False, micros_now()))
        if writes:
            await asyncio.to_thread(self._producer.flush, 30.0)
        return writes

    # Entries.

    def _enter(
        self, record: Record, entry: Entry, writes: list[Write], nudges: dict[tuple[bytes, UUID], Write]
    ) -> None:
        waiting: dict[int, dict[bytes, None]] = {}  # by gateway, whose devices are connected there
        place = record.offset + 1  # from 1: 0 is before all
        for start in range(0, len(entry.people), 16):
            raw = entry.people[start : start + 16]
            person = UUID(bytes=raw)
            if entry.large:
                nudge = f'{{"type":"nudge","chat_id":"{entry.conversation}","seq":{entry.seq}}}'
                nudges[raw, entry.conversation] = self._inbox.entry(person, place, nudge, record.time)
            else:
                writes.append(self._inbox.entry(person, place, entry.data, record.time))
            for session in self._sessions.get(person, {}).values():
                if session.gateway is not None:
                    waiting.setdefault(session.gateway, {})[raw] = None
        for gateway, people in waiting.items():
            self._push(gateway, Push(b"".join(people), place, entry.data))

    def _push(self, gateway: int, push: Push) -> None:
        if gateway < self._gateways:
            self._producer.send(topics.ANSWERS, b"push", self._codec.encode(push), {}, partition=gateway)

    # Sessions and presence.

    def _connects(self, session: Session) -> bool:
        known = self._sessions.get(session.person, {}).get(session.device)
        return session.gateway is not None and (known is None or known.connection != session.connection)

    async def _catch_up(self, session: Session) -> None:
        """What came between the gateway's last look at the inbox and now."""
        head = max(self._heads.get(self._home(session.person), 0), session.cursor)
        for place, data in await self._inbox.after(session.person, session.cursor, head, CATCH_UP):
            self._push(session.gateway or 0, Push(session.person.bytes, place, data))

    def _session(self, session: Session) -> list[Write]:
        known = self._sessions.get(session.person, {}).get(session.device)
        if known is not None and known.cursor > session.cursor:  # another connection of the device has more
            session = replace(session, cursor=known.cursor)
        writes = [self._inbox.device(session)]
        if session.gateway is None:
            return writes + self._gone(session)
        if not self._sessions.get(session.person) and self._leaving.pop(session.person, None) is None:
            writes += self._tell(Presence(session.person, True, session.at))
        self._sessions.setdefault(session.person, {})[session.device] = session
        return writes

    def _gone(self, session: Session) -> list[Write]:
        devices = self._sessions.get(session.person, {})
        if devices.pop(session.device, None) is not None and not devices:
            del self._sessions[session.person]
            self._leaving[session.person] = time.monotonic() + GRACE
        return []

    def _tell(self, presence: Presence) -> list[Write]:
        self._producer.send(PASSING, person_key(presence.person), self._codec.encode(presence), {})
        return [self._inbox.presence(presence.person, presence.online, presence.at)]
