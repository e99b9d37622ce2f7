"""How many spaces of a pool are spoken for at each instant, and so how many are free: for listing and acceptance alike.

A pool is what capacity is sold from: all spaces of a class, or one space that is sold by its name. What takes from it
is live holds, confirmed reservations that have not come yet, and vehicles present, each over a half-open interval.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Vehicle(StrEnum):
    """What somebody wants to park, and with which right."""

    CAR = "car"
    MOTORCYCLE = "motorcycle"
    BICYCLE = "bicycle"
    OTHER = "other"
    ACCESSIBLE = "accessible"  # a car with a permit
    EV = "ev"  # a car that is to be charged


NAMED = "space:"  # a pool of one: the space of this name

# Classes are nested: which spaces a vehicle may take, the best first. The wider ones are left to those who need them.
FITS: Mapping[Vehicle, tuple[str, ...]] = {
    Vehicle.CAR: ("car",),
    Vehicle.MOTORCYCLE: ("motorcycle", "car"),
    Vehicle.BICYCLE: ("bicycle",),
    Vehicle.OTHER: ("other",),
    Vehicle.ACCESSIBLE: ("accessible", "car"),
    Vehicle.EV: ("ev",),
}


@dataclass(frozen=True, slots=True)
class Size:
    """Of a vehicle, or the most that a space takes, in centimetres; 0: not said, or no limit."""

    height: int = 0
    length: int = 0
    width: int = 0

    def fits(self, room: "Size") -> bool:
        """Whether a vehicle of this size fits there."""
        pairs = ((self.height, room.height), (self.length, room.length), (self.width, room.width))
        return all(not most or own <= most for own, most in pairs)

    def both(self, other: "Size") -> "Size":
        """What fits into either of two spaces."""
        pairs = ((self.height, other.height), (self.length, other.length), (self.width, other.width))
        return Size(*(min(pair) or max(pair) for pair in pairs))


def pools_for(vehicle: Vehicle, space: str = "") -> tuple[str, ...]:
    """The pools that a vehicle may be sold from, the best first; only one where it wants a certain space."""
    return (NAMED + space,) if space else FITS[vehicle]


@dataclass(frozen=True, slots=True)
class Profile:
    """How many are taken, as steps: `used[n]` from `times[n]` (microseconds) up to the next. Before the first, none.

    It has one form only for the same intervals, however they came and went: no two steps in a row are alike.
    """

    times: tuple[int, ...] = ()
    used: tuple[int, ...] = ()

    def most(self, start: int, end: int) -> int:
        """The most that are taken at one instant of [start, end); 0 where that is empty."""
        if start >= end:
            return 0
        first = bisect_right(self.times, start) - 1
        last = bisect_left(self.times, end)
        here = self.used[max(first, 0) : last]
        return max(here) if here else 0

    def at(self, instant: int) -> int:
        """How many are taken at one instant."""
        found = bisect_right(self.times, instant) - 1
        return self.used[found] if found >= 0 else 0

    def first_above(self, limit: int, since: int) -> int | None:
        """The first instant from `since` on at which more than `limit` are taken."""
        start = max(bisect_right(self.times, since) - 1, 0)
        for place in range(start, len(self.times)):
            if self.used[place] > limit:
                return max(self.times[place], since)
        return None

    def plus(self, start: int, end: int, count: int = 1) -> "Profile":
        """With so many more (or fewer) in [start, end)."""
        if start >= end or not count:
            return self
        times, used = list(self.times), list(self.used)
        first = _cut(times, used, start)
        last = _cut(times, used, end)
        used[first:last] = [each + count for each in used[first:last]]
        for place in (last, first):  # an edge where nothing changes any more is none
            if place < len(times) and used[place] == (used[place - 1] if place else 0):
                del times[place], used[place]
        return Profile(tuple(times), tuple(used))


def _cut(times: list[int], used: list[int], at: int) -> int:
    """The place of the step that begins exactly at `at`, made where there is none."""
    place = bisect_left(times, at)
    if place == len(times) or times[place] != at:
        times.insert(place, at)
        used.insert(place, used[place - 1] if place else 0)
    return place


def profile_of(spans: Iterable[tuple[int, int]]) -> Profile:
    """The steps that these intervals add up to."""
    changes: dict[int, int] = {}
    for start, end in spans:
        if start < end:
            changes[start] = changes.get(start, 0) + 1
            changes[end] = changes.get(end, 0) - 1
    times, used, level = [], [], 0
    for at in sorted(changes):
        if changes[at]:
            level += changes[at]
            times.append(at)
            used.append(level)
    return Profile(tuple(times), tuple(used))


EMPTY = Profile()


def room(capacity: Mapping[str, int], taken: Mapping[str, Profile], pool: str, start: int, end: int) -> int:
    """How many more can have a space of the pool through all of [start, end); never below 0, never above capacity."""
    most = capacity.get(pool, 0)
    return max(0, most - taken.get(pool, EMPTY).most(start, end))


def free(capacity: Mapping[str, int], taken: Mapping[str, Profile], pools: Sequence[str], start: int, end: int) -> int:
    """How many vehicles that may have any of these pools can still be promised a space through all of [start, end).

    This is the one answer to "is there room?": what is listed and what is accepted both come from here.
    """
    return sum(room(capacity, taken, each, start, end) for each in pools)


def first_with_room(
    capacity: Mapping[str, int], taken: Mapping[str, Profile], pools: Sequence[str], start: int, end: int
) -> str | None:
    """The best of these pools that still has a space through all of [start, end); None exactly where `free` is 0."""
    return next((each for each in pools if room(capacity, taken, each, start, end)), None)
