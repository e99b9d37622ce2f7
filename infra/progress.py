"""How far each consumer has come: what a restart goes on from, what a query waits for, what lag is counted with."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.clock import micros_now
from infra.log import TopicPartition
from infra.tables import Table, Tables, Write

PROGRESS = Table(
    "stream_progress",
    partition={"consumer": str},
    clustering={"topic": str, "number": int},
    columns={"sequence": int, "place": int, "event_time": int, "applied_at": int},
)
PARTITIONS = 10_000  # of all topics of one consumer, at most


@dataclass(slots=True)
class Progress:
    """The last record of a partition that was handled; times in microseconds."""

    sequence: int = 0  # on topics that have one
    place: int = -1  # its offset
    event_time: int = 0
    applied_at: int = 0


async def progress_of(tables: Tables, consumer: str) -> dict[TopicPartition, Progress]:
    """How far a consumer is in each partition it has read from."""
    rows = await tables.scan(PROGRESS, consumer=consumer, limit=PARTITIONS)
    return {
        (row["topic"], row["number"]): Progress(row["sequence"], row["place"], row["event_time"], row["applied_at"])
        for row in rows
    }


def marks(consumer: str, reached: Mapping[TopicPartition, Progress]) -> list[Write]:
    """The writes that make progress known."""
    now = micros_now()
    return [
        PROGRESS.put(
            at.place + 1,  # rises with every batch, so that a late write never turns it back
            consumer=consumer,
            topic=topic,
            number=number,
            sequence=at.sequence,
            place=at.place,
            event_time=at.event_time,
            applied_at=now,
        )
        for (topic, number), at in reached.items()
    ]
