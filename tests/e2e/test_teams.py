"""Teams over HTTP, in both engines: all or nobody, and whose turn it is."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from tests.e2e.hosts import Host, anonymously, host_of, soon
from tests.e2e.people import PATIENCE, Person, Town


async def team_of(town: Town, *modes: str) -> tuple[str, list[Host]]:
    """A team of three hosts, of whom the first is its owner, with an event type of each mode."""
    hosts = [await host_of(town) for _ in range(3)]
    owner = hosts[0].person
    team: str = (await owner.ask("POST", "/scheduling/teams", 201, json={"name": "Sales"}))["team_id"]
    for mode in modes:
        body = {"title": mode, "interval": 30, "mode": mode}
        await owner.ask("PUT", f"/scheduling/teams/{team}/event-types/{mode.replace('_', '-')}", json=body)
    for host in hosts:
        await owner.ask("PUT", f"/scheduling/teams/{team}/members/{host.person.id}", 204, json={})
        await host.person.ask("PUT", f"{host.path}/teams/{team}", 204)
    async with asyncio.timeout(PATIENCE):  # they join by a policy, a moment later
        while not all(each["joined"] for each in (await _team(owner, team))["members"]):
            await asyncio.sleep(0.1)
    return team, hosts


async def _team(who: Person, team: str) -> dict[str, Any]:
    found: dict[str, Any] = await who.ask("GET", f"/scheduling/teams/{team}")
    return found


async def test_all_meet_or_nobody_does(town: Town) -> None:
    team, hosts = await team_of(town, "collective")
    guest = await town.person("guest")
    first = soon()
    wanted = {"event_type": "collective", "start": first, "email": "guest@example.org"}
    made = await guest.ask("POST", f"/scheduling/teams/{team}/bookings", 201, json=wanted)
    assert (made["status"], sorted(made["hosts"])) == ("settled", sorted(each.person.id for each in hosts))
    for host in hosts:
        await _until_booked(host, first, 1)
    refused = await guest.ask("POST", f"/scheduling/teams/{team}/bookings", 409, json=wanted)
    assert (refused["status"], refused["code"]) == ("failed", "taken")
    path = f"/scheduling/meetings/{made['meeting_id']}"
    stranger = await town.person("stranger")
    await stranger.ask("GET", path, 404)
    await stranger.ask("POST", f"{path}/cancellation", 404, json={})
    await anonymously(
        town.url, "POST", f"{path}/cancellation", 204, json={"reason": "ill"}, params={"key": made["key"]}
    )
    for host in hosts:
        await _until_booked(host, first, 0)


async def test_round_robin_shares_and_finds_the_most_suitable_who_is_free(town: Town) -> None:
    team, hosts = await team_of(town, "round_robin")
    owner, guest = hosts[0].person, await town.person("guest")
    chosen = []
    for number in range(3):
        start = (datetime.fromisoformat(soon()) + timedelta(hours=number)).isoformat()
        wanted = {"event_type": "round-robin", "start": start, "email": "guest@example.org"}
        made = await guest.ask("POST", f"/scheduling/teams/{team}/bookings", 201, json=wanted)
        chosen += made["hosts"]
        async with asyncio.timeout(PATIENCE):
            while sum(each["meetings"] for each in (await _team(owner, team))["members"]) <= number:
                await asyncio.sleep(0.1)
    assert sorted(chosen) == sorted(each.person.id for each in hosts)
    query = {"event_type": "round-robin", "start": soon()}
    free = await owner.ask("GET", f"/scheduling/teams/{team}/suitable", params=query)
    assert {each["calendar_id"] for each in free} == set(chosen[1:])
    listed = await guest.ask(
        "GET",
        f"/scheduling/teams/{team}/slots",
        params={"event_type": "round-robin", "start": soon(), "end": _later(4)},
    )
    assert len(listed["slots"]) == 8


async def _until_booked(host: Host, start: str, count: int) -> None:
    """A part of a meeting is booked by a policy, a moment after it is settled."""
    async with asyncio.timeout(PATIENCE):
        while True:
            query = {"start": start, "end": (datetime.fromisoformat(start) + timedelta(minutes=1)).isoformat()}
            found = await host.person.ask("GET", f"{host.path}/bookings", params=query)
            if len([each for each in found if each["status"] == "confirmed"]) == count:
                return
            await asyncio.sleep(0.1)


def _later(hours: int) -> str:
    return (datetime.fromisoformat(soon()) + timedelta(hours=hours)).isoformat()
