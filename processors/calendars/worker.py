"""Turns of connections: each is let in, writes the bookings that wait, reads what changed, and rests."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b
from itertools import chain
from typing import Protocol
from uuid import UUID, uuid5

import msgspec
import structlog

from domain.instants import instant
from domain.kernel import Catalogue, Message
from domain.scheduling.calendar import (
    Approved,
    Booked,
    Busy,
    Cancelled,
    ConnectionAsked,
    Declined,
    Disconnected,
    FailConnection,
    NoteConnected,
    Rescheduled,
    RoomMade,
    Status,
    SyncConnected,
)
from domain.scheduling.calendar.settings import BUSY
from infra.calendars import (
    CalendarAway,
    CalendarRefused,
    Changes,
    Forgot,
    LetInAgain,
    OtherCalendars,
    Providers,
    Window,
    Written,
)
from infra.clock import micros_now
from infra.log import Log, Record, TopicPartition
from infra.tables import Row, Tables, TablesUnavailable, Write
from processors.calendars.rows import (
    ENTRIES,
    OWN,
    PAGE,
    TABLES,
    WAITING,
    Connection,
    Secret,
    connections_of,
    forgotten,
    no_more,
)
from processors.consequences import Consequences
from processors.streams import Follower, read_event
from producers.consents import Consents
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Happened, recorded_of
from schemas.sealing import FORGOTTEN, Seals

log = structlog.get_logger(__name__)

Change = Booked | Approved | Rescheduled | Cancelled | Declined | RoomMade  # of what stands in the other calendar
CHANGES = (Booked, Approved, Rescheduled, Cancelled, Declined, RoomMade)
AT_ONCE = 20  # connections
BATCH = 50  # bookings of one connection in a turn
SPARE = 60_000_000  # microseconds before its end that a token is good no more
PAST, AHEAD = timedelta(days=1), timedelta(days=400)
WHOLE = 24 * 3_600_000_000  # microseconds after which everything is read again: the window moves on
PAUSES = (2.0, 5.0, 15.0, 60.0, 300.0, 900.0)  # seconds after a failure
NEVER = 2**62
_IDS = UUID("e4d0c3d6-93a5-5d0a-8a41-3f5a0c1a9e27")  # never changes: the ids of what is recorded hang on it


class Links(Protocol):
    """Where owners read how it is."""

    def synced(self, calendar: UUID, connection: UUID, at: int) -> Write: ...

    def troubled(self, calendar: UUID, connection: UUID, problem: str, at: int) -> Write: ...

    def ended(self, calendar: UUID, connection: UUID, at: int) -> Write: ...


class Syncing(Follower):
    """Connections of the calendars whose events this worker follows. A rebuild asks nobody.

    Whatever a crash cuts off is done again: a booking is the same entry however often it is written, and what was
    read is asked for from the mark that was kept.
    """

    name = "calendars"
    pace = 0.1
    topics: tuple[str, ...] = (topics.events("scheduling"),)
    tables = TABLES

    def __init__(
        self,
        source: Log,
        codec: Codec,
        tables: Tables,
        catalogue: Catalogue,
        providers: Providers,
        consents: Consents,
        seals: Seals,
        links: Links,
        *,
        back: str,
        every: timedelta,
    ) -> None:
        """`back`: where people come back to with the code; `every`: the rest between two turns."""
        self._codec, self._tables = codec, tables
        self._providers, self._consents, self._seals, self._links = providers, consents, seals, links
        self._back, self._every = back, every // timedelta(microseconds=1)
        self._wanted = frozenset(codec.type_name(each) for each in (ConnectionAsked, Disconnected, *CHANGES))
        self._producer = source.producer()
        self._consequences = Consequences(self.name, catalogue, codec, self._producer)
        self._known: dict[UUID, Connection] = {}
        self._of: dict[UUID, set[UUID]] = {}  # connections by calendar

    def read(self, record: Record, codec: Codec) -> Sequence[Happened] | None:
        return read_event(record, codec, self._wanted) or None

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Takes over the connections of their calendars."""
        for topic, number in partitions:
            for each in await connections_of(self._tables, f"{topic}:{number}"):
                self._learn(each)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Leaves them to the new owner."""
        gone = {f"{topic}:{number}" for topic, number in partitions}
        for each in [each for each in self._known.values() if each.place in gone]:
            self._unlearn(each)

    async def handle(self, batch: Sequence[Sequence[Happened]]) -> Sequence[Write]:
        """Answers the connections and bookings to keep; nobody is asked anything here."""
        return [write for each in chain.from_iterable(batch) for write in self._kept(each)]

    def _kept(self, happened: Happened) -> list[Write]:
        at, event = happened.at, happened.event
        calendar, headers = UUID(at.aggregate_id), msgspec.msgpack.encode(at.headers())
        if isinstance(event, ConnectionAsked):
            made = Connection(
                place=f"{topics.events(at.system)}:{at.partition}",
                id=event.connection,
                calendar=calendar,
                owner=event.owner,
                provider=event.provider,
                remote=event.remote,
                writes=event.writes,
                zone=event.zone,
                headers=headers,
                secret=self._sealed(Secret(code=event.code), event.owner),
            )
            if made.id not in self._known:  # else it is an event that was handled before: what followed counts
                self._learn(made)
            return [made.put(at.micros)]
        if isinstance(event, Disconnected):
            known = self._known.get(event.connection)
            if known is None:
                return []
            known.ended, known.next_at = True, 0
            return [known.put(max(micros_now(), at.micros)), self._links.ended(calendar, known.id, micros_now())]
        linked = [self._known[each] for each in self._of.get(calendar, ())]
        writing = [each for each in linked if each.writes and not each.ended and each.next_at < NEVER]
        body = self._codec.encode(event, at.aggregate_id) if writing else b""
        for each in writing:
            if not each.failures and each.good_until:
                each.next_at = 0  # it waits for nothing
        return [
            WAITING.put(at.micros, connection=each.id, micros=at.micros, event=at.id, headers=headers, body=body)
            for each in writing
        ]

    async def tend(self) -> Sequence[Write]:
        """A turn of each whose rest is over, some at once."""
        now = micros_now()
        due = sorted((each for each in self._known.values() if each.next_at <= now), key=lambda each: each.next_at)
        done = await asyncio.gather(*(self._turn(each) for each in due[:AT_ONCE]))
        await asyncio.to_thread(self._producer.flush, 30.0)
        return list(chain.from_iterable(done))

    async def _turn(self, one: Connection) -> list[Write]:
        provider = self._providers.get(one.provider)
        if provider is None:
            one.next_at = NEVER  # this installation is not known there any more
            return [self._links.troubled(one.calendar, one.id, "not set up here", micros_now())]
        try:
            if one.ended:
                return await self._end(one, provider)
            access = await self._let_in(one, provider)
            if not one.told:  # until it was read once: whoever died before that may not have said so
                self._send(one, NoteConnected(one.id), "on")
            await self._write(one, provider, access)
            return [*await self._read(one, provider, access), *self._rested(one)]
        except LetInAgain:
            one.good_until = 1  # asks for another token
            return self._failed(one, "let in no more", 0.0)
        except CalendarRefused as refused:
            return self._refused(one, str(refused))
        except (CalendarAway, Forgot) as away:
            return self._failed(one, str(away), getattr(away, "after", 0.0))
        except TablesUnavailable:
            raise
        except Exception:  # what one provider answers is not to keep the others waiting
            log.exception("turn of a calendar failed", provider=one.provider)
            return self._failed(one, "it answers what is not understood here", 0.0)

    # Being let in.

    async def _let_in(self, one: Connection, provider: OtherCalendars) -> str:
        """An access token that is good for a while. What came instead of the code, or of a token, is kept at once."""
        secret = self._opened(one)
        if one.good_until - SPARE > micros_now():
            return secret.access
        if one.good_until:
            tokens = await provider.refresh(secret.refresh)
        else:
            tokens = await provider.redeem(secret.code, self._consents.verifier(one.id), self._back)
        secret = secret.with_tokens(tokens)
        now = micros_now()
        one.good_until = now + max(int(tokens.life * 1e6), SPARE + 1_000_000)
        one.secret = self._sealed(secret, one.owner)
        await self._tables.write([one.put(now)])
        return secret.access

    def _sealed(self, secret: Secret, owner: UUID) -> str:
        return self._seals.seal(msgspec.json.encode(secret).decode(), str(owner))

    def _opened(self, one: Connection) -> Secret:
        text = self._seals.open(one.secret)
        if text == FORGOTTEN:
            raise CalendarRefused("its owner is forgotten")
        return msgspec.json.decode(text, type=Secret)

    async def _end(self, one: Connection, provider: OtherCalendars) -> list[Write]:
        """Gives the consent back, as far as the other side takes it, and forgets what was there."""
        try:
            if one.good_until and (secret := self._opened(one)).refresh:
                await provider.revoke(secret.refresh)
        except (CalendarAway, CalendarRefused) as error:
            log.warning("consent not given back", provider=one.provider, error=str(error))
        now = micros_now()
        self._unlearn(one)
        return [one.remove(now), *await forgotten(self._tables, one.id, now)]

    # Bookings go out.

    async def _write(self, one: Connection, provider: OtherCalendars, access: str) -> None:
        """Writes the bookings that wait, in their order. One that the other side does not take is given up."""
        for row in await self._tables.scan(WAITING, connection=one.id, limit=BATCH) if one.writes else ():
            try:
                kept = await self._written(one, provider, access, self._codec.decode(row["body"]))
            except CalendarRefused as refused:
                log.warning("booking not taken", provider=one.provider, error=str(refused))
                kept = []
            await self._tables.write([*kept, *no_more(one.id, [row], micros_now())])

    async def _written(self, one: Connection, provider: OtherCalendars, access: str, event: Change) -> list[Write]:
        now = micros_now()
        if isinstance(event, Cancelled | Declined):
            await provider.remove(access, one.remote, str(event.booking))
            return [OWN.remove(now, connection=one.id, booking=event.booking)]
        if isinstance(event, Booked):
            end = event.start + timedelta(minutes=event.minutes)
            tentative = event.status is Status.PENDING
            what = Written(str(event.booking), event.title, event.location.text, event.start, end, tentative)
        else:
            known = await self._tables.get(OWN, connection=one.id, booking=event.booking)
            if known is None:
                return []  # of before it was connected
            what = _changed(known, event)
        entry = await provider.write(access, one.remote, what)
        kept = {"title": what.title, "place": what.place, "start": what.start, "end": what.end}
        return [OWN.put(now, connection=one.id, booking=event.booking, entry=entry, **kept)]

    # Busy times come in.

    async def _read(self, one: Connection, provider: OtherCalendars, access: str) -> list[Write]:
        """Asks for what changed, or for everything where that cannot be told, and tells the calendar what is taken."""
        now = micros_now()
        window = Window(instant(now) - PAST, instant(now) + AHEAD, one.zone)
        whole = not one.mark or now >= one.whole_at
        try:
            found = await provider.changes(access, one.remote, "" if whole else one.mark, window)
        except Forgot:
            whole = True
            found = await provider.changes(access, one.remote, "", window)
        await self._tables.write(await self._entries(one, found, whole))
        one.mark = found.mark
        if whole:
            one.whole_at = now + WHOLE
        busy = await self._busy(one, window)
        told = blake2b(msgspec.msgpack.encode(busy), digest_size=16).digest()
        if told != one.told:
            one.turn += 1
            self._send(one, SyncConnected(one.id, busy), f"{one.turn}/{told.hex()}")
            one.told = told
        return [self._links.synced(one.calendar, one.id, now)]

    async def _entries(self, one: Connection, found: Changes, whole: bool) -> list[Write]:
        now, there = micros_now(), {each.id for each in found.entries}
        gone = set(found.gone) - there
        if whole:
            known = await self._tables.scan(ENTRIES, connection=one.id, limit=2 * PAGE)
            gone |= {row["entry"] for row in known} - there
        return [
            *(ENTRIES.remove(now, connection=one.id, entry=each) for each in gone if each),
            *(
                ENTRIES.put(now, connection=one.id, entry=each.id, start=each.start, end=each.end)
                for each in found.entries
                if each.id
            ),
        ]

    async def _busy(self, one: Connection, window: Window) -> tuple[Busy, ...]:
        """The times that are taken there, without what is ours."""
        entries = await self._tables.scan(ENTRIES, connection=one.id, limit=2 * PAGE)
        own = {row["entry"] for row in await self._tables.scan(OWN, connection=one.id, limit=2 * PAGE)}
        found = {
            (row["start"], row["end"])
            for row in entries
            if row["entry"] not in own and row["start"] < window.end and row["end"] > window.start
        }
        return tuple(Busy(*each) for each in sorted(found)[:BUSY])

    # How it went.

    def _rested(self, one: Connection) -> list[Write]:
        now = micros_now()
        one.failures, one.next_at = 0, now + self._every
        return [one.put(now)]

    def _failed(self, one: Connection, why: str, after: float) -> list[Write]:
        pause = max(PAUSES[min(one.failures, len(PAUSES) - 1)], min(after, PAUSES[-1]))
        one.failures += 1
        now = micros_now()
        one.next_at = now + int(pause * 1e6)
        log.warning("calendar away", provider=one.provider, error=why, again_in=pause)
        return [one.put(now), self._links.troubled(one.calendar, one.id, why, now)]

    def _refused(self, one: Connection, why: str) -> list[Write]:
        """For good: its owner is told, and connects it anew."""
        now = micros_now()
        one.next_at = NEVER
        self._send(one, FailConnection(one.id, why), "failed")
        log.warning("calendar refused", provider=one.provider, error=why)
        return [one.put(now), self._links.troubled(one.calendar, one.id, why, now)]

    def _send(self, one: Connection, command: Message, name: str) -> None:
        topic, _, number = one.place.rpartition(":")
        at = recorded_of(topic, int(number), msgspec.msgpack.decode(one.headers, type=dict[str, bytes]))
        command_id = str(uuid5(_IDS, f"{one.id}/{name}"))
        self._consequences.send(at, command, str(one.calendar), command_id, micros_now())

    def _learn(self, one: Connection) -> None:
        self._known[one.id] = one
        self._of.setdefault(one.calendar, set()).add(one.id)

    def _unlearn(self, one: Connection) -> None:
        self._known.pop(one.id, None)
        left = self._of.get(one.calendar, set()) - {one.id}
        if left:
            self._of[one.calendar] = left
        else:
            self._of.pop(one.calendar, None)


def _changed(known: Row, event: Approved | Rescheduled | RoomMade) -> Written:
    """The booking as it stands there, with what has become of it."""
    start, end, place, tentative = known["start"], known["end"], known["place"], False
    match event:
        case Rescheduled():
            start, end = event.start, event.start + timedelta(minutes=event.minutes)
            tentative = event.status is Status.PENDING
        case RoomMade():
            place = event.link
    return Written(str(event.booking), known["title"], place, start, end, tentative)
