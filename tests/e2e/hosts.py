"""A host with a calendar, and what tests ask of it over HTTP."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from domain.kernel import Position
from tests.e2e.people import PATIENCE, Person, Town

START = (datetime.now(UTC) + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
ALWAYS = [{"weekday": day, "opens": 0, "closes": 1440} for day in range(1, 8)]


@dataclass
class Host:
    """A person whose calendar is always open, for introductions of half an hour."""

    person: Person

    @property
    def path(self) -> str:
        return f"/scheduling/calendars/{self.person.id}"

    async def offer(self, slug: str = "intro", **more: Any) -> None:
        body = {"title": "Introduction", "interval": 30, **more}
        await self.person.ask("PUT", f"{self.path}/event-types/{slug}", json=body)

    async def slots(self, who: Person, days: float = 1, **query: Any) -> list[str]:
        """The starts of the next days as a guest is shown them."""
        start = query.pop("start", None) or soon()
        end = datetime.fromisoformat(start) + timedelta(days=days)
        asked = {"event_type": "intro", "start": start, "end": end.isoformat(), **query}
        self.shown_to(who)
        found = await who.ask("GET", f"{self.path}/slots", params=asked)
        return [slot["start"] for day in found["days"].values() for slot in day]

    def shown_to(self, who: Person) -> None:
        """What the host has done so far, beside what this person has seen already."""
        own, known = self.person.seen["scheduling"], who.seen.get("scheduling", "")
        if Position.parse(own).sequence > (Position.parse(known).sequence if known else 0):
            who.seen["scheduling"] = own

    def wanted(self, start: str, **more: Any) -> dict[str, Any]:
        return {"event_type": "intro", "start": start, "email": "guest@example.org", "zone": "Europe/Berlin", **more}


def soon() -> str:
    """A full hour a day ahead; the same all the time, whichever hour it becomes meanwhile."""
    return START.isoformat()


async def host_of(town: Town) -> Host:
    host = Host(await town.person("host"))
    await host.person.ask("PUT", f"{host.path}/schedules/default", json={"zone": "Europe/Berlin", "weekly": ALWAYS})
    await host.offer()
    return host


async def anonymously(
    url: str, method: str, path: str, expected: int, after: str = "", **rest: Any
) -> tuple[Any, httpx.Headers]:
    """What somebody who is not signed in is answered."""
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE) as http:
        if after:
            rest["params"] = {**rest.get("params", {}), "after": after}
        answer = await http.request(method, path, **rest)
        assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text}"
        return (answer.json() if answer.content else None), answer.headers
