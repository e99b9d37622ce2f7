"""The rules of a card at the entry: good for a stay up to a ceiling, charged at the exit, or let go unused."""

from uuid import UUID

from domain.kernel import Context, Reason, Rejected
from domain.parking.lot.commands import Authorise
from domain.parking.lot.events import CardAsked, CardAuthorised, CardCharged, Event, Stage
from domain.parking.lot.promises import is_staff, own, unknown
from domain.parking.lot.state import Claim, Lot, tariff_of
from domain.parking.price import Price

METHODS = ("card", "wallet")


def authorise(lot: Lot, command: Authorise, context: Context) -> list[Event]:
    """Asks the card of whoever is in. The gate does not wait for it: where it is not good, one pays before leaving."""
    which = command.claim
    claim = lot.claims.get(which) if is_staff(lot, context) else own(lot, which, context)
    if claim is None:
        raise unknown()
    if command.payment in (claim.asked, claim.card):
        return []
    if claim.stage is not Stage.PRESENT:
        raise Rejected("not_inside", "A card is authorised when the vehicle is in.")
    if claim.asked is not None or claim.card is not None:
        raise Rejected("payment_open", "A payment is under way. Wait for its end.")
    if command.method not in METHODS:
        raise Rejected("method_unknown", f"Pay by one of: {', '.join(METHODS)}.", Reason.INVALID)
    if not lot.terms.card_ceiling:
        raise Rejected("card_not_taken", "Cards are not charged at the exit here. Pay before leaving.")
    payer, currency = claim.holder or context.actor.person, tariff_of(lot, claim.tariff).currency
    what = f"Parking, {lot.name}"
    return [CardAsked(which, command.payment, payer, lot.terms.card_ceiling, currency, command.method, lot.zone, what)]


def note_authorised(lot: Lot, which: UUID, payment: UUID, amount: int) -> list[Event]:
    """The card is good. Where the vehicle has left meanwhile, it is let go."""
    claim = lot.claims.get(which)
    if claim is None:
        return [] if payment in lot.returned else [CardCharged(which, payment, 0, 0)]
    return [CardAuthorised(which, payment, amount)] if claim.asked == payment else []


def charged(which: UUID, claim: Claim, bill: Price, amount: int) -> list[Event]:
    """What happens to the card of a stay that is over; nothing where there is none."""
    if claim.card is None:
        return []
    return [CardCharged(which, claim.card, amount, bill.tax * amount // bill.gross if amount else 0)]


def let_go(which: UUID, claim: Claim) -> list[Event]:
    """The card of a ticket without a vehicle."""
    return [] if claim.card is None else [CardCharged(which, claim.card, 0, 0)]
