"""Blocking calls of the client library on a thread that can be left behind."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Expired
from queue import SimpleQueue

import structlog

log = structlog.get_logger(__name__)

CLOSED_WITHIN = 10.0  # seconds


class Hung(Exception):
    """A call did not come back. The thread it runs on is left to it."""


class Calls:
    """One thread that makes calls, one at a time.

    Needed because some calls do not return while a coordinator is away, and some never do after one has come back,
    whatever time limit they are given: librdkafka 2.16 keeps none for requests to a group's coordinator.
    """

    def __init__(self, name: str) -> None:
        self._waiting: SimpleQueue[tuple[Callable[[], object], Future[None]] | None] = SimpleQueue()
        self._last: Future[None] | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def make(self, call: Callable[[], object], timeout: float) -> None:
        """Makes a call and raises what it raises, or Hung where it or the one before has not ended in `timeout` s."""
        if self._last is not None and not self._last.done():
            raise Hung("an earlier call has not returned yet")
        future = self._last = Future()
        self._waiting.put((call, future))
        try:
            future.result(timeout)
        except Expired as expired:
            raise Hung(f"no return within {timeout:.0f} s") from expired

    def end(self) -> None:
        self._waiting.put(None)

    def _run(self) -> None:
        while (next_ := self._waiting.get()) is not None:
            call, future = next_
            try:
                call()
            except Exception as failure:
                future.set_exception(failure)
            else:
                future.set_result(None)
            del next_, call, future  # a client that is replaced must not be kept alive from here


def end(farewell: Callable[[], object], client: str, *, wait: bool = True) -> None:
    """Closes a client by `farewell`; leaves it to a thread at once, or where it cannot be done while Kafka is away."""
    calls = Calls("kafka-farewell")
    try:
        calls.make(farewell, CLOSED_WITHIN if wait else 0.0)
    except Hung:
        if wait:
            log.warning("kafka does not answer, closing without a farewell", client=client)
    finally:
        calls.end()
