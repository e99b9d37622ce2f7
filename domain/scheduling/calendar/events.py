"""What happens to a calendar: stored for ever; names and fields are the wire format."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.scheduling.event_type import EventType, Location
from domain.scheduling.recurrence import Repeat
from domain.scheduling.routing import Form
from domain.scheduling.schedule import Absence, Holiday, Schedule


class Kind(StrEnum):
    """Whose time it is."""

    HOST = "host"  # a person's; its id is the person's
    RESOURCE = "resource"  # a room's or a machine's, kept by a person


class Status(StrEnum):
    """How firmly a booking stands."""

    HELD = "held"  # while the form is filled, or while others are asked; over at an instant
    PENDING = "pending"  # the host has to say yes
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Guest:
    """Who books. `answers` by the name of the question."""

    name: str = field(metadata={"personal": "person|booking"})
    email: str = field(metadata={"personal": "person|booking"})
    person: UUID | None = None  # None: not signed in, and known by their link alone
    answers: dict[str, str] = field(default_factory=dict, metadata={"personal": "person|booking"})


@dataclass(frozen=True, slots=True)
class Busy:
    """A time that is taken in another calendar."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Meant:
    """What the one who booked saw: an instant alone would not keep it when a country changes its clocks' rules."""

    zone: str  # IANA
    wall: str  # "2026-03-29T10:00"
    tzdata: str  # the version of the rules that made an instant of it


@dataclass(frozen=True, slots=True)
class CalendarOpened:
    owner: UUID
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class EventTypeDefined:
    """New, or in place of the one with this slug. Bookings keep what they were made with."""

    definition: EventType


@dataclass(frozen=True, slots=True)
class EventTypeRemoved:
    slug: str


@dataclass(frozen=True, slots=True)
class ScheduleSet:
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class ScheduleRemoved:
    name: str


@dataclass(frozen=True, slots=True)
class HolidaysSet:
    holidays: tuple[Holiday, ...]


@dataclass(frozen=True, slots=True)
class AbsenceAdded:
    absence_id: UUID
    absence: Absence


@dataclass(frozen=True, slots=True)
class AbsenceRemoved:
    absence_id: UUID


@dataclass(frozen=True, slots=True)
class BusySynced:
    """All that another calendar has from now on, in place of what it had before."""

    source: str
    busy: tuple[Busy, ...]


@dataclass(frozen=True, slots=True)
class BusyDropped:
    source: str


@dataclass(frozen=True, slots=True)
class TeamJoined:
    """This team may fill the calendar."""

    team: UUID


@dataclass(frozen=True, slots=True)
class TeamLeft:
    team: UUID


@dataclass(frozen=True, slots=True)
class Held:
    """Nobody else can have this time before `until`. For a guest's form, or as a part of a meeting of several."""

    booking: UUID
    slug: str
    start: datetime
    minutes: int
    buffer_before: int
    buffer_after: int
    seats: int
    until: datetime
    guest: UUID | None
    proof: bytes = field(metadata={"secret": True})
    meeting: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """Given back, expired, or given up for another time."""

    booking: UUID
    start: datetime
    meeting: UUID | None
    reason: str  # "released", "expired", "moved"


@dataclass(frozen=True, slots=True)
class PartRefused:
    """A meeting of several asked for a time that is not free."""

    meeting: UUID
    booking: UUID
    code: str


@dataclass(frozen=True, slots=True)
class Booked:
    booking: UUID
    slug: str
    title: str
    start: datetime
    minutes: int
    buffer_before: int
    buffer_after: int
    seats: int
    status: Status
    blocks: bool  # whether it keeps others out while it is pending
    guest: Guest
    others: tuple[str, ...] = field(metadata={"personal": "guest.person|booking"})  # e-mail addresses of further guests
    meant: Meant
    location: Location = field(metadata={"personal": "guest.person|booking"})  # a guest's own number, it may be
    price: int
    currency: str
    reminders: tuple[int, ...]
    proof: bytes = field(metadata={"secret": True})
    meeting: UUID | None
    despite: tuple[str, ...]  # what stood against it when the host booked it nevertheless
    overlaps: tuple[UUID, ...]  # the bookings it was laid over
    reason: str  # of the host, for doing so
    at: datetime
    series: UUID | None = None  # that it is one of
    room: UUID | None = None  # of a video meeting for which nobody has given a link; who meets together shares it


@dataclass(frozen=True, slots=True)
class Approved:
    booking: UUID
    start: datetime
    reminders: tuple[int, ...]
    sequence: int
    room: UUID | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    booking: UUID
    start: datetime
    reason: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """The same booking at another time."""

    booking: UUID
    slug: str
    seats: int
    was: datetime
    start: datetime
    minutes: int
    buffer_before: int
    buffer_after: int
    blocks: bool
    status: Status
    meant: Meant
    reminders: tuple[int, ...]
    by_host: bool
    reason: str
    sequence: int
    at: datetime
    room: UUID | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    booking: UUID
    start: datetime
    meeting: UUID | None
    by_host: bool
    reason: str
    sequence: int


@dataclass(frozen=True, slots=True)
class NoShowMarked:
    booking: UUID
    start: datetime


@dataclass(frozen=True, slots=True)
class GuestsChanged:
    booking: UUID
    start: datetime
    others: tuple[str, ...] = field(metadata={"personal": "person|booking"})
    sequence: int
    person: UUID | None = None  # the guest, where they were signed in


@dataclass(frozen=True, slots=True)
class ReminderSet:
    """One more reminder, for this time of the booking."""

    booking: UUID
    start: datetime
    minutes: int  # before the start


@dataclass(frozen=True, slots=True)
class Reminded:
    """It is time to tell host and guests."""

    booking: UUID
    start: datetime
    minutes: int
    meeting: UUID | None = None  # of several hosts, that it is a part of


@dataclass(frozen=True, slots=True)
class Conflict:
    """A time of a series that could not be had: its wall time, and why."""

    wall: str
    code: str


@dataclass(frozen=True, slots=True)
class SeriesBooked:
    """Followed by its bookings. The times that were not free are left out, as the guest wanted it."""

    series: UUID
    slug: str
    repeat: Repeat
    bookings: tuple[UUID, ...]
    left_out: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class LinkMade:
    """Whoever has its secret may book this event type, once, before `until`."""

    link: UUID
    slug: str
    until: datetime
    proof: bytes = field(metadata={"secret": True})
    at: datetime


@dataclass(frozen=True, slots=True)
class LinkUsed:
    link: UUID
    booking: UUID


@dataclass(frozen=True, slots=True)
class LinkRevoked:
    link: UUID


@dataclass(frozen=True, slots=True)
class FeedRenewed:
    feed: UUID  # the secret address hangs on it


@dataclass(frozen=True, slots=True)
class FormSet:
    form: Form


@dataclass(frozen=True, slots=True)
class FormRemoved:
    slug: str


@dataclass(frozen=True, slots=True)
class ChoiceBooked:
    """The time that a poll has chosen is booked."""

    poll: UUID
    booking: UUID


@dataclass(frozen=True, slots=True)
class ChoiceRefused:
    """The time that a poll has chosen is not free."""

    poll: UUID
    booking: UUID
    code: str


@dataclass(frozen=True, slots=True)
class PublicSet:
    """Whether all who are signed in may see that the host meets then, without the guests."""

    booking: UUID
    start: datetime
    public: bool
    title: str = ""  # of the event type


@dataclass(frozen=True, slots=True)
class Commented:
    booking: UUID
    note: UUID
    author: UUID | None  # None: known by the link alone
    by_host: bool
    name: str = field(metadata={"personal": "author|booking"})
    text: str = field(metadata={"personal": "author|booking"})


@dataclass(frozen=True, slots=True)
class FileAttached:
    """The bytes are a blob, named after their digest."""

    booking: UUID
    note: UUID
    author: UUID | None
    by_host: bool
    name: str = field(metadata={"personal": "author|booking"})
    media: str
    size: int
    digest: bytes  # SHA-256


@dataclass(frozen=True, slots=True)
class NoteDeleted:
    """A comment or a file is gone."""

    booking: UUID
    note: UUID


@dataclass(frozen=True, slots=True)
class KeyRenewed:
    """Another key opens the booking, and the one of before nothing any more."""

    booking: UUID
    start: datetime
    proof: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class KeyWithdrawn:
    """No key opens the booking any more."""

    booking: UUID
    start: datetime


@dataclass(frozen=True, slots=True)
class RoomMade:
    """Where a video meeting takes place."""

    booking: UUID
    start: datetime
    link: str = field(metadata={"secret": True})  # whoever has it can enter


@dataclass(frozen=True, slots=True)
class WebhookAdded:
    """What happens to bookings is told there."""

    webhook: UUID
    url: str


@dataclass(frozen=True, slots=True)
class WebhookRemoved:
    webhook: UUID


@dataclass(frozen=True, slots=True)
class WebhookDisabled:
    """It takes nothing any more; its owner may switch it on again."""

    webhook: UUID
    why: str
    owner: UUID  # of the calendar


@dataclass(frozen=True, slots=True)
class WebhookPinged:
    """Its owner wants to see it work."""

    webhook: UUID
    ping: UUID


@dataclass(frozen=True, slots=True)
class ConnectionAsked:
    """The owner has let us into a calendar they keep elsewhere, if the code is good. It is good once, for minutes."""

    connection: UUID
    provider: str  # "google", "outlook"
    remote: str  # which of their calendars there
    writes: bool  # whether bookings are written into it
    zone: str  # of its whole days
    owner: UUID
    code: str = field(metadata={"personal": "owner", "secret": True})


@dataclass(frozen=True, slots=True)
class Connected:
    """The other side has let us in."""

    connection: UUID


@dataclass(frozen=True, slots=True)
class ConnectionFailed:
    """The other side lets us in no more, or never did; its owner connects it anew."""

    connection: UUID
    why: str
    owner: UUID  # of the calendar


@dataclass(frozen=True, slots=True)
class Disconnected:
    connection: UUID


@dataclass(frozen=True, slots=True)
class CalendarCleared:
    """Its owner keeps it no more: settings are gone, and what was to come is cancelled."""

    owner: UUID


@dataclass(frozen=True, slots=True)
class NoteErased:
    """A comment or a file is gone, as its author wants nothing kept."""

    booking: UUID
    note: UUID
    author: UUID


Event = (
    CalendarOpened
    | EventTypeDefined
    | EventTypeRemoved
    | ScheduleSet
    | ScheduleRemoved
    | HolidaysSet
    | AbsenceAdded
    | AbsenceRemoved
    | BusySynced
    | BusyDropped
    | TeamJoined
    | TeamLeft
    | Held
    | HoldEnded
    | PartRefused
    | Booked
    | Approved
    | Declined
    | Rescheduled
    | Cancelled
    | NoShowMarked
    | GuestsChanged
    | ReminderSet
    | Reminded
    | SeriesBooked
    | LinkMade
    | LinkUsed
    | LinkRevoked
    | FeedRenewed
    | FormSet
    | FormRemoved
    | ChoiceBooked
    | ChoiceRefused
    | PublicSet
    | Commented
    | FileAttached
    | NoteDeleted
    | KeyRenewed
    | KeyWithdrawn
    | RoomMade
    | WebhookAdded
    | WebhookRemoved
    | WebhookDisabled
    | WebhookPinged
    | CalendarCleared
    | NoteErased
    | ConnectionAsked
    | Connected
    | ConnectionFailed
    | Disconnected
)
