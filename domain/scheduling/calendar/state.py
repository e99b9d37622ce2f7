"""What decisions need to know of a calendar: settings, and the bookings that still matter, without their guests."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from domain.instants import EPOCH
from domain.scheduling.calendar.events import (
    AbsenceAdded,
    AbsenceRemoved,
    Approved,
    Booked,
    Busy,
    BusyDropped,
    BusySynced,
    CalendarCleared,
    CalendarOpened,
    Cancelled,
    ChoiceBooked,
    ChoiceRefused,
    Commented,
    Connected,
    ConnectionAsked,
    ConnectionFailed,
    Declined,
    Disconnected,
    Event,
    EventTypeDefined,
    EventTypeRemoved,
    FeedRenewed,
    FileAttached,
    FormRemoved,
    FormSet,
    GuestsChanged,
    Held,
    HoldEnded,
    HolidaysSet,
    KeyRenewed,
    KeyWithdrawn,
    Kind,
    LinkMade,
    LinkRevoked,
    LinkUsed,
    NoShowMarked,
    NoteDeleted,
    NoteErased,
    PartRefused,
    PublicSet,
    Reminded,
    ReminderSet,
    Rescheduled,
    RoomMade,
    ScheduleRemoved,
    ScheduleSet,
    SeriesBooked,
    Status,
    TeamJoined,
    TeamLeft,
    WebhookAdded,
    WebhookDisabled,
    WebhookPinged,
    WebhookRemoved,
)
from domain.scheduling.event_type import EventType
from domain.scheduling.routing import Form
from domain.scheduling.schedule import Absence, Holiday, Schedule

# A booking is known for so long after its start: a month's limit counts back to the first of the month, a meeting
# takes a week at most, and whoever did not come is noted within the days after.

KEPT = timedelta(days=42)
REFUSED = 100  # the latest parts that were refused: a repeated question gets no second answer


@dataclass(frozen=True, slots=True)
class Note:
    """A comment or a file, by whom."""

    note: UUID
    author: UUID | None  # None: known by the link alone
    by_host: bool
    file: bool


@dataclass(frozen=True, slots=True)
class Link:
    """Good for one booking of an event type, until an instant."""

    slug: str
    until: datetime
    proof: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class Connection:
    """A calendar that the owner keeps elsewhere."""

    provider: str
    remote: str
    writes: bool
    zone: str
    on: bool = False  # the other side has let us in
    why: str = ""  # it lets us in no more


@dataclass(frozen=True, slots=True)
class Booking:
    slug: str
    start: datetime
    minutes: int
    buffer_before: int
    buffer_after: int
    seats: int
    status: Status
    until: datetime | None  # of a hold
    blocks: bool
    guest: UUID | None
    proof: bytes = field(metadata={"secret": True})
    meeting: UUID | None
    reminders: tuple[int, ...] = ()
    others: bytes = b""  # a digest of the further guests
    sequence: int = 0  # rises with each change that the guests' calendars must learn of (RFC 5545, 3.8.7.4)
    reminded: tuple[int, ...] = ()  # of this start
    no_show: bool = False
    series: UUID | None = None
    public: bool = False
    room: bool = False  # a link of a video meeting was made
    room_id: UUID | None = None  # of which room, or to which one it is to be made
    notes: tuple[Note, ...] = ()

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)

    @property
    def blocked(self) -> int:
        """The minutes it takes with its buffers."""
        return self.buffer_before + self.minutes + self.buffer_after

    def takes_time(self, now: datetime) -> bool:
        """Whether it keeps others out: an expired hold does not, whether its end was recorded or not."""
        if self.status is Status.HELD:
            return self.until is not None and self.until > now
        return self.blocks or self.status is Status.CONFIRMED


@dataclass(frozen=True, slots=True)
class Calendar:
    owner: UUID | None = None  # None: not opened
    kind: Kind = Kind.HOST
    name: str = ""
    event_types: dict[str, EventType] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    holidays: tuple[Holiday, ...] = ()
    absences: dict[UUID, Absence] = field(default_factory=dict)
    busy: dict[str, tuple[Busy, ...]] = field(default_factory=dict)
    teams: tuple[UUID, ...] = ()  # that may fill it
    bookings: dict[UUID, Booking] = field(default_factory=dict)
    days: dict[int, tuple[UUID, ...]] = field(default_factory=dict)  # those that start on a day, counted from 1970 UTC
    held: tuple[UUID, ...] = ()  # those with the status HELD
    longest: int = 0  # minutes that one of them has blocked, with its buffers: how far back to look for the others
    refused: tuple[UUID, ...] = ()
    links: dict[UUID, Link] = field(default_factory=dict)
    feed: UUID | None = None  # what its secret address hangs on; None: on its own id
    forms: dict[str, Form] = field(default_factory=dict)
    webhooks: dict[UUID, str] = field(default_factory=dict)  # their addresses
    disabled: dict[UUID, str] = field(default_factory=dict)  # those that are switched off, and why
    pinged: tuple[UUID, ...] = ()  # the latest tests
    chosen: tuple[UUID, ...] = ()  # the latest choices of polls that were decided
    cleared: bool = False  # its owner keeps it no more
    connections: dict[UUID, Connection] = field(default_factory=dict)
    erased: tuple[UUID, ...] = ()  # the latest notes of people who want nothing kept


INITIAL = Calendar()


def digest(others: tuple[str, ...]) -> bytes:
    """What stands in the state for addresses: enough to know a repeat, and no personal data."""
    return blake2b("\x1f".join(others).encode(), digest_size=8).digest() if others else b""


def evolve(calendar: Calendar, event: Event) -> Calendar:
    match event:
        case Booked():
            booking = Booking(
                event.slug,
                event.start,
                event.minutes,
                event.buffer_before,
                event.buffer_after,
                event.seats,
                event.status,
                None,
                event.blocks,
                event.guest.person,
                event.proof,
                event.meeting,
                event.reminders,
                digest(event.others),
                series=event.series,
                room_id=event.room,
            )
            return _put(_kept(calendar, event.at), event.booking, booking)
        case Held():
            hold = Booking(
                event.slug,
                event.start,
                event.minutes,
                event.buffer_before,
                event.buffer_after,
                event.seats,
                Status.HELD,
                event.until,
                True,
                event.guest,
                event.proof,
                event.meeting,
            )
            return _put(_kept(calendar, event.at), event.booking, hold)
        case HoldEnded(booking=id) | Declined(booking=id) | Cancelled(booking=id):
            return without(calendar, id)
        case Approved(booking=id, sequence=sequence):
            return _with(calendar, id, status=Status.CONFIRMED, sequence=sequence)
        case Rescheduled():
            return _with(
                calendar,
                event.booking,
                start=event.start,
                minutes=event.minutes,
                buffer_before=event.buffer_before,
                buffer_after=event.buffer_after,
                blocks=event.blocks,
                status=event.status,
                sequence=event.sequence,
                reminded=(),
                no_show=False,
                room=calendar.bookings[event.booking].room and calendar.bookings[event.booking].room_id == event.room,
                room_id=event.room,
            )
        case NoShowMarked(booking=id):
            return _with(calendar, id, no_show=True)
        case GuestsChanged(booking=id, others=others, sequence=sequence):
            return _with(calendar, id, others=digest(others), sequence=sequence)
        case ReminderSet(booking=id, minutes=minutes):
            reminders = (*calendar.bookings[id].reminders, minutes)
            return _with(calendar, id, reminders=reminders)
        case Reminded(booking=id, minutes=minutes):
            return _with(calendar, id, reminded=(*calendar.bookings[id].reminded, minutes))
        case PartRefused(booking=id):
            return replace(calendar, refused=(*calendar.refused, id)[-REFUSED:])
        case PublicSet(booking=id, public=public):
            return _with(calendar, id, public=public)
        case Commented(booking=id) | FileAttached(booking=id):
            note = Note(event.note, event.author, event.by_host, isinstance(event, FileAttached))
            return _with(calendar, id, notes=(*calendar.bookings[id].notes, note))
        case NoteDeleted(booking=id, note=gone):
            left = tuple(each for each in calendar.bookings[id].notes if each.note != gone)
            return _with(calendar, id, notes=left)
        case NoteErased(booking=id, note=gone):
            erased = replace(calendar, erased=(*calendar.erased, gone)[-REFUSED:])
            if id not in calendar.bookings:
                return erased
            return _with(erased, id, notes=tuple(each for each in calendar.bookings[id].notes if each.note != gone))
        case KeyRenewed(booking=id, proof=proof):
            return _with(calendar, id, proof=proof)
        case KeyWithdrawn(booking=id):
            return _with(calendar, id, proof=b"")
        case LinkMade(link=link, slug=slug, until=until, proof=proof, at=at):
            links = {k: v for k, v in calendar.links.items() if v.until > at}
            return replace(calendar, links={**links, link: Link(slug, until, proof)})
        case LinkUsed(link=link) | LinkRevoked(link=link):
            return replace(calendar, links={k: v for k, v in calendar.links.items() if k != link})
        case FeedRenewed(feed=feed):
            return replace(calendar, feed=feed)
        case FormSet(form=form):
            return replace(calendar, forms={**calendar.forms, form.slug: form})
        case FormRemoved(slug=slug):
            return replace(calendar, forms={k: v for k, v in calendar.forms.items() if k != slug})
        case WebhookAdded(webhook=webhook, url=url):
            disabled = {k: v for k, v in calendar.disabled.items() if k != webhook}
            return replace(calendar, webhooks={**calendar.webhooks, webhook: url}, disabled=disabled)
        case WebhookRemoved(webhook=webhook):
            webhooks = {k: v for k, v in calendar.webhooks.items() if k != webhook}
            disabled = {k: v for k, v in calendar.disabled.items() if k != webhook}
            return replace(calendar, webhooks=webhooks, disabled=disabled)
        case WebhookDisabled(webhook=webhook, why=why):
            return replace(calendar, disabled={**calendar.disabled, webhook: why})
        case WebhookPinged(ping=ping):
            return replace(calendar, pinged=(*calendar.pinged, ping)[-REFUSED:])
        case ConnectionAsked(connection=id):
            asked = Connection(event.provider, event.remote, event.writes, event.zone)
            return replace(calendar, connections={**calendar.connections, id: asked})
        case Connected(connection=id):
            known = replace(calendar.connections[id], on=True, why="")
            return replace(calendar, connections={**calendar.connections, id: known})
        case ConnectionFailed(connection=id, why=why):
            known = replace(calendar.connections[id], on=False, why=why)
            return replace(calendar, connections={**calendar.connections, id: known})
        case Disconnected(connection=id):
            return replace(calendar, connections={k: v for k, v in calendar.connections.items() if k != id})
        case ChoiceBooked(booking=id) | ChoiceRefused(booking=id):
            return replace(calendar, chosen=(*calendar.chosen, id)[-REFUSED:])
        case RoomMade(booking=id):
            return _with(calendar, id, room=True)
        case SeriesBooked():
            return calendar
        case CalendarOpened(owner=owner, kind=kind, name=name):
            return replace(calendar, owner=owner, kind=kind, name=name, cleared=False)
        case CalendarCleared():
            return replace(calendar, name="", cleared=True)
        case EventTypeDefined(definition=definition):
            return replace(calendar, event_types={**calendar.event_types, definition.slug: definition})
        case EventTypeRemoved(slug=slug):
            return replace(calendar, event_types={k: v for k, v in calendar.event_types.items() if k != slug})
        case ScheduleSet(schedule=schedule):
            return replace(calendar, schedules={**calendar.schedules, schedule.name: schedule})
        case ScheduleRemoved(name=name):
            return replace(calendar, schedules={k: v for k, v in calendar.schedules.items() if k != name})
        case HolidaysSet(holidays=holidays):
            return replace(calendar, holidays=holidays)
        case AbsenceAdded(absence_id=id, absence=absence):
            return replace(calendar, absences={**calendar.absences, id: absence})
        case AbsenceRemoved(absence_id=id):
            return replace(calendar, absences={k: v for k, v in calendar.absences.items() if k != id})
        case BusySynced(source=source, busy=busy):
            return replace(calendar, busy={**calendar.busy, source: busy})
        case BusyDropped(source=source):
            return replace(calendar, busy={k: v for k, v in calendar.busy.items() if k != source})
        case TeamJoined(team=team):
            return replace(calendar, teams=(*calendar.teams, team))
        case TeamLeft(team=team):
            return replace(calendar, teams=tuple(each for each in calendar.teams if each != team))


def day_of(start: datetime) -> int:
    """The day under which a booking is found."""
    return (start - EPOCH).days


def indexed(bookings: dict[UUID, Booking]) -> Calendar:
    """A calendar of nothing but these bookings."""
    found: dict[int, list[UUID]] = {}
    for booking, each in bookings.items():
        found.setdefault(day_of(each.start), []).append(booking)
    days = {day: tuple(ids) for day, ids in found.items()}
    held = tuple(booking for booking, each in bookings.items() if each.status is Status.HELD)
    longest = max((each.blocked for each in bookings.values()), default=0)
    return Calendar(bookings=bookings, days=days, held=held, longest=longest)


def starting(calendar: Calendar, first: int, last: int) -> list[tuple[UUID, Booking]]:
    """The bookings that start on these days, both included: there may be thousands on others."""
    days, bookings = calendar.days, calendar.bookings
    if last - first > len(days):
        found = [ids for day, ids in days.items() if first <= day <= last]
    else:
        found = [days[day] for day in range(first, last + 1) if day in days]
    return [(booking, bookings[booking]) for ids in found for booking in ids]


def _kept(calendar: Calendar, now: datetime) -> Calendar:
    """The calendar without the bookings that no decision can need any more."""
    since = day_of(now - KEPT)
    if not any(day < since for day in calendar.days):
        return calendar
    days = {day: ids for day, ids in calendar.days.items() if day >= since}
    bookings = {each: calendar.bookings[each] for ids in days.values() for each in ids}
    return replace(
        calendar, bookings=bookings, days=days, held=tuple(each for each in calendar.held if each in bookings)
    )


def _put(calendar: Calendar, booking: UUID, each: Booking) -> Calendar:
    before = calendar.bookings.get(booking)
    days, day = dict(calendar.days), day_of(each.start)
    if before is None or day_of(before.start) != day:
        if before is not None:
            _leave(days, booking, before)
        days[day] = (*days.get(day, ()), booking)
    held = calendar.held
    if (booking in held) != (each.status is Status.HELD):
        held = (*held, booking) if each.status is Status.HELD else tuple(one for one in held if one != booking)
    return replace(
        calendar,
        bookings={**calendar.bookings, booking: each},
        days=days,
        held=held,
        longest=max(calendar.longest, each.blocked),
    )


def without(calendar: Calendar, booking: UUID) -> Calendar:
    """The calendar as if there were no such booking."""
    bookings, days = dict(calendar.bookings), dict(calendar.days)
    _leave(days, booking, bookings.pop(booking))
    held = tuple(each for each in calendar.held if each != booking)
    return replace(calendar, bookings=bookings, days=days, held=held)


def _leave(days: dict[int, tuple[UUID, ...]], booking: UUID, each: Booking) -> None:
    day = day_of(each.start)
    left = tuple(one for one in days[day] if one != booking)
    if left:
        days[day] = left
    else:
        del days[day]


def _with(calendar: Calendar, booking: UUID, **changes: object) -> Calendar:
    return _put(calendar, booking, replace(calendar.bookings[booking], **changes))  # type: ignore[arg-type]
