"""The log as files: exported from one engine, imported into another, checked on the way."""

import asyncio
import hashlib
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import structlog

from domain.kernel import Head, Snapshot
from infra import generations, workers
from infra.clock import micros_now
from infra.log import Log, LogUnavailable, Producer, Retention, Topic, TopicPartition
from infra.progress import PROGRESS, Progress, marks
from infra.tables import Row, Table, Tables
from projections.chat.inbox import Inbox
from schemas import topics
from schemas.codec import Undecodable
from schemas.envelope import BrokenEnvelope, id_of
from schemas.history import meaning_of
from septet.composition import PROJECTIONS, House, all_topics, own_tables

log = structlog.get_logger(__name__)

MANIFEST, FORMAT = "manifest.json", 1
BATCH, PAGE = 5_000, 500
WITHIN = 60.0  # seconds for records to become durable
PASSING = timedelta(days=1)  # topics that keep no longer than that say nothing about tomorrow
# Consumers that begin anew: all they know they learn from the log again, and nothing outside notices.
ANEW = ("delivery", *(each.name for each in PROJECTIONS))
LEARNT = (*Inbox.tables, *workers.TABLES, *generations.TABLES)

RECORD = fastavro.parse_schema(
    {
        "type": "record",
        "name": "septet.archive.Record",
        "fields": [
            {"name": "offset", "type": "long"},
            {"name": "time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "key", "type": "bytes"},
            {"name": "value", "type": ["null", "bytes"]},
            {"name": "headers", "type": {"type": "map", "values": "bytes"}},
        ],
    }
)
ROW = fastavro.parse_schema(
    {"type": "record", "name": "septet.archive.Row", "fields": [{"name": "messagepack", "type": "bytes"}]}
)

Told = Callable[[str, int], None]  # a file, and how many records of it are done


class BrokenArchive(Exception):
    """An archive that is not as it was written, or does not fit here; says how."""


class File(msgspec.Struct, frozen=True):
    """One file of an archive: a partition of a topic, or the rows of a table."""

    name: str
    count: int = 0
    sha256: str = ""
    topic: str = ""
    partition: int = 0
    table: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """What an archive holds; written last, so that a folder without it is no archive."""

    made_at: int  # microseconds
    engine: str
    partitions: dict[str, int]
    files: tuple[File, ...]
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Imported:
    """What came in. Devices keep what they have only where the inbox has its places again."""

    records: int
    rows: int
    aggregates: int
    same_places: bool


async def export(house: House, folder: Path, told: Told = lambda _, __: None) -> Manifest:
    """Writes events, signals and what consumers know into `folder`, also while everything goes on.

    Raises BrokenArchive where the folder holds an archive already.
    """
    _begin(folder)
    files = []
    for table in _carried():  # first: what consumers know must not be ahead of the log
        rows = [each async for each in house.store.rows(table) if _knows(each.get("consumer", ""))]
        packed = ({"messagepack": msgspec.msgpack.encode(each)} for each in rows)
        files.append(_write(folder, File(f"table-{table.name}.avro", table=table.name), ROW, packed))
        told(files[-1].name, files[-1].count)
    counts = {each.name: each.partitions for each in _kept(house)}
    for place in [(topic, number) for topic, count in counts.items() for number in range(count)]:
        file = File(f"{place[0]}-{place[1]:04}.avro", topic=place[0], partition=place[1])
        files.append(await asyncio.to_thread(_write, folder, file, RECORD, _records(house.log, place)))
        told(files[-1].name, files[-1].count)
    manifest = Manifest(micros_now(), house.settings.engine.value, counts, tuple(files))
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return manifest


def check(folder: Path) -> Manifest:
    """The manifest of an archive whose files are as they were written; raises BrokenArchive."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        for each in manifest.files:
            if _digest(folder / each.name) != each.sha256:
                raise BrokenArchive(f"{each.name} is not as it was written")
    except (OSError, msgspec.DecodeError) as error:
        raise BrokenArchive(f"{folder}: {error}") from error
    if manifest.format != FORMAT:
        raise BrokenArchive(f"{folder}: format {manifest.format} is not known here")
    return manifest


def check_fit(house: House, folder: Path) -> Manifest:
    """The manifest of an archive that is whole and can be read into this installation; raises BrokenArchive."""
    manifest = check(folder)
    _fits(house, manifest)
    return manifest


async def bring_in(house: House, folder: Path, told: Told = lambda _, __: None) -> Imported:
    """Reads an archive into an installation that has no past and where nothing runs yet.

    States are folded from the events. Raises BrokenArchive; where that is so from the beginning nothing was written.
    """
    manifest = check_fit(house, folder)
    moved: dict[TopicPartition, Moved] = {}
    aggregates = rows = 0
    producer = house.log.producer()
    try:
        for each in manifest.files:
            if each.topic:
                place = each.topic, each.partition
                moved[place], kept = await asyncio.to_thread(_append, house, folder / each.name, place, producer)
                aggregates += kept
                if moved[place].count != each.count:
                    raise BrokenArchive(f"{each.name}: {moved[place].count:,} of {each.count:,} records came in")
                told(each.name, each.count)
    finally:
        await asyncio.to_thread(producer.close)
    known = {each.name: each for each in _carried()}
    for each in manifest.files:
        if each.table:
            rows += await _put_rows(house.store, known[each.table], folder / each.name, manifest.made_at, moved)
            told(each.name, each.count)
    records = sum(each.count for each in moved.values())
    return Imported(records, rows, aggregates, all(each.same for each in moved.values()))


@dataclass(slots=True)
class Moved:
    """Where the records of a partition are now, counted from 0 as nothing was there before."""

    offsets: list[int] = field(default_factory=list)  # those they had

    @property
    def count(self) -> int:
        return len(self.offsets)

    @property
    def same(self) -> bool:
        """Whether every record has the offset again that it had."""
        return not self.offsets or self.offsets[-1] == len(self.offsets) - 1

    def place(self, old: int) -> int:
        """Where the last record is now that was at `old` or before; -1 where none was."""
        return bisect_right(self.offsets, old) - 1


def _carried() -> list[Table]:
    """The tables of consumers that must not read their past a second time: they would act a second time."""
    return [each for each in own_tables() if each not in LEARNT]


def _knows(consumer: str) -> bool:
    """Whether what a consumer knows is carried; rows of no consumer always are."""
    return consumer not in ANEW and "@" not in consumer


def _kept(house: House) -> list[Topic]:
    """The topics that say something about tomorrow: not those of commands, and states follow from events."""
    return [
        each
        for each in all_topics(house.settings)
        if not each.name.endswith((topics.COMMANDS, topics.STATE))
        and each.retention is not Retention.ERASED
        and not (isinstance(each.retention, timedelta) and each.retention < PASSING)
    ]


def _fits(house: House, manifest: Manifest) -> None:
    counts = house.log.topics()
    for topic, count in manifest.partitions.items():
        if counts.get(topic) != count:
            raise BrokenArchive(f"{topic} has {count} partitions in the archive and {counts.get(topic, 'none')} here")
        if any(house.log.ends([(topic, number) for number in range(count)]).values()):
            raise BrokenArchive(f"{topic} has records here: import into an installation without a past")
    if unknown := {each.table for each in manifest.files} - {"", *(each.name for each in _carried())}:
        raise BrokenArchive(f"there is no table {', '.join(sorted(unknown))} here")


# Files.


def _begin(folder: Path) -> None:
    if (folder / MANIFEST).exists():
        raise BrokenArchive(f"{folder} holds an archive already")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write(folder: Path, file: File, schema: Any, records: Iterable[dict[str, Any]]) -> File:
    count = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal count
        for each in records:
            count += 1
            yield each

    with (folder / file.name).open("wb") as out:
        fastavro.writer(out, schema, counted(), codec="deflate")
    return msgspec.structs.replace(file, count=count, sha256=_digest(folder / file.name))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        yield from fastavro.reader(file)  # type: ignore[misc]


def _records(source: Log, place: TopicPartition) -> Iterator[dict[str, Any]]:
    reader = source.reader({place: 0})
    try:
        while not reader.level():
            for each in reader.poll(BATCH, 0.1):
                headers = dict(each.headers)
                yield {
                    "offset": each.offset,
                    "time": each.time,
                    "key": each.key,
                    "value": each.value,
                    "headers": headers,
                }
    finally:
        reader.close()


# What comes in.


def _append(house: House, path: Path, place: TopicPartition, producer: Producer) -> tuple[Moved, int]:
    """Puts a partition's records on the log, and the states that follow from them; answers how many those are."""
    moved, states = Moved(), States(house, place)
    for each in _read(path):
        _send(producer, place[0], place[1], each["key"], each["value"], each["headers"])
        states.add(each["key"], each["value"], each["headers"])
        moved.offsets.append(each["offset"])
    for key, body in states.records():
        _send(producer, topics.state(states.system), place[1], key, body, {})
    producer.flush(WITHIN)
    return moved, states.count


class States:
    """The state of each aggregate of one partition of events, folded as they come."""

    def __init__(self, house: House, place: TopicPartition) -> None:
        self._house, self._place = house, place
        self.system = topics.system_of(place[0])
        self._folds = place[0].endswith(topics.EVENTS)
        self._snapshots: dict[bytes, Snapshot] = {}
        self._head = Head(0, 0)

    @property
    def count(self) -> int:
        return len(self._snapshots)

    def add(self, key: bytes, body: bytes | None, headers: Mapping[str, bytes]) -> None:
        if not self._folds:
            return
        try:
            found = meaning_of(*self._place, headers, body or b"", self._house.codec)
        except (BrokenEnvelope, Undecodable) as error:
            log.warning("this is no event, it has no part in a state", topic=self._place[0], error=str(error))
            return
        if not found or found[0].at.sequence <= self._head.sequence:  # nothing now, or written twice
            return
        for each in found:
            aggregate = self._house.catalogue.of(type(each.event))
            before = self._snapshots.get(key)
            state = aggregate.initial if before is None else before.state
            self._snapshots[key] = Snapshot(each.at.version, aggregate.evolve(state, each.event))
        self._head = Head(found[0].at.sequence, found[0].at.micros)

    def records(self) -> Iterator[tuple[bytes, bytes]]:
        """Key and value of each record of the state topic."""
        for key, snapshot in self._snapshots.items():
            yield key, self._house.codec.encode(snapshot, id_of(key))
        if self._head.sequence:
            yield topics.HEAD, self._house.codec.encode(self._head)


def _send(
    producer: Producer, topic: str, partition: int, key: bytes, value: bytes | None, headers: Mapping[str, bytes]
) -> None:
    while True:
        try:
            producer.send(topic, key, value, headers, partition=partition)
            return
        except LogUnavailable:  # its queue is full
            time.sleep(0.02)


async def _put_rows(tables: Tables, table: Table, path: Path, at: int, moved: Mapping[TopicPartition, Moved]) -> int:
    kinds = {**table.partition, **table.clustering, **table.columns}
    row_type = msgspec.defstruct(table.name, [(name, kind | None) for name, kind in kinds.items()])
    rows = [msgspec.structs.asdict(msgspec.msgpack.decode(each["messagepack"], type=row_type)) for each in _read(path)]
    if table is PROGRESS:
        for row in rows:
            place = row["topic"], row["number"]
            if place in moved:
                await tables.write(marks(row["consumer"], {place: _progress(row, moved[place])}))
        return len(rows)
    writes = [table.put(at, **{name: value for name, value in row.items() if value is not None}) for row in rows]
    for start in range(0, len(writes), PAGE):
        await tables.write(writes[start : start + PAGE])
    return len(rows)


def _progress(row: Row, moved: Moved) -> Progress:
    return Progress(row["sequence"], moved.place(row["place"]), row["event_time"], row["applied_at"])
