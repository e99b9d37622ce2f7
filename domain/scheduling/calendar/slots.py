"""When a meeting can begin, and why not: one function for the listing, the acceptance and the explanation (S3).

A meeting takes `[start, end)`; it blocks that and its buffers. It can begin at a time if nothing stands against it:

- it lies in the openings of its schedule, and begins on the grid of the opening: every so many minutes of wall time
  after the opening's beginning;
- it is after the notice and within the horizon;
- the host is not absent;
- what it blocks touches nothing that another booking blocks, and no time that is taken in another calendar. Guests of
  one meeting with several seats share its time as long as there are seats;
- no limit of its day, week or month is reached.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.intervals import Interval, contains, overlap, subtract, union
from domain.kernel import Reason, Rejected
from domain.scheduling.calendar.state import Booking, Calendar, starting
from domain.scheduling.event_type import EventType
from domain.scheduling.schedule import Opening, Schedule, openings
from domain.scheduling.zones import DAY, Zone, instant_of, minute_after, minute_of, wall_of, zone


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands against a time: `code` for programs, `detail` for people."""

    code: str
    detail: str
    booking: UUID | None = None  # for the host's eyes


@dataclass(frozen=True, slots=True)
class Wish:
    """A meeting of this type and length, with so many guests. `own` is the booking or hold that it would replace."""

    definition: EventType
    minutes: int
    seats: int = 1
    own: UUID | None = None


def slots(calendar: Calendar, wish: Wish, start: datetime, end: datetime, now: datetime) -> list[datetime]:
    """Every instant in `[start, end)` at which the meeting can begin, in order."""
    return [instant_of(each) for each in free_minutes(calendar, wish, start, end, now)]


def free_minutes(calendar: Calendar, wish: Wish, start: datetime, end: datetime, now: datetime) -> list[int]:
    """The same as minutes since 1970, for those who have to compare or to show thousands."""
    return Offer.of(calendar, wish, Interval(minute_after(start), minute_after(end)), now).starts()


def obstacles(calendar: Calendar, wish: Wish, start: datetime, now: datetime) -> list[Obstacle]:
    """All that stands against beginning at this instant; nothing: it is a slot."""
    minute = minute_of(start)
    if instant_of(minute) != start:
        return [OFF_GRID]
    return list(Offer.of(calendar, wish, Interval(minute, minute + 1), now).against(minute))


def check_free(calendar: Calendar, wish: Wish, start: datetime, now: datetime) -> None:
    """Raises Rejected with the first obstacle."""
    found = obstacles(calendar, wish, start, now)
    if found:
        raise Rejected(found[0].code, found[0].detail, Reason.CONFLICT)


OFF_GRID = Obstacle("off_grid", "No slot begins at this minute.")
OUTSIDE = Obstacle("outside_hours", "It is not within the opening hours.")
TOO_LONG = Obstacle("does_not_fit", "The opening ends before the meeting would.")
HOLIDAY = Obstacle("holiday", "It is on a holiday.")
PAST = Obstacle("in_the_past", "It is over.")
TOO_SOON = Obstacle("too_soon", "It is sooner than the host's notice allows.")
TOO_FAR = Obstacle("too_far", "It is further ahead than one may book.")
ABSENT = Obstacle("absent", "The host is out of office.")
BUSY = Obstacle("busy", "The host is busy.")
LIMITS = {
    "day": Obstacle("day_limit", "No more of these meetings are taken on this day."),
    "week": Obstacle("week_limit", "No more of these meetings are taken in this week."),
    "month": Obstacle("month_limit", "No more of these meetings are taken in this month."),
}


@dataclass(frozen=True, slots=True)
class Block:
    """A booking's time with its buffers."""

    time: Interval[int]
    booking: UUID
    shared: bool  # another guest of a meeting of the same type


@dataclass(frozen=True, slots=True)
class Offer:
    """What a calendar has to say about the times in a window, worked out once for all of them. All in minutes."""

    wish: Wish
    window: Interval[int]
    now: int  # the first minute that is not over
    now_with_notice: int
    horizon: Interval[int]
    open: tuple[Opening, ...]
    days: tuple[tuple[Interval[int], tuple[Opening, ...]], ...]  # the openings, where they touch as one
    holidays: tuple[Opening, ...]  # what would be open if there were none
    absent: tuple[Interval[int], ...]
    busy: tuple[Interval[int], ...]
    blocks: tuple[Block, ...]  # by their start
    longest: int  # of the blocks
    taken: dict[int, int]  # seats taken at the starts of meetings of the same type and length
    counts: dict[tuple[str, int], frozenset[int]]  # starts of the meetings of each day, week and month with a limit

    @classmethod
    def of(cls, calendar: Calendar, wish: Wish, window: Interval[int], now: datetime) -> "Offer":
        """For starts in `window`."""
        definition = wish.definition
        reach = definition.buffer_before, wish.minutes + definition.buffer_after
        touched = Interval(window.start - reach[0], window.end + reach[1])
        schedule = calendar.schedules.get(definition.schedule)
        found: tuple[Opening, ...] = ()
        closed: tuple[Opening, ...] = ()
        if schedule is not None:
            found, closed = _openings(calendar, schedule, window.start, window.end + wish.minutes)
        blocks = _blocks(calendar, wish, touched, now)
        counted = definition.seats > 1 or definition.limits.any
        same = _same(calendar, wish, window, now) if counted else []
        return cls(
            wish=wish,
            window=window,
            now=minute_after(now),
            now_with_notice=minute_after(now + timedelta(minutes=definition.notice)),
            horizon=_horizon(definition, now),
            open=found,
            days=_days(found),
            holidays=closed,
            absent=_within(touched, ((each.start, each.end) for each in calendar.absences.values())),
            busy=_within(touched, ((each.start, each.end) for source in calendar.busy.values() for each in source)),
            blocks=blocks,
            longest=max((each.time.end - each.time.start for each in blocks), default=0),
            taken=_taken(same, wish) if definition.seats > 1 else {},
            counts=_counts(same, definition),
        )

    def starts(self) -> list[int]:
        """Every free time on the grid, in order: what `against` has nothing to say of, without asking it each time."""
        definition, minutes = self.wish.definition, self.wish.minutes
        earliest = max(self.window.start, self.now, self.now_with_notice, self.horizon.start)
        latest = min(self.window.end, self.horizon.end)
        fitting = (Interval(max(day.start, earliest), min(day.end - minutes + 1, latest)) for day, _ in self.days)
        left = subtract(fitting, self._closed())
        ends = [each.end for each in left]
        found: set[int] = set()
        for opening in self.open:
            for free in left[bisect_right(ends, opening.start) :]:
                if free.start >= opening.end:
                    break
                found.update(_grid(opening, free, definition.interval))
        if definition.seats > 1:
            most = definition.seats - self.wish.seats
            found = {each for each in found if self.taken.get(each, 0) <= most}
        if definition.limits.any:
            found = {each for each in found if next(self._against_limits(each), None) is None}
        return sorted(found)

    def _closed(self) -> Iterator[Interval[int]]:
        """The starts at which the meeting would touch an absence, a busy time or another meeting's block."""
        definition, minutes = self.wish.definition, self.wish.minutes
        before, reach = definition.buffer_before, minutes + definition.buffer_after - 1
        for each in self.absent:
            yield Interval(each.start - minutes + 1, each.end)
        for each in self.busy:
            yield Interval(each.start - reach, each.end + before)
        for block in self.blocks:
            start, end = block.time.start - reach, block.time.end + before
            together = block.time.start + before  # where one sits down beside the guests of this meeting
            if block.shared and block.time.end == together + reach + 1:
                yield Interval(start, together)
                start = together + 1
            yield Interval(start, end)

    def against(self, start: int) -> Iterator[Obstacle]:
        """All that stands against a start in the window, what can be least helped first."""
        definition = self.wish.definition
        meeting = Interval(start, start + self.wish.minutes)
        yield from self._against_time(start)
        yield from self._against_hours(meeting)
        if any(overlap(meeting, each) for each in self.absent):
            yield ABSENT
        blocked = Interval(meeting.start - definition.buffer_before, meeting.end + definition.buffer_after)
        yield from self._against_bookings(start, blocked)
        if self.busy:
            index = bisect_left(self.busy, (blocked.end,)) - 1  # the last that begins before
            if index >= 0 and overlap(blocked, self.busy[index]):
                yield BUSY
        if definition.limits.any:
            yield from self._against_limits(start)

    def _against_time(self, start: int) -> Iterator[Obstacle]:
        if start < self.now:
            yield PAST
        elif start < self.now_with_notice:
            yield TOO_SOON
        if not self.horizon.start <= start < self.horizon.end:
            yield TOO_FAR

    def _against_hours(self, meeting: Interval[int]) -> Iterator[Obstacle]:
        index = bisect_right(self.days, meeting.start, key=_beginning) - 1
        day, parts = self.days[index] if index >= 0 else NO_DAY
        if meeting.start >= day.end:
            closed = any(each.start <= meeting.start < each.end for each in self.holidays)
            yield HOLIDAY if closed else OUTSIDE
        elif not contains(day, meeting):
            yield TOO_LONG
        elif not any(_is_on_grid(each, meeting.start, self.wish.definition.interval) for each in parts):
            yield OFF_GRID

    def _against_bookings(self, start: int, blocked: Interval[int]) -> Iterator[Obstacle]:
        first = bisect_left(self.blocks, blocked.start - self.longest, key=_begin)
        last = bisect_left(self.blocks, blocked.end, key=_begin)
        for each in self.blocks[first:last]:
            if not overlap(each.time, blocked):
                continue
            if each.shared and each.time == blocked:
                continue
            yield Obstacle("taken", "The time is taken.", each.booking)
        seats = self.wish.definition.seats
        if seats > 1 and self.taken.get(start, 0) + self.wish.seats > seats:
            yield Obstacle("full", f"Of {seats} seats {max(seats - self.taken.get(start, 0), 0)} are free.")

    def _against_limits(self, start: int) -> Iterator[Obstacle]:
        limits = self.wish.definition.limits
        for unit, number in _periods(start, zone(self.wish.definition.zone)).items():
            most = getattr(limits, unit)
            if most is not None and len(self.counts.get((unit, number), frozenset()) - {start}) >= most:
                yield LIMITS[unit]


NO_DAY: tuple[Interval[int], tuple[Opening, ...]] = (Interval(0, 0), ())
MARGIN = DAY  # a buffer is not longer


def _beginning(day: tuple[Interval[int], tuple[Opening, ...]]) -> int:
    return day[0].start


def _days(found: tuple[Opening, ...]) -> tuple[tuple[Interval[int], tuple[Opening, ...]], ...]:
    whole = union(Interval(each.start, each.end) for each in found)
    parts: list[list[Opening]] = [[] for _ in whole]
    starts = [each.start for each in whole]
    for each in found:
        parts[bisect_right(starts, each.start) - 1].append(each)
    return tuple((one, tuple(its)) for one, its in zip(whole, parts, strict=True))


def _begin(block: Block) -> int:
    return block.time.start


def _openings(
    calendar: Calendar, schedule: Schedule, start: int, end: int
) -> tuple[tuple[Opening, ...], tuple[Opening, ...]]:
    """The openings that matter for starts in a window, and those that holidays closed."""
    holidays = frozenset(each.day for each in calendar.holidays)
    found = tuple(openings(schedule, holidays, start, end))
    if not holidays:
        return found, ()
    kept = {(each.start, each.end) for each in found}
    without = openings(schedule, frozenset(), start, end)
    return found, tuple(each for each in without if (each.start, each.end) not in kept)


def _horizon(definition: EventType, now: datetime) -> Interval[int]:
    """The starts that are not too far ahead; a range of dates is of the event type's zone."""
    horizon = definition.horizon
    if horizon.first is None or horizon.last is None:
        return Interval(0, minute_of(now + timedelta(days=horizon.days or 0)) + 1)
    clocks = zone(definition.zone)
    return Interval(clocks.begin(wall_of(horizon.first)), clocks.begin(wall_of(horizon.last) + DAY))


def _grid(opening: Opening, window: Interval[int], interval: int) -> Iterator[int]:
    for start, end, offset in zone(opening.zone).spans(max(opening.start, window.start), min(opening.end, window.end)):
        first = start + (opening.anchor - (start + offset)) % interval
        yield from range(first, end, interval)


def _is_on_grid(opening: Opening, start: int, interval: int) -> bool:
    if not opening.start <= start < opening.end:
        return False
    return (zone(opening.zone).wall(start) - opening.anchor) % interval == 0


def _within(window: Interval[int], times: Iterator[tuple[datetime, datetime]]) -> tuple[Interval[int], ...]:
    """Those that touch the window, where they touch as one, in whole minutes."""
    found = (Interval(minute_of(start), minute_after(end)) for start, end in times)
    return tuple(union(each for each in found if overlap(each, window)))


def _blocks(calendar: Calendar, wish: Wish, window: Interval[int], now: datetime) -> tuple[Block, ...]:
    found = []
    first = window.start - calendar.longest - MARGIN
    for booking, each in starting(calendar, first // DAY, (window.end + MARGIN) // DAY):
        if booking != wish.own and each.takes_time(now):
            start = minute_of(each.start) - each.buffer_before
            time = Interval(start, start + each.blocked)
            if overlap(time, window):
                shared = (
                    wish.definition.seats > 1 and each.slug == wish.definition.slug and each.minutes == wish.minutes
                )
                found.append(Block(time, booking, shared))
    return tuple(sorted(found, key=_begin))


def _same(calendar: Calendar, wish: Wish, window: Interval[int], now: datetime) -> list[Booking]:
    """The meetings of this type that can count in the same month as a start in the window."""
    return [
        each
        for booking, each in starting(calendar, window.start // DAY - 32, window.end // DAY + 32)
        if each.slug == wish.definition.slug and booking != wish.own and each.takes_time(now)
    ]


def _taken(same: list[Booking], wish: Wish) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in same:
        if each.minutes == wish.minutes:
            start = minute_of(each.start)
            found[start] = found.get(start, 0) + each.seats
    return found


def _counts(same: list[Booking], definition: EventType) -> dict[tuple[str, int], frozenset[int]]:
    if not definition.limits.any:
        return {}
    clocks = zone(definition.zone)
    found: dict[tuple[str, int], set[int]] = {}
    for each in same:
        start = minute_of(each.start)
        for unit, number in _periods(start, clocks).items():
            found.setdefault((unit, number), set()).add(start)
    return {period: frozenset(starts) for period, starts in found.items()}


def _periods(start: int, clocks: Zone) -> dict[str, int]:
    """The day, week and month of a start, each as a number."""
    day = clocks.day(start)
    return {"day": day.toordinal(), "week": (day.toordinal() - 1) // 7, "month": day.year * 12 + day.month}
