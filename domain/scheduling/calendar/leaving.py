"""The rules of leaving: a calendar is emptied, and a guest's meetings and words are taken out of it."""

from uuid import UUID

from domain.kernel import Context
from domain.scheduling.calendar.commands import CancelForGuest, ClearCalendar, EraseNote
from domain.scheduling.calendar.events import (
    AbsenceRemoved,
    BusyDropped,
    CalendarCleared,
    Cancelled,
    Disconnected,
    Event,
    EventTypeRemoved,
    FeedRenewed,
    FormRemoved,
    HoldEnded,
    HolidaysSet,
    LinkRevoked,
    NoteErased,
    PublicSet,
    ScheduleRemoved,
    Status,
    TeamLeft,
    WebhookRemoved,
)
from domain.scheduling.calendar.state import Booking, Calendar

AT_ONCE = 200  # bookings: what follows from them, and the answer, is to stay small


def clear(calendar: Calendar, command: ClearCalendar, context: Context) -> list[Event]:
    """Cancels what is to come, some of it where it is much; with the last of it everything else goes."""
    if calendar.owner != command.owner or calendar.cleared:
        return []
    ahead = [(booking, each) for booking, each in calendar.bookings.items() if each.end > context.now]
    cancelled = [event for booking, each in ahead[:AT_ONCE] for event in _cancelled(booking, each)]
    if len(ahead) > AT_ONCE:
        return cancelled
    public = (
        PublicSet(booking, each.start, public=False)
        for booking, each in calendar.bookings.items()
        if each.public and each.end <= context.now
    )
    return [*cancelled, *public, *_settings(calendar, command.feed), CalendarCleared(command.owner)]


def _cancelled(booking: UUID, each: Booking) -> list[Event]:
    if each.status is Status.HELD:
        # A meeting of several hears of the end of a hold that has expired alone.
        return [HoldEnded(booking, each.start, each.meeting, "expired" if each.meeting else "released")]
    hidden: list[Event] = [PublicSet(booking, each.start, public=False)] if each.public else []
    return [*hidden, Cancelled(booking, each.start, each.meeting, True, "", each.sequence + 1)]


def _settings(calendar: Calendar, feed: UUID) -> list[Event]:
    return [
        *(EventTypeRemoved(each) for each in calendar.event_types),
        *(ScheduleRemoved(each) for each in calendar.schedules),
        *([HolidaysSet(())] if calendar.holidays else []),
        *(AbsenceRemoved(each) for each in calendar.absences),
        *(BusyDropped(each) for each in calendar.busy),
        *(TeamLeft(each) for each in calendar.teams),
        *(LinkRevoked(each) for each in calendar.links),
        *(FormRemoved(each) for each in calendar.forms),
        *(WebhookRemoved(each) for each in calendar.webhooks),
        *(Disconnected(each) for each in calendar.connections),
        *([FeedRenewed(feed)] if calendar.feed != feed else []),
    ]


def cancel_for_guest(calendar: Calendar, command: CancelForGuest, context: Context) -> list[Event]:
    known = calendar.bookings.get(command.booking)
    if known is None or known.guest != command.guest or known.status is Status.HELD or known.end <= context.now:
        return []
    return [Cancelled(command.booking, known.start, known.meeting, False, "", known.sequence + 1)]


def erase_note(calendar: Calendar, command: EraseNote) -> list[Event]:
    """Of a meeting that is long over the calendar knows nothing any more: who asks has seen whose note it is."""
    if calendar.owner is None or command.note in calendar.erased:
        return []
    known = calendar.bookings.get(command.booking)
    mine = known is None or any((each.note, each.author) == (command.note, command.author) for each in known.notes)
    return [NoteErased(command.booking, command.note, command.author)] if mine else []
