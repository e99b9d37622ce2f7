"""What calendars are connected with: video rooms, programs that are told what happens, followers; in both engines."""

import asyncio
from typing import Any

import icalendar

from tests.e2e.hosts import host_of
from tests.e2e.installation import Installation
from tests.e2e.people import PATIENCE, Person, Town
from tests.e2e.test_notice import mailed


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


async def _where(who: Person, path: str) -> str:
    return str((await who.ask("GET", path))["location"]["text"])


async def _invitation(who: Person, path: str) -> Any:
    answer = await who.http.get(f"{path}/invitation.ics", params={"after": who.seen["scheduling"]})
    [entry] = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    return entry
