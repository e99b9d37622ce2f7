"""The rules of the gates: who may come in and out, what they owe, and what to do when the count is wrong."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from domain.instants import instant
from domain.kernel import Context, Reason, Rejected
from domain.parking.lot import card
from domain.parking.lot.bill import bill_of, paid, refunds
from domain.parking.lot.commands import CorrectCount, Enter, Exit, Pay, Suggest
from domain.parking.lot.events import (
    CountCorrected,
    Entered,
    Event,
    Exited,
    Paid,
    PaymentAsked,
    PaymentReturned,
    SpaceSuggested,
    Span,
    Stage,
    TicketClosed,
)
from domain.parking.lot.promises import confirmed, full, is_open, is_staff, own, size_of, too_large, unknown
from domain.parking.lot.state import Claim, Lot, fitting, length, tariff_of
from domain.parking.lot.upkeep import span
from domain.parking.plates import check_plate
from domain.parking.stock import first_with_room, pools_for, room
from domain.text import check_line

REASON = 200  # code points
_STRANGERS = UUID("3c1c5ff5-54c5-5f1b-9a86-6b0ad2b6d1a7")  # never changes: ids of vehicles that were only counted


def enter(lot: Lot, command: Enter, now: int) -> list[Event]:
    """A vehicle comes in: on its reservation, or as a walk-in where no promise is broken by it."""
    check_plate(command.plate)
    for which, claim in lot.claims.items():
        if claim.stage is Stage.PRESENT and command.plate == claim.plate:
            if which == command.ticket:
                return []
            raise Rejected("already_inside", "A vehicle with this plate is in. It has to leave first.")
    if command.ticket in lot.claims:
        raise Rejected("id_taken", "This id is taken. Use a new one.")
    if not is_open(lot, now):
        raise Rejected("closed", "The car park is closed.")
    found = _reservation(lot, command, now)
    if found is not None:
        return [_entered_on(lot, *found, command, now)]
    until = now + length(lot.terms.walk_in)
    pools = fitting(lot, pools_for(command.vehicle), size_of(command))
    if not pools:
        raise too_large()
    pool = first_with_room(lot.capacity, lot.taken, pools, now, until)
    if pool is None:
        raise full(lot, pools)
    taken = Span(pool, instant(now), instant(until))
    space = _free_space(lot, pool, now, command.near)
    came, inside = instant(now), present(lot, pool) + 1
    return [
        Entered(
            command.ticket, None, command.vehicle, command.plate, space, None, taken, came, None, lot.tariff, inside
        )
    ]


def leave(lot: Lot, command: Exit, now: int) -> list[Event]:
    """A vehicle goes: what it owes was paid, lately enough, or its card is good for it."""
    which, claim = _inside(lot, command)
    tariff = tariff_of(lot, claim.tariff)
    bill = bill_of(tariff, claim, now)
    price, due = bill.gross, bill.gross - paid(claim)
    settled = due <= 0 or (bool(claim.paid) and now <= claim.paid_at + length(lot.terms.pay_by))
    if not settled and due > claim.good_for:
        raise Rejected("payment_due", f"Pay first: {due} {tariff.currency} are due, in the smallest unit.")
    taken = 0 if settled else due
    return [
        Exited(
            ticket=which,
            holder=claim.holder,
            space=claim.space,
            freed=span(claim),
            entered=instant(claim.start),
            price=price,
            paid=paid(claim) + taken,
            currency=tariff.currency,
            refunds=refunds(claim.paid, max(price, 0)),
            inside=present(lot, claim.pool) - 1,
        ),
        *card.charged(which, claim, bill, taken),
    ]


def suggest(lot: Lot, command: Suggest, context: Context, now: int) -> list[Event]:
    """Keeps a space for whoever is about to come: for the holder, or for the staff in their name.

    From now on the reservation takes of its pool, as if the vehicle were there: so there are always as many spaces as
    vehicles and suggestions, and no two get the same.
    """
    which = command.reservation
    claim = lot.claims.get(which) if is_staff(lot, context) else own(lot, which, context)
    if claim is None or claim.stage is not Stage.CONFIRMED or claim.holder is None:
        raise Rejected("reservation_unknown", "There is no confirmed reservation like this.", Reason.NOT_FOUND)
    if _is_kept(lot, claim, now):
        return []
    if now < claim.begin - length(lot.terms.early_start):
        raise Rejected("too_early", "It is too early for this reservation.")
    if not is_open(lot, now):
        raise Rejected("closed", "The car park is closed.")
    _check_room_before(lot, claim, now)
    space = _free_space(lot, claim.pool, now, command.near)
    if not space:
        raise Rejected("no_space_yet", "No space is known to be free yet. Ask at the gate.")
    until = instant(now) + lot.terms.suggestion
    start = min(now, claim.start)
    taken = Span(claim.pool, instant(start), instant(claim.end))
    return [SpaceSuggested(which, claim.holder, space, until, span(claim), taken, instant(claim.due))]


def pay(lot: Lot, command: Pay, context: Context, now: int) -> list[Event]:
    """Asks for exactly what is due for a reservation or a ticket; the answer comes from the payment."""
    claim = lot.claims.get(command.claim) if is_staff(lot, context) else own(lot, command.claim, context)
    if claim is None:
        raise unknown()
    if claim.asked == command.payment or command.payment in claim.paid:
        return []
    if claim.asked is not None:
        raise Rejected("payment_open", "A payment is under way. Wait for its end.")
    if command.method not in card.METHODS:
        raise Rejected("method_unknown", f"Pay by one of: {', '.join(card.METHODS)}.", Reason.INVALID)
    tariff = tariff_of(lot, claim.tariff)
    bill = bill_of(tariff, claim, now)
    due = bill.gross - paid(claim)
    if due <= 0:
        raise Rejected("nothing_due", "Nothing is to be paid.")
    if command.amount != due:
        raise Rejected("amount_differs", f"Pay exactly {due} {tariff.currency}, in the smallest unit.", Reason.INVALID)
    tax = bill.tax * due // bill.gross
    what = f"Parking, {lot.name}"
    return [
        PaymentAsked(
            command.claim,
            command.payment,
            context.actor.person,
            due,
            tax,
            tariff.currency,
            command.method,
            lot.zone,
            what,
        )
    ]


def note_payment(lot: Lot, claim_id: UUID, payment: UUID, amount: int, now: int) -> list[Event]:
    """Money has come: what is held and paid is confirmed. Where the claim is gone meanwhile it goes back."""
    claim = lot.claims.get(claim_id)
    if claim is None:
        return [] if payment in lot.returned else [PaymentReturned(claim_id, payment, amount)]
    if payment in claim.paid:
        return []
    events: list[Event] = [Paid(claim_id, payment, amount, instant(now))]
    if claim.stage is Stage.HELD and paid(claim) + amount >= claim.price:
        events.append(confirmed(lot, claim_id, claim))
    return events


def correct_count(lot: Lot, command: CorrectCount, context: Context, now: int) -> list[Event]:
    """So many vehicles are in the pool's spaces, whatever the gates say.

    Too few: vehicles without a ticket are added. Too many: those go first, then the tickets of who came first.
    """
    check_line(command.reason, "reason", REASON)
    pool, capacity = command.pool, lot.capacity.get(command.pool)
    if capacity is None or not 0 <= command.present <= capacity:
        raise Rejected(
            "count_invalid", "Give a class of this car park, and a count it has open spaces for.", Reason.INVALID
        )
    inside = sorted(
        (each.plate != "", each.start, which)
        for which, each in lot.claims.items()
        if each.stage is Stage.PRESENT and each.pool == pool
    )
    before, after = len(inside), command.present
    if before == after:
        return []
    until = instant(now + length(lot.terms.walk_in))
    added = tuple(uuid5(_STRANGERS, f"{context.command_id}/{n}") for n in range(after - before))
    gone = [which for *_, which in inside[: max(0, before - after)]]
    by, taken = context.actor.person, Span(pool, instant(now), until)
    return [
        *(TicketClosed(each, lot.claims[each].holder, lot.claims[each].space, span(lot.claims[each])) for each in gone),
        *(event for each in gone for event in card.let_go(each, lot.claims[each])),
        CountCorrected(pool, before, after, command.reason, by, added, taken),
    ]


def present(lot: Lot, pool: str) -> int:
    """How many vehicles are in the pool's spaces, as far as is known."""
    return sum(each.stage is Stage.PRESENT and each.pool == pool for each in lot.claims.values())


def inside(lot: Lot, ticket: UUID) -> Claim:
    """The claim of a vehicle that is in."""
    claim = lot.claims.get(ticket)
    if claim is None or claim.stage is not Stage.PRESENT:
        raise Rejected("not_inside", "No vehicle is in on this ticket.", Reason.NOT_FOUND)
    return claim


def _inside(lot: Lot, command: Exit) -> tuple[UUID, Claim]:
    if command.ticket is not None:
        return command.ticket, inside(lot, command.ticket)
    check_plate(command.plate)
    for which, claim in lot.claims.items():
        if claim.stage is Stage.PRESENT and claim.plate == command.plate:
            return which, claim
    raise Rejected("not_inside", "No vehicle with this plate is in.", Reason.NOT_FOUND)


def _reservation(lot: Lot, command: Enter, now: int) -> tuple[UUID, Claim] | None:
    """What a vehicle comes in on: the reservation it names, or the first of its plate that may begin now."""
    early = length(lot.terms.early_start)
    if command.reservation is not None:
        claim = lot.claims.get(command.reservation)
        if claim is None or claim.stage is not Stage.CONFIRMED:
            raise Rejected("reservation_unknown", "There is no confirmed reservation like this.", Reason.NOT_FOUND)
        if now < claim.begin - early:
            raise Rejected("too_early", "It is too early for this reservation.")
        return command.reservation, claim
    mine = [
        (each.begin, which)
        for which, each in lot.claims.items()
        if each.stage is Stage.CONFIRMED and each.plate == command.plate and each.begin - early <= now
    ]
    if not mine:
        return None
    _, which = min(mine)
    return which, lot.claims[which]


def _entered_on(lot: Lot, which: UUID, claim: Claim, command: Enter, now: int) -> Entered:
    _check_room_before(lot, claim, now)
    taken = Span(claim.pool, instant(now), instant(claim.end))
    space = claim.suggested if _is_kept(lot, claim, now) else _free_space(lot, claim.pool, now, command.near)
    begin, until = instant(claim.begin), instant(claim.until)
    return Entered(
        which,
        claim.holder,
        claim.vehicle,
        command.plate,
        space,
        span(claim),
        taken,
        begin,
        until,
        claim.tariff,
        present(lot, claim.pool) + 1,
    )


def _check_room_before(lot: Lot, claim: Claim, now: int) -> None:
    if now < claim.start and not room(lot.capacity, lot.taken, claim.pool, now, claim.start):
        raise Rejected("full_until_start", "There is no space before the reservation begins.")


def _is_kept(lot: Lot, claim: Claim, now: int) -> bool:
    """Whether the space that was suggested for it is still kept, and still there."""
    space = lot.spaces.get(claim.suggested)
    there = space is not None and space.name not in lot.closed and space.pool == claim.pool
    return there and claim.stage is Stage.CONFIRMED and now < claim.suggested_until


def _free_space(lot: Lot, pool: str, now: int, near: Sequence[str]) -> str:
    """The first of the near spaces, or else any, that nobody is known to be in and that is kept for nobody.

    "" where a count says that there is one, but not which.
    """
    used = {each.space for each in lot.claims.values() if each.stage is Stage.PRESENT}
    used |= {each.suggested for each in lot.claims.values() if _is_kept(lot, each, now)}
    free = {name for name, each in lot.spaces.items() if each.pool == pool and name not in used | lot.closed}
    return next((each for each in near if each in free), min(free, default=""))
