"""Readers of chosen partitions, without a group."""

from collections.abc import Mapping

import structlog
from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as Place

from infra.kafka.calls import end
from infra.kafka.clients import FORBIDDEN, Settings, telling
from infra.kafka.consumer import READING
from infra.kafka.records import records_of, take
from infra.log import Record, TopicPartition

log = structlog.get_logger(__name__)

TAILING: Settings = {
    "group.id": "readers",  # the library wants one; nothing is joined and nothing is committed
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "fetch.queue.backoff.ms": 20,
}
# The end of a partition is told by an empty fetch: this is how long being level may go unnoticed.
CATCHING_UP: Settings = {"fetch.wait.max.ms": 50}
# Whoever is level is told of a new record at once however long it waits; and every process has a reader or two.
FOLLOWING: Settings = {"fetch.wait.max.ms": 5_000}


class KafkaReader:
    """Reads from given offsets; level once each partition's end was met at or behind its target offset."""

    def __init__(self, settings: Settings, starts: Mapping[TopicPartition, int], targets: Mapping[TopicPartition, int]):
        # Offsets cannot be counted up to the target: control records occupy some. Only the end-of-partition event
        # passes them, and under read_committed it comes no earlier than all before it is decided.
        self._behind = {each: target for each, target in targets.items() if starts[each] < target}
        self._settings, self._next = settings, dict(starts)
        self._closed = False
        self._open(CATCHING_UP if self._behind else FOLLOWING)

    def poll(self, limit: int, timeout: float) -> list[Record]:
        if self._hasty and not self._behind:
            self._part()
            self._open(FOLLOWING)
        messages = take(self._client, limit, timeout)
        records = records_of(messages, self._event) if messages else []
        for record in records:
            self._next[record.topic, record.partition] = record.offset + 1
        return records

    def level(self) -> bool:
        return not self._behind

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._part()

    def _open(self, pace: Settings) -> None:
        self._hasty = pace is CATCHING_UP
        self._client = Client(READING | TAILING | pace | self._settings | {"error_cb": telling("reader")})
        self._client.assign([Place(*each, offset) for each, offset in self._next.items()])

    def _part(self) -> None:
        end(self._client.close, "reader")

    def _event(self, message: Message) -> None:
        error, partition = message.error(), (message.topic() or "", message.partition() or 0)
        if error is None:
            return
        if error.code() == KafkaError._PARTITION_EOF:
            if (message.offset() or 0) >= self._behind.get(partition, 0):
                self._behind.pop(partition, None)
        elif error.code() in FORBIDDEN:
            raise KafkaException(error)
        else:
            log.warning("kafka reader", topic=partition[0], partition=partition[1], error=str(error))
