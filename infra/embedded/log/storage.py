"""The file under the embedded log: its tables, how records lie in them, and how they are read back."""

import os
import sqlite3
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from operator import attrgetter
from pathlib import Path

import msgspec

from infra.embedded.wal import into_wal
from infra.log import Headers, LogUnavailable, Record, Retention, WrongTopic

Place = int  # a partition's number in the file: topic id << 12 | partition

PARTITION_BITS, OFFSET_BITS = 12, 40
MAX_PARTITIONS, MAX_TOPICS = 1 << PARTITION_BITS, 1 << (63 - PARTITION_BITS - OFFSET_BITS)
OFFSETS = (1 << OFFSET_BITS) - 1

RUN_RECORDS, RUN_BYTES = 128, 65_536  # how long a run of records in one row gets
INDEXED_RUN_RECORDS = 16  # shorter where single records are looked up by key: the whole run is decoded for one
FETCHED_ROWS, FETCHED_BYTES = 64, 4 << 20  # what one read brings into memory, unless a single row is larger
PAGE = 4096  # bytes, SQLite's default
READ_CACHE, WRITE_CACHE = 4 << 20, 32 << 20  # bytes: a commit whose pages do not fit is written twice
FORMAT = 1  # of the tables; stands in the file as its user_version

# Records that are committed together lie in one row per partition, encoded back to back: a row costs one step of
# SQLite, and each step gives the interpreter lock away. On a compacted topic each key has a row of its own.
SCHEMA = f"""
CREATE TABLE topics (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    partitions INTEGER NOT NULL,
    retention TEXT NOT NULL            -- 'forever', 'compacted', 'erased', or microseconds
);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,            -- place << {OFFSET_BITS} | offset of the first record
    time INTEGER NOT NULL,             -- of all its records, microseconds since 1970
    records INTEGER NOT NULL,          -- how many
    body BLOB NOT NULL,                -- MessagePack [offset, time, key, value, headers], one after the other
    place INTEGER,                     -- the last three on compacted topics only
    key BLOB,
    removed INTEGER                    -- 1 where the value is None
);
CREATE UNIQUE INDEX runs_latest ON runs (place, key) WHERE key IS NOT NULL;
CREATE INDEX runs_removed ON runs (time) WHERE removed IS NOT NULL;
CREATE TABLE indexed (                 -- the places of other topics where records are looked up by key
    place INTEGER PRIMARY KEY,
    upto INTEGER NOT NULL,             -- older records are in `keys` below this offset,
    goal INTEGER NOT NULL              -- and it is all of them once this one is reached
);
CREATE TABLE keys (
    place INTEGER NOT NULL, key BLOB NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (place, key)
) WITHOUT ROWID;
CREATE TABLE slots (slot TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE offsets (
    consumers TEXT NOT NULL, place INTEGER NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (consumers, place)
) WITHOUT ROWID;
CREATE TABLE generations (consumers TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE members (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    consumers TEXT NOT NULL,
    slot TEXT NOT NULL,
    process TEXT NOT NULL,             -- the lock file its process holds while it lives
    topics TEXT NOT NULL,              -- JSON
    UNIQUE (consumers, slot)
);
CREATE TABLE owners (
    consumers TEXT NOT NULL, place INTEGER NOT NULL, member INTEGER NOT NULL, PRIMARY KEY (consumers, place)
) WITHOUT ROWID;
"""

# From the run that holds an offset on, up to so many runs and about so many bytes, as one row.
READ = """
WITH
    first (id) AS (
        SELECT id FROM (SELECT id, records FROM runs WHERE id BETWEEN :low AND :start ORDER BY id DESC LIMIT 1)
        WHERE id + records > :start),
    sizes (id, size) AS (
        SELECT id, length(body) FROM runs WHERE id BETWEEN coalesce((SELECT id FROM first), :start) AND :high
        ORDER BY id LIMIT :rows),
    chosen (id, before) AS (SELECT id, sum(size) OVER (ORDER BY id) - size FROM sizes)
SELECT sum(records), CAST(group_concat(body, '') AS BLOB) FROM (
    SELECT records, body FROM runs WHERE id IN (SELECT id FROM chosen WHERE before < :bytes) ORDER BY id)
"""
ENDS = f"""
SELECT value, (SELECT (id & {OFFSETS}) + records FROM runs
               WHERE id BETWEEN value << {OFFSET_BITS} AND (value << {OFFSET_BITS}) + {OFFSETS}
               ORDER BY id DESC LIMIT 1)
FROM json_each(?)
"""
LATEST = "SELECT records, body FROM runs WHERE place = ? AND key IN ({})"
INDEXED = f"""
SELECT records, body FROM runs WHERE id IN (
    SELECT (SELECT max(id) FROM runs
            WHERE id BETWEEN keys.place << {OFFSET_BITS} AND keys.place << {OFFSET_BITS} | keys.offset)
    FROM keys WHERE keys.place = ? AND keys.key IN ({{}}))
"""
ASKED = (1, 8, 64, 512)  # how many keys one statement looks up


class Stored(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One record as it lies in a run."""

    offset: int
    time: int
    key: bytes
    value: bytes | None
    headers: dict[str, bytes]


_encode = msgspec.msgpack.Encoder().encode
_decode_run = msgspec.msgpack.Decoder(list[Stored]).decode
_OFFSET = attrgetter("offset")
_START = struct.Struct(">BBQBQ")  # MessagePack: an array of five, an unsigned 64-bit offset, another for the time


def encode(key: bytes, value: bytes | None, headers: Headers) -> bytes:
    """The part of a record that is known before it has its place: what `at` completes."""
    return _encode((key, value, headers if type(headers) is dict else dict(headers)))[1:]


def at(offset: int, time: int, encoded: bytes) -> bytes:
    """A whole record as it lies in a run."""
    return _START.pack(0x95, 0xCF, offset, 0xCF, time) + encoded


def decode(records: int, body: bytes) -> list[Stored]:
    """The records of one or several runs, in order."""
    stored = _decode_run(b"\xdd" + records.to_bytes(4, "big") + body)
    stored.sort(key=_OFFSET)  # SQLite concatenates in the order of the rows but does not promise it
    return stored


def bounds(place: Place) -> tuple[int, int]:
    """The first and the last row id that a place may use."""
    return place << OFFSET_BITS, place << OFFSET_BITS | OFFSETS


@dataclass(frozen=True, slots=True)
class StoredTopic:
    """A topic as the file knows it."""

    number: int
    name: str
    partitions: int
    retention: Retention | timedelta

    @property
    def compacted(self) -> bool:
        return self.retention in (Retention.COMPACTED, Retention.ERASED)

    def place(self, partition: int) -> Place:
        if not 0 <= partition < self.partitions:
            raise ValueError(f"{self.name} has no partition {partition}: it has {self.partitions}")
        return self.number << PARTITION_BITS | partition

    def places(self) -> range:
        first = self.number << PARTITION_BITS
        return range(first, first + self.partitions)


def retention_text(retention: Retention | timedelta) -> str:
    if isinstance(retention, Retention):
        return retention.value
    return str(retention // timedelta(microseconds=1))


def _retention(text: str) -> Retention | timedelta:
    return timedelta(microseconds=int(text)) if text.isdecimal() else Retention(text)


def stored_topics(db: sqlite3.Connection) -> dict[str, StoredTopic]:
    rows = db.execute("SELECT id, name, partitions, retention FROM topics").fetchall()
    return {name: StoredTopic(number, name, partitions, _retention(text)) for number, name, partitions, text in rows}


def stored_ends(db: sqlite3.Connection, places: Sequence[Place]) -> dict[Place, int]:
    """The offset after the last record of each place."""
    rows = db.execute(ENDS, (msgspec.json.encode(places).decode(),)).fetchall()
    return {place: end or 0 for place, end in rows}


def create(path: Path, patience: float) -> None:
    """Makes the file and its tables where they are missing, readable by its owner only. Raises LogUnavailable."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise LogUnavailable(f"{path} cannot be opened: {error}") from error
    try:
        _create_tables(path, patience)
    except sqlite3.Error as error:
        raise LogUnavailable(f"{path} cannot be opened: {error}") from error


def _create_tables(path: Path, patience: float) -> None:
    db = connect(path, patience)
    try:
        into_wal(db, patience)
        db.execute("BEGIN IMMEDIATE")
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found == 0:
            for statement in SCHEMA.split(";\n"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {FORMAT}")
        elif found != FORMAT:
            raise LogUnavailable(f"{path} has format {found}; this program reads format {FORMAT}")
        db.execute("COMMIT")
    finally:
        db.close()


def connect(path: Path, patience: float, cache: int = READ_CACHE) -> sqlite3.Connection:
    """A connection that commits durably and keeps at most `cache` bytes of pages in memory."""
    db = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False, cached_statements=256)
    db.execute("PRAGMA synchronous = FULL")
    db.execute(f"PRAGMA cache_size = {-cache // 1024}")
    db.execute("PRAGMA secure_delete = ON")  # a key that was removed to make data unreadable must not linger in a page
    return db


class Storage:
    """Reads committed records from any thread, each read on a connection of its own while it lasts."""

    def __init__(self, path: Path, patience: float) -> None:
        self._path, self._patience = path, patience
        self._idle: list[sqlite3.Connection] = []
        self._topics: Mapping[str, StoredTopic] = {}
        self.closed = False
        self._lock = threading.Lock()

    def check_open(self) -> None:
        if self.closed:
            raise LogUnavailable("the log is closed")

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading; raises LogUnavailable where SQLite fails or the log is closed."""
        self.check_open()
        db = None
        try:
            try:
                db = self._idle.pop()
            except IndexError:
                db = connect(self._path, self._patience)
                db.execute("PRAGMA query_only = ON")
            yield db
        except sqlite3.Error as error:
            raise LogUnavailable(str(error)) from error
        finally:
            if db is not None:
                self._put_back(db)

    def _put_back(self, db: sqlite3.Connection) -> None:
        with self._lock:
            if not self.closed:
                self._idle.append(db)
                return
        db.close()

    def close(self) -> None:
        with self._lock:
            self.closed = True
        while self._idle:
            with suppress(sqlite3.Error):
                self._idle.pop().close()

    def topics(self) -> Mapping[str, StoredTopic]:
        with self.connection() as db:
            self._topics = stored_topics(db)
        return self._topics

    def topic(self, name: str) -> StoredTopic:
        """A topic by its name; raises WrongTopic where there is none. Topics never change once they exist."""
        found = self._topics.get(name) or self.topics().get(name)
        if found is None:
            raise WrongTopic(f"there is no topic {name!r}")
        return found

    def ends(self, places: Sequence[Place]) -> dict[Place, int]:
        with self.connection() as db:
            return stored_ends(db, places)

    def read(self, topic: StoredTopic, partition: int, offset: int, rows: int = FETCHED_ROWS) -> list[Record]:
        """The records from `offset` on that lie in the next `rows` rows; none only where no more are committed."""
        low, high = bounds(topic.place(partition))
        start = low + min(offset, OFFSETS)
        with self.connection() as db:
            wanted = {"low": low, "start": start, "high": high, "rows": rows, "bytes": FETCHED_BYTES}
            records, body = db.execute(READ, wanted).fetchone()
        if not records:
            return []
        name = topic.name
        return [
            Record(name, partition, stored.offset, stored.key, stored.value, stored.headers, stored.time)
            for stored in decode(records, body)
            if stored.offset >= offset
        ]

    def last(self, topic: StoredTopic, partition: int, keys: Sequence[bytes]) -> dict[bytes, bytes | None]:
        """The last value of each key that has one: on a compacted topic, or where its partition is indexed."""
        place, text = topic.place(partition), LATEST if topic.compacted else INDEXED
        rows: list[tuple[int, bytes]] = []
        with self.connection() as db:
            for first in range(0, len(keys), ASKED[-1]):
                asked = keys[first : first + ASKED[-1]]
                count = next(size for size in ASKED if size >= len(asked))
                padding = [asked[0]] * (count - len(asked))  # few texts, so that each is prepared only once
                rows += db.execute(_statement(text, count), (place, *asked, *padding)).fetchall()
        wanted, found = set(keys), dict[bytes, tuple[int, bytes | None]]()
        for row in rows:
            for stored in decode(*row):
                if stored.key in wanted and stored.offset >= found.get(stored.key, (0, None))[0]:
                    found[stored.key] = stored.offset, stored.value
        return {key: value for key, (_, value) in found.items()}


@lru_cache(maxsize=16)
def _statement(text: str, keys: int) -> str:
    return text.format(", ".join("?" * keys))
