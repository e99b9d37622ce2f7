"""Waiting for a broker that is away without wearing the machine out: Faust's client tries again at once, and says so.

aiokafka 0.14.0 has three loops for one consumer, each of which comes back to an unreachable node every 100 ms and
writes a line or two. Its own back-off cannot be set higher without slowing rebalances down, too, so only what leads to
nobody is slowed here. At its start, on the other hand, it asks each broker once and gives up, and Faust with it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog
from aiokafka.errors import KafkaConnectionError

from processors.streams import Stream

log = structlog.get_logger(__name__)

FIRST, LONGEST = 0.1, 1.0  # seconds after a refusal
QUIET = 10.0  # seconds between two log lines about the same silence

# What aiokafka's loops write again and again while no broker answers, by logger.
COMPLAINTS = {
    "aiokafka": (
        'Unable connect to "%s:%s": %s',
        "Unable connect to node with id %s: %s",
        "Unable to update metadata from %s",
    ),
    "aiokafka.consumer.fetcher": ("Failed fetch messages from %s: %s", "Failed fetch offsets from %s: %s"),
    "aiokafka.consumer.group_coordinator": ("Group Coordinator Request failed: %s",),
}


class Connect(Protocol):
    """A client's way to a node: its connection, or None where the node cannot be reached."""

    async def __call__(self, node_id: Any, **hints: Any) -> Any: ...


def patient(connect: Connect) -> Connect:
    """The same, but word of a node that cannot be reached comes after a pause, each time twice as long."""
    pauses: dict[Any, float] = {}

    async def connecting(node_id: Any, **hints: Any) -> Any:
        connection = await connect(node_id, **hints)
        if connection is not None:
            pauses.pop(node_id, None)
            return connection
        pause = pauses.get(node_id, FIRST)
        pauses[node_id] = min(2 * pause, LONGEST)
        await asyncio.sleep(pause)
        return None

    return connecting


def insistent(
    bootstrap: Callable[[], Awaitable[None]], target: Stream[Any], stopping: Callable[[], bool]
) -> Callable[[], Awaitable[None]]:
    """The same first question to the brokers, asked until one answers; while none does, the stream is said to wait."""

    async def asking() -> None:
        pause, told = FIRST, -QUIET
        while True:
            try:
                return await bootstrap()
            except KafkaConnectionError as error:
                if stopping():
                    raise
                target.wait_for(error)
                if time.monotonic() - told >= QUIET:
                    told = time.monotonic()
                    log.warning("log away, waiting for it", consumer=target.name, error=str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST)

    return asking


class Quiet(logging.Filter):
    """Lets one of the complaints through each `QUIET` seconds, and everything else."""

    def __init__(self) -> None:
        super().__init__()
        self._last = -QUIET

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg not in COMPLAINTS.get(record.name, ()):
            return True
        if time.monotonic() - self._last < QUIET:
            return False
        self._last = time.monotonic()
        return True


_quiet = Quiet()
for _name in COMPLAINTS:
    logging.getLogger(_name).addFilter(_quiet)
