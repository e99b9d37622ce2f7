"""Prosody (XMPP, Lua) from Debian with its message archive, and a client as lean as ours."""

import asyncio
import base64
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from bench.load import Meter
from bench.peers.server import Waiting, install, process
from bench.report import console
from infra.local.ports import free_port

HOST = "localhost"
# Its defaults but for what a load needs: our ports and folder, no TLS on the loopback interface, no rate limits.
CONFIG = """\
run_as_root = true
daemonize = false
data_path = "{folder}/data"
pidfile = "{folder}/prosody.pid"
certificates = "{folder}"
log = {{ warn = "*console" }}
modules_enabled = {{ "roster", "saslauth", "disco", "mam", "ping" }}
modules_disabled = {{ "s2s", "tls", "offline" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "internal"
archive_expires_after = "1w"
default_archive_policy = true
limits = {{}}
VirtualHost "{host}"
"""


def version() -> str:
    """Installs it where it is not; answers its version. Raises NotReady."""
    if shutil.which("prosody") is None:
        console.print("  installing prosody (apt)")
        root = [] if os.geteuid() == 0 else ["sudo"]
        install("prosody", [*root, "apt-get", "update", "-qq"])
        # RUNLEVEL=1 keeps Debian from starting the server it has just installed.
        quietly = ["env", "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive"]
        install("prosody", [*root, *quietly, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "prosody"])
    command = ["dpkg-query", "-W", "-f", "${Version}", "prosody"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextmanager
def prosody(folder: Path, people: int) -> Iterator[tuple[int, int]]:
    """A server that knows people 0, 1, …; gives its port and its process id."""
    port = free_port()
    accounts = folder / "data" / HOST / "accounts"
    accounts.mkdir(parents=True)
    for number in range(people):
        (accounts / f"p{number}.dat").write_text('return { ["password"] = "secret"; };\n')
    config = folder / "prosody.cfg.lua"
    config.write_text(CONFIG.format(folder=folder, port=port, host=HOST))
    with process("prosody", ["prosody", "--config", str(config), "-F"], folder) as running:
        waiting = Waiting("prosody", running, folder)
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                waiting.on()
        yield port, running.pid


class Line(asyncio.Protocol):
    """One person's stream (RFC 6120), reduced to what a load needs."""

    def __init__(self, number: int, meter: Meter) -> None:
        self._number, self._meter = number, meter
        self._buffer = b""
        self._came = asyncio.Event()
        self._counting = False

    async def connect(self, port: int) -> None:
        """Signs in and becomes available. Raises OSError, TimeoutError."""
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)
        secret = base64.b64encode(f"\0p{self._number}\0secret".encode()).decode()
        async with asyncio.timeout(60):
            await self._exchange(STREAM, b"</stream:features>")
            await self._exchange(
                f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>", b"<success"
            )
            await self._exchange(STREAM, b"</stream:features>")
            bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind>"
            await self._exchange(f"<iq type='set' id='bind'>{bind}</iq>", b"</iq>")
            await self._exchange("<presence/>", b"<presence")  # its own comes back
        self._counting = True

    def say(self, to: int, text: str) -> None:
        stanza = f"<message to='p{to}@{HOST}' type='chat'><body>{text}</body></message>"
        self._transport.write(stanza.encode())

    def close(self) -> None:
        self._transport.close()

    async def _exchange(self, text: str, until: bytes) -> None:
        self._buffer = b""
        self._transport.write(text.encode())
        while until not in self._buffer:
            self._came.clear()
            await self._came.wait()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._counting:
            self._came.set()
            return
        *bodies, self._buffer = self._buffer.split(b"</body>")
        for each in bodies:
            self._meter.delivered(each[each.rfind(b"<body>") + 6 :])


STREAM = (
    f"<?xml version='1.0'?><stream:stream to='{HOST}' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)
