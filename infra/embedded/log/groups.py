"""Consumer groups in the file: who is a member, who owns which partition, and how ownership moves."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from infra.embedded.log.presence import Presence
from infra.embedded.log.storage import Place, stored_topics
from infra.log import Fenced

# Ownership moves in two steps, so that two members never read one partition: the owner lets go of what is no longer
# meant for it (inside its own poll, after its last commit), then the other takes what is free. Every change of
# members or owners raises the group's generation, which is what members watch.


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a member owns at a generation, where it reads on, and what it has to let go of."""

    generation: int
    owned: dict[Place, int]  # with the offsets to read on from
    surplus: list[Place]


def join(db: sqlite3.Connection, group: str, slot: str, topics: Sequence[str], presence: Presence) -> int:
    """Takes the slot and what its former member owned; that one is fenced. Answers the new member's number."""
    bury(db, presence)
    former = db.execute("DELETE FROM members WHERE consumers = ? AND slot = ? RETURNING id", (group, slot)).fetchall()
    subscribed = msgspec.json.encode(sorted(topics)).decode()
    member = db.execute(
        "INSERT INTO members (consumers, slot, process, topics) VALUES (?, ?, ?, ?)",
        (group, slot, presence.process(), subscribed),
    ).lastrowid
    assert member is not None
    for (number,) in former:
        db.execute("UPDATE owners SET member = ? WHERE consumers = ? AND member = ?", (member, group, number))
    _change(db, group)
    return member


def settle(db: sqlite3.Connection, member: int) -> Settlement:
    """Takes what is free and meant for this member. Raises Fenced where it is a member no more."""
    row = db.execute("SELECT consumers, slot FROM members WHERE id = ?", (member,)).fetchone()
    if row is None:
        raise Fenced("another process has taken this member's slot")
    group: str = row[0]
    meant = _assignment(db, group)
    owners: dict[Place, int] = dict(
        db.execute("SELECT place, member FROM owners WHERE consumers = ?", (group,)).fetchall()
    )
    offsets: dict[Place, int] = dict(
        db.execute("SELECT place, offset FROM offsets WHERE consumers = ?", (group,)).fetchall()
    )
    owned = [place for place, chosen in meant.items() if chosen == member and owners.get(place, member) == member]
    taken = [(group, place, member) for place in owned if place not in owners]
    db.executemany("INSERT INTO owners (consumers, place, member) VALUES (?, ?, ?)", taken)
    (generation,) = db.execute("SELECT generation FROM generations WHERE consumers = ?", (group,)).fetchone()
    surplus = [place for place, owner in owners.items() if owner == member and meant.get(place) != member]
    return Settlement(generation, {place: offsets.get(place, 0) for place in owned}, surplus)


def release(db: sqlite3.Connection, group: str, member: int, places: Iterable[Place]) -> None:
    """Lets go of places for others to take."""
    db.executemany(
        "DELETE FROM owners WHERE consumers = ? AND place = ? AND member = ?",
        [(group, place, member) for place in places],
    )
    _change(db, group)


def leave(db: sqlite3.Connection, member: int) -> None:
    """Ends a membership: what it owned is free at once."""
    for (group,) in db.execute("DELETE FROM members WHERE id = ? RETURNING consumers", (member,)).fetchall():
        db.execute("DELETE FROM owners WHERE consumers = ? AND member = ?", (group, member))
        _change(db, group)


def leave_all(db: sqlite3.Connection, presence: Presence) -> None:
    """Ends every membership of this process."""
    _leave_where(db, presence.is_own)


def bury(db: sqlite3.Connection, presence: Presence) -> None:
    """Ends the memberships of processes that have ended without leaving."""
    _leave_where(db, presence.gone)


def _leave_where(db: sqlite3.Connection, holds: Callable[[str], bool]) -> None:
    members = db.execute("SELECT id, process FROM members").fetchall()
    leaving = {process for process in {process for _, process in members} if holds(process)}
    for number, process in members:
        if process in leaving:
            leave(db, number)


def _assignment(db: sqlite3.Connection, group: str) -> dict[Place, int]:
    """Whom each place is meant for: the same partition of every topic goes to the same slot, in turn."""
    members = [
        (number, set(msgspec.json.decode(topics, type=list[str])))
        for number, topics in db.execute(
            "SELECT id, topics FROM members WHERE consumers = ? ORDER BY slot", (group,)
        ).fetchall()
    ]
    meant: dict[Place, int] = {}
    for name, topic in stored_topics(db).items():
        readers = [number for number, topics in members if name in topics]
        if readers:
            meant.update((place, readers[n % len(readers)]) for n, place in enumerate(topic.places()))
    return meant


def _change(db: sqlite3.Connection, group: str) -> None:
    db.execute(
        "INSERT INTO generations (consumers, generation) VALUES (?, 1) "
        "ON CONFLICT (consumers) DO UPDATE SET generation = generation + 1",
        (group,),
    )
