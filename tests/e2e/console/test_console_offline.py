"""The network goes away in the middle of a conversation, and comes back: nothing lost, nothing doubled or reordered."""

from urllib.parse import urlsplit

from playwright.sync_api import Route, expect

from tests.e2e.console.person import Arrive
from tests.e2e.console.wire import Wire

PENDING = "Waiting to be sent"


def test_the_network_is_cut_in_the_middle(person: Arrive, wire: Wire, console_url: str) -> None:
    ann = person("ann", base=f"http://{urlsplit(console_url).hostname}:{wire.port}")
    bob = person("bob")
    ann.start_with(bob)
    ann.write("Before the tunnel")
    bob.open(ann.name)
    ann.sees_tick("Before the tunnel", "Read")

    wire.cut()
    expect(ann.page.locator(".connection")).to_be_visible()
    mine = ["In the tunnel, one", "In the tunnel, two", "In the tunnel, three"]
    for text in mine:
        ann.write(text)
        ann.sees_tick(text, PENDING)
    expect(ann.page.locator(".connection")).to_contain_text("3 messages will be sent")
    bobs = ["Are you there?", "Hello?"]
    for text in bobs:
        bob.write(text)
        bob.sees_tick(text, "Sent")

    wire.mend()
    expect(ann.page.locator(".connection")).to_have_count(0, timeout=60_000)
    for text in mine:
        expect(bob.bubble(text)).to_be_visible()
        ann.sees_tick(text, "Read")
    for text in bobs:
        expect(ann.bubble(text)).to_be_visible()
    assert bob.texts() == ["Before the tunnel", *bobs, *mine]
    assert ann.texts() == bob.texts()
    assert ann.stored("septet.outbox.") == {}


def test_a_reload_loses_nothing_that_waits(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)

    def no_way_out(route: Route) -> None:
        if route.request.method == "POST":
            route.abort("connectionfailed")
        else:
            route.fallback()

    ann.page.route("**/messages", no_way_out)
    for text in ("First", "Second"):
        ann.write(text)
        ann.sees_tick(text, PENDING)
    ann.page.reload()
    for text in ("First", "Second"):
        ann.sees_tick(text, PENDING)
    ann.page.unroute("**/messages")
    for text in ("First", "Second"):
        ann.sees_tick(text, "Delivered")
    bob.open(ann.name)
    expect(bob.bubble("Second")).to_be_visible()
    assert bob.texts() == ["First", "Second"]


def test_a_lost_answer_makes_no_second_message(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)
    keys: list[str | None] = []

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        keys.append(route.request.header_value("Idempotency-Key"))
        if len(keys) == 1:
            route.fetch()  # it arrives, but nobody here hears the answer
            route.abort("connectionreset")
        else:
            route.fallback()

    ann.page.route("**/messages", lose_the_first_answer)
    ann.write("Only once, please")
    ann.sees_tick("Only once, please", "Delivered")
    bob.open(ann.name)
    expect(bob.bubble("Only once, please")).to_be_visible()
    ann.write("And another")
    expect(bob.bubble("And another")).to_be_visible()
    assert bob.texts() == ["Only once, please", "And another"]
    assert ann.texts() == bob.texts()
    assert len(keys) == 3
    assert keys[0] == keys[1] != keys[2]
