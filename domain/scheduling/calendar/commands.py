"""What can be asked of a calendar."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.scheduling.calendar.events import Busy, Guest
from domain.scheduling.event_type import EventType
from domain.scheduling.recurrence import Repeat
from domain.scheduling.routing import Form
from domain.scheduling.schedule import Absence, Holiday, Schedule

# By the owner, of their settings. The first one opens the calendar of a person.


@dataclass(frozen=True, slots=True)
class OpenResource:
    """Opens a room's or a machine's calendar, kept by the actor."""

    name: str


@dataclass(frozen=True, slots=True)
class DefineEventType:
    definition: EventType


@dataclass(frozen=True, slots=True)
class RemoveEventType:
    slug: str


@dataclass(frozen=True, slots=True)
class SetSchedule:
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class RemoveSchedule:
    name: str


@dataclass(frozen=True, slots=True)
class SetHolidays:
    holidays: tuple[Holiday, ...]


@dataclass(frozen=True, slots=True)
class AddAbsence:
    absence_id: UUID
    absence: Absence


@dataclass(frozen=True, slots=True)
class RemoveAbsence:
    absence_id: UUID


@dataclass(frozen=True, slots=True)
class SyncBusy:
    """What another calendar has, as a whole; what is over is left out."""

    source: str
    busy: tuple[Busy, ...]


@dataclass(frozen=True, slots=True)
class DropBusy:
    source: str


@dataclass(frozen=True, slots=True)
class JoinTeam:
    """Lets a team fill the calendar: it becomes a member if it was invited."""

    team: UUID


@dataclass(frozen=True, slots=True)
class LeaveTeam:
    team: UUID


@dataclass(frozen=True, slots=True)
class MakeLink:
    """A link with which somebody may book an event type once."""

    link: UUID
    slug: str
    until: datetime
    proof: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class RevokeLink:
    link: UUID


@dataclass(frozen=True, slots=True)
class RenewFeed:
    """Whoever has the secret address of the calendar so far sees nothing there any more. `feed` is a new id."""

    feed: UUID


@dataclass(frozen=True, slots=True)
class SetForm:
    form: Form


@dataclass(frozen=True, slots=True)
class RemoveForm:
    slug: str


@dataclass(frozen=True, slots=True)
class AddWebhook:
    """What happens to bookings is told there from now on; also one that was switched off."""

    webhook: UUID
    url: str


@dataclass(frozen=True, slots=True)
class RemoveWebhook:
    webhook: UUID


@dataclass(frozen=True, slots=True)
class PingWebhook:
    """Has a test sent to this webhook. `ping` is a new id."""

    webhook: UUID
    ping: UUID


@dataclass(frozen=True, slots=True)
class ConnectCalendar:
    """Connects a calendar that the owner keeps elsewhere, with the code that its provider gave them."""

    connection: UUID
    provider: str
    remote: str
    writes: bool
    zone: str
    code: str = field(metadata={"personal": "actor", "secret": True})


@dataclass(frozen=True, slots=True)
class DisconnectCalendar:
    connection: UUID


# By anybody, signed in or not. `booking` is a new id; `proof` the hash of the secret in the guest's link.


@dataclass(frozen=True, slots=True)
class Appointment:
    """Which time is wanted, by whom."""

    booking: UUID
    slug: str
    start: datetime
    minutes: int
    seats: int
    zone: str  # the guest's
    guest: Guest
    others: tuple[str, ...] = field(metadata={"personal": "guest.person|booking"})
    proof: bytes = field(metadata={"secret": True})
    place: str = field(
        default="", metadata={"personal": "guest.person|booking"}
    )  # where to meet, or to call, where the event type leaves it to the guest


@dataclass(frozen=True, slots=True)
class Hold:
    """Keeps a time for the one who fills the form."""

    booking: UUID
    slug: str
    start: datetime
    minutes: int
    seats: int
    proof: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class Release:
    """Gives one's hold back."""

    booking: UUID
    proof: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class Book:
    """Books a time; where its id is that of one's hold, the hold becomes the booking."""

    appointment: Appointment


@dataclass(frozen=True, slots=True)
class Cancel:
    booking: UUID
    reason: str
    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class Reschedule:
    booking: UUID
    start: datetime
    minutes: int
    zone: str  # of the one who asks
    reason: str
    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class ChangeGuests:
    booking: UUID
    others: tuple[str, ...] = field(metadata={"personal": "actor|booking"})
    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class SetReminder:
    booking: UUID
    minutes: int
    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class BookByLink:
    """Books with a link of the host, which is used up by it."""

    link: UUID
    link_proof: bytes = field(metadata={"secret": True})
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class BookSeries:
    """Books all times of a series or none; with `leave_out` those that are free. The appointment names the series."""

    appointment: Appointment
    repeat: Repeat
    leave_out: bool


@dataclass(frozen=True, slots=True)
class CancelSeries:
    """Cancels the meetings of a series from a time on."""

    series: UUID
    since: datetime
    reason: str
    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class Comment:
    """By host and guest; of a public meeting by all who are signed in."""

    booking: UUID
    note: UUID
    name: str
    text: str
    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class AttachFile:
    """Notes a file whose bytes are in the blob store already."""

    booking: UUID
    note: UUID
    name: str
    media: str
    size: int
    digest: bytes
    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class DeleteNote:
    """Takes a comment or a file away: one's own, or any as the host."""

    booking: UUID
    note: UUID
    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class RenewKey:
    """By host or guest: whoever has the key so far can do nothing with it any more. `renewed` proves the next one."""

    booking: UUID
    renewed: bytes = field(metadata={"secret": True})
    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class WithdrawKey:
    """By host or guest: from now on only who is signed in as one of them has anything to do with the booking."""

    booking: UUID
    proof: bytes = field(default=b"", metadata={"secret": True})


# By the owner, of bookings.


@dataclass(frozen=True, slots=True)
class SetPublic:
    booking: UUID
    public: bool


@dataclass(frozen=True, slots=True)
class BookDespite:
    """Books a time although something stands against it: whatever it is, and the reason, is recorded."""

    appointment: Appointment
    reason: str


@dataclass(frozen=True, slots=True)
class Approve:
    booking: UUID


@dataclass(frozen=True, slots=True)
class Decline:
    booking: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class MarkNoShow:
    booking: UUID


# By the system: deadlines, and the parts of meetings of several.


@dataclass(frozen=True, slots=True)
class ExpireHold:
    """A deadline that makes visible what is so already; early or late it does no harm."""

    booking: UUID


@dataclass(frozen=True, slots=True)
class Remind:
    """A deadline; stale where the booking is at another time by now, or gone."""

    booking: UUID
    start: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class HoldPart:
    """Asks for the time of a meeting of several; answered by Held or PartRefused."""

    team: UUID
    meeting: UUID
    booking: UUID
    definition: EventType
    start: datetime
    minutes: int
    until: datetime
    own: UUID | None = None  # the booking that is to move there, which is not in its own way


@dataclass(frozen=True, slots=True)
class SwapPart:
    """All others hold the new time as well: the booking moves to it. Answered by Rescheduled or PartRefused."""

    meeting: UUID
    booking: UUID
    hold: UUID
    zone: str
    reason: str
    by_host: bool


@dataclass(frozen=True, slots=True)
class BookPart:
    """All others are free as well: answered by Booked, or PartRefused where the hold is over and the time was taken."""

    meeting: UUID
    definition: EventType
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class DropPart:
    """The meeting of several does not come about, or is cancelled."""

    meeting: UUID
    booking: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class BookChosen:
    """The time that a poll has chosen; answered by ChoiceBooked or ChoiceRefused."""

    poll: UUID
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class NoteRoom:
    """Where a video meeting takes place, as the tool that makes rooms has said; stale where it has another room now."""

    booking: UUID
    link: str = field(metadata={"secret": True})
    room: UUID | None = None


@dataclass(frozen=True, slots=True)
class DisableWebhook:
    """It takes nothing any more, says whoever calls it."""

    webhook: UUID
    why: str


@dataclass(frozen=True, slots=True)
class EndWebhooks:
    """The owner's account has ended."""


@dataclass(frozen=True, slots=True)
class SetPartKey:
    """The key of a meeting of several is another; none where it is empty."""

    meeting: UUID
    booking: UUID
    proof: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class NoteConnected:
    connection: UUID


@dataclass(frozen=True, slots=True)
class FailConnection:
    connection: UUID
    why: str


@dataclass(frozen=True, slots=True)
class SyncConnected:
    """All that a connected calendar has, in place of what it had before."""

    connection: UUID
    busy: tuple[Busy, ...]


@dataclass(frozen=True, slots=True)
class ClearCalendar:
    """Its owner keeps it no more. To be repeated until it is cleared. `feed` is a new id."""

    owner: UUID
    feed: UUID


@dataclass(frozen=True, slots=True)
class CancelForGuest:
    """The guest wants nothing kept of them."""

    booking: UUID
    guest: UUID


@dataclass(frozen=True, slots=True)
class EraseNote:
    """Its author wants nothing kept of them."""

    booking: UUID
    note: UUID
    author: UUID


Settings = (
    DefineEventType
    | RemoveEventType
    | SetSchedule
    | RemoveSchedule
    | SetHolidays
    | AddAbsence
    | RemoveAbsence
    | SyncBusy
    | DropBusy
    | JoinTeam
    | LeaveTeam
    | MakeLink
    | RevokeLink
    | RenewFeed
    | SetForm
    | RemoveForm
    | AddWebhook
    | RemoveWebhook
    | PingWebhook
    | ConnectCalendar
    | DisconnectCalendar
)
BySystem = (
    ExpireHold
    | Remind
    | HoldPart
    | BookPart
    | DropPart
    | SwapPart
    | BookChosen
    | NoteRoom
    | DisableWebhook
    | EndWebhooks
    | ClearCalendar
    | CancelForGuest
    | EraseNote
    | SetPartKey
    | NoteConnected
    | FailConnection
    | SyncConnected
)
Command = (
    OpenResource
    | Settings
    | Hold
    | Release
    | Book
    | Cancel
    | Reschedule
    | ChangeGuests
    | SetReminder
    | BookDespite
    | Approve
    | Decline
    | MarkNoShow
    | BookByLink
    | BookSeries
    | CancelSeries
    | Comment
    | AttachFile
    | DeleteNote
    | RenewKey
    | WithdrawKey
    | SetPublic
    | BySystem
)
