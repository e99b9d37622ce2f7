"""One Septet for all journeys, started as anybody would start it, and people who come to it with a browser."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.e2e.console.person import ARTEFACTS, PASSWORD, Arrive, Person, fresh, phone_number
from tests.e2e.console.wire import Wire
from tests.local_calendars import local_calendars

# A busy machine is slow, not wrong.
expect.set_options(timeout=30_000)

ROOT = Path(__file__).parents[3]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The omnibox nobody sees is a page of its own for each context: twice the work of all that is tested here. The
    # others are those that Playwright itself turns off; this switch replaces its list.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxFullPopup,WebUIOmniboxAimPopup,AimEnabled,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,"
    "LensOverlay,MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,ThirdPartyStoragePartitioning",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "person" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _post(url: str, body: dict[str, str]) -> Any:
    headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
    with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=30) as answer:
        return json.load(answer)


@dataclass(frozen=True)
class Running:
    """A Septet that answers at `url`, and the environment its command line needs to work on it."""

    url: str
    settings: dict[str, str]

    def command(self, *words: str) -> None:
        """Runs `septet …` on it; raises where that fails."""
        subprocess.run(
            [sys.executable, "-m", "septet", *words], cwd=ROOT, env=os.environ | self.settings, check=True, timeout=60
        )

    def signed_in(self, name: str, operator: bool) -> dict[str, object]:
        """Somebody new, and the session as the console keeps it: so that not every journey begins with a form."""
        _post(f"{self.url}/identity/people", {"name": name, "phone_number": phone_number(), "password": PASSWORD})
        if operator:
            self.command("operator", name)
        session = _post(f"{self.url}/identity/sessions", {"name": name, "password": PASSWORD, "device": "test"})
        return {**session, "expires_at": (time.time() + session["expires_in"]) * 1000}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One on the embedded engine, or the one at `SEPTET_CONSOLE_URL` with the settings of this environment."""
    if url := os.environ.get("SEPTET_CONSOLE_URL"):
        yield Running(url, {})
        return
    folder = tmp_path_factory.mktemp("septet")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "SEPTET_ENGINE": "embedded",
        "SEPTET_DATA": str(folder / "data"),
        "SEPTET_PORT": str(port),
        "SEPTET_OUTBOUND_PRIVATE": "true",  # the push service of these tests is on this machine
    }
    with local_calendars() as elsewhere, (folder / "septet.log").open("wb") as log:
        settings |= {"SEPTET_CALENDARS": elsewhere, "SEPTET_CALENDARS_EVERY": "1s"}
        process = subprocess.Popen(
            [sys.executable, "-m", "septet", "run"], cwd=ROOT, env=os.environ | settings, stdout=log, stderr=log
        )
        try:
            _wait_until_ready(url, process, folder / "septet.log")
            yield Running(url, settings)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until:
        assert process.poll() is None, f"Septet ended before it was ready:\n{log.read_text()[-4000:]}"
        try:
            with urlopen(f"{url}/readyz", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"Septet is not ready after four minutes:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def console_url(running: Running) -> str:
    return running.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "Chromium is not installed here; `make test` installs it."
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield instance
        instance.close()


@pytest.fixture
def person(browser: Browser, running: Running, request: pytest.FixtureRequest) -> Iterator[Arrive]:
    """`person("ann", …)` is somebody new, signed in, at a browser of their own; keyword arguments go to its context.

    After the test each of them must have seen no error, no blocked content and no request to another host; a failed
    test leaves a screenshot of every page among the artefacts.
    """
    people: list[Person] = []
    contexts: list[BrowserContext] = []

    def arrive(
        name: str, *, base: str = running.url, registered: bool = True, operator: bool = False, **options: object
    ) -> Person:
        name = fresh(name)
        known = {"septet.session": running.signed_in(name, operator)} if registered else {}
        stored = [{"name": key, "value": json.dumps(value)} for key, value in known.items()]
        context = browser.new_context(
            **{
                "viewport": {"width": 1280, "height": 800},
                "locale": "en-GB",
                "reduced_motion": "reduce",
                "storage_state": {"cookies": [], "origins": [{"origin": base, "localStorage": stored}]},
                **options,
            }  # type: ignore[arg-type]
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        one = Person(context, base, name)
        people.append(one)
        if registered:
            one.arrive()
        return one

    yield arrive
    failed = getattr(request.node, "failed", False)
    try:
        for one in people:
            if failed and not one.page.is_closed():
                ARTEFACTS.mkdir(parents=True, exist_ok=True)
                name = re.sub(r"[^\w.-]+", "_", f"failed {request.node.name} {one.name}")
                one.page.screenshot(path=ARTEFACTS / f"{name}.png")
            elif not failed:
                one.check()
    finally:
        for context in contexts:
            context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":  # type: ignore[attr-defined]
        item.failed = report.failed  # type: ignore[attr-defined]
    return report


@pytest.fixture
def wire(console_url: str) -> Iterator[Wire]:
    """A network of one's own to the server, which can be cut."""
    address = urlsplit(console_url)
    line = Wire(address.hostname or "127.0.0.1", address.port or 80)
    yield line
    line.cut()
