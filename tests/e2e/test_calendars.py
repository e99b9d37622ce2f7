"""Calendars in and out over HTTP, in both engines."""

import asyncio
from datetime import datetime, timedelta

import httpx
import icalendar
import pytest

from tests.e2e.hosts import anonymously, host_of
from tests.e2e.people import PATIENCE, Town
from tests.local_calendars import Elsewhere

CALENDAR = {"Content-Type": "text/calendar"}


async def test_busy_times_come_in_and_own_bookings_that_come_back_do_not_block(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    first, second, *_ = await host.slots(bob)
    await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(first))
    host.person.has_seen(bob)
    path = (await host.person.ask("GET", f"{host.path}/feed"))["path"]
    async with httpx.AsyncClient(base_url=town.url, timeout=PATIENCE) as http:
        answer = await http.get(path, params={"after": bob.seen["scheduling"]})
    assert answer.headers["content-type"].startswith("text/calendar")
    calendar = icalendar.Calendar.from_ical(answer.content)
    [own] = calendar.walk("VEVENT")
    assert own.decoded("DTSTART") == datetime.fromisoformat(first)
    other = icalendar.Event()
    other.add("UID", "from elsewhere")
    other.add("DTSTART", datetime.fromisoformat(second))
    other.add("DTEND", datetime.fromisoformat(second) + timedelta(minutes=30))
    calendar.add_component(other)
    query = {"after": bob.seen["scheduling"]}
    imported = await host.person.ask(
        "PUT", f"{host.path}/imports/work", content=calendar.to_ical(), headers=CALENDAR, params=query
    )
    assert imported == {"busy": 1, "own": 1}
    for tool, integrated in (("calendar", True), ("webhook", False), ("video", True), ("zoom", False)):
        found = await host.person.ask("GET", f"/scheduling/integrations/{tool}")
        assert found == {"tool": tool, "integrated": integrated}
    bob.has_seen(host.person)
    assert second not in await host.slots(bob)
    explained = await bob.ask("GET", f"{host.path}/explanation", params={"event_type": "intro", "start": first})
    assert [each["code"] for each in explained["reasons"]] == ["taken"]
    await bob.ask("PUT", f"{host.path}/imports/work", 404, content=calendar.to_ical(), headers=CALENDAR)
    await anonymously(town.url, "GET", path.replace(".ics", "x.ics"), 404)
    await bob.ask("POST", f"{host.path}/feed", 403)
    renewed = (await host.person.ask("POST", f"{host.path}/feed", 201))["path"]
    seen = {"after": host.person.seen["scheduling"]}
    assert (await host.person.ask("GET", f"{host.path}/feed", params=seen))["path"] == renewed != path
    async with httpx.AsyncClient(base_url=town.url, timeout=PATIENCE) as http:
        statuses = [(await http.get(each, params=seen)).status_code for each in (path, renewed)]
    assert statuses == [404, 200]  # whoever had it sees nothing any more


async def test_an_invitation_keeps_its_uid_and_its_sequence_rises_until_it_is_cancelled(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    first, second, *_ = await host.slots(bob)
    made = await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(first))
    told = []
    path = f"{host.path}/bookings/{made['booking_id']}"
    for change in ({}, {"move": {"start": second}}, {"cancellation": {"reason": "ill"}}):
        for what, body in change.items():
            await bob.ask("POST", f"{path}/{what}", 204, json=body)
        query = {"after": bob.seen["scheduling"]}
        answer = await bob.http.get(f"/scheduling/bookings/{made['booking_id']}/invitation.ics", params=query)
        calendar = icalendar.Calendar.from_ical(answer.content)
        [event] = calendar.walk("VEVENT")
        told.append((str(calendar["METHOD"]), event.decoded("SEQUENCE"), str(event["UID"]), event.decoded("DTSTART")))
        assert str(event["ATTENDEE"]) == "mailto:guest@example.org"
    times = [datetime.fromisoformat(each) for each in (first, second, second)]
    uid = told[0][2]
    assert told == [
        (*rest, uid, time) for rest, time in zip((("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)), times, strict=True)
    ]


@pytest.mark.parametrize("provider", ["google", "outlook"])
async def test_a_calendar_elsewhere_blocks_its_times_and_takes_the_bookings(
    town: Town, elsewhere: str, provider: str
) -> None:
    host, bob = await host_of(town), await town.person("bob")
    there = Elsewhere(elsewhere, provider, host.person.id)
    first, second, third, *_ = await host.slots(bob)
    there.add(datetime.fromisoformat(second), datetime.fromisoformat(second) + timedelta(minutes=30))
    path = f"{host.path}/connections"
    page = await host.person.ask("POST", f"{path}/consent", json={"provider": provider, "zone": "Europe/Berlin"})
    back = there.says_yes(page["url"])
    refused = await bob.ask("POST", f"/scheduling/calendars/{bob.id}/connections", 403, json=back)
    assert refused["code"] == "consent_invalid"
    await host.person.ask("POST", path, 202, json=back)
    tool = f"/scheduling/integrations/{provider}"
    async with asyncio.timeout(PATIENCE):
        while not (await host.person.ask("GET", tool))["integrated"]:
            await asyncio.sleep(0.1)
        while second in await host.slots(bob):
            await asyncio.sleep(0.1)

        booked = await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(first))
        while len(there.items()) < 2:
            await asyncio.sleep(0.1)
        [ours] = [each for each in there.items() if each["title"] == "Introduction"]
        assert datetime.fromisoformat(ours["start"]) == datetime.fromisoformat(first)
        move = f"{host.path}/bookings/{booked['booking_id']}/move"
        await bob.ask("POST", move, 204, json={"start": third})
        while [each["start"] for each in there.items() if each["id"] == ours["id"]] == [ours["start"]]:
            await asyncio.sleep(0.1)
        while first not in await host.slots(bob):  # our own entry there, at the old time, blocks nobody
            await asyncio.sleep(0.1)

        there.faults(revoke=there.account)
        while (await host.person.ask("GET", path))[0]["state"] != "failed":
            await asyncio.sleep(0.1)
        assert (await host.person.ask("GET", tool))["integrated"] is False
        [one] = await host.person.ask("GET", path)
        await host.person.ask("DELETE", f"{path}/{one['connection_id']}", 204)
        while second not in await host.slots(bob):
            await asyncio.sleep(0.1)
