"""A replay: a consumer's topics read from where it left off to the log's end, in parallel, without a group."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from infra.log import Log, LogUnavailable, TopicPartition
from infra.progress import Progress, progress_of
from infra.tables import Tables
from processors.streams import Handler, Stream
from schemas.codec import Codec

T = TypeVar("T")

# Records handled at once: the more, the more writes of one row become one; but where there is one writer at a time,
# live ones wait for a batch.
BATCH = 2_000
WAIT = 0.2  # seconds a poll waits for the first record

Told = Callable[[TopicPartition, int], None]  # a partition, and the offset up to which it has come


def partitions_of(source: Log, topics: Sequence[str]) -> list[TopicPartition]:
    """All partitions of some topics."""
    counts = source.topics()
    return [(topic, number) for topic in topics for number in range(counts[topic])]


async def places_of(
    source: Log, tables: Tables, consumer: str, topics: Sequence[str]
) -> Mapping[TopicPartition, tuple[int, int]]:
    """Of each partition, the next offset of a consumer and the log's end."""
    known = await progress_of(tables, consumer)
    partitions = partitions_of(source, topics)
    ends = await asyncio.to_thread(source.ends, partitions)
    return {each: (known.get(each, Progress()).place + 1, ends[each]) for each in partitions}


async def replay(
    handler: Handler[Any],
    source: Log,
    codec: Codec,
    tables: Tables,
    parallel: int,
    told: Told = lambda _, __: None,
    *,
    share: int = 0,
    of: int = 1,
) -> None:
    """Returns when everything committed before the call is handled; broken off at any point, the next call goes on.

    No group is joined and no offset committed: live consumers do not notice it. Where several processes replay, each
    takes its `share` (0, 1, …) `of` so many: every so-manieth partition.
    """
    partitions = partitions_of(source, handler.topics)[share::of]
    lanes = [partitions[start::parallel] for start in range(min(parallel, len(partitions)))]
    async with asyncio.TaskGroup() as running:
        for lane in lanes:
            running.create_task(_lane(Stream(handler, codec, source, tables), source, lane, told))


async def _lane(stream: Stream[Any], source: Log, partitions: Sequence[TopicPartition], told: Told) -> None:
    starts = await stream.assign(partitions)
    reader = await _patiently(lambda: source.reader(dict(starts)))
    ahead = asyncio.create_task(_patiently(lambda: reader.poll(BATCH, WAIT)))
    try:
        while True:
            records, level = await ahead, reader.level()
            if not level:  # the next records are read while these are handled
                ahead = asyncio.create_task(_patiently(lambda: reader.poll(BATCH, WAIT)))
            await stream.handle(records)
            for partition, offset in {(each.topic, each.partition): each.offset + 1 for each in records}.items():
                told(partition, offset)
            if level:
                return
    finally:
        await asyncio.wait([ahead])
        await asyncio.to_thread(reader.close)


async def _patiently(ask: Callable[[], T]) -> T:
    """What the log answers, as soon as it is there."""
    while True:
        try:
            return await asyncio.to_thread(ask)
        except LogUnavailable:
            await asyncio.sleep(0.5)
