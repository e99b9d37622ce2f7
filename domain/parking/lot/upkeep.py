"""What time and mishaps bring about: holds expire, nobody comes, vehicles overstay, and promises are kept elsewhere.

Every decision begins with it, so that whether something is over is decided by the time of the decision, not by a timer.
"""

from uuid import UUID

from domain.instants import instant
from domain.parking.lot.bill import paid, refunds
from domain.parking.lot.events import Event, Lapse, Lapsed, Overstayed, Rehomed, Span, Stage
from domain.parking.lot.state import Claim, Lot, evolve, fitting, tariff_of
from domain.parking.stock import first_with_room, pools_for


def caught_up(lot: Lot, now: int) -> tuple[Lot, list[Event]]:
    """The lot as it is at this instant (microseconds), and the events that make it so."""
    events: list[Event] = []
    while lot.next_due <= now:
        _, which = min((each.due, which) for which, each in lot.claims.items())
        lot = _applied(lot, _over(lot, which, lot.claims[which], now), events)
        lot = mended(lot, now, events)
    return lot, events


def mended(lot: Lot, now: int, events: list[Event]) -> Lot:
    """The lot without promises that cannot be kept: moved to another pool where there is room, else broken openly.

    Holds go first, then who would come last. Vehicles present are never more than the open spaces, so it always ends.
    """
    for pool in sorted(lot.taken):
        while (at := _overfull(lot, pool, now)) is not None:
            promises = [
                (each.stage is Stage.HELD, each.begin, which)
                for which, each in lot.claims.items()
                if each.pool == pool and each.stage is not Stage.PRESENT and each.start <= at < each.end
            ]
            _, _, which = max(promises)
            lot = _applied(lot, _elsewhere(lot, which, lot.claims[which], now), events)
    return lot


def span(claim: Claim) -> Span:
    """What a claim takes."""
    return Span(claim.pool, instant(claim.start), instant(claim.end))


def _applied(lot: Lot, event: Event, events: list[Event]) -> Lot:
    events.append(event)
    return evolve(lot, event)


def _over(lot: Lot, which: UUID, claim: Claim, now: int) -> Event:
    """What it means that a claim's time is over."""
    holder = claim.holder
    if claim.stage is Stage.PRESENT or holder is None:
        end = instant(now) + lot.terms.overstay
        return Overstayed(which, holder, span(claim), Span(claim.pool, instant(claim.start), end))
    if claim.stage is Stage.HELD:
        return Lapsed(which, holder, Lapse.EXPIRED, span(claim), 0, 0, refunds(claim.paid, 0))
    fee = min(lot.terms.noshow_fee, paid(claim))
    return Lapsed(which, holder, Lapse.NO_SHOW, span(claim), fee, 0, refunds(claim.paid, fee))


def _overfull(lot: Lot, pool: str, now: int) -> int | None:
    profile = lot.taken.get(pool)
    return None if profile is None else profile.first_above(lot.capacity.get(pool, 0), now)


def _elsewhere(lot: Lot, which: UUID, claim: Claim, now: int) -> Event:
    others = [each for each in fitting(lot, pools_for(claim.vehicle), claim.size) if each != claim.pool]
    start = max(claim.start, now)
    pool = first_with_room(lot.capacity, lot.taken, others, start, claim.end)
    assert claim.holder is not None  # whoever was promised something is known
    if pool is not None:
        taken = Span(pool, instant(claim.start), instant(claim.end))
        return Rehomed(which, claim.holder, span(claim), taken)
    compensation = lot.terms.compensation if claim.stage is Stage.CONFIRMED else 0
    back, currency = refunds(claim.paid, 0), tariff_of(lot, lot.tariff).currency if compensation else ""
    return Lapsed(which, claim.holder, Lapse.DISPLACED, span(claim), 0, compensation, back, currency)
