"""Notices over HTTP and the socket, in both engines: who is told what, once, and how they want it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from tests.e2e.hosts import host_of
from tests.e2e.installation import Installation
from tests.e2e.lots import Lot, interval, soon
from tests.e2e.people import PATIENCE, Person, Town
from tests.receiver import receiving


async def told(who: Person, enough: Callable[[list[dict[str, Any]]], bool] = bool) -> list[dict[str, Any]]:
    """What somebody was told, once it is enough: notices come by policies, a moment later."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(PATIENCE):
        while not enough(found := (await who.ask("GET", "/notice/notices"))["notices"]):
            await asyncio.sleep(0.1)
    return found


async def test_host_and_guest_are_told_of_a_booking_on_all_their_devices(town: Town) -> None:
    host, guest = await host_of(town), await town.person("guest")
    device = await host.person.device()
    start = (await host.slots(guest))[0]
    made = await guest.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(start))
    await device.until(lambda: any(each["type"] == "notice" for each in device.entries))
    [pushed] = [each for each in device.entries if each["type"] == "notice"]
    [listed] = await told(host.person)
    assert pushed["notice_id"] == listed["notice_id"]
    assert pushed["subject"] == listed["subject"] == "Booked: Introduction"  # open here, sealed where it lies
    assert listed["about"] == {"booking": made["booking_id"]}
    assert listed["read_at"] is None
    assert guest.name not in str(listed)
    assert [each["kind"] for each in await told(guest)] == ["booking.booked"]

    await host.person.ask("POST", f"/notice/notices/{listed['notice_id']}/read", 204)
    await device.until(lambda: any(each["type"] == "notice-read" for each in device.entries))
    assert (await told(host.person))[0]["read_at"] is not None
    await guest.ask("POST", f"/notice/notices/{listed['notice_id']}/read", 204)  # another's: nothing

    body = {"reason": "I am ill."}
    await guest.ask("POST", f"{host.path}/bookings/{made['booking_id']}/cancellation", 204, json=body)
    found = await told(host.person, lambda found: len(found) == 2)
    assert (found[0]["kind"], found[0]["text"].endswith("I am ill.")) == ("booking.cancelled", True)
    assert len(await told(guest)) == 1  # who does it knows it
    await host.person.ask("POST", "/notice/notices/read", 204)
    assert (await host.person.ask("GET", "/notice/notices"))["unread"] == 0


async def test_preferences_and_quiet_hours(town: Town) -> None:
    host, guest = await host_of(town), await town.person("guest")
    ann = host.person
    first = await ann.ask("GET", "/notice/preferences")
    assert first == {
        "channels": {
            each: ["in_app", "email", "webhook", "push"]
            for each in ("bookings", "reminders", "parking", "work", "following", "housekeeping")
        },
        "quiet": None,
    }
    now = datetime.now(UTC)
    minute = now.hour * 60 + now.minute
    quiet = {"zone": "UTC", "begin": (minute - 60) % 1440, "end": (minute + 600) % 1440}
    await ann.ask("PUT", "/notice/preferences", 204, json={"channels": {"parking": []}, "quiet": quiet})
    found = await ann.ask("GET", "/notice/preferences")
    assert (found["quiet"], found["channels"]["parking"], len(found["channels"]["bookings"])) == (quiet, [], 4)
    await ann.ask("PUT", "/notice/preferences", 422, json={"quiet": {**quiet, "zone": "Mars/Base"}})
    await ann.ask("PUT", "/notice/preferences", 422, json={"quiet": {**quiet, "begin": 1440}})

    start = (await host.slots(guest))[0]
    await guest.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(start))
    await told(guest)  # the same event told the guest: the host's notice is decided as well, and waits
    device = await ann.device()
    assert (await ann.ask("GET", "/notice/notices"))["notices"] == []
    assert not [each for each in device.entries if each["type"] == "notice"]


async def test_that_a_hold_is_about_to_end_is_told_in_time_unless_it_is_none_any_more(town: Town) -> None:
    owner, ann, bob = [await town.person(name) for name in ("owner", "ann", "bob")]
    lot = await Lot.opened(owner, 2, hold="PT2M3S")  # two minutes before its end are three seconds from now
    wanted = interval(soon(1))
    confirmed = await ann.ask("POST", f"/parking/{lot.id}/reservations", 201, json={**wanted, "price": 200})
    await ann.ask("POST", f"/parking/{lot.id}/reservations/{confirmed['reservation_id']}/confirmation", 204)
    await bob.ask("POST", f"/parking/{lot.id}/reservations", 201, json={**wanted, "price": 200})
    [late] = await told(bob)
    assert (late["kind"], late["urgent"], late["about"]) == ("parking.expiring", True, {"lot": lot.id})
    assert [each["kind"] for each in await told(ann)] == ["parking.confirmed"]


async def mailed(folder: Path, to: str, enough: int = 1) -> list[EmailMessage]:
    """The mails to an address, once there are enough: they go out a moment later."""
    found: list[EmailMessage] = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < enough:
            await asyncio.sleep(0.1)
            found = [each for each in _mails(folder) if each["To"] == to]
    return found


def _mails(folder: Path) -> list[EmailMessage]:
    return [message_from_bytes(each.read_bytes(), policy=default) for each in folder.glob("*.eml")]


async def test_an_address_that_was_proven_gets_notices_and_guests_get_invitations(
    septet: Installation, town: Town
) -> None:
    host, guest = await host_of(town), await town.person("guest")
    ann, folder = host.person, septet.folder / "data" / "mail"
    address = f"{ann.name}@example.org"
    await ann.ask("PUT", "/notice/email", 202, json={"address": address})
    assert await ann.ask("GET", "/notice/email") == {"address": "", "waiting": address}
    [mail] = await mailed(folder, address)
    code = next(line for line in mail.get_content().splitlines() if line.count("-") == 3)
    await ann.ask("POST", "/notice/email/confirmation", 403, json={"code": "AAAAA-AAAAA-AAAAA-AAAAA"})
    await guest.ask("POST", "/notice/email/confirmation", 403, json={"code": code})
    await ann.ask("POST", "/notice/email/confirmation", 204, json={"code": code.lower()})
    assert await ann.ask("GET", "/notice/email") == {"address": address, "waiting": ""}

    start = (await host.slots(guest))[0]
    theirs = f"{guest.name}@example.org"
    await guest.ask("POST", f"{host.path}/bookings", 201, json={**host.wanted(start), "email": theirs})
    assert {each["Subject"] for each in await mailed(folder, address, 2)} == {"Your code", "Booked: Introduction"}
    [invitation] = await mailed(folder, theirs)
    [part] = [each for each in invitation.walk() if each.get_content_type() == "text/calendar"]
    assert "METHOD:REQUEST" in str(part.get_content())


async def test_a_webhook_is_called_and_its_owner_sees_what_became_of_it(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    async with receiving() as receiver:
        receiver.statuses = [204, 410]
        made = await ann.ask("POST", "/notice/webhooks", 201, json={"url": receiver.url})
        path = f"/notice/webhooks/{made['webhook_id']}"
        await bob.ask("POST", f"{path}/ping", 404)
        ping = await ann.ask("POST", f"{path}/ping", 202)
        assert await ann.ask("GET", "/notice/webhooks") == [made]
        no = dict.fromkeys(("calendar", "google", "outlook", "email", "push"), False)
        tools = {**no, "video": True, "webhook": True}
        assert await ann.ask("GET", "/scheduling/integrations") == tools
        others = await bob.ask("GET", "/scheduling/integrations")
        assert [tool for tool, integrated in others.items() if integrated] == ["video"]  # is the installation's
        [first] = await sent(ann, path, lambda found: bool(found) and found[0]["state"] == "delivered")
        assert (first["notice_id"], first["kind"], first["attempts"]) == (ping["notice_id"], "ping", 1)
        [(headers, _)] = receiver.requests
        assert headers["webhook-id"] == ping["notice_id"]
        await ann.ask("POST", f"{path}/ping", 202)
        latest = (await sent(ann, path, lambda found: found[0]["state"] == "failed"))[0]
        assert latest["why"] == "410"
    assert await bob.ask("GET", f"{path}/deliveries") == []
    assert [each["kind"] for each in await told(ann)] == ["webhook.disabled"]
    assert [each["disabled"] for each in await ann.ask("GET", "/notice/webhooks")] == ["gone"]
    await ann.ask("POST", f"{path}/ping", 409)


async def sent(who: Person, path: str, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """What went to a webhook, once it is enough."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(PATIENCE):
        while not enough(found := await who.ask("GET", f"{path}/deliveries")):
            await asyncio.sleep(0.1)
    return found
