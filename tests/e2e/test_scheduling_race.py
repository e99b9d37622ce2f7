"""Two hundred who want one host's time, while the one who decides is killed, in both engines.

The judge knows the rules independently: what was answered, what the host is shown, and minutes on a line.
"""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import httpx
import pytest

from tests.e2e.hosts import Host, host_of, soon
from tests.e2e.installation import Installation
from tests.e2e.people import PATIENCE, Town

pytestmark = pytest.mark.timeout(600)

CLIENTS = 200
GRID = 15  # minutes
WINDOW = 24 * 60 // GRID  # grid points that they fight for
PADS = {"short": 0, "padded": 15, "asked": 0}
LENGTHS = {"short": (15, 30, 60), "padded": (30,), "asked": (30, 45)}


@dataclass
class Had:
    """A booking as its guest was told it is."""

    slug: str
    start: datetime
    minutes: int


@dataclass
class Race:
    """Everything that was answered."""

    host: Host
    http: httpx.AsyncClient
    start: datetime
    has: dict[str, Had] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    async def ask(self, path: str, body: dict[str, Any], key: str, secret: str = "") -> httpx.Response:
        """The one answer to a request, sent again under its key until it comes."""
        query = {"key": secret} if secret else {}
        while True:
            try:
                answer = await self.http.post(path, json=body, params=query, headers={"Idempotency-Key": key})
                if answer.status_code not in (202, 502, 503, 504):
                    return answer
            except httpx.TransportError:
                pass  # the process is just being started again
            await asyncio.sleep(0.1)

    async def client(self, number: int) -> None:
        """Books, moves some of what it got, gives some back."""
        chance = random.Random(number)
        for attempt in range(1 + number % 2):
            slug = chance.choice(("short", "short", "padded", "asked"))
            minutes, begins = chance.choice(LENGTHS[slug]), self._any(chance)
            body = {"event_type": slug, "start": begins.isoformat(), "minutes": minutes}
            key, more = f"{number}/{attempt}", {"email": "guest@example.org", "name": f"guest {number}"}
            if chance.random() < 0.25:
                answer = await self.ask(f"{self.host.path}/holds", body, f"{key}/hold")
                if self._lost(answer):
                    continue
                more |= {name: answer.json()[name] for name in ("booking_id", "key")}
            answer = await self.ask(f"{self.host.path}/bookings", body | more, key)
            if self._lost(answer):
                continue
            booked = answer.json()
            path, secret = f"{self.host.path}/bookings/{booked['booking_id']}", booked["key"]
            self.has[booked["booking_id"]] = Had(slug, begins, minutes)
            if chance.random() < 0.4:
                to = self._any(chance)
                move = {"start": to.isoformat(), "minutes": minutes}
                if not self._lost(await self.ask(f"{path}/move", move, f"{key}/move", secret)):
                    self.has[booked["booking_id"]] = Had(slug, to, minutes)
            if chance.random() < 0.15:
                answer = await self.ask(f"{path}/cancellation", {}, f"{key}/cancel", secret)
                assert answer.status_code == 204, answer.text
                del self.has[booked["booking_id"]]

    def _any(self, chance: random.Random) -> datetime:
        return self.start + timedelta(minutes=GRID * chance.randrange(WINDOW))

    def _lost(self, answer: httpx.Response) -> bool:
        if answer.is_success:
            return False
        assert answer.status_code == 409, answer.text
        self.refused.append(answer.json()["code"])
        return True


def blocked(each: Had) -> tuple[datetime, datetime]:
    """What a booking keeps others out of."""
    pad = timedelta(minutes=PADS[each.slug])
    return each.start - pad, each.start + timedelta(minutes=each.minutes) + pad


def clash(one: Had, other: Had) -> bool:
    """Whether both want some minute for themselves."""
    (start, end), (begin, until) = blocked(one), blocked(other)
    return start < until and begin < end


async def test_of_two_hundred_exactly_a_feasible_set_wins_while_the_decider_is_killed(
    septet: Installation, town: Town
) -> None:
    """Mixed lengths, buffers, holds, pending ones, moves, cancellations, and kill -9 of the one who decides."""
    decider = "run" if "run" in septet.processes else "commands"  # embedded: the whole process
    words = ["run"] if decider == "run" else ["worker", "commands"]
    host = await host_of(town)
    for slug, lengths in LENGTHS.items():
        pads = {"buffer_before": PADS[slug], "buffer_after": PADS[slug]}
        await host.offer(slug, durations=lengths, interval=GRID, confirmation=slug == "asked", **pads)
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=town.url, timeout=PATIENCE, limits=limits) as http:
        race = Race(host, http, datetime.fromisoformat(soon()))
        clients = asyncio.gather(*(race.client(number) for number in range(CLIENTS)))
        while len(race.has) < 10 and not clients.done():
            await asyncio.sleep(0.01)
        septet.kill(decider)
        assert not clients.done(), "the kill came too late to be in between"
        septet.start(decider, words)
        await clients
    await host.offer("last")  # an event after all of theirs: what comes now shows them all
    query = {"start": race.start.isoformat(), "end": (race.start + timedelta(days=2)).isoformat()}
    rows = await host.person.ask("GET", f"{host.path}/bookings", params=query)
    shown = {
        each["booking_id"]: Had(each["event_type"], datetime.fromisoformat(each["start"]), each["minutes"])
        for each in rows
        if each["status"] in ("confirmed", "pending")
    }
    assert shown == race.has  # whoever was told yes has it, and nobody else has anything
    winners = list(shown.values())
    assert not [pair for pair in combinations(winners, 2) if clash(*pair)]
    assert len(winners) >= 10
    assert set(race.refused) == {"taken"}
    # No ghost is left: what nobody has can be had, to the minute.
    points = [race.start + timedelta(minutes=GRID * each) for each in range(WINDOW)]
    left = {each for each in points if not any(clash(Had("short", each, 15), other) for other in winners)}
    free = await host.slots(host.person, event_type="short", minutes=15)
    assert {datetime.fromisoformat(each) for each in free} == left
