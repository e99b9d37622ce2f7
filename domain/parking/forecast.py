"""How full a car park will be: as on the same weekday of the weeks before, and what is promised already."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKS = 8  # that are looked back on


@dataclass(frozen=True, slots=True)
class Expected:
    """Vehicles in a pool's spaces at an instant to come."""

    mean: int  # at least what is promised, at most the capacity
    low: int
    high: int
    promised: int  # vehicles that are in and reservations, as of now
    weeks: int  # that it is known from; 0: only from what is promised


def expected(before: Sequence[int], promised: int, capacity: int) -> Expected:
    """What is to be expected where so many were in at the same hour of the weeks before (rounded half up)."""
    low, high = min(before, default=promised), max(before, default=promised)
    mean = (2 * sum(before) + len(before)) // (2 * len(before)) if before else promised

    def fitted(count: int) -> int:
        return min(max(count, promised), capacity)

    return Expected(fitted(mean), fitted(low), fitted(high), promised, len(before))


def hours(day: date, zone: ZoneInfo) -> list[datetime]:
    """Every hour of a local day, in UTC: 24 of them, 23 or 25 where the clocks are changed."""
    first, last = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    return [first + timedelta(hours=number) for number in range(-(-(last - first) // timedelta(hours=1)))]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a local day begins, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def weeks_before(moment: datetime, zone: ZoneInfo) -> list[datetime]:
    """The same wall-clock time in each of the weeks before, the last one first."""
    local = moment.astimezone(zone)
    return [(local - timedelta(weeks=number)).astimezone(UTC) for number in range(1, WEEKS + 1)]


@dataclass(frozen=True, slots=True)
class Course:
    """How many were in as time went on: `inside[n]` from the end of `slots[n]` to that of the next."""

    slots: tuple[int, ...] = ()
    inside: tuple[int, ...] = ()

    def at(self, slot: int) -> int:
        """How many were in when this slot began; 0 before the first."""
        place = bisect_left(self.slots, slot) - 1
        return self.inside[place] if place >= 0 else 0
