"""A log as small as its contract, whose faults a test chooses: what Kafka guarantees a command processor, and no more.

One partition per topic. `ModelLog.interrupt` is called at the moments of a commit at which the world may change: before
its records are on the log, before the consumed offsets are sent, which takes a member of the group, and before the end,
which only takes the slot's last owner. Each guarantee can be switched off, to see that the check misses it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from infra.log import Fenced, Headers, Record, TopicPartition, TransactionAborted

Entry = tuple[str, bytes, bytes | None, Headers]


@dataclass(frozen=True, slots=True)
class Guarantees:
    epochs: bool = True  # only the last who took a slot can end its transactions
    membership: bool = True  # offsets are taken only from who owns their partitions now
    stable: bool = True  # who restores a partition waits for the transactions that have written to it to end
    written: bool = True  # a transaction's records are on the log before its offsets are sent


@dataclass(slots=True)
class Pending:
    """A transaction whose records are on the log, and which has not ended."""

    epoch: int
    entries: list[Entry]


@dataclass
class ModelLog:
    guarantees: Guarantees = field(default_factory=Guarantees)
    interrupt: Callable[[str, "ModelTransactor"], None] = lambda moment, transactor: None
    records: dict[str, list[Record]] = field(default_factory=dict)
    members: list["ModelConsumer"] = field(default_factory=list)  # the first owns it
    epochs: dict[str, int] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)

    def append(self, entries: Sequence[Entry]) -> None:
        for topic, key, value, headers in entries:
            there = self.records.setdefault(topic, [])
            there.append(Record(topic, 0, len(there), key, value, headers, 0))

    def give_up(self, slot: str) -> None:
        """The broker ends a transaction that was left open."""
        self.pending.pop(slot, None)

    # The port, as far as a command processor uses it.

    def topics(self) -> Mapping[str, int]:
        return {"answers": 1}

    def member(self, group: str, topics: Sequence[str], slot: str, given: Any, taken: Any) -> "ModelConsumer":
        member = ModelConsumer(self, slot, given, taken)
        former = next((n for n, each in enumerate(self.members) if each.slot == slot), None)
        if former is None:
            self.members.append(member)
        else:
            self.members[former] = member
        return member

    def transactor(self, slot: str) -> "ModelTransactor":
        return ModelTransactor(self, slot)

    def store(self, slot: str, retention: timedelta | None = None) -> "ModelStore":
        return ModelStore(self)


class ModelConsumer:
    partition: TopicPartition = ("chat.commands", 0)

    def __init__(self, log: ModelLog, slot: str, given: Any, taken: Any) -> None:
        self.slot, self._log, self._given, self._taken = slot, log, given, taken
        self._owns, self._offset, self._silent = False, 0, True

    def poll(self, limit: int, timeout: float) -> list[Record]:
        if self not in self._log.members:
            raise Fenced(self.slot)
        if (self._log.members[0] is self) != self._owns:
            self._move()
        if not self._owns or self._silent:
            return []
        records = self._log.records.get(self.partition[0], [])[self._offset : self._offset + min(limit, 2)]
        self._offset += len(records)
        return records

    def _move(self) -> None:
        if self._owns:
            self._owns = False
            self._taken([self.partition])
        else:
            self._owns, self._silent = True, True
            self._given([self.partition])

    def start(self, partition: TopicPartition, offset: int | None) -> None:
        if offset is None:
            raise AssertionError("a broker may withhold what the group has committed")
        self._offset, self._silent = offset, False

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._offset = offset

    def owned(self) -> frozenset[TopicPartition]:
        return frozenset([self.partition] if self._owns else [])

    def close(self) -> None:
        if self in self._log.members:
            self._log.members.remove(self)


class ModelTransactor:
    def __init__(self, log: ModelLog, slot: str) -> None:
        self.slot, self._log = slot, log
        log.give_up(slot)
        self._epoch = log.epochs[slot] = log.epochs.get(slot, 0) + 1
        self._entries: list[Entry] = []

    def begin(self) -> None:
        self._entries = []

    def send(self, topic: str, partition: int, key: bytes, value: bytes | None, headers: Headers) -> None:
        self._entries.append((topic, key, value, headers))

    def commit(self, consumer: ModelConsumer, offsets: Mapping[TopicPartition, int]) -> None:
        log, epoch = self._log, self._epoch
        log.interrupt("before the records", self)
        if log.guarantees.written:
            self._write(epoch)
        log.interrupt("before the offsets", self)
        self._check_epoch()
        if log.guarantees.membership and log.members[:1] != [consumer]:
            self.abort()
            raise TransactionAborted("no owner any more")
        log.interrupt("before the end", self)
        if not log.guarantees.written:
            self._write(epoch)
        self._check_epoch()
        pending = log.pending.pop(self.slot, None)
        if pending is None or pending.epoch != epoch:
            if log.guarantees.epochs:
                raise TransactionAborted("the broker has ended it")
            pending = Pending(epoch, self._entries)
        log.append(pending.entries)
        log.interrupt("after the end", self)

    def _write(self, epoch: int) -> None:
        self._check_epoch()
        self._log.pending[self.slot] = Pending(epoch, self._entries)

    def _check_epoch(self) -> None:
        if self._log.guarantees.epochs and self._log.epochs[self.slot] != self._epoch:
            raise Fenced(self.slot)

    def abort(self) -> None:
        self._log.give_up(self.slot)

    def close(self) -> None: ...


class ModelStore:
    """Restored at one go from what is committed, once nothing is open that was when it was asked first.

    A process's own, and gone with it.
    """

    def __init__(self, log: ModelLog) -> None:
        self._log = log
        self._values: dict[tuple[str, bytes], bytes | None] = {}
        self._open: dict[str, list[Pending]] = {}  # what was open on a topic at the first look at its end

    def restore(self, topic: str, partition: int) -> bool:
        met = self._open.setdefault(topic, list(self._log.pending.values()))
        if self._log.guarantees.stable and any(each is open_ for each in met for open_ in self._log.pending.values()):
            return False
        del self._open[topic]
        self._values |= {(topic, each.key): each.value for each in self._log.records.get(topic, [])}
        return True

    def get_many(self, topic: str, partition: int, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        return [self._values.get((topic, key)) for key in keys]

    def put(self, topic: str, partition: int, entries: Sequence[tuple[bytes, bytes | None]]) -> None:
        self._values |= {(topic, key): value for key, value in entries}

    def release(self, topic: str, partition: int) -> None:
        self._open.pop(topic, None)
        self._values = {key: value for key, value in self._values.items() if key[0] != topic}

    def close(self) -> None: ...
