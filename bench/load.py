"""The load of a chat: messages between pairs at a rate, and how long each took; the same for every system."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.pace import Times, open_loop
from bench.report import Report, console
from bench.usage import Usage

LATE = 250.0  # milliseconds: the p99 at which a rate counts as too much
COMPLETE = 0.99  # of the messages must have arrived when a step ends
DRAINED = 15.0  # seconds a step waits for what is still on its way
RATES = (
    *(5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160, 226, 320, 450, 640, 900, 1_200, 1_500, 1_800, 2_000, 2_300, 2_600),
    *(3_000, 3_500, 4_000, 4_800, 5_800, 7_000, 8_500, 10_000),
)  # messages a second

Say = Callable[[int, str, int], None]  # which message, its text, when it was due


class Meter:
    """What became of the messages of one step. Each text tells when it was due and which one it is."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, count: int, copies: int = 1) -> None:
        """A step of so many messages, each for so many receivers; doubled ones are known where there is one."""
        self.taking, self.delivering = Times(), Times()
        self.doubled = self.refusals = 0
        self.refusal = ""
        self._first = getattr(self, "_next", 0)
        self._next = self._first + count
        self._copies, self._seen = copies, bytearray(count)
        self.last = time.monotonic()

    def text(self, number: int, due: int) -> str:
        """A message of 80 bytes."""
        return f"{due:020d} {self._first + number:010d} ".ljust(80, "x")

    def accepted(self, due: int) -> None:
        self.taking.since(due)

    def refused(self, why: bytes) -> None:
        self.refusals += 1
        self.refusal = why.decode(errors="replace")

    def delivered(self, text: bytes) -> None:
        """A message has arrived at the other; those of earlier steps count no more."""
        number = int(text[21:31])
        if not self._first <= number < self._next:
            return
        if self._copies == 1 and self._seen[number - self._first]:
            self.doubled += 1
            return
        self._seen[number - self._first] = 1
        self.delivering.since(int(text[:20]))
        self.last = time.monotonic()

    async def complete(self, patience: float) -> None:
        """Returns when nothing is missing, or nothing more has come for `patience` seconds."""
        while self.missing and time.monotonic() - self.last < patience:  # noqa: ASYNC110  # cheaper than events
            await asyncio.sleep(0.01)

    @property
    def missing(self) -> int:
        return (self._next - self._first) * self._copies - len(self.delivering.values)


@dataclass
class Step:
    """One rate, held for a while."""

    rate: int
    sent: int
    per_second: float  # delivered, from the first that was due to the last that arrived
    p50: float | None
    p99: float | None
    missing: int

    @property
    def good(self) -> bool:
        return self.p99 is not None and self.p99 <= LATE and self.missing <= self.sent * (1 - COMPLETE)


async def step(rate: int, seconds: float, say: Say, meter: Meter, usage: Usage, report: Report) -> Step:
    """Sends at a rate, waits until all has arrived or nothing more comes, and writes the row."""
    count = max(1, round(rate * seconds))
    meter.begin(count)
    usage.start()
    started = time.monotonic()
    await open_loop(rate, seconds, lambda number, due: say(number, meter.text(number, due), due))
    busy = usage.text()
    meter.last = time.monotonic()
    await meter.complete(DRAINED)
    took = max(meter.last - started, 1e-6)
    accepted50, accepted99 = meter.taking.percentiles(0.5, 0.99)
    p50, p99, most = meter.delivering.percentiles(0.5, 0.99, 1.0)
    done = len(meter.delivering.values)
    report.add(
        system=report.engine,
        offered_per_s=rate,
        delivered_per_s=round(done / took, 1),
        accepted_p50_ms=accepted50,
        accepted_p99_ms=accepted99,
        delivered_p50_ms=p50,
        delivered_p99_ms=p99,
        slowest_ms=most,
        sent=count,
        missing=meter.missing,
        doubled=meter.doubled,
        refused=meter.refusals,
        busy=busy,
    )
    if meter.refusals:
        console.print(f"  the last refusal: {meter.refusal[:200]}")
    return Step(rate, count, done / took, p50, p99, meter.missing)


async def climb(
    start: int, seconds: float, say: Say, meter: Meter, usage: Usage, report: Report, rates: int
) -> Sequence[Step]:
    """Goes up from the rate at or above `start` until one is too much, or down until one is not; at most so many."""
    await step(max(1, start // 4), 2.0, say, meter, usage, Report("warm-up", report.engine, ""))
    at = next(index for index, rate in enumerate(RATES) if rate >= start)
    taken: list[Step] = []
    for _ in range(rates):
        taken.append(await step(RATES[at], seconds, say, meter, usage, report))
        await asyncio.sleep(1.0)
        if taken[-1].good and any(not each.good for each in taken):
            break
        at += 1 if taken[-1].good else -1
        if not 0 <= at < len(RATES) or (not taken[-1].good and any(each.good for each in taken)):
            break
    return taken


def outcome(system: str, steps: Sequence[Step]) -> str:
    """The sentence that a climb comes down to."""
    most = max(each.per_second for each in steps)
    good = [each for each in steps if each.good]
    if not good:
        return f"{system}: none of the rates with p99 ≤ {LATE:.0f} ms; at most {most:,.1f} delivered a second"
    best = max(good, key=lambda each: each.rate)
    text = f"{system}: {best.rate:,} messages/s with p99 {best.p99:.1f} ms; at most {most:,.1f} delivered a second"
    return text if len(good) < len(steps) else text + " (the highest rate tried)"
