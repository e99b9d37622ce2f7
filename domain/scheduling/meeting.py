"""A meeting of several calendars: each is asked to hold the time, then all are booked, or none is.

Calendars are asked one after the other; for a collective meeting in their sorted order, so that of two meetings that
want the same people one always gets further. A deadline ends what takes too long. A move goes the same way: all hold
the new time beside the old one, then each swaps; or the new one is given back and the old one stands.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from uuid import UUID, uuid5

from domain.ids import check_uuid
from domain.kernel import Context, Reason, Rejected
from domain.scheduling.calendar.bookings import check_instant, check_lengths, check_proof
from domain.scheduling.calendar.commands import Appointment
from domain.scheduling.event_type import EventType, check_text
from domain.scheduling.team import TIME_TO_ARRANGE, Mode
from domain.scheduling.zones import zone

MOVES = 100  # of a meeting, those that failed as well
RELEASED = 100
GRACE = timedelta(minutes=10)  # a hold outlives the deadline by so much: bookings that were decided still find it


class Stage(StrEnum):
    ARRANGING = "arranging"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELLED = "cancelled"


def part_id(meeting: UUID, calendar: UUID) -> UUID:
    """The id of the booking that a meeting is in one of its calendars."""
    return uuid5(meeting, str(calendar))


def hold_id(meeting: UUID, calendar: UUID, move: int) -> UUID:
    """The id of the hold in a calendar for the so-manyth move of a meeting."""
    return uuid5(meeting, f"{calendar}/{move}")


@dataclass(frozen=True, slots=True)
class Move:
    """To another time: all who meet have to hold it before any of them gives up the old one."""

    number: int  # of the moves that were tried
    start: datetime
    minutes: int
    zone: str  # of the one who asks
    reason: str
    by_host: bool
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    team: UUID
    mode: Mode
    calendars: tuple[UUID, ...]  # in the order in which they are asked
    definition: EventType
    appointment: Appointment  # its booking is the meeting
    deadline: datetime


# Events.


@dataclass(frozen=True, slots=True)
class Arranged:
    plan: Plan


@dataclass(frozen=True, slots=True)
class Asked:
    """This calendar is to hold the time now."""

    calendar: UUID
    plan: Plan


@dataclass(frozen=True, slots=True)
class PartAgreed:
    calendar: UUID


@dataclass(frozen=True, slots=True)
class PartDenied:
    calendar: UUID
    code: str


@dataclass(frozen=True, slots=True)
class Settled:
    """All who are needed hold the time: they are booked now."""

    calendars: tuple[UUID, ...]
    plan: Plan


@dataclass(frozen=True, slots=True)
class Failed:
    calendars: tuple[UUID, ...]  # that held the time
    code: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    calendars: tuple[UUID, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class PartReleased:
    """It agreed when it was too late."""

    calendar: UUID


@dataclass(frozen=True, slots=True)
class MoveBegun:
    move: Move


@dataclass(frozen=True, slots=True)
class MoveAsked:
    """This calendar is to hold the new time now."""

    calendar: UUID
    plan: Plan
    move: Move


@dataclass(frozen=True, slots=True)
class MoveAgreed:
    calendar: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Moved:
    """All hold the new time: each gives up the old one for it."""

    calendars: tuple[UUID, ...]
    move: Move


@dataclass(frozen=True, slots=True)
class MoveFailed:
    """The old time stands; those who held the new one give it back."""

    calendars: tuple[UUID, ...]
    number: int
    code: str


@dataclass(frozen=True, slots=True)
class MoveReleased:
    """It agreed to a move when that had failed."""

    calendar: UUID
    number: int


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """Another key opens it, here and in all its calendars; none where it is empty."""

    calendars: tuple[UUID, ...]
    proof: bytes = field(metadata={"secret": True})


Event = (
    Arranged
    | Asked
    | PartAgreed
    | PartDenied
    | Settled
    | Failed
    | Cancelled
    | PartReleased
    | MoveBegun
    | MoveAsked
    | MoveAgreed
    | Moved
    | MoveFailed
    | MoveReleased
    | KeyChanged
)


# Commands. All by the system, save Cancel, MoveTo, RenewKey and WithdrawKey.


@dataclass(frozen=True, slots=True)
class Arrange:
    plan: Plan


@dataclass(frozen=True, slots=True)
class NoteAgreed:
    calendar: UUID


@dataclass(frozen=True, slots=True)
class NoteDenied:
    calendar: UUID
    code: str


@dataclass(frozen=True, slots=True)
class NoteWithdrawn:
    """The meeting was cancelled in one of its calendars: it is in all of them."""

    calendar: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class TimeOut:
    """A deadline."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """By the guest, or by a person whose own calendar it is in."""

    reason: str
    proof: bytes


@dataclass(frozen=True, slots=True)
class MoveTo:
    """By the same, to a time that suits all."""

    start: datetime
    minutes: int
    zone: str
    reason: str
    proof: bytes


@dataclass(frozen=True, slots=True)
class RenewKey:
    """By the same: whoever has the key so far can do nothing with it any more. `renewed` proves the next one."""

    renewed: bytes = field(metadata={"secret": True})
    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class WithdrawKey:
    """By the same: no key opens it any more."""

    proof: bytes = field(default=b"", metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class NoteMoveAgreed:
    calendar: UUID
    booking: UUID  # the hold


@dataclass(frozen=True, slots=True)
class NoteMoveDenied:
    calendar: UUID
    booking: UUID
    code: str


@dataclass(frozen=True, slots=True)
class MoveTimeOut:
    """A deadline."""

    number: int


Command = (
    Arrange
    | NoteAgreed
    | NoteDenied
    | NoteWithdrawn
    | TimeOut
    | Cancel
    | MoveTo
    | NoteMoveAgreed
    | NoteMoveDenied
    | MoveTimeOut
    | RenewKey
    | WithdrawKey
)


# State.


@dataclass(frozen=True, slots=True)
class Late:
    """A calendar that agreed to a move when that had failed."""

    calendar: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Meeting:
    stage: Stage | None = None  # None: not begun
    plan: Plan | None = None
    asked: int = 0  # how many of the calendars
    agreed: tuple[UUID, ...] = ()
    denied: tuple[UUID, ...] = ()
    moves: int = 0  # that were tried
    move: Move | None = None  # that is under way
    moving: tuple[UUID, ...] = ()  # who hold its time
    moved: int = 0  # the last that came about
    released: tuple[Late, ...] = ()  # the latest that came


INITIAL = Meeting()


def evolve(meeting: Meeting, event: Event) -> Meeting:
    match event:
        case Arranged(plan=plan):
            return replace(meeting, stage=Stage.ARRANGING, plan=plan)
        case Asked():
            return replace(meeting, asked=meeting.asked + 1)
        case PartAgreed(calendar=calendar):
            return replace(meeting, agreed=(*meeting.agreed, calendar))
        case PartDenied(calendar=calendar):
            agreed = tuple(each for each in meeting.agreed if each != calendar)
            return replace(meeting, agreed=agreed, denied=(*meeting.denied, calendar))
        case Settled():
            return replace(meeting, stage=Stage.SETTLED)
        case Failed():
            return replace(meeting, stage=Stage.FAILED)
        case Cancelled():
            return replace(meeting, stage=Stage.CANCELLED)
        case PartReleased(calendar=calendar):
            return replace(meeting, denied=(*meeting.denied, calendar))
        case MoveBegun(move=move):
            return replace(meeting, moves=move.number, move=move, moving=())
        case MoveAsked():
            return meeting
        case MoveAgreed(calendar=calendar):
            return replace(meeting, moving=(*meeting.moving, calendar))
        case Moved(move=move):
            return replace(meeting, plan=_moved(meeting.plan, move), move=None, moving=(), moved=move.number)
        case MoveFailed():
            return replace(meeting, move=None, moving=())
        case KeyChanged(proof=proof):
            return replace(meeting, plan=_opened_by(meeting.plan, proof))
        case MoveReleased(calendar=calendar, number=number):
            return replace(meeting, released=(*meeting.released, Late(calendar, number))[-RELEASED:])


def _moved(plan: Plan | None, move: Move) -> Plan | None:
    if plan is None:
        return None
    return replace(plan, appointment=replace(plan.appointment, start=move.start, minutes=move.minutes))


def _opened_by(plan: Plan | None, proof: bytes) -> Plan | None:
    return None if plan is None else replace(plan, appointment=replace(plan.appointment, proof=proof))


def decide(meeting: Meeting, command: Command, context: Context) -> list[Event]:
    match command:
        case Cancel():
            return _cancel(meeting, command, context)
        case MoveTo():
            return _begin_move(meeting, command, context)
        case RenewKey(renewed=renewed):
            check_proof(renewed)
            return _change_key(meeting, renewed, command.proof, context)
        case WithdrawKey():
            return _change_key(meeting, b"", command.proof, context)
    if not context.actor.is_system:
        raise Rejected("not_yours", "Only Septet itself does this.", Reason.FORBIDDEN)
    if isinstance(command, Arrange):
        check_uuid(context.aggregate_id)
        if meeting.stage is not None or not command.plan.calendars:
            return []
        return [Arranged(command.plan), Asked(command.plan.calendars[0], command.plan)]
    plan = meeting.plan
    if plan is None:
        return []
    match command:
        case NoteAgreed(calendar=calendar):
            return _agreed(meeting, plan, calendar)
        case NoteDenied(calendar=calendar, code=code):
            return _denied(meeting, plan, calendar, code)
        case NoteWithdrawn(calendar=calendar, reason=reason):
            if meeting.stage is not Stage.SETTLED or calendar not in meeting.agreed:
                return []
            return [*_gave_up(meeting, "cancelled"), Cancelled(meeting.agreed, reason)]
        case NoteMoveAgreed(calendar=calendar, booking=booking):
            return _move_agreed(meeting, plan, calendar, booking, context)
        case NoteMoveDenied(calendar=calendar, booking=booking, code=code):
            return _move_denied(meeting, calendar, booking, code, context)
        case MoveTimeOut(number=number):
            move = meeting.move
            late = move is not None and move.number == number and context.now >= move.deadline
            return _gave_up(meeting, "timed_out") if late else []
        case TimeOut():
            arranging = meeting.stage is Stage.ARRANGING and context.now >= plan.deadline
            return [Failed(meeting.agreed, "timed_out")] if arranging else []


def _agreed(meeting: Meeting, plan: Plan, calendar: UUID) -> list[Event]:
    if calendar in (*meeting.agreed, *meeting.denied) or calendar not in plan.calendars:
        return []
    if meeting.stage is not Stage.ARRANGING:
        return [PartReleased(calendar)]
    agreed = (*meeting.agreed, calendar)
    if plan.mode is Mode.ROUND_ROBIN or len(agreed) == len(plan.calendars):
        return [PartAgreed(calendar), Settled(agreed, plan)]
    return [PartAgreed(calendar), Asked(plan.calendars[meeting.asked], plan)]


def _denied(meeting: Meeting, plan: Plan, calendar: UUID, code: str) -> list[Event]:
    if calendar in meeting.denied or calendar not in plan.calendars:
        return []
    others = tuple(each for each in meeting.agreed if each != calendar)
    match meeting.stage:
        case Stage.ARRANGING if plan.mode is Mode.ROUND_ROBIN and meeting.asked < len(plan.calendars):
            return [PartDenied(calendar, code), Asked(plan.calendars[meeting.asked], plan)]
        case Stage.ARRANGING:
            return [PartDenied(calendar, code), Failed(others, code)]
        case Stage.SETTLED if calendar in meeting.agreed:
            # It held the time and lost it before it was booked: then nobody meets.
            return [*_gave_up(meeting, code), PartDenied(calendar, code), Cancelled(others, code)]
    return []


def _begin_move(meeting: Meeting, command: MoveTo, context: Context) -> list[Event]:
    plan, by_host = _settled(meeting, command.proof, context)
    check_text(command.reason, "reason")
    check_instant(command.start)
    zone(command.zone)
    if (plan.appointment.start, plan.appointment.minutes) == (command.start, command.minutes):
        return []
    if meeting.move is not None:
        if (meeting.move.start, meeting.move.minutes) == (command.start, command.minutes):
            return []
        raise Rejected("moving", "It is just being moved. Try again in a moment.")
    check_lengths(plan.definition, command.minutes, 1)
    if plan.appointment.start + timedelta(minutes=plan.appointment.minutes) <= context.now:
        raise Rejected("over", "This is over.")
    if meeting.moves >= MOVES:
        raise Rejected("too_many", f"A meeting is moved at most {MOVES} times. Cancel it and find another time.")
    number, deadline = meeting.moves + 1, context.now + TIME_TO_ARRANGE
    move = Move(number, command.start, command.minutes, command.zone, command.reason, by_host, deadline)
    first, *_ = sorted(meeting.agreed)
    return [MoveBegun(move), MoveAsked(first, plan, move)]


def _move_agreed(meeting: Meeting, plan: Plan, calendar: UUID, booking: UUID, context: Context) -> list[Event]:
    move, number = meeting.move, _number(meeting, calendar, booking, context)
    if move is None or number != move.number:
        late = Late(calendar, number)
        return [] if number in (0, meeting.moved) or late in meeting.released else [MoveReleased(calendar, number)]
    if calendar in meeting.moving:
        return []
    moving = (*meeting.moving, calendar)
    left = [each for each in sorted(meeting.agreed) if each not in moving]
    then: Event = MoveAsked(left[0], plan, move) if left else Moved(moving, move)
    return [MoveAgreed(calendar, move.number), then]


def _move_denied(meeting: Meeting, calendar: UUID, booking: UUID, code: str, context: Context) -> list[Event]:
    number = _number(meeting, calendar, booking, context)
    if meeting.move is not None and number == meeting.move.number:
        return _gave_up(meeting, code)
    if meeting.stage is Stage.SETTLED and number and number == meeting.moved:
        # It held the new time and lost it before it had given up the old one: then nobody meets.
        return [*_gave_up(meeting, code), Cancelled(meeting.agreed, code)]
    return []


def _number(meeting: Meeting, calendar: UUID, booking: UUID, context: Context) -> int:
    """The move that a hold is for; 0 where it is for none."""
    tried = range(meeting.moves, 0, -1)
    return next((each for each in tried if hold_id(_id(context), calendar, each) == booking), 0)


def _gave_up(meeting: Meeting, code: str) -> list[Event]:
    """The move that is under way fails; who was asked last may hold the time as well."""
    if meeting.move is None:
        return []
    return [MoveFailed(meeting.agreed, meeting.move.number, code)]


def _id(context: Context) -> UUID:
    return UUID(context.aggregate_id)


def _cancel(meeting: Meeting, command: Cancel, context: Context) -> list[Event]:
    _settled(meeting, command.proof, context)
    check_text(command.reason, "reason")
    return [*_gave_up(meeting, "cancelled"), Cancelled(meeting.agreed, command.reason)]


def _change_key(meeting: Meeting, renewed: bytes, proof: bytes, context: Context) -> list[Event]:
    plan, _ = _settled(meeting, proof, context)
    return [] if plan.appointment.proof == renewed else [KeyChanged(meeting.agreed, renewed)]


def _settled(meeting: Meeting, proof: bytes, context: Context) -> tuple[Plan, bool]:
    """The plan of a meeting that stands, and whether a host asks; raises Rejected for all but guest and hosts."""
    plan = meeting.plan
    unknown = Rejected("meeting_unknown", "There is no such meeting.", Reason.NOT_FOUND)
    if plan is None or meeting.stage is not Stage.SETTLED:
        raise unknown
    guest = plan.appointment
    is_guest = guest.guest.person is not None and context.actor.is_person(guest.guest.person)
    is_host = any(context.actor.is_person(each) for each in meeting.agreed)
    if not (is_guest or is_host or (guest.proof != b"" and compare_digest(guest.proof, proof))):
        raise unknown
    return plan, is_host
