"""Matrix Synapse from PyPI in a virtualenv of its own, with its default store (SQLite), and clients that sync."""

import asyncio
import hashlib
import hmac
import itertools
import json
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.load import Meter
from bench.peers.server import Waiting, install, process
from bench.report import console
from infra.local.ports import free_port

VERSION = "1.163.0"
HOME = Path.home() / ".cache" / "septet" / f"synapse-{VERSION}"
FAST = {"per_second": 1_000_000, "burst_count": 1_000_000}


def version() -> str:
    """Installs it where it is not; answers its version. Raises NotReady."""
    if not (HOME / "installed").exists():
        console.print("  installing matrix-synapse (pip, a minute or two)")
        install("matrix-synapse", [sys.executable, "-m", "venv", "--clear", str(HOME)])
        install("matrix-synapse", [str(HOME / "bin" / "pip"), "install", "-q", f"matrix-synapse=={VERSION}"])
        (HOME / "installed").touch()
    return VERSION


def _configuration(folder: Path, port: int) -> dict[str, object]:
    """Its defaults but for what a load needs: our port and folder, no rate limits, cheap passwords."""
    listener = {"port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": False}
    return {
        "server_name": "localhost",
        "pid_file": str(folder / "synapse.pid"),
        "listeners": [{**listener, "resources": [{"names": ["client"]}]}],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "registration_shared_secret": "secret",
        "macaroon_secret_key": "secret",
        "form_secret": "secret",
        "report_stats": False,
        "trusted_key_servers": [],
        "bcrypt_rounds": 4,
        "rc_message": FAST,
        "rc_registration": FAST,
        "rc_login": {"address": FAST, "account": FAST, "failed_attempts": FAST},
        "rc_joins": {"local": FAST, "remote": FAST},
        "rc_joins_per_room": FAST,
        "rc_invites": {"per_room": FAST, "per_user": FAST, "per_issuer": FAST},
        "rc_room_creation": FAST,
    }


@contextmanager
def synapse(folder: Path) -> Iterator[tuple[str, int]]:
    """A server; gives its URL and its process id."""
    port = free_port()
    config = folder / "homeserver.yaml"
    config.write_text(json.dumps(_configuration(folder, port)))  # JSON is YAML
    module = [str(HOME / "bin" / "python"), "-m", "synapse.app.homeserver", "-c", str(config)]
    subprocess.run([*module, "--generate-keys"], cwd=folder, capture_output=True, check=True)
    with process("synapse", module, folder) as running:
        waiting, url = Waiting("synapse", running, folder), f"http://127.0.0.1:{port}"
        while True:
            try:
                if httpx.get(f"{url}/_matrix/client/versions", timeout=5).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            waiting.on()
        yield url, running.pid


class Line:
    """One person: sends by PUT, receives by long-polling /sync."""

    def __init__(self, url: str, number: int, meter: Meter) -> None:
        self.name, self._meter = f"p{number}", meter
        self._http = httpx.AsyncClient(base_url=url, timeout=90)
        self._numbers = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def id(self) -> str:
        return f"@{self.name}:localhost"

    async def register(self) -> None:
        path = "/_synapse/admin/v1/register"
        nonce = (await self._ask("GET", path))["nonce"]
        text = b"\0".join((nonce.encode(), self.name.encode(), b"secret", b"notadmin"))
        mac = hmac.new(b"secret", text, hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": self.name, "password": "secret", "admin": False, "mac": mac}
        token = (await self._ask("POST", path, body))["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    async def room(self, other: "Line") -> str:
        """A room of the two, both in it."""
        body = {"preset": "trusted_private_chat", "is_direct": True, "invite": [other.id]}
        room: str = (await self._ask("POST", "/_matrix/client/v3/createRoom", body))["room_id"]
        await other._ask("POST", f"/_matrix/client/v3/rooms/{room}/join", {})
        return room

    async def listen(self) -> None:
        """Returns when it has synced once; goes on until `close`."""
        since = (await self._ask("GET", "/_matrix/client/v3/sync?timeout=0"))["next_batch"]
        self._start(self._sync(since))

    def say(self, room: str, text: str, due: int) -> None:
        self._start(self._say(room, text, due))

    async def close(self) -> None:
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def _say(self, room: str, text: str, due: int) -> None:
        path = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{next(self._numbers)}"
        try:
            await self._ask("PUT", path, {"msgtype": "m.text", "body": text})
            self._meter.accepted(due)
        except (httpx.HTTPError, RuntimeError) as error:
            self._meter.refused(repr(error).encode())

    async def _sync(self, since: str) -> None:
        while True:
            try:
                found = await self._ask("GET", f"/_matrix/client/v3/sync?timeout=30000&since={since}")
            except (httpx.HTTPError, RuntimeError):
                await asyncio.sleep(0.1)
                continue
            since = found["next_batch"]
            for room in found.get("rooms", {}).get("join", {}).values():
                for event in room["timeline"]["events"]:
                    if event["type"] == "m.room.message" and event["sender"] != self.id:
                        self._meter.delivered(event["content"]["body"].encode())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        answer = await self._http.request(method, path, json=body)
        if answer.status_code != 200:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()
