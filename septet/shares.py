"""A replay in several processes, each with its share of the partitions: one interpreter fills one core only."""

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from infra.log import TopicPartition
from infra.settings import Settings
from processors.replay import replay
from projections.following import Replay
from septet.composition import PROJECTIONS, House, build

YIELDING = 5  # how much these processes step back for live ones (nice)

Told = Callable[[TopicPartition, int], None]


class ShareFailed(Exception):
    """A process with a share ended before it was done; what it has done counts, the next replay goes on from there."""


async def replay_apart(house: House, handler: Replay, processes: int, told: Told) -> None:
    """Replays like `processors.replay.replay`, in so many processes; ends them all where one fails or it is cancelled.

    Raises ShareFailed.
    """
    context = multiprocessing.get_context("spawn")
    shares: list[tuple[SpawnProcess, Connection]] = []
    try:
        for share in range(processes):
            receiving, sending = context.Pipe(duplex=False)
            words = (house.settings, handler.projection.name, handler.number, share, processes, sending)
            process = context.Process(target=_share, args=words, name=f"share-{share}", daemon=True)
            process.start()
            sending.close()  # the child's end is the only one left: when it dies, reading ends
            shares.append((process, receiving))
        async with asyncio.TaskGroup() as running:
            for process, receiving in shares:
                running.create_task(_follow(process, receiving, told))
    finally:
        for process, _ in shares:
            process.terminate()
        for process, receiving in shares:
            await asyncio.to_thread(process.join)
            receiving.close()


async def _follow(process: SpawnProcess, receiving: Connection, told: Told) -> None:
    while True:
        try:
            come = await asyncio.to_thread(receiving.recv)
        except EOFError:
            await asyncio.to_thread(process.join)
            raise ShareFailed(f"{process.name} ended with status {process.exitcode}") from None
        if come is None:
            return
        for partition, offset in come.items():
            told(partition, offset)


def _share(settings: Settings, name: str, number: int, share: int, of: int, sending: Connection) -> None:
    """What such a process does. It ends where nobody listens to it any more."""
    os.nice(YIELDING)
    projection = next(each for each in PROJECTIONS if each.name == name)
    asyncio.run(_replay(build(settings), Replay(projection, number), share, of, sending))


async def _replay(house: House, handler: Replay, share: int, of: int, sending: Connection) -> None:
    def told(partition: TopicPartition, offset: int) -> None:
        sending.send({partition: offset})

    await replay(handler, house.log, house.codec, house.store, 1, told, share=share, of=of)
    sending.send(None)
    await house.tables.close()
    house.close()
