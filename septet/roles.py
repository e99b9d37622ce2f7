"""What a process does: the API, the command processor, one of the streams; or all of them, on the embedded engine."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import monotonic

import structlog

from infra.log import Fenced, LogUnavailable
from infra.progress import progress_of
from infra.settings import Engine
from infra.tables import TablesUnavailable
from processors import loop
from processors.commands import CommandProcessor
from processors.watchdog import FAILED, Watchdog
from septet.composition import CONSUMERS, House
from septet.loading import loading
from septet.machines import Asked, answering
from septet.reporting import Sign, reporting

log = structlog.get_logger(__name__)


def commands(house: House, stop: threading.Event) -> None:
    """Decides commands until told to stop; ends the process where another one has taken its slot."""
    processor = CommandProcessor(house.catalogue, house.codec, house.log, str(house.settings.slot))

    def sign() -> Sign:
        return Sign(processor.decided, monotonic() - processor.pulse, processor.owned)

    with _heard(house, "commands", sign):
        processor.run(stop)


def stream(house: House, name: str, stop: threading.Event, plain: bool = False) -> None:
    """Feeds one consumer until told to stop: from Faust in a cluster, unless `plain`, else from a loop of our own."""
    settings, target = house.settings, house.stream(name)

    def sign() -> Sign:
        silent = monotonic() - target.pulse
        return Sign(target.handled, silent, len(target.progress()), target.trouble, target.trouble_at)

    watchdog = Watchdog(target, house.log, settings.stalled_after.total_seconds())
    with _heard(house, name, sign), watchdog.watching():
        if plain or settings.engine is Engine.EMBEDDED:
            loop.run(target, house.log, str(settings.slot), stop)
        else:
            with loading():
                from processors import faust

            security = settings.kafka_security
            cluster = faust.Cluster(settings.kafka, str(settings.slot), settings.data / "faust", security)
            faust.run(target, cluster, stop)


@contextmanager
def waiting(house: House) -> Iterator[None]:
    """Answers machines before a worker begins: it is alive, and not ready as long as the block runs."""
    with _answering(house, lambda: "", lambda: "it waits for log and tables, or makes what is missing there"):
        yield


def _answering(house: House, alive: Asked, ready: Asked) -> AbstractContextManager[int]:
    """Answers machines where a port is set for a worker; yields the port, 0 for none."""
    settings = house.settings
    if not settings.metrics_port or settings.engine is Engine.EMBEDDED:  # there the API answers for all
        return nullcontext(0)
    return answering(settings.metrics_host, settings.metrics_port, alive, ready)


@contextmanager
def _heard(house: House, role: str, sign: Callable[[], Sign]) -> Iterator[None]:
    """Reports of a role while the block runs, and answers machines where a port is set for it."""
    settings = house.settings

    def alive() -> str:
        silent = sign().silent
        return f"nothing has happened for {silent:.0f} s" if silent > settings.stalled_after.total_seconds() else ""

    def ready() -> str:
        try:
            house.log.topics()
            asyncio.run(progress_of(house.store, role))
        except (LogUnavailable, TablesUnavailable) as error:
            return str(error)
        return ""

    with (
        _answering(house, alive, ready) as port,
        reporting(house.tables, role, settings.slot, port, sign),
    ):
        yield


class Workers:
    """Every role but the API on threads of this process: the embedded engine's way of running."""

    def __init__(self, house: House) -> None:
        self._stop = threading.Event()
        work: dict[str, Callable[[], None]] = {"commands": lambda: commands(house, self._stop)}
        for name in CONSUMERS:
            work[name] = lambda name=name: stream(house, name, self._stop)  # type: ignore[misc]
        self._threads = [threading.Thread(target=_guarded, args=(name, each), name=name) for name, each in work.items()]

    def start(self) -> None:
        sys.setswitchinterval(0.001)  # many threads share one interpreter: none is to wait long for its turn
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends all of them after what they are doing."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


def _guarded(name: str, work: Callable[[], None]) -> None:
    """A role that fails takes the process with it: a system with a dead part must not look alive."""
    try:
        work()
    except Exception:
        log.exception("role failed, ending the process", role=name)
        os._exit(FAILED)


def until_told(work: Callable[[threading.Event], None]) -> None:
    """Runs `work` with an event that SIGTERM or SIGINT sets; a failure ends the process, to be started anew."""
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    try:
        work(stop)
    except Fenced as error:
        log.error("another process has this slot", error=str(error))
        sys.exit(FAILED)
    except Exception:
        log.exception("role failed, ending the process")
        sys.exit(FAILED)


def prepare(house: House) -> None:
    """Makes what is missing on log and tables."""
    asyncio.run(house.prepare())
