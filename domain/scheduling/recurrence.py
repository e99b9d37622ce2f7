"""Series: when a meeting that repeats takes place, by the wall clock of a zone (RFC 5545, 3.3.10, a part of it)."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from domain.kernel import Reason, Rejected
from domain.scheduling.zones import DAY, day_of, wall_of, zone

MOST = 100  # meetings of a series


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"  # on the same day of the month; a month without it is left out


@dataclass(frozen=True, slots=True)
class Repeat:
    """`FREQ`, `INTERVAL`, `COUNT` and `BYDAY` of an RRULE."""

    frequency: Frequency
    count: int
    interval: int = 1  # every so many days, weeks or months
    weekdays: tuple[int, ...] = ()  # of a weekly series: 1 is Monday; none: that of the first meeting


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of a series: `start` in minutes since 1970, None where the clocks skip the wall time."""

    wall: int
    start: int | None


def occurrences(repeat: Repeat, start: int, zone_name: str) -> list[Occurrence]:
    """The times of a series whose first is at this minute; of a time that is shown twice, the first.

    The wall time stays the same when the clocks change. One that they skip is told, not moved: people would come at
    different times.
    """
    clocks = zone(zone_name)
    first = clocks.wall(start)
    found = []
    for day in _days(repeat, day_of(first)):
        wall = wall_of(day, first % DAY)
        instants = clocks.instants(wall)
        if wall == first:
            instants = (start,)  # also where it is the second of two
        found.append(Occurrence(wall, instants[0] if instants else None))
        if len(found) == repeat.count:
            break
    return found


def check_repeat(repeat: Repeat) -> None:
    """Raises Rejected("series_invalid")."""
    weekly = repeat.frequency is Frequency.WEEKLY
    if not (2 <= repeat.count <= MOST and 1 <= repeat.interval <= 52):
        detail = f"Repeat 2 to {MOST} times, every 1 to 52 days, weeks or months."
        raise Rejected("series_invalid", detail, Reason.INVALID)
    if repeat.weekdays and not (weekly and all(1 <= each <= 7 for each in repeat.weekdays)):
        detail = "Name days of the week, from 1, Monday, to 7, for a weekly series."
        raise Rejected("series_invalid", detail, Reason.INVALID)


def _days(repeat: Repeat, first: date) -> Iterator[date]:
    """The days of a series, without end where the calendar has one."""
    match repeat.frequency:
        case Frequency.DAILY:
            for number in range(repeat.count):
                yield first + timedelta(days=number * repeat.interval)
        case Frequency.WEEKLY:
            wanted = sorted(set(repeat.weekdays)) or [first.isoweekday()]
            monday = first - timedelta(days=first.isoweekday() - 1)
            for week in range(repeat.count + 1):
                for weekday in wanted:
                    day = monday + timedelta(weeks=week * repeat.interval, days=weekday - 1)
                    if day >= first:
                        yield day
        case Frequency.MONTHLY:
            for number in range(12 * repeat.count):
                months = first.month - 1 + number * repeat.interval
                year, month = first.year + months // 12, months % 12 + 1
                if first.day <= monthrange(year, month)[1]:
                    yield date(year, month, first.day)
