"""The rules of scheduling by themselves: the slots of a month, of a team, and booking decisions for one host."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from statistics import quantiles
from uuid import UUID

from bench.installation import Servers
from bench.report import Report
from domain.kernel import ANONYMOUS, Context, Rejected
from domain.scheduling.calendar import (
    Appointment,
    Book,
    Calendar,
    CalendarOpened,
    Event,
    EventTypeDefined,
    Guest,
    Kind,
    ScheduleSet,
    Wish,
    decide,
    evolve,
    slots,
)
from domain.scheduling.calendar.state import INITIAL
from domain.scheduling.event_type import EventType, Horizon
from domain.scheduling.schedule import Schedule, Weekly
from infra.settings import Engine

HOST = UUID(int=1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORKDAYS = tuple(Weekly(day, opens, opens + 4 * 60) for day in range(1, 6) for opens in (8 * 60, 13 * 60))
INTRO = EventType("intro", "Introduction", interval=30, horizon=Horizon(700), zone="Europe/Berlin")


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    """Without log and tables: what a decision costs. Seconds of this process, whatever else the machine does."""
    report = Report("scheduling", engine.value, "rules alone, seconds of the processor")
    bookings, rounds = (100, 20) if short else (1_000, 200)
    calendar, rate = _booked(bookings)
    report.add(what=f"bookings of one host, up to {bookings:,}", per_second=round(rate))
    report.add(what=f"refusals with {bookings:,} bookings", per_second=round(_refused(calendar, bookings)))
    wish = Wish(INTRO, 30)
    padded = Wish(replace(INTRO, interval=15, buffer_before=15, buffer_after=15), 30)
    month = NOW + timedelta(days=31)
    empty = _open()
    for what, work in {
        "slots of a month, no bookings": lambda: slots(empty, wish, NOW, month, NOW),
        f"slots of a month, {bookings:,} bookings": lambda: slots(calendar, wish, NOW, month, NOW),
        "slots of a month, every 15 minutes with buffers": lambda: slots(calendar, padded, NOW, month, NOW),
    }.items():
        report.add(what=what, **_spread(work, rounds))
    report.add(
        what="common slots of ten people in a month", **_spread(lambda: _common(empty, wish, month), rounds // 5)
    )
    return report


def _open() -> Calendar:
    events: list[Event] = [
        CalendarOpened(HOST, Kind.HOST, ""),
        ScheduleSet(Schedule("default", "Europe/Berlin", WORKDAYS)),
        EventTypeDefined(INTRO),
    ]
    return reduce(evolve, events, INITIAL)


def _book(number: int, start: datetime) -> Book:
    guest = Guest("Bob", "bob@example.org")
    return Book(Appointment(UUID(int=number + 2), "intro", start, 30, 1, "Europe/London", guest, (), b"p" * 32))


def _booked(count: int) -> tuple[Calendar, float]:
    """Every third slot is booked; answers bookings a second."""
    calendar = _open()
    free = slots(calendar, Wish(INTRO, 30), NOW, NOW + timedelta(days=365), NOW)[::3][:count]
    began = time.process_time()
    for number, start in enumerate(free):
        context = Context(NOW, ANONYMOUS, str(HOST), number, f"command {number}")
        calendar = reduce(evolve, decide(calendar, _book(number, start), context), calendar)
    return calendar, len(free) / (time.process_time() - began)


def _refused(calendar: Calendar, count: int) -> float:
    taken = [each.start for each in calendar.bookings.values()]
    began = time.process_time()
    for number, start in enumerate(taken):
        try:
            decide(calendar, _book(count + number, start), Context(NOW, ANONYMOUS, str(HOST), 1, "command"))
        except Rejected:
            continue
        raise AssertionError("booked twice")
    return len(taken) / (time.process_time() - began)


def _common(calendar: Calendar, wish: Wish, until: datetime) -> list[datetime]:
    return sorted(set.intersection(*(set(slots(calendar, wish, NOW, until, NOW)) for _ in range(10))))


def _spread(work: Callable[[], object], rounds: int) -> dict[str, float]:
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append((time.process_time() - began) * 1_000)
    cuts = quantiles(times, n=100)
    return {"p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2)}
