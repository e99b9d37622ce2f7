"""The stock over time: it counts as one would by looking at every interval, and has one form for the same intervals."""

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.intervals import Interval, intersect, peak
from domain.parking.stock import EMPTY, Profile, Vehicle, first_with_room, free, pools_for, profile_of, room

spans = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (min(pair), max(pair)))
several = settings(max_examples=80, deadline=None)


def busiest(taken: list[tuple[int, int]], start: int, end: int) -> int:
    """By looking at every interval."""
    window = [Interval(start, end)]
    return peak(part for span in taken for part in intersect([Interval(*span)], window))


@several
@for_all(st.lists(spans, max_size=12), spans)
def test_the_most_is_what_every_interval_says(taken: list[tuple[int, int]], window: tuple[int, int]) -> None:
    profile = profile_of(taken)
    assert profile.most(*window) == busiest(taken, *window)
    for instant in range(31):
        assert profile.at(instant) == sum(start <= instant < end for start, end in taken)


@several
@for_all(st.lists(spans, max_size=10), st.lists(spans, max_size=10))
def test_what_came_and_went_leaves_no_trace(stays: list[tuple[int, int]], gone: list[tuple[int, int]]) -> None:
    profile = EMPTY
    for each in (*gone, *stays):
        profile = profile.plus(*each)
    for each in gone:
        profile = profile.plus(*each, -1)
    assert profile == profile_of(stays)
    assert len(profile.times) <= 2 * len(stays)


@several
@for_all(st.lists(spans, max_size=12), st.integers(0, 4), st.integers(0, 31))
def test_the_first_instant_above_a_limit(taken: list[tuple[int, int]], limit: int, since: int) -> None:
    profile = profile_of(taken)
    expected = next((each for each in range(since, 32) if profile.at(each) > limit), None)
    assert profile.first_above(limit, since) == expected


@several
@for_all(st.lists(spans, max_size=12), st.lists(spans, max_size=12), spans)
def test_what_is_listed_can_be_sold_and_no_more(
    motorcycles: list[tuple[int, int]], cars: list[tuple[int, int]], window: tuple[int, int]
) -> None:
    capacity = {"motorcycle": 2, "car": 3}
    taken = {"motorcycle": profile_of(motorcycles), "car": profile_of(cars)}
    pools = pools_for(Vehicle.MOTORCYCLE)
    listed = free(capacity, taken, pools, *window)
    assert 0 <= listed <= 5
    for left in range(listed, 0, -1):
        pool = first_with_room(capacity, taken, pools, *window)
        assert pool is not None
        taken[pool] = taken[pool].plus(*window)
        if window[0] < window[1]:
            assert free(capacity, taken, pools, *window) == left - 1
    if window[0] < window[1]:
        assert first_with_room(capacity, taken, pools, *window) is None


def test_intervals_that_touch_do_not_meet() -> None:
    profile = Profile().plus(10, 20).plus(20, 30)
    assert profile.most(0, 40) == 1
    assert profile == Profile((10, 30), (1, 0))


def test_classes_are_nested_one_way() -> None:
    assert pools_for(Vehicle.MOTORCYCLE) == ("motorcycle", "car")
    assert pools_for(Vehicle.CAR) == ("car",)
    assert pools_for(Vehicle.CAR, "A1") == ("space:A1",)
    assert room({}, {}, "car", 0, 1) == 0
