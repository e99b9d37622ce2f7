"""One car park of 1,000 spaces over HTTP: reservations at a steady rate, and the availability query at another."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx

from bench.installation import Installation, Servers, installation
from bench.pace import measured
from bench.report import Report, console
from bench.town import Person, Town
from infra.settings import Engine

SPACES, DRIVERS = 1_000, 100
TARIFF = {"currency": "EUR", "zone": "Europe/Berlin", "rates": [{"price": 200, "step": 1_800, "tax": 1_900}]}


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    """Reservations at 50 a second and availability at 100 a second, each alone, over a week of one lot."""
    about = f"{SPACES:,} spaces, reservations of 2 h over the next week by {DRIVERS} people, open loop"
    report = Report("parking", engine.value, about)
    with installation(engine, servers, folder) as septet:
        septet.serve()
        asyncio.run(_load(septet, report, 4.0 if short else 30.0))
    return report


async def _load(septet: Installation, report: Report, seconds: float) -> None:
    town = Town(septet)
    owner, *drivers = await town.people(1 + DRIVERS)
    await town.close()
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200, keepalive_expiry=2.0)
    async with httpx.AsyncClient(base_url=septet.url, timeout=60.0, limits=limits) as http:
        lot, headers, start = await _opened(http, owner), [each.headers() for each in drivers], datetime.now(UTC)
        chance = Random(7)

        async def reserve(number: int) -> bool:
            begin = start + timedelta(minutes=60 + chance.randrange(7 * 1_440))
            body = {"start": begin.isoformat(), "end": (begin + timedelta(hours=2)).isoformat(), "confirmed": True}
            who = headers[number % DRIVERS]
            return (await http.post(f"/parking/{lot}/reservations", json=body, headers=who)).status_code in (201, 409)

        async def look(number: int) -> bool:
            query = {"timestamp": (start + timedelta(minutes=chance.randrange(7 * 1_440))).isoformat()}
            who = headers[number % DRIVERS]
            return (await http.get(f"/parking/{lot}/availability", params=query, headers=who)).status_code == 200

        for name, rate, call in (("reserve", 50.0, reserve), ("availability", 100.0, look)):
            await measured(report, name, rate, seconds, call)


async def _opened(http: httpx.AsyncClient, owner: Person) -> str:
    console.print("  opening a car park")
    place = {"name": "Bench", "zone": "Europe/Berlin", "latitude": 52.5, "longitude": 13.4, "address": "Main Street 1"}
    lot: str = (await _ask(http, "POST", "/parking/lots", owner, place))["lot_id"]
    spaces = [{"name": f"{number:04d}", "level": "0"} for number in range(SPACES)]
    await _ask(http, "PUT", f"/parking/{lot}/layout", owner, {"levels": [{"name": "0"}], "spaces": spaces})
    await _ask(http, "PUT", f"/parking/{lot}/tariff", owner, TARIFF)
    return lot


async def _ask(http: httpx.AsyncClient, method: str, path: str, by: Person, body: Any) -> Any:
    answer = await http.request(method, path, json=body, headers=by.headers())
    answer.raise_for_status()
    return answer.json() if answer.content else None
