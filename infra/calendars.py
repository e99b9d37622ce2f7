"""The port to calendars that people keep elsewhere: let in with their consent, read what changed, write bookings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class CalendarRefused(Exception):
    """The other side says no for good: the consent was withdrawn, the code is used, there is no such calendar."""


class CalendarAway(Exception):
    """Nothing came back, or not now: ask again. `after`: the seconds it asks for."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


class LetInAgain(Exception):
    """The access token is good no more: ask for another, and then again."""


class Forgot(Exception):
    """The other side knows no more what it told us last: read everything (HTTP 410)."""


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str  # "": the one of before stays good
    life: float  # seconds that `access` is good


@dataclass(frozen=True, slots=True)
class Entry:
    """A time in the other calendar. Its words are nobody's business here, and are not even read."""

    id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What is there (`entries`), and what takes no time any more (`gone`), since the mark that was given."""

    entries: Sequence[Entry]
    gone: Sequence[str]
    mark: str  # for the next question


@dataclass(frozen=True, slots=True)
class Written:
    """A booking as it is to stand in the other calendar."""

    booking: str  # its id; the same booking is the same entry, however often it is written
    title: str
    place: str
    start: datetime
    end: datetime
    tentative: bool  # nobody has confirmed it yet


class OtherCalendars(Protocol):
    """Calendars of one provider. Calls raise CalendarRefused, CalendarAway; those with `access` LetInAgain as well."""

    def consent(self, state: str, challenge: str, back: str) -> str:
        """Where the person says yes (RFC 6749, 4.1.1; RFC 7636: `challenge` is the S256 of a verifier)."""

    async def redeem(self, code: str, verifier: str, back: str) -> Tokens:
        """What the code is worth, once (RFC 6749, 4.1.3)."""

    async def refresh(self, refresh: str) -> Tokens:
        """Another access token (RFC 6749, 6)."""

    async def revoke(self, refresh: str) -> None:
        """Gives the consent back, where the provider has a way to."""

    async def changes(self, access: str, remote: str, mark: str, window: "Window") -> Changes:
        """What changed since `mark`; all that is in the window where it is "". Raises Forgot."""

    async def write(self, access: str, remote: str, what: Written) -> str:
        """Puts the booking there, or changes it; answers the entry's id."""

    async def remove(self, access: str, remote: str, booking: str) -> None:
        """Takes the booking out; it may be gone already."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Window:
    """What is looked at. Days without a time are those of the zone."""

    start: datetime
    end: datetime
    zone: str


Providers = Mapping[str, OtherCalendars]  # "google", "outlook": those that this installation is known to
