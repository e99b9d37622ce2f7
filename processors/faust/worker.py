"""The Faust worker: runs the app of one stream until it is told to stop or fails."""

import asyncio
from threading import Event
from typing import Any

import structlog
import uvloop

from processors.faust.app import Cluster, StreamApp, app_of
from processors.faust.feed import Feed
from processors.streams import Stream

log = structlog.get_logger(__name__)

TENDING = 1.0  # seconds between looks at what is due by the clock
LOOKING = 0.1  # seconds until a wish to stop is seen
FAREWELL = 8.0  # seconds a stop may take: one before the first assignment can hang in Faust


class WorkerFailed(Exception):
    """Faust gave up: this process has to be started anew. Nothing is lost, the stream's own progress counts."""


def run(target: Stream[Any], cluster: Cluster, stop: Event) -> None:
    """Feeds `target` from Kafka until `stop` is set. Raises WorkerFailed."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(target, cluster, stop))


async def _serve(target: Stream[Any], cluster: Cluster, stop: Event) -> None:
    feed = Feed(target)
    app = app_of(target, feed, cluster)
    app.on_rebalance_complete.connect(_taking_over(app), weak=False)
    tasks = [asyncio.create_task(each) for each in (app.start(), feed.run(), _tend(app))]
    starting, feeding, tending = tasks
    try:
        while not stop.is_set() and not app.crashed:
            await asyncio.sleep(LOOKING)
            for task in tasks:
                if task.done():
                    task.result()
        if app.crashed:
            raise WorkerFailed(f"{target.name}: Faust gave up") from app.crash_reason
    finally:
        tending.cancel()
        feed.close()
        try:
            async with asyncio.timeout(FAREWELL):
                await asyncio.wait([feeding])
                await app.stop()
        except TimeoutError:
            log.warning("stopping takes too long, leaving", consumer=target.name)
        starting.cancel()


def _taking_over(app: StreamApp) -> Any:
    async def take_over(*_: Any, **__: Any) -> None:
        """Loads the progress of what is ours now. Faust seeks to it next, and only then lets records flow."""
        owned = {(each.topic, each.partition) for each in app.consumer.assignment()}
        known = app.target.progress().keys()
        if strange := known - owned:
            await app.target.revoke(sorted(strange))
        if fresh := owned - known:
            await app.target.assign(sorted(fresh))

    return take_over


async def _tend(app: StreamApp) -> None:
    """Lets the stream do what is due by the clock. Not in a rebalance: one without end must not look like life."""
    while True:
        await asyncio.sleep(TENDING)
        if app.started and not app.rebalancing:
            await app.target.tend()
