"""What whoever runs a car park asks of its past and its future: occupancy over time, forecast, revenue."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.callers import Have, SignedIn, seen_in
from api.parking.lots import Moment, Ready, check_staff, lot_seen
from api.problems import Problem
from domain.parking.forecast import Expected

router = APIRouter(tags=["parking"])

WEEK, MONTH = timedelta(days=7), timedelta(days=31)
Invoiced = Annotated[None, Depends(seen_in("projection.invoices"))]


class Counted(BaseModel):
    at: datetime
    inside: int
    pools: dict[str, int]


class Occupancy(BaseModel):
    capacity: int = Field(description="Open spaces, as of now.")
    capacities: dict[str, int]
    step_minutes: int
    times: list[Counted]


class ExpectedOf(BaseModel):
    expected: int
    low: int = Field(description="The least of the weeks before, and what is promised at least.")
    high: int
    promised: int = Field(description="Vehicles that are in and reservations, as of now.")
    weeks: int = Field(description="How many weeks before it is known from.")


class HourOf(ExpectedOf):
    at: datetime
    capacity: int
    pools: dict[str, ExpectedOf]


class Forecast(BaseModel):
    day: date = Field(description="On the calendar of the car park.")
    zone: str
    hours: list[HourOf]


class DayOf(BaseModel):
    day: date
    currency: str
    invoiced: int = Field(description="Minor units, tax included.")
    credited: int
    net: int = Field(description="What is left without tax.")
    tax: int
    invoices: int
    notes: int


@router.get("/{lot_id}/occupancy")
async def occupancy(
    lot_id: UUID,
    caller: SignedIn,
    have: Have,
    ready: Ready,
    start: Annotated[Moment | None, Query(description="The last 24 hours, where left out.")] = None,
    end: Annotated[Moment | None, Query(description="Now, where left out.")] = None,
    step: Annotated[int, Query(ge=15, le=1_440, multiple_of=15, description="Minutes.")] = 15,
) -> Occupancy:
    """How many vehicles were in, over time, in each pool's spaces; for the staff. 31 days at most."""
    await check_staff(have, lot_id, caller)
    seen, now = await lot_seen(have, lot_id), datetime.now(UTC)
    until = end or now
    since = start or until - timedelta(days=1)
    if not since < until <= since + MONTH:
        raise Problem(422, "invalid_request", "end: give a later one, at most 31 days later.")
    if (until - since) / timedelta(minutes=step) > 3_000:
        raise Problem(422, "invalid_request", "step: give a longer one, so that there are 3,000 times at most.")
    rows = await have.lot_history.occupancy(lot_id, since, until, step // 15, now)
    times = [Counted(at=at, inside=sum(pools.values()), pools=pools) for at, pools in rows]
    capacity = seen.capacity
    return Occupancy(capacity=sum(capacity.values()), capacities=capacity, step_minutes=step, times=times)


@router.get("/{lot_id}/forecast")
async def forecast(
    lot_id: UUID,
    caller: SignedIn,
    have: Have,
    ready: Ready,
    day: Annotated[date | None, Query(description="On the lot's calendar; today where left out.")] = None,
) -> Forecast:
    """What is to be expected at every hour: the same hour of the eight weeks before, and what is promised already."""
    await check_staff(have, lot_id, caller)
    seen, now = await lot_seen(have, lot_id), datetime.now(UTC)
    today = now.astimezone(ZoneInfo(seen.zone)).date()
    wanted = day or today
    if abs(wanted - today) > seen.terms.ahead + WEEK:
        raise Problem(422, "invalid_request", "day: give one that is not further away than one can reserve.")
    found = await have.lot_history.forecast(seen, wanted, now)
    return Forecast(
        day=wanted,
        zone=seen.zone,
        hours=[
            HourOf(
                at=each.at,
                capacity=each.capacity,
                pools={pool: ExpectedOf(**_fields(one)) for pool, one in each.pools.items()},
                **_fields(each.whole),
            )
            for each in found
        ],
    )


@router.get("/{lot_id}/revenue")
async def revenue(
    lot_id: UUID,
    caller: SignedIn,
    have: Have,
    ready: Invoiced,
    start: Annotated[date | None, Query(description="On the lot's calendar; a week ago where left out.")] = None,
    end: Annotated[date | None, Query(description="The last day; today where left out.")] = None,
) -> list[DayOf]:
    """What was invoiced and credited on each day, by currency; for the staff. 366 days at most."""
    await check_staff(have, lot_id, caller)
    zone = ZoneInfo((await lot_seen(have, lot_id)).zone)
    last = end or datetime.now(zone).date()
    first = start or last - timedelta(days=6)
    if not timedelta(0) <= last - first < timedelta(days=366) or not 2000 <= first.year <= last.year < 2200:
        raise Problem(422, "invalid_request", "end: give a later day, less than a year later.")
    return [
        DayOf(
            day=each.day,
            currency=each.currency,
            invoiced=each.sums["invoiced"],
            credited=each.sums["credited"],
            tax=(tax := each.sums["tax"] - each.sums["tax_back"]),
            net=each.sums["invoiced"] - each.sums["credited"] - tax,
            invoices=each.sums["invoices"],
            notes=each.sums["notes"],
        )
        for each in await have.lot_history.revenue(lot_id, first, last, zone)
    ]


def _fields(one: Expected) -> dict[str, int]:
    return {"expected": one.mean, "low": one.low, "high": one.high, "promised": one.promised, "weeks": one.weeks}
