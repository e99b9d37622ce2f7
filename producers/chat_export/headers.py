"""What stands before a message: the date and the time, as phones in many countries write them."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from typing import NamedTuple

from producers.chat_export.lines import EXPECTED, LONGEST_LINE, UnreadableExport

YEARS = range(2009, 2100)  # nothing was exported before; later years are counted in another calendar

_MARKS = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff"  # directions of writing, and the byte order mark
_MARK = re.compile(f"[{_MARKS}]+")
_SPACES = re.compile(r"\s+")
_OPENING = re.compile(rf"[{_MARKS}]*(?:\[([^\]]{{8,60}})\]|(\d[^\[\]]{{7,60}}?)\s[-–—])(?:\s|$)(.*)", re.DOTALL)
_STAMP = re.compile(
    r"(\d{4}|\d{1,2})([./-]) ?(\d{1,2})\2 ?(\d{4}|\d{1,2})\.?"
    r"[,،]? (?:([^\d\s]{1,9}) ?)?"
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?"
    r"(?: ?([^\d\s][^\d]{0,9}))?"
)
_PUNCTUATION = re.compile(r"[\s.\"״'׳]")
_MORNING = ("am", "ص", "قظ", "上午", "午前", "오전", "πμ", "öö", "de", "sa", "לפנהצ", "पूर्वाह्न")
_AFTERNOON = ("pm", "م", "بظ", "下午", "午後", "오후", "μμ", "ös", "du", "ch", "אחהצ", "अपराह्न")
_HALF_DAYS = dict.fromkeys(_MORNING, 0) | dict.fromkeys(_AFTERNOON, 12)
_AT = {"at", "um", "kl", "klo", "om", "à", "às", "alle", "в"}


class DateOrder(StrEnum):
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    YEAR_FIRST = "ymd"

    @property
    def words(self) -> str:
        return "/".join({"d": "day", "m": "month", "y": "year"}[letter] for letter in self.value)


_PLACES = {order: tuple(order.value.index(letter) for letter in "ymd") for order in DateOrder}


class Shape(NamedTuple):
    """How a file writes its headers. All of them have one shape: a line of any other shape is the text of a message."""

    bracketed: bool
    separator: str
    year_digits: tuple[int, int]  # of the first and the last number of the date: 4, or 2 for one or two digits
    seconds: bool
    half_days: bool

    @property
    def orders(self) -> tuple[DateOrder, ...]:
        """What the three numbers can mean, the usual first."""
        return {
            (4, 2): (DateOrder.YEAR_FIRST,),
            (2, 4): (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST),
            (2, 2): (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST, DateOrder.YEAR_FIRST),
        }.get(self.year_digits, ())


class Header(NamedTuple):
    shape: Shape
    written: str
    numbers: tuple[int, int, int]  # of the date
    clock: tuple[int, int, int]
    half_day: int | None  # the hours to add, 0 or 12
    rest: str

    def day(self, order: DateOrder) -> date | None:
        """The day that is meant in this order, if there is such a day."""
        year, month, day = (self.numbers[place] for place in _PLACES[order])
        if year < 100:
            year += 2000
        try:
            return date(year, month, day) if year in YEARS else None
        except ValueError:
            return None

    def moment(self, order: DateOrder, zone: tzinfo) -> datetime | None:
        """What a clock in `zone` showed, if there is such a day and hour."""
        day = self.day(order)
        hour, minute, second = self.clock
        if self.half_day is not None:
            hour = hour % 12 + self.half_day if hour <= 12 else 24
        try:
            return datetime.combine(day, time(hour, minute, second), zone) if day else None
        except ValueError:
            return None


class Block(NamedTuple):
    """A header, the text from there to the next header, and the number of its first line."""

    line: int
    header: Header
    text: str


def without_marks(text: str) -> str:
    """The text without the invisible marks that steer its direction, and with plain single spaces."""
    return _SPACES.sub(" ", _MARK.sub("", text)).strip()


def header(line: str) -> Header | None:
    """The header a line begins with, if any."""
    opening = _OPENING.match(line)
    if opening is None:
        return None
    bracketed, plain, rest = opening.groups()
    written = without_marks(bracketed or plain)
    stamp = _STAMP.fullmatch(written)
    if stamp is None:
        return None
    first, separator, second, third, before, hour, minute, seconds, after = stamp.groups()
    word = _PUNCTUATION.sub("", after or before or "").lower()
    half_day = _HALF_DAYS.get(word)
    shape = Shape(
        bracketed=bracketed is not None,
        separator=separator,
        year_digits=(max(2, len(first)), max(2, len(third))),
        seconds=seconds is not None,
        half_days=half_day is not None,
    )
    if not shape.orders or (word and half_day is None and (after or word not in _AT)):
        return None
    date_numbers, time_numbers = (int(first), int(second), int(third)), (int(hour), int(minute), int(seconds or 0))
    return Header(shape, written, date_numbers, time_numbers, half_day, rest)


def blocks(lines: Iterable[str], shape: Shape | None = None) -> Iterator[Block]:
    """The lines grouped under their headers, whose shape is the given one or that of the first; one group in memory.

    Raises `UnreadableExport` if the first line is no header, if there is none, or if one is followed by too much text.
    """
    begin, current, text, size = 0, None, list[str](), 0
    for number, ended in enumerate(lines, start=1):
        line = ended.removesuffix("\n").removesuffix("\r")
        found = header(line)
        if found is not None and found.shape == (shape or found.shape):
            if current is not None:
                yield Block(begin, current, "\n".join(text))
            shape = found.shape
            begin, current, text, size = number, found, [found.rest], len(found.rest)
        elif current is not None:
            text.append(line)
            size += 1 + len(line)
        elif without_marks(line):
            raise UnreadableExport(number, f'found "{line[:60]}", expected {EXPECTED}')
        if size > LONGEST_LINE:
            raise UnreadableExport(number, f"the message of line {begin} has no end, expected {EXPECTED}")
    if current is None:
        raise UnreadableExport(1, f"nothing but empty lines, expected {EXPECTED}")
    yield Block(begin, current, "\n".join(text))
