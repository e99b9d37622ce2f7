"""The rules of series: every time of one is checked, and all are booked together or not at all."""

from dataclasses import replace
from uuid import UUID, uuid5

from domain.kernel import Context, Reason, Rejected
from domain.scheduling.calendar.bookings import (
    booked,
    check_appointment,
    check_own,
    check_party,
    check_room,
    open_to_all,
)
from domain.scheduling.calendar.commands import BookSeries, CancelSeries
from domain.scheduling.calendar.events import Booked, Cancelled, Conflict, Event, SeriesBooked
from domain.scheduling.calendar.slots import OFF_GRID, Wish, obstacles
from domain.scheduling.calendar.state import Booking, Calendar, evolve
from domain.scheduling.event_type import check_text
from domain.scheduling.recurrence import check_repeat, occurrences
from domain.scheduling.zones import instant_of, minute_of, text_of


def booking_of(series: UUID, number: int) -> UUID:
    """The id of the booking that is the so-manyth of a series, from 0."""
    return uuid5(series, str(number))


def book_series(calendar: Calendar, command: BookSeries, context: Context) -> list[Event]:
    wanted = command.appointment
    known = [each for each in calendar.bookings.values() if each.series == wanted.booking]
    if known:
        check_own(known[0], wanted.proof, context)
        return []
    definition = open_to_all(calendar, wanted.slug)
    check_appointment(definition, wanted, context)
    check_repeat(command.repeat)
    check_room(calendar, context.now, command.repeat.count)
    first = minute_of(wanted.start)
    if instant_of(first) != wanted.start:
        raise Rejected(OFF_GRID.code, OFF_GRID.detail)
    taken: list[Booked] = []
    left_out: list[Conflict] = []
    wish = Wish(definition, wanted.minutes, wanted.seats)
    for number, each in enumerate(occurrences(command.repeat, first, wanted.zone)):
        if each.start is None:
            left_out.append(Conflict(text_of(each.wall), "time_skipped"))
            continue
        start = instant_of(each.start)
        if found := obstacles(calendar, wish, start, context.now):
            left_out.append(Conflict(text_of(each.wall), found[0].code))
            continue
        one = replace(wanted, booking=booking_of(wanted.booking, number), start=start)
        taken.append(booked(definition, one, context, series=wanted.booking))
        calendar = evolve(calendar, taken[-1])  # the next one is checked against it, limits included
    if not taken or (left_out and not command.leave_out):
        told = ", ".join(f"{each.wall} ({each.code})" for each in left_out)
        raise Rejected("series_conflicts", f"Of this series these times cannot be had: {told}.")
    ids = tuple(each.booking for each in taken)
    return [SeriesBooked(wanted.booking, wanted.slug, command.repeat, ids, tuple(left_out)), *taken]


def cancel_series(calendar: Calendar, command: CancelSeries, context: Context) -> list[Event]:
    """What is over stays as it is."""
    of_it = [(booking, each) for booking, each in calendar.bookings.items() if each.series == command.series]
    if not of_it:
        raise Rejected("series_unknown", "There is no such series, or it is over or cancelled.", Reason.NOT_FOUND)
    by_host = check_party(calendar, of_it[0][1], command.proof, context)
    check_text(command.reason, "reason")
    gone = [(booking, each) for booking, each in of_it if _is_left(each, command, context)]
    return [
        Cancelled(booking, each.start, None, by_host, command.reason, each.sequence + 1)
        for booking, each in sorted(gone, key=lambda pair: pair[1].start)
    ]


def _is_left(each: Booking, command: CancelSeries, context: Context) -> bool:
    return each.start >= command.since and each.end > context.now
