"""Instants and wall times: minutes since 1970 in UTC, and what the clocks of an IANA zone show at them.

The rules are those of the `tzdata` package, never the machine's, so that a decision is the same everywhere and says
which version of them it was made with (RFC 9557 explains why an instant alone does not keep what a person meant).
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from tzdata import IANA_VERSION

from domain.instants import micros
from domain.kernel import Reason, Rejected

TZDATA: str = IANA_VERSION  # such as "2026a"
DAY = 24 * 60
STRIDE = 14 * DAY  # no zone since 1972 has changed twice within it: Morocco keeps a month for Ramadan
FIRST_YEAR, LAST_YEAR = 1972, 2069  # whose offsets are whole minutes in every zone, and that a booking may be in

CLOCK = tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(DAY))  # what it shows: "10:00"
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MINUTE = 60_000_000  # microseconds


class Occurrence(StrEnum):
    """Which of the two instants is meant where the clocks show a time twice."""

    FIRST = "first"
    SECOND = "second"


def minute_of(instant: datetime) -> int:
    """The last whole minute that is not after an instant."""
    return micros(instant) // _MINUTE


def minute_after(instant: datetime) -> int:
    """The first whole minute that is not before an instant."""
    return -(-micros(instant) // _MINUTE)


def instant_of(minute: int) -> datetime:
    """The aware UTC datetime of a minute."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)


def wall_of(day: date, minutes: int = 0) -> int:
    """A wall time as minutes since 1970-01-01 00:00 of the same clock."""
    return (day.toordinal() - _EPOCH_DAY) * DAY + minutes


def day_of(wall: int) -> date:
    """The date that a wall time is on."""
    return date.fromordinal(wall // DAY + _EPOCH_DAY)


def text_of(wall: int) -> str:
    """A wall time as people write it, ISO 8601 without an offset: "2026-03-29T10:00"."""
    return f"{date_text(wall // DAY)}T{CLOCK[wall % DAY]}"


@lru_cache(maxsize=4096)
def date_text(day: int) -> str:
    """The date of a day counted from 1970, as people write it: "2026-03-29"."""
    return date.fromordinal(day + _EPOCH_DAY).isoformat()


def wall_from(text: str) -> int:
    """The wall time of "2026-03-29T10:00"; raises Rejected("time_invalid")."""
    try:
        wall = datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 a wall time has no zone
    except ValueError as error:
        raise Rejected("time_invalid", "Give a time such as 2026-03-29T10:00.", Reason.INVALID) from error
    return wall_of(wall.date(), wall.hour * 60 + wall.minute)


@dataclass(frozen=True, slots=True)
class Zone:
    """The offsets of a zone over the years, as minutes east of UTC, and the minutes at which they begin."""

    name: str
    begins: tuple[int, ...]
    offsets: tuple[int, ...]

    def offset(self, minute: int) -> int:
        """Minutes to add to an instant to get what the clocks show."""
        return self.offsets[max(bisect_right(self.begins, minute) - 1, 0)]

    def wall(self, minute: int) -> int:
        """What the clocks show at an instant."""
        return minute + self.offset(minute)

    def day(self, minute: int) -> date:
        """The date at an instant."""
        return day_of(self.wall(minute))

    def instants(self, wall: int) -> tuple[int, ...]:
        """When the clocks show this time: once; twice where it is repeated; never where it is skipped."""
        near = {self.offset(wall - DAY), self.offset(wall), self.offset(wall + DAY)}
        return tuple(sorted(wall - each for each in near if self.offset(wall - each) == each))

    def begin(self, wall: int) -> int:
        """The instant at which a wall time begins: the first that shows it; the change of the clocks that skips it.

        RFC 5545, 3.3.5, means the first of two as well; of a skipped time it makes one that the clocks do show.
        """
        found = self.instants(wall)
        if found:
            return found[0]
        index = bisect_right(self.begins, wall - min(self.offset(wall - DAY), self.offset(wall + DAY)))
        return self.begins[index - 1]

    def meant(self, wall: int, occurrence: Occurrence | None = None) -> int:
        """The instant a person means; raises Rejected("time_skipped", or "time_repeated" where they must choose)."""
        found = self.instants(wall)
        if not found:
            raise Rejected(
                "time_skipped",
                f"The clocks in {self.name} skip {text_of(wall)}. Choose another time.",
                Reason.INVALID,
            )
        if len(found) == 2 and occurrence is None:
            raise Rejected(
                "time_repeated",
                f"The clocks in {self.name} show {text_of(wall)} twice. Say whether the first or the second is meant.",
                Reason.INVALID,
            )
        return found[-1] if occurrence is Occurrence.SECOND else found[0]

    def spans(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """The parts of `[start, end)` in which the offset stays the same: start, end, offset."""
        index = max(bisect_right(self.begins, start) - 1, 0)
        while start < end:
            until = self.begins[index + 1] if index + 1 < len(self.begins) else end
            yield start, min(until, end), self.offsets[index]
            start, index = until, index + 1


@lru_cache(maxsize=1024)
def zone(name: str) -> Zone:
    """The zone of an IANA name such as "Europe/Berlin"; raises Rejected("zone_unknown")."""
    rules = _rules(name)
    minute = minute_of(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)) - DAY
    last = minute_of(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)) + DAY
    begins, offsets = [minute], [_offset(rules, minute)]
    while minute < last:
        ahead = minute + STRIDE
        offset = _offset(rules, ahead)
        if offset != offsets[-1]:
            begins.append(_change(rules, offsets[-1], minute, ahead))
            offsets.append(offset)
        minute = ahead
    return Zone(name, tuple(begins), tuple(offsets))


def _change(rules: ZoneInfo, before: int, low: int, high: int) -> int:
    """The first minute whose offset is not that of before: after `low`, at `high` at the latest."""
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(rules, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(rules: ZoneInfo, minute: int) -> int:
    offset = instant_of(minute).astimezone(rules).utcoffset()
    assert offset is not None
    return offset // timedelta(minutes=1)


def _rules(name: str) -> ZoneInfo:
    parts = name.split("/")
    if name in _names():
        with resources.files("tzdata.zoneinfo").joinpath(*parts).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    raise Rejected("zone_unknown", "Name a time zone of the IANA database, such as Europe/Berlin.", Reason.INVALID)


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text().split())
