"""Web Push in a real Chromium: subscribed to, encrypted by Septet, shown by the service worker, opened by a click.

Two things stand in for what is not here. The push service of the browser's maker cannot be reached: Septet posts to
one on this machine, and what came there is opened with the subscription's keys and handed to the browser by DevTools,
as its own connection would. Nobody can click on what the desktop shows: the worker is given the event of a click.
"""

import base64
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import expect

from tests.e2e.console.person import DESK, Arrive, Person
from tests.e2e.console.test_console_notices import reserves

# The subscription is the only part of the browser's that is replaced: it would ask its maker's service for it.
SUBSCRIPTION = """(given) => {
  const kept = 'subscription of this test';
  const unsubscribe = async () => { sessionStorage.removeItem(kept); return true; };
  const made = () => (sessionStorage.getItem(kept) ? { ...given, toJSON: () => given, unsubscribe } : null);
  PushManager.prototype.getSubscription = async () => made();
  PushManager.prototype.subscribe = async (options) => {
    const key = String.fromCharCode(...options.applicationServerKey);
    sessionStorage.setItem(kept, JSON.stringify({ key: btoa(key), visible: options.userVisibleOnly }));
    return made();
  };
}"""


@dataclass
class PushService:
    """Takes what is posted; `sent` are the headers and bodies. It has the keys that a browser would keep to itself."""

    url: str = ""
    sent: "Queue[tuple[dict[str, str], bytes]]" = field(default_factory=Queue)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    def subscription(self) -> dict[str, Any]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": self.url,
            "expirationTime": None,
            "keys": {"p256dh": _text(point), "auth": _text(self.auth)},
        }

    def next(self) -> tuple[dict[str, str], str]:
        """What was sent next, opened."""
        headers, body = self.sent.get(timeout=240)
        opened = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        return headers, opened.decode()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture
def service() -> Iterator[PushService]:
    service = PushService()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.sent.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_port}/push"
        yield service
        server.shutdown()
        thread.join()


def _delivered(one: Person, data: str) -> None:
    """As the browser's own connection to its push service would."""
    devtools = one.context.new_cdp_session(one.page)
    found: list[dict[str, Any]] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    devtools.send("ServiceWorker.enable")
    while not found:
        one.page.wait_for_timeout(50)  # lets events come in
    own = {"origin": one.base, "registrationId": found[0]["registrationId"], "data": data}
    devtools.send("ServiceWorker.deliverPushMessage", own)


CLICK = """async (tag) => {
  const [notification] = await registration.getNotifications({ tag });
  dispatchEvent(new NotificationEvent('notificationclick', { notification }));
}"""
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.getRegistration('/web/notices-worker.js');
  const shown = await registration.getNotifications();
  return shown.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
}"""


def test_a_push_is_shown_while_no_page_is_asked_and_leads_to_what_it_is_about(
    person: Arrive, service: PushService
) -> None:
    owner, ann = person("owner"), person("ann", permissions=["notifications"], **DESK)
    page = ann.page
    page.add_init_script(f"({SUBSCRIPTION})({json.dumps(service.subscription())})")
    ann.goto("/ui/notices/settings")
    page.get_by_role("button", name="Tell me on this device").click()
    expect(page.get_by_text("This device is told, also while no page is open.")).to_be_visible()
    asked = json.loads(page.evaluate("sessionStorage.getItem('subscription of this test')"))
    key = ann.ask("GET", "/notice/push/key")["key"]
    assert (asked["visible"], _text(base64.b64decode(asked["key"]))) == (True, key)

    reserves(owner, ann)
    headers, told = service.next()
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["authorization"].endswith(f"k={key}")
    notice = json.loads(told)
    _delivered(ann, told)
    page.wait_for_function(f"({SHOWN})().then((shown) => shown.length === 1)")
    [shown] = page.evaluate(SHOWN)
    assert shown == {
        "title": "Space reserved",
        "body": notice["text"],
        "tag": notice["notice_id"],
        "data": "/ui/parking",
    }

    [worker] = ann.context.service_workers
    worker.evaluate(CLICK, shown["tag"])
    expect(page).to_have_url(f"{ann.base}/ui/parking")
    page.wait_for_function(f"({SHOWN})().then((shown) => shown.length === 0)")

    ann.goto("/ui/notices/settings")
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_text("This device is told only while a page is open.")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('subscription of this test')") is None
