"""Half-open intervals `[start, end)`: what overlaps, what is left over, and how many hold at once."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T", int, datetime)


class Interval(NamedTuple, Generic[T]):
    """From `start` on, up to but without `end`; two that touch do not overlap. Empty where `end <= start`."""

    start: T
    end: T


def overlap(one: Interval[T], other: Interval[T]) -> bool:
    """Whether both hold at some instant; never true of an empty one."""
    return max(one.start, other.start) < min(one.end, other.end)


def contains(outer: Interval[T], inner: Interval[T]) -> bool:
    """Whether all of `inner` lies in `outer`."""
    return outer.start <= inner.start and inner.end <= outer.end


def union(intervals: Iterable[Interval[T]]) -> list[Interval[T]]:
    """The same instants as sorted intervals that neither overlap nor touch."""
    merged: list[Interval[T]] = []
    for each in sorted(each for each in intervals if each.start < each.end):
        if merged and each.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, each.end))
        else:
            merged.append(each)
    return merged


def subtract(intervals: Iterable[Interval[T]], taken: Iterable[Interval[T]]) -> list[Interval[T]]:
    """The instants of `intervals` that are in none of `taken`, as `union` gives them."""
    left: list[Interval[T]] = []
    gone = union(taken)
    ends = [hole.end for hole in gone]
    for each in union(intervals):
        start = each.start
        for hole in gone[bisect_right(ends, start) :]:
            if hole.start >= each.end:
                break
            if start < hole.start:
                left.append(Interval(start, hole.start))
            start = hole.end
        if start < each.end:
            left.append(Interval(start, each.end))
    return left


def intersect(one: Iterable[Interval[T]], other: Iterable[Interval[T]]) -> list[Interval[T]]:
    """The instants that both have, as `union` gives them."""
    found: list[Interval[T]] = []
    ones, others = union(one), union(other)
    mine = theirs = 0
    while mine < len(ones) and theirs < len(others):
        start = max(ones[mine].start, others[theirs].start)
        end = min(ones[mine].end, others[theirs].end)
        if start < end:
            found.append(Interval(start, end))
        if ones[mine].end < others[theirs].end:
            mine += 1
        else:
            theirs += 1
    return found


def peak(intervals: Iterable[Interval[T]]) -> int:
    """The most intervals that hold at one instant."""
    found = [each for each in intervals if each.start < each.end]
    ends = sorted(each.end for each in found)
    starts = sorted(each.start for each in found)
    return max((begun - bisect_right(ends, start) for begun, start in enumerate(starts, 1)), default=0)
