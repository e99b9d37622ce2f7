"""What is due for a claim: the same computation for the quote, the ticket, the gate and the invoice."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.parking.lot.events import Refund
from domain.parking.lot.state import Claim
from domain.parking.price import Price, price, stay
from domain.parking.tariff import Tariff, Validation


def quote(tariff: Tariff, start: int, end: int) -> Price:
    """What a reservation over [start, end) costs (microseconds since 1970)."""
    return price(tariff, stay(start, end))


def bill(
    tariff: Tariff,
    begin: int,
    until: int,
    grace: int,
    now: int,
    validations: Sequence[Validation] = (),
    *,
    lost: bool = False,
) -> Price:
    """What a stay costs that would end now.

    A reservation [begin, until) costs what was quoted, however early in it one leaves; coming early is a courtesy, and
    so is the late stop up to `grace`. Who stays longer pays for the whole time. A walk-in (`until` 0) pays for
    [begin, now).
    """
    stop = now if not until or now > grace else until
    return price(tariff, stay(begin, stop), validations, lost=lost)


def bill_of(tariff: Tariff, claim: Claim, now: int) -> Price:
    """The bill of a claim, were it over now."""
    return bill(tariff, claim.begin, claim.until, claim.grace, now, claim.validations, lost=claim.lost)


def paid(claim: Claim) -> int:
    """Minor units that have come so far."""
    return sum(claim.paid.values())


def refunds(payments: Mapping[UUID, int], keep: int) -> tuple[Refund, ...]:
    """What goes back so that `keep` is left."""
    excess = sum(payments.values()) - keep
    found = []
    for payment, amount in sorted(payments.items()):
        back = min(amount, excess)
        if back > 0:
            found.append(Refund(payment, back))
            excess -= back
    return tuple(found)
