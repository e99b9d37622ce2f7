"""The one writer of a slot: its transactions are checked against the slot's epoch inside the commit."""

import sqlite3
from collections.abc import Mapping

from infra.embedded.log.commit import Entry
from infra.embedded.log.consumer import EmbeddedConsumer
from infra.embedded.log.storage import Storage, encode
from infra.embedded.log.transaction import Transaction
from infra.embedded.log.writer import Writer
from infra.log import Consumer, Headers, LogUnavailable, TopicPartition, TransactionAborted


class EmbeddedTransactor:
    def __init__(self, storage: Storage, writer: Writer, slot: str) -> None:
        self._storage, self._writer, self._slot = storage, writer, slot
        self._epoch = writer.call(lambda db: _next_epoch(db, slot))
        self._staged: list[Entry] | None = None  # None where no transaction is open
        self._closed = False

    def begin(self) -> None:
        if self._closed:
            raise LogUnavailable("the transactor is closed")
        self._staged = []

    def send(self, topic: str, partition: int, key: bytes, value: bytes | None, headers: Headers) -> None:
        found = self._storage.topic(topic)
        place = found.place(partition)
        self._open().append(Entry(place, key, encode(key, value, headers), found.compacted, value is None))

    def commit(self, consumer: Consumer | None, offsets: Mapping[TopicPartition, int]) -> None:
        if not isinstance(consumer, EmbeddedConsumer | None):
            raise TypeError("a transaction commits the offsets of a consumer of the same log")
        staged, self._staged = self._open(), None
        if consumer is not None and consumer.closed:
            raise TransactionAborted("the consumer has left its group")
        places = {self._storage.topic(topic).place(number): offset for (topic, number), offset in offsets.items()}
        group, member = ("", None) if consumer is None else (consumer.group, consumer.member)
        transaction = Transaction(group, member, places, staged, (self._slot, self._epoch))
        self._writer.submit(transaction)
        transaction.wait()

    def abort(self) -> None:
        self._staged = None

    def close(self) -> None:
        self._closed, self._staged = True, None

    def _open(self) -> list[Entry]:
        if self._staged is None:
            raise RuntimeError("no transaction is open")
        return self._staged


def _next_epoch(db: sqlite3.Connection, slot: str) -> int:
    (epoch,) = db.execute(
        "INSERT INTO slots (slot, epoch) VALUES (?, 1) ON CONFLICT (slot) DO UPDATE SET epoch = epoch + 1 "
        "RETURNING epoch",
        (slot,),
    ).fetchone()
    return int(epoch)
