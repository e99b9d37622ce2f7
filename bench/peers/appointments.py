"""Appointments side by side in one run: a race for one time and bookings a second against django-appointment, and the
slots of a month against slot-calculator, whose answers are compared with ours as well."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any
from uuid import UUID

import httpx

from bench.calendars import ALWAYS, opened
from bench.installation import Installation, Servers, installation
from bench.peers import django_appointment, slot_calculator
from bench.peers.server import NotReady
from bench.report import Report, console, percentile
from bench.town import Town
from domain.scheduling.calendar import (
    Calendar,
    CalendarOpened,
    Event,
    EventTypeDefined,
    Kind,
    ScheduleSet,
    Wish,
    evolve,
    slots,
)
from domain.scheduling.calendar.events import Busy, BusySynced
from domain.scheduling.calendar.state import INITIAL
from domain.scheduling.event_type import EventType, Horizon
from domain.scheduling.schedule import Schedule, Weekly
from infra.settings import Engine

RACERS, AT_ONCE = 50, 8
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
OPEN = ((480, 720), (780, 1_020))  # minutes of the day, in Berlin
BERLIN = "Europe/Berlin"
NOW = datetime(2026, 3, 1, tzinfo=UTC)  # Berlin's clocks change on the 29th

Booking = Callable[[int, datetime], Awaitable[bool]]


def run(engines: Sequence[Engine], servers: Servers, folder: Path, short: bool) -> Report:
    bookings = 40 if short else 400
    about = f"{RACERS} clients want one time; {bookings} bookings of one host, {AT_ONCE} at once"
    report = Report("appointments", "side-by-side", about)
    for engine in engines:
        console.print(f"[bold]appointments[/], septet {engine.value}")
        with installation(engine, servers, folder) as septet:
            septet.serve()
            asyncio.run(_ours(report, f"septet {engine.value}", septet, bookings))
    console.print("[bold]appointments[/], django-appointment")
    try:
        report.notes.append(f"django-appointment {django_appointment.version()} (PyPI, SQLite in WAL, gunicorn)")
        home = Path(mkdtemp(prefix="django-", dir=folder))
        with django_appointment.django_appointment(home, AT_ONCE) as peer:
            asyncio.run(_theirs(report, peer, bookings))
    except NotReady as error:
        report.notes.append(f"django-appointment was not measured: {error}")
    console.print("[bold]appointments[/], slots")
    try:
        report.notes.append(f"slot-calculator {slot_calculator.version()}")
        _listings(report, 5 if short else 50)
    except NotReady as error:
        report.notes.append(f"slot-calculator was not measured: {error}")
    return report


async def _ours(report: Report, name: str, septet: Installation, bookings: int) -> None:
    town = Town(septet)
    [host] = await town.people(1)
    await town.close()
    async with _client(septet.url) as http:
        path = await opened(http, host, ALWAYS)

        async def book(number: int, start: datetime) -> bool:
            guest = {"name": f"Guest {number}", "email": f"guest{number}@example.org"}
            body = {"event_type": "intro", "start": start.isoformat(), "minutes": 30, **guest}
            return (await http.post(f"{path}/bookings", json=body)).status_code == 201

        await _measured(report, name, book, bookings)


async def _theirs(report: Report, peer: django_appointment.Peer, bookings: int) -> None:
    async with _client(peer.url) as http:

        async def book(number: int, start: datetime) -> bool:
            until = start + timedelta(minutes=30)
            return await peer.book(http, number, f"{start:%Y-%m-%d}", f"{start:%H:%M}", f"{until:%H:%M}")

        await _measured(report, "django-appointment", book, bookings)
    kept = await asyncio.to_thread(peer.booked)
    report.notes.append(
        f"django-appointment keeps {len(kept) - len(set(kept))} of {len(kept)} bookings at a time taken"
    )


async def _measured(report: Report, name: str, book: Booking, bookings: int) -> None:
    """First the race for one time, then bookings of times that are free, the next when one is answered."""
    day = (datetime.now(UTC) + timedelta(days=2)).replace(hour=10, minute=0, second=0, microsecond=0)
    won = await asyncio.gather(*(book(number, day) for number in range(RACERS)))
    # One a day and hour that no midnight is near, so that peers without zones mean the same.
    free = iter([day + timedelta(days=1 + n // 20, minutes=30 * (n % 20)) for n in range(bookings)])
    taken, times = 0, list[float]()

    async def client(number: int) -> None:
        nonlocal taken
        for start in free:
            began = time.perf_counter()
            done = await book(number, start)  # first: others count meanwhile
            taken += done
            times.append((time.perf_counter() - began) * 1e3)

    began = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(AT_ONCE)))
    took = time.perf_counter() - began
    times.sort()
    report.add(
        what=name,
        won_the_one_time=sum(won),
        booked=taken,
        bookings_per_s=taken / took,
        p50_ms=percentile(times, 0.5),
        p99_ms=percentile(times, 0.99),
    )


def _listings(report: Report, rounds: int) -> None:
    """A month with none, some and many meetings in it, listed by both; raises AssertionError where they differ."""
    until = NOW + timedelta(days=31)
    busy = [_busy(count) for count in (0, 20, 100)]
    theirs = slot_calculator.listed([_asked(each, until) for each in busy], rounds)
    for taken, (starts, times) in zip(busy, theirs, strict=True):
        calendar, wish = _calendar(taken), Wish(_INTRO, 30)
        ours, own = slots(calendar, wish, NOW, until, NOW), list[float]()
        for _ in range(rounds):
            began = time.process_time()
            slots(calendar, wish, NOW, until, NOW)
            own.append((time.process_time() - began) * 1e3)
        found = {datetime.fromisoformat(each) for each in starts}
        assert found == set(ours), f"they differ in {sorted(found ^ set(ours))[:5]}"
        for who, spent in (("septet", own), ("slot-calculator", times)):
            what = f"{who}, {len(ours)} slots of a month, {len(taken)} meetings"
            report.add(what=what, p50_ms=percentile(sorted(spent), 0.5), p99_ms=percentile(sorted(spent), 0.99))


_INTRO = EventType("intro", "Introduction", interval=30, horizon=Horizon(700), zone=BERLIN)


def _busy(count: int) -> tuple[Busy, ...]:
    """Half hours on the grid, the same for every run."""
    chance = Random(count)
    starts = sorted(chance.sample(range(31 * 48), count))
    return tuple(Busy(at := NOW + timedelta(minutes=30 * each), at + timedelta(minutes=30)) for each in starts)


def _calendar(busy: tuple[Busy, ...]) -> Calendar:
    weekly = tuple(Weekly(day, opens, closes) for day in range(1, 6) for opens, closes in OPEN)
    events: list[Event] = [
        CalendarOpened(UUID(int=1), Kind.HOST, ""),
        ScheduleSet(Schedule("default", BERLIN, weekly)),
        EventTypeDefined(_INTRO),
        BusySynced("elsewhere", busy),
    ]
    return reduce(evolve, events, INITIAL)


def _asked(busy: tuple[Busy, ...], until: datetime) -> dict[str, Any]:
    clock = "{:02d}:{:02d}".format
    openings = [
        {"day": day, "from": clock(*divmod(opens, 60)), "to": clock(*divmod(closes, 60)), "timezone": BERLIN}
        for day in DAYS
        for opens, closes in OPEN
    ]
    taken = [{"from": each.start.isoformat(), "to": each.end.isoformat()} for each in busy]
    bounds = {"from": NOW.isoformat(), "to": until.isoformat(), "duration": 30, "outputTimezone": "UTC"}
    return {**bounds, "availability": openings, "unavailability": taken}


def _client(url: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=2.0)
    return httpx.AsyncClient(base_url=url, timeout=120.0, limits=limits)
