"""Parking as a driver has it, and as those have it who run a car park."""

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.console.person import DESK, HAND, Arrive, Person, fresh

PLACE = {"zone": "Europe/Berlin", "latitude": 52.5128, "longitude": 13.3265, "address": "Opernplatz 1"}
TARIFF = {"currency": "EUR", "zone": "Europe/Berlin", "rates": [{"price": 250, "tax": 1900, "step": 1800}]}
# What the package `qrcode` 8.2 makes of it (bytes, level M, mask 3): the hash of its rows of 0 and 1.
CODE = "0123456789abcdef0123456789abcdef.0123456789abcdef01234567"
DRAWN = "0a10de39c905596433045000f1a3e5356020ad3fb2223c67d4fe2da43e0efadb"


def _noon() -> datetime:
    """Noon UTC, 17:30 in Kolkata on any day of the year; far enough ahead to be cancelled for nothing."""
    return (datetime.now(UTC) + timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)


def _lot(owner: Person, cars: int = 6) -> tuple[str, str]:
    """The id and the name of a car park of theirs, with a charger and two places for motorcycles."""
    name = fresh("Garage")
    lot: str = owner.ask("POST", "/parking/lots", {"name": name, **PLACE})["lot_id"]
    pools = ["car"] * cars + ["ev", "motorcycle", "motorcycle"]
    spaces = [{"name": f"A{i + 1:02d}", "level": "0" if i % 2 else "-1", "pool": pool} for i, pool in enumerate(pools)]
    owner.ask("PUT", f"/parking/{lot}/layout", {"levels": [{"name": "0"}, {"name": "-1"}], "spaces": spaces})
    owner.ask("PUT", f"/parking/{lot}/tariff", {**TARIFF, "lost_ticket": 2000})
    return lot, name


def test_a_driver_reserves_pays_changes_and_cancels(person: Arrive) -> None:
    owner, ann = person("owner"), person("ann", **HAND, timezone_id="Asia/Kolkata")
    _, name = _lot(owner)
    page = ann.page
    ann.goto(f"/ui/parking?start={_noon():%Y-%m-%dT%H:%M}Z&end={_noon() + timedelta(hours=2):%Y-%m-%dT%H:%M}Z")
    page.get_by_role("list", name="Car parks").get_by_role("link", name=name).click()
    expect(page).to_have_title(re.compile(name))
    expect(page.locator(".price-total b")).to_have_text("€5.00")
    expect(page.locator(".moment small").first).to_contain_text("There it is")
    page.get_by_role("textbox", name="Number on the plate").fill("b an 4711")
    page.get_by_role("button", name="Hold a space for 10 minutes").click()

    expect(page.get_by_text("Held for you until")).to_be_visible()
    expect(page.get_by_role("timer")).to_contain_text(re.compile(r"^(10:00|9:\d\d)$"))
    page.reload()
    page.get_by_role("button", name="Reserve it").click()
    code = page.get_by_role("img", name="QR code of this reservation")
    expect(code).to_have_attribute("data-text", re.compile(r"^[0-9a-f]{32}\.[0-9a-f]{24}$"))
    expect(page.locator(".plate")).to_contain_text("BAN4711")

    page.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Until").fill(f"{_noon():%Y-%m-%d}T20:30")
    expect(dialog.locator(".price-total b")).to_have_text("€7.50")
    dialog.get_by_role("button", name="Change it").click()
    page.get_by_role("button", name="Pay €7.50").click()
    dialog.get_by_role("button", name="Pay €7.50").click()
    expect(page.locator(".pass-facts div", has_text="Paid").locator("dd")).to_have_text("€7.50")
    with page.expect_download() as download:
        page.get_by_role("button", name="Invoice").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")

    page.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Cancel the reservation").click()
    expect(page.locator(".pass .tag").first).to_have_text("Cancelled")
    page.get_by_role("link", name="Reservations", exact=True).click()
    expect(page.get_by_role("heading", name="Before")).to_be_visible()
    expect(page.locator(".strip-latest")).to_contain_text("Cancel a reservation")


def test_the_code_of_a_reservation_is_a_qr_code(person: Arrive) -> None:
    ann = person("ann", registered=False)
    ann.page.goto(ann.base)
    rows = ann.page.evaluate(
        "text => import('/web/lib/qr.js').then(({ qr }) => qr(text, 3).map((row) => row.map(Number).join('')))", CODE
    )
    assert sha256("\n".join(rows).encode()).hexdigest() == DRAWN


@pytest.mark.parametrize(("place", "options"), [("desk", DESK), ("hand", HAND)])
def test_the_pages_of_parking_are_whole_and_accessible(person: Arrive, place: str, options: dict[str, object]) -> None:
    ann = person("ann", **options)
    lot, name = _lot(ann)
    wish = {"start": _noon().isoformat(), "end": (_noon() + timedelta(hours=2)).isoformat(), "confirmed": True}
    held = ann.ask("POST", f"/parking/{lot}/reservations", wish)
    ann.ask("POST", "/parking/vehicles", {"plate": {"number": "B AN 1", "country": "DE"}})
    found: dict[str, list[str]] = {}
    pages = {
        "": name,
        f"/{lot}": "Free at your time",
        f"/reservations/{held['reservation_id']}": "Cancel for nothing",
        f"/{lot}/operate": "Gates",
        f"/{lot}/operate/figures": "How full it will be",
    }
    simple = {  # lists and forms of one column, which look the same in a hand
        "/reservations": "To come",
        "/vehicles": "Add one",
        "/new": "Open a car park",
        f"/{lot}/operate/inside": "Nobody is inside",
        f"/{lot}/operate/diary": "tariff published",
        f"/{lot}/operate/prices": "Correct a count",
    }
    for path, sign in (pages | simple if place == "desk" else pages).items():
        ann.goto(f"/ui/parking{path}")
        expect(ann.page.get_by_text(sign).first).to_be_visible()
        expect(ann.page.locator(".waiting")).to_have_count(0)
        words = path.replace(lot, "lot").replace(held["reservation_id"], "one").replace("/", " ")
        found |= ann.look(f"parking{words} {place}")
    assert not found, "\n".join(f"{page}: {one}" for page, all_ in found.items() for one in all_)


def test_an_operator_works_the_gates_and_sees_what_happened(person: Arrive) -> None:
    owner = person("owner")
    lot, name = _lot(owner)
    page = owner.page
    owner.goto("/ui/parking")
    page.get_by_role("link", name=f"{name} owner").click()
    expect(page.locator(".space")).to_have_count(4)  # of the level that is shown first
    gate = page.get_by_role("region", name="Gates")
    gate.get_by_role("textbox", name="Number on the plate").fill("B XY 123")
    gate.get_by_role("button", name="Drive up").click()
    expect(gate.get_by_role("status")).to_contain_text("Come in: space")
    expect(page.locator(".figures li").first).to_contain_text("1")
    gate.get_by_role("textbox", name="Number on the plate").fill("b-xy 123")
    gate.get_by_role("button", name="Drive up").click()
    expect(gate.get_by_role("status")).to_contain_text("A vehicle with this plate is in")

    gate.get_by_role("tab", name="Exit").click()
    gate.get_by_role("button", name="Drive up").click()
    expect(gate.get_by_role("status")).to_contain_text("Something is still to be paid")
    gate.get_by_role("button", name="The ticket is lost").click()
    gate.get_by_role("button", name="Pay €20.00 by card").click()
    gate.get_by_role("button", name="Open the gate").click()
    expect(gate.get_by_role("status")).to_contain_text("Goodbye")

    owner.ask("PUT", f"/parking/{lot}/terms", {"card_ceiling": 5_000})  # from now on a card can be charged at the exit
    page.reload()
    gate.get_by_role("combobox", name="Card").select_option("card")
    gate.get_by_role("textbox", name="Number on the plate").fill("B XY 124")
    gate.get_by_role("button", name="Drive up").click()
    ticket = gate.locator(".ticket-no code").inner_text()
    while not owner.ask("GET", f"/parking/tickets/{ticket}")["good_for"]:
        page.wait_for_timeout(200)  # the gate does not wait for the gateway, and opens to a card that was found good
    gate.get_by_role("tab", name="Exit").click()
    gate.get_by_role("button", name="Drive up").click()
    expect(gate.get_by_role("status")).to_contain_text("Goodbye")

    page.locator(".space[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Why").fill("A lamp fell down")
    page.get_by_role("button", name="Take out of service").click()
    expect(page.locator(".space.closed")).to_have_count(1)

    page.get_by_role("link", name="Prices and counts").click()
    page.get_by_role("spinbutton", name="Vehicles that are there").fill("2")
    page.get_by_role("textbox", name="Why").fill("Counted by hand")
    page.get_by_role("button", name="Correct it").click()
    page.get_by_role("link", name="Inside").click()
    expect(page.get_by_text("2 vehicles")).to_be_visible()
    page.get_by_role("link", name="Diary").click()
    expect(page.get_by_role("cell", name="count corrected")).to_be_visible()
    page.get_by_role("link", name="Figures").click()
    expect(page.locator(".chart canvas")).to_have_count(2)
    expect(page.get_by_role("table", name="Revenue by day")).to_contain_text("€21.25")  # what the card was charged, too


PLAN = {
    "nodes": [
        {"name": "gate", "level": "0", "x": 0, "y": 0, "kind": "entry"},
        {"name": "lane", "level": "0", "x": 2_000, "y": 0, "kind": "junction"},
        {"name": "lift", "level": "0", "x": 2_000, "y": 900, "kind": "door"},
        {"name": "out", "level": "0", "x": 4_000, "y": 0, "kind": "exit"},
        {"name": "below", "level": "-1", "x": 2_000, "y": 0, "kind": "junction"},
    ],
    "edges": [
        {"start": "gate", "end": "lane", "length": 2_000},
        {"start": "lane", "end": "out", "length": 2_000},
        {"start": "lane", "end": "lift", "length": 900, "drive": False},
        {"start": "lane", "end": "below", "length": 3_000, "two_way": True},
    ],
    "spots": [
        {"space": "A01", "node": "below", "x": 2_000, "y": 800},
        {"space": "A02", "node": "lane", "x": 1_500, "y": 800},
    ],
}


def test_a_driver_is_led_to_a_space_and_the_staff_watch_plates(person: Arrive) -> None:
    owner = person("owner", **HAND)
    lot, _ = _lot(owner)
    owner.ask("PUT", f"/parking/{lot}/plan", PLAN)
    start = datetime.now(UTC) + timedelta(minutes=8)
    wish = {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat(), "confirmed": True}
    held = owner.ask("POST", f"/parking/{lot}/reservations", wish)["reservation_id"]
    page = owner.page
    found: dict[str, list[str]] = {}

    owner.goto(f"/ui/parking/{lot}")
    page.get_by_role("button", name="Level -1").click()
    expect(page.get_by_role("list", name="Zones")).to_contain_text("of 3")
    expect(page.get_by_role("img", name="Level -1 from above")).to_be_visible()
    owner.goto(f"/ui/parking/reservations/{held}")
    page.get_by_label("You want to walk to").select_option("lift")
    page.get_by_role("button", name="Keep a space for me").click()
    expect(page.get_by_text("Space A02 on level 0 is kept for you")).to_be_visible()
    expect(page.locator(".steps li").last).to_contain_text("lift")
    expect(page.get_by_role("img", name="with the way to A02")).to_be_visible()
    page.locator(".guided").scroll_into_view_if_needed()
    found |= owner.look("parking guided hand")

    owner.goto(f"/ui/parking/{lot}/operate/security")
    watch = page.locator("form", has=page.get_by_role("button", name="Watch this plate"))
    watch.get_by_label("Number on the plate").fill("B XX 11")
    watch.get_by_label("Why").fill("Left without paying")
    watch.get_by_role("button", name="Watch this plate").click()
    expect(page.get_by_role("list", name="Watched plates")).to_contain_text("BXX11")
    page.get_by_text("Try a camera").click()
    camera = page.locator("form", has=page.get_by_role("button", name="Send the reading"))
    camera.get_by_label("Number on the plate").fill("b-xx 11")
    camera.get_by_role("button", name="Send the reading").click()
    expect(page.get_by_role("table", name="Readings")).to_contain_text("watched")
    incidents = page.get_by_role("list", name="Incidents")
    expect(incidents.get_by_role("listitem")).to_have_count(1)
    found |= owner.look("parking security hand")
    incidents.get_by_role("button", name="Close it").click()
    page.get_by_label("Outcome").fill("Paid at the desk")
    page.get_by_role("button", name="Close the incident").click()
    expect(incidents).to_contain_text("Paid at the desk")
    assert not found, "\n".join(f"{where}: {one}" for where, all_ in found.items() for one in all_)
