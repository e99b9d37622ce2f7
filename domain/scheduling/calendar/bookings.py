"""The rules of bookings: who may have a time, keep it, move it and give it back."""

from dataclasses import replace
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID, uuid5

from domain.instants import micros
from domain.kernel import Context, Reason, Rejected
from domain.scheduling.calendar.commands import (
    Appointment,
    Approve,
    Book,
    BookByLink,
    BookDespite,
    Cancel,
    ChangeGuests,
    Decline,
    Hold,
    MarkNoShow,
    Release,
    Reschedule,
    SetReminder,
)
from domain.scheduling.calendar.events import (
    Approved,
    Booked,
    Cancelled,
    Declined,
    Event,
    GuestsChanged,
    Held,
    HoldEnded,
    LinkUsed,
    Meant,
    NoShowMarked,
    ReminderSet,
    Rescheduled,
    Status,
)
from domain.scheduling.calendar.slots import Obstacle, Wish, check_free, obstacles
from domain.scheduling.calendar.state import Booking, Calendar, digest
from domain.scheduling.event_type import REMINDERS, EventType, Place, check_answers, check_text
from domain.scheduling.zones import DAY, FIRST_YEAR, LAST_YEAR, TZDATA, minute_of, text_of, zone
from domain.text import check_email, check_line

HOLD = timedelta(minutes=10)
HOLDS = 200  # at once, so that nobody can hold a whole year
BOOKINGS = 4_000  # that a calendar knows at once
OTHERS = 20  # further guests


def hold(calendar: Calendar, command: Hold, context: Context) -> list[Event]:
    known = calendar.bookings.get(command.booking)
    definition = open_to_all(calendar, command.slug)
    check_lengths(definition, command.minutes, command.seats)
    check_proof(command.proof)
    check_instant(command.start)
    if known is not None:
        check_own(known, command.proof, context)
        if known.status is not Status.HELD:
            raise Rejected("already_booked", "This is booked already.")
        if is_for(known, command) and known.takes_time(context.now):
            return []
    check_room(calendar, context.now)
    check_free(calendar, Wish(definition, command.minutes, command.seats, command.booking), command.start, context.now)
    return [
        *_ended(known, command.booking),
        Held(
            booking=command.booking,
            slug=command.slug,
            start=command.start,
            minutes=command.minutes,
            buffer_before=definition.buffer_before,
            buffer_after=definition.buffer_after,
            seats=command.seats,
            until=context.now + HOLD,
            guest=context.actor.person if context.actor.kind == "person" else None,
            proof=command.proof,
            meeting=None,
            at=context.now,
        ),
    ]


def release(calendar: Calendar, command: Release, context: Context) -> list[Event]:
    known = calendar.bookings.get(command.booking)
    if known is None or known.status is not Status.HELD or known.meeting is not None:
        return []
    check_own(known, command.proof, context)
    return [HoldEnded(command.booking, known.start, None, "released")]


def book(calendar: Calendar, command: Book, context: Context) -> list[Event]:
    return book_offered(calendar, open_to_all(calendar, command.appointment.slug), command.appointment, context)


def book_by_link(calendar: Calendar, command: BookByLink, context: Context) -> list[Event]:
    wanted = command.appointment
    if wanted.booking in calendar.bookings:
        return book_offered(calendar, offered(calendar, wanted.slug), wanted, context)  # a repeat, or refused
    link = calendar.links.get(command.link)
    if link is None or not compare_digest(link.proof, command.link_proof) or link.slug != wanted.slug:
        raise Rejected("link_unknown", "This link is used up, withdrawn, or for something else.", Reason.NOT_FOUND)
    if link.until <= context.now:
        raise Rejected("link_expired", "This link is no longer good. Ask the host for another.")
    booked_so = book_offered(calendar, offered(calendar, wanted.slug), wanted, context)
    return [*booked_so, LinkUsed(command.link, wanted.booking)]


def book_offered(calendar: Calendar, definition: EventType, wanted: Appointment, context: Context) -> list[Event]:
    """Books this event type, however one came to it."""
    known = calendar.bookings.get(wanted.booking)
    if known is not None:
        check_own(known, wanted.proof, context)
        if known.status is not Status.HELD:
            if is_for(known, wanted):
                return []
            raise Rejected("already_booked", "This is booked already, for another time. Reschedule it.")
        if not known.takes_time(context.now):
            raise Rejected("hold_expired", "You had the time only for some minutes. Choose one again.")
    check_appointment(definition, wanted, context)
    if known is None:
        check_room(calendar, context.now)
    if known is None or not is_for(known, wanted):
        wish = Wish(definition, wanted.minutes, wanted.seats, wanted.booking)
        check_free(calendar, wish, wanted.start, context.now)
        return [*_ended(known, wanted.booking), booked(definition, wanted, context)]
    return [booked(definition, wanted, context)]


def book_despite(calendar: Calendar, command: BookDespite, context: Context) -> list[Event]:
    check_host(calendar, context)
    wanted = command.appointment
    if wanted.booking in calendar.bookings:
        return []
    definition = offered(calendar, wanted.slug)
    check_appointment(definition, wanted, context)
    check_line(command.reason, "reason", 300)
    check_room(calendar, context.now)
    wish = Wish(definition, wanted.minutes, wanted.seats)
    return [booked(definition, wanted, context, obstacles(calendar, wish, wanted.start, context.now), command.reason)]


def booked(
    definition: EventType,
    wanted: Appointment,
    context: Context,
    despite: list[Obstacle] | None = None,
    reason: str = "",
    meeting: UUID | None = None,
    series: UUID | None = None,
) -> Booked:
    """The event of an appointment that nothing stands against, or that the host wants nevertheless."""
    waits = definition.confirmation and despite is None and meeting is None
    return Booked(
        booking=wanted.booking,
        slug=wanted.slug,
        title=definition.title,
        start=wanted.start,
        minutes=wanted.minutes,
        buffer_before=definition.buffer_before,
        buffer_after=definition.buffer_after,
        seats=wanted.seats,
        status=Status.PENDING if waits else Status.CONFIRMED,
        blocks=definition.pending_blocks,
        guest=wanted.guest,
        others=wanted.others,
        meant=meant(wanted.start, wanted.zone),
        location=replace(definition.location, text=definition.location.text or wanted.place),
        price=definition.price,
        currency=definition.currency,
        reminders=definition.reminders,
        proof=wanted.proof,
        meeting=meeting,
        despite=tuple(dict.fromkeys(each.code for each in despite or ())),
        overlaps=tuple(each.booking for each in despite or () if each.booking is not None),
        reason=reason,
        at=context.now,
        series=series,
        room=_room(definition, wanted, meeting, context),
    )


def _room(definition: EventType, wanted: Appointment, meeting: UUID | None, context: Context) -> UUID | None:
    """The room that a booking needs: a meeting's is for all its parts, one with several seats for all its guests."""
    if not has_room(definition, wanted):
        return None
    if definition.seats > 1:
        return _shared_room(wanted.slug, wanted.start, context)
    return meeting or wanted.booking


def has_room(definition: EventType, wanted: Appointment) -> bool:
    """Whether they meet by video, and neither host nor guest has said where."""
    return definition.location.kind is Place.VIDEO and not (definition.location.text or wanted.place)


def _shared_room(slug: str, start: datetime, context: Context) -> UUID:
    return uuid5(UUID(context.aggregate_id), f"room/{slug}/{micros(start)}")


def approve(calendar: Calendar, command: Approve, context: Context) -> list[Event]:
    check_host(calendar, context)
    known = known_booking(calendar, command.booking)
    if known.status is Status.CONFIRMED:
        return []
    if not known.blocks:
        # Nothing kept others out meanwhile.
        check_clear(calendar, command.booking, known, context.now)
    return [Approved(command.booking, known.start, known.reminders, known.sequence, known.room_id)]


def check_clear(calendar: Calendar, booking: UUID, known: Booking, now: datetime) -> None:
    """Raises Rejected("taken") where another booking stands in the way of one that was made before."""
    others = EventType(
        slug=known.slug,
        title="",
        durations=(known.minutes,),
        buffer_before=known.buffer_before,
        buffer_after=known.buffer_after,
    )
    found = obstacles(calendar, Wish(others, known.minutes, known.seats, booking), known.start, now)
    for each in found:
        if each.code == "taken":
            raise Rejected(each.code, each.detail)


def decline(calendar: Calendar, command: Decline, context: Context) -> list[Event]:
    check_host(calendar, context)
    known = known_booking(calendar, command.booking)
    check_text(command.reason, "reason")
    if known.status is Status.CONFIRMED:
        raise Rejected("already_confirmed", "This is confirmed already. Cancel it instead.")
    return [Declined(command.booking, known.start, command.reason, known.sequence + 1)]


def cancel(calendar: Calendar, command: Cancel, context: Context) -> list[Event]:
    known = known_booking(calendar, command.booking)
    by_host = check_party(calendar, known, command.proof, context)
    check_text(command.reason, "reason")
    if known.end <= context.now:
        raise Rejected("over", "This is over.")
    return [Cancelled(command.booking, known.start, known.meeting, by_host, command.reason, known.sequence + 1)]


def reschedule(calendar: Calendar, command: Reschedule, context: Context) -> list[Event]:
    known = known_booking(calendar, command.booking)
    by_host = check_party(calendar, known, command.proof, context)
    check_text(command.reason, "reason")
    check_instant(command.start)
    if (known.start, known.minutes) == (command.start, command.minutes):
        return []
    if known.meeting is not None:
        raise Rejected("of_several", "Several people meet here. Cancel it and find another time for all.")
    if known.end <= context.now:
        raise Rejected("over", "This is over. Book anew.")
    definition = offered(calendar, known.slug)
    check_lengths(definition, command.minutes, known.seats)
    wish = Wish(definition, command.minutes, known.seats, command.booking)
    check_free(calendar, wish, command.start, context.now)
    shared = known.room_id is not None and definition.seats > 1
    room = _shared_room(known.slug, command.start, context) if shared else known.room_id
    waits = known.status is Status.PENDING or (definition.confirmation and not by_host)
    return [
        Rescheduled(
            booking=command.booking,
            slug=known.slug,
            seats=known.seats,
            was=known.start,
            start=command.start,
            minutes=command.minutes,
            buffer_before=definition.buffer_before,
            buffer_after=definition.buffer_after,
            blocks=definition.pending_blocks,
            status=Status.PENDING if waits else Status.CONFIRMED,
            meant=meant(command.start, command.zone),
            reminders=known.reminders,
            by_host=by_host,
            reason=command.reason,
            sequence=known.sequence + 1,
            at=context.now,
            room=room,
        )
    ]


def mark_no_show(calendar: Calendar, command: MarkNoShow, context: Context) -> list[Event]:
    check_host(calendar, context)
    known = known_booking(calendar, command.booking)
    if known.start > context.now:
        raise Rejected("not_yet", "It has not begun yet.")
    return [] if known.no_show else [NoShowMarked(command.booking, known.start)]


def change_guests(calendar: Calendar, command: ChangeGuests, context: Context) -> list[Event]:
    known = known_booking(calendar, command.booking)
    check_party(calendar, known, command.proof, context)
    _check_others(command.others)
    if digest(command.others) == known.others:
        return []
    return [GuestsChanged(command.booking, known.start, command.others, known.sequence + 1, known.guest)]


def set_reminder(calendar: Calendar, command: SetReminder, context: Context) -> list[Event]:
    known = known_booking(calendar, command.booking)
    check_party(calendar, known, command.proof, context)
    if command.minutes in known.reminders:
        return []
    if not 1 <= command.minutes <= 30 * DAY:
        raise Rejected("reminder_invalid", "Remind 1 minute to 30 days before.", Reason.INVALID)
    if known.start - timedelta(minutes=command.minutes) <= context.now:
        raise Rejected("in_the_past", "The time of this reminder is over.")
    if len(known.reminders) >= 2 * REMINDERS:
        raise Rejected("too_many", f"A booking has at most {2 * REMINDERS} reminders.")
    return [ReminderSet(command.booking, known.start, command.minutes)]


def _ended(known: Booking | None, booking: UUID) -> list[Event]:
    """The end of a hold whose holder takes another time."""
    return [] if known is None else [HoldEnded(booking, known.start, None, "moved")]


# Checks.


def offered(calendar: Calendar, slug: str) -> EventType:
    """The event type; raises Rejected("event_type_unknown") where there is none to book."""
    definition = calendar.event_types.get(slug)
    if definition is None or not definition.active:
        raise Rejected("event_type_unknown", "This cannot be booked here.", Reason.NOT_FOUND)
    return definition


def open_to_all(calendar: Calendar, slug: str) -> EventType:
    """The same, where no link is needed; raises Rejected("by_link_only") as well."""
    definition = offered(calendar, slug)
    if definition.by_link:
        raise Rejected("by_link_only", "This can be booked with a link of the host alone.", Reason.FORBIDDEN)
    return definition


def meant(start: datetime, zone_name: str) -> Meant:
    """What the clocks of that zone show then, as far as the rules are known today."""
    return Meant(zone_name, text_of(zone(zone_name).wall(minute_of(start))), TZDATA)


def check_appointment(definition: EventType, wanted: Appointment, context: Context) -> None:
    """Raises Rejected where it is nothing that the event type offers, or by nobody who could be met."""
    check_lengths(definition, wanted.minutes, wanted.seats)
    check_instant(wanted.start)
    check_proof(wanted.proof)
    check_answers(definition, wanted.guest.answers)
    check_guest(wanted, context)


def check_guest(wanted: Appointment, context: Context) -> None:
    """Raises Rejected where the guest is not the one who asks, or cannot be named or reached."""
    zone(wanted.zone)
    check_line(wanted.guest.name, "name", 100)
    check_email(wanted.guest.email)
    check_text(wanted.place, "location")
    _check_others(wanted.others)
    person = context.actor.person if context.actor.kind == "person" else None
    if wanted.guest.person not in (None, person):
        raise Rejected("not_yours", "You can book only in your own name.", Reason.FORBIDDEN)


def _check_others(others: tuple[str, ...]) -> None:
    if len(others) > OTHERS or len(set(others)) != len(others):
        raise Rejected("guests_invalid", f"Bring at most {OTHERS} further guests, each once.", Reason.INVALID)
    for each in others:
        check_email(each)


def check_lengths(definition: EventType, minutes: int, seats: int) -> None:
    """Raises Rejected unless the event type offers so long a meeting and so many seats."""
    if minutes not in definition.durations:
        offers = ", ".join(map(str, definition.durations))
        raise Rejected("duration_unknown", f"Choose one of the durations: {offers} minutes.", Reason.INVALID)
    if not 1 <= seats <= definition.seats:
        raise Rejected("seats_invalid", f"Choose 1 to {definition.seats} seats.", Reason.INVALID)


def check_instant(start: datetime) -> None:
    """Raises Rejected("time_invalid") for a time without its offset, or one that is in no calendar."""
    if start.tzinfo is None:
        raise Rejected("time_invalid", "Give the time with its offset from UTC.", Reason.INVALID)
    if not FIRST_YEAR < start.year < LAST_YEAR:
        raise Rejected("time_invalid", f"Choose a time between {FIRST_YEAR} and {LAST_YEAR}.", Reason.INVALID)


def check_proof(proof: bytes) -> None:
    """Raises Rejected("proof_invalid") for what is no hash of a secret."""
    if not 16 <= len(proof) <= 64:
        raise Rejected("proof_invalid", "Send a proof of 16 to 64 bytes.", Reason.INVALID)


def check_room(calendar: Calendar, now: datetime, more: int = 1) -> None:
    """Raises Rejected where a calendar has no room for so many more."""
    if len(calendar.bookings) + more > BOOKINGS:
        raise Rejected("calendar_full", f"A calendar has at most {BOOKINGS:,} bookings.", Reason.TOO_MANY)
    if sum(calendar.bookings[each].takes_time(now) for each in calendar.held) >= HOLDS:
        raise Rejected(
            "too_many_holds", "Too many people are choosing now. Try again in some minutes.", Reason.TOO_MANY
        )


def known_booking(calendar: Calendar, booking: UUID) -> Booking:
    """The booking; raises Rejected("booking_unknown")."""
    known = calendar.bookings.get(booking)
    if known is None or known.status is Status.HELD:
        raise Rejected("booking_unknown", "There is no such booking, or it is over or cancelled.", Reason.NOT_FOUND)
    return known


def check_host(calendar: Calendar, context: Context) -> None:
    """Raises Rejected("not_yours") where it is not the host who asks."""
    if calendar.owner is None or not context.actor.is_person(calendar.owner):
        raise Rejected("not_yours", "Only the host can do this.", Reason.FORBIDDEN)


def check_own(known: Booking, proof: bytes, context: Context) -> None:
    """Raises Rejected("booking_exists") where it is not the guest who asks."""
    if not _is_guest(known, proof, context):
        raise Rejected("booking_exists", "This booking is somebody else's.", Reason.CONFLICT)


def check_party(calendar: Calendar, known: Booking, proof: bytes, context: Context) -> bool:
    """Whether the host asks; raises Rejected where it is neither the host nor the guest."""
    if calendar.owner is not None and context.actor.is_person(calendar.owner):
        return True
    if not _is_guest(known, proof, context):
        raise Rejected("booking_unknown", "There is no such booking, or it is over or cancelled.", Reason.NOT_FOUND)
    return False


def _is_guest(known: Booking, proof: bytes, context: Context) -> bool:
    if known.guest is not None and context.actor.is_person(known.guest):
        return True
    return known.proof != b"" and compare_digest(known.proof, proof)


def is_for(known: Booking, wanted: Appointment | Hold) -> bool:
    """Whether it is the time that is wanted."""
    mine = (known.slug, known.start, known.minutes, known.seats)
    return mine == (wanted.slug, wanted.start, wanted.minutes, wanted.seats)
