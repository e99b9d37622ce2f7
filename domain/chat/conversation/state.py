"""What decisions need to know of a conversation: members and marks, never messages."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from domain.chat.conversation.events import (
    BlockChanged,
    Delivered,
    DirectStarted,
    Event,
    GroupCreated,
    MemberLeft,
    MembersAdded,
    MessageDeleted,
    MessageEdited,
    MessageHidden,
    MessageImported,
    MessageSent,
    Reacted,
    ReactionWithdrawn,
    Read,
    Role,
    RoleChanged,
    TitleChanged,
)

EDITABLE = 1_024  # how many messages back a text can be edited


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
    seal: bytes = field(default=b"", metadata={"secret": True})
    last_seq: int = 0
    members: dict[UUID, Member] = field(default_factory=dict)
    joins: int = 0  # so far
    blocked_by: tuple[UUID, ...] = ()  # of the two
    deleted: tuple[int, ...] = ()  # the EDITABLE latest of them, ascending
    imports: dict[str, int] = field(default_factory=dict)  # source -> its last message that was imported


INITIAL = Conversation()


def evolve(conversation: Conversation, event: Event) -> Conversation:
    match event:
        case MessageSent(seq=seq):
            return _at(conversation, seq)
        case Delivered(person=person, up_to=up_to):
            return _with_member(conversation, person, replace(conversation.members[person], delivered=up_to))
        case Read(person=person, up_to=up_to):
            me = conversation.members[person]
            return _with_member(conversation, person, replace(me, delivered=max(up_to, me.delivered), read=up_to))
        case MessageDeleted(seq=seq):
            return replace(conversation, deleted=tuple(sorted({*conversation.deleted, seq}))[-EDITABLE:])
        case MessageEdited() | MessageHidden() | Reacted() | ReactionWithdrawn():
            return conversation
        case MessageImported(seq=seq, source=source, ordinal=ordinal):
            return replace(conversation, last_seq=seq, imports={**conversation.imports, source: ordinal})
        case DirectStarted(members=members, seal=seal):
            return _joined(replace(conversation, is_group=False, seal=seal), members, 0)
        case GroupCreated(title=title, members=members, by=owner, seal=seal):
            created = _joined(replace(conversation, is_group=True, title=title, seal=seal), members, 0)
            return _with_member(created, owner, replace(created.members[owner], role=Role.OWNER))
        case MembersAdded(people=people, at_seq=at_seq):
            return _joined(conversation, people, at_seq)
        case MemberLeft(person=person):
            return replace(
                conversation, members={who: member for who, member in conversation.members.items() if who != person}
            )
        case RoleChanged(person=person, role=role):
            return _with_member(conversation, person, replace(conversation.members[person], role=role))
        case TitleChanged(title=title):
            return replace(conversation, title=title)
        case BlockChanged(blocker=blocker, blocked=blocked):
            others = tuple(who for who in conversation.blocked_by if who != blocker)
            return replace(conversation, blocked_by=(*others, blocker) if blocked else others)


def _at(conversation: Conversation, seq: int) -> Conversation:
    """With this last message: `replace` would take three times as long, and it is done for each message."""
    c = conversation
    return Conversation(c.is_group, c.title, c.seal, seq, c.members, c.joins, c.blocked_by, c.deleted, c.imports)


def _joined(conversation: Conversation, people: tuple[UUID, ...], at_seq: int) -> Conversation:
    joins = conversation.joins
    new = {
        who: Member(Role.MEMBER, order, joined_seq=at_seq, delivered=at_seq, read=at_seq)
        for order, who in enumerate(people, joins)
    }
    return replace(conversation, members=conversation.members | new, joins=joins + len(people))


def _with_member(conversation: Conversation, person: UUID, member: Member) -> Conversation:
    return replace(conversation, members={**conversation.members, person: member})
