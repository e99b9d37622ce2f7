"""A meeting of several calendars: each is asked to hold the time, then all are booked, or none is.

Calendars are asked one after the other; for a collective meeting in their sorted order, so that of two meetings that
want the same people one always gets further. A deadline ends what takes too long.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from uuid import UUID, uuid5

from domain.kernel import Context, Reason, Rejected
from domain.scheduling.calendar.commands import Appointment
from domain.scheduling.event_type import EventType, check_text
from domain.scheduling.team import Mode

GRACE = timedelta(minutes=10)  # a hold outlives the deadline by so much: bookings that were decided still find it


class Stage(StrEnum):
    ARRANGING = "arranging"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELLED = "cancelled"


def part_id(meeting: UUID, calendar: UUID) -> UUID:
    """The id of the booking that a meeting is in one of its calendars."""
    return uuid5(meeting, str(calendar))


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


Event = Arranged | Asked | PartAgreed | PartDenied | Settled | Failed | Cancelled | PartReleased


# Commands. All by the system, save Cancel.


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


Command = Arrange | NoteAgreed | NoteDenied | NoteWithdrawn | TimeOut | Cancel


# State.


@dataclass(frozen=True, slots=True)
class Meeting:
    stage: Stage | None = None  # None: not begun
    plan: Plan | None = None
    asked: int = 0  # how many of the calendars
    agreed: tuple[UUID, ...] = ()
    denied: tuple[UUID, ...] = ()


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


def decide(meeting: Meeting, command: Command, context: Context) -> list[Event]:
    if isinstance(command, Cancel):
        return _cancel(meeting, command, context)
    if not context.actor.is_system:
        raise Rejected("not_yours", "Only Septet itself does this.", Reason.FORBIDDEN)
    if isinstance(command, Arrange):
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
            return [Cancelled(meeting.agreed, reason)]
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
            return [PartDenied(calendar, code), Cancelled(others, code)]
    return []


def _cancel(meeting: Meeting, command: Cancel, context: Context) -> list[Event]:
    plan = meeting.plan
    unknown = Rejected("meeting_unknown", "There is no such meeting.", Reason.NOT_FOUND)
    if plan is None or meeting.stage is not Stage.SETTLED:
        raise unknown
    guest = plan.appointment
    is_guest = guest.guest.person is not None and context.actor.is_person(guest.guest.person)
    is_host = any(context.actor.is_person(each) for each in meeting.agreed)
    if not (is_guest or is_host or (guest.proof != b"" and compare_digest(guest.proof, command.proof))):
        raise unknown
    check_text(command.reason, "reason")
    return [Cancelled(meeting.agreed, command.reason)]
