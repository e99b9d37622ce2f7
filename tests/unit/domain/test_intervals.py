"""Half-open intervals against the plain sets of the instants in them."""

from itertools import pairwise

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.intervals import Interval, contains, intersect, overlap, peak, subtract, union

intervals = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: Interval(*pair)), max_size=8)


def instants(found: list[Interval[int]]) -> set[int]:
    return {each for interval in found for each in range(interval.start, interval.end)}


def is_tidy(found: list[Interval[int]]) -> bool:
    apart = all(one.end < other.start for one, other in pairwise(found))
    return apart and all(each.start < each.end for each in found)


@for_all(intervals, intervals)
def test_union_subtraction_and_intersection_are_those_of_sets(
    one: list[Interval[int]], other: list[Interval[int]]
) -> None:
    assert instants(union(one)) == instants(one)
    assert instants(subtract(one, other)) == instants(one) - instants(other)
    assert instants(intersect(one, other)) == instants(one) & instants(other)
    assert is_tidy(union(one))
    assert is_tidy(subtract(one, other))
    assert is_tidy(intersect(one, other))


@for_all(intervals)
def test_the_peak_is_the_most_at_one_instant(found: list[Interval[int]]) -> None:
    counts = [sum(each.start <= instant < each.end for each in found) for instant in range(40)]
    assert peak(found) == max(counts)


@for_all(st.tuples(st.integers(0, 9), st.integers(0, 9)), st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_two_overlap_where_they_share_an_instant(one: tuple[int, int], other: tuple[int, int]) -> None:
    first, second = Interval(*one), Interval(*other)
    assert overlap(first, second) == overlap(second, first) == bool(instants([first]) & instants([second]))


def test_what_touches_does_not_overlap() -> None:
    assert not overlap(Interval(9, 10), Interval(10, 11))
    assert contains(Interval(9, 12), Interval(9, 12))
    assert not contains(Interval(9, 12), Interval(9, 13))
