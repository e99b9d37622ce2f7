"""The transactional producers of one slot: at any time one process in the cluster can commit with them."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from uuid import uuid4

import structlog
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Producer as Client
from confluent_kafka import TopicPartition as Place

from infra.kafka.calls import Calls, Hung, end
from infra.kafka.clients import FORBIDDEN, Settings, error_of, is_fatal, telling
from infra.kafka.consumer import KafkaConsumer
from infra.kafka.producer import PRODUCING
from infra.log import Consumer, Fenced, Headers, LogUnavailable, TopicPartition, TransactionAborted

log = structlog.get_logger(__name__)

TRANSACTIONAL: Settings = {
    # Longer than a broker needs to come back: Kafka 4.3 was seen to end a transaction for its age while it was itself
    # still starting, and to call it complete without a mark on any partition. Then nobody ever reads on there.
    "transaction.timeout.ms": 60_000,
    "message.timeout.ms": 9_000,
    "retry.backoff.ms": 1,
    "retry.backoff.max.ms": 5,
    "delivery.report.only.error": True,
}

ATTEMPT = 5.0  # seconds a step is given at a time
SILENT = 15.0  # seconds of vain attempts after which not only Kafka may be stuck but the client
HUNG = 10.0  # seconds an attempt may take at most, whatever it was given


# Said to whoever lost the slot to another process, but also to one that was silent for too long. Other fatal errors
# only say that the client can do nothing more.
FENCING = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
        KafkaError.PRODUCER_FENCED,
    }
)


class CommitUnknown(Exception):
    """Kafka went away in the middle of a commit. The process must end: its successor learns what became of it."""


class _Void(Exception):
    """This transaction can only be aborted."""


class _Broken(Exception):
    """This client can do nothing more."""


class KafkaTransactor:
    """Begins, fills and ends transactions, one at a time, with two transactional ids by turns.

    A commit returns before its markers are written, and until then the broker refuses the id's next transaction. The
    library asks again after 20 ms, which is more than all the rest of a small transaction; the other id may go on at
    once. A slot is both ids together with the static member whose offsets are committed with them: a process that takes
    one takes all. Where Kafka calls this one fenced, it ends.

    `patience` is how many seconds it waits for a silent Kafka.
    """

    def __init__(self, settings: Settings, slot: str, patience: float) -> None:
        self._now = TransactionalId(settings, slot, patience)
        try:
            self._next = TransactionalId(settings, f"{slot}~", patience)
        except BaseException:
            self._now.close()
            raise

    def begin(self) -> None:
        self._now.abort()
        self._now, self._next = self._next, self._now
        if self._next.hung:  # what one client has lost for good, the other is about to miss
            self._next.hung = False
            self._now.renew()
        self._now.begin()

    def send(self, topic: str, partition: int, key: bytes, value: bytes | None, headers: Headers) -> None:
        """Raises ValueError where the record is larger than a broker takes; the transaction stays as it was."""
        self._now.send(topic, partition, key, value, headers)

    def commit(self, consumer: Consumer | None, offsets: Mapping[TopicPartition, int]) -> None:
        """Raises CommitUnknown where Kafka went away so late that the end cannot be told; then the process must end."""
        self._now.commit(consumer, offsets)

    def abort(self) -> None:
        self._now.abort()

    def close(self) -> None:
        self._now.close()
        self._next.close()


class TransactionalId:
    """One id of a slot and its client: a transaction of it begins when the one before has ended for good."""

    def __init__(self, settings: Settings, name: str, patience: float) -> None:
        self._name, self._patience = name, patience
        own: Settings = {"transactional.id": name, "error_cb": telling(f"transactor {name}")}
        self._settings = settings | PRODUCING | TRANSACTIONAL | own
        self._identity, self._commits = uuid4().hex[:12], 0
        self._closed = False
        self.hung = False  # whether a call has not returned, since somebody last asked
        self._connect()
        self._take()

    def begin(self) -> None:
        self.abort()
        self._take()
        self._client.poll(0)  # lets the library speak of its errors
        try:
            self._begin()
        except _Broken:
            self._mend()
            self._begin()
        self._open = True

    def send(self, topic: str, partition: int, key: bytes, value: bytes | None, headers: Headers) -> None:
        try:
            self._produce(topic, value, key, partition, headers=headers)
        except BufferError:
            self._wait_for_room()
            self.send(topic, partition, key, value, headers)
        except KafkaException as failure:
            error = error_of(failure)
            if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                raise ValueError(f"a record for {topic} is too large: {error}") from failure
            self.abort()
            raise TransactionAborted(str(error)) from failure

    def commit(self, consumer: Consumer | None, offsets: Mapping[TopicPartition, int]) -> None:
        if not isinstance(consumer, KafkaConsumer | None):
            raise TypeError("the offsets of another log's consumer cannot be part of a Kafka transaction")
        self._commits += 1
        note = f"{self._identity}/{self._commits}"
        try:
            if consumer is not None and offsets:
                self._send_offsets(consumer, offsets, note)
        except _Broken as broken:
            self._mend()
            raise TransactionAborted(str(broken)) from broken
        except _Void as void:
            self.abort()
            raise TransactionAborted(str(void)) from void
        try:
            self._insist("committing", self._client.commit_transaction)
        except _Void as void:
            self.abort()
            raise TransactionAborted(str(void)) from void
        except _Broken as broken:
            self._find_out(consumer, offsets, note, broken)
        self._open = False

    def abort(self) -> None:
        if not self._open:
            return
        try:
            self._insist("aborting", self._client.abort_transaction)
        except _Broken:
            self._mend()
        self._open = False

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._open and self._failed is None:
            with suppress(KafkaException, Hung):  # what is left open, Kafka aborts by itself
                self._calls.make(partial(self._client.abort_transaction, ATTEMPT), HUNG)
        self._part(wait=True)

    def renew(self) -> None:
        """Replaces the client, between two transactions."""
        self._part()
        self._connect()
        self._take()

    def _part(self, *, wait: bool = False) -> None:
        """Leaves the client behind. It must not die where it is dropped: its end may wait for Kafka, or for ever."""
        self._calls.end()
        with suppress(KafkaException):  # a client that was fenced has no more to end
            end(self._client.close, f"transactor {self._name}", wait=wait)

    def _connect(self) -> None:
        self._client = Client(self._settings)
        self._produce: Callable[..., None] = self._client.produce
        self._calls = Calls("kafka-transactor")
        self._open = self._taken = False
        self._failed: KafkaError | None = None  # why this client can do nothing more

    def _take(self) -> None:
        """Takes the slot, where this client has not: whatever an earlier owner left open is aborted by that."""
        deadline = time.monotonic() + self._patience
        while not self._taken:
            try:
                self._insist("taking the slot", self._client.init_transactions)
                self._taken = True
            except _Broken as broken:
                if self._failed is None or is_fatal(self._failed):
                    raise Fenced(f"{self._name}: {broken}") from broken
                if time.monotonic() > deadline:
                    raise LogUnavailable(f"{self._name}: {broken}") from broken
                log.warning("the slot cannot be taken yet, trying again", slot=self._name, error=str(broken))
                self._part()
                self._connect()

    def _mend(self) -> None:
        """Replaces a client that can do nothing more; raises Fenced where it was fenced."""
        self._end_if_fenced()
        error = self._failed
        log.warning("replacing a transactional client", slot=self._name, error=str(error))
        self.renew()

    def _end_if_fenced(self) -> None:
        """A client is fenced by another process, or by its own silence, which cannot be told apart in time.

        Two that both believed to be the rightful owner would fence each other for ever. So the process ends, and its
        supervisor starts it anew.
        """
        if self._failed is not None and self._failed.code() in FENCING:
            raise Fenced(f"{self._name}: {self._failed}")

    def _send_offsets(self, consumer: KafkaConsumer, offsets: Mapping[TopicPartition, int], note: str) -> None:
        # Only what is on the log is asked about: else an owner could be confirmed, pause, and write behind the back of
        # the next one, who has looked at the end of the log by then.
        self._insist("writing", self._write_all)
        places = [Place(*each, offset, metadata=note) for each, offset in offsets.items()]
        member = consumer.membership
        self._insist("sending offsets", lambda wait: self._client.send_offsets_to_transaction(places, member, wait))

    def _write_all(self, wait: float) -> None:
        if left := self._client.flush(wait):
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{left} records wait", retriable=True))

    def _find_out(
        self, consumer: KafkaConsumer | None, offsets: Mapping[TopicPartition, int], note: str, broken: _Broken
    ) -> None:
        """Returns where the transaction was committed after all: then the committed offsets bear its note."""
        self._end_if_fenced()
        if consumer is None or not offsets:
            raise CommitUnknown(str(broken)) from broken
        try:
            self._mend()  # and so ends the transaction, one way or the other
            committed = consumer.noted(note, offsets)
        except LogUnavailable as silent:
            raise CommitUnknown(str(silent)) from silent
        if not committed:
            raise TransactionAborted(str(broken)) from broken

    def _begin(self) -> None:
        """Says so to the client only, not to Kafka."""
        if self._failed is None:
            try:
                return self._client.begin_transaction()
            except KafkaException as failure:
                self._failed = error_of(failure)
                if not is_fatal(self._failed):
                    raise
        raise _Broken(str(self._failed))

    def _insist(self, what: str, step: Callable[[float], None]) -> None:
        """Does one step and says what its failure means: broken, void, worth another attempt, or a defect.

        The order of the questions matters: an error that fences a zombie also calls itself retriable.
        """
        deadline = time.monotonic() + SILENT
        while self._failed is None:
            try:
                return self._calls.make(partial(step, ATTEMPT), HUNG)
            except Hung as hung:
                self.hung = True
                self._failed = KafkaError(KafkaError._TIMED_OUT, f"{what}: {hung}")
            except KafkaException as failure:
                error = error_of(failure)
                if error.code() in FORBIDDEN:
                    raise
                if is_fatal(error):
                    self._failed = error
                elif error.txn_requires_abort():
                    raise _Void(str(error)) from failure
                elif not error.retriable():
                    raise
                elif time.monotonic() > deadline:
                    self._failed = error
                else:
                    log.warning("kafka does not answer, trying again", slot=self._name, step=what, error=str(error))
                    time.sleep(0.1)
        raise _Broken(str(self._failed))

    def _wait_for_room(self) -> None:
        deadline = time.monotonic() + self._patience
        while len(self._client) and self._client.flush(0.1):
            if time.monotonic() > deadline:
                raise LogUnavailable(f"{self._name}: too many records wait for Kafka")
