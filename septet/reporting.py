"""What a worker says of itself, every few seconds, from a thread of its own: also where its work hangs."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

import structlog
from msgspec.structs import replace

from infra import workers
from infra.clock import micros_now
from infra.tables import Tables, TablesUnavailable
from infra.workers import Worker

log = structlog.get_logger(__name__)

EVERY = 4.0  # seconds
STALLED = 10.0  # seconds of silence


@dataclass(frozen=True, slots=True)
class Sign:
    """How a worker's work goes just now."""

    handled: int
    silent: float = 0.0  # seconds
    partitions: int = 0
    error: str = ""
    error_at: int = 0


@contextmanager
def reporting(tables: Tables, role: str, slot: int, port: int, sign: Callable[[], Sign]) -> Iterator[None]:
    """Reports while the block runs; the first report is made before it begins, so that no worker works unknown."""
    now = micros_now()
    first = Worker(role, slot, socket.gethostname(), os.getpid(), now, now, metrics_port=port)
    stop = threading.Event()
    with asyncio.Runner() as runner:
        while True:
            try:
                runner.run(workers.say(tables, first))
                break
            except TablesUnavailable as error:
                log.warning("tables away, waiting for them", role=role, error=str(error))
                stop.wait(1.0)
    thread = threading.Thread(target=_report, args=(tables, first, sign, stop), name=f"report {role}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _report(tables: Tables, worker: Worker, sign: Callable[[], Sign], stop: threading.Event) -> None:
    handled, looked, rate = sign().handled, monotonic(), 0.0
    with asyncio.Runner() as runner:
        while not stop.wait(EVERY):
            now, at = sign(), monotonic()
            rate = 0.7 * rate + 0.3 * (now.handled - handled) / (at - looked)
            handled, looked = now.handled, at
            said = replace(
                worker,
                seen_at=micros_now(),
                handled=handled,
                rate=round(rate, 1),
                silent=round(now.silent, 1),
                stalled=now.silent > STALLED,
                partitions=now.partitions,
                error=now.error,
                error_at=now.error_at,
            )
            _try(runner, workers.say(tables, said))
        _try(runner, workers.leave(tables, worker.role, worker.slot))


def _try(runner: asyncio.Runner, telling: Coroutine[None, None, None]) -> None:
    try:
        runner.run(telling)
    except TablesUnavailable:
        log.debug("tables away, nothing reported")
