"""How full a car park was, how full it will be, and what it took in: for whoever runs it."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.instants import instant, micros
from domain.parking.forecast import Course, Expected, expected, hours, midnight, weeks_before
from infra.tables import Row, Tables
from projections.parking.money import REVENUE, SUMS
from projections.parking.queries import Lots, LotSeen
from projections.parking.tables import OCCUPANCY, SLOT

MOST = 40_000  # rows of a year: its quarters of an hour
BACK = 7  # days: a pool that nobody has come to or left for longer counts as empty until somebody does
CURRENCIES = 20


@dataclass(frozen=True, slots=True)
class Hour:
    """A whole car park at an instant to come, and each of its pools."""

    at: datetime
    capacity: int
    whole: Expected
    pools: dict[str, Expected]


@dataclass(frozen=True, slots=True)
class Takings:
    """What a day's documents add up to in one currency, in minor units."""

    day: date
    currency: str
    sums: dict[str, int]


class LotHistory:
    """Queries on what was, and what is to be expected of it."""

    def __init__(self, tables: Tables) -> None:
        self._tables, self._lots = tables, Lots(tables)

    async def occupancy(
        self, lot: UUID, start: datetime, end: datetime, step: int, now: datetime
    ) -> list[tuple[datetime, dict[str, int]]]:
        """Vehicles in each pool's spaces at every `step` slots of [start, end); up to now where that is sooner."""
        first, last = micros(start) // SLOT, -(-min(micros(end), micros(now)) // SLOT)
        courses = await self._courses(lot, first, last)
        found = [(slot, instant(slot * SLOT)) for slot in range(first, last, step)]
        if start <= now <= end:
            found.append((last, now))
        return [(at, {pool: each.at(slot) for pool, each in courses.items()}) for slot, at in found]

    async def forecast(self, seen: LotSeen, day: date, now: datetime) -> list[Hour]:
        """What is to be expected at every hour of a day on the lot's calendar."""
        zone, capacity = ZoneInfo(seen.zone), seen.capacity
        wanted = hours(day, zone)
        taken = await self._lots.stock(seen, micros(wanted[0]), micros(wanted[-1]) + 1, micros(now))
        known = await asyncio.gather(
            *(self._day(seen.lot, each.astimezone(zone).date(), zone) for each in weeks_before(wanted[0], zone))
        )
        found = []
        for at in wanted:
            slots = [micros(each) // SLOT for each in weeks_before(at, zone)]
            before = [(courses, slot) for courses, slot in zip(known, slots, strict=True) if courses is not None]
            pools = {}
            for pool, size in capacity.items():
                samples = [courses[pool].at(slot) if pool in courses else 0 for courses, slot in before]
                promised = min(taken[pool].at(micros(at)), size) if pool in taken else 0
                pools[pool] = expected(samples, promised, size)
            found.append(Hour(at, sum(capacity.values()), _added(pools), pools))
        return found

    async def revenue(self, lot: UUID, first: date, last: date, zone: ZoneInfo) -> list[Takings]:
        """What was invoiced and credited on each day of the lot's calendar; days without documents are left out."""
        days = [first + timedelta(days=number) for number in range((last - first).days + 2)]
        edges = [micros(midnight(day, zone)) // SLOT for day in days]
        years = range(first.year - 1, last.year + 1)  # the last documents of a year may be issued in the next
        ledgers = await asyncio.gather(*(self._ledger(lot, year, edges[0], edges[-1]) for year in years))
        found = []
        for day, (start, end) in zip(days, pairwise(edges), strict=False):
            for currency in sorted({row["currency"] for rows in ledgers for row in rows}):
                sums = dict.fromkeys(SUMS, 0)
                for rows in ledgers:
                    own = [row for row in rows if row["currency"] == currency]
                    before, after = _last(own, start), _last(own, end)
                    for name in SUMS:
                        sums[name] += after.get(name, 0) - before.get(name, 0)
                if any(sums.values()):
                    found.append(Takings(day, currency, sums))
        return found

    async def _ledger(self, lot: UUID, year: int, first: int, last: int) -> list[Row]:
        """The sums of a ledger in [first, last), and those it began with, in order."""
        scan = self._tables.scan
        before = await scan(REVENUE, lot=lot, year=year, below=(first,), limit=CURRENCIES, reverse=True)
        rows = await scan(REVENUE, lot=lot, year=year, above=(first - 1,), below=(last,), limit=MOST)
        return [*reversed(before), *rows]

    async def _day(self, lot: UUID, day: date, zone: ZoneInfo) -> dict[str, Course] | None:
        """A local day as it was; None where nothing is known of it."""
        start, end = (micros(midnight(each, zone)) // SLOT for each in (day, day + timedelta(days=1)))
        courses = await self._courses(lot, start, end)
        moved = any(start <= slot < end for each in courses.values() for slot in each.slots)
        return courses if moved else None

    async def _courses(self, lot: UUID, first: int, last: int) -> dict[str, Course]:
        """What is known of each pool in [first, last), and of how it was before."""
        day, until = instant(first * SLOT).date(), instant(max(last, first) * SLOT).date()
        rows = await self._rows(lot, day - timedelta(days=1), until)
        if {row["pool"] for row in rows if row["slot"] < first} != {row["pool"] for row in rows} or not rows:
            rows = [*await self._rows(lot, day - timedelta(days=BACK), day - timedelta(days=2)), *rows]
        pools: dict[str, list[Row]] = {}
        for row in rows:
            pools.setdefault(row["pool"], []).append(row)
        return {
            pool: Course(tuple(each["slot"] for each in found), tuple(each["inside"] for each in found))
            for pool, found in sorted(pools.items())
        }

    async def _rows(self, lot: UUID, first: date, last: date) -> list[Row]:
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        scans = (self._tables.scan(OCCUPANCY, lot=lot, day=day.isoformat(), limit=MOST) for day in days)
        return [row for found in await asyncio.gather(*scans) for row in found]


def _last(rows: list[Row], before: int) -> Row:
    return next((row for row in reversed(rows) if row["slot"] < before), {})


def _added(pools: dict[str, Expected]) -> Expected:
    every = list(pools.values())
    mean, low, high, promised = (
        sum(getattr(each, name) for each in every) for name in ("mean", "low", "high", "promised")
    )
    return Expected(mean, low, high, promised, max((each.weeks for each in every), default=0))
