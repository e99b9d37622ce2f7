"""What decisions need to know of a lot: its spaces and terms, live promises, vehicles present; no past."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from domain.instants import micros
from domain.parking.lot.events import (
    Cancelled,
    CardAsked,
    CardAuthorised,
    CardCharged,
    Changed,
    Confirmed,
    CountCorrected,
    Entered,
    Event,
    Exited,
    Held,
    HoursChanged,
    IncidentClosed,
    IncidentReported,
    Lapsed,
    LayoutChanged,
    LotOpened,
    Observed,
    Opening,
    Overstayed,
    Paid,
    PaymentAsked,
    PaymentFailed,
    PaymentReturned,
    PlanDrawn,
    PlateUnwatched,
    PlateWatched,
    Rehomed,
    Space,
    SpaceClosed,
    SpaceReopened,
    SpaceSuggested,
    Span,
    SpecialDay,
    StaffAdded,
    StaffRemoved,
    Stage,
    TariffPublished,
    Terms,
    TermsChanged,
    TicketClosed,
    TicketLost,
    Validated,
)
from domain.parking.stock import EMPTY, Profile, Size, Vehicle
from domain.parking.tariff import Rate, Tariff, Validation

NEVER = 1 << 62
FREE = Tariff("XXX", (Rate(0),))  # before a tariff is published; XXX is ISO 4217's "no currency"
OBSERVED = 64  # observations that are remembered; an older one came long ago
RETURNED = 256  # payments that went back which are remembered, so that none goes back twice


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that takes a space: a hold, a reservation, a vehicle. Instants are microseconds since 1970."""

    stage: Stage
    pool: str
    start: int  # what it takes of the pool: [start, end)
    end: int
    due: int  # when it lapses or overstays, unless something happens before
    holder: UUID | None
    vehicle: Vehicle
    plate: str
    begin: int  # what is to be paid: from here on; a reservation's own interval is [begin, until)
    until: int  # 0: no reservation
    grace: int  # one may leave until then for the agreed price
    tariff: int
    price: int  # agreed for [begin, until)
    space: str = ""
    asked: UUID | None = None  # a payment that is under way
    paid: dict[UUID, int] = field(default_factory=dict)
    paid_at: int = 0
    lost: bool = False
    validations: tuple[Validation, ...] = ()
    suggested: str = ""  # a space that is kept for it
    suggested_until: int = 0
    card: UUID | None = None  # the payment of a card that is charged at the exit
    good_for: int = 0  # minor units
    size: Size | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    owner: UUID | None = None  # None: not opened
    name: str = ""
    zone: str = "UTC"
    staff: frozenset[UUID] = frozenset()
    spaces: dict[str, Space] = field(default_factory=dict)
    clearance: dict[str, int] = field(default_factory=dict)  # of each pool: centimetres that any of its spaces has
    sizes: dict[str, Size] = field(default_factory=dict)  # the same, without the height
    closed: frozenset[str] = frozenset()
    capacity: dict[str, int] = field(default_factory=dict)  # open spaces of each pool
    hours: tuple[Opening, ...] = ()
    exceptions: tuple[SpecialDay, ...] = ()
    terms: Terms = field(default_factory=Terms)
    tariff: int = 0  # the current version
    tariffs: dict[int, Tariff] = field(default_factory=dict)  # the current one, and those of claims
    claims: dict[UUID, Claim] = field(default_factory=dict)
    taken: dict[str, Profile] = field(default_factory=dict)  # what the claims add up to, by pool
    promised: dict[UUID, int] = field(default_factory=dict)  # open promises of each person
    next_due: int = NEVER  # the least `due` of all claims
    returned: tuple[UUID, ...] = ()  # and cards that were charged or let go
    plan: bytes = b""  # its mark
    watched: dict[str, str] = field(default_factory=dict)  # plates and why
    incidents: frozenset[UUID] = frozenset()  # that are open
    observed: tuple[UUID, ...] = ()  # the last ones


INITIAL = Lot()


def tariff_of(lot: Lot, version: int) -> Tariff:
    """A version that is current or that a live claim was made under."""
    return lot.tariffs.get(version, FREE)


def fitting(lot: Lot, pools: Iterable[str], size: Size | None) -> list[str]:
    """Those of these pools of which every space takes a vehicle of this size."""
    if size is None:
        return list(pools)
    return [
        each
        for each in pools
        if size.height <= lot.clearance.get(each, 0) and replace(size, height=0).fits(lot.sizes.get(each, Size()))
    ]


def length(delta: timedelta) -> int:
    """Microseconds."""
    return delta // timedelta(microseconds=1)


def evolve(lot: Lot, event: Event) -> Lot:
    match event:
        case Held():
            return _put(lot, event.reservation, _held(event))
        case Confirmed(reservation=which):
            claim = replace(lot.claims[which], stage=Stage.CONFIRMED, due=micros(event.noshow_at))
            return _put(lot, which, claim)
        case Changed(reservation=which):
            return _put(lot, which, _changed(lot.claims[which], event))
        case Cancelled(reservation=which) | Lapsed(reservation=which):
            return _without(lot, which)
        case Exited(ticket=which) | TicketClosed(ticket=which):
            return _without(lot, which)
        case Rehomed(reservation=which, taken=taken):
            return _put(lot, which, replace(lot.claims[which], pool=taken.pool, suggested=""))
        case SpaceSuggested(reservation=which):
            claim = lot.claims[which]
            start, until = micros(event.taken.start), micros(event.until)
            return _put(lot, which, replace(claim, start=start, suggested=event.space, suggested_until=until))
        case Overstayed(ticket=which, taken=taken):
            end = micros(taken.end)
            return _put(lot, which, replace(lot.claims[which], end=end, due=end))
        case Entered(ticket=which):
            return _put(lot, which, _entered(lot.claims.get(which), event))
        case CountCorrected(added=added, taken=taken):
            for each in added:
                lot = _put(lot, each, _stranger(taken, lot.tariff))
            return lot
        case TicketLost(ticket=which):
            return _put(lot, which, replace(lot.claims[which], lost=True))
        case Validated(ticket=which, validation=validation):
            claim = lot.claims[which]
            return _put(lot, which, replace(claim, validations=(*claim.validations, validation)))
        case PaymentAsked(claim=which, payment=payment):
            return _put(lot, which, replace(lot.claims[which], asked=payment))
        case PaymentFailed(claim=which):
            return _put(lot, which, replace(lot.claims[which], asked=None))
        case Paid(claim=which, payment=payment, amount=amount):
            claim = lot.claims[which]
            paid, at = {**claim.paid, payment: amount}, micros(event.at)
            asked = None if claim.asked == payment else claim.asked
            return _put(lot, which, replace(claim, paid=paid, paid_at=at, asked=asked))
        case CardAsked(claim=which, payment=payment):
            return _put(lot, which, replace(lot.claims[which], asked=payment))
        case CardAuthorised(claim=which, payment=payment, amount=amount):
            return _put(lot, which, replace(lot.claims[which], asked=None, card=payment, good_for=amount))
        case PaymentReturned(payment=payment) | CardCharged(payment=payment):
            return replace(lot, returned=(*lot.returned, payment)[-RETURNED:])
        case Observed() | PlateWatched() | PlateUnwatched() | IncidentReported() | IncidentClosed():
            return _guarded(lot, event)
        case _:
            return _arranged(lot, event)


def _guarded(lot: Lot, event: Observed | PlateWatched | PlateUnwatched | IncidentReported | IncidentClosed) -> Lot:
    """After what security saw and wrote down."""
    match event:
        case Observed(observation=which):
            return replace(lot, observed=(*lot.observed, which)[-OBSERVED:])
        case PlateWatched(plate=plate, reason=reason):
            return replace(lot, watched={**lot.watched, plate: reason})
        case PlateUnwatched(plate=plate):
            return replace(lot, watched={each: why for each, why in lot.watched.items() if each != plate})
        case IncidentReported(incident=incident):
            return replace(lot, incidents=lot.incidents | {incident})
        case IncidentClosed(incident=incident):
            return replace(lot, incidents=lot.incidents - {incident})


def _arranged(lot: Lot, event: Event) -> Lot:
    """After a change of the lot itself."""
    match event:
        case LotOpened(owner=owner, name=name, zone=zone):
            return replace(lot, owner=owner, name=name, zone=zone)
        case LayoutChanged(levels=levels, spaces=spaces):
            clearance = {each.name: each.clearance or NEVER for each in levels}
            least: dict[str, int] = {}
            sizes: dict[str, Size] = {}
            for each in spaces:
                least[each.pool] = min(least.get(each.pool, NEVER), clearance[each.level])
                sizes[each.pool] = sizes.get(each.pool, Size()).both(Size(0, each.length, each.width))
            named = {each.name: each for each in spaces}
            return _counted(replace(lot, spaces=named, clearance=least, sizes=sizes, closed=lot.closed & named.keys()))
        case SpaceClosed(space=space):
            return _counted(replace(lot, closed=lot.closed | {space}))
        case SpaceReopened(space=space):
            return _counted(replace(lot, closed=lot.closed - {space}))
        case PlanDrawn(plan=plan):
            return replace(lot, plan=plan.mark())
        case HoursChanged(hours=hours, exceptions=exceptions):
            return replace(lot, hours=hours, exceptions=exceptions)
        case TermsChanged(terms=terms):
            return replace(lot, terms=terms)
        case TariffPublished(version=version, tariff=tariff):
            used = {each.tariff for each in lot.claims.values()}
            kept = {number: each for number, each in lot.tariffs.items() if number in used}
            return replace(lot, tariff=version, tariffs={**kept, version: tariff})
        case StaffAdded(person=person):
            return replace(lot, staff=lot.staff | {person})
        case StaffRemoved(person=person):
            return replace(lot, staff=lot.staff - {person})
        case _:
            raise TypeError(f"no event of a lot: {event!r}")


def _counted(lot: Lot) -> Lot:
    capacity = {each.pool: 0 for each in lot.spaces.values()}
    for each in lot.spaces.values():
        capacity[each.pool] += each.name not in lot.closed
    return replace(lot, capacity=capacity)


# One claim in, out or changed: stock, promises and the next thing due follow from it, and from nothing else.


def _put(lot: Lot, which: UUID, claim: Claim) -> Lot:
    old = lot.claims.get(which)
    claims = {**lot.claims, which: claim}
    taken, promised = lot.taken, lot.promised
    if old is None or (old.pool, old.start, old.end) != (claim.pool, claim.start, claim.end):
        taken = _taken(_taken(taken, old, -1), claim, 1)
    if _is_promise(old) != _is_promise(claim):
        promised = _promised(_promised(promised, old, -1), claim, 1)
    due = min(lot.next_due, claim.due)
    if old is not None and old.due == lot.next_due and claim.due > old.due:
        due = min(each.due for each in claims.values())
    return replace(lot, claims=claims, taken=taken, promised=promised, next_due=due)


def _without(lot: Lot, which: UUID) -> Lot:
    old = lot.claims[which]
    claims = dict(lot.claims)
    del claims[which]
    due = lot.next_due
    if old.due == due:
        due = min((each.due for each in claims.values()), default=NEVER)
    taken, promised = _taken(lot.taken, old, -1), _promised(lot.promised, old, -1)
    return replace(lot, claims=claims, taken=taken, promised=promised, next_due=due)


def _taken(taken: Mapping[str, Profile], claim: Claim | None, count: int) -> dict[str, Profile]:
    if claim is None:
        return dict(taken)
    profile = taken.get(claim.pool, EMPTY).plus(claim.start, claim.end, count)
    others = {pool: each for pool, each in taken.items() if pool != claim.pool}
    return {**others, claim.pool: profile} if profile.times else others


def _is_promise(claim: Claim | None) -> bool:
    return claim is not None and claim.stage is not Stage.PRESENT


def _promised(promised: Mapping[UUID, int], claim: Claim | None, count: int) -> dict[UUID, int]:
    found = dict(promised)
    if claim is not None and claim.holder is not None and _is_promise(claim):
        left = found.pop(claim.holder, 0) + count
        if left:
            found[claim.holder] = left
    return found


def _held(event: Held) -> Claim:
    return Claim(
        stage=Stage.HELD,
        pool=event.taken.pool,
        start=micros(event.taken.start),
        end=micros(event.taken.end),
        due=micros(event.expires),
        holder=event.holder,
        vehicle=event.vehicle,
        plate=event.plate,
        begin=micros(event.start),
        until=micros(event.end),
        grace=micros(event.taken.end),
        tariff=event.tariff_version,
        price=event.price,
        size=event.size,
    )


def _changed(claim: Claim, event: Changed) -> Claim:
    return replace(
        claim,
        pool=event.taken.pool,
        start=micros(event.taken.start),
        end=micros(event.taken.end),
        due=micros(event.due),
        begin=micros(event.start),
        until=micros(event.end),
        grace=micros(event.taken.end),
        price=event.price,
        suggested="",
    )


def _entered(promise: Claim | None, event: Entered) -> Claim:
    start, end = micros(event.taken.start), micros(event.taken.end)
    if promise is not None:
        present, space = Stage.PRESENT, event.space
        came = replace(promise, stage=present, start=start, end=end, due=end, plate=event.plate, space=space)
        return replace(came, suggested="")
    return Claim(
        stage=Stage.PRESENT,
        pool=event.taken.pool,
        start=start,
        end=end,
        due=end,
        holder=event.holder,
        vehicle=event.vehicle,
        plate=event.plate,
        begin=start,
        until=0,
        grace=0,
        tariff=event.tariff_version,
        price=0,
        space=event.space,
    )


def _stranger(taken: Span, tariff: int) -> Claim:
    start, end = micros(taken.start), micros(taken.end)
    return Claim(Stage.PRESENT, taken.pool, start, end, end, None, Vehicle.CAR, "", start, 0, 0, tariff, 0)
