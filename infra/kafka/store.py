"""The local store: the last committed value of each key, per partition, in a database restored from the log.

Everything here can be thrown away and read again; the only question is from where. A partition has its values and a
checkpoint, written in the same batches, and one thing is always true: applying the log's committed records from the
checkpoint on, in order, gives the right values. What keeps it true:

- `restore` moves the checkpoint with each slice it applies, and at its end to the end of the log it has met.
- `put` applies what we have just committed, at offsets nobody tells us. It moves no checkpoint by that: to apply our
  own entries once more, old ones first, ends where they are now.
- So that not all since the restore is read again, the end of the log is asked for every `PROPOSED_EVERY` entries; the
  next `put` that finds the answer notes it, and the one after that makes it the checkpoint. Behind the noted end lie
  records that are ours and applied, or aborted - unless the partition had another owner before we asked. But then the
  transaction of the later `put` would not have been committed: its offsets would carry a membership that had ended.
- A checkpoint is worth nothing when it is older than `STALE` (a removed key's last trace may be compacted away), of
  another topic with the same name, or beyond the end of the log. Then all is read again.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import structlog
from confluent_kafka.admin import ListOffsetsResultInfo  # type: ignore[attr-defined]  # only not marked as exported

from infra.kafka.clients import Settings
from infra.kafka.cluster import Cluster, offset_of
from infra.kafka.database import Checkpoint, Database, Part
from infra.kafka.reader import KafkaReader
from infra.kafka.topics import TOMBSTONES_KEPT
from infra.log import LogUnavailable, TopicPartition

log = structlog.get_logger(__name__)

SLICE = 5_000  # records that one `restore` applies, at most
SLICE_WITHIN = 0.1  # seconds it waits for the first of them
PROPOSED_EVERY = 10_000  # entries put into a partition between two questions for the log's end
STALE = TOMBSTONES_KEPT / 2
RESTORING: Settings = {"fetch.wait.max.ms": 5}  # a restore ends with an empty fetch; it is soon over


@dataclass(slots=True)
class Restoring:
    values: Part
    topic_id: str
    reader: KafkaReader | None  # none where there is nothing to read
    next: int
    target: int

    def close_reader(self) -> None:
        if self.reader is not None:
            self.reader.close()


@dataclass(slots=True)
class Ready:
    values: Part
    topic_id: str
    entries: int = 0  # put since the log's end was asked for
    asked: "Future[ListOffsetsResultInfo] | None" = None
    noted: Checkpoint | None = None


class KafkaStore:
    """The partitions that one slot owns. One thread only; a partition must be restored before it is used."""

    def __init__(
        self, settings: Settings, cluster: Cluster, data_dir: Path, slot: str, retention: timedelta | None
    ) -> None:
        self._settings, self._cluster, self._retention = settings | RESTORING, cluster, retention
        kind = "values" if retention is None else "expiring"  # their files differ
        self._directory = data_dir / quote(slot, safe="") / kind  # any slot makes a legal name
        self._database: Database | None = None  # opened when first needed: another process may still have it
        self._topic_ids: dict[str, str] = {}
        self._restoring: dict[TopicPartition, Restoring] = {}
        self._ready: dict[TopicPartition, Ready] = {}

    def restore(self, topic: str, partition: int) -> bool:
        """Raises LogUnavailable where Kafka does not answer or another process has the files open."""
        place = (topic, partition)
        if place in self._ready:
            return True
        work = self._restoring.get(place)
        if work is None:
            work = self._restoring[place] = self._begin(place)
        records = [] if work.reader is None else work.reader.poll(SLICE, SLICE_WITHIN)
        level = work.reader is None or work.reader.level()
        if records:
            work.next = records[-1].offset + 1
        if level:
            work.next = max(work.next, work.target)
        if records or level:
            now = time.time()
            oldest = 0 if self._retention is None else (now - self._retention.total_seconds()) * 1_000_000
            entries = [(record.key, record.value) for record in records if record.time >= oldest]
            work.values.apply(entries, Checkpoint(work.next, work.topic_id, now))
        if level:
            del self._restoring[place]
            work.close_reader()
            self._ready[place] = Ready(work.values, work.topic_id)
        return level

    def get_many(self, topic: str, partition: int, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        return self._of(topic, partition).values.get_many(keys)

    def put(self, topic: str, partition: int, entries: Sequence[tuple[bytes, bytes | None]]) -> None:
        ready = self._of(topic, partition)
        ready.values.apply(entries, ready.noted)
        ready.noted = None
        ready.entries += len(entries)
        if ready.asked is not None:
            if ready.asked.done():
                ready.noted = self._note(ready.asked, ready.topic_id)
                ready.asked = None
        elif ready.entries >= PROPOSED_EVERY:
            ready.entries = 0
            ready.asked = self._cluster.ask_ends([(topic, partition)])[topic, partition]

    def release(self, topic: str, partition: int) -> None:
        place = (topic, partition)
        if work := self._restoring.pop(place, None):
            work.close_reader()
        self._ready.pop(place, None)

    def close(self) -> None:
        for place in (*self._restoring, *self._ready):
            self.release(*place)
        if self._database is not None:
            self._database.close()
            self._database = None

    def _of(self, topic: str, partition: int) -> Ready:
        ready = self._ready.get((topic, partition))
        if ready is None:
            raise LookupError(f"partition {partition} of {topic} is not restored")
        return ready

    def _begin(self, place: TopicPartition) -> Restoring:
        if place[0] not in self._topic_ids:
            self._topic_ids[place[0]] = self._cluster.topic_id(place[0])
        topic_id, end = self._topic_ids[place[0]], self._cluster.ends([place])[place]
        if self._database is None:
            self._database = Database(self._directory, self._retention)
        values = self._database.part(place)
        checkpoint = values.checkpoint()
        start = 0
        if doubt := _doubt(checkpoint, topic_id, end, values):
            log.warning("local store is not of this log, rebuilding it", topic=place[0], partition=place[1], why=doubt)
            values.clear()
        elif checkpoint is not None:
            start = checkpoint.offset
        reader = KafkaReader(self._settings, {place: start}, {place: end}) if start < end else None
        return Restoring(values, topic_id, reader, start, end)

    @staticmethod
    def _note(asked: "Future[ListOffsetsResultInfo]", topic_id: str) -> Checkpoint | None:
        try:
            return Checkpoint(offset_of(asked), topic_id, time.time())
        except LogUnavailable:
            return None  # asked again in a while; until then the older checkpoint serves


def _doubt(checkpoint: Checkpoint | None, topic_id: str, end: int, values: Part) -> str:
    """Why what is there must not be built upon; empty where it may."""
    if checkpoint is None:
        return "" if values.empty() else "it has no checkpoint"
    if checkpoint.topic != topic_id:
        return "the topic was created anew"
    if checkpoint.offset > end:
        return f"it is at {checkpoint.offset}, the log ends at {end}"
    if time.time() - checkpoint.time > STALE.total_seconds():
        return "it is too old"
    return ""
