"""What one was told, at the bell: it comes by itself, is read, and one says how one wants it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import expect

from api.secrets import Secrets
from producers.notice_keys import NoticeKeys
from tests.e2e.console.conftest import Running
from tests.e2e.console.person import DESK, HAND, Arrive, Person, fresh
from tests.e2e.console.test_console_parking import PLACE, TARIFF


def reserves(owner: Person, driver: Person) -> None:
    lot = owner.ask("POST", "/parking/lots", {"name": fresh("Garage"), **PLACE})["lot_id"]
    spaces = [{"name": "A01", "level": "0", "pool": "car"}]
    owner.ask("PUT", f"/parking/{lot}/layout", {"levels": [{"name": "0"}], "spaces": spaces})
    owner.ask("PUT", f"/parking/{lot}/tariff", TARIFF)
    start = (datetime.now(UTC) + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    wanted = {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat(), "price": 250}
    held = driver.ask("POST", f"/parking/{lot}/reservations", wanted)["reservation_id"]
    driver.ask("POST", f"/parking/{lot}/reservations/{held}/confirmation", {})


def test_a_notice_comes_by_itself_and_is_read(person: Arrive) -> None:
    owner, ann = person("owner"), person("ann", **DESK)
    page = ann.page
    ann.goto("/ui/notices")
    expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
    reserves(owner, ann)
    bell = page.get_by_role("link", name="Notices")
    expect(bell.locator(".unread")).to_contain_text("1")
    listed = page.get_by_role("list", name="Notices").get_by_role("listitem")
    expect(listed).to_have_count(1)
    expect(listed).to_contain_text("Space reserved")
    assert ann.look("notices desk") == {}
    page.get_by_role("button", name="Mark as read: Space reserved").click()
    expect(bell.locator(".unread")).to_have_count(0)
    page.reload()
    expect(listed).to_contain_text("Space reserved")
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)


def _mark_of(folder: Path, person: str, category: str) -> str:
    """The proof in the link of a mail: made with the installation's secret, as whoever mails makes it."""
    keys = Secrets((folder / "secret").read_text().encode())
    return NoticeKeys(b"", b"", keys.key("stop mails")).stop(person, category)


def test_a_link_in_a_mail_stops_its_kind_without_a_sign_in(person: Arrive, running: Running) -> None:
    ann, reader = person("ann"), person("reader", registered=False, **HAND)
    own = ann.stored("septet.session")["septet.session"]["user_id"]
    page, mark = reader.page, _mark_of(Path(running.settings["SEPTET_DATA"]), own, "parking")
    reader.goto(f"/notice/stop-mails/{own}/parking/{mark}")  # as in the header: whoever only looks stops nothing
    expect(page.get_by_role("heading", name="No more mails?")).to_be_visible()
    assert "email" in ann.ask("GET", "/notice/preferences")["channels"]["parking"]
    assert reader.look("stop mails") == {}
    page.get_by_role("button", name="Stop these mails").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing more is mailed to you about car parks.")
    ann.goto("/ui/notices/settings")
    expect(ann.page.get_by_role("checkbox", name="Car parks: E-mail")).not_to_be_checked()
    expect(ann.page.get_by_role("checkbox", name="Car parks: Push")).to_be_checked()
    expect(ann.page.get_by_role("checkbox", name="Bookings: E-mail")).to_be_checked()
    reader.goto(f"/ui/stop-mails/{own}/bookings#{mark}")  # another one's proof
    page.get_by_role("button", name="Stop these mails").click()
    expect(page.get_by_role("alert")).to_be_visible()


def test_one_says_how_one_wants_to_be_told(person: Arrive) -> None:
    ann = person("ann", **HAND)
    page = ann.page
    ann.goto("/ui/notices/settings")
    page.get_by_role("checkbox", name="Car parks: E-mail").uncheck()
    page.get_by_role("checkbox", name="Quiet hours").check()
    page.get_by_label("From").fill("21:30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("From now on you are told like that.")).to_be_visible()
    page.get_by_role("textbox", name="Your address").fill("ann@example.org")
    page.get_by_role("button", name="Send a code there").click()
    expect(page.get_by_text("not proven yet")).to_be_visible()
    page.get_by_role("textbox", name="The code that was mailed").fill("AAAAA-AAAAA")
    page.get_by_role("button", name="It is mine").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong or has expired")
    page.get_by_role("textbox", name="Address of the webhook").fill("https://example.invalid/hook")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("button", name="Try it")).to_be_visible()
    assert ann.look("notices settings hand") == {}
    page.reload()
    expect(page.get_by_role("checkbox", name="Car parks: E-mail")).not_to_be_checked()
    expect(page.get_by_label("From")).to_have_value("21:30")
