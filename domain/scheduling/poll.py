"""A poll for a time: a host proposes some, people say which suit them, the host chooses one and it is booked.

Times that are proposed keep nobody out: whether the chosen one is still free is decided when it is booked.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from uuid import UUID

from domain.ids import check_uuid
from domain.kernel import Context, Reason, Rejected
from domain.scheduling.calendar.bookings import check_instant, check_proof
from domain.scheduling.calendar.commands import Appointment
from domain.scheduling.event_type import LONGEST, check_slug
from domain.scheduling.zones import zone
from domain.text import check_email, check_line

OPTIONS = 40
VOTERS = 200
LIFE = timedelta(days=90)


class Opinion(StrEnum):
    YES = "yes"
    IF_NEEDED = "if_needed"
    NO = "no"


class Stage(StrEnum):
    OPEN = "open"
    CHOSEN = "chosen"  # being booked
    BOOKED = "booked"
    CLOSED = "closed"


# Events.


@dataclass(frozen=True, slots=True)
class PollOpened:
    """The owner's own calendar has the event type that is booked in the end."""

    owner: UUID
    title: str
    slug: str
    minutes: int
    options: tuple[datetime, ...]
    zone: str
    until: datetime  # no votes after it
    at: datetime


@dataclass(frozen=True, slots=True)
class Voted:
    """In place of what the same person said before. Opinions in the order of the options."""

    voter: UUID
    person: UUID | None
    name: str = field(metadata={"personal": "voter"})
    email: str = field(metadata={"personal": "voter"})
    opinions: tuple[Opinion, ...]
    proof: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class OptionChosen:
    calendar: UUID
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class PollBooked:
    booking: UUID


@dataclass(frozen=True, slots=True)
class ChoiceFailed:
    """The time was not free any more: another can be chosen."""

    booking: UUID
    code: str


@dataclass(frozen=True, slots=True)
class PollClosed:
    """By the owner, or because its time was over."""

    expired: bool


@dataclass(frozen=True, slots=True)
class PollErased:
    """Who opened it wants nothing kept of them: it is gone, with its votes."""

    owner: UUID
    voters: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class BallotErased:
    """Who has voted wants nothing kept of them."""

    voter: UUID


Event = PollOpened | Voted | OptionChosen | PollBooked | ChoiceFailed | PollClosed | PollErased | BallotErased


# Commands. By the owner, save Vote (anybody), and the last five (the system).


@dataclass(frozen=True, slots=True)
class OpenPoll:
    title: str
    slug: str
    minutes: int
    options: tuple[datetime, ...]
    zone: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Vote:
    """`voter` is one's own id where one is signed in, else a new one whose secret hashes to `proof`."""

    voter: UUID
    name: str = field(metadata={"personal": "voter"})
    email: str = field(metadata={"personal": "voter"})
    opinions: tuple[Opinion, ...]
    proof: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class Choose:
    """The appointment's start is one of the options; its booking is a new id."""

    appointment: Appointment


@dataclass(frozen=True, slots=True)
class ClosePoll:
    pass


@dataclass(frozen=True, slots=True)
class NoteBooked:
    booking: UUID


@dataclass(frozen=True, slots=True)
class NoteRefused:
    booking: UUID
    code: str


@dataclass(frozen=True, slots=True)
class EndPoll:
    """A deadline."""


@dataclass(frozen=True, slots=True)
class ErasePoll:
    owner: UUID


@dataclass(frozen=True, slots=True)
class EraseBallot:
    voter: UUID


Command = OpenPoll | Vote | Choose | ClosePoll | NoteBooked | NoteRefused | EndPoll | ErasePoll | EraseBallot


# State.


@dataclass(frozen=True, slots=True)
class Ballot:
    person: UUID | None
    opinions: tuple[Opinion, ...]
    proof: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class Poll:
    stage: Stage | None = None  # None: not opened
    owner: UUID | None = None
    slug: str = ""
    minutes: int = 0
    options: tuple[datetime, ...] = ()
    until: datetime | None = None
    ballots: dict[UUID, Ballot] = field(default_factory=dict)
    booking: UUID | None = None  # the choice


INITIAL = Poll()


def evolve(poll: Poll, event: Event) -> Poll:
    match event:
        case PollOpened():
            return Poll(Stage.OPEN, event.owner, event.slug, event.minutes, event.options, event.until)
        case Voted(voter=voter, person=person, opinions=opinions, proof=proof):
            return replace(poll, ballots={**poll.ballots, voter: Ballot(person, opinions, proof)})
        case OptionChosen(appointment=appointment):
            return replace(poll, stage=Stage.CHOSEN, booking=appointment.booking)
        case PollBooked():
            return replace(poll, stage=Stage.BOOKED)
        case ChoiceFailed():
            return replace(poll, stage=Stage.OPEN)
        case PollClosed():
            return replace(poll, stage=Stage.CLOSED)
        case PollErased():
            return Poll(Stage.CLOSED, until=poll.until)
        case BallotErased(voter=voter):
            return replace(poll, ballots={k: v for k, v in poll.ballots.items() if k != voter})


def decide(poll: Poll, command: Command, context: Context) -> list[Event]:
    if isinstance(command, OpenPoll):
        return _open(poll, command, context)
    if poll.stage is None or poll.until is None:
        raise Rejected("poll_unknown", "There is no such poll.", Reason.NOT_FOUND)
    match command:
        case Vote():
            return _vote(poll, poll.until, command, context)
        case Choose():
            return _choose(poll, command, context)
        case ClosePoll():
            _check_owner(poll, context)
            return [PollClosed(expired=False)] if poll.stage is Stage.OPEN else []
    if not context.actor.is_system:
        raise Rejected("not_yours", "Only Septet itself does this.", Reason.FORBIDDEN)
    match command:
        case NoteBooked(booking=booking):
            return [PollBooked(booking)] if _is_waiting_for(poll, booking) else []
        case NoteRefused(booking=booking, code=code):
            return [ChoiceFailed(booking, code)] if _is_waiting_for(poll, booking) else []
        case EndPoll():
            over = poll.stage is Stage.OPEN and context.now >= poll.until
            return [PollClosed(expired=True)] if over else []
        case ErasePoll(owner=owner):
            return [PollErased(owner, tuple(poll.ballots))] if poll.owner == owner else []
        case EraseBallot(voter=voter):
            return [BallotErased(voter)] if voter in poll.ballots else []


def _open(poll: Poll, command: OpenPoll, context: Context) -> list[Event]:
    owner = context.actor.person
    check_uuid(context.aggregate_id)
    if poll.stage is not None:
        if owner != poll.owner:
            raise Rejected("poll_exists", "There is such a poll already.")
        return []
    check_line(command.title, "title", 100)
    check_slug(command.slug)
    zone(command.zone)
    for each in (*command.options, command.until):
        check_instant(each)
    options = tuple(sorted(set(command.options)))
    if not 1 <= len(options) <= OPTIONS or options[0] <= context.now:
        raise Rejected("options_invalid", f"Propose 1 to {OPTIONS} times that are to come.", Reason.INVALID)
    if not context.now < command.until <= context.now + LIFE:
        raise Rejected("time_invalid", f"Let a poll end within {LIFE.days} days.", Reason.INVALID)
    if not 1 <= command.minutes <= LONGEST:
        raise Rejected("duration_unknown", f"Let it take 1 to {LONGEST} minutes.", Reason.INVALID)
    return [
        PollOpened(
            owner, command.title, command.slug, command.minutes, options, command.zone, command.until, context.now
        )
    ]


def _vote(poll: Poll, until: datetime, command: Vote, context: Context) -> list[Event]:
    person = context.actor.person if context.actor.kind == "person" else None
    known = poll.ballots.get(command.voter)
    if person is not None and command.voter != person:
        raise Rejected("not_yours", "Vote in your own name.", Reason.FORBIDDEN)
    if known is not None and known.person != person:
        raise Rejected("not_yours", "This vote is somebody else's.", Reason.FORBIDDEN)
    if known is not None and person is None and not compare_digest(known.proof, command.proof):
        raise Rejected("not_yours", "This vote is somebody else's.", Reason.FORBIDDEN)
    check_proof(command.proof)
    check_line(command.name, "name", 100)
    check_email(command.email)
    if len(command.opinions) != len(poll.options):
        detail = f"Say of each of the {len(poll.options)} times how it suits you."
        raise Rejected("opinions_invalid", detail, Reason.INVALID)
    if known is not None and known.opinions == command.opinions:
        return []
    if poll.stage is not Stage.OPEN or context.now >= until:
        raise Rejected("poll_closed", "This poll is closed.")
    if known is None and len(poll.ballots) >= VOTERS:
        raise Rejected("too_many", f"At most {VOTERS} people vote.")
    return [Voted(command.voter, person, command.name, command.email, command.opinions, command.proof)]


def _choose(poll: Poll, command: Choose, context: Context) -> list[Event]:
    owner = _check_owner(poll, context)
    wanted = command.appointment
    if poll.booking == wanted.booking and poll.stage in (Stage.CHOSEN, Stage.BOOKED):
        return []
    if poll.stage is not Stage.OPEN:
        raise Rejected("poll_closed", "A time was chosen, or the poll is closed.")
    if wanted.start not in poll.options:
        raise Rejected("option_unknown", "Choose one of the times that were proposed.", Reason.NOT_FOUND)
    same = (wanted.slug, wanted.minutes, wanted.seats) == (poll.slug, poll.minutes, 1)
    if not same or wanted.guest.person is not None:
        raise Rejected("appointment_invalid", "Book what the poll was about.", Reason.INVALID)
    check_proof(wanted.proof)
    return [OptionChosen(owner, wanted)]


def _is_waiting_for(poll: Poll, booking: UUID) -> bool:
    return poll.stage is Stage.CHOSEN and poll.booking == booking


def _check_owner(poll: Poll, context: Context) -> UUID:
    if poll.owner is None or not context.actor.is_person(poll.owner):
        raise Rejected("not_yours", "Only who opened the poll can do this.", Reason.FORBIDDEN)
    return poll.owner
