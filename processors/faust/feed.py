"""The feed between Faust's agents and a stream: what has come while one batch was handled is the next one."""

import asyncio
from time import monotonic
from typing import Any

from infra.log import Record
from processors.streams import Stream

BATCH = 500
ROOM = 2_000  # records that wait here; when it is full, Faust waits


class Feed:
    """Hands records to a stream in the order in which they come, one batch at a time.

    Faust takes a record for done as soon as it is here. That does no harm: what is committed is the stream's progress,
    and records whose partition moves away while they wait are dropped by the stream and read by the next owner.
    """

    def __init__(self, target: Stream[Any]) -> None:
        self._target = target
        self._waiting: list[Record] = []
        self._closed = False
        self._more, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()

    async def add(self, record: Record) -> None:
        """Takes a record as soon as there is room."""
        await self._room.wait()
        self._waiting.append(record)
        self._more.set()
        if len(self._waiting) >= ROOM and not self._closed:
            self._room.clear()

    async def run(self) -> None:
        """Feeds the stream until the feed is closed."""
        while True:
            await self._more.wait()
            if self._closed:
                return
            taken_at = monotonic()
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not self._waiting:
                self._more.clear()
            self._room.set()
            await self._target.handle(batch)
            await asyncio.sleep(max(0.0, taken_at + self._target.handler.pace - monotonic()))

    def close(self) -> None:
        """Ends `run` after the batch in work; what still waits is read again by whoever is next."""
        self._closed = True
        self._more.set()
        self._room.set()
