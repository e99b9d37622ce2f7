"""What moves between the parts of the chat beside commands and events: inbox entries, sessions, and what passes."""

from dataclasses import dataclass
from uuid import UUID

# Topics of the chat that no aggregate writes: see docs/architecture.md.
INBOX = "chat.inbox"  # entries for people, by the partition a person's key falls into; kept a month
SESSIONS = "chat.sessions"  # the last word of each device, compacted; same partitions as the inbox
PASSING = "chat.passing"  # typing, presence, ticks: heard by every gateway, kept an hour


def person_key(person: UUID) -> bytes:
    """What decides the partition of a person's inbox."""
    return b"person/" + str(person).encode()


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a conversation for the people of one inbox partition."""

    people: bytes  # 16 bytes each
    source: int  # the partition of chat.events it comes from
    sequence: int  # of its event there: rises, so a repeat is known
    conversation: UUID
    seq: int  # in the conversation
    large: bool  # of a large group: stored as a nudge to pull
    data: str  # JSON, as clients get it
    part: int = 0  # of the event, where it means several entries: rises among those with its sequence


@dataclass(frozen=True, slots=True)
class Session:
    """What a gateway last said of one device: absolute, so the last record of a device is the truth."""

    person: UUID
    device: UUID
    gateway: int | None  # where it is connected
    connection: str  # which of its connections; a new one is caught up
    cursor: int  # it has everything of the inbox up to this place
    at: int  # microseconds


@dataclass(frozen=True, slots=True)
class Push:
    """An inbox entry on its way to one gateway's sockets."""

    people: bytes
    place: int  # in the inbox: the offset there, counted from 1
    data: str


@dataclass(frozen=True, slots=True)
class Typing:
    conversation: UUID
    person: UUID
    until: int  # microseconds; 0 when they stopped


@dataclass(frozen=True, slots=True)
class Presence:
    person: UUID
    online: bool
    at: int


@dataclass(frozen=True, slots=True)
class Ticked:
    """A member's mark has moved: delivered up to, and read up to where that is not 0."""

    conversation: UUID
    person: UUID
    delivered: int
    read: int


SIGNALS = (Entry, Session, Push, Typing, Presence, Ticked)
