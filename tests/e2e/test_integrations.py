"""What calendars are connected with: video rooms, programs that are told what happens, followers; in both engines."""

import asyncio
from typing import Any

import icalendar
import orjson

from tests.e2e.hosts import host_of
from tests.e2e.installation import Installation
from tests.e2e.people import PATIENCE, Person, Town
from tests.e2e.test_notice import mailed, sent
from tests.receiver import receiving


async def test_a_video_meeting_has_a_room_until_it_is_cancelled(town: Town, septet: Installation) -> None:
    host, bob = await host_of(town), await town.person("bob")
    await host.offer("call", location={"kind": "video"})
    first, *_ = await host.slots(bob, event_type="call")
    theirs = f"{bob.name}@example.org"
    wanted = host.wanted(first, event_type="call", email=theirs)
    booked = await bob.ask("POST", f"{host.path}/bookings", 201, json=wanted)
    path = f"/scheduling/bookings/{booked['booking_id']}"
    async with asyncio.timeout(PATIENCE):  # a policy makes it, a moment later
        while not (room := await _where(bob, path)):
            await asyncio.sleep(0.1)
    assert room.startswith("https://meet.example.org/septet-")
    [mail] = await mailed(septet.folder / "data" / "mail", theirs)
    [words, part] = [each.get_content() for each in mail.walk() if not each.is_multipart()][:2]
    assert room in words
    [entry] = icalendar.Calendar.from_ical(part).walk("VEVENT")
    assert (entry["LOCATION"], entry["URL"]) == (room, room)
    assert (await _invitation(bob, path))["URL"] == room
    await bob.ask("POST", f"{host.path}/bookings/{booked['booking_id']}/cancellation", 204, json={"reason": "ill"})
    assert await _where(bob, path) == ""
    assert "URL" not in await _invitation(bob, path)


async def test_a_program_is_told_of_a_calendars_bookings_and_its_owner_sees_what_became_of_it(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    path = f"{host.path}/webhooks"
    async with receiving() as receiver:
        await bob.ask("POST", path, 403, json={"url": receiver.url})
        made = await host.person.ask("POST", path, 201, json={"url": receiver.url})
        assert await host.person.ask("GET", path) == [made]
        assert (await host.person.ask("GET", "/scheduling/integrations"))["webhook"]
        one = f"{path}/{made['webhook_id']}"
        ping = await host.person.ask("POST", f"{one}/ping", 202)
        [first] = await sent(host.person, one, lambda found: bool(found) and found[0]["state"] == "delivered")
        assert (first["call_id"], first["kind"]) == (ping["call_id"], "ping")
        start, *_ = await host.slots(bob)
        booked = await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(start))
        latest = (await sent(host.person, one, lambda found: len(found) > 1 and found[0]["state"] == "delivered"))[0]
        headers, body = receiver.requests[-1]
        assert headers["webhook-id"] == latest["call_id"]
        told = orjson.loads(body)
        assert (told["type"], told["data"]["booking_id"]) == ("booking.booked", booked["booking_id"])
        assert told["data"]["guest"]["email"] == "guest@example.org"
        receiver.statuses = [410]
        await host.person.ask("POST", f"{one}/ping", 202)
        await sent(host.person, one, lambda found: found[0]["state"] == "failed")
    async with asyncio.timeout(PATIENCE):  # the calendar hears of it a moment later
        while [each["disabled"] for each in await host.person.ask("GET", path)] != ["gone"]:
            await asyncio.sleep(0.1)
    await host.person.ask("POST", f"{one}/enabling", 204)
    assert [each["disabled"] for each in await host.person.ask("GET", path)] == [""]
    bob.has_seen(host.person)
    await bob.ask("GET", f"{one}/deliveries", 404)
    await host.person.ask("DELETE", one, 204)
    assert await host.person.ask("GET", path) == []


async def test_followers_are_told_of_a_public_event_by_the_channels_they_chose(town: Town) -> None:
    host, bob, eve = await host_of(town), await town.person("bob"), await town.person("eve")
    start, *_ = await host.slots(bob)
    booked = await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(start))
    await eve.ask("PUT", "/notice/preferences", 204, json={"channels": {"following": []}})
    for each in (bob, eve):
        await each.ask("PUT", f"/scheduling/follows/{host.person.id}", 204)
        each.has_seen(host.person)
        await each.ask("GET", "/scheduling/feed")  # it shows whom they follow by now
    path = f"{host.path}/bookings/{booked['booking_id']}/public"
    for public in (True, False, True):
        await host.person.ask("PUT", path, 204, json={"public": public})
    about = {"calendar": host.person.id, "booking": booked["booking_id"]}
    async with asyncio.timeout(PATIENCE):
        while not (news := await _news(bob)):
            await asyncio.sleep(0.1)
    assert [(each["kind"], each["subject"], each["about"]) for each in news] == [
        ("following.public", "Public: Introduction", about)
    ]
    assert host.person.name not in str(news)
    assert await _news(eve) == await _news(host.person) == []


async def _news(who: Person) -> list[dict[str, Any]]:
    page = await who.ask("GET", "/notice/notices")
    return [each for each in page["notices"] if each["category"] == "following"]


async def _where(who: Person, path: str) -> str:
    return str((await who.ask("GET", path))["location"]["text"])


async def _invitation(who: Person, path: str) -> Any:
    answer = await who.http.get(f"{path}/invitation.ics", params={"after": who.seen["scheduling"]})
    [entry] = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    return entry
