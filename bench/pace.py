"""Arrivals that do not wait for answers, and what came of them: an open loop, so that no slowness hides itself.

A closed loop sends the next request when the last is answered, and so sends less to a system that stalls (Gil Tene's
"coordinated omission"). Here each request has a moment when it is due, at random (Poisson) and known beforehand; what
is late, for whatever reason, is late from then on.
"""

import asyncio
import random
import threading
import time
from collections.abc import Awaitable, Callable, Sequence

import httpx

from bench.report import Report, percentile
from bench.usage import Usage

Send = Callable[[int, int], None]  # the number of a request, and when it was due: nanoseconds of the monotonic clock
LEAD = 0.2  # seconds until the first


async def open_loop(rate: float, seconds: float, send: Send) -> None:
    """Calls `send` on this event loop, `rate` times a second on average, for so many seconds."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    chance, at, due = random.Random(7), time.monotonic_ns() + LEAD * 1e9, list[int]()
    for _ in range(max(1, round(rate * seconds))):
        at += chance.expovariate(rate) * 1e9
        due.append(int(at))

    def burst(first: int, last: int) -> None:
        for number in range(first, last):
            send(number, due[number])

    def run() -> None:
        """On a thread: an event loop's timers are a millisecond coarse."""
        first = 0
        while first < len(due):
            wait = due[first] - time.monotonic_ns()
            if wait > 0:
                time.sleep(wait / 1e9)
            now, last = time.monotonic_ns(), first
            while last < len(due) and due[last] <= now:
                last += 1
            if last > first:
                loop.call_soon_threadsafe(burst, first, last)
            first = last
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, name="arrivals", daemon=True).start()
    await done.wait()


class Times:
    """Latencies in milliseconds."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def since(self, due: int) -> None:
        """Adds the time from `due` (nanoseconds of the monotonic clock) to now."""
        self.values.append((time.monotonic_ns() - due) / 1e6)

    def percentiles(self, *shares: float) -> list[float | None]:
        """The value of each share (0 to 1), None where nothing was measured."""
        ordered: Sequence[float] = sorted(self.values)
        return [percentile(ordered, share) if ordered else None for share in shares]


async def measured(
    report: Report, name: str, rate: float, seconds: float, call: Callable[[int], Awaitable[bool]]
) -> None:
    """Adds to `report` how long `call` took from when each was due, `rate` times a second; false is a failure."""
    times, tasks, failed = Times(), set[asyncio.Task[None]](), 0

    async def one(number: int, due: int) -> None:
        nonlocal failed
        try:
            done = await call(number)  # first: others count meanwhile
        except httpx.TransportError:
            done = False
        failed += not done
        times.since(due)

    def send(number: int, due: int) -> None:
        task = asyncio.create_task(one(number, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    began = time.monotonic()
    await open_loop(rate, seconds, send)
    await asyncio.gather(*tasks)
    took = time.monotonic() - began
    p50, p99, most = times.percentiles(0.5, 0.99, 1.0)
    done = len(times.values)
    report.add(request=name, wanted_per_s=rate, answered_per_s=done / took, p50_ms=p50, p99_ms=p99, max_ms=most)
    if failed:
        report.notes.append(f"{name}: {failed} requests failed")


async def alone(
    report: Report, name: str, usage: Usage, process: str, count: int, call: Callable[[int], Awaitable[bool]]
) -> None:
    """Adds how long `call` took, each after the one before, and the processor time `process` took for one."""
    times = Times()
    await call(0)  # the first opens a connection
    usage.start()
    failed = 0
    for number in range(count):
        due = time.monotonic_ns()
        failed += not await call(number)
        times.since(due)
    p50, p99, most = times.percentiles(0.5, 0.99, 1.0)
    spent = usage.seconds_of(process) / count * 1_000
    report.add(request=f"{name}, alone", p50_ms=p50, p99_ms=p99, max_ms=most, processor_ms=spent)
    if failed:
        report.notes.append(f"{name}, alone: {failed} requests failed")
