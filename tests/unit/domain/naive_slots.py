"""When a meeting can begin, found by walking through every step of time: slow, and wrong in other ways if at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from domain.scheduling.calendar import Booking, Calendar, Status, Wish
from domain.scheduling.schedule import Schedule


@cache
def rules_of(name: str) -> ZoneInfo:
    with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@dataclass(frozen=True)
class Stretch:
    begin: datetime
    end: datetime
    zone: ZoneInfo
    opens: datetime  # a wall time


class NaiveLister:
    """Lists starts between two instants; every time in the calendar must be a multiple of `step` minutes."""

    def __init__(
        self, calendar: Calendar, wish: Wish, start: datetime, end: datetime, now: datetime, step: int
    ) -> None:
        self.calendar, self.wish, self.now, self.step = calendar, wish, now, timedelta(minutes=step)
        self.start, self.end = start, end
        self.stretches = list(self._stretches())

    def starts(self) -> list[datetime]:
        return [each for each in _steps(self.start, self.end, self.step) if self.is_free(each)]

    def is_free(self, start: datetime) -> bool:
        definition = self.wish.definition
        end = start + timedelta(minutes=self.wish.minutes)
        return (
            self._is_open(start, end)
            and self._is_in_time(start)
            and not any(_meet((start, end), (each.start, each.end)) for each in self.calendar.absences.values())
            and not any(
                _meet(_padded(start, end, definition.buffer_before, definition.buffer_after), (each.start, each.end))
                for source in self.calendar.busy.values()
                for each in source
            )
            and self._is_untaken(start, end)
            and self._is_within_limits(start)
        )

    def _stretches(self) -> Iterable[Stretch]:
        schedule = self.calendar.schedules[self.wish.definition.schedule]
        closed = {each.day for each in self.calendar.holidays}
        walls: dict[str, list[tuple[datetime, datetime]]] = {}
        for name in {schedule.zone, *(each.zone for each in schedule.travels)}:
            around = _steps(self.start - timedelta(days=2), self.end + timedelta(days=9), self.step)
            walls[name] = [(each, each.astimezone(rules_of(name)).replace(tzinfo=None)) for each in around]
        day = (self.start - timedelta(days=1)).date()
        while day <= (self.end + timedelta(days=8)).date():
            name = _zone_on(schedule, day)
            for opens, closes in [] if day in closed else _hours(schedule, day):
                midnight = datetime.combine(day, datetime.min.time())
                begin = _reached(walls[name], midnight + timedelta(minutes=opens))
                end = _reached(walls[name], midnight + timedelta(minutes=closes))
                if begin < end:
                    yield Stretch(begin, end, rules_of(name), midnight + timedelta(minutes=opens))
            day += timedelta(days=1)

    def _is_open(self, start: datetime, end: datetime) -> bool:
        interval = timedelta(minutes=self.wish.definition.interval)
        on_grid = any(
            each.begin <= start < each.end
            and not (start.astimezone(each.zone).replace(tzinfo=None) - each.opens) % interval
            for each in self.stretches
        )
        return on_grid and all(
            any(each.begin <= moment < each.end for each in self.stretches) for moment in _steps(start, end, self.step)
        )

    def _is_in_time(self, start: datetime) -> bool:
        definition = self.wish.definition
        if start < self.now or start < self.now + timedelta(minutes=definition.notice):
            return False
        horizon = definition.horizon
        if horizon.days is not None:
            return start <= self.now + timedelta(days=horizon.days)
        local = start.astimezone(rules_of(definition.zone)).date()
        return horizon.first is not None and horizon.last is not None and horizon.first <= local <= horizon.last

    def _others(self) -> list[Booking]:
        return [
            each
            for id_, each in self.calendar.bookings.items()
            if id_ != self.wish.own
            and (
                each.status is Status.CONFIRMED
                or (each.status is Status.PENDING and each.blocks)
                or (each.status is Status.HELD and each.until is not None and self.now < each.until)
            )
        ]

    def _is_untaken(self, start: datetime, end: datetime) -> bool:
        definition, seats = self.wish.definition, self.wish.seats
        mine = _padded(start, end, definition.buffer_before, definition.buffer_after)
        for each in self._others():
            theirs = _padded(each.start, each.end, each.buffer_before, each.buffer_after)
            together = definition.seats > 1 and each.slug == definition.slug and (each.start, each.end) == (start, end)
            if together and theirs == mine:
                seats += each.seats
            elif _meet(mine, theirs):
                return False
        return seats <= definition.seats

    def _is_within_limits(self, start: datetime) -> bool:
        definition = self.wish.definition
        rules = rules_of(definition.zone)
        day = start.astimezone(rules).date()
        starts = {each.start for each in self._others() if each.slug == definition.slug} - {start}
        days = [each.astimezone(rules).date() for each in starts]
        limits = definition.limits
        return (
            (limits.day is None or days.count(day) < limits.day)
            and (
                limits.week is None
                or sum(each.isocalendar()[:2] == day.isocalendar()[:2] for each in days) < limits.week
            )
            and (
                limits.month is None
                or sum((each.year, each.month) == (day.year, day.month) for each in days) < limits.month
            )
        )


def _steps(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    return [start + step * number for number in range(-(-(end - start) // step))]


def _reached(walls: list[tuple[datetime, datetime]], target: datetime) -> datetime:
    """The first instant at which the clocks have come to a wall time."""
    return next((instant for instant, wall in walls if wall >= target), datetime.max.replace(tzinfo=UTC))


def _zone_on(schedule: Schedule, day: date) -> str:
    for each in schedule.travels:
        if each.first <= day <= each.last:
            return each.zone
    return schedule.zone


def _hours(schedule: Schedule, day: date) -> list[tuple[int, int]]:
    special = [(each.opens, each.closes) for each in schedule.overrides if each.day == day]
    return special or [(each.opens, each.closes) for each in schedule.weekly if each.weekday == day.weekday() + 1]


def _padded(start: datetime, end: datetime, before: int, after: int) -> tuple[datetime, datetime]:
    return start - timedelta(minutes=before), end + timedelta(minutes=after)


def _meet(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
