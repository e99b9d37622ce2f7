"""What is booked in other ways than one time with one host: teams, series, polls, links that are good once, forms."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import expect

from tests.e2e.console.person import DESK, HAND, Arrive, Person

ALWAYS = [{"weekday": day, "opens": 0, "closes": 1440} for day in range(1, 8)]


def _calendar(host: Person) -> str:
    """Opens the host's calendar day and night for talks of half an hour; answers its id."""
    calendar: str = host.stored("septet.session")["septet.session"]["user_id"]
    path = f"/scheduling/calendars/{calendar}"
    host.ask("PUT", f"{path}/schedules/default", {"zone": "Europe/Berlin", "weekly": ALWAYS})
    host.ask("PUT", f"{path}/event-types/talk", {"title": "First talk", "interval": 30, "notice": 60})
    return calendar


def _team(host: Person, calendar: str) -> str:
    team: str = host.ask("POST", "/scheduling/teams", {"name": "Front desk"})["team_id"]
    host.ask("PUT", f"/scheduling/teams/{team}/members/{calendar}", {})
    host.ask("PUT", f"/scheduling/calendars/{calendar}/teams/{team}")
    body = {"title": "Visit", "interval": 30, "notice": 60, "mode": "round_robin"}
    host.ask("PUT", f"/scheduling/teams/{team}/event-types/visit", body)
    return team


def _fill(guest: Person) -> None:
    guest.page.get_by_role("textbox", name="Your name").fill("Gia Guest")
    guest.page.get_by_role("textbox", name="E-mail", exact=True).fill("gia@example.org")


def _whole(found: dict[str, list[str]]) -> None:
    assert not found, "\n".join(f"{page}: {one}" for page, all_ in found.items() for one in all_)


def test_a_guest_books_a_team_a_series_and_with_a_link_and_is_led_by_a_form(person: Arrive) -> None:
    host = person("host")
    calendar = _calendar(host)
    team = _team(host, calendar)
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    link = host.ask("POST", f"/scheduling/calendars/{calendar}/links", {"event_type": "talk", "until": until})
    big = {"conditions": [{"question": "size", "comparison": "is", "value": "large"}]}
    form: dict[str, Any] = {
        "title": "Who should you meet?",
        "questions": [{"name": "size", "text": "How big are you?", "required": True, "choices": ["small", "large"]}],
        "rules": [{**big, "to": {"kind": "team", "id": team, "event_type": "visit"}}],
        "otherwise": {"kind": "message", "message": "Write to us instead."},
    }
    host.ask("PUT", f"/scheduling/calendars/{calendar}/forms/who", form)
    found: dict[str, list[str]] = {}

    guest = person("guest", registered=False, **HAND)
    page = guest.page
    guest.goto(f"/ui/book/form/{calendar}/who")
    page.get_by_label("How big are you?").select_option("small")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Write to us instead.")).to_be_visible()
    page.get_by_role("button", name="Answer again").click()
    found |= guest.look("book form hand")
    page.get_by_label("How big are you?").select_option("large")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("You meet one of the team")).to_be_visible()
    expect(page.locator(".times button").first).to_be_visible()
    found |= guest.look("book team hand")
    page.locator(".times button").first.click()
    _fill(guest)
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", name="It is booked")).to_be_visible()
    expect(page.locator(".booked-what")).to_contain_text(host.name)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the meeting").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()

    guest.goto(f"/ui/book/{calendar}/talk")
    page.locator(".times button").first.click()
    _fill(guest)
    page.get_by_label("Repeat it").select_option("weekly")
    page.get_by_label("How many times").fill("3")
    page.get_by_role("button", name="Book this time").click()
    page.get_by_text("One of 3 meetings").click()
    found |= guest.look("book series hand")
    page.get_by_role("button", name="Cancel this and all that follow").click()
    page.get_by_role("button", name="Cancel them").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()

    once = f"/ui/book/link/{calendar}/talk/{link['link_id']}#{link['link_key']}"
    for sign in ("It is booked", None):
        page.goto("about:blank")
        guest.goto(once)
        page.locator(".times button").first.click()
        _fill(guest)
        page.get_by_role("button", name="Book this time").click()
        if sign:
            expect(page.get_by_role("heading", name=sign)).to_be_visible()
    expect(page.get_by_role("alert")).to_be_visible()  # it was good once
    _whole(found)


def test_a_host_proposes_times_a_guest_votes_and_one_is_booked(person: Arrive) -> None:
    host = person("host", timezone_id="Europe/Berlin", **DESK)
    calendar = _calendar(host)
    page = host.page
    host.goto("/ui/scheduling/polls")
    page.get_by_role("textbox", name="Title").fill("Kick-off")
    page.get_by_role("button", name="Open the poll").click()
    page.get_by_role("button", name="Copy the link").wait_for()
    poll = page.url.rsplit("/", 1)[1]
    found: dict[str, list[str]] = {}

    guest = person("guest", registered=False, timezone_id="Asia/Kathmandu", **HAND)
    guest.goto(f"/ui/book/poll/{poll}")
    opinions = guest.page.locator(".opinions")
    expect(opinions).to_have_count(3)
    for at, words in enumerate(("No", "Yes", "If need be")):
        opinions.nth(at).get_by_label(words, exact=True).check()
    _fill(guest)
    guest.page.get_by_role("button", name="Send my answer").click()
    expect(guest.page.get_by_role("button", name="Change my answer")).to_be_visible()
    expect(guest.page.locator(".poll-options li").nth(1)).to_contain_text("1 yes")
    found |= guest.look("vote hand")

    second = page.locator(".poll-options li").nth(1)
    expect(second).to_contain_text("Gia Guest")
    found |= host.look("scheduling poll desk")
    expect(page.locator(".poll-options li").first.get_by_role("button")).to_be_disabled()
    second.get_by_role("button", name="Book this one").click()
    expect(page.locator(".lot-head .tag")).to_have_text("Booked")
    guest.page.reload()
    expect(guest.page.get_by_text("What was said")).to_be_visible()

    host.goto("/ui/scheduling/forms/new")
    page.get_by_role("textbox", name="Title").fill("Who should you meet?")
    page.get_by_role("textbox", name="Questions").fill("How big are you: small, large *")
    page.get_by_role("button", name="A rule").click()
    page.get_by_role("button", name="And a condition").click()
    expect(page.get_by_role("combobox", name="And the answer to")).to_be_visible()
    page.get_by_label("Compared").nth(1).select_option("is_not")
    page.get_by_label("This", exact=True).nth(1).fill("large")
    found |= host.look("scheduling form desk")
    page.get_by_role("combobox", name="it leads to", exact=True).select_option("message")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("link", name="Who should you meet?").wait_for()
    own = f"/scheduling/calendars/{calendar}"
    [form] = host.ask("GET", own)["forms"]
    [rule] = host.ask("GET", f"{own}/forms/{form['slug']}")["rules"]
    assert [each["comparison"] for each in rule["conditions"]] == ["is", "is_not"]
    host.goto("/ui/scheduling/sharing")
    page.get_by_role("button", name="Make a link").click()
    address = page.get_by_label("The new link")
    expect(address).to_have_value(re.compile(rf"/ui/book/link/{calendar}/talk/[0-9a-f-]+#.+$"))
    expect(page.get_by_role("list", name="Open links").get_by_role("listitem")).to_have_count(1)
    feed = page.get_by_label("Address of your calendar")
    before = feed.input_value()
    page.get_by_role("button", name="Make a new address").click()
    expect(feed).not_to_have_value(before)
    found |= host.look("scheduling sharing desk")
    _whole(found)
