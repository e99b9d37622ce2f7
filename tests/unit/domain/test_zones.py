"""Wall times and instants in the hard zones, against the standard library's reading of the same rules."""

from datetime import UTC, date, datetime, timedelta
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from domain.kernel import Rejected
from domain.scheduling.zones import (
    DAY,
    Occurrence,
    day_of,
    instant_of,
    minute_of,
    text_of,
    wall_from,
    wall_of,
    zone,
)

HARD = {
    "America/New_York": 2026,
    "Europe/London": 2026,
    "Australia/Lord_Howe": 2026,  # half an hour
    "Pacific/Apia": 2011,  # a day that was not
    "Africa/Casablanca": 2026,  # back for Ramadan
    "Asia/Kolkata": 2026,
    "Asia/Kathmandu": 2026,  # 5:45
    "Europe/Dublin": 2026,  # winter time is the exception
}
HALF = 30  # minutes: all these zones change by whole halves of an hour
each_zone = pytest.mark.parametrize(("name", "year"), HARD.items(), ids=lambda each: str(each).replace("/", "-"))


def rules_of(name: str) -> ZoneInfo:
    """From the package, as the domain has them: a machine's own rules may be older."""
    with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@each_zone
def test_all_days_of_a_year_show_what_the_clocks_show(name: str, year: int) -> None:
    clocks, rules = zone(name), rules_of(name)
    start = minute_of(datetime(year, 1, 1, tzinfo=UTC))
    shown: dict[int, list[int]] = {}
    for minute in range(start, start + 366 * DAY, HALF):
        local = instant_of(minute).astimezone(rules)
        wall = wall_of(local, local.hour * 60 + local.minute)
        assert clocks.wall(minute) == wall
        shown.setdefault(wall, []).append(minute)
    first, last = min(shown), max(shown)
    for wall in range(first + DAY, last - DAY, HALF):
        assert clocks.instants(wall) == tuple(shown.get(wall, ()))
        if wall not in shown:  # it begins with the next time that the clocks do show
            assert clocks.wall(clocks.begin(wall)) > wall > clocks.wall(clocks.begin(wall) - 1)


@pytest.mark.parametrize(
    ("name", "skipped", "change"),
    [
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),
        ("Europe/London", "2026-03-29T01:30", "2026-03-29T01:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-30T10:00"),
        ("Africa/Casablanca", "2026-03-22T02:30", "2026-03-22T02:00"),
    ],
)
def test_a_skipped_time_is_said_to_be_one(name: str, skipped: str, change: str) -> None:
    clocks = zone(name)
    with pytest.raises(Rejected, match="time_skipped"):
        clocks.meant(wall_from(skipped))
    assert instant_of(clocks.begin(wall_from(skipped))) == datetime.fromisoformat(f"{change}+00:00")


@pytest.mark.parametrize(
    ("name", "repeated", "apart"),
    [
        ("America/New_York", "2026-11-01T01:30", 60),
        ("Europe/London", "2026-10-25T01:30", 60),
        ("Europe/Dublin", "2026-10-25T01:30", 60),
        ("Australia/Lord_Howe", "2026-04-05T01:45", 30),
        ("Africa/Casablanca", "2026-02-15T02:30", 60),
    ],
)
def test_a_repeated_time_asks_which_is_meant(name: str, repeated: str, apart: int) -> None:
    clocks, wall = zone(name), wall_from(repeated)
    with pytest.raises(Rejected, match="time_repeated"):
        clocks.meant(wall)
    first, second = (clocks.meant(wall, each) for each in Occurrence)
    assert (second - first, clocks.begin(wall)) == (apart, first)
    assert clocks.wall(first) == clocks.wall(second) == wall


def test_days_are_as_long_as_their_clocks_make_them() -> None:
    def hours(name: str, day: str) -> float:
        begin = wall_of(date.fromisoformat(day))
        return (zone(name).begin(begin + DAY) - zone(name).begin(begin)) / 60

    assert hours("America/New_York", "2026-03-08") == 23
    assert hours("America/New_York", "2026-11-01") == 25
    assert hours("Australia/Lord_Howe", "2026-10-04") == 23.5
    assert hours("Pacific/Apia", "2011-12-30") == 0
    assert hours("Asia/Kathmandu", "2026-03-08") == 24


def test_spans_have_one_offset_each_and_leave_nothing_out() -> None:
    clocks = zone("Australia/Lord_Howe")
    start = minute_of(datetime(2026, 1, 1, tzinfo=UTC))
    spans = list(clocks.spans(start, start + 365 * DAY))
    assert [offset for _, _, offset in spans] == [660, 630, 660]
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert (spans[0][0], spans[-1][1]) == (start, start + 365 * DAY)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe", "europe/berlin", "EST5EDT4"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(Rejected, match="zone_unknown"):
        zone(name)


@pytest.mark.parametrize("text", ["", "2026-03-29", "2026-03-29T25:00", "2026-03-29T10:00Z", "10:00"])
def test_what_is_no_wall_time_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="time_invalid"):
        wall_from(text)


def test_wall_times_are_written_as_they_are_read() -> None:
    assert text_of(wall_from("2026-03-29T09:05")) == "2026-03-29T09:05"
    assert day_of(wall_from("1969-12-31T23:59")) == date(1969, 12, 31)
    assert instant_of(minute_of(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=59))).second == 0
