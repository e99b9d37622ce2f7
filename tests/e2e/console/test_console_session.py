"""Coming in, staying in, going out."""

import json
import re

from playwright.sync_api import expect

from tests.e2e.console.person import PASSWORD, Arrive, phone_number


def test_a_taken_name_is_said_and_what_was_typed_stays(person: Arrive) -> None:
    ann = person("ann")
    other = person("visitor", registered=False)
    other.page.goto(other.base)
    other.page.get_by_role("tab", name="Register").click()
    number = phone_number()
    other.page.get_by_role("textbox", name="Name").fill(ann.name)
    other.page.get_by_role("textbox", name="Phone number").fill(number)
    other.page.get_by_role("textbox", name="Password").fill(PASSWORD)
    other.page.get_by_role("tabpanel").get_by_role("button", name="Register").click()
    expect(other.page.get_by_role("alert")).to_be_visible()
    expect(other.page.get_by_role("textbox", name="Name")).to_have_value(ann.name)
    expect(other.page.get_by_role("textbox", name="Phone number")).to_have_value(number)


def test_a_wrong_password_is_refused_and_the_right_one_leads_to_the_address_asked_for(person: Arrive) -> None:
    ann = person("ann")
    again = person("again", registered=False)
    again.goto("/ui/status")
    again.sign_in(ann.name, "not this one at all")
    expect(again.page.get_by_role("alert")).to_be_visible()
    again.sign_in(ann.name)
    expect(again.page.get_by_role("heading", name="Status", level=1)).to_be_visible()
    expect(again.page.get_by_text("This page is for operators")).to_be_visible()
    assert again.page.url.endswith("/ui/status")


def test_a_code_is_sent_without_telling_whether_the_number_is_known(person: Arrive) -> None:
    visitor = person("visitor", registered=False)
    visitor.page.goto(visitor.base)
    visitor.page.get_by_role("tab", name="One-time code").click()
    visitor.page.get_by_role("textbox", name="Phone number").fill(phone_number())
    visitor.page.get_by_role("button", name="Send me a code").click()
    expect(visitor.page.get_by_text("a code is on its way")).to_be_visible()
    visitor.page.get_by_role("textbox", name="Code").fill("000000")
    visitor.page.get_by_role("tabpanel").get_by_role("button", name="Sign in").click()
    expect(visitor.page.get_by_role("alert")).to_be_visible()


def test_a_device_is_signed_out_from_another(person: Arrive) -> None:
    ann = person("ann")
    second = person("second", registered=False)
    second.page.goto(second.base)
    second.sign_in(ann.name)
    second.settled()
    ann.goto("/ui/profile")
    expect(ann.page.get_by_text("this one")).to_be_visible()
    ann.page.get_by_role("main").get_by_role("listitem").get_by_role("button", name="Sign out").click()
    expect(ann.page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    second.page.reload()
    expect(second.page.get_by_text("Your session has ended")).to_be_visible()


def test_an_access_token_is_renewed_before_and_after_it_runs_out(person: Arrive) -> None:
    ann = person("ann")

    def spoil(**changes: object) -> None:
        session = ann.stored("septet.session")["septet.session"] | changes
        ann.page.evaluate("text => localStorage.setItem('septet.session', text)", json.dumps(session))

    before = ann.stored("septet.session")["septet.session"]["refresh_token"]
    spoil(expires_at=0)  # the clock says it has run out
    ann.goto("/ui/profile")
    expect(ann.page.get_by_text("this one")).to_be_visible()
    renewed = ann.stored("septet.session")["septet.session"]["refresh_token"]
    assert renewed != before

    spoil(access_token="not a token")  # the server says so
    ann.goto("/ui/profile")
    expect(ann.page.get_by_text("this one")).to_be_visible()
    assert ann.stored("septet.session")["septet.session"]["refresh_token"] != renewed


def test_signing_out_closes_the_door(person: Arrive) -> None:
    ann = person("ann")
    ann.sign_out()
    assert ann.stored("septet.session") == {}
    ann.goto("/ui/chat")
    expect(ann.page).to_have_title(re.compile("Sign in"))
