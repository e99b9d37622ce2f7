"""What happens in a conversation: stored for ever; names and fields are the wire format."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What was sent."""

    TEXT = "text"
    PHOTO = "photo"
    VIDEO = "video"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    MEDIA = "media"  # an export left it out and does not tell what it was
    NOTICE = "notice"  # an export's own line: somebody was added, a call was missed


class Role(StrEnum):
    """What a member may do: the owner everything, admins members and messages, members their own."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


# A `seq` counts the messages of the conversation, without gaps, from 1. What takes effect `at_seq` comes
# after that message: a new member sees only later ones, who left only that one and earlier.


@dataclass(frozen=True, slots=True)
class DirectStarted:
    members: tuple[UUID, ...]  # the two, sorted
    by: UUID
    seal: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class GroupCreated:
    title: str
    members: tuple[UUID, ...]  # the owner first
    by: UUID  # the owner
    seal: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class MembersAdded:
    people: tuple[UUID, ...]
    by: UUID
    at_seq: int


@dataclass(frozen=True, slots=True)
class MemberLeft:
    person: UUID
    by: UUID  # the same: left; another: removed
    at_seq: int


@dataclass(frozen=True, slots=True)
class RoleChanged:
    person: UUID
    role: Role
    by: UUID
    at_seq: int


@dataclass(frozen=True, slots=True)
class TitleChanged:
    title: str
    by: UUID
    at_seq: int


@dataclass(frozen=True, slots=True)
class MessageSent:
    seq: int
    message_id: UUID
    sender: UUID
    kind: Kind
    text: str = field(metadata={"personal": "sender"})
    reply_to: int | None
    mentions: tuple[UUID, ...]
    forwarded: bool
    hidden_from: tuple[UUID, ...]  # who blocked the sender: for them it does not exist, now and later


@dataclass(frozen=True, slots=True)
class MessageEdited:
    seq: int
    message_id: UUID
    by: UUID
    text: str = field(metadata={"personal": "by"})


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """For all: its text and reactions are to be shown no more."""

    seq: int
    by: UUID


@dataclass(frozen=True, slots=True)
class MessageHidden:
    """Deleted for this one person."""

    seq: int
    person: UUID


@dataclass(frozen=True, slots=True)
class MessageImported:
    """A message of an exported chat; nobody is to be notified of it."""

    seq: int
    message_id: UUID
    source: str
    ordinal: int
    by: UUID  # who imported it
    author: UUID | None  # where the importer said who it is
    author_name: str = field(metadata={"personal": "author|by"})  # as in the export; "" for a notice
    sent_at: datetime  # the original time
    kind: Kind
    text: str = field(metadata={"personal": "author|by"})


@dataclass(frozen=True, slots=True)
class Reacted:
    """Replaces this person's earlier reaction to the message."""

    seq: int
    person: UUID
    emoji: str


@dataclass(frozen=True, slots=True)
class ReactionWithdrawn:
    seq: int
    person: UUID


@dataclass(frozen=True, slots=True)
class Delivered:
    """All up to here have reached one of the person's devices."""

    person: UUID
    up_to: int


@dataclass(frozen=True, slots=True)
class Read:
    """All up to here have been read, and so delivered, too."""

    person: UUID
    up_to: int


@dataclass(frozen=True, slots=True)
class BlockChanged:
    """Between two people. Not for the eyes of the blocked one."""

    blocker: UUID
    person: UUID
    blocked: bool


Event = (
    DirectStarted
    | GroupCreated
    | MembersAdded
    | MemberLeft
    | RoleChanged
    | TitleChanged
    | MessageSent
    | MessageEdited
    | MessageDeleted
    | MessageHidden
    | MessageImported
    | Reacted
    | ReactionWithdrawn
    | Delivered
    | Read
    | BlockChanged
)
