"""The log as an operator and a curious person see it: live, filtered, paused, and one message followed to its end."""

import re

from playwright.sync_api import expect

from tests.e2e.console.person import Arrive
from tests.e2e.console.wire import Wire


def test_one_message_is_followed_from_the_strip_to_its_tree(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)
    ann.write("Follow me")
    ann.sees_tick("Follow me", "Delivered")
    strip = ann.page.get_by_role("region", name="What just happened")
    expect(strip).to_contain_text("Send a message")
    expect(strip).to_contain_text("accepted")
    expect(strip).to_contain_text("MessageSent")
    expect(strip).to_contain_text(re.compile(r"\d+ projections?|chat"))

    strip.get_by_role("button", name="What just happened").click()
    happened = strip.get_by_role("listitem").first
    expect(happened.get_by_role("group", name=re.compile(r"\d+ steps in"))).to_be_visible()
    happened.get_by_role("link", name="follow").click()
    expect(ann.page).to_have_url(re.compile(r"/ui/log/[^/?]+$"))
    expect(ann.page).to_have_title(re.compile("Following"))
    tree = ann.page.locator(".tree")
    for label in ("SendMessage", "MessageSent"):
        expect(tree.locator(".tree-label b", has_text=label).first).to_be_visible()
    expect(tree.locator(".tree-label b", has_text="projection.chat")).to_be_visible()
    labels = tree.locator(".tree-label b").all_inner_texts()
    assert labels.index("SendMessage") < labels.index("MessageSent")
    depth = "element => Number(getComputedStyle(element).getPropertyValue('--depth'))"
    command, event = (tree.locator(".tree-row", has_text=label).first for label in ("SendMessage", "MessageSent"))
    assert command.evaluate(depth) < event.evaluate(depth)

    event.click()
    expect(ann.page.get_by_role("article", name=re.compile("Record chat.events"))).to_contain_text("partition")
    address = ann.page.url
    ann.page.reload()
    expect(ann.page.get_by_role("article", name=re.compile("Record chat.events"))).to_be_visible()
    assert ann.page.url == address
    ann.page.go_back()


def test_the_log_is_live_filtered_by_its_address_and_can_be_paused(person: Arrive) -> None:
    ann, bob = person("ann", operator=True), person("bob")
    conversation = ann.start_with(bob)
    watch = ann.context.new_page()
    watch.goto(f"{ann.base}/ui/log?system=chat&key=conversation/{conversation}&topic=chat.events")
    expect(watch.locator(".live")).to_have_text("live")
    expect(watch).to_have_title(re.compile("Log"))
    rows = watch.locator(".record")
    expect(rows.first).to_be_visible()
    for row in rows.all():
        expect(row).to_contain_text("chat.events")
        expect(row).to_contain_text("conversation/")

    ann.write("Live")
    expect(watch.locator(".record", has_text="MessageSent")).to_have_count(1)

    watch.get_by_role("button", name="Pause").click()
    go_on = watch.get_by_role("button", name=re.compile("Go on"))
    expect(go_on).to_be_visible()
    before = rows.count()
    for text in ("While paused, one", "While paused, two"):
        ann.write(text)
        ann.sees_tick(text, "Delivered")
    expect(go_on.locator(".unread")).to_have_text(re.compile(r"^[2-9]$"))
    assert rows.count() == before
    go_on.click()
    expect(watch.locator(".record", has_text="MessageSent")).to_have_count(3)

    watch.locator(".record", has_text="MessageSent").first.click()
    card = watch.get_by_role("article", name=re.compile("Record chat.events"))
    expect(card).to_contain_text("While paused, two")
    expect(card).to_contain_text("offset")
    card.get_by_role("button", name=re.compile("^[0-9a-f-]{36}$")).first.click()  # by whom
    expect(watch).to_have_url(re.compile("actor="))
    watch.go_back()
    expect(watch).not_to_have_url(re.compile("actor="))


def test_the_tail_comes_back_without_a_hole(person: Arrive, wire: Wire) -> None:
    ann, bob = person("ann"), person("bob")
    conversation = ann.start_with(bob)
    context = ann.context
    token = {"name": "septet.session", "value": ann.page.evaluate("localStorage.getItem('septet.session')")}
    watch = context.new_page()
    base = f"http://127.0.0.1:{wire.port}"
    watch.goto(base)
    watch.evaluate("({name, value}) => localStorage.setItem(name, value)", token)
    watch.goto(f"{base}/ui/log?key=conversation/{conversation}&type=chat.conversation.MessageSent")
    expect(watch.locator(".live")).to_have_text("live")
    ann.write("One")
    expect(watch.locator(".record")).to_have_count(1)
    wire.cut()
    expect(watch.locator(".live")).to_contain_text("connection lost")
    for text in ("Two", "Three"):
        ann.write(text)
        ann.sees_tick(text, "Delivered")
    wire.mend()
    expect(watch.locator(".live")).to_have_text("live", timeout=30_000)
    expect(watch.locator(".record")).to_have_count(3)
    ann.complaints.clear()  # the second origin was meant
