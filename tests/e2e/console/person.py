"""A person at the console: what they can do and see, in the words of a test."""

import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from urllib.error import HTTPError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

ARTEFACTS = Path(__file__).parents[3] / "artifacts" / "console"
DESK = {"viewport": {"width": 1280, "height": 800}}
HAND = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
# By night only the colours are others: what axe finds in the rest it finds by day.
SCHEMES: dict[Literal["light", "dark"], list[str]] = {"dark": ["color-contrast"], "light": []}
PASSWORD = "correct horse battery staple"
AXE = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIOLATIONS = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""
# What a browser itself writes when the network or the server refuses; tests that provoke this look at the page instead.
EXPECTED = re.compile(r"Failed to load resource|ERR_CONNECTION|ERR_INTERNET|ERR_FAILED|WebSocket connection to")


def fresh(name: str) -> str:
    """A name that nobody else in this run has."""
    return f"{name} {secrets.token_hex(3)}"


def phone_number() -> str:
    return f"+49151{secrets.randbelow(90_000_000) + 10_000_000}"


class Person:
    """One page in a browser of its own. `complaints` is what the browser had to say; a good journey leaves it empty."""

    def __init__(self, context: BrowserContext, base: str, name: str) -> None:
        self.name = name
        self.base = base
        self.context = context
        self.complaints: list[str] = []
        context.add_init_script(VIOLATIONS)
        context.on("console", self._console)
        context.on("request", self._request)
        context.on("weberror", lambda error: self.complaints.append(f"exception: {error.error}"))
        self.page: Page = context.new_page()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not EXPECTED.search(message.text):
            self.complaints.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.base, self.base.replace("http", "ws", 1), "data:", "blob:")):
            self.complaints.append(f"a request to another host: {request.url}")

    def check(self) -> None:
        """Nothing was blocked by the policy, nothing failed in the background."""
        if not self.page.is_closed():
            assert self.page.evaluate("window.violations") == []
        assert self.complaints == [], self.complaints

    # Coming in.

    def arrive(self) -> None:
        self.page.goto(self.base)
        self.settled()

    def register(self) -> None:
        self.page.goto(self.base)
        self.page.get_by_role("tab", name="Register").click()
        self.page.get_by_role("textbox", name="Name").fill(self.name)
        self.page.get_by_role("textbox", name="Phone number").fill(phone_number())
        self.page.get_by_role("textbox", name="Password").fill(PASSWORD)
        self.page.get_by_role("tabpanel").get_by_role("button", name="Register").click()
        self.settled()

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        self.page.get_by_role("textbox", name="Name or phone number").fill(name)
        self.page.get_by_role("textbox", name="Password").fill(password)
        self.page.get_by_role("tabpanel").get_by_role("button", name="Sign in").click()

    def sign_out(self) -> None:
        self.goto("/ui/profile")
        self.page.locator(".profile-head").get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("textbox", name="Name or phone number")).to_be_visible()

    def settled(self) -> None:
        """Signed in, and connected."""
        expect(self.page.locator(".shell")).to_be_visible()
        expect(self.page.locator(".connection")).to_have_count(0)

    def goto(self, path: str) -> None:
        self.page.goto(self.base + path)

    # Conversations.

    def new(self, what: str) -> None:
        self.page.get_by_role("button", name="Start something new").click()
        self.page.get_by_role("menuitem", name=what).click()

    def start_with(self, other: "Person") -> str:
        """Starts a 1:1 by the other's name; answers the id of the conversation."""
        self.new("New conversation")
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("searchbox").fill(other.name)
        dialog.get_by_role("button", name=other.name).click()
        expect(self.page).to_have_url(re.compile(r"/ui/chat/[0-9a-f-]{36}$"))
        expect(self.head).to_contain_text(other.name)
        return self.page.url.rsplit("/", 1)[1]

    def create_group(self, title: str, *others: "Person") -> str:
        self.new("New group")
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("textbox", name="Title").fill(title)
        for other in others:
            dialog.get_by_role("searchbox").fill(other.name)
            dialog.get_by_role("list", name="People found").get_by_role("button", name=other.name).click()
        dialog.get_by_role("button", name="Create the group").click()
        expect(self.page).to_have_url(re.compile(r"/ui/chat/[0-9a-f-]{36}$"))
        expect(self.head).to_contain_text(title)
        return self.page.url.rsplit("/", 1)[1]

    def line(self, title: str) -> Locator:
        """The conversation in the list."""
        return self.page.locator(".conversation").filter(has=self.page.locator("strong", has_text=title))

    def open(self, title: str) -> None:
        self.line(title).click()
        expect(self.head).to_contain_text(title)

    @property
    def head(self) -> Locator:
        return self.page.locator(".thread-head")

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    def write(self, text: str) -> None:
        self.composer.fill(text)
        self.page.get_by_role("button", name=re.compile("^(Send|Save)$")).click()

    def bubble(self, text: str) -> Locator:
        exactly = re.compile(f"^{re.escape(text)}$")
        return self.page.locator(".bubble-row").filter(has=self.page.locator(".text").filter(has_text=exactly))

    def texts(self) -> list[str]:
        return self.page.locator(".bubble .text").all_inner_texts()

    def tick(self, text: str) -> Locator:
        return self.bubble(text).locator(".meta .tick")

    def sees_tick(self, text: str, state: str) -> None:
        expect(self.tick(text)).to_have_attribute("aria-label", state)

    def menu(self, text: str, item: str) -> None:
        self.bubble(text).hover()
        self.bubble(text).get_by_role("button", name="Message actions").click()
        self.page.get_by_role("menuitem", name=item).click()

    # What machines see.

    def accessibility(self, *rules: str) -> list[str]:
        """What axe-core finds serious or critical, by these rules or by all: the rule and the first element."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "only => axe.run(document, {resultTypes: ['violations'], runOnly: only})",
            {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS},
        )
        grave = [one for one in found["violations"] if one["impact"] in {"serious", "critical"}]
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary']}" for one in grave]

    def picture(self, name: str) -> None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", timeout=120_000)

    def look(self, name: str) -> dict[str, list[str]]:
        """Takes a picture by night and by day; answers what axe-core finds, and what does not fit the screen."""
        found: dict[str, list[str]] = {}
        for scheme, rules in SCHEMES.items():
            self.page.emulate_media(color_scheme=scheme)
            self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            self.picture(f"{name} {scheme}")
            if grave := self.accessibility(*rules):
                found[f"{name}, {scheme}"] = grave
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[f"{name}, width"] = ["it is wider than the screen"]
        return found

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What Septet answers this person over HTTP: for what a journey needs but is not about."""
        token = self.stored("septet.session")["septet.session"]["access_token"]
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(HttpRequest(self.base + path, data, headers, method=method), timeout=60) as answer:
                return json.loads(answer.read() or "null")
        except HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def stored(self, prefix: str) -> dict[str, Any]:
        """What this browser keeps under names that begin so."""
        return {
            name: json.loads(value)
            for name, value in self.page.evaluate("Object.entries(localStorage)")
            if name.startswith(prefix)
        }


Arrive = Callable[..., Person]
