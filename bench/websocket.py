"""A WebSocket client (RFC 6455) reduced to what a load needs: on two cores, the client must cost less than the server.

Masks with zeros, which costs nothing: the masks protect intermediaries, and on the loopback interface there are none.
"""

import asyncio
import base64
import os
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
CONNECTS_WITHIN = 60.0  # seconds


class Refused(Exception):
    """The server did not become a WebSocket; carries what it said instead."""


class WebSocket(asyncio.Protocol):
    """One connection; whole text messages go to `heard`."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self._heard = heard
        self._buffer = bytearray()
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.open = False

    @classmethod
    async def connect(cls, url: str, heard: Callable[[bytes], None]) -> "WebSocket":
        """Opens ws://host:port/path; raises Refused, OSError."""
        parts = urlsplit(url)
        host, port = parts.hostname or "127.0.0.1", parts.port or 80
        _, made = await asyncio.get_running_loop().create_connection(lambda: cls(heard), host, port)
        key = base64.b64encode(os.urandom(16)).decode()
        made._transport.write(
            (
                f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )
        async with asyncio.timeout(CONNECTS_WITHIN):
            await made._opened
        return made

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        size = len(payload)
        if size < 126:
            head = bytes((0x80 | opcode, 0x80 | size))
        elif size < 65_536:
            head = bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2)
        else:
            head = bytes((0x80 | opcode, 0xFF)) + size.to_bytes(8)
        self._transport.write(head + b"\0\0\0\0" + payload)

    def close(self) -> None:
        self._transport.close()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        if not self._opened.done():
            self._opened.set_exception(Refused("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.open:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._opened.set_exception(Refused(head.decode(errors="replace")))
                return
            self.open, self._buffer = True, rest
            self._opened.set_result(None)
        self._frames()

    def _frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1] & 0x7F, at + 2
            if size >= 126:
                width = 2 if size == 126 else 8
                if len(buffer) < start + width:
                    break
                size, start = int.from_bytes(buffer[start : start + width]), start + width
            if len(buffer) < start + size:
                break
            opcode, payload = buffer[at] & 0x0F, bytes(buffer[start : start + size])
            at = start + size
            if opcode == TEXT:
                self._heard(payload)
            elif opcode == PING:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                self.close()
        del buffer[:at]
