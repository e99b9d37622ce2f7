"""The video meeting port: rooms that are entered by their address."""

import base64
import hmac
from hashlib import sha256
from typing import Protocol
from uuid import UUID


class VideoRooms(Protocol):
    """Knows where rooms are."""

    def address(self, room: UUID) -> str:
        """Where a room is entered, for ever the same; "" where there is no tool for video meetings."""


class NoRooms:
    """Where no tool is connected."""

    def address(self, room: UUID) -> str:
        return ""


class NamedRooms:
    """Rooms of a server such as Jitsi Meet, where whoever enters a room opens it: all there is to it is its name.

    The name hangs on the key, so knowing a booking is not knowing its room, and nobody guesses it (160 bits).
    """

    def __init__(self, url: str, key: bytes) -> None:
        self._url, self._key = url.rstrip("/"), key

    def address(self, room: UUID) -> str:
        name = base64.b32encode(hmac.digest(self._key, room.bytes, sha256)[:20]).decode().lower()
        return f"{self._url}/septet-{name}"
