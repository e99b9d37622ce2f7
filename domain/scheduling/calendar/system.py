"""What Septet itself asks of a calendar: deadlines that came, and its part in meetings of several."""

from dataclasses import replace

from domain.kernel import Context, Rejected
from domain.scheduling.calendar.bookings import (
    book_offered,
    booked,
    check_clear,
    check_instant,
    check_lengths,
    is_for,
    meant,
    offered,
)
from domain.scheduling.calendar.commands import (
    BookChosen,
    BookPart,
    DisableWebhook,
    DropPart,
    ExpireHold,
    HoldPart,
    NoteRoom,
    Remind,
    SwapPart,
)
from domain.scheduling.calendar.events import (
    Cancelled,
    ChoiceBooked,
    ChoiceRefused,
    Event,
    Held,
    HoldEnded,
    PartRefused,
    Reminded,
    Rescheduled,
    RoomMade,
    Status,
    WebhookDisabled,
    WebhookRemoved,
)
from domain.scheduling.calendar.slots import Wish, obstacles
from domain.scheduling.calendar.state import Calendar, without
from domain.scheduling.event_type import check_event_type


def expire_hold(calendar: Calendar, command: ExpireHold, context: Context) -> list[Event]:
    known = calendar.bookings.get(command.booking)
    if known is None or known.status is not Status.HELD or known.takes_time(context.now):
        return []
    return [HoldEnded(command.booking, known.start, known.meeting, "expired")]


def remind(calendar: Calendar, command: Remind, context: Context) -> list[Event]:
    known = calendar.bookings.get(command.booking)
    if known is None or known.status is not Status.CONFIRMED or known.start != command.start:
        return []  # stale
    if known.start <= context.now or command.minutes in known.reminded:
        return []
    return [Reminded(command.booking, known.start, command.minutes, known.meeting)]


def hold_part(calendar: Calendar, command: HoldPart, context: Context) -> list[Event]:
    """Never rejected: the meeting waits for the event that says how it is."""
    if command.booking in calendar.bookings or command.booking in calendar.refused:
        return []
    refusal = _refusal(calendar, command, context)
    if refusal:
        return [PartRefused(command.meeting, command.booking, refusal)]
    definition = command.definition
    return [
        Held(
            booking=command.booking,
            slug=definition.slug,
            start=command.start,
            minutes=command.minutes,
            buffer_before=definition.buffer_before,
            buffer_after=definition.buffer_after,
            seats=1,
            until=command.until,
            guest=None,
            proof=b"",
            meeting=command.meeting,
            at=context.now,
        )
    ]


def _refusal(calendar: Calendar, command: HoldPart, context: Context) -> str:
    if calendar.owner is None:
        return "calendar_unknown"
    if command.team not in calendar.teams:
        return "not_a_member"
    try:
        check_event_type(replace(command.definition, slug="part"))  # its slug names the team as well
        check_lengths(command.definition, command.minutes, 1)
        check_instant(command.start)
        wish = Wish(command.definition, command.minutes, own=command.own)
        found = obstacles(calendar, wish, command.start, context.now)
    except Rejected as rejected:
        return rejected.code
    return found[0].code if found else ""


def book_part(calendar: Calendar, command: BookPart, context: Context) -> list[Event]:
    wanted = command.appointment
    known = calendar.bookings.get(wanted.booking)
    if wanted.booking in calendar.refused or (known is not None and known.status is not Status.HELD):
        return []
    if known is None or known.meeting != command.meeting or not is_for(known, wanted):
        return [PartRefused(command.meeting, wanted.booking, "hold_expired")]
    if not known.takes_time(context.now):
        try:
            check_clear(calendar, wanted.booking, known, context.now)
        except Rejected as rejected:
            return [PartRefused(command.meeting, wanted.booking, rejected.code)]
    return [booked(command.definition, wanted, context, meeting=command.meeting)]


def swap_part(calendar: Calendar, command: SwapPart, context: Context) -> list[Event]:
    """Its own time was kept until now, and the new one is held: one is given up for the other."""
    known, held = calendar.bookings.get(command.booking), calendar.bookings.get(command.hold)
    if known is None or known.meeting != command.meeting or known.status is Status.HELD:
        return []
    if held is None or held.status is not Status.HELD or held.meeting != command.meeting:
        return []  # swapped before, or given up
    if not held.takes_time(context.now):
        try:
            check_clear(without(calendar, command.booking), command.hold, held, context.now)
        except Rejected as rejected:
            return [PartRefused(command.meeting, command.hold, rejected.code)]
    return [
        HoldEnded(command.hold, held.start, command.meeting, "moved"),
        Rescheduled(
            booking=command.booking,
            slug=known.slug,
            seats=known.seats,
            was=known.start,
            start=held.start,
            minutes=held.minutes,
            buffer_before=held.buffer_before,
            buffer_after=held.buffer_after,
            blocks=known.blocks,
            status=known.status,
            meant=meant(held.start, command.zone),
            reminders=known.reminders,
            by_host=command.by_host,
            reason=command.reason,
            sequence=known.sequence + 1,
            at=context.now,
            room=known.room_id,
        ),
    ]


def book_chosen(calendar: Calendar, command: BookChosen, context: Context) -> list[Event]:
    """Never rejected: the poll waits for the event that says how it is."""
    booking = command.appointment.booking
    if booking in calendar.chosen:
        return []
    try:
        definition = offered(calendar, command.appointment.slug)
        events = book_offered(calendar, definition, command.appointment, context)
    except Rejected as rejected:
        return [ChoiceRefused(command.poll, booking, rejected.code)]
    return [*events, ChoiceBooked(command.poll, booking)]


def note_room(calendar: Calendar, command: NoteRoom) -> list[Event]:
    known = calendar.bookings.get(command.booking)
    if known is None or known.status is not Status.CONFIRMED or known.room or known.room_id != command.room:
        return []
    return [RoomMade(command.booking, known.start, command.link)]


def disable_webhook(calendar: Calendar, command: DisableWebhook) -> list[Event]:
    if calendar.owner is None or command.webhook not in calendar.webhooks or command.webhook in calendar.disabled:
        return []
    return [WebhookDisabled(command.webhook, command.why, calendar.owner)]


def end_webhooks(calendar: Calendar) -> list[Event]:
    return [WebhookRemoved(each) for each in calendar.webhooks]


def drop_part(calendar: Calendar, command: DropPart) -> list[Event]:
    known = calendar.bookings.get(command.booking)
    if known is None or known.meeting != command.meeting:
        return []
    if known.status is Status.HELD:
        return [HoldEnded(command.booking, known.start, command.meeting, "released")]
    return [Cancelled(command.booking, known.start, command.meeting, False, command.reason, known.sequence + 1)]
