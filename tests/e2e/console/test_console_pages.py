"""Every page: on a desk and in a hand, by day and by night, with the keyboard alone, and without sight."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.console.conftest import ROOT
from tests.e2e.console.person import DESK, HAND, Arrive, Person

WEB = ROOT / "web"
PAGES = {
    "status": "Status",
    "projections": "Projections",
    "dead-letters": "Dead letters",
    "log": "Log",
    "profile": None,
    "shop": None,
}
OTHERS = ("parking", "scheduling", "notice", "connections")  # whose script comes with their own pages


@pytest.mark.parametrize(("place", "options"), [("desk", DESK), ("hand", HAND)])
def test_pages_are_whole_and_accessible(person: Arrive, place: str, options: dict[str, object]) -> None:
    friend, visitor = person("Noa לוי"), person("visitor", registered=False, **options)
    found: dict[str, list[str]] = {}

    def look(name: str, one: Person) -> None:
        found.update(one.look(f"{name} {place}"))

    visitor.page.goto(visitor.base)
    expect(visitor.page.get_by_role("button", name="Sign in")).to_be_visible()
    look("door", visitor)
    visitor.page.close()
    ann = person("ann", operator=True, **options)
    expect(ann.page.get_by_text("No conversations yet")).to_be_visible()
    look("chat empty", ann)
    ann.start_with(friend)
    for text in ("Good morning!", "בוקר טוב", "👋"):
        ann.write(text)
        ann.sees_tick(text, "Delivered")
    friend.open(ann.name)
    friend.write("Here is the way: https://example.org/map\nSee you there.")
    expect(ann.page.get_by_text("See you there.").last).to_be_visible()
    ann.sees_tick("Good morning!", "Read")
    look("chat", ann)
    ann.bubble("Good morning!").get_by_role("button", name="Message actions").focus()
    ann.page.keyboard.press("Enter")
    expect(ann.page.get_by_role("menu")).to_be_visible()
    look("chat menu", ann)
    ann.page.keyboard.press("Escape")
    ann.page.get_by_role("button", name="Details", exact=True).click()
    ann.page.get_by_role("button", name="What just happened").click()
    expect(ann.page.locator(".score").first).to_be_visible()
    look("chat details and strip", ann)
    ann.page.get_by_role("link", name="follow").first.click()
    expect(ann.page.locator(".tree-row").first).to_be_visible()
    ann.page.get_by_role("button", name="What just happened").click()
    look("follow", ann)
    for path, heading in PAGES.items():
        ann.goto(f"/ui/{path}")
        ann.settled()
        if heading:
            expect(ann.page.get_by_role("heading", name=heading, level=1)).to_be_visible()
            expect(ann.page).to_have_title(re.compile(heading))
        if path == "log":
            expect(ann.page.locator(".record").first).to_be_visible()
            ann.page.locator(".record").first.click()
            expect(ann.page.locator(".record-card")).to_be_visible()
        expect(ann.page.locator(".waiting")).to_have_count(0)
        look(path, ann)
    assert not found, "\n".join(f"{page}: {one}" for page, all_ in found.items() for one in all_)


def test_systems_that_are_not_here_are_shown_and_cannot_be_entered(person: Arrive) -> None:
    ann = person("ann")
    for title in ("Cache", "Health", "Shop", "Mail"):
        item = ann.page.get_by_role("link", name=f"{title}: no page here yet")
        expect(item).to_have_attribute("aria-disabled", "true")
    ann.goto("/ui/nowhere")
    expect(ann.page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()


def test_the_keyboard_reaches_everything(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)
    ann.write("One")
    ann.write("Two")
    ann.sees_tick("Two", "Delivered")
    keyboard = ann.page.keyboard

    ann.composer.press("ArrowUp")  # an empty field: the last own message is changed
    expect(ann.composer).to_have_value("Two")
    keyboard.press("Escape")
    expect(ann.composer).to_have_value("")

    ann.page.locator(".bubble-row[tabindex='0']").focus()
    keyboard.press("ArrowUp")
    expect(ann.bubble("One")).to_be_focused()
    keyboard.press("Enter")
    expect(ann.page.get_by_role("menu")).to_be_visible()
    keyboard.press("Escape")
    expect(ann.page.get_by_role("menu")).to_have_count(0)

    keyboard.press("/")
    expect(ann.page.get_by_role("searchbox", name="Search conversations")).to_be_focused()
    keyboard.press("Escape")
    keyboard.press("?")
    expect(ann.page.get_by_role("dialog", name="Keys")).to_be_visible()
    keyboard.press("Escape")
    expect(ann.page.get_by_role("dialog")).to_have_count(0)
    keyboard.press("w")
    expect(ann.page.get_by_role("button", name="What just happened")).to_have_attribute("aria-expanded", "true")
    keyboard.press("g")
    keyboard.press("l")
    expect(ann.page.get_by_role("heading", name="Log", level=1)).to_be_visible()
    ann.page.go_back()
    expect(ann.head).to_contain_text(bob.name)

    ann.page.reload()
    ann.settled()
    ann.page.locator("body").press("Tab")
    hidden = (
        "() => getComputedStyle(document.activeElement).outlineStyle === 'none'"
        " && document.activeElement !== document.body && document.activeElement.outerHTML"
    )
    for _ in range(12):
        keyboard.press("Tab")
        assert ann.page.evaluate(hidden) is False, "the focus cannot be seen"


def test_the_console_turns_round_for_right_to_left(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)
    ann.write("שלום")
    ann.page.evaluate("document.documentElement.dir = 'rtl'")
    rail, main = ann.page.locator(".rail").bounding_box(), ann.page.locator("main").bounding_box()
    assert rail is not None
    assert main is not None
    assert rail["x"] > main["x"]
    assert ann.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ann.picture("chat right to left")


def test_the_server_is_away_when_a_page_is_opened(person: Arrive) -> None:
    ann = person("ann", operator=True)
    ann.page.route(
        "**/status",
        lambda route: route.abort("connectionfailed") if route.request.resource_type == "fetch" else route.fallback(),
    )
    ann.goto("/ui/status")
    expect(ann.page.get_by_role("alert")).to_contain_text("could not be read")
    ann.page.unroute("**/status")
    ann.page.get_by_role("button", name="Try again").click()
    expect(ann.page.get_by_role("heading", name="Consumers")).to_be_visible()


def _scripts() -> list[Path]:
    return sorted(WEB.rglob("*.js"))


def test_what_the_first_pages_load_is_small(person: Arrive) -> None:
    ann = person("ann", registered=False)

    def loaded() -> dict[str, int]:
        """The bytes of each script so far, unpacked."""
        found: list[tuple[str, int]] = ann.page.evaluate(
            "performance.getEntriesByType('resource')"
            ".filter((one) => one.name.endsWith('.js')).map((one) => [one.name, one.decodedBodySize])"
        )
        return {name.removeprefix(ann.base): size for name, size in found}

    ann.page.goto(ann.base)
    expect(ann.page.get_by_role("button", name="Sign in")).to_be_visible()
    door = loaded()
    assert 50_000 < sum(door.values()) < 90_000, door
    ann.register()
    expect(ann.page.get_by_text("No conversations yet")).to_be_visible()
    chat = loaded()
    live = chat.pop("/web/vendor/centrifuge/centrifuge.js")  # comes when the page is on the screen already
    assert sum(chat.values()) < 150_000, chat
    assert sum(chat.values()) + live < 250_000


def test_all_script_together_is_small() -> None:
    packed = {path.relative_to(WEB): len(gzip.compress(path.read_bytes())) for path in _scripts()}
    of_systems = {system: sum(size for path, size in packed.items() if system in str(path)) for system in OTHERS}
    assert sum(packed.values()) - sum(of_systems.values()) < 150_000
    assert all(0 < size < 40_000 for size in of_systems.values()), of_systems
    assert of_systems["connections"] < 10_000


def test_every_vendored_module_carries_its_licence() -> None:
    for vendor in (WEB / "vendor", Path(__file__).parents[1] / "vendor"):
        for folder in (one for one in vendor.iterdir() if one.is_dir()):
            assert (folder / "LICENSE").read_text().strip(), folder


def test_imports_are_relative_and_lead_to_files() -> None:
    for path in _scripts():
        for target in re.findall(r"""(?:from\s*|import\s*\(?\s*)["']([^"'\n]+\.js)["']""", path.read_text()):
            assert target.startswith("."), f"{path}: {target}"
            assert (path.parent / target).resolve().is_file(), f"{path}: {target}"
