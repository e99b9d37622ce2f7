"""Calendars over HTTP: the slots of a month of one host and of a team of ten, and bookings at a steady rate."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx

from bench.installation import Installation, Servers, installation
from bench.pace import alone, measured
from bench.report import Report
from bench.town import Person, Town
from bench.usage import Usage
from infra.settings import Engine

TEAM = 10
HOURS = [{"weekday": day, "opens": opens, "closes": opens + 240} for day in range(1, 6) for opens in (480, 780)]
ALWAYS = [{"weekday": day, "opens": 0, "closes": 1_440} for day in range(1, 8)]
TYPE = {"title": "Introduction", "durations": [30], "interval": 30, "horizon": {"days": 700}}


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    """Slots and common slots one after the other; then slots at 50 a second, common slots at 10, bookings at 50."""
    report = Report("calendars", engine.value, f"hosts with half hours on workdays, a team of {TEAM}, open loop")
    with installation(engine, servers, folder) as septet:
        septet.serve()
        asyncio.run(_load(septet, report, 4.0 if short else 30.0))
    return report


async def ask(http: httpx.AsyncClient, method: str, path: str, by: Person, body: Any = None) -> Any:
    """What Septet answers to somebody; tried again while read models and workers are still beginning."""
    for pause in (0.3, 1.0, 3.0, 10.0, 30.0, None):
        answer = await http.request(method, path, json=body, headers=by.headers())
        if answer.is_success or pause is None:
            break
        await asyncio.sleep(pause)
    answer.raise_for_status()
    return answer.json() if answer.content else None


async def opened(http: httpx.AsyncClient, host: Person, weekly: list[dict[str, int]]) -> str:
    """A host's calendar that can be booked; answers its path."""
    path = f"/scheduling/calendars/{host.id}"
    await ask(http, "PUT", f"{path}/schedules/default", host, {"zone": "Europe/Berlin", "weekly": weekly})
    await ask(http, "PUT", f"{path}/event-types/intro", host, TYPE)
    return path


async def _load(septet: Installation, report: Report, seconds: float) -> None:
    town = Town(septet)
    owner, *hosts = await town.people(1 + TEAM)
    await town.close()
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200, keepalive_expiry=2.0)
    async with httpx.AsyncClient(base_url=septet.url, timeout=60.0, limits=limits) as http:
        busy = await opened(http, owner, ALWAYS)
        team = (await ask(http, "POST", "/scheduling/teams", owner, {"name": "Bench"}))["team_id"]
        for host in hosts:
            one = await opened(http, host, HOURS)
            await ask(http, "PUT", f"/scheduling/teams/{team}/members/{host.id}", owner, {})
            await ask(http, "PUT", f"/scheduling/calendars/{host.id}/teams/{team}", host)
        await ask(http, "PUT", f"/scheduling/teams/{team}/event-types/all", owner, {**TYPE, "mode": "collective"})
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        month = {"start": now.isoformat(), "end": (now + timedelta(days=31)).isoformat()}
        chance, headers = Random(7), owner.headers()

        async def slots(number: int) -> bool:
            query = {**month, "event_type": "intro", "zone": "Asia/Kathmandu"}
            return (await http.get(f"{one}/slots", params=query)).status_code == 200

        async def common(number: int) -> bool:
            query = {**month, "event_type": "all"}
            return (await http.get(f"/scheduling/teams/{team}/slots", params=query)).status_code == 200

        async def book(number: int) -> bool:
            start = now + timedelta(minutes=60 + 30 * chance.randrange(600 * 48))
            body = {"event_type": "intro", "start": start.isoformat(), "minutes": 30, "email": "bob@example.org"}
            answer = await http.post(f"{busy}/bookings", json={**body, "name": "Bob"}, headers=headers)
            return answer.status_code in (201, 409)

        usage, process = Usage(septet.pids), "septet" if septet.engine is Engine.EMBEDDED else "api"
        await alone(report, "slots of a month", usage, process, int(seconds * 40), slots)
        await alone(report, f"common slots of {TEAM}", usage, process, int(seconds * 20), common)
        for name, rate, call in (
            ("slots of a month", 50.0, slots),
            (f"common slots of {TEAM}", 10.0, common),
            ("book", 50.0, book),
        ):
            await measured(report, name, rate, seconds, call)
