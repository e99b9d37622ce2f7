"""Scheduling as guests have it without signing in, and as their host does."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.console.person import DESK, HAND, Arrive, Person

ALWAYS = [{"weekday": day, "opens": 0, "closes": 1440} for day in range(1, 8)]
ZONE = "Asia/Kathmandu"  # 5:45 ahead


def _calendar(host: Person, **more: Any) -> str:
    """Opens the host's calendar day and night in Berlin for talks of half an hour; answers its id."""
    calendar: str = host.stored("septet.session")["septet.session"]["user_id"]
    path = f"/scheduling/calendars/{calendar}"
    host.ask("PUT", f"{path}/schedules/default", {"zone": "Europe/Berlin", "weekly": ALWAYS})
    questions = [{"name": "topic", "text": "What is it about?", "required": True}]
    body = {"title": "First talk", "interval": 30, "notice": 60, "questions": questions, **more}
    host.ask("PUT", f"{path}/event-types/talk", body)
    return calendar


def _fill(guest: Person) -> None:
    page = guest.page
    page.get_by_role("textbox", name="Your name").fill("Gia Guest")
    page.get_by_role("textbox", name="E-mail", exact=True).fill("gia@example.org")
    page.get_by_role("textbox", name="What is it about?").fill("Prices")


def test_a_guest_books_in_another_zone_reschedules_and_cancels(person: Arrive) -> None:
    host = person("host")
    calendar = _calendar(host)
    guest = person("guest", registered=False, timezone_id=ZONE, **HAND)
    page = guest.page
    guest.goto(f"/ui/book/{calendar}")
    page.get_by_role("link", name="First talk").click()
    expect(page.get_by_role("combobox", name="Time zone")).to_have_value(re.compile("Asia/Kat[h]?mandu"))
    first = page.locator(".times button").first
    expect(first).to_have_text(re.compile(r":[14]5$"))  # on the half hour in Berlin
    page.get_by_text("Why is a time not free?").click()
    page.get_by_label("Time", exact=True).fill("12:10")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".reasons")).to_contain_text("12:10 cannot be had")

    other = page.locator(".month .free[aria-pressed='false']").last.get_attribute("data-day")
    day = page.locator(f".month [data-day='{other}']")
    day.click()
    expect(day).to_have_attribute("aria-pressed", "true")
    taken = first.inner_text()
    first.click()
    expect(page.get_by_role("timer")).to_be_visible()
    _fill(guest)
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", name="It is booked")).to_be_visible()
    expect(page.locator(".booked-when")).to_contain_text(taken)
    page.reload()
    expect(page.get_by_role("heading", name="It is booked")).to_be_visible()
    old = page.url
    page.get_by_role("button", name="Make a new address").click()
    page.wait_for_url(lambda url: url != old)
    expect(page.get_by_role("heading", name="It is booked")).to_be_visible()

    page.get_by_role("button", name="Reschedule").click()
    second = page.locator(".times button").nth(3)
    there = second.inner_text()
    second.click()
    page.get_by_role("button", name="Move it").click()
    expect(page.get_by_role("heading", name="It is booked")).to_be_visible()
    expect(page.locator(".booked-when")).to_contain_text(there)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the booking").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()

    for address in (old, page.url.split("#")[0]):
        page.goto(address)
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("not its whole link")


def test_a_host_sets_hours_offers_a_talk_and_approves(person: Arrive) -> None:
    host = person("host", timezone_id="Europe/Berlin")
    page = host.page
    host.goto("/ui/scheduling")
    page.get_by_role("link", name="Set your hours").click()
    page.get_by_role("button", name="Add hours on Saturday").click()
    page.get_by_role("button", name="Save the hours").click()
    expect(page.get_by_role("heading", name="Away")).to_be_visible()
    page.get_by_role("link", name="Event types").click()
    page.get_by_role("link", name="Make an event type").click()
    page.get_by_role("textbox", name="Title").fill("First talk")
    expect(page.get_by_role("textbox", name="Name in the link")).to_have_value("first-talk")
    page.get_by_role("textbox", name="Questions to the guest").fill("What is it about? *")
    page.get_by_role("checkbox", name="I say yes or no").check()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("button", name="Copy the link")).to_be_visible()

    guest = person("guest", registered=False, timezone_id="America/New_York")
    guest.goto(page.get_by_role("link", name="Look").get_attribute("href") or "")
    guest.page.locator(".times button").first.click()
    _fill(guest)
    guest.page.get_by_role("button", name="Ask for this time").click()
    expect(guest.page.get_by_role("heading", name="Asked for")).to_be_visible()

    page.get_by_role("link", name="Week").click()
    requests = page.get_by_role("region", name="Requests")
    requests.get_by_role("button", name="Gia Guest").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Prices")
    expect(dialog).to_contain_text("New York")
    dialog.get_by_role("button", name="Approve").click()
    expect(requests).to_have_count(0)
    guest.page.reload()
    expect(guest.page.get_by_role("heading", name="It is booked")).to_be_visible()

    page.get_by_role("link", name="Teams").click()
    page.get_by_role("textbox", name="Name").fill("Front desk")
    page.get_by_role("button", name="Make the team").click()
    expect(page.locator(".turn")).to_have_text("1")
    expect(page.locator(".why-turn")).to_contain_text("a load of 0")
    page.get_by_role("link", name="Sharing").click()
    page.get_by_label("A file of another calendar").set_input_files(
        {"name": "Work.ics", "mimeType": "text/calendar", "buffer": _ics().encode()}
    )
    page.get_by_role("button", name="Take its busy times").click()
    expect(page.get_by_text("1 time taken", exact=True)).to_be_visible()
    expect(page.get_by_label("Address of your calendar")).to_have_value(re.compile(r"/scheduling/feeds/.+\.ics$"))


def _ics() -> str:
    start = datetime.now(UTC) + timedelta(days=3)
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//b//EN\r\nBEGIN:VEVENT\r\nUID:1@elsewhere\r\n"
        f"DTSTAMP:{start:%Y%m%dT%H%M%SZ}\r\nDTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDURATION:PT1H\r\nSUMMARY:Dentist\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


@pytest.mark.parametrize(("place", "options"), [("desk", DESK), ("hand", HAND)])
def test_the_pages_of_scheduling_are_whole_and_accessible(
    person: Arrive, place: str, options: dict[str, object]
) -> None:
    host = person("host", **options)
    calendar = _calendar(host, confirmation=True)
    start = (datetime.now(UTC) + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    wanted = {"event_type": "talk", "start": start.isoformat(), "email": "gia@example.org", "name": "Gia Guest"}
    asked = host.ask("POST", f"/scheduling/calendars/{calendar}/bookings", {**wanted, "answers": {"topic": "Prices"}})
    found: dict[str, list[str]] = {}
    pages = {
        "scheduling": "1 request for you to answer",
        "scheduling/hours": "Hours of the week",
        f"book/{calendar}/talk": "Why is a time not free?",
        f"book/{calendar}/talk/{asked['booking_id']}": "Asked for",
    }
    simple = {  # lists and forms, which look the same in a hand
        "scheduling/types": "Copy the link",
        "scheduling/types/talk": "Questions to the guest",
        "scheduling/teams": "No teams yet",
        "scheduling/sharing": "Your public page",
        f"book/{calendar}": "First talk",
    }
    for path, sign in (pages | simple if place == "desk" else pages).items():
        host.goto(f"/ui/{path}")
        expect(host.page.get_by_text(sign).first).to_be_visible()
        expect(host.page.locator(".waiting")).to_have_count(0)
        name = path.replace(calendar, "host").replace(asked["booking_id"], "booking").replace("/", " ")
        found |= host.look(f"{name} {place}")
    assert not found, "\n".join(f"{page}: {one}" for page, all_ in found.items() for one in all_)
