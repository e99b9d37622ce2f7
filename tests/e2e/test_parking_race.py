"""Two hundred who want the spaces of one car park, while the one who decides is killed, in both engines.

The judge knows the rules independently: it counts what was answered, in the order in which it was decided, on a grid of
quarters of an hour.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.e2e.installation import Installation
from tests.e2e.lots import MINUTE, Lot, soon
from tests.e2e.people import Person, Town

pytestmark = pytest.mark.timeout(1200)

CLIENTS, DRIVERS = 200, 12
GRID = 15 * MINUTE
FIRST, LAST = 4, 14  # quarters of an hour from now: what they fight for, all of it sooner than a walk-in has to leave
SPACES = {"car": 9, "motorcycle": 2, "accessible": 2}
FITS = {"car": {"car"}, "motorcycle": {"motorcycle", "car"}, "accessible": {"accessible", "car"}}


@dataclass(frozen=True)
class Told:
    """An answer: from where it was decided on, somebody has a space of a pool over these quarters, or no longer."""

    sequence: int  # of the lot's partition
    claim: str
    vehicle: str
    pool: str  # "" where nothing is taken any more
    start: int = 0
    end: int = 0
    present: bool = False


@dataclass
class Race:
    """Everything that was answered."""

    lot: Lot
    origin: datetime
    drivers: list[Person]
    told: list[Told] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    async def ask(self, who: Person, method: str, path: str, key: str, body: Any = None) -> httpx.Response | None:
        """The one answer to a request, sent again under its key until it comes; None where there was no room."""
        url = f"/parking/{self.lot.id}/{path}"
        while True:
            try:
                answer = await who.http.request(method, url, json=body, headers={"Idempotency-Key": key})
                if answer.is_success and answer.status_code != 202:
                    return answer
                if answer.status_code not in (202, 502, 503, 504):
                    assert answer.status_code == 409, answer.text
                    self.refused[answer.json()["code"]] += 1
                    return None
            except httpx.TransportError:
                pass  # the process is just being started again
            await asyncio.sleep(0.1)

    def note(self, answer: httpx.Response, claim: str, vehicle: str, pool: str, **more: Any) -> None:
        sequence = int(answer.headers["Septet-Position"].rpartition(":")[2])
        self.told.append(Told(sequence, claim, vehicle, pool, **more))

    async def client(self, number: int) -> None:
        """A driver who reserves, thinks again, comes; or somebody who just comes."""
        chance = random.Random(number)
        if number % 5 == 0:
            await self._walk_in(number, chance)
        else:
            await self._driver(number, chance)

    async def _walk_in(self, number: int, chance: random.Random) -> None:
        vehicle, plate = chance.choice(sorted(FITS)), {"number": f"W {number}", "country": "DE"}
        owner = self.lot.owner
        came = await self.ask(owner, "POST", "gate/entry", f"{number}/in", {"plate": plate, "vehicle": vehicle})
        if came is None:
            return
        let = came.json()
        self.note(came, let["ticket_id"], vehicle, let["pool"], start=0, end=LAST, present=True)
        if chance.random() < 0.6:
            left = await self.ask(owner, "POST", "gate/exit", f"{number}/out", {"plate": plate})
            assert left is not None
            self.note(left, let["ticket_id"], vehicle, "")

    async def _driver(self, number: int, chance: random.Random) -> None:
        who, vehicle = self.drivers[number % DRIVERS], chance.choice(("car", "car", *sorted(FITS)))
        plate = {"number": f"D {number}", "country": "DE"}
        start, end = self._any(chance)
        body = {**self._interval(start, end), "vehicle": vehicle, "plate": plate, "confirmed": chance.random() < 0.5}
        held = await self.ask(who, "POST", "reservations", f"{number}", body)
        if held is None:
            return
        which, pool = held.json()["reservation_id"], held.json()["pool"]
        self.note(held, which, vehicle, pool, start=start, end=end)
        path = f"reservations/{which}"
        if not body["confirmed"]:
            assert await self.ask(who, "POST", f"{path}/confirmation", f"{number}/confirm")
        if vehicle == "car" and chance.random() < 0.4:
            start, end = self._any(chance)
            changed = await self.ask(who, "PATCH", path, f"{number}/change", self._interval(start, end))
            if changed is not None and "Septet-Position" in changed.headers:
                self.note(changed, which, vehicle, pool, start=start, end=end)
        what = chance.random()
        if what < 0.2:
            gone = await self.ask(who, "DELETE", path, f"{number}/cancel")
            assert gone is not None
            self.note(gone, which, vehicle, "")
        elif what < 0.4:
            came = await self.ask(
                self.lot.owner, "POST", "gate/entry", f"{number}/in", {"plate": plate, "vehicle": vehicle}
            )
            if came is not None:
                assert came.json()["ticket_id"] == which
                self.note(came, which, vehicle, came.json()["pool"], start=0, end=self._ends(which), present=True)

    def _ends(self, which: str) -> int:
        return max((each for each in self.told if each.claim == which), key=lambda each: each.sequence).end

    def _any(self, chance: random.Random) -> tuple[int, int]:
        start = chance.randrange(FIRST, LAST)
        return start, min(start + chance.choice((1, 2, 4, 6)), LAST)

    def _interval(self, start: int, end: int) -> dict[str, str]:
        return {"start": (self.origin + start * GRID).isoformat(), "end": (self.origin + end * GRID).isoformat()}


def taken(claims: dict[str, Told], pool: str, quarter: int) -> int:
    """How many have a space of the pool in this quarter of an hour."""
    return sum(each.pool == pool and each.start <= quarter < each.end for each in claims.values())


async def test_of_two_hundred_as_many_get_a_space_as_there_are_while_the_decider_is_killed(
    septet: Installation, town: Town
) -> None:
    """Holds, reservations, changes, cancellations, walk-ins, vehicles that come and go, and kill -9 in between."""
    decider = "run" if "run" in septet.processes else "commands"  # embedded: the whole process
    words = ["run"] if decider == "run" else ["worker", "commands"]
    owner, *drivers = await asyncio.gather(*(town.person(f"p{number}") for number in range(1 + DRIVERS)))
    lot = await Lot.opened(owner, 0, spaces=SPACES, tariff=None, hold="PT5H", early_start="PT6H", walk_in="PT4H")
    race = Race(lot, soon(0), list(drivers))
    clients = asyncio.gather(*(race.client(number) for number in range(CLIENTS)))
    while len(race.told) < 30 and not clients.done():
        await asyncio.sleep(0.01)
    septet.kill(decider)
    assert not clients.done(), "the kill came too late to be in between"
    septet.start(decider, words)
    await clients

    claims: dict[str, Told] = {}
    for each in sorted(race.told, key=lambda each: each.sequence):
        if each.pool:
            assert each.pool in FITS[each.vehicle]
            claims[each.claim] = each
        else:
            del claims[each.claim]
        for pool, count in SPACES.items():
            assert max(taken(claims, pool, quarter) for quarter in range(LAST)) <= count
    assert race.refused["full"] > 20
    assert set(race.refused) <= {"full", "full_until_start"}
    assert len(claims) >= 5  # who only came takes a space from all: they may be few

    await lot.change("PUT", "terms", 204, json={"hold": "PT4H"})  # an event after all of theirs
    while (await owner.http.get(f"/parking/{lot.id}", params={"after": owner.seen["parking"]})).status_code == 504:
        pass  # the read model is still on its way there, and says so after each wait
    reserved = {each.claim: each for each in claims.values() if not each.present}
    shown = {}
    for driver in drivers:
        driver.has_seen(owner)
        for row in await driver.ask("GET", "/parking/reservations", params={"limit": 200}):
            assert row["status"] in ("RESERVED", "CANCELED", "FULFILLED")
            if row["status"] == "RESERVED":
                shown[row["reservation_id"]] = (row["pool"], row["start"], row["end"])
    assert {which: (each.pool, *race._interval(each.start, each.end).values()) for which, each in reserved.items()} == {
        which: (pool, *(datetime.fromisoformat(at).isoformat() for at in span))
        for which, (pool, *span) in shown.items()
    }
    inside = {each["ticket_id"]: each["pool"] for each in await lot.change("GET", "inside")}
    assert inside == {each.claim: each.pool for each in claims.values() if each.present}
    for quarter in range(FIRST, LAST):  # no ghost is left: what nobody has can be had
        found = await lot.free(owner, race.origin + quarter * GRID, race.origin + (quarter + 1) * GRID)
        assert found["pools"] == {pool: count - taken(claims, pool, quarter) for pool, count in SPACES.items()}
