"""One commit: what many requests append and consume, written in a handful of statements."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from infra.embedded.log.storage import (
    INDEXED_RUN_RECORDS,
    OFFSET_BITS,
    PAGE,
    RUN_BYTES,
    RUN_RECORDS,
    Place,
    at,
    stored_ends,
    stored_topics,
)
from infra.log import Fenced, TransactionAborted

# Each with the number of its columns. REPLACE removes a key's former row; an upsert does it too, at half the speed.
RUNS = ("INSERT INTO runs (id, time, records, body) VALUES {}", 4)
LATEST = ("INSERT OR REPLACE INTO runs (id, time, records, body, place, key, removed) VALUES {}", 7)
KEYS = (
    "INSERT INTO keys (place, key, offset) VALUES {} "
    "ON CONFLICT (place, key) DO UPDATE SET offset = max(offset, excluded.offset)",
    3,
)
OFFSETS = (
    "INSERT INTO offsets (consumers, place, offset) VALUES {} "
    "ON CONFLICT (consumers, place) DO UPDATE SET offset = excluded.offset",
    3,
)


class Entry(NamedTuple):
    """One record to be appended."""

    place: Place
    key: bytes
    encoded: bytes  # what storage.encode made of it
    compacted: bool  # whether its topic keeps only the last record of each key
    removed: bool  # whether its value is None


class View:
    """What a commit is checked against: ends, epochs and ownership as they lie in the file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        places = [place for topic in stored_topics(db).values() for place in topic.places()]
        self.ends = stored_ends(db, places)
        self.indexed: frozenset[Place] = frozenset(p for (p,) in db.execute("SELECT place FROM indexed").fetchall())
        self.epochs: dict[str, int] = dict(db.execute("SELECT slot, epoch FROM slots").fetchall())
        self.members: dict[int, str] = dict(db.execute("SELECT id, process FROM members").fetchall())
        self.generations: dict[str, int] = dict(db.execute("SELECT consumers, generation FROM generations").fetchall())
        self.owners: dict[tuple[str, Place], int] = {
            (group, place): member
            for group, place, member in db.execute("SELECT consumers, place, member FROM owners").fetchall()
        }

    def check(self, group: str, member: int, places: Iterable[Place]) -> None:
        """Raises Fenced or TransactionAborted unless the member owns these places."""
        if member not in self.members:
            raise Fenced(f"another process has taken this member's slot in {group}")
        if not all(self.owners.get((group, place)) == member for place in places):
            raise TransactionAborted(f"a partition has moved to another member of {group}")


class Commit:
    """What becomes durable together. Staging only collects; `write` is all that touches the file."""

    def __init__(self, view: View, time: int) -> None:
        self.view = view
        self.ends: dict[Place, int] = {}  # of the places that get records
        self.size = 0  # bytes it adds to the write-ahead log, roughly
        self._time = time
        self._records: dict[Place, list[tuple[bytes, bytes]]] = {}
        self._latest: dict[tuple[Place, bytes], tuple[object, ...]] = {}
        self._consumed: dict[tuple[str, Place], int] = {}

    def append(self, entry: Entry) -> None:
        place, key, encoded, compacted, removed = entry
        offset = self.ends.get(place)
        if offset is None:
            offset = self.view.ends.get(place, 0)
        self.ends[place] = offset + 1
        record = at(offset, self._time, encoded)
        self.size += len(record)
        if compacted:
            row = (place << OFFSET_BITS | offset, self._time, 1, record, place, key, 1 if removed else None)
            self._latest[place, key] = row
            self.size += 2 * PAGE  # the pages of its former row and of its key
        else:
            self._records.setdefault(place, []).append((key, record))
            if place in self.view.indexed:
                self.size += PAGE

    def consume(self, group: str, offsets: Mapping[Place, int]) -> None:
        for place, offset in offsets.items():
            self._consumed[group, place] = offset

    def write(self, db: sqlite3.Connection) -> None:
        rows: list[tuple[object, ...]] = []
        keys: dict[tuple[Place, bytes], int] = {}
        for place, records in self._records.items():
            first = self.view.ends.get(place, 0)
            if place in self.view.indexed:
                keys.update(((place, key), offset) for offset, (key, _) in enumerate(records, first))
                longest = INDEXED_RUN_RECORDS
            else:
                longest = RUN_RECORDS
            for run in runs([record for _, record in records], longest):
                rows.append((place << OFFSET_BITS | first, self._time, len(run), b"".join(run)))
                first += len(run)
        insert(db, RUNS, rows)
        insert(db, LATEST, list(self._latest.values()))
        insert(db, KEYS, [(*where, offset) for where, offset in keys.items()])
        insert(db, OFFSETS, [(*where, offset) for where, offset in self._consumed.items()])


def runs(records: Sequence[bytes], longest: int) -> Iterable[Sequence[bytes]]:
    """Cuts records into runs of at most `longest`, and of about RUN_BYTES."""
    start = size = 0
    for index, record in enumerate(records):
        if index > start and (index - start == longest or size + len(record) > RUN_BYTES):
            yield records[start:index]
            start, size = index, 0
        size += len(record)
    if records:
        yield records[start:]


def insert(db: sqlite3.Connection, into: tuple[str, int], rows: Sequence[tuple[object, ...]]) -> None:
    """Many rows a statement: each step of SQLite gives the interpreter lock away, and with it up to 5 ms."""
    done = 0
    for count in (256, 64, 16, 4, 1):
        while len(rows) - done >= count:
            db.execute(_statement(into, count), list(chain.from_iterable(rows[done : done + count])))
            done += count


@lru_cache(maxsize=64)
def _statement(into: tuple[str, int], rows: int) -> str:
    text, columns = into
    return text.format(", ".join([f"({', '.join('?' * columns)})"] * rows))
