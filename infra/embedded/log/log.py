"""The log of one machine: a SQLite file that several threads write through one, and several processes may open."""

import re
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from infra.embedded.log import groups, housekeeping
from infra.embedded.log.consumer import EmbeddedConsumer, EmbeddedMember
from infra.embedded.log.presence import Presence
from infra.embedded.log.producer import EmbeddedProducer
from infra.embedded.log.reader import EmbeddedReader
from infra.embedded.log.storage import MAX_PARTITIONS, MAX_TOPICS, Storage, create, retention_text, stored_topics
from infra.embedded.log.store import EmbeddedStore
from infra.embedded.log.tail import Tail
from infra.embedded.log.transactor import EmbeddedTransactor
from infra.embedded.log.writer import Writer
from infra.log import LogUnavailable, Retention, Topic, TopicPartition, WrongTopic

LEGAL = re.compile(r"(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}")  # what Kafka takes for a topic's name


def _now() -> int:
    return time.time_ns() // 1000


class EmbeddedLog:
    """Opens the log in the file at `path`, made with mode 0600 where it is missing.

    `patience` is how many seconds to wait while another process holds the file's lock, before LogUnavailable is
    raised. `clock` tells the microseconds since 1970 that records bear and retention goes by.
    """

    def __init__(self, path: Path | str, *, patience: float = 5.0, clock: Callable[[], int] = _now) -> None:
        path = Path(path).absolute()
        create(path, patience)
        self._clock, self._tail, self._presence = clock, Tail(), Presence(path)
        self._storage = Storage(path, patience)
        self._writer = Writer(path, patience, self._tail, self._presence, clock)

    def ensure(self, topics: Sequence[Topic]) -> None:
        for topic in topics:
            if not LEGAL.fullmatch(topic.name):
                raise WrongTopic(f"{topic.name!r} is no name for a topic: letters, digits, '.', '_' and '-' are")
            if not 1 <= topic.partitions <= MAX_PARTITIONS:
                raise WrongTopic(f"{topic.name} cannot have {topic.partitions} partitions, only 1 to {MAX_PARTITIONS}")
        self._writer.call(lambda db: _ensure(db, topics))

    def topics(self) -> Mapping[str, int]:
        return {topic.name: topic.partitions for topic in self._storage.topics().values()}

    def producer(self, *, early: bool = False) -> EmbeddedProducer:
        return EmbeddedProducer(self._storage, self._writer, early)

    def consumer(
        self,
        group: str,
        topics: Sequence[str],
        slot: str,
        on_assigned: Callable[[Sequence[TopicPartition]], None] | None = None,
        on_revoked: Callable[[Sequence[TopicPartition]], None] | None = None,
    ) -> EmbeddedConsumer:
        return EmbeddedConsumer(
            self._storage, self._writer, self._tail, self._presence, group, topics, slot, on_assigned, on_revoked
        )

    def member(
        self,
        group: str,
        topics: Sequence[str],
        slot: str,
        on_assigned: Callable[[Sequence[TopicPartition]], None] | None = None,
        on_revoked: Callable[[Sequence[TopicPartition]], None] | None = None,
    ) -> EmbeddedMember:
        return EmbeddedMember(
            self._storage, self._writer, self._tail, self._presence, group, topics, slot, on_assigned, on_revoked
        )

    def reader(self, partitions: Mapping[TopicPartition, int | None]) -> EmbeddedReader:
        return EmbeddedReader(self._storage, self._tail, partitions)

    def transactor(self, slot: str) -> EmbeddedTransactor:
        return EmbeddedTransactor(self._storage, self._writer, slot)

    def store(self, slot: str, retention: timedelta | None = None) -> EmbeddedStore:
        """The same for every slot; values last as long as their topic keeps them."""
        return EmbeddedStore(self._storage, self._writer)

    def end(self, partition: TopicPartition) -> int:
        return self.ends([partition])[partition]

    def ends(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        places = {each: self._storage.topic(each[0]).place(each[1]) for each in partitions}
        found = self._storage.ends(list(places.values()))
        return {each: found[place] for each, place in places.items()}

    def prune(self) -> int:
        """Removes now one step of what is past its retention; answers how many rows of the file went.

        The writer does it by itself all the time.
        """
        return self._writer.call(lambda db: housekeeping.prune(db, self._clock()))

    def close(self) -> None:
        """Writes what was handed over, leaves all groups, and wakes whoever still waits with LogUnavailable."""
        if self._storage.closed:
            return
        with suppress(LogUnavailable):  # else others see that the process has ended
            self._writer.call(lambda db: groups.leave_all(db, self._presence))
        self._writer.close()
        self._storage.close()
        self._tail.wake_all()
        self._presence.close()


def _ensure(db: sqlite3.Connection, topics: Iterable[Topic]) -> None:
    for topic in topics:
        found = stored_topics(db).get(topic.name)
        if found is None:
            number = db.execute(
                "INSERT INTO topics (name, partitions, retention) VALUES (?, ?, ?)",
                (topic.name, topic.partitions, retention_text(topic.retention)),
            ).lastrowid
            if number is None or number >= MAX_TOPICS:
                raise LogUnavailable(f"the log has no room for more than {MAX_TOPICS} topics")
        elif found.partitions != topic.partitions:
            raise WrongTopic(
                f"{topic.name} has {found.partitions} partitions, not {topic.partitions}. "
                "A key must never change its partition."
            )
        elif loses(found.retention, topic.retention):
            raise WrongTopic(f"{topic.name} keeps {found.retention}, which would lose what {topic.retention} keeps")


def loses(found: Retention | timedelta, wanted: Retention | timedelta) -> bool:
    """Whether a topic that exists with one retention would lose records that another one keeps."""
    if isinstance(found, timedelta) and isinstance(wanted, timedelta):
        return found < wanted
    return found not in (wanted, Retention.FOREVER)
