"""Calendars in and out over HTTP, in both engines."""

from datetime import datetime, timedelta

import httpx
import icalendar

from tests.e2e.hosts import anonymously, host_of
from tests.e2e.people import PATIENCE, Town

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
