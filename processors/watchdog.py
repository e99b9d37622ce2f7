"""The watchdog: ends a process whose stream makes no progress, so that its supervisor starts it anew."""

import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Any

import structlog

from infra.log import Log, LogUnavailable, TopicPartition
from processors.streams import Stream

log = structlog.get_logger(__name__)

FAILED = 75  # exit status: EX_TEMPFAIL, try again


def end_process(why: str, stacks: str) -> None:
    """Ends this process at once; the last it says is where everything in it stood."""
    log.critical("no progress, ending the process", why=why)
    print(stacks, file=sys.stderr, flush=True)
    os._exit(FAILED)


class Watchdog:
    """Looks at a stream from a thread of its own.

    Two things end the process after `patience` seconds: a stream in which nothing at all happens (its handler hangs, or
    its event loop is lost), and a partition that stands still although records wait in it (its feeder is dead). A
    stream that waits for tables or log that are away is not to blame.
    """

    def __init__(
        self, stream: Stream[Any], source: Log, patience: float, end: Callable[[str, str], None] = end_process
    ) -> None:
        self._stream, self._log, self._patience, self._end = stream, source, patience, end
        self._standing: dict[TopicPartition, tuple[int, float]] = {}  # its place, and since when it is there
        self._waiting: dict[TopicPartition, int] = {}  # the place behind which records were found, when last looked at
        self._read: dict[TopicPartition, int] = {}  # the end of the log up to which there was nothing to read
        self._stop = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watches while the block runs."""
        self._stream.pulse = monotonic()
        thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(1.0)

    def _watch(self) -> None:
        while not self._stop.wait(self._patience / 10):
            if why := self.complaint():
                self._end(f"{self._stream.name}: {why}", stacks(self._stream))
                return

    def complaint(self) -> str:
        """What is wrong; "" while nothing is."""
        silent = monotonic() - self._stream.pulse
        if silent > self._patience:
            return f"nothing has happened for {silent:.0f} s"
        try:
            return self._standing_still()
        except LogUnavailable:
            self._standing.clear()
            return ""

    def _standing_still(self) -> str:
        progress = self._stream.progress()
        self._standing = {each: known for each, known in self._standing.items() if each in progress}
        for partition, at in progress.items():
            now = monotonic()
            place, since = self._standing.setdefault(partition, (at.place, now))
            if place != at.place:
                self._standing[partition] = at.place, now
            elif now - since > self._patience and self._stream.work is None:
                if not self._has_records(partition, at.place + 1):
                    self._standing[partition] = at.place, now  # there was nothing to do: looked at again in a while
                elif self._waiting.get(partition) == at.place:
                    return f"{partition[0]} {partition[1]} has stood at offset {at.place} for {now - since:.0f} s"
                else:  # they may have come this moment: wrong only if the next look finds them still there
                    self._waiting[partition] = at.place
        return ""

    def _has_records(self, partition: TopicPartition, start: int) -> bool:
        """Whether there is anything to read from `start`; behind the last record may be only the log's own marks."""
        end = self._log.end(partition)
        if end <= start or self._read.get(partition) == end:
            return False
        reader = self._log.reader({partition: start})
        try:
            found = reader.poll(1, 1.0)
            while not found and not reader.level():
                found = reader.poll(1, 1.0)
        finally:
            reader.close()
        if not found:
            self._read[partition] = end
        return bool(found)


def stacks(stream: Stream[Any]) -> str:
    """Where every thread of this process stands, and what the stream's work waits for."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = [
        f"Thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
    ]
    if (work := stream.work) is not None:
        parts.append(f"The stream's work:\n{''.join(_awaits(work.get_coro()).format())}")
    return "\n".join(parts)


def _awaits(awaited: object) -> traceback.StackSummary:
    """The frames of a suspended coroutine, from the task's own down to what it waits for."""
    frames: list[tuple[FrameType, int]] = []
    while (frame := getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)) is not None:
        frames.append((frame, frame.f_lineno))
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return traceback.StackSummary.extract(iter(frames))
