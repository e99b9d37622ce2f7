"""From the lines of an export to its entries."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from producers.chat_export.bodies import interpret
from producers.chat_export.dates import Layout, detect
from producers.chat_export.entries import Entry
from producers.chat_export.headers import DateOrder, blocks
from producers.chat_export.lines import UnreadableExport, open_export, read_lines


class _Occurrences:
    """Numbers equal entries among the last few thousand: "ok" and "ok" in one minute are two messages."""

    WINDOW = 4096

    def __init__(self) -> None:
        self._seen = OrderedDict[UUID, int]()

    def number(self, entry: Entry) -> Entry:
        ordinal = self._seen.pop(entry.key, 0)
        self._seen[entry.key] = ordinal + 1
        if len(self._seen) > self.WINDOW:
            self._seen.popitem(last=False)
        return replace(entry, ordinal=ordinal) if ordinal else entry


def parse(lines: Iterable[str], *, zone: ZoneInfo, layout: Layout) -> Iterator[Entry]:
    """The entries of an export in the order of the file, in constant memory. Raises `UnreadableExport`.

    The file holds what a clock showed in `zone`, where the phone was when it exported.
    """
    previous = datetime.min.replace(tzinfo=UTC)
    occurrences = _Occurrences()
    for line, header, text in blocks(lines, layout.shape):
        clock = header.moment(layout.order, zone)
        if clock is None:
            raise UnreadableExport(
                line, f'"{header.written}" is impossible, expected a date as {layout.order.words} and a time'
            )
        previous = _instant(clock, previous)
        yield occurrences.number(interpret(line, previous, text, marked=layout.shape.bracketed))


def _instant(clock: datetime, previous: datetime) -> datetime:
    """When a clock showed this. In autumn an hour is shown twice: then the first time that is not before `previous`."""
    early, late = (clock.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return late if early < previous <= late else early


def read_export(path: Path, *, zone: ZoneInfo, order: DateOrder | None = None) -> Iterator[Entry]:
    """The entries of the `.txt` or `.zip` at `path`, read twice: for the order of its dates, then for what it says."""
    with open_export(path) as stream:
        layout = detect(read_lines(stream), order)
    with open_export(path) as stream:
        yield from parse(read_lines(stream), zone=zone, layout=layout)
