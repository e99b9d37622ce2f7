"""What the log holds of one person, for themselves: every event about them or by them, as they may have it."""

import asyncio
import base64
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from domain.kernel import Catalogue
from infra.log import Log, Record
from schemas import topics
from schemas.codec import Codec, Undecodable
from schemas.envelope import BrokenEnvelope, Happened, actor_of
from schemas.history import meaning_of
from schemas.sealing import Around

BATCH, AHEAD = 1_000, 2_000  # events read at a time; how many wait for a slow client


class PersonalData:
    """Reads all events once for each question: for rights that are seldom used, not for pages."""

    def __init__(self, source: Log, codec: Codec, catalogue: Catalogue) -> None:
        self._log, self._codec, self._catalogue = source, codec, catalogue
        self._one_at_a_time = asyncio.Lock()

    async def of(self, person: UUID) -> AsyncIterator[bytes]:
        """A JSON array, an event a line: those of their account, by them, and with something personal of theirs.

        What is personal of others in these events is left out, and so are secrets. Who asks meanwhile waits.
        """
        async with self._one_at_a_time:
            async for each in self._of(person):
                yield each

    async def _of(self, person: UUID) -> AsyncIterator[bytes]:
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[bytes | BaseException | None](AHEAD)
        stop = threading.Event()

        def read() -> None:
            def give(found: bytes | BaseException | None) -> None:
                asyncio.run_coroutine_threadsafe(queue.put(found), loop).result()

            try:
                for each in self._lines(person, stop):
                    give(each)
                give(None)
            except BaseException as error:
                give(error)

        reading = asyncio.create_task(asyncio.to_thread(read))
        start = b"[\n"
        try:
            while (found := await queue.get()) is not None:
                if isinstance(found, BaseException):
                    raise found
                yield start + found
                start = b",\n"
            yield b"\n]\n" if start == b",\n" else b"[]\n"
        finally:
            stop.set()
            while not reading.done():  # it may wait for room
                while not queue.empty():
                    queue.get_nowait()
                await asyncio.sleep(0.01)

    def _lines(self, person: UUID, stop: threading.Event) -> Iterator[bytes]:
        counts = self._log.topics()
        names = [topics.events(each) for each in self._catalogue.systems]
        reader = self._log.reader({(name, number): 0 for name in names for number in range(counts[name])})
        try:
            while not (reader.level() or stop.is_set()):
                for record in reader.poll(BATCH, 0.1):
                    for happened in self._meant(record):
                        if found := self._told(happened, str(person)):
                            yield orjson.dumps(found, option=orjson.OPT_NON_STR_KEYS)
        finally:
            reader.close()

    def _meant(self, record: Record) -> list[Happened]:
        try:
            return list(meaning_of(record.topic, record.partition, record.headers, record.value or b"", self._codec))
        except (BrokenEnvelope, Undecodable):
            return []

    def _told(self, happened: Happened, person: str) -> dict[str, Any] | None:
        at, seals = happened.at, self._codec.seals
        around = Around(at.aggregate_id, actor_of(at.actor.encode()).id)
        own = person in (at.aggregate_id, around.actor)
        if seals is None or not (own or person in seals.subjects(happened.event, around)):
            return None
        about = seals.only_of(person, happened.event, around)
        return {"time": at.time, "type": at.type, "of": at.key, "id": at.id, "data": _plain(about)}


def _plain(value: Any) -> Any:
    """A message as JSON has it, whole, but for its secrets."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case timedelta():
            return value.total_seconds()
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case tuple() | list() | frozenset():
            return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        shown = [each.name for each in fields(value) if not each.metadata.get("secret")]
        return {name: _plain(getattr(value, name)) for name in shown}
    return value
