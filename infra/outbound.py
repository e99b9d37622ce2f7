"""The ports to the world outside that is told things: mail is handed over, and addresses on the web are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class Refused(Exception):
    """The other side, or a rule of ours, says no for good; the text says why."""


class Away(Exception):
    """It was not taken, and may be later: nobody there, too busy, out of order. `after`: the seconds it asks for."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


@dataclass(frozen=True, slots=True)
class Calendar:
    """A scheduling message of RFC 5546 that goes along with a mail."""

    method: str  # REQUEST, CANCEL
    data: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address. Its id is the same whenever it is sent again, so that receivers can drop a repeat."""

    id: str  # Message-ID (RFC 5322, 3.6.4), without the angle brackets
    to: str
    subject: str
    text: str
    calendar: Calendar | None = None
    stop: str = ""  # the address that stops mails like this one, called by POST (RFC 8058); "": there is none


class Post(Protocol):
    """Takes mail over."""

    async def send(self, mail: Mail) -> None:
        """Returns once the mail is somebody else's to deliver; raises Refused, Away."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    retry_after: float = 0.0  # seconds that it asks for


class Web(Protocol):
    """Calls addresses that people gave."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """What came back, wherever it leads: no redirect is followed. Raises Refused for an address that must not be
        called, Away where nothing came back in time."""

    async def close(self) -> None: ...
