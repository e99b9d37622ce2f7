"""A car park as drivers, gates and operators have it, in both engines."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.lots import HOUR, MINUTE, Lot, interval, soon
from tests.e2e.people import Person, Town

ABSURD = (
    ("9999-12-31T23:30:00Z", "9999-12-31T23:59:00Z"),
    ("0001-01-01T00:00:00+14:00", "2026-01-01T00:00:00Z"),
)


async def test_a_driver_reserves_comes_and_leaves(town: Town) -> None:
    owner, ann = await town.person("owner"), await town.person("ann")
    lot = await Lot.opened(owner, 2, early_start="PT15M")
    start = soon(0.1)
    ann.has_seen(owner)
    quote = await ann.ask(
        "POST", f"/parking/{lot.id}/quotes", json=interval(start), params={"after": ann.seen["parking"]}
    )
    assert (quote["available"], quote["price"]["gross"], quote["price"]["tax"]) == (2, 200, 32)
    body = {**interval(start), "plate": {"number": "B AB 123", "country": "DE"}, "price": 200}
    held = await ann.ask("POST", f"/parking/{lot.id}/reservations", 201, json=body)
    assert held["status"] == "PENDING"
    path = f"/parking/{lot.id}/reservations/{held['reservation_id']}"
    await ann.ask("POST", f"{path}/confirmation", 204)
    seen = await ann.ask("GET", f"/parking/reservations/{held['reservation_id']}")
    assert (seen["status"], seen["plate"], seen["pool"]) == ("RESERVED", "DE:BAB123", "car")
    assert (await ann.ask("PATCH", path, json=interval(start, 2)))["price"] == 400
    nodes = [{"name": "in", "level": "0", "x": 0, "y": 0, "kind": "entry"}]
    nodes += [{"name": name, "level": "0", "x": x, "y": 0} for name, x in (("a", 500), ("b", 1_000))]
    plan = {
        "nodes": nodes,
        "edges": [{"start": one, "end": other, "length": 500} for one, other in (("in", "a"), ("a", "b"))],
        "spots": [
            {"space": "C0000", "node": "b", "x": 1_000, "y": 300},
            {"space": "C0001", "node": "a", "x": 500, "y": 300},
        ],
    }
    await ann.ask("PUT", f"/parking/{lot.id}/plan", 403, json=plan)
    await lot.change("PUT", "plan", 204, json=plan)
    ann.has_seen(owner)
    await ann.ask("GET", f"/parking/{lot.id}/plan")  # it is seen now
    kept = await ann.ask("POST", f"{path}/suggestion", 201, json={})
    assert (kept["space"], kept["route"]["drive_metres"], len(kept["route"]["steps"])) == ("C0001", 5.0, 1)
    drawn = await ann.http.get(f"/parking/{lot.id}/map.svg", params={"space": "C0001", "after": ann.seen["parking"]})
    assert (drawn.headers["content-type"], 'class="space chosen"' in drawn.text) == ("image/svg+xml", True)
    other = await lot.enter("B X 7", near={})
    assert other["space"] == "C0000"  # the nearer one is kept
    let = await lot.enter("b-ab 123")
    assert let["space"] == "C0001"
    assert (let["ticket_id"], let["reserved"]) == (held["reservation_id"], True)
    ann.has_seen(owner)
    assert (await ann.ask("GET", "/parking/reservations"))[0]["status"] == "FULFILLED"
    ticket = await ann.ask("GET", f"/parking/tickets/{let['ticket_id']}")
    assert (ticket["due"], ticket["space"]) == (400, let["space"])
    assert (await lot.leave("B-AB-123", 409))["code"] == "payment_due"


async def test_availability_is_that_of_the_asked_time(town: Town) -> None:
    owner, ann = await town.person("owner"), await town.person("ann")
    lot = await Lot.opened(owner, 1)
    ann.has_seen(owner)
    start = soon()
    await ann.ask("POST", f"/parking/{lot.id}/reservations", 201, json={**interval(start), "confirmed": True})
    for at, end, cars in [
        (start - MINUTE, None, 1),
        (start, None, 0),
        (start + HOUR, None, 1),
        (start - HOUR, start, 1),
        (start - HOUR, start + MINUTE, 0),
        (start + 24 * HOUR, None, 1),
    ]:
        found = await lot.free(ann, at, end)
        assert (found["classes"]["car"], found["classes"]["motorcycle"]) == (cars, cars + 1)
        assert found["available_spaces"] == cars + 1
        assert found["observed_at"] <= datetime.now(UTC).isoformat()


async def test_times_that_no_clock_shows_are_refused(town: Town) -> None:
    owner = await town.person("owner")
    lot = await Lot.opened(owner, 1)
    for start, end in ABSURD:
        body = {"start": start, "end": end}
        await owner.ask("POST", f"/parking/{lot.id}/reservations", 422, json=body)
        await owner.ask("POST", f"/parking/{lot.id}/quotes", 422, json=body)
        await owner.ask("GET", f"/parking/{lot.id}/availability", 422, params={"timestamp": start})


async def test_a_hold_that_is_over_is_seen_to_be_over(town: Town) -> None:
    owner, ann = await town.person("owner"), await town.person("ann")
    lot = await Lot.opened(owner, 1, hold="PT1S")
    start = soon()
    held = await ann.ask("POST", f"/parking/{lot.id}/reservations", 201, json=interval(start))
    path = f"/parking/reservations/{held['reservation_id']}"
    for _ in range(600):  # the deadline comes from the policies' worker
        if (await ann.ask("GET", path))["status"] == "REJECTED":
            break
        await asyncio.sleep(0.1)
    found = await ann.ask("GET", path)
    assert (found["status"], found["why"]) == ("REJECTED", "expired")
    assert (await lot.free(ann, start))["classes"]["car"] == 1
    await ann.ask("POST", f"/parking/{lot.id}/reservations/{held['reservation_id']}/confirmation", 404)


async def test_the_gates_count_and_nobody_passes_twice(town: Town) -> None:
    owner, eve = await town.person("owner"), await town.person("eve")
    lot = await Lot.opened(owner, 2)
    first = await lot.enter("B X 1")
    assert (await lot.enter("BX1", 409))["code"] == "already_inside"
    assert (await lot.leave("B X 2", 404))["code"] == "not_inside"
    await lot.enter("B X 2")
    assert (await lot.enter("B X 3", 409))["code"] == "full"
    assert [each["plate"] for each in await lot.change("GET", "inside")] == ["DE:BX1", "DE:BX2"]
    asked = {"number": "8-X 2", "country": "DE"}  # a B that was read as an 8
    near = await lot.change("GET", "matches", params=asked)
    assert [(each["plate"], each["misread"]) for each in near] == [("DE:BX2", 0.5), ("DE:BX1", 1.5)]
    body = {"code": "SHOP", "allowance": "percent", "value": 100}
    await lot.change("POST", f"tickets/{first['ticket_id']}/validations", 204, json=body)
    assert (await lot.leave("B X 1"))["price"] == 0
    await lot.change("PUT", "counts/car", 204, json={"present": 2, "reason": "counted by hand"})
    states = [each["state"] for each in await lot.change("GET", "spaces")]
    assert sorted(states) == ["free", "free", "occupied"]
    assert len(await lot.change("GET", "inside")) == 2
    assert [each["what"] for each in await lot.change("GET", "diary")][:2] == ["count corrected", "left"]
    read = {"camera": "gate 1", "plate": asked, "confidence": 70}
    proposed = await lot.change("POST", "observations", 201, json=read)
    assert (proposed["misread"], proposed["watched"]) == (0.5, False)
    await lot.change("POST", "watched", 204, json={"plate": asked, "reason": "left without paying"})
    assert (await lot.change("POST", "observations", 201, json=read))["watched"]
    [incident] = await lot.change("GET", "incidents")
    assert incident["kind"] == "watched plate"
    await lot.change("POST", f"incidents/{incident['incident']}/closure", 204, json={"note": "paid"})
    assert (await lot.change("GET", "incidents"))[0]["outcome"] == "paid"
    assert len(await lot.change("GET", "observations")) == 2
    past, ahead = await lot.change("GET", "occupancy"), await lot.change("GET", "forecast")
    assert (past["capacity"], past["times"][-1]["pools"]) == (3, {"car": 2})
    assert [each["expected"] for each in ahead["hours"] if each["at"] > datetime.now(UTC).isoformat()][:1] in ([2], [])
    eve.has_seen(owner)
    await eve.ask("GET", f"/parking/{lot.id}/matches", 403, params=asked)
    for path in ("inside", "diary", "occupancy", "forecast", "revenue", "observations", "watched", "incidents"):
        assert (await eve.ask("GET", f"/parking/{lot.id}/{path}", 403))["code"] == "not_at_work_here"
    await eve.ask("POST", f"/parking/{lot.id}/gate/entry", 403, json={"plate": {"number": "X", "country": "DE"}})
    await eve.ask("PUT", f"/parking/{lot.id}/terms", 403, json={})
    await eve.ask("GET", f"/parking/tickets/{first['ticket_id']}", 404)


async def test_a_code_opens_the_gate_for_its_reservation_only(town: Town) -> None:
    owner, ann = await town.person("owner"), await town.person("ann")
    lot = await Lot.opened(owner, 2)
    body = {**interval(soon(0.1)), "confirmed": True}
    held = await ann.ask("POST", f"/parking/{lot.id}/reservations", 201, json=body)
    code = (await ann.ask("GET", f"/parking/reservations/{held['reservation_id']}"))["code"]
    assert (await lot.enter("B X 1", 422, code=code[:-1] + "x"))["code"] == "code_invalid"
    assert (await lot.enter("B X 1", code=code))["ticket_id"] == held["reservation_id"]
    owner.has_seen(ann)
    assert (await owner.ask("GET", f"/parking/reservations/{held['reservation_id']}"))["code"] is None


async def test_the_same_key_is_one_reservation_and_a_version_that_is_over_is_refused(town: Town) -> None:
    owner, ann = await town.person("owner"), await town.person("ann")
    lot = await Lot.opened(owner, 1)
    start = soon()
    key, path = {"Idempotency-Key": str(uuid4())}, f"/parking/{lot.id}/reservations"
    first, again = [await ann.ask("POST", path, 201, json=interval(start), headers=key) for _ in "ab"]
    assert first == again
    other = await ann.ask("POST", path, 422, json=interval(start, 2), headers=key)
    assert other["code"] == "idempotency_key_reused"
    stale = {"If-Match": '"1"'}
    assert (await ann.ask("POST", path, 412, json=interval(start), headers=stale))["code"] == "version_conflict"


async def test_the_articles_endpoints(town: Town) -> None:
    owner, ann, eve = [await town.person(name) for name in ("owner", "ann", "eve")]
    lot = await Lot.opened(owner, 1)
    ann.has_seen(owner)
    seen = await ann.ask("GET", f"/parking/{lot.id}")
    assert (seen["total_spaces"], seen["name"], seen["role"]) == (2, "Main", None)
    start = soon()
    wish = {"user_id": ann.id, "timestamp": start.isoformat()}
    assert (await eve.ask("POST", f"/parking/{lot.id}/reserve", 403, json=wish))["code"] == "not_yours"
    made = await ann.ask("POST", f"/parking/{lot.id}/reserve", 201, json=wish)
    assert (made["status"], made["price"]) == ("RESERVED", 200)
    assert (await lot.free(ann, start))["classes"]["car"] == 0
    full = await eve.ask("POST", f"/parking/{lot.id}/reserve", 409, json={**wish, "user_id": eve.id})
    assert full["code"] == "full"
    me = await ann.ask("GET", f"/parking/user/{ann.id}")
    assert (me["name"], [each["reservation_id"] for each in me["reservations"]]) == (ann.name, [made["reservation_id"]])
    await eve.ask("GET", f"/parking/user/{ann.id}", 403)
    await eve.ask("DELETE", f"/parking/reservation/{made['reservation_id']}", 404)
    await ann.ask("DELETE", f"/parking/reservation/{made['reservation_id']}", 204)
    again = await ann.ask("DELETE", f"/parking/reservation/{made['reservation_id']}", 404)
    assert again["code"] == "reservation_unknown"
    assert (await lot.free(ann, start))["classes"]["car"] == 1
    async with httpx.AsyncClient(base_url=town.url, timeout=60) as stranger:
        for path in (f"/parking/{lot.id}", f"/parking/{lot.id}/availability", "/parking/reservations"):
            assert (await stranger.get(path)).status_code == 401
        body = {
            "name": f"new-{uuid4().hex[:8]}",
            "phone_number": f"+4933{uuid4().int % 10**8:08d}",
            "password": "long enough",
        }
        user = (await stranger.post("/parking/user/register", json=body)).json()["user_id"]
        signed = {"name": body["name"], "password": body["password"], "device": "test"}
        assert (await stranger.post("/parking/user/login", json=signed)).json()["user_id"] == user
    version = {"Api-Version": "7"}
    assert (await ann.ask("GET", f"/parking/{lot.id}", 401, headers=version))["code"] == "unknown_version"


async def test_paying_invoices_and_what_goes_back(town: Town) -> None:
    owner, ann, eve = [await town.person(name) for name in ("owner", "ann", "eve")]
    lot = await Lot.opened(owner, 2)
    start = soon()
    held = await ann.ask("POST", f"/parking/{lot.id}/reservations", 201, json=interval(start))
    pay = {"user_id": ann.id, "amount": 200, "payment_method": "card", "claim_id": held["reservation_id"]}
    path = f"/parking/payment/{lot.id}"
    assert (await ann.ask("POST", path, 422, json={**pay, "amount": 199}))["code"] == "amount_differs"
    await ann.ask("POST", path, 422, json={**pay, "payment_method": "beads"})
    await eve.ask("POST", path, 403, json=pay)
    await eve.ask("POST", path, 404, json={**pay, "user_id": eve.id})
    answer = await ann.http.post(path, json=pay, headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code in (201, 202), answer.text
    payment = answer.json()["payment_id"]
    seen = f"/parking/reservations/{held['reservation_id']}"
    found = await until(ann, seen, lambda one: one["status"] == "RESERVED" and one["paid"] == 200)
    assert found["price"] == 200  # paid, and so confirmed
    assert (await ann.ask("POST", path, 409, json=pay))["code"] == "nothing_due"
    invoice = await until(ann, f"/parking/invoice/{payment}", lambda one: one["kind"] == "invoice")
    number = f"{datetime.now(UTC).year}-000001"
    assert (invoice["number"], invoice["gross"], invoice["tax"], invoice["net"]) == (number, 200, 32, 168)
    pdf = await ann.http.get(f"/parking/invoice/{payment}/pdf")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    await eve.ask("GET", f"/parking/invoice/{payment}", 404)
    await ann.ask("DELETE", f"/parking/{lot.id}/reservations/{held['reservation_id']}")
    papers = await until(ann, "/parking/invoices", lambda all_: len(all_) == 2)
    note = papers[0]
    assert (note["kind"], note["corrects"], note["gross"]) == ("credit note", payment, 200)
    year = await until(owner, f"/parking/{lot.id}/invoices", lambda all_: len(all_) == 2)
    assert [each["number"][-1] for each in year] == ["2", "1"]
    await eve.ask("GET", f"/parking/{lot.id}/invoices", 403)
    sums = [(each["invoiced"], each["credited"], each["net"]) for each in await lot.change("GET", "revenue")]
    assert sums == [(200, 200, 0)]


async def test_a_card_is_charged_at_the_exit_and_a_broken_promise_is_paid_for(town: Town) -> None:
    owner, ann = await town.person("owner"), await town.person("ann")
    lot = await Lot.opened(owner, 1, card_ceiling=5_000, compensation=1_500)
    ticket = (await lot.enter("B C 1", payment_method="card"))["ticket_id"]
    found = await until(owner, f"/parking/tickets/{ticket}", lambda one: one["good_for"] == 5_000)
    assert (found["due"], found["paid"]) == (200, 0)
    left = await lot.leave("B C 1")
    assert (left["price"], left["paid"]) == (200, 200)
    [invoice] = await until(owner, f"/parking/{lot.id}/invoices", lambda all_: len(all_) == 1)
    assert (invoice["claim_id"], invoice["gross"], invoice["tax"]) == (ticket, 200, 32)
    body = {**interval(soon()), "confirmed": True}
    held = await ann.ask("POST", f"/parking/{lot.id}/reservations", 201, json=body)
    await lot.change("PUT", "spaces/C0000/closure", 204, json={"reason": "paint"})
    seen = f"/parking/reservations/{held['reservation_id']}"
    broken = await until(ann, seen, lambda one: one["compensation_paid"])
    assert (broken["status"], broken["why"], broken["compensation"]) == ("CANCELED", "displaced", 1_500)


async def test_a_driver_keeps_vehicles_and_favourites_and_finds_what_suits(town: Town) -> None:
    owner, ann = await town.person("owner"), await town.person("ann")
    near, far = await Lot.opened(owner, 1), await Lot.opened(owner, 1)
    ann.has_seen(owner)
    plate = {"number": "B AB 1", "country": "DE"}
    await ann.ask("POST", "/parking/vehicles", 201, json={"plate": plate, "vehicle": "ev"})
    assert await ann.ask("GET", "/parking/vehicles") == [{"plate": "DE:BAB1", "vehicle": "ev"}]
    await ann.ask("DELETE", "/parking/vehicles/DE:BAB1", 204)
    assert await ann.ask("GET", "/parking/vehicles") == []
    await ann.ask("PUT", f"/parking/favourites/{uuid4()}", 404)
    await ann.ask("PUT", f"/parking/favourites/{far.id}", 204)
    assert await ann.ask("GET", "/parking/favourites") == [far.id]
    start = soon()
    taken = await ann.http.post(f"/parking/{near.id}/reservations", json=interval(start))
    query: dict[str, Any] = {"latitude": 52.5, "longitude": 13.4, **interval(start), "limit": 100}
    seen = {"after": taken.headers["Septet-Position"]}
    found = (await ann.http.get("/parking/feed", params=query | seen)).json()
    assert found[0]["lot_id"] == far.id
    assert (found[0]["favourite"], found[0]["available_spaces"], found[0]["price"]) == (True, 1, 200)
    [full] = [each for each in found if each["lot_id"] == near.id]
    assert full["available_spaces"] == 0
    async with httpx.AsyncClient(base_url=town.url, timeout=60) as stranger:
        assert (await stranger.get("/parking/feed", params=query)).status_code == 401
        for _ in range(300):  # the same feed is given out for some seconds
            listed = {each["id"]: each for each in (await stranger.get("/parking/open-data")).json()["lots"]}
            if far.id in listed:
                break
            await asyncio.sleep(0.2)
    assert (listed[far.id]["total"], listed[far.id]["free"], listed[far.id]["state"]) == (2, 2, "open")


async def test_news_that_the_gateway_did_not_sign_is_refused(town: Town) -> None:
    ann = await town.person("ann")
    body = {"id": "1", "type": "captured", "payment": str(uuid4()), "reference": "ch_1", "key": "k"}
    answer = await ann.http.post("/parking/gateway/news", json=body, headers={"Signature": "0" * 64})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_signed")


async def until(person: Person, path: str, holds: Callable[[Any], bool]) -> Any:
    """What a query shows once policies and payments have done their part."""
    for _ in range(600):
        answer = await person.http.get(path)
        if answer.status_code == 200 and holds(answer.json()):
            return answer.json()
        await asyncio.sleep(0.1)
    raise AssertionError(f"{path} never showed it: {answer.text}")
