"""The log port: partitioned, ordered, durable records, consumer groups, transactions that no zombie can commit."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Protocol

import msgspec

Headers = Mapping[str, bytes]
TopicPartition = tuple[str, int]


class Retention(Enum):
    """How long a topic keeps its records when no duration is given."""

    FOREVER = "forever"  # history: never deleted, never compacted
    COMPACTED = "compacted"  # the last value of each key
    ERASED = "erased"  # the same, and what was replaced or removed is soon nowhere any more


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    partitions: int
    retention: Retention | timedelta = Retention.FOREVER


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record as read from the log; offsets rise inside a partition but may have holes."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: Headers
    time: int  # when it was appended, microseconds since 1970


class LogUnavailable(Exception):
    """The log does not answer now. Nothing was lost; try again."""


class TransactionAborted(Exception):
    """This transaction is void; nothing of it will ever be read. Discard what was staged, read again from its start."""


class Fenced(Exception):
    """Another process has taken this slot. This one must end."""


class WrongTopic(Exception):
    """A topic exists with other settings than ours: partitions that moved or a retention that would lose history."""


class Producer(Protocol):
    """Appends records outside transactions, durably and in order per key; safe to call from any thread."""

    def send(
        self,
        topic: str,
        key: bytes,
        value: bytes | None,
        headers: Headers,
        partition: int | None = None,
        done: Callable[[Exception | None], None] | None = None,
    ) -> None:
        """Queues one record. `done` is called from another thread once it is durable (None) or never will be (error).

        Without a partition the key chooses it (`partition_of`). Raises LogUnavailable when the queue is full.
        """

    def flush(self, timeout: float) -> None:
        """Waits until all that was sent is durable; raises LogUnavailable where it is not within `timeout` seconds."""

    def close(self) -> None: ...


class Consumer(Protocol):
    """A member of a consumer group: it owns partitions and reads their committed records in order. One thread only."""

    def poll(self, limit: int, timeout: float) -> list[Record]:
        """Up to `limit` records, or what has come within `timeout` seconds. Rebalance callbacks run inside it."""

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Stores the next offsets to read after a restart."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Reads this owned partition from `offset` at the next poll."""

    def pause(self, partitions: Sequence[TopicPartition]) -> None: ...

    def resume(self, partitions: Sequence[TopicPartition]) -> None: ...

    def owned(self) -> frozenset[TopicPartition]: ...

    def close(self) -> None:
        """Leaves the group: its partitions move on at once."""


class Member(Consumer, Protocol):
    """A consumer whose owner knows where to read: what it is given is silent until it is started."""

    def start(self, partition: TopicPartition, offset: int | None) -> None:
        """Reads this owned partition from `offset` on; None means from what the group has committed, as a consumer."""


class Reader(Protocol):
    """Reads chosen partitions without a group: replays, tails, answers. One thread only."""

    def poll(self, limit: int, timeout: float) -> list[Record]:
        """Up to `limit` committed records, or what has come within `timeout` seconds."""

    def level(self) -> bool:
        """Whether everything committed before this reader was opened has been handed out by `poll`."""

    def close(self) -> None: ...


class Transactor(Protocol):
    """The one writer of a slot: records and consumed offsets become visible together or not at all. One thread only.

    Any call may raise LogUnavailable: then nothing of the transaction is kept, and `begin` starts anew.
    """

    def begin(self) -> None:
        """Starts a transaction; aborts first what an unfinished one left behind."""

    def send(self, topic: str, partition: int, key: bytes, value: bytes | None, headers: Headers) -> None: ...

    def commit(self, consumer: Consumer | None, offsets: Mapping[TopicPartition, int]) -> None:
        """Ends the transaction with the next offsets of `consumer`; None where it consumed nothing.

        Its records are on the log, not yet readable, before the group is asked whether `consumer` still owns these
        partitions: where it does, whoever owns one after it finds them there. Raises TransactionAborted where nothing
        of it was kept, Fenced where the slot has another owner.
        """

    def abort(self) -> None:
        """Ends the transaction as if nothing had been sent."""

    def close(self) -> None: ...


class Store(Protocol):
    """The last committed value of each key of a topic, for the partitions one process owns, in bounded memory."""

    def restore(self, topic: str, partition: int) -> bool:
        """Reads one slice of the partition up to the log's end as it was at the first call; True when level with it."""

    def get_many(self, topic: str, partition: int, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        """The value of each key, None where it has none."""

    def put(self, topic: str, partition: int, entries: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Takes over what a transaction of this process has just committed (None removes the key)."""

    def release(self, topic: str, partition: int) -> None:
        """Closes a partition that moves to another process."""

    def close(self) -> None: ...


class Log(Protocol):
    """A log and everything that can be opened on it."""

    def ensure(self, topics: Sequence[Topic]) -> None:
        """Creates what is missing; raises WrongTopic where one exists with other partitions or a lossy retention."""

    def topics(self) -> Mapping[str, int]:
        """The partition count of each existing topic."""

    def producer(self, *, early: bool = False) -> Producer:
        """`early`: its records may be read before they are durable, and `done` still comes after.

        For those whose readers put what follows from them on this same log, where the later is never durable without
        the earlier (commands), or remember nothing of them (pushes and signals).
        """

    def consumer(
        self,
        group: str,
        topics: Sequence[str],
        slot: str,
        on_assigned: Callable[[Sequence[TopicPartition]], None] | None = None,
        on_revoked: Callable[[Sequence[TopicPartition]], None] | None = None,
    ) -> Consumer:
        """Joins `group` as the static member `slot`, reading from the committed offset, else from the beginning.

        On revocation, whether handed over or lost, the callback only drops local state: it never commits.
        """

    def member(
        self,
        group: str,
        topics: Sequence[str],
        slot: str,
        on_assigned: Callable[[Sequence[TopicPartition]], None] | None = None,
        on_revoked: Callable[[Sequence[TopicPartition]], None] | None = None,
    ) -> Member:
        """Joins like `consumer`, but asks for no committed offsets and waits for no former owner's transaction.

        Who must not miss what such a transaction has done restores a partition that each of them writes to: when its
        turn has come, all records of those that can still be committed lie there (see `Transactor.commit`).
        """

    def reader(self, partitions: Mapping[TopicPartition, int | None]) -> Reader:
        """Opens a reader at the given offsets; None means from the end as it is now."""

    def transactor(self, slot: str) -> Transactor:
        """Becomes the writer of `slot`; whoever had it before is fenced from this moment."""

    def store(self, slot: str, retention: timedelta | None = None) -> Store:
        """The local store of `slot`; with a retention, values older than that may be forgotten."""

    def end(self, partition: TopicPartition) -> int:
        """The offset after the last record of a partition."""

    def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The same of many partitions, asked for at once."""

    def close(self) -> None: ...
