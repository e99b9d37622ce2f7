"""Two and more people in two and more browsers, writing to each other."""

import re

from playwright.sync_api import Route, expect

from tests.e2e.console.person import Arrive


def test_a_message_is_accepted_delivered_and_read(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)
    ann.write("Shall we meet at seven?")
    ann.sees_tick("Shall we meet at seven?", "Delivered")
    expect(bob.line(ann.name)).to_contain_text("Shall we meet at seven?")
    expect(bob.line(ann.name).locator(".unread")).to_have_text("1")
    expect(bob.page).to_have_title(re.compile(r"^\(1\)"))

    bob.open(ann.name)
    expect(bob.bubble("Shall we meet at seven?")).to_be_visible()
    ann.sees_tick("Shall we meet at seven?", "Read")
    expect(bob.line(ann.name).locator(".unread")).to_have_count(0)

    bob.write("Eight is better.")
    expect(ann.bubble("Eight is better.")).to_be_visible()
    bob.sees_tick("Eight is better.", "Read")
    assert ann.texts() == bob.texts() == ["Shall we meet at seven?", "Eight is better."]


def test_typing_and_presence(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)
    ann.write("Hello")
    bob.open(ann.name)
    expect(ann.head).to_contain_text("online")
    bob.composer.press_sequentially("I am wri")
    expect(ann.head).to_contain_text("typing")
    expect(ann.line(bob.name)).to_contain_text("typing")
    bob.composer.press("Enter")
    expect(ann.bubble("I am wri")).to_be_visible()
    expect(ann.head).not_to_contain_text("typing")
    bob.context.close()
    expect(ann.head).to_contain_text("last seen", timeout=60_000)


def test_reply_edit_react_and_delete(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)
    ann.write("Who brings the stove?")
    bob.open(ann.name)

    bob.menu("Who brings the stove?", "Reply")
    bob.write("I do")
    expect(ann.bubble("I do").locator(".quote")).to_contain_text("Who brings the stove?")

    bob.menu("I do", "Edit")
    bob.write("I do, the small one")
    expect(ann.bubble("I do, the small one")).to_contain_text("edited")

    ann.bubble("I do, the small one").hover()
    ann.bubble("I do, the small one").get_by_role("button", name="Message actions").click()
    ann.page.get_by_role("menuitem", name="React with 👍").click()
    expect(bob.bubble("I do, the small one").locator(".reactions")).to_contain_text("👍")
    ann.bubble("I do, the small one").get_by_role("button", name="👍, 1 person").click()
    expect(bob.bubble("I do, the small one").locator(".reactions")).to_have_count(0)

    ann.write("Not for your eyes")
    expect(bob.bubble("Not for your eyes")).to_be_visible()
    ann.menu("Not for your eyes", "Delete…")
    ann.page.get_by_role("button", name="Delete for everyone").click()
    expect(bob.page.get_by_text("This message was deleted", exact=True).first).to_be_visible()
    expect(bob.bubble("Not for your eyes")).to_have_count(0)

    bob.menu("Who brings the stove?", "Delete…")
    bob.page.get_by_role("button", name="Delete for me").click()
    expect(bob.bubble("Who brings the stove?")).to_have_count(0)
    expect(ann.bubble("Who brings the stove?")).to_be_visible()
    bob.page.reload()
    expect(bob.bubble("I do, the small one")).to_be_visible()
    expect(bob.bubble("Who brings the stove?")).to_have_count(0)


def test_a_group_with_its_members_and_roles(person: Arrive) -> None:
    ann, bob, cleo = person("ann"), person("bob"), person("cleo")
    ann.create_group("Mountain weekend", bob)
    ann.write("The train leaves at 7:52")
    bob.open("Mountain weekend")
    expect(bob.bubble("The train leaves at 7:52")).to_be_visible()
    ann.sees_tick("The train leaves at 7:52", "Read")

    ann.page.get_by_role("button", name="Details", exact=True).click()
    pane = ann.page.get_by_role("complementary", name="Details of the conversation")
    pane.get_by_role("button", name="Add people").click()
    dialog = ann.page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill(cleo.name)
    dialog.get_by_role("list", name="People found").get_by_role("button", name=cleo.name).click()
    expect(pane.get_by_role("heading", name="3 members")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()

    cleo.open("Mountain weekend")
    expect(cleo.bubble("The train leaves at 7:52")).to_have_count(0)  # history begins with joining
    cleo.write("Hello everybody")
    expect(ann.bubble("Hello everybody")).to_be_visible()
    expect(bob.bubble("Hello everybody")).to_be_visible()

    ann.page.get_by_role("button", name=f"What to do about {bob.name}").click()
    ann.page.get_by_role("menuitem", name="Make admin").click()
    expect(pane.locator("li").filter(has_text=bob.name)).to_contain_text("Admin")

    pane.get_by_role("button", name="Rename").click()
    title = ann.page.get_by_role("dialog").get_by_role("textbox", name="Title")
    title.fill("Valley weekend")
    title.press("Enter")
    expect(bob.head).to_contain_text("Valley weekend")
    expect(cleo.line("Valley weekend")).to_be_visible()

    ann.page.get_by_role("button", name=f"What to do about {cleo.name}").click()
    ann.page.get_by_role("menuitem", name="Remove from the group").click()
    expect(pane.get_by_role("heading", name="2 members")).to_be_visible()
    expect(cleo.line("Valley weekend")).to_have_count(0)
    expect(cleo.page.get_by_placeholder("You are no longer in this group")).to_be_disabled()

    bob.page.get_by_role("button", name="Details", exact=True).click()
    bob.page.get_by_role("button", name="Leave the group").click()
    bob.page.get_by_role("button", name="Leave", exact=True).click()
    expect(bob.line("Valley weekend")).to_have_count(0)
    expect(pane.get_by_role("heading", name="1 member")).to_be_visible()


def test_a_refused_message_says_why_and_can_be_tried_again(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)

    def refuse(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        problem = {"title": "Refused", "status": 422, "code": "refused", "detail": "Today nobody may write."}
        route.fulfill(status=422, content_type="application/problem+json", json=problem)

    ann.page.route("**/messages", refuse)
    ann.write("Listen")
    ann.sees_tick("Listen", "Not sent")
    expect(ann.bubble("Listen")).to_contain_text("Today nobody may write.")
    ann.page.unroute("**/messages")
    ann.bubble("Listen").get_by_role("button", name="Try again").click()
    expect(bob.line(ann.name)).to_contain_text("Listen")
    ann.sees_tick("Listen", "Delivered")
    assert ann.texts() == ["Listen"]


def test_what_was_typed_survives_a_reload(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)
    ann.composer.fill("Half a thou")
    ann.page.reload()
    expect(ann.composer).to_have_value("Half a thou")


def test_right_to_left_texts_run_from_the_right(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)
    ann.write("שלום לכולם")
    ann.write("Hello all")
    for text, direction in (("שלום לכולם", "rtl"), ("Hello all", "ltr")):
        element = ann.bubble(text).locator(".text")
        assert element.evaluate("element => getComputedStyle(element).direction") == direction


def test_texts_are_never_markup(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    ann.start_with(bob)
    ann.write("<img src=x onerror=alert(1)> & <b>bold</b> https://example.org/a?b=1.")
    bob.open(ann.name)
    text = bob.page.locator(".bubble .text")
    expect(text).to_have_text("<img src=x onerror=alert(1)> & <b>bold</b> https://example.org/a?b=1.")
    expect(text.locator("img, b")).to_have_count(0)
    expect(text.get_by_role("link")).to_have_attribute("href", "https://example.org/a?b=1")
    expect(text.get_by_role("link")).to_have_attribute("rel", "noopener noreferrer nofollow")


def test_two_tabs_of_one_person_read_for_each_other(person: Arrive) -> None:
    ann, bob = person("ann"), person("bob")
    bob.start_with(ann)
    second = bob.context.new_page()
    second.goto(f"{bob.base}/ui/chat")
    ann.open(bob.name)
    ann.write("One for both tabs")
    unread = second.locator(".conversation .unread")
    expect(bob.bubble("One for both tabs")).to_be_visible()
    expect(second.locator(".conversation")).to_contain_text("One for both tabs")
    expect(unread).to_have_count(0)
