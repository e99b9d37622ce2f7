"""Conversations as their members see them: threads, members with their marks, reactions, contacts, privacy."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from domain.chat.contacts import Blocked, ContactAdded, ContactRemoved, PrivacyChanged, Unblocked
from domain.chat.conversation import (
    Delivered,
    DirectStarted,
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
from infra.tables import Table, Write
from projections.projection import Projection, Writes
from schemas.envelope import Recorded

BUCKET = 5_000  # messages per table partition

MESSAGES = Table(
    "chat_messages",
    partition={"conversation": UUID, "bucket": int},
    clustering={"seq": int},
    columns={
        "message_id": UUID,
        "sender": UUID,
        "author_name": str,  # of an imported message
        "sent_at": datetime,
        "kind": str,
        "text": str,
        "reply_to": int,
        "mentions": str,  # JSON list of ids
        "forwarded": bool,
        "hidden_from": str,  # JSON list of ids
        "edited_at": datetime,
        "deleted": bool,
    },
    descending=True,
)
HIDDEN = Table("chat_hidden", partition={"person": UUID, "conversation": UUID, "bucket": int}, clustering={"seq": int})
REACTIONS = Table(
    "chat_reactions",
    partition={"conversation": UUID, "bucket": int},
    clustering={"seq": int, "person": UUID},
    columns={"emoji": str},
)
CONVERSATIONS = Table(
    "chat_conversations",
    partition={"conversation": UUID},
    columns={"is_group": bool, "title": str, "last_seq": int, "created_at": datetime, "last_at": datetime},
)
MEMBERS = Table(
    "chat_members",
    partition={"conversation": UUID},
    clustering={"person": UUID},
    columns={"role": str, "joined_seq": int, "delivered": int, "read": int},
)
MINE = Table(
    "chat_mine",
    partition={"person": UUID},
    clustering={"conversation": UUID},
    columns={"other": UUID, "joined_seq": int, "delivered": int, "read": int},  # other: of two people
)
CONTACTS = Table(
    "chat_contacts",
    partition={"person": UUID},
    clustering={"other": UUID},
    columns={"known": bool, "label": str, "blocked": bool},
)
PRIVACY = Table("chat_privacy", partition={"person": UUID}, columns={"last_seen": str, "receipts": bool})

conversations = Projection(
    "chat",
    version=1,
    systems=["chat"],
    tables=[MESSAGES, HIDDEN, REACTIONS, CONVERSATIONS, MEMBERS, MINE, CONTACTS, PRIVACY],
)


@conversations.on(DirectStarted)
def direct_started(event: DirectStarted, at: Recorded) -> Writes:
    one, other = event.members
    conversation = UUID(at.aggregate_id)
    return [
        _created(at, is_group=False, title=""),
        *_joined(event.members, 0, at),
        MINE.put(at.micros, person=one, conversation=conversation, other=other),
        MINE.put(at.micros, person=other, conversation=conversation, other=one),
    ]


@conversations.on(GroupCreated)
def group_created(event: GroupCreated, at: Recorded) -> Writes:
    owner = MEMBERS.put(at.micros, conversation=UUID(at.aggregate_id), person=event.by, role=Role.OWNER.value)
    others = tuple(each for each in event.members if each != event.by)
    return [_created(at, is_group=True, title=event.title), *_joined(others, 0, at), *_came(event.by, 0, at), owner]


@conversations.on(MembersAdded)
def members_added(event: MembersAdded, at: Recorded) -> Writes:
    return _joined(event.people, event.at_seq, at)


@conversations.on(MemberLeft)
def member_left(event: MemberLeft, at: Recorded) -> Writes:
    conversation = UUID(at.aggregate_id)
    return [
        MEMBERS.remove(at.micros, conversation=conversation, person=event.person),
        MINE.remove(at.micros, person=event.person, conversation=conversation),
    ]


@conversations.on(RoleChanged)
def role_changed(event: RoleChanged, at: Recorded) -> Writes:
    return [MEMBERS.put(at.micros, conversation=UUID(at.aggregate_id), person=event.person, role=event.role.value)]


@conversations.on(TitleChanged)
def title_changed(event: TitleChanged, at: Recorded) -> Writes:
    return [CONVERSATIONS.put(at.micros, conversation=UUID(at.aggregate_id), title=event.title)]


@conversations.on(MessageSent)
def message_sent(event: MessageSent, at: Recorded) -> Writes:
    optional: dict[str, object] = {}
    if event.reply_to is not None:
        optional["reply_to"] = event.reply_to
    if event.mentions:
        optional["mentions"] = _ids(event.mentions)
    if event.forwarded:
        optional["forwarded"] = True
    if event.hidden_from:
        optional["hidden_from"] = _ids(event.hidden_from)
    conversation = UUID(at.aggregate_id)
    message = MESSAGES.put(
        at.micros,
        conversation=conversation,
        bucket=event.seq // BUCKET,
        seq=event.seq,
        message_id=event.message_id,
        sender=event.sender,
        sent_at=at.time,
        kind=event.kind.value,
        text=event.text,
        **optional,
    )
    return [message, _last(conversation, event.seq, at.time, at)]


@conversations.on(MessageImported)
def message_imported(event: MessageImported, at: Recorded) -> Writes:
    sender = {} if event.author is None else {"sender": event.author}
    conversation = UUID(at.aggregate_id)
    message = MESSAGES.put(
        at.micros,
        conversation=conversation,
        bucket=event.seq // BUCKET,
        seq=event.seq,
        message_id=event.message_id,
        author_name=event.author_name,
        sent_at=event.sent_at,
        kind=event.kind.value,
        text=event.text,
        **sender,
    )
    return [message, _last(conversation, event.seq, event.sent_at, at)]


@conversations.on(MessageEdited)
def message_edited(event: MessageEdited, at: Recorded) -> Writes:
    return [_message(at, event.seq, text=event.text, edited_at=at.time)]


@conversations.on(MessageDeleted)
def message_deleted(event: MessageDeleted, at: Recorded) -> Writes:
    return [_message(at, event.seq, text="", deleted=True)]


@conversations.on(MessageHidden)
def message_hidden(event: MessageHidden, at: Recorded) -> Writes:
    place = {"conversation": UUID(at.aggregate_id), "bucket": event.seq // BUCKET, "seq": event.seq}
    return [HIDDEN.put(at.micros, person=event.person, **place)]


@conversations.on(Reacted)
def reacted(event: Reacted, at: Recorded) -> Writes:
    place = {"conversation": UUID(at.aggregate_id), "bucket": event.seq // BUCKET, "seq": event.seq}
    return [REACTIONS.put(at.micros, **place, person=event.person, emoji=event.emoji)]


@conversations.on(ReactionWithdrawn)
def reaction_withdrawn(event: ReactionWithdrawn, at: Recorded) -> Writes:
    place = {"conversation": UUID(at.aggregate_id), "bucket": event.seq // BUCKET, "seq": event.seq}
    return [REACTIONS.remove(at.micros, **place, person=event.person)]


@conversations.on(Delivered)
def delivered(event: Delivered, at: Recorded) -> Writes:
    return _marks(event.person, at, delivered=event.up_to)


@conversations.on(Read)
def read(event: Read, at: Recorded) -> Writes:
    return _marks(event.person, at, read=event.up_to)


@conversations.on(ContactAdded)
def contact_added(event: ContactAdded, at: Recorded) -> Writes:
    return [CONTACTS.put(at.micros, person=UUID(at.aggregate_id), other=event.person, known=True, label=event.label)]


@conversations.on(ContactRemoved)
def contact_removed(event: ContactRemoved, at: Recorded) -> Writes:
    return [CONTACTS.put(at.micros, person=UUID(at.aggregate_id), other=event.person, known=False, label="")]


@conversations.on(Blocked)
def blocked(event: Blocked, at: Recorded) -> Writes:
    return [CONTACTS.put(at.micros, person=UUID(at.aggregate_id), other=event.person, blocked=True)]


@conversations.on(Unblocked)
def unblocked(event: Unblocked, at: Recorded) -> Writes:
    return [CONTACTS.put(at.micros, person=UUID(at.aggregate_id), other=event.person, blocked=False)]


@conversations.on(PrivacyChanged)
def privacy_changed(event: PrivacyChanged, at: Recorded) -> Writes:
    seen, receipts = event.last_seen.value, event.receipts
    return [PRIVACY.put(at.micros, person=UUID(at.aggregate_id), last_seen=seen, receipts=receipts)]


def _created(at: Recorded, *, is_group: bool, title: str) -> Write:
    return CONVERSATIONS.put(
        at.micros,
        conversation=UUID(at.aggregate_id),
        is_group=is_group,
        title=title,
        last_seq=0,
        created_at=at.time,
        last_at=at.time,
    )


def _joined(people: Sequence[UUID], at_seq: int, at: Recorded) -> list[Write]:
    conversation, role = UUID(at.aggregate_id), Role.MEMBER.value
    rows = [write for person in people for write in _came(person, at_seq, at)]
    return [*rows, *(MEMBERS.put(at.micros, conversation=conversation, person=each, role=role) for each in people)]


def _came(person: UUID, at_seq: int, at: Recorded) -> list[Write]:
    conversation, start = UUID(at.aggregate_id), {"joined_seq": at_seq, "delivered": at_seq, "read": at_seq}
    return [
        MEMBERS.put(at.micros, conversation=conversation, person=person, **start),
        MINE.put(at.micros, person=person, conversation=conversation, **start),
    ]


def _marks(person: UUID, at: Recorded, **marks: int) -> list[Write]:
    conversation = UUID(at.aggregate_id)
    return [
        MEMBERS.put(at.micros, conversation=conversation, person=person, **marks),
        MINE.put(at.micros, person=person, conversation=conversation, **marks),
    ]


def _message(at: Recorded, seq: int, **changed: object) -> Write:
    return MESSAGES.put(at.micros, conversation=UUID(at.aggregate_id), bucket=seq // BUCKET, seq=seq, **changed)


def _last(conversation: UUID, seq: int, sent_at: datetime, at: Recorded) -> Write:
    return CONVERSATIONS.put(at.micros, conversation=conversation, last_seq=seq, last_at=sent_at)


def _ids(people: Sequence[UUID]) -> str:
    return msgspec.json.encode(people).decode()
