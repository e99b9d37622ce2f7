"""A conversation of two people or a group: its members, their marks, and the one order of its messages."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from uuid import UUID, uuid5

from domain.kernel import Context, Reason, Rejected
from domain.text import check_line, is_blank, utf8_size

MEMBERS = 1_024
TEXT = 64 * 1024  # bytes in UTF-8
TITLE = 100  # code points
EMOJI = 16  # code points
MENTIONS = 50
EDITABLE = 1_024  # how many messages back a text can be edited
IMPORT_BATCH, IMPORT_BYTES = 500, 256 * 1024  # messages and bytes of text in one command: its answer fits one record
IMPORTS = 16  # different exports in one group

_DIRECT = UUID("6f0a3f0e-6c0b-5a9e-9a0e-3d1f5b7c2a41")  # never changes: the ids of all direct conversations hang on it


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


def direct_id(one: UUID, other: UUID) -> UUID:
    """The id of the conversation of these two, the same whoever asks."""
    return uuid5(_DIRECT, "/".join(sorted((str(one), str(other)))))


def message_id(seal: bytes, conversation: str, seq: int, sender: UUID) -> UUID:
    """The id of a message (a version 8 UUID, RFC 9562): a keyed hash of where it stands and who sent it.

    Nobody without the conversation's seal can make one. So the id that comes with a change proves the authorship of
    a message of any age, and the state needs to keep no messages.
    """
    place = b"%b/%d/%b" % (conversation.encode(), seq, sender.bytes)
    number = int.from_bytes(blake2b(place, key=seal, digest_size=16).digest())
    return UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62)


# Events. A `seq` counts the messages of the conversation, without gaps, from 1. What takes effect `at_seq` comes
# after that message: a new member sees only later ones, who left only that one and earlier.


@dataclass(frozen=True, slots=True)
class DirectStarted:
    members: tuple[UUID, ...]  # the two, sorted
    by: UUID
    seal: bytes  # secret: never shown to anybody


@dataclass(frozen=True, slots=True)
class GroupCreated:
    title: str
    members: tuple[UUID, ...]  # the owner first
    by: UUID  # the owner
    seal: bytes  # secret: never shown to anybody


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
    text: str
    reply_to: int | None
    mentions: tuple[UUID, ...]
    forwarded: bool
    hidden_from: tuple[UUID, ...]  # who blocked the sender: for them it does not exist, now and later


@dataclass(frozen=True, slots=True)
class MessageEdited:
    seq: int
    message_id: UUID
    by: UUID
    text: str


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
    author_name: str  # as in the export; "" for a notice
    sent_at: datetime  # the original time
    kind: Kind
    text: str


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


# Commands. By members, save SetBlocked. `seal`: 16 to 64 bytes that nobody outside can guess and that are the same
# when the command is repeated, such as a keyed hash of the conversation's id.


@dataclass(frozen=True, slots=True)
class StartDirect:
    """To `direct_id(me, other)`, as often as one likes."""

    other: UUID
    seal: bytes


@dataclass(frozen=True, slots=True)
class CreateGroup:
    title: str
    members: tuple[UUID, ...]  # beside the owner, who is the actor
    seal: bytes


@dataclass(frozen=True, slots=True)
class AddMembers:
    people: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class RemoveMember:
    person: UUID


@dataclass(frozen=True, slots=True)
class Leave:
    pass


@dataclass(frozen=True, slots=True)
class ChangeRole:
    """By the owner; giving away OWNER makes an admin of the actor."""

    person: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class ChangeTitle:
    title: str


@dataclass(frozen=True, slots=True)
class SendMessage:
    text: str
    reply_to: int | None = None
    mentions: tuple[UUID, ...] = ()
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class EditMessage:
    seq: int
    message_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class DeleteMessage:
    """For all: one's own, or as owner or admin of a group anybody's."""

    seq: int
    message_id: UUID


@dataclass(frozen=True, slots=True)
class DeleteForMe:
    seq: int


@dataclass(frozen=True, slots=True)
class React:
    seq: int
    emoji: str


@dataclass(frozen=True, slots=True)
class Unreact:
    seq: int


@dataclass(frozen=True, slots=True)
class MarkDelivered:
    up_to: int


@dataclass(frozen=True, slots=True)
class MarkRead:
    up_to: int


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    author: UUID | None
    author_name: str
    sent_at: datetime
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class ImportMessages:
    """The messages `first`, `first + 1`, … (counted from 1) of one export, by the group's owner.

    `source` names the export: the same file must get the same name. What was imported before is skipped, so that
    importing again, or a longer export that begins in the same way, adds only what is new.
    """

    source: str
    first: int
    messages: tuple[ExportedMessage, ...]


@dataclass(frozen=True, slots=True)
class SetBlocked:
    """By the system, when `blocker` blocks or unblocks `person`; to `direct_id` of the two, started or not."""

    blocker: UUID
    person: UUID
    blocked: bool


Command = (
    StartDirect
    | CreateGroup
    | AddMembers
    | RemoveMember
    | Leave
    | ChangeRole
    | ChangeTitle
    | SendMessage
    | EditMessage
    | DeleteMessage
    | DeleteForMe
    | React
    | Unreact
    | MarkDelivered
    | MarkRead
    | ImportMessages
    | SetBlocked
)


# State.


@dataclass(frozen=True, slots=True)
class Member:
    role: Role
    order: int  # of joining
    joined_seq: int  # sees only later messages
    delivered: int
    read: int


@dataclass(frozen=True, slots=True)
class Conversation:
    is_group: bool | None = None  # None: not begun
    title: str = ""
    seal: bytes = b""
    last_seq: int = 0
    members: dict[UUID, Member] = field(default_factory=dict)
    joins: int = 0  # so far
    blocked_by: tuple[UUID, ...] = ()  # of the two
    deleted: tuple[int, ...] = ()  # the EDITABLE latest of them, ascending
    imports: dict[str, int] = field(default_factory=dict)  # source -> its last message that was imported


INITIAL = Conversation()


def evolve(conversation: Conversation, event: Event) -> Conversation:
    match event:
        case MessageSent(seq=seq) | MessageImported(seq=seq):
            pass
    raise NotImplementedError


def decide(conversation: Conversation, command: Command, context: Context) -> list[Event]:
    raise NotImplementedError
