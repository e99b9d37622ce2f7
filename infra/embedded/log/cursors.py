"""Where a reader stands in each of its partitions, what it has read ahead, and how it waits for more."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event

from infra.embedded.log.storage import FETCHED_ROWS, Place, Storage, StoredTopic
from infra.embedded.log.tail import Tail
from infra.log import Record, TopicPartition


@dataclass(slots=True, eq=False)
class Cursor:
    """One partition."""

    topic: StoredTopic
    partition: int
    place: Place
    offset: int  # the next one to hand out
    paused: bool = False
    ahead: list[Record] = field(default_factory=list)  # what one read has brought
    taken: int = 0  # how many of those were handed out


class Cursors:
    """Takes records from several partitions in turn, so that none keeps the others waiting. One thread only."""

    def __init__(self, storage: Storage, tail: Tail, grace: float = 0.0) -> None:
        """`grace`: seconds that it lets others go first when something has come."""
        self._storage, self._tail, self._grace = storage, tail, grace
        self._of: dict[TopicPartition, Cursor] = {}
        self._turn: deque[Cursor] = deque()
        self._wake = Event()

    def partitions(self) -> frozenset[TopicPartition]:
        return frozenset(self._of)

    def __getitem__(self, partition: TopicPartition) -> Cursor:
        return self._of[partition]

    def add(self, topic: StoredTopic, partition: int, offset: int) -> None:
        cursor = Cursor(topic, partition, topic.place(partition), offset)
        self._of[topic.name, partition] = cursor
        self._turn.append(cursor)
        self._tail.listen(self._wake, [cursor.place])

    def drop(self, partitions: Iterable[TopicPartition]) -> None:
        for partition in partitions:
            cursor = self._of.pop(partition)
            self._turn.remove(cursor)
            self._tail.ignore(self._wake, [cursor.place])

    def seek(self, partition: TopicPartition, offset: int) -> None:
        cursor = self[partition]
        cursor.offset, cursor.ahead, cursor.taken = offset, [], 0

    def watch(self, group: str) -> None:
        """A change of the group ends the waiting, too."""
        self._tail.listen(self._wake, [group])

    def unwatch(self, group: str) -> None:
        self._tail.ignore(self._wake, [group])

    def poll(self, limit: int, timeout: float, prepare: Callable[[], None] = lambda: None) -> list[Record]:
        """Up to `limit` records as soon as there are any, none after `timeout` seconds; prepares before each look."""
        deadline = time.monotonic() + timeout
        while True:
            self._wake.clear()  # before looking, so that nothing committed after the look is slept over
            prepare()
            records = self._take(limit)
            left = deadline - time.monotonic()
            if records or left <= 0:
                return records
            if self._wake.wait(left) and self._grace:
                time.sleep(self._grace)

    def _take(self, limit: int) -> list[Record]:
        self._storage.check_open()
        ends = self._tail.ends
        ready = [
            each for each in self._turn if not each.paused and (each.ahead or each.offset < ends.get(each.place, 0))
        ]
        records: list[Record] = []
        for cursor in ready:
            if len(records) >= limit:
                break
            records += self._take_from(cursor, limit - len(records), ends[cursor.place])
            self._turn.remove(cursor)
            self._turn.append(cursor)
        return records

    def _take_from(self, cursor: Cursor, limit: int, end: int) -> list[Record]:
        if not cursor.ahead:
            cursor.ahead = self._storage.read(cursor.topic, cursor.partition, cursor.offset, min(limit, FETCHED_ROWS))
            if not cursor.ahead:
                cursor.offset = end  # only holes were left
                return []
        records = cursor.ahead[cursor.taken : cursor.taken + limit]
        cursor.taken += len(records)
        cursor.offset = records[-1].offset + 1
        if cursor.taken == len(cursor.ahead):
            cursor.ahead, cursor.taken = [], 0
        return records
