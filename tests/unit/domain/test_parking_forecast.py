"""What is to be expected of a day: on the clock of the car park, between what is promised and what there is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as some

from domain.parking.forecast import Course, Expected, expected, hours, weeks_before

BERLIN = ZoneInfo("Europe/Berlin")
counts = some.integers(0, 50)


@pytest.mark.parametrize(
    ("before", "promised", "found"),
    [
        ((), 3, Expected(3, 3, 3, 3, 0)),
        ((10, 20, 31), 3, Expected(20, 10, 31, 3, 3)),
        ((10, 11), 0, Expected(11, 10, 11, 0, 2)),
        ((10, 20), 25, Expected(25, 25, 25, 25, 2)),
        ((60, 60), 0, Expected(40, 40, 40, 0, 2)),
    ],
)
def test_the_weeks_before_and_what_is_promised(before: tuple[int, ...], promised: int, found: Expected) -> None:
    assert expected(before, promised, 40) == found


@any_of(some.lists(counts, max_size=8), counts, counts)
def test_it_is_between_what_is_promised_and_what_there_is(before: list[int], promised: int, more: int) -> None:
    one = expected(before, promised, promised + more)
    assert promised <= one.low <= one.mean <= one.high <= promised + more


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 23), (date(2026, 3, 30), 24), (date(2026, 10, 25), 25)])
def test_a_day_has_the_hours_it_has(day: date, count: int) -> None:
    found = hours(day, BERLIN)
    assert len(found) == count
    assert {each.astimezone(BERLIN).date() for each in found} == {day}


def test_the_weeks_before_are_told_by_the_wall_clock() -> None:
    monday = datetime(2026, 3, 30, 6, tzinfo=UTC)  # eight in Berlin, the day after the clocks were put on
    assert weeks_before(monday, BERLIN)[0] == datetime(2026, 3, 23, 7, tzinfo=UTC)


def test_what_was_in_stays_in_until_something_happens() -> None:
    course = Course((4, 9), (7, 2))
    assert [course.at(slot) for slot in (4, 5, 9, 10, 99)] == [0, 7, 7, 2, 2]
    assert Course().at(5) == 0
