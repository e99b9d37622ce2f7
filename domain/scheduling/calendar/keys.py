"""The rules of a guest's key: host and guest may make another in its place, or withdraw it."""

from uuid import UUID

from domain.kernel import Context
from domain.scheduling.calendar.bookings import check_party, check_proof, known_booking
from domain.scheduling.calendar.commands import RenewKey, SetPartKey, WithdrawKey
from domain.scheduling.calendar.events import Event, KeyRenewed, KeyWithdrawn
from domain.scheduling.calendar.state import Booking, Calendar


def renew_key(calendar: Calendar, command: RenewKey, context: Context) -> list[Event]:
    known = known_booking(calendar, command.booking)
    check_party(calendar, known, command.proof, context)
    check_proof(command.renewed)
    return [
        KeyRenewed(booking, each.start, command.renewed)
        for booking, each in _opened_by_it(calendar, command.booking, known)
        if each.proof != command.renewed
    ]


def withdraw_key(calendar: Calendar, command: WithdrawKey, context: Context) -> list[Event]:
    known = known_booking(calendar, command.booking)
    check_party(calendar, known, command.proof, context)
    return [
        KeyWithdrawn(booking, each.start)
        for booking, each in _opened_by_it(calendar, command.booking, known)
        if each.proof != b""
    ]


def set_part_key(calendar: Calendar, command: SetPartKey) -> list[Event]:
    """Decided by the meeting."""
    known = calendar.bookings.get(command.booking)
    if known is None or known.meeting != command.meeting or known.proof == command.proof:
        return []
    if command.proof:
        return [KeyRenewed(command.booking, known.start, command.proof)]
    return [KeyWithdrawn(command.booking, known.start)]


def _opened_by_it(calendar: Calendar, booking: UUID, known: Booking) -> list[tuple[UUID, Booking]]:
    """The bookings that one key opens: those of a series have one together."""
    if known.series is None:
        return [(booking, known)]
    return [(one, each) for one, each in calendar.bookings.items() if each.series == known.series]
