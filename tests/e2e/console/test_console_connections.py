"""What a calendar is connected with, as its host sees it: a calendar kept elsewhere, a program that is told."""

from playwright.sync_api import expect

from tests.e2e.console.person import DESK, Arrive
from tests.e2e.console.test_console_scheduling import _calendar


def test_a_host_connects_a_calendar_and_a_program_and_the_script_for_it_comes_then(person: Arrive) -> None:
    host = person("host", **DESK)
    calendar = _calendar(host)
    page = host.page

    def scripts() -> list[str]:
        loaded = "performance.getEntriesByType('resource').map((one) => one.name)"
        return [name for name in page.evaluate(loaded) if "/parts/connections/" in name]

    host.goto("/ui/scheduling")
    page.get_by_role("link", name="Connections").wait_for()
    assert scripts() == []
    page.get_by_role("link", name="Connections").click()
    page.get_by_role("button", name="Connect it").wait_for()
    assert scripts()

    page.get_by_role("button", name="Connect it").click()
    page.get_by_label("Account").fill(calendar)
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing is connected")
    page.get_by_role("link", name="Back to your connections").click()
    page.get_by_label("Kept at").select_option("outlook")
    page.get_by_role("button", name="Connect it").click()
    page.get_by_label("Account").fill(calendar)
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("list", name="Connected calendars")).to_contain_text("Outlook connected")
    assert "code=" not in page.url

    page.get_by_label("Address of the webhook").fill("http://127.0.0.1:9/hook")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("list", name="Webhooks")).to_contain_text("127.0.0.1:9")
    assert host.look("connections") == {}
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("list", name="Connected calendars")).to_have_count(0)
    # The person goes to the page of consent: that is the one other host.
    host.complaints = [each for each in host.complaints if "/consent" not in each]
