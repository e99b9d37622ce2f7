"""The rules of reservations: hold, confirm, change, cancel."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.instants import instant, micros
from domain.kernel import Context, Reason, Rejected
from domain.parking.lot.bill import quote, refunds
from domain.parking.lot.commands import Change, Enter, Hold
from domain.parking.lot.events import Cancelled, Changed, Confirmed, Event, Held, Opening, Span, SpecialDay, Stage
from domain.parking.lot.state import Claim, Lot, fitting, length, tariff_of
from domain.parking.lot.upkeep import span
from domain.parking.plates import check_plate
from domain.parking.stock import NAMED, Size, first_with_room, pools_for
from domain.parking.tariff import DAY

CLAIMS = 5_000  # live claims of one lot
EACH = 20  # open promises of one person in one lot
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)  # any clock of the world can show it


def hold(lot: Lot, command: Hold, context: Context, now: int) -> list[Event]:
    holder = context.actor.person
    known = lot.claims.get(command.reservation)
    if known is not None:
        _check_holder(known, holder)
        return []
    start, end = _interval(lot, command.start, command.end)
    if start < now:
        raise Rejected("in_the_past", "Choose a start that is not over.", Reason.INVALID)
    if start - now > length(lot.terms.ahead):
        raise Rejected("too_far_ahead", f"Reserve at most {lot.terms.ahead.days} days ahead.", Reason.INVALID)
    if command.plate:
        check_plate(command.plate)
    if lot.promised.get(holder, 0) >= EACH or len(lot.claims) >= CLAIMS:
        raise Rejected("too_many_reservations", f"At most {EACH} reservations a person can be open here.")
    taken_until = end + length(lot.terms.late_stop)
    size = size_of(command)
    pools = fitting(lot, pools_for(command.vehicle, command.space), size)
    if not pools:
        raise too_large()
    pool = first_with_room(lot.capacity, lot.taken, pools, start, taken_until)
    if pool is None:
        raise full(lot, pools_for(command.vehicle, command.space))
    tariff = tariff_of(lot, lot.tariff)
    price = quote(tariff, start, end).gross
    _check_price(price, command.price)
    taken = Span(pool, instant(start), instant(taken_until))
    noshow = instant(_noshow(lot, start, taken_until))
    then = [Confirmed(command.reservation, holder, noshow, taken)] if command.confirmed else []
    return [
        Held(
            reservation=command.reservation,
            holder=holder,
            vehicle=command.vehicle,
            plate=command.plate,
            start=instant(start),
            end=instant(end),
            taken=taken,
            tariff_version=lot.tariff,
            price=price,
            currency=tariff.currency,
            expires=context.now + lot.terms.hold,
            size=size,
        ),
        *then,
    ]


def confirm(lot: Lot, which: UUID, context: Context) -> list[Event]:
    claim = own(lot, which, context)
    return [confirmed(lot, which, claim)] if claim.stage is Stage.HELD else []


def confirmed(lot: Lot, which: UUID, claim: Claim) -> Confirmed:
    assert claim.holder is not None  # a hold is somebody's
    return Confirmed(which, claim.holder, instant(_noshow(lot, claim.begin, claim.end)), span(claim))


def change(lot: Lot, command: Change, context: Context, now: int) -> list[Event]:
    """Another interval under the same tariff, as one longer or shorter stay; who is in can only move the end."""
    which, claim = command.reservation, own(lot, command.reservation, context)
    if not claim.until or claim.holder is None:
        raise Rejected("no_reservation", "Only a reservation can be changed.")
    start, end = _interval(lot, command.start, command.end, again=claim.begin)
    present = claim.stage is Stage.PRESENT
    if (start, end) == (claim.begin, claim.until):
        return []
    if present and start != claim.begin:
        raise Rejected("already_inside", "You are in: only the end can be changed.")
    if end <= now or (not present and start < now and start != claim.begin):
        raise Rejected("in_the_past", "Choose an interval that is not over.", Reason.INVALID)
    if claim.stage is Stage.CONFIRMED and now > claim.begin - length(lot.terms.change_until):
        raise Rejected("too_late_to_change", "It is too late to change this reservation.")
    taken_from, taken_until = (claim.start if present else start), end + length(lot.terms.late_stop)
    without = {**lot.taken, claim.pool: lot.taken[claim.pool].plus(claim.start, claim.end, -1)}
    others = () if present or claim.pool.startswith(NAMED) else fitting(lot, pools_for(claim.vehicle), claim.size)
    pools = [claim.pool, *(each for each in others if each != claim.pool)]
    pool = first_with_room(lot.capacity, without, pools, max(taken_from, now), taken_until)
    if pool is None:
        raise full(lot, pools)
    price = quote(tariff_of(lot, claim.tariff), start, end).gross
    _check_price(price, command.price)
    due = claim.due
    if present:
        due = taken_until
    elif claim.stage is Stage.CONFIRMED:
        due = _noshow(lot, start, taken_until)
    taken = Span(pool, instant(taken_from), instant(taken_until))
    return [
        Changed(
            which,
            claim.holder,
            instant(start),
            instant(end),
            span(claim),
            taken,
            claim.tariff,
            price,
            instant(due),
            claim.stage,
        )
    ]


def cancel(lot: Lot, which: UUID, context: Context, now: int) -> list[Event]:
    """By the holder, under the terms; or by the staff, who give everything back."""
    claim = lot.claims.get(which)
    if claim is None or not (claim.holder == _person(context) or is_staff(lot, context)):
        raise unknown()
    if claim.stage is Stage.PRESENT or claim.holder is None:
        raise Rejected("already_inside", "The vehicle is in: it can only leave.")
    late = claim.stage is Stage.CONFIRMED and now > claim.begin - length(lot.terms.cancel_until)
    fee = claim.price if late and claim.holder == _person(context) else 0
    return [Cancelled(which, claim.holder, span(claim), fee, refunds(claim.paid, fee))]


def own(lot: Lot, which: UUID, context: Context) -> Claim:
    """The actor's own claim; the system may touch any. A stranger's is as unknown as none."""
    claim = lot.claims.get(which)
    if claim is None or not (context.actor.is_system or claim.holder == _person(context)):
        raise unknown()
    return claim


def is_staff(lot: Lot, context: Context) -> bool:
    person = _person(context)
    return person is not None and (person == lot.owner or person in lot.staff)


def is_open(lot: Lot, moment: int) -> bool:
    """Whether one may drive in at this instant (microseconds)."""
    return opened_at(lot.hours, lot.exceptions, instant(moment).astimezone(ZoneInfo(lot.zone)))


def opened_at(hours: Sequence[Opening], exceptions: Sequence[SpecialDay], local: datetime) -> bool:
    """Whether one may drive in at a local time; always, where no hours are given. Hours may end after midnight."""
    minute, today = local.hour * 60 + local.minute, local.date()
    here = _openings(hours, exceptions, today)
    before = _openings(hours, exceptions, today - timedelta(days=1))
    late = any(end < start and minute < end for start, end in before)
    return late or any(start <= minute < (end if start < end else DAY) for start, end in here)


def _openings(hours: Sequence[Opening], exceptions: Sequence[SpecialDay], day: date) -> list[tuple[int, int]]:
    special = [each for each in exceptions if each.day == day]
    if special:
        return [(each.start, each.end) for each in special if each.start != each.end]
    if not hours:
        return [(0, DAY)]
    return [(each.start, each.end) for each in hours if each.day == day.weekday()]


def size_of(command: Hold | Enter) -> Size | None:
    """The vehicle's, where anything of it was told."""
    size = Size(command.height, command.length, command.width)
    if min(size.height, size.length, size.width) < 0:
        raise Rejected("size_invalid", "Give a size in centimetres.", Reason.INVALID)
    return None if size == Size() else size


def too_large() -> Rejected:
    return Rejected("too_large", "No space here is large enough for this vehicle.", Reason.INVALID)


def unknown() -> Rejected:
    return Rejected(
        "reservation_unknown", "There is no such reservation or ticket, or it is not yours.", Reason.NOT_FOUND
    )


def full(lot: Lot, pools: Sequence[str]) -> Rejected:
    if not any(lot.capacity.get(each) for each in pools):
        return Rejected("no_such_space", "This car park has no space for such a vehicle.", Reason.INVALID)
    return Rejected("full", "There is no space left for that time. Choose another one.")


def _interval(lot: Lot, start: datetime, end: datetime, again: int = 0) -> tuple[int, int]:
    if start.tzinfo is None or end.tzinfo is None or not start < end:
        raise Rejected("interval_invalid", "Give a start and a later end, both with a time zone.", Reason.INVALID)
    if not FIRST <= start < LAST or not FIRST <= end < LAST:
        raise Rejected("interval_invalid", "Give times of this century or the next.", Reason.INVALID)
    if end - start > lot.terms.longest:
        raise Rejected("too_long", f"Reserve at most {lot.terms.longest.days} days at once.", Reason.INVALID)
    begin = micros(start)
    if begin != again and not is_open(lot, begin):
        raise Rejected("closed", "The car park is closed then.")
    return begin, micros(end)


def _check_holder(claim: Claim, holder: UUID) -> None:
    if claim.holder != holder:
        raise Rejected("id_taken", "This id is taken. Use a new one.")


def _check_price(price: int, expected: int | None) -> None:
    if expected is not None and expected != price:
        raise Rejected("price_changed", f"The price is {price} now, in the smallest unit. Ask for a new quote.")


def _noshow(lot: Lot, begin: int, end: int) -> int:
    return min(begin + length(lot.terms.noshow_timeout), end)


def _person(context: Context) -> UUID | None:
    return context.actor.person if context.actor.kind == "person" else None
