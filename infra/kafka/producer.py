"""The idempotent producer of gateways and importers: each record durable, once, in order per key."""

import threading
from collections.abc import Callable
from functools import partial

import structlog
from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as Client

from infra.kafka.calls import end
from infra.kafka.clients import Settings, error_of, is_fatal, telling
from infra.kafka.topics import LARGEST_BATCH
from infra.log import Headers, LogUnavailable

log = structlog.get_logger(__name__)

PRODUCING: Settings = {
    "linger.ms": 0,
    "partitioner": "murmur2_random",
    "message.max.bytes": LARGEST_BATCH - 588,  # the batch around the largest record needs some bytes too
}
IDEMPOTENT: Settings = {"enable.idempotence": True, "queue.buffering.max.messages": 100_000}

LAST_WORDS = 10.0  # seconds that closing waits for what was sent


class KafkaProducer:
    """A producer with a thread of its own that reports what became of each record."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings | PRODUCING | IDEMPOTENT | {"error_cb": telling("producer")}
        self._client = Client(self._settings)
        self._changing = threading.Lock()
        self._lost: Exception | None = None  # the last record that never will be durable, since the last flush
        self._closed = threading.Event()
        self._reporter = threading.Thread(target=self._report, name="kafka-producer", daemon=True)
        self._reporter.start()

    def send(
        self,
        topic: str,
        key: bytes,
        value: bytes | None,
        headers: Headers,
        partition: int | None = None,
        done: Callable[[Exception | None], None] | None = None,
    ) -> None:
        """Raises ValueError where the record is larger than a broker takes."""
        if self._closed.is_set():
            raise LogUnavailable("this producer is closed")
        client = self._client
        try:
            client.produce(
                topic,
                value,
                key,
                -1 if partition is None else partition,
                on_delivery=partial(self._became, done),
                headers=dict(headers),
            )
        except BufferError as full:
            raise LogUnavailable("too many records wait for Kafka") from full
        except KafkaException as failure:
            error = error_of(failure)
            if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                raise ValueError(f"a record for {topic} is too large: {error}") from failure
            if is_fatal(error):
                self._replace(client, error)
            raise LogUnavailable(f"Kafka did not take a record for {topic}: {error}") from failure

    def flush(self, timeout: float) -> None:
        waiting = self._client.flush(timeout)
        if waiting:
            raise LogUnavailable(f"{waiting} records are not durable yet")
        lost, self._lost = self._lost, None
        if lost is not None:
            raise lost

    def close(self) -> None:
        """Waits a little for what was sent; `done` of what does not get through is told so."""
        if self._closed.is_set():
            return
        waiting = self._client.flush(LAST_WORDS)
        self._closed.set()
        self._reporter.join()
        if waiting:
            log.warning("closing a producer whose records did not get through", records=waiting)
            self._end(self._client)
        end(self._client.close, "producer")

    def _report(self) -> None:
        while not self._closed.is_set():
            self._client.poll(0.1)

    def _became(self, done: Callable[[Exception | None], None] | None, error: KafkaError | None, _: Message) -> None:
        outcome = None if error is None else LogUnavailable(f"a record did not become durable: {error}")
        if outcome is not None:
            self._lost = outcome
        if done is not None:
            done(outcome)

    def _replace(self, failed: Client, error: KafkaError) -> None:
        """A fatal error ends a client, not the process: the next record goes through a new one."""
        with self._changing:
            if self._client is not failed:
                return
            log.error("kafka producer failed, replacing it", error=str(error))
            self._client = Client(self._settings)
        self._end(failed)

    @staticmethod
    def _end(client: Client) -> None:
        """Gives up what the client still holds and reports each record as lost."""
        client.purge()
        client.flush(1)
