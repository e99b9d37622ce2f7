"""What the writer does on the side, in bounded steps: retention, removed keys, and looking records up by key."""

import sqlite3
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from infra.embedded.log.commit import KEYS, insert
from infra.embedded.log.storage import (
    OFFSET_BITS,
    OFFSETS,
    Place,
    bounds,
    decode,
    stored_ends,
    stored_topics,
)

STEP = 64  # rows a step removes or reads
TOMBSTONES = timedelta(days=1)  # how long a removed key can be seen on a compacted topic, as in Kafka

# The last row of a place stays whatever its age: it is what says where the place ends.
EXPIRED = f"""
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?) WHERE (
    SELECT time FROM runs WHERE id >= json_extract(value, '$[0]') << {OFFSET_BITS} ORDER BY id LIMIT 1
) < json_extract(value, '$[1]') AND 1 < (
    SELECT count(*) FROM (SELECT 1 FROM runs WHERE id BETWEEN json_extract(value, '$[0]') << {OFFSET_BITS}
                          AND (json_extract(value, '$[0]') << {OFFSET_BITS}) + {OFFSETS} LIMIT 2))
LIMIT 1
"""
EXPIRE = f"""
DELETE FROM runs WHERE time < ? AND id IN (
    SELECT id FROM runs WHERE id >= ? AND id < (SELECT max(id) FROM runs WHERE id BETWEEN ? AND ?)
    ORDER BY id LIMIT {STEP})
RETURNING records, body
"""
FORGET = f"""
DELETE FROM runs WHERE id IN (
    SELECT id FROM runs AS old WHERE removed IS NOT NULL AND time < ?
    AND EXISTS (SELECT 1 FROM runs WHERE id > old.id AND id <= (old.place << {OFFSET_BITS}) + {OFFSETS})
    LIMIT {STEP})
"""


def prune(db: sqlite3.Connection, now: int) -> int:
    """Removes one step of what is past its retention at `now` (microseconds); answers how many rows went."""
    micro = timedelta(microseconds=1)
    limits = [
        (place, now - topic.retention // micro)
        for topic in stored_topics(db).values()
        if isinstance(topic.retention, timedelta)
        for place in topic.places()
    ]
    for place, limit in db.execute(EXPIRED, (msgspec.json.encode(limits).decode(),)).fetchall():
        low, high = bounds(place)
        rows = db.execute(EXPIRE, (limit, low, low, high)).fetchall()
        if db.execute("SELECT 1 FROM indexed WHERE place = ?", (place,)).fetchone():
            _forget_keys(db, place, rows)
        return len(rows)
    return db.execute(FORGET, (now - TOMBSTONES // micro,)).rowcount


def _forget_keys(db: sqlite3.Connection, place: Place, rows: Iterable[tuple[int, bytes]]) -> None:
    """Takes records that went out of the index, unless their key has a later record."""
    for records, body in rows:
        stored = decode(records, body)
        keys = {record.key for record in stored}
        db.execute(
            f"DELETE FROM keys WHERE place = ? AND offset <= ? AND key IN ({', '.join('?' * len(keys))})",
            (place, stored[-1].offset, *keys),
        )


def index(db: sqlite3.Connection, place: Place) -> bool:
    """Makes the keys of a place findable, one step of older records a call; True once all of them are.

    From the first call on, new records are indexed as they are appended.
    """
    row = db.execute("SELECT upto, goal FROM indexed WHERE place = ?", (place,)).fetchone()
    upto, goal = row or (0, stored_ends(db, [place])[place])
    low, _ = bounds(place)
    rows = db.execute(
        "SELECT records, body FROM runs WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", (low + upto, low + goal, STEP)
    ).fetchall()
    stored = [record for each in rows for record in decode(*each)]
    upto = stored[-1].offset + 1 if stored else goal
    db.execute("INSERT OR REPLACE INTO indexed (place, upto, goal) VALUES (?, ?, ?)", (place, upto, goal))
    insert(db, KEYS, [(place, key, offset) for key, offset in {record.key: record.offset for record in stored}.items()])
    return bool(upto >= goal)
