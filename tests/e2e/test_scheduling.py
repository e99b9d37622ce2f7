"""Scheduling as hosts and guests have it, in both engines."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.hosts import anonymously, host_of, soon
from tests.e2e.people import PATIENCE, Town


async def test_a_guest_picks_a_listed_slot_in_their_own_zone_and_has_it(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    start = soon()
    asked = {"event_type": "intro", "start": start, "end": _later(start, 24), "zone": "Asia/Kathmandu"}
    bob.has_seen(host.person)
    listed = await bob.ask("GET", f"{host.path}/slots", params=asked)
    day, [first, *_] = next(iter(listed["days"].items()))
    booked = await bob.ask(
        "POST", f"{host.path}/bookings", 201, json=host.wanted(first["start"], zone="Asia/Kathmandu")
    )
    assert (booked["status"], booked["wall"]) == ("confirmed", f"{day}T{first['time']}")
    assert first["start"] not in await host.slots(bob)
    host.person.has_seen(bob)
    [one] = await host.person.ask("GET", f"{host.path}/bookings", params={"start": start, "end": _later(start, 48)})
    assert (one["booking_id"], one["guest"]["name"], one["meant"]["zone"]) == (
        booked["booking_id"],
        bob.name,
        "Asia/Kathmandu",
    )
    assert [each["booking_id"] for each in await bob.ask("GET", "/scheduling/bookings")] == [booked["booking_id"]]


async def test_a_guests_key_is_renewed_and_withdrawn_and_opens_nothing_any_more(town: Town) -> None:
    host, eve = await host_of(town), await town.person("eve")
    first, *_ = await host.slots(eve)
    booked, _ = await anonymously(town.url, "POST", f"{host.path}/bookings", 201, json=host.wanted(first, name="Bob"))
    path, shown = f"{host.path}/bookings/{booked['booking_id']}/key", f"/scheduling/bookings/{booked['booking_id']}"
    keys = [booked["key"]]

    async def opened(headers: httpx.Headers) -> list[int]:
        """What each key so far is answered, once the change shows."""
        async with httpx.AsyncClient(base_url=town.url, timeout=PATIENCE) as http:
            asked = [{"key": each, "after": headers["Septet-Position"]} for each in keys]
            return [(await http.get(shown, params=each)).status_code for each in asked]

    await eve.ask("POST", path, 404)
    await eve.ask("DELETE", path, 404, params={"key": "guessed"})
    made, headers = await anonymously(town.url, "POST", path, 201, params={"key": keys[0]})
    keys.append(made["key"])
    assert await opened(headers) == [404, 200]
    keys.append((await host.person.ask("POST", path, 201))["key"])
    _, headers = await anonymously(town.url, "DELETE", path, 204, params={"key": keys[2]})
    assert await opened(headers) == [404, 404, 404]
    await anonymously(town.url, "POST", path.replace("/key", "/cancellation"), 404, json={}, params={"key": keys[2]})


async def test_an_anonymous_guest_has_a_link_that_shows_moves_and_cancels_and_nobody_else_can(town: Town) -> None:
    host, eve = await host_of(town), await town.person("eve")
    first, second, *_ = await host.slots(eve)
    body = host.wanted(first, name="Bob", guests=["cid@example.org"])
    booked, headers = await anonymously(town.url, "POST", f"{host.path}/bookings", 201, json=body)
    eve.seen["scheduling"] = headers["Septet-Position"]
    link, path = {"key": booked["key"]}, f"{host.path}/bookings/{booked['booking_id']}"
    await eve.ask("GET", f"/scheduling/bookings/{booked['booking_id']}", 404)
    await eve.ask("POST", f"{path}/cancellation", 404, json={})
    await eve.ask("POST", f"{path}/cancellation", 404, json={}, params={"key": "guessed"})
    move = {"start": second, "reason": "my train"}
    await eve.ask("POST", f"{path}/move", 404, json=move)
    _, headers = await anonymously(town.url, "POST", f"{path}/move", 204, json=move, params=link)
    seen = headers["Septet-Position"]
    shown, _ = await anonymously(
        town.url, "GET", f"/scheduling/bookings/{booked['booking_id']}", 200, after=seen, params=link
    )
    assert (datetime.fromisoformat(shown["start"]), shown["sequence"]) == (datetime.fromisoformat(second), 1)
    _, headers = await anonymously(town.url, "POST", f"{path}/cancellation", 204, json={"reason": "ill"}, params=link)
    history, _ = await anonymously(
        town.url,
        "GET",
        f"/scheduling/bookings/{booked['booking_id']}/history",
        200,
        after=headers["Septet-Position"],
        params=link,
    )
    assert [(each["what"], each["reason"]) for each in history[1:]] == [
        ("rescheduled", "my train"),
        ("cancelled", "ill"),
    ]
    eve.seen["scheduling"] = headers["Septet-Position"]
    assert {first, second} <= set(await host.slots(eve))


async def test_a_hold_keeps_a_time_for_its_holder_alone(town: Town) -> None:
    host, bob, eve = await host_of(town), await town.person("bob"), await town.person("eve")
    first, *_ = await host.slots(bob)
    held = await bob.ask("POST", f"{host.path}/holds", 201, json={"event_type": "intro", "start": first})
    eve.has_seen(bob)
    assert first not in await host.slots(eve)
    assert first in await host.slots(bob, own=held["booking_id"])
    problem = await eve.ask("POST", f"{host.path}/bookings", 409, json=host.wanted(first))
    assert problem["code"] == "taken"
    mine = host.wanted(first, booking_id=held["booking_id"], key=held["key"])
    await bob.ask("POST", f"{host.path}/bookings", 201, json=mine)
    other = await bob.ask("POST", f"{host.path}/holds", 201, json={"event_type": "intro", "start": _later(first, 1)})
    await bob.ask("DELETE", f"{host.path}/holds/{other['booking_id']}", 204, params={"key": other["key"]})
    eve.has_seen(bob)
    assert _later(first, 1)[:16] in [each[:16] for each in await host.slots(eve)]


async def test_why_a_time_is_not_free_is_explained_and_only_the_host_learns_by_whom(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    first, *_ = await host.slots(bob)
    booked = await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(first))
    host.person.has_seen(bob)
    query = {"event_type": "intro", "start": first}
    told = await bob.ask("GET", f"{host.path}/explanation", params=query)
    assert (told["free"], told["reasons"]) == (False, [{"code": "taken", "detail": "The time is taken."}])
    told = await host.person.ask("GET", f"{host.path}/explanation", params=query)
    assert told["reasons"][0]["booking_id"] == booked["booking_id"]
    query["start"] = _later(first, 0, minutes=1)
    assert [each["code"] for each in (await bob.ask("GET", f"{host.path}/explanation", params=query))["reasons"]] == [
        "off_grid",
        "taken",
    ]


async def test_the_host_approves_declines_overlaps_and_sets_what_closes_the_calendar(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    await host.offer(confirmation=True)
    first, second, third, *_ = await host.slots(bob)
    one, two = [await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(each)) for each in (first, second)]
    assert one["status"] == two["status"] == "pending"
    await bob.ask("POST", f"{host.path}/bookings/{one['booking_id']}/approval", 403)
    await host.person.ask("POST", f"{host.path}/bookings/{one['booking_id']}/approval", 204)
    await host.person.ask("POST", f"{host.path}/bookings/{two['booking_id']}/refusal", 204, json={"reason": "full"})
    bob.has_seen(host.person)
    found = {each["booking_id"]: each["status"] for each in await bob.ask("GET", "/scheduling/bookings")}
    assert found == {one["booking_id"]: "confirmed", two["booking_id"]: "declined"}
    deliberate = host.wanted(first, reason="both at once")
    await bob.ask("POST", f"{host.path}/bookings/overlapping", 403, json=deliberate)
    over = await host.person.ask("POST", f"{host.path}/bookings/overlapping", 201, json=deliberate)
    assert (over["despite"], over["overlaps"]) == (["taken"], [one["booking_id"]])
    absence = {"start": third, "end": _later(third, 2), "reason": "dentist"}
    await host.person.ask("POST", f"{host.path}/absences", 201, json=absence)
    assert third not in await host.slots(bob)
    await bob.ask("POST", f"{host.path}/absences", 403, json=absence)
    await host.person.ask("PUT", f"{host.path}/busy/work", 204, json={"busy": [{"start": second, "end": third}]})
    assert second not in await host.slots(bob)


async def test_the_articles_endpoints(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    first, second, *_ = await host.slots(bob)
    body: dict[str, Any] = {"event_type_id": "intro", "start_time": first, "end_time": _later(first, 0, minutes=30)}
    body |= {"participants": ["bob@example.org"], "location": "Room 2"}
    made = await bob.ask("POST", "/scheduling/api/events", 201, json={"user_id": host.person.id, **body})
    assert made["status"] == "confirmed"
    problem = await bob.ask("POST", "/scheduling/api/events", 409, json={"user_id": host.person.id, **body})
    assert problem["code"] == "taken"
    body |= {"start_time": second, "end_time": _later(second, 0, minutes=30)}
    other = await bob.ask("POST", f"/scheduling/users/{host.person.id}/events", 201, json=body)
    events = await bob.ask("GET", "/scheduling/api/events", params={"user_id": bob.id})
    assert [each["event_id"] for each in events] == [made["event_id"], other["event_id"]]
    assert events[0]["location"]["text"] == "Room 2"
    host.person.has_seen(bob)
    assert len(await host.person.ask("GET", f"/scheduling/users/{host.person.id}/events")) == 2
    await bob.ask("GET", "/scheduling/api/events", 403, params={"user_id": host.person.id})
    await bob.ask("POST", f"/scheduling/api/events/{made['event_id']}/reminder", 201, json={"minutes": 15})
    await bob.ask("POST", f"/scheduling/api/events/{uuid4()}/reminder", 404, json={"minutes": 15})
    name = f"new-{uuid4().hex[:8]}"
    new = {"name": name, "phone_number": f"+4931{random.randrange(10**7, 10**8)}", "password": "long enough"}
    made = await bob.ask("POST", "/scheduling/users", 201, json=new)
    assert "password" not in str(made)
    assert (await bob.ask("GET", f"/scheduling/users/{host.person.id}"))["has_calendar"]


async def test_times_are_converted_and_skipped_and_repeated_ones_are_said_to_be(town: Town) -> None:
    ann = await town.person("ann")
    there = {"from": "America/New_York", "zone": "Asia/Kathmandu"}
    told = await ann.ask("GET", "/scheduling/time", params={"wall": "2026-03-02T10:00", **there})
    assert (told["start"], told["wall"], told["offset"]) == ("2026-03-02T15:00:00Z", "2026-03-02T20:45", "+05:45")
    problem = await ann.ask("GET", "/scheduling/time", 422, params={"wall": "2026-03-08T02:30", **there})
    assert problem["code"] == "time_skipped"
    twice = {"wall": "2026-11-01T01:30", **there}
    assert (await ann.ask("GET", "/scheduling/time", 422, params=twice))["code"] == "time_repeated"
    told = await ann.ask("GET", "/scheduling/time", params={**twice, "occurrence": "second"})
    assert told["start"] == "2026-11-01T06:30:00Z"
    for far in ({"wall": "9999-12-31T23:59"}, {"wall": "0001-01-01T00:00"}, {"start": "9999-12-31T23:59:59Z"}):
        assert (await ann.ask("GET", "/scheduling/time", 422, params={**far, **there}))["code"] == "window_invalid"
    problem = await ann.ask("GET", "/scheduling/time", 422, params={"start": "2026-11-01T06:30:00", "zone": "UTC"})
    assert problem["code"] == "invalid_request"


async def test_the_same_key_books_once_and_an_expected_version_that_is_over_is_refused(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    first, second, *_ = await host.slots(bob)
    key = {"Idempotency-Key": f"key {uuid4()}"}
    one, again = [
        await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(first), headers=key) for _ in "ab"
    ]
    assert one == again
    problem = await bob.ask("POST", f"{host.path}/bookings", 422, json=host.wanted(second), headers=key)
    assert problem["code"] == "idempotency_key_reused"
    stale = {"If-Match": '"1"'}
    problem = await bob.ask("POST", f"{host.path}/bookings", 412, json=host.wanted(second), headers=stale)
    assert problem["code"] == "version_conflict"


def _later(start: str, hours: int, minutes: int = 0) -> str:
    return (datetime.fromisoformat(start) + timedelta(hours=hours, minutes=minutes)).isoformat()
