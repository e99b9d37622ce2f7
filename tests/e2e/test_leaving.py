"""Somebody wants nothing kept of them in scheduling: what is theirs goes, and those they would have met are told."""

import asyncio

from tests.e2e.hosts import anonymously, host_of
from tests.e2e.people import PATIENCE, Person, Town


async def test_all_that_is_ones_own_goes_at_one_go_and_others_are_told(town: Town) -> None:
    ann, bob = await host_of(town), await host_of(town)
    who, other = ann.person, bob.person
    first, *_ = await ann.slots(other)
    own = await other.ask("POST", f"{ann.path}/bookings", 201, json=ann.wanted(first))
    second = (await bob.slots(who))[1]
    booked = await who.ask("POST", f"{bob.path}/bookings", 201, json=bob.wanted(second))
    said = f"/scheduling/bookings/{booked['booking_id']}"
    await who.ask("POST", f"{said}/comments", 201, json={"text": "I bring cake."})
    png = {"headers": {"Content-Type": "image/png"}, "content": b"\x89PNG\r\n\x1a\n"}
    asked = {"params": {"booking_id": booked["booking_id"], "name": "cake.png"}}
    await who.ask("POST", "/scheduling/files", 201, **asked, **png)
    await who.ask("PUT", f"/scheduling/follows/{other.id}", 204)
    await other.ask("PUT", f"/scheduling/follows/{who.id}", 204)
    feed = (await who.ask("GET", f"{ann.path}/feed"))["path"]
    some = {"calendars": 1, "meetings": 1, "notes": 2, "follows": 1, "followers": 1, "polls": 0, "votes": 0}
    await _until(who, "none", some)

    await who.ask("POST", "/scheduling/me/deletion", 202)
    await _until(who, "done", dict.fromkeys(some, 0))
    assert (await other.ask("GET", f"/scheduling/bookings/{own['booking_id']}"))["status"] == "cancelled"
    assert (await other.ask("GET", said))["status"] == "cancelled"
    assert await other.ask("GET", f"{said}/comments") == await other.ask("GET", f"{said}/files") == []
    assert (await other.ask("GET", "/scheduling/follows"))["follows"] == []
    await anonymously(town.url, "GET", feed, 404)
    await other.ask("GET", f"{ann.path}/event-types/intro", 404)
    assert (await who.ask("GET", "/scheduling/export"))["calendars"] == []
    async with asyncio.timeout(PATIENCE):
        while not {"Cancelled: Introduction"} <= {each["subject"] for each in await _notices(other)}:
            await asyncio.sleep(0.1)

    await ann.offer()  # the account stays: another beginning, without what was before
    assert (await who.ask("GET", f"{ann.path}/event-types/intro"))["slug"] == "intro"


async def _until(who: Person, stage: str, left: dict[str, int]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await who.ask("GET", "/scheduling/me/deletion")
            if (found["stage"], found["left"]) == (stage, left):
                return
            await asyncio.sleep(0.1)


async def _notices(who: Person) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await who.ask("GET", "/notice/notices"))["notices"]
    return found
