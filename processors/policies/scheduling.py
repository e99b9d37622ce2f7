"""What follows from events of scheduling: holds end, reminders come in time, meetings of several come about."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.scheduling.calendar import (
    Approved,
    BookChosen,
    Booked,
    BookPart,
    Cancelled,
    ChoiceBooked,
    ChoiceRefused,
    DropPart,
    ExpireHold,
    Held,
    HoldEnded,
    HoldPart,
    PartRefused,
    Remind,
    ReminderSet,
    Rescheduled,
    SetPartKey,
    Status,
    SwapPart,
    TeamJoined,
    TeamLeft,
)
from domain.scheduling.meeting import (
    GRACE,
    Arrange,
    Arranged,
    Asked,
    Failed,
    KeyChanged,
    MoveAsked,
    MoveBegun,
    Moved,
    MoveFailed,
    MoveReleased,
    MoveTimeOut,
    NoteAgreed,
    NoteDenied,
    NoteMoveAgreed,
    NoteMoveDenied,
    NoteWithdrawn,
    PartReleased,
    Plan,
    Settled,
    TimeOut,
    hold_id,
    part_id,
)
from domain.scheduling.meeting import Cancelled as MeetingCancelled
from domain.scheduling.poll import EndPoll, NoteBooked, NoteRefused, OptionChosen, PollOpened
from domain.scheduling.team import MeetingRequested, Mode, NoteAssigned, NoteJoined, NoteLeft
from processors.policies.rules import Rules, Then
from schemas.envelope import Recorded


def held(event: Held, at: Recorded) -> list[Then]:
    """Whether a hold is over is decided whenever somebody asks; this makes it seen."""
    then = [Then(ExpireHold(event.booking), at.aggregate_id, due=event.until)]
    if event.meeting is not None:
        calendar = UUID(at.aggregate_id)
        first = event.booking == part_id(event.meeting, calendar)
        agreed = NoteAgreed(calendar) if first else NoteMoveAgreed(calendar, event.booking)
        then.append(Then(agreed, str(event.meeting)))
    return then


def hold_ended(event: HoldEnded, at: Recorded) -> list[Then]:
    if event.meeting is None or event.reason != "expired":
        return []
    return _denied(event.meeting, event.booking, "hold_expired", at)


def part_refused(event: PartRefused, at: Recorded) -> list[Then]:
    return _denied(event.meeting, event.booking, event.code, at)


def _denied(meeting: UUID, booking: UUID, code: str, at: Recorded) -> list[Then]:
    calendar = UUID(at.aggregate_id)
    if booking == part_id(meeting, calendar):
        return [Then(NoteDenied(calendar, code), str(meeting))]
    return [Then(NoteMoveDenied(calendar, booking, code), str(meeting))]


def cancelled(event: Cancelled, at: Recorded) -> list[Then]:
    """Where one of several cancels, the meeting is cancelled for all."""
    if event.meeting is None:
        return []
    return [Then(NoteWithdrawn(UUID(at.aggregate_id), event.reason), str(event.meeting))]


def team_joined(event: TeamJoined, at: Recorded) -> list[Then]:
    return [Then(NoteJoined(UUID(at.aggregate_id)), str(event.team))]


def team_left(event: TeamLeft, at: Recorded) -> list[Then]:
    return [Then(NoteLeft(UUID(at.aggregate_id)), str(event.team))]


def meeting_requested(event: MeetingRequested, at: Recorded) -> list[Then]:
    team = UUID(at.aggregate_id)
    plan = Plan(team, event.mode, event.calendars, event.definition, event.appointment, event.deadline)
    return [Then(Arrange(plan), str(event.meeting))]


def arranged(event: Arranged, at: Recorded) -> list[Then]:
    return [Then(TimeOut(), at.aggregate_id, due=event.plan.deadline)]


def asked(event: Asked, at: Recorded) -> list[Then]:
    plan, wanted = event.plan, event.plan.appointment
    booking = part_id(UUID(at.aggregate_id), event.calendar)
    until = plan.deadline + GRACE
    meeting = UUID(at.aggregate_id)
    command = HoldPart(plan.team, meeting, booking, plan.definition, wanted.start, wanted.minutes, until)
    return [Then(command, str(event.calendar))]


def settled(event: Settled, at: Recorded) -> list[Then]:
    meeting, plan = UUID(at.aggregate_id), event.plan
    then = [
        Then(BookPart(meeting, plan.definition, replace(plan.appointment, booking=part_id(meeting, each))), str(each))
        for each in event.calendars
    ]
    if plan.mode is Mode.ROUND_ROBIN:
        then += [Then(NoteAssigned(meeting, each), str(plan.team)) for each in event.calendars]
    return then


def failed(event: Failed, at: Recorded) -> list[Then]:
    return _dropped(UUID(at.aggregate_id), event.calendars, event.code)


def meeting_cancelled(event: MeetingCancelled, at: Recorded) -> list[Then]:
    return _dropped(UUID(at.aggregate_id), event.calendars, event.reason)


def part_released(event: PartReleased, at: Recorded) -> list[Then]:
    return _dropped(UUID(at.aggregate_id), (event.calendar,), "too_late")


def move_begun(event: MoveBegun, at: Recorded) -> list[Then]:
    return [Then(MoveTimeOut(event.move.number), at.aggregate_id, due=event.move.deadline)]


def move_asked(event: MoveAsked, at: Recorded) -> list[Then]:
    plan, move, meeting = event.plan, event.move, UUID(at.aggregate_id)
    hold, own = hold_id(meeting, event.calendar, move.number), part_id(meeting, event.calendar)
    until = move.deadline + GRACE
    command = HoldPart(plan.team, meeting, hold, plan.definition, move.start, move.minutes, until, own)
    return [Then(command, str(event.calendar))]


def moved(event: Moved, at: Recorded) -> list[Then]:
    move, meeting = event.move, UUID(at.aggregate_id)
    return [
        Then(
            SwapPart(
                meeting,
                part_id(meeting, each),
                hold_id(meeting, each, move.number),
                move.zone,
                move.reason,
                move.by_host,
            ),
            str(each),
        )
        for each in event.calendars
    ]


def move_failed(event: MoveFailed, at: Recorded) -> list[Then]:
    meeting = UUID(at.aggregate_id)
    return [
        Then(DropPart(meeting, hold_id(meeting, each, event.number), event.code), str(each)) for each in event.calendars
    ]


def move_released(event: MoveReleased, at: Recorded) -> list[Then]:
    meeting = UUID(at.aggregate_id)
    return [Then(DropPart(meeting, hold_id(meeting, event.calendar, event.number), "too_late"), str(event.calendar))]


def key_changed(event: KeyChanged, at: Recorded) -> list[Then]:
    meeting = UUID(at.aggregate_id)
    return [Then(SetPartKey(meeting, part_id(meeting, each), event.proof), str(each)) for each in event.calendars]


def option_chosen(event: OptionChosen, at: Recorded) -> list[Then]:
    return [Then(BookChosen(UUID(at.aggregate_id), event.appointment), str(event.calendar))]


def choice_booked(event: ChoiceBooked, at: Recorded) -> list[Then]:
    return [Then(NoteBooked(event.booking), str(event.poll))]


def choice_refused(event: ChoiceRefused, at: Recorded) -> list[Then]:
    return [Then(NoteRefused(event.booking, event.code), str(event.poll))]


def poll_opened(event: PollOpened, at: Recorded) -> list[Then]:
    return [Then(EndPoll(), at.aggregate_id, due=event.until)]


def _dropped(meeting: UUID, calendars: Iterable[UUID], reason: str) -> list[Then]:
    return [Then(DropPart(meeting, part_id(meeting, each), reason), str(each)) for each in calendars]


def booked(event: Booked, at: Recorded) -> list[Then]:
    return _reminders(event.booking, event.start, event.reminders, at) if event.status is Status.CONFIRMED else []


def approved(event: Approved, at: Recorded) -> list[Then]:
    return _reminders(event.booking, event.start, event.reminders, at)


def rescheduled(event: Rescheduled, at: Recorded) -> list[Then]:
    return _reminders(event.booking, event.start, event.reminders, at) if event.status is Status.CONFIRMED else []


def reminder_set(event: ReminderSet, at: Recorded) -> list[Then]:
    return _reminders(event.booking, event.start, (event.minutes,), at)


def _reminders(booking: UUID, start: datetime, reminders: Iterable[int], at: Recorded) -> list[Then]:
    """One deadline each, save those whose time was over when it happened."""
    due = {minutes: start - timedelta(minutes=minutes) for minutes in reminders}
    return [
        Then(Remind(booking, start, minutes), at.aggregate_id, due=time)
        for minutes, time in due.items()
        if time > at.time
    ]


RULES: Rules = {
    Held: held,
    Booked: booked,
    Approved: approved,
    Rescheduled: rescheduled,
    ReminderSet: reminder_set,
    HoldEnded: hold_ended,
    PartRefused: part_refused,
    Cancelled: cancelled,
    TeamJoined: team_joined,
    TeamLeft: team_left,
    MeetingRequested: meeting_requested,
    Arranged: arranged,
    Asked: asked,
    Settled: settled,
    Failed: failed,
    MeetingCancelled: meeting_cancelled,
    PartReleased: part_released,
    MoveBegun: move_begun,
    MoveAsked: move_asked,
    Moved: moved,
    MoveFailed: move_failed,
    MoveReleased: move_released,
    KeyChanged: key_changed,
    PollOpened: poll_opened,
    OptionChosen: option_chosen,
    ChoiceBooked: choice_booked,
    ChoiceRefused: choice_refused,
}
