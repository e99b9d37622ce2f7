"""Lots as everybody sees them: what they are, what is free when, what it would cost."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from api.callers import Caller, Have, SignedIn, seen_in
from api.identity import Body
from api.marks import ARTICLE
from api.problems import Problem, not_found
from api.services import Services
from domain.instants import micros
from domain.kernel import Reason, Rejected
from domain.parking.lot import Level, Opening, SpecialDay, Terms
from domain.parking.lot.bill import quote
from domain.parking.lot.promises import FIRST, LAST
from domain.parking.lot.state import length
from domain.parking.price import Price
from domain.parking.stock import FITS, Vehicle, free, pools_for
from domain.parking.tariff import Tariff, exponent
from projections.parking.queries import LotSeen

router = APIRouter(tags=["parking"])

VERSIONS = ("1", "1.0")
PARKING = "projection.parking"
Ready = Annotated[None, Depends(seen_in(PARKING))]


def _in_reach(moment: datetime) -> datetime:
    if not FIRST <= moment < LAST:
        raise ValueError(f"give a time from {FIRST.year} to {LAST.year}")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_in_reach), Field(description="With its time zone.")]
SpaceName = Annotated[str, Field(max_length=100)]


async def known_version(api_version: Annotated[str | None, Header(max_length=20)] = None) -> None:
    """Refuses a caller who speaks a version of this API that there is none of."""
    if api_version is not None and api_version not in VERSIONS:
        raise Problem(401, "unknown_version", f"There is no such version of this API; there is {VERSIONS[0]}.")


class SpaceCount(BaseModel):
    pool: str
    level: str
    zone: str
    spaces: int
    open: int


class LotOf(BaseModel):
    lot_id: UUID
    owner_id: UUID
    name: str
    zone: str
    latitude: float
    longitude: float
    address: str
    levels: list[Level]
    spaces: list[SpaceCount]
    total_spaces: int
    hours: list[Opening]
    exceptions: list[SpecialDay]
    terms: Terms
    tariff: Tariff
    tariff_version: int
    currency_exponent: int
    version: int
    role: str | None = Field(description="What the caller is here: owner, staff, or nothing.")


class Availability(BaseModel):
    """Free spaces through all of [start, end). `observed_at` is the last event that the answer knows of."""

    lot_id: UUID
    start: datetime
    end: datetime
    observed_at: datetime
    available_spaces: int = Field(description="Over all classes.")
    classes: dict[Vehicle, int] = Field(description="How many of each could still be promised a space.")
    pools: dict[str, int]
    capacity: dict[str, int]


class QuoteWanted(Body):
    vehicle: Vehicle = Vehicle.CAR
    start: Moment
    end: Moment
    space: SpaceName = ""


class Quote(BaseModel):
    """Not a promise: a hold with this `price` is accepted only while it is still the price."""

    start: datetime
    end: datetime
    available: int
    price: Price
    tariff_version: int
    hold_minutes: float


async def lot_seen(have: Services, lot_id: UUID) -> LotSeen:
    """The lot; raises 404 where there is none."""
    found = await have.lots.lot(lot_id)
    if found is None:
        raise not_found("There is no such car park.")
    return found


async def check_staff(have: Services, lot_id: UUID, caller: Caller) -> None:
    """Raises 403 for anybody who is not at work there."""
    if not await have.lots.is_staff(lot_id, caller.person):
        raise Rejected("not_at_work_here", "Only the staff of this car park can do this.", Reason.FORBIDDEN)


@router.get("/lots")
async def workplaces(caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, str]]:
    """Every car park: its id and name, and what the caller is there."""
    mine = await have.lots.workplaces(caller.person)
    return [
        {"lot_id": str(lot), "name": name, "role": mine.get(lot, "")} for lot, name in (await have.lots.lots()).items()
    ]


@router.get("/{lot_id}", openapi_extra=ARTICLE)
async def lot(lot_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> LotOf:
    """A car park: where it is, its levels and spaces by class, hours, terms and prices."""
    seen = await lot_seen(have, lot_id)
    counts: dict[tuple[str, str, str], list[int]] = {}
    for each in seen.spaces:
        count = counts.setdefault((each.level, each.zone, each.pool), [0, 0])
        count[0] += 1
        count[1] += each.name not in seen.closed
    return LotOf(
        lot_id=lot_id,
        owner_id=seen.owner,
        name=seen.name,
        zone=seen.zone,
        latitude=seen.latitude,
        longitude=seen.longitude,
        address=seen.address,
        levels=list(seen.levels),
        spaces=[
            SpaceCount(pool=pool, level=level, zone=zone, spaces=count, open=left)
            for (level, zone, pool), (count, left) in counts.items()
        ],
        total_spaces=len(seen.spaces),
        hours=list(seen.hours),
        exceptions=list(seen.exceptions),
        terms=seen.terms,
        tariff=seen.tariff,
        tariff_version=seen.tariff_version,
        currency_exponent=exponent(seen.tariff.currency),
        version=seen.version,
        role=(await have.lots.workplaces(caller.person)).get(lot_id),
    )


@router.get("/{lot_id}/availability", openapi_extra=ARTICLE)
async def availability(
    lot_id: UUID,
    caller: SignedIn,
    have: Have,
    ready: Ready,
    timestamp: Annotated[Moment | None, Query(description="Now, where left out.")] = None,
    end: Annotated[Moment | None, Query(description="The instant alone, where left out.")] = None,
) -> Availability:
    """What is free at an instant, now or to come, or through all of an interval; never below 0 or above capacity."""
    seen, now = await lot_seen(have, lot_id), datetime.now(UTC)
    start = timestamp or now
    until = end or start + timedelta(microseconds=1)
    if not start < until <= start + seen.terms.longest + timedelta(microseconds=1):
        raise Problem(422, "invalid_request", "end: give a later one, not further away than one can reserve.")
    first, last = micros(start), micros(until)
    capacity, taken = seen.capacity, await have.lots.stock(seen, first, last, micros(now))
    pools = {pool: free(capacity, taken, [pool], first, last) for pool in sorted(capacity)}
    return Availability(
        lot_id=lot_id,
        start=start,
        end=until,
        observed_at=seen.seen_at,
        available_spaces=sum(pools.values()),
        classes={each: free(capacity, taken, fits, first, last) for each, fits in FITS.items()},
        pools=pools,
        capacity=capacity,
    )


@router.post("/{lot_id}/quotes")
async def make_quote(lot_id: UUID, body: QuoteWanted, caller: SignedIn, have: Have, ready: Ready) -> Quote:
    """What a reservation would cost, and whether there is room for it."""
    seen, now = await lot_seen(have, lot_id), datetime.now(UTC)
    if not body.start < body.end <= body.start + seen.terms.longest:
        raise Rejected("interval_invalid", "Give a start and a later end.", Reason.INVALID)
    start, end = micros(body.start), micros(body.end)
    until = end + length(seen.terms.late_stop)
    pools = pools_for(body.vehicle, body.space)
    return Quote(
        start=body.start,
        end=body.end,
        available=await have.lots.free(seen, pools, start, until, micros(now)),
        price=quote(seen.tariff, start, end),
        tariff_version=seen.tariff_version,
        hold_minutes=seen.terms.hold / timedelta(minutes=1),
    )
