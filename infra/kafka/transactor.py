"""The transactional producer of one slot: at any time one process in the cluster can commit with it."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import structlog
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Producer as Client
from confluent_kafka import TopicPartition as Place

from infra.kafka.clients import FORBIDDEN, Settings, error_of, is_fatal, telling
from infra.kafka.consumer import KafkaConsumer
from infra.kafka.producer import PRODUCING
from infra.log import Consumer, Fenced, Headers, LogUnavailable, TopicPartition, TransactionAborted

log = structlog.get_logger(__name__)

TRANSACTIONAL: Settings = {
    "transaction.timeout.ms": 10_000,
    "message.timeout.ms": 9_000,
    # A commit returns before its markers are written; the next transaction then waits one back-off.
    "retry.backoff.ms": 1,
    "retry.backoff.max.ms": 5,
    "delivery.report.only.error": True,
}

ATTEMPT = 5.0  # seconds between two log lines while a step waits for Kafka


class CommitUnknown(Exception):
    """Kafka went away in the middle of a commit. The process must end: its successor learns what became of it."""


class _Void(Exception):
    """This transaction can only be aborted."""


class KafkaTransactor:
    """Begins, fills and ends transactions; `patience` is how many seconds a step waits for a silent Kafka."""

    def __init__(self, settings: Settings, slot: str, patience: float) -> None:
        self._slot, self._patience = slot, patience
        identity: Settings = {"transactional.id": slot, "error_cb": telling(f"transactor {slot}")}
        self._client = Client(settings | PRODUCING | TRANSACTIONAL | identity)
        self._produce: Callable[..., None] = self._client.produce
        self._open = self._closed = False
        self._fenced = ""
        self._insist("taking the slot", self._client.init_transactions)

    def begin(self) -> None:
        self.abort()
        self._client.poll(0)  # lets the library speak of its errors
        self._insist("beginning", lambda _: self._client.begin_transaction())
        self._open = True

    def send(self, topic: str, partition: int, key: bytes, value: bytes | None, headers: Headers) -> None:
        """Raises ValueError where the record is larger than a broker takes; the transaction stays as it was."""
        try:
            self._produce(topic, value, key, partition, headers=headers)
        except BufferError:
            self._wait_for_room()
            self.send(topic, partition, key, value, headers)
        except KafkaException as failure:
            error = error_of(failure)
            if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                raise ValueError(f"a record for {topic} is too large: {error}") from failure
            if is_fatal(error):
                raise self._fence(error) from failure
            self.abort()
            raise TransactionAborted(str(error)) from failure

    def commit(self, consumer: Consumer, offsets: Mapping[TopicPartition, int]) -> None:
        """Raises LogUnavailable before the end was asked for, CommitUnknown where it was and no answer came."""
        if not isinstance(consumer, KafkaConsumer):
            raise TypeError("the offsets of another log's consumer cannot be part of a Kafka transaction")
        try:
            if offsets:
                places, member = [Place(*each, offset) for each, offset in offsets.items()], consumer.membership
                self._insist(
                    "sending offsets", lambda wait: self._client.send_offsets_to_transaction(places, member, wait)
                )
            try:
                self._insist("committing", self._client.commit_transaction)
            except LogUnavailable as silent:
                raise CommitUnknown(str(silent)) from silent
        except _Void as void:
            self.abort()
            raise TransactionAborted(str(void)) from void
        self._open = False

    def abort(self) -> None:
        if self._open:
            self._insist("aborting", self._client.abort_transaction)
            self._open = False

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with suppress(Fenced, LogUnavailable, KafkaException):
            self.abort()
        self._client.purge()
        self._client.close()

    def _insist(self, what: str, step: Callable[[float], None]) -> None:
        """Does one step and says what its failure means: fenced, void, worth another attempt, or a defect.

        The order of the questions matters: an error that fences a zombie also calls itself retriable.
        """
        if self._fenced:
            raise Fenced(self._fenced)
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return step(ATTEMPT)
            except KafkaException as failure:
                error = error_of(failure)
                if error.code() in FORBIDDEN:
                    raise
                if is_fatal(error):
                    raise self._fence(error) from failure
                if error.txn_requires_abort():
                    raise _Void(str(error)) from failure
                if not error.retriable():
                    raise
                if time.monotonic() > deadline:
                    raise LogUnavailable(f"{self._slot}: {what}: {error}") from failure
                log.warning("kafka does not answer, trying again", slot=self._slot, step=what, error=str(error))
                time.sleep(0.1)

    def _fence(self, error: KafkaError) -> Fenced:
        self._fenced = f"{self._slot}: {error}"
        return Fenced(self._fenced)

    def _wait_for_room(self) -> None:
        deadline = time.monotonic() + self._patience
        while len(self._client) and self._client.flush(0.1):
            if time.monotonic() > deadline:
                raise LogUnavailable(f"{self._slot}: too many records wait for Kafka")
