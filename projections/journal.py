"""The log itself, made readable: its topics, its latest records, what comes just now, and how one message went on."""

import asyncio
import dataclasses
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from domain.instants import instant
from domain.kernel import Snapshot
from infra.keyring import KEYS
from infra.log import Log, LogUnavailable, Reader, Record, TopicPartition
from infra.progress import progress_of
from infra.tables import Tables
from schemas import topics
from schemas.codec import Codec, Undecodable
from schemas.envelope import from_timestamp

DEPTH = 2_000  # records of each partition that are looked through for the latest that match
LONG = 2_000  # characters of a text field that are shown
QUEUED = 2_000  # records that may wait for a slow reader; beyond it is told how many it missed


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: all given parts must agree; "" is any. `key` and `type` may be beginnings."""

    topic: str = ""
    system: str = ""
    key: str = ""
    type: str = ""
    actor: str = ""
    correlation: str = ""

    def of_topic(self, topic: str) -> bool:
        return (not self.topic or topic == self.topic) and (not self.system or topic.partition(".")[0] == self.system)

    def takes(self, record: Record) -> bool:
        """Whether a record of a wanted topic is wanted; looks at headers only."""
        return (
            record.key.decode(errors="replace").startswith(self.key)
            and _header(record, "ce_type").startswith(self.type)
            and (not self.actor or self.actor == _actor(record))
            and (not self.correlation or self.correlation == _header(record, "ce_correlationid"))
        )


class Journal:
    """Reads the log for people. Secret fields are never shown; nothing here moves anybody's offsets."""

    def __init__(self, source: Log, codec: Codec, tables: Tables, consumers: Sequence[str]) -> None:
        self._log, self._codec, self._tables, self._consumers = source, codec, tables, tuple(consumers)

    async def topics(self) -> list[dict[str, Any]]:
        """Every topic with the end of each of its partitions."""

        def ask() -> list[dict[str, Any]]:
            counts = sorted(self._log.topics().items())
            ends = self._log.ends([(name, number) for name, count in counts for number in range(count)])
            return [
                {"topic": name, "partitions": count, "end": [ends[name, number] for number in range(count)]}
                for name, count in counts
            ]

        return await asyncio.to_thread(ask)

    async def latest(self, wanted: Wanted, limit: int) -> list[dict[str, Any]]:
        """The latest `limit` wanted records among the last DEPTH of each partition, oldest first."""

        def read() -> list[Record]:
            starts = {each: max(0, end - DEPTH) for each, end in self._log.ends(self._partitions(wanted)).items()}
            if not starts:
                return []
            reader = self._log.reader(dict(starts))
            found: list[Record] = []
            try:
                while not reader.level():
                    found += [each for each in reader.poll(1_000, 0.05) if wanted.takes(each)]
            finally:
                reader.close()
            return sorted(found, key=_time)[-limit:] if limit else []

        return [self.readable(each) for each in await asyncio.to_thread(read)]

    async def trace(self, correlation: str) -> dict[str, Any]:
        """Everything recent of one correlation id, in time, and which consumers have applied its events."""
        found = await self.latest(Wanted(correlation=correlation), 1_000)
        applied = []
        for consumer in self._consumers:
            reached = await progress_of(self._tables, consumer)
            for record in found:
                progress = reached.get((record["topic"], record["partition"]))
                if record["sequence"] is not None and progress is not None:
                    done = progress.sequence >= record["sequence"]
                    # When is known only of the event a partition was left at.
                    at = instant(progress.applied_at) if progress.sequence == record["sequence"] else None
                    applied.append({"consumer": consumer, "id": record["id"], "applied": done, "at": at})
        return {"correlation": correlation, "records": found, "applied": applied}

    async def tail(self, wanted: Wanted) -> AsyncGenerator[tuple[list[dict[str, Any]], int], None]:
        """What comes from now on: batches of wanted records, and how many were left out since the last batch."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[Record](QUEUED)
        stop, missed = threading.Event(), 0

        def put(records: list[Record]) -> None:
            nonlocal missed
            for each in records:
                if queue.full():
                    missed += 1
                else:
                    queue.put_nowait(each)

        def read() -> None:
            reader: Reader | None = None
            try:
                while not stop.is_set():
                    try:
                        reader = reader or self._log.reader(dict.fromkeys(self._partitions(wanted)))
                        records = [each for each in reader.poll(1_000, 0.2) if wanted.takes(each)]
                    except LogUnavailable:
                        stop.wait(1.0)
                        continue
                    if records:
                        loop.call_soon_threadsafe(put, records)
            finally:
                if reader is not None:
                    reader.close()

        thread = threading.Thread(target=read, name="tail", daemon=True)
        thread.start()
        try:
            while True:
                batch: list[Record] = []
                try:
                    async with asyncio.timeout(1.0):
                        batch.append(await queue.get())
                except TimeoutError:
                    pass
                while not queue.empty() and len(batch) < 200:
                    batch.append(queue.get_nowait())
                skipped, missed = missed, 0
                yield [self.readable(each) for each in batch], skipped
        finally:
            stop.set()
            await asyncio.to_thread(thread.join)

    def readable(self, record: Record) -> dict[str, Any]:
        """A record as people read it: attributes, and the body as JSON values with its secrets left out."""
        sequence = _header(record, "ce_sequence")
        return {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "sequence": int(sequence) if sequence.isdecimal() else None,
            "key": record.key.decode(errors="replace"),
            "type": _header(record, "ce_type"),
            "id": _header(record, "ce_id"),
            "time": instant(_time(record)),
            "actor": _header(record, "ce_actor"),
            "correlation": _header(record, "ce_correlationid"),
            "causation": _header(record, "ce_causationid"),
            "size": len(record.value or b""),
            "headers": {name: value.decode(errors="replace") for name, value in record.headers.items()},
            "body": self._body(record),
        }

    def _body(self, record: Record) -> Any:
        if record.value is None:
            return None
        try:
            messages = self._codec.decode_all(record.value)
        except Undecodable as error:
            return {"unreadable": str(error)}
        found = [shown(each.state if isinstance(each, Snapshot) else each) for each in messages]
        return found[0] if len(found) == 1 else found

    def _partitions(self, wanted: Wanted) -> list[TopicPartition]:
        counts: Mapping[str, int] = self._log.topics()
        names = [name for name in counts if wanted.of_topic(name) and name != KEYS]
        if not wanted.topic:  # what only repeats the others is shown when asked for by name
            names = [n for n in names if not n.endswith((topics.STATE, topics.ANSWERED)) and n != topics.ANSWERS]
        return [(name, number) for name in names for number in range(counts[name])]


def shown(value: Any) -> Any:
    """A message as JSON values; secret fields are left out, raw bytes are told by their length."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: "(secret)" if each.metadata.get("secret") else shown(getattr(value, each.name))
            for each in dataclasses.fields(value)
        }
    match value:
        case Enum():
            return value.value
        case bytes():
            return f"({len(value)} bytes)"
        case str():
            return value if len(value) <= LONG else value[:LONG] + "…"
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case UUID():
            return str(value)
        case dict():
            return {str(shown(key)): shown(each) for key, each in list(value.items())[:100]}
        case tuple() | frozenset() | list():
            return [shown(each) for each in list(value)[:100]]
    return value


def _header(record: Record, name: str) -> str:
    return record.headers.get(name, b"").decode(errors="replace")


def _actor(record: Record) -> str:
    """The name of who acted: a person's id, a part of the system."""
    return _header(record, "ce_actor").partition("|")[2].partition("|")[0]


def _time(record: Record) -> int:
    try:
        return from_timestamp(record.headers["ce_time"])
    except (KeyError, ValueError):
        return record.time
