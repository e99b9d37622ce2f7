"""Schedules: when a host can be met at all. Weekly hours, other hours on some dates, travel, holidays, absence (S2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from domain.kernel import Reason, Rejected
from domain.scheduling.event_type import check_slug
from domain.scheduling.zones import DAY, wall_of, zone
from domain.text import check_line

OVERRIDES = 366
TRAVELS = 50
HOURS = 100  # openings of a week


@dataclass(frozen=True, slots=True)
class Weekly:
    """An opening of every week. Minutes since midnight on the wall clock; 1,440 closes at the day's end."""

    weekday: int  # 1 is Monday, 7 is Sunday (ISO 8601)
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Override:
    """An opening of one date that stands in place of its weekly ones; `opens == closes`: closed that day."""

    day: date
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Travel:
    """From `first` to `last`, both included, the wall clock is that of another zone."""

    first: date
    last: date
    zone: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """When one can be met, as wall times of a zone."""

    name: str
    zone: str
    weekly: tuple[Weekly, ...]
    overrides: tuple[Override, ...] = ()
    travels: tuple[Travel, ...] = ()


@dataclass(frozen=True, slots=True)
class Holiday:
    """A date on which no schedule opens."""

    day: date
    name: str


@dataclass(frozen=True, slots=True)
class Absence:
    """Out of office: nothing can be booked in this time."""

    start: datetime
    end: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """A stretch of one date in which meetings may be, in minutes since 1970; slots count from `anchor`, a wall time."""

    start: int
    end: int
    zone: str
    anchor: int


def openings(schedule: Schedule, holidays: frozenset[date], start: int, end: int) -> Iterator[Opening]:
    """The openings that touch `[start, end)`, in minutes since 1970, in the order of their dates.

    An opening begins at the first instant that shows its wall time, and ends likewise: where the clocks skip a time,
    at their change. So a skipped hour is no opening, and a repeated one is open as long as it takes.
    """
    # No clock is more than a day from UTC, and dates count in the zone of that date.
    for each in _expanded(schedule, holidays, start // DAY - 1, end // DAY + 1):
        if each.start < end and each.end > start:
            yield each


@lru_cache(maxsize=512)
def _expanded(schedule: Schedule, holidays: frozenset[date], first: int, last: int) -> tuple[Opening, ...]:
    """The openings of these days, counted from 1970: the same month is asked for again and again."""
    overridden: dict[date, list[tuple[int, int]]] = {}
    for override in schedule.overrides:
        overridden.setdefault(override.day, []).append((override.opens, override.closes))
    found: list[Opening] = []
    for number in range(first, last + 1):
        day = date(1970, 1, 1) + timedelta(days=number)
        if day in holidays:
            continue
        name = zone_on(schedule, day)
        clocks = zone(name)
        for opens, closes in overridden.get(day) or _weekly(schedule, day):
            anchor = wall_of(day, opens)
            begin, until = clocks.begin(anchor), clocks.begin(wall_of(day, closes))
            if begin < until:
                found.append(Opening(begin, until, name, anchor))
    return tuple(found)


def zone_on(schedule: Schedule, day: date) -> str:
    """The zone that the schedule's wall times are of, on this date."""
    return next((each.zone for each in schedule.travels if each.first <= day <= each.last), schedule.zone)


def _weekly(schedule: Schedule, day: date) -> list[tuple[int, int]]:
    weekday = day.isoweekday()
    return [(each.opens, each.closes) for each in schedule.weekly if each.weekday == weekday]


def check_schedule(schedule: Schedule) -> None:
    """Raises Rejected where it cannot be read as one."""
    check_slug(schedule.name)
    zone(schedule.zone)
    _need(len(schedule.weekly) <= HOURS, f"Give at most {HOURS} openings a week.")
    for each in schedule.weekly:
        _need(1 <= each.weekday <= 7, "Count the days of the week from 1, Monday, to 7.")
        _need(0 <= each.opens < each.closes <= DAY, "Let an opening close after it opens, on the same day.")
    _need(len(schedule.overrides) <= OVERRIDES, f"Give at most {OVERRIDES} dates with other hours.")
    for override in schedule.overrides:
        _need(0 <= override.opens <= override.closes <= DAY, "Let an opening close after it opens, on the same day.")
    _need(len(schedule.travels) <= TRAVELS, f"Give at most {TRAVELS} travels.")
    for travel in schedule.travels:
        zone(travel.zone)
        _need(travel.first <= travel.last, "Let a travel end after it begins.")


def check_holidays(holidays: tuple[Holiday, ...]) -> None:
    """Raises Rejected("holiday_invalid") for one without a name or too many."""
    if len(holidays) > OVERRIDES:
        raise Rejected("holidays_invalid", f"Give at most {OVERRIDES} holidays.", Reason.INVALID)
    for each in holidays:
        check_line(each.name, "holiday", 100)


def _need(fine: bool, detail: str) -> None:
    if not fine:
        raise Rejected("schedule_invalid", detail, Reason.INVALID)
