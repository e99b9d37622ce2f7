"""What can be asked of a conversation."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.chat.conversation.events import Kind, Role

# By members, save SetBlocked. `seal`: 16 to 64 bytes that nobody outside can guess and that are the same
# when the command is repeated, such as a keyed hash of the conversation's id.


@dataclass(frozen=True, slots=True)
class StartDirect:
    """To `direct_id(me, other)`, as often as one likes."""

    other: UUID
    seal: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class CreateGroup:
    title: str
    members: tuple[UUID, ...]  # beside the owner, who is the actor
    seal: bytes = field(metadata={"secret": True})


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
    text: str = field(metadata={"personal": "actor"})
    reply_to: int | None = None
    mentions: tuple[UUID, ...] = ()
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class EditMessage:
    seq: int
    message_id: UUID
    text: str = field(metadata={"personal": "actor"})


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
    author_name: str = field(metadata={"personal": "author|actor"})
    sent_at: datetime
    kind: Kind
    text: str = field(metadata={"personal": "author|actor"})


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
