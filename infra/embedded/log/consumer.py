"""A member of a consumer group."""

from collections.abc import Callable, Mapping, Sequence

from infra.embedded.log import groups
from infra.embedded.log.cursors import Cursors
from infra.embedded.log.presence import Presence
from infra.embedded.log.storage import Storage
from infra.embedded.log.tail import Tail
from infra.embedded.log.transaction import Transaction
from infra.embedded.log.writer import Writer
from infra.log import Fenced, Record, TopicPartition, TransactionAborted

# Seconds. One commit wakes whoever waits for an answer and all who follow the events. They share one interpreter, and
# where all start at once, the answer comes last: 6 instead of 19 ms, measured, and twice the messages a second.
GRACE = 0.005

OnPartitions = Callable[[Sequence[TopicPartition]], None]


class EmbeddedConsumer:
    """Reads what its group gives it. `owned` changes inside `poll` only, where the thread has nothing in its hands."""

    grace = GRACE

    def __init__(
        self,
        storage: Storage,
        writer: Writer,
        tail: Tail,
        presence: Presence,
        group: str,
        topics: Sequence[str],
        slot: str,
        on_assigned: OnPartitions | None,
        on_revoked: OnPartitions | None,
    ) -> None:
        self.group, self.closed = group, False
        self._storage, self._writer, self._tail = storage, writer, tail
        self._on_assigned, self._on_revoked = on_assigned, on_revoked
        self._places = {
            place: (topic.name, partition)
            for topic in map(storage.topic, topics)
            for partition, place in enumerate(topic.places())
        }
        self._generation = 0  # of the group, when this member last settled
        self._cursors = Cursors(storage, tail, self.grace)
        self._cursors.watch(group)
        self.member = writer.call(lambda db: groups.join(db, group, slot, topics, presence))

    def poll(self, limit: int, timeout: float) -> list[Record]:
        return self._cursors.poll(limit, timeout, self._settle)

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Stores them. Raises Fenced or TransactionAborted where these partitions have another owner by now."""
        if self.closed:
            raise TransactionAborted("the consumer has left its group")
        places = {self._storage.topic(topic).place(number): offset for (topic, number), offset in offsets.items()}
        transaction = Transaction(self.group, self.member, places)
        self._writer.submit(transaction)
        transaction.wait()

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Raises KeyError where this member does not own the partition."""
        self._cursors.seek(partition, offset)

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        for partition in self.owned().intersection(partitions):
            self._cursors[partition].paused = True

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        for partition in self.owned().intersection(partitions):
            self._cursors[partition].paused = False

    def owned(self) -> frozenset[TopicPartition]:
        return self._cursors.partitions()

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._cursors.unwatch(self.group)
        self._let_go(self.owned())
        if not self._storage.closed:  # else the log has left for all its members
            self._writer.call(lambda db: groups.leave(db, self.member))

    def _settle(self) -> None:
        """Follows a change of the group: lets go of what others shall have, takes what is free and meant for it."""
        if self._tail.generations.get(self.group) == self._generation:
            return
        try:
            settled = self._writer.call(lambda db: groups.settle(db, self.member))
        except Fenced:
            self._let_go(self.owned())
            raise
        meant = {self._places[place]: offset for place, offset in settled.owned.items()}
        self._let_go(self.owned() - meant.keys())
        if settled.surplus:
            self._writer.call(lambda db: groups.release(db, self.group, self.member, settled.surplus))
        self._generation = settled.generation
        gained = sorted(meant.keys() - self.owned())
        for topic, number in gained:
            self._add(topic, number, meant[topic, number])
        if gained and self._on_assigned is not None:
            self._on_assigned(gained)

    def _add(self, topic: str, number: int, offset: int) -> None:
        self._cursors.add(self._storage.topic(topic), number, offset)

    def _let_go(self, partitions: frozenset[TopicPartition]) -> None:
        self._cursors.drop(partitions)
        if partitions and self._on_revoked is not None:
            self._on_revoked(sorted(partitions))


class EmbeddedMember(EmbeddedConsumer):
    """What it is given is paused until it is started. Somebody waits for what it does, so it lets nobody go first."""

    grace = 0.0

    def start(self, partition: TopicPartition, offset: int | None) -> None:
        """Raises KeyError where this member does not own the partition."""
        if offset is not None:
            self.seek(partition, offset)
        self.resume([partition])

    def _add(self, topic: str, number: int, offset: int) -> None:
        super()._add(topic, number, offset)
        self._cursors[topic, number].paused = True
