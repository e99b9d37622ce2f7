"""The plain consumer loop: a stream on a thread of its own, over any log."""

import asyncio
import time
from collections.abc import Sequence
from threading import Event
from typing import Any

import structlog

from infra.log import Consumer, Log, LogUnavailable, TopicPartition
from processors.streams import Stream

log = structlog.get_logger(__name__)

BATCH = 500
WAIT = 0.1  # seconds a poll waits for the first record
TENDING = 1.0  # seconds between looks at what is due by the clock


def run(stream: Stream[Any], source: Log, slot: str, stop: Event) -> None:
    """Feeds `stream` until `stop` is set, each partition from where the stream's own progress says it left.

    Raises Fenced where another process has taken the slot.
    """
    with asyncio.Runner() as runner:
        assigned: list[TopicPartition] = []

        def given(partitions: Sequence[TopicPartition]) -> None:
            assigned.extend(partitions)

        def taken(partitions: Sequence[TopicPartition]) -> None:
            assigned[:] = [each for each in assigned if each not in partitions]
            runner.run(stream.revoke(partitions))

        consumer = source.consumer(stream.name, stream.handler.topics, slot, given, taken)
        tended = time.monotonic()
        try:
            while not stop.is_set():
                try:
                    if taken_at := _step(stream, consumer, runner, assigned):
                        stop.wait(max(0.0, taken_at + stream.handler.pace - time.monotonic()))
                except LogUnavailable as error:
                    log.warning("log away, waiting for it", consumer=stream.name, error=str(error))
                    stop.wait(0.5)
                if time.monotonic() - tended > TENDING:
                    tended = time.monotonic()
                    runner.run(stream.tend())
        finally:
            consumer.close()


def _step(stream: Stream[Any], consumer: Consumer, runner: asyncio.Runner, assigned: list[TopicPartition]) -> float:
    """One poll and all that follows from it; answers when it brought records, 0 where it brought none."""
    records = consumer.poll(BATCH, WAIT)
    taken_at = time.monotonic()
    if assigned:
        fresh = frozenset(assigned)
        for partition, offset in runner.run(stream.assign(assigned)).items():
            consumer.seek(partition, offset)
        assigned.clear()
        records = [each for each in records if (each.topic, each.partition) not in fresh]
    if not records:
        return 0.0
    runner.run(stream.handle(records))
    return taken_at
