"""The plain consumer loop: a stream on a thread of its own, over any log."""

import asyncio
import time
from collections.abc import Sequence
from threading import Event

import structlog

from infra.log import Log, LogUnavailable, TopicPartition
from processors.streams import Stream

log = structlog.get_logger(__name__)

BATCH = 500
TENDING = 1.0  # seconds between looks at what operators wish for parked keys


def run(stream: Stream, source: Log, slot: str, stop: Event) -> None:
    """Feeds `stream` until `stop` is set, each partition from where the stream's own progress says it left."""
    assigned: list[TopicPartition] = []

    def given(partitions: Sequence[TopicPartition]) -> None:
        assigned.extend(partitions)

    def taken(partitions: Sequence[TopicPartition]) -> None:
        stream.revoke(partitions)
        assigned[:] = [each for each in assigned if each not in partitions]

    with asyncio.Runner() as runner:
        consumer = source.consumer(stream.name, stream.handler.topics, slot, given, taken)
        tended = time.monotonic()
        try:
            while not stop.is_set():
                try:
                    records = consumer.poll(BATCH, 0.1)
                except LogUnavailable as error:
                    log.warning("log away, waiting for it", consumer=stream.name, error=str(error))
                    stop.wait(0.5)
                    continue
                if assigned:
                    fresh = frozenset(assigned)
                    for partition, offset in runner.run(stream.assign(assigned)).items():
                        consumer.seek(partition, offset)
                    assigned.clear()
                    records = [each for each in records if (each.topic, each.partition) not in fresh]
                if records:
                    runner.run(stream.handle(records))
                if time.monotonic() - tended > TENDING:
                    tended = time.monotonic()
                    runner.run(stream.tend())
        finally:
            consumer.close()
