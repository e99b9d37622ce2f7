"""Series, links, forms, polls, moves of several, comments, files and followers over HTTP, in both engines."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.e2e.hosts import anonymously, host_of, soon
from tests.e2e.people import PATIENCE, Town
from tests.e2e.test_teams import team_of

WEEK = timedelta(weeks=1)


async def test_a_series_is_booked_as_a_whole_or_with_what_is_free_and_cancelled_from_a_time_on(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    start = datetime.fromisoformat(soon())
    third = start + 2 * WEEK
    await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(third.isoformat(), zone="UTC"))
    body = host.wanted(soon(), zone="UTC", repeat={"frequency": "weekly", "count": 4})
    refused = await bob.ask("POST", f"{host.path}/series", 409, json=body)
    assert refused["code"] == "series_conflicts"
    assert f"{third:%Y-%m-%dT%H:%M} (taken)" in refused["detail"]
    made = await bob.ask("POST", f"{host.path}/series", 201, json={**body, "leave_out": True})
    assert (len(made["bookings"]), made["left_out"]) == (3, [{"wall": f"{third:%Y-%m-%dT%H:%M}", "code": "taken"}])
    path = f"/scheduling/series/{made['series_id']}"
    assert [each["start"][:16] for each in await bob.ask("GET", path)] == [
        f"{start + WEEK * number:%Y-%m-%dT%H:%M}" for number in (0, 1, 3)
    ]
    since = {"since": (start + WEEK).isoformat(), "reason": "moved away"}
    await bob.ask("POST", f"{host.path}/series/{made['series_id']}/cancellation", 204, json=since)
    assert [each["status"] for each in await bob.ask("GET", path)] == ["confirmed", "cancelled", "cancelled"]
    await (await town.person("eve")).ask("GET", path, 404)


async def test_a_link_books_once_what_nobody_books_without(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    await host.offer("private", by_link=True, listed=False)
    first, second, *_ = await host.slots(bob)
    problem = await bob.ask("POST", f"{host.path}/bookings", 403, json=host.wanted(first, event_type="private"))
    assert problem["code"] == "by_link_only"
    body = {"event_type": "private", "until": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    link = await host.person.ask("POST", f"{host.path}/links", 201, json=body)
    wanted = host.wanted(first, event_type="private", name="Cid", link_key=link["link_key"])
    path = f"{host.path}/links/{link['link_id']}/bookings"
    await anonymously(town.url, "POST", path, 404, json={**wanted, "link_key": "guessed"})
    assert [each["link_id"] for each in await host.person.ask("GET", f"{host.path}/links")] == [link["link_id"]]
    _, headers = await anonymously(town.url, "POST", path, 201, json=wanted)
    await anonymously(town.url, "POST", path, 404, json={**wanted, "start": second})
    host.person.seen["scheduling"] = headers["Septet-Position"]
    assert await host.person.ask("GET", f"{host.path}/links") == []


async def test_a_form_leads_to_an_event_type_by_its_answers(town: Town) -> None:
    host = await host_of(town)
    here = {"kind": "calendar", "id": host.person.id, "event_type": "intro"}
    rule = {"conditions": [{"question": "size", "comparison": "at_least", "value": "50"}], "to": here}
    body = {
        "title": "How can we help?",
        "questions": [{"name": "size", "text": "How many are you?", "required": True}],
        "rules": [rule],
        "otherwise": {"kind": "message", "message": "Read our guide."},
    }
    await host.person.ask("PUT", f"{host.path}/forms/start", json=body)
    after = host.person.seen["scheduling"]
    asked, _ = await anonymously(town.url, "GET", f"{host.path}/forms/start", 200, after=after)
    assert "rules" not in asked
    for size, kind in (("60", "calendar"), ("6", "message")):
        led, _ = await anonymously(
            town.url, "POST", f"{host.path}/forms/start/route", 200, json={"answers": {"size": size}}
        )
        assert led["kind"] == kind
    await anonymously(town.url, "POST", f"{host.path}/forms/start/route", 422, json={"answers": {}})


async def test_a_poll_finds_a_time_and_books_it_with_those_whom_it_suits(town: Town) -> None:
    host, bob = await host_of(town), await town.person("bob")
    first, second, *_ = await host.slots(host.person)
    until = (datetime.fromisoformat(first) - timedelta(hours=1)).isoformat()
    body = {"title": "Planning", "event_type": "intro", "options": [first, second], "until": until}
    poll = (await host.person.ask("POST", "/scheduling/polls", 201, json=body))["poll_id"]
    path = f"/scheduling/polls/{poll}"
    vote = {"email": "bob@example.org", "opinions": ["no", "yes"]}
    bob.has_seen(host.person)
    await bob.ask("POST", f"{path}/votes", 201, json=vote)
    cid = {"name": "Cid", "email": "cid@example.org", "opinions": ["no", "if_needed"]}
    _, headers = await anonymously(town.url, "POST", f"{path}/votes", 201, json=cid)
    host.person.seen["scheduling"] = headers["Septet-Position"]
    shown = await host.person.ask("GET", path)
    assert [each["yes"] for each in shown["options"]] == [0, 1]
    assert {each["name"] for each in shown["votes"]} == {bob.name, "Cid"}
    assert "votes" not in await bob.ask("GET", path)
    assert first in await host.slots(bob)  # what is proposed keeps nobody out
    await bob.ask("POST", f"{path}/choice", 404, json={"start": second})
    await host.person.ask("POST", f"{path}/choice", 409, json={"start": first})
    chosen = await host.person.ask("POST", f"{path}/choice", 201, json={"start": second})
    booked = await host.person.ask("GET", f"/scheduling/bookings/{chosen['booking_id']}")
    assert (booked["guest"]["name"], booked["guests"]) == (bob.name, ["cid@example.org"])


async def test_a_meeting_of_several_is_moved_for_all_or_for_nobody(town: Town) -> None:
    team, hosts = await team_of(town, "collective")
    wanted = {"event_type": "collective", "start": soon(), "email": "guest@example.org"}
    guest = await town.person("guest")
    made = await guest.ask("POST", f"/scheduling/teams/{team}/bookings", 201, json=wanted)
    taken, free = [(datetime.fromisoformat(soon()) + timedelta(hours=each)).isoformat() for each in (2, 3)]
    await guest.ask("POST", f"{hosts[1].path}/bookings", 201, json=hosts[1].wanted(taken))
    path = f"/scheduling/meetings/{made['meeting_id']}/move"
    refused = await guest.ask("POST", path, 409, json={"start": taken})
    assert (refused["code"], datetime.fromisoformat(refused["start"])) == ("taken", datetime.fromisoformat(soon()))
    moved = await guest.ask("POST", path, json={"start": free, "reason": "my train"})
    assert datetime.fromisoformat(moved["start"]) == datetime.fromisoformat(free)
    for host in hosts:
        async with asyncio.timeout(PATIENCE):  # each swaps by a policy, a moment later
            while free[:16] not in [each["start"][:16] for each in await _hosted(host)]:
                await asyncio.sleep(0.1)
        assert soon()[:16] not in [each["start"][:16] for each in await _hosted(host)]
    path = f"/scheduling/meetings/{made['meeting_id']}"
    renewed = await guest.ask("POST", f"{path}/key", 201)
    after = guest.seen["scheduling"]
    for key, status in ((made["key"], 404), (renewed["key"], 200)):
        await anonymously(town.url, "GET", path, status, after, params={"key": key})


async def test_comments_and_files_are_for_the_parties_and_what_is_public_reaches_followers(town: Town) -> None:
    host, bob, eve = await host_of(town), await town.person("bob"), await town.person("eve")
    first, *_ = await host.slots(bob)
    booked = await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(first))
    path = f"/scheduling/bookings/{booked['booking_id']}"
    await bob.ask("POST", f"{path}/comments", 201, json={"text": "I bring cake."})
    eve.has_seen(bob)
    await eve.ask("GET", f"{path}/comments", 404)
    data = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
    asked: dict[str, Any] = {"params": {"booking_id": booked["booking_id"], "name": "cake.png"}, "content": data}
    png = {"Content-Type": "image/png"}
    await eve.ask("POST", "/scheduling/files", 404, headers=png, **asked)
    await bob.ask("POST", "/scheduling/files", 415, headers={"Content-Type": "text/html"}, **asked)
    await bob.ask("POST", "/scheduling/files", 422, headers={"Content-Type": "image/jpeg"}, **asked)
    made = await bob.ask("POST", "/scheduling/files", 201, headers=png, **asked)
    host.person.has_seen(bob)
    [file] = await host.person.ask("GET", f"{path}/files")
    assert (file["file_id"], file["sha256"], file["size"]) == (made["file_id"], made["sha256"], len(data))
    for ranged, status, expected in (("", 200, data), ("bytes=8-10", 206, data[8:11]), ("bytes=-5", 206, data[-5:])):
        answer = await _bytes(host.person.http, f"{path}/files/{file['file_id']}", ranged)
        assert (answer.status_code, answer.content) == (status, expected)
    assert (await _bytes(eve.http, f"{path}/files/{file['file_id']}", "")).status_code == 404
    await bob.ask("DELETE", f"{path}/files/{file['file_id']}", 204)
    assert await bob.ask("GET", f"{path}/files") == []

    eve.has_seen(bob)
    await eve.ask("PUT", f"/scheduling/follows/{host.person.id}", 204)
    assert await eve.ask("GET", "/scheduling/feed") == []
    await host.person.ask("PUT", f"{host.path}/bookings/{booked['booking_id']}/public", 204, json={"public": True})
    eve.has_seen(host.person)
    [shown] = await eve.ask("GET", "/scheduling/feed")
    assert (shown["title"], shown["host"]["name"]) == ("Introduction", host.person.name)
    assert bob.name not in str(shown)
    await eve.ask("GET", path, 404)
    await eve.ask("POST", f"{path}/comments", 201, json={"text": "May I come too?"})
    assert [each["name"] for each in await eve.ask("GET", f"{path}/comments")] == [bob.name, eve.name]
    known = await eve.ask("GET", "/scheduling/export")
    assert (known["follows"], known["said"][0]["text"] if known["said"] else "") == ([host.person.id], "")
    assert (await bob.ask("GET", "/scheduling/export"))["said"] == [
        {"booking_id": booked["booking_id"], "text": "I bring cake.", "file": None}
    ]


async def _hosted(host: Any) -> list[dict[str, Any]]:
    query = {"start": soon(), "end": (datetime.fromisoformat(soon()) + timedelta(days=1)).isoformat()}
    found: list[dict[str, Any]] = await host.person.ask("GET", f"{host.path}/bookings", params=query)
    return found


async def _bytes(http: httpx.AsyncClient, path: str, ranged: str) -> httpx.Response:
    return await http.get(path, headers={"Range": ranged} if ranged else {})
