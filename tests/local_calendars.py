"""The local calendars as a process of their own, and what tests do there by other means."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from infra.local.ports import free_port

PATIENCE = 60.0


class Elsewhere:
    """One account of one provider."""

    def __init__(self, url: str, provider: str, account: str = "me") -> None:
        self.url, self.provider, self.account = url, provider, account
        self._http = httpx.Client(base_url=f"{url}/{provider}", timeout=PATIENCE)

    def says_yes(self, page: str, answer: str = "yes") -> dict[str, str]:
        """What the person comes back with from the page of consent."""
        sent = self._http.post(page, data={"account": self.account, "answer": answer})
        assert sent.status_code == 303, sent.text
        return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["Location"]).query).items()}

    def add(self, start: datetime, end: datetime, **more: Any) -> str:
        body = {"start": start.isoformat(), "end": end.isoformat(), **more}
        made = self._http.post(f"/accounts/{self.account}/items", json=body)
        return str(made.raise_for_status().json()["id"])

    def remove(self, item: str) -> None:
        self._http.delete(f"/accounts/{self.account}/items/{item}").raise_for_status()

    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._http.get(f"/accounts/{self.account}/items").json()
        return found

    def faults(self, **switches: Any) -> None:
        self._http.put("/faults", json=switches).raise_for_status()


def _await(url: str) -> None:
    until = monotonic() + PATIENCE
    while True:
        try:
            httpx.get(url, timeout=PATIENCE).raise_for_status()
            return
        except httpx.TransportError:
            if monotonic() > until:
                raise
            sleep(0.05)


@contextmanager
def local_calendars(life: float = 3_600.0) -> Iterator[str]:
    """Their address, once they answer."""
    port = free_port()
    words = [sys.executable, "-m", "infra.local_calendars", "--port", str(port), "--life", str(life)]
    server = subprocess.Popen(words)
    try:
        url = f"http://127.0.0.1:{port}"
        _await(f"{url}/google/consent")
        yield url
    finally:
        server.terminate()
        server.wait(30)
