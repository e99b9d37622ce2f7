"""Finds out which number of a file's dates is the day."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import chain
from typing import NamedTuple

from producers.chat_export.headers import YEARS, DateOrder, Header, Shape, blocks
from producers.chat_export.lines import UnreadableExport

LATE = timedelta(days=1)  # so much may a message arrive after a younger one


class Layout(NamedTuple):
    """What must be known of a file before its messages can be read."""

    shape: Shape
    order: DateOrder


class AmbiguousDates(UnreadableExport):
    """All dates of the file make sense in each of `orders`: a person must say which one is meant."""

    def __init__(self, line: int, written: str, orders: tuple[DateOrder, ...]) -> None:
        readings = " and as ".join(order.words for order in orders)
        choices = " or ".join(f"--date-order {order}" for order in orders)
        super().__init__(line, f'"{written}" and all other dates can be read as {readings}: choose {choices}')
        self.orders = orders


class _Reading:
    """One order, tried on every date: which date refutes it, and whether time runs forward in it."""

    def __init__(self, order: DateOrder) -> None:
        self.order = order
        self.refuted = ""
        self.steady = True
        self._latest = date(YEARS.start, 1, 1)

    def try_on(self, line: int, header: Header) -> None:
        day = header.day(self.order)
        if day is None:
            self.refuted = self.refuted or f'"{header.written}" on line {line} is not {self.order.words}'
        else:
            self.steady = self.steady and day >= self._latest - LATE
            self._latest = max(self._latest, day)


def detect(lines: Iterable[str], order: DateOrder | None = None) -> Layout:
    """How a file writes its dates: one pass over all lines, or a look at the first if the order is given.

    An order is ruled out by a date that does not exist in it, or if time runs backwards in it but not in another. A
    year of two digits stands last unless it cannot. Raises `AmbiguousDates` if two orders remain, `UnreadableExport` if
    none does or if there are no headers.
    """
    entries = blocks(lines)
    first = next(entries)
    shape = first.header.shape
    if order is not None:
        return Layout(shape, order)
    readings = [_Reading(order) for order in shape.orders]
    different = False
    day: tuple[int, int, int] | None = None
    for line, header, _ in chain([first], entries):
        if header.numbers != day:
            day = header.numbers
            different = different or day[0] != day[1]
            for reading in readings:
                reading.try_on(line, header)
    possible = [reading for reading in readings if not reading.refuted]
    if not possible:
        raise UnreadableExport(first.line, f"the dates have no common order: {', '.join(r.refuted for r in readings)}")
    steady = [reading.order for reading in possible if reading.steady] or [reading.order for reading in possible]
    usual = tuple(order for order in steady if order is not DateOrder.YEAR_FIRST)
    if len(usual) > 1 and different:
        raise AmbiguousDates(first.line, first.header.written, usual)
    return Layout(shape, (usual or (DateOrder.YEAR_FIRST,))[0])
