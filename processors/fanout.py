"""The fan-out: each event of a conversation becomes entries for the inboxes of those who were members then.

So does what somebody is told: an entry of their own inbox, so that it comes to all their devices, once and in order.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol
from uuid import UUID

import orjson

from domain.chat.conversation import (
    Delivered,
    DirectStarted,
    GroupCreated,
    MemberLeft,
    MembersAdded,
    MessageDeleted,
    MessageEdited,
    MessageHidden,
    MessageSent,
    Reacted,
    ReactionWithdrawn,
    Read,
    RoleChanged,
    TitleChanged,
)
from domain.chat.signals import INBOX, PASSING, Entry, Ticked, person_key
from domain.notice import recipient
from infra.log import Log, Record, TopicPartition
from infra.partitioning import partition_of
from infra.tables import Write
from processors.streams import Follower, read_event
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Happened, Recorded, timestamp

ENTRY = b"chat.signals.Entry"  # what an entry is called in the headers, where people look for what followed
LARGE = 256  # members; above it an inbox keeps only a nudge to pull
NOTICES = 1 << 20  # above every number of a partition: where events of notices are sources of an inbox
REMEMBERED = 10_000  # conversations whose members are in memory


class Audience(Protocol):
    """Where memberships are kept."""

    async def spans(self, conversation: UUID) -> list[tuple[UUID, int, int | None]]: ...

    def joined(self, conversation: UUID, people: Sequence[UUID], since: int, at: int) -> list[Write]: ...

    def left(self, conversation: UUID, person: UUID, since: int, until: int, at: int) -> Write: ...

    async def hides(self, conversation: UUID) -> bool: ...

    async def hidden_from(self, conversation: UUID, seq: int) -> list[UUID]: ...

    def hidden(self, conversation: UUID, seq: int, people: Sequence[UUID], at: int) -> list[Write]: ...


@dataclass(slots=True)
class Members:
    """Each member's stays: first message to last, None while it lasts. Past ones too, so a repeat finds the same."""

    stays: dict[UUID, dict[int, int | None]] = field(default_factory=dict)
    hides: bool = False  # some message of the conversation was hidden from somebody

    def at(self, seq: int) -> list[UUID]:
        """Who was there for message `seq`."""
        return [
            person
            for person, stays in self.stays.items()
            if any(since <= seq and (until is None or seq <= until) for since, until in stays.items())
        ]

    def now(self) -> list[UUID]:
        """Who is there after the last event."""
        return [person for person, stays in self.stays.items() if None in stays.values()]


class FanOut(Follower):
    """One record per inbox partition and event, with those of its people who live there."""

    name = "fanout"
    topics: tuple[str, ...] = (topics.events("chat"), topics.events("notice"))

    def __init__(self, source: Log, codec: Codec, audience: Audience) -> None:
        self._codec, self._audience = codec, audience
        self._producer = source.producer()
        self._partitions = source.topics()[INBOX]
        self._members: OrderedDict[UUID, Members] = OrderedDict()
        self._hidden: dict[tuple[UUID, int], Sequence[UUID]] = {}  # by the messages of this batch
        self._told = {codec.type_name(each) for each in (recipient.Due, recipient.Read)}

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Forgets all memberships: another worker may have gone on with them meanwhile."""
        self._members.clear()

    def read(self, record: Record, codec: Codec) -> Sequence[Happened] | None:
        """The event of a conversation, or what somebody is told, its text still sealed; no others are of interest."""
        if record.key.startswith(b"recipient/"):
            return read_event(record, codec.sealed, self._told) or None
        return read_event(record, codec.sealed) if record.key.startswith(b"conversation/") else None

    async def handle(self, batch: Sequence[Sequence[Happened]]) -> Sequence[Write]:
        """Sends the entries and waits until the log has them; answers the changes of membership."""
        writes: list[Write] = []
        self._hidden.clear()  # those of earlier batches are in the tables
        for part, each in chain.from_iterable(map(enumerate, batch)):
            if isinstance(each.event, recipient.Due | recipient.Read):
                self._tell(each, part)
                continue
            conversation = UUID(each.at.aggregate_id)
            members = await self._members_of(conversation)
            writes += self._change(conversation, members, each)
            self._announce(conversation, await self._receivers(conversation, members, each), each, part)
        await asyncio.to_thread(self._producer.flush, 30.0)
        return writes

    def _tell(self, happened: Happened, part: int) -> None:
        at, person = happened.at, UUID(happened.at.aggregate_id)
        match happened.event:
            case recipient.Due(what=what, in_app=True):
                told = {
                    "type": "notice",
                    "notice_id": what.notice,
                    "category": what.category,
                    "kind": what.kind,
                    "subject": what.subject,
                    "text": what.text,
                    "link": what.link,
                    "urgent": what.urgent,
                }
            case recipient.Read(notice=notice):
                told = {"type": "notice-read", "notice_id": notice}
            case _:
                return
        self._put([person], person, 0, at, part, told, at.partition + NOTICES)

    async def _members_of(self, conversation: UUID) -> Members:
        members = self._members.get(conversation)
        if members is None:
            members = self._members[conversation] = Members()
            for person, since, until in await self._audience.spans(conversation):
                members.stays.setdefault(person, {})[since] = until
            members.hides = await self._audience.hides(conversation)
            if len(self._members) > REMEMBERED:
                self._members.popitem(last=False)
        self._members.move_to_end(conversation)
        return members

    def _change(self, conversation: UUID, members: Members, happened: Happened) -> list[Write]:
        """Takes over who comes and goes; absolute, so that doing it again changes nothing."""
        at = happened.at.micros
        match happened.event:
            case DirectStarted(members=people) | GroupCreated(members=people):
                return self._join(conversation, members, people, 1, at)
            case MembersAdded(people=people, at_seq=seq):
                return self._join(conversation, members, people, seq + 1, at)
            case MemberLeft(person=person, at_seq=seq):
                stays = members.stays.get(person, {})
                since = max((each for each in stays if each <= seq + 1), default=None)
                if since is None:
                    return []
                stays[since] = seq
                return [self._audience.left(conversation, person, since, seq, at)]
            case MessageSent(seq=seq, hidden_from=people) if people:
                members.hides = True
                self._hidden[conversation, seq] = people
                return self._audience.hidden(conversation, seq, people, at)
            case _:
                return []

    def _join(self, conversation: UUID, members: Members, people: Sequence[UUID], since: int, at: int) -> list[Write]:
        for person in people:
            stays = members.stays.setdefault(person, {})
            if stays.get(since) == since - 1:  # left before any message came: it goes on
                stays[since] = None
            stays.setdefault(since, None)
        return self._audience.joined(conversation, people, since, at)

    async def _receivers(self, conversation: UUID, members: Members, happened: Happened) -> list[UUID]:
        """Who is to hear of an event."""
        match happened.event:
            case MessageSent(seq=seq, hidden_from=blockers):
                return [each for each in members.at(seq) if each not in blockers]
            case MessageEdited(seq=seq) | MessageDeleted(seq=seq) | Reacted(seq=seq) | ReactionWithdrawn(seq=seq):
                hidden = await self._hidden_from(conversation, seq) if members.hides else ()
                return [each for each in members.at(seq) if each not in hidden]
            case MessageHidden(person=person):
                return [person]
            case DirectStarted(members=people) | GroupCreated(members=people):
                return list(people)
            case MemberLeft(person=person):
                return [*members.now(), person]
            case MembersAdded() | RoleChanged() | TitleChanged():
                return members.now()
            case _:
                return []

    async def _hidden_from(self, conversation: UUID, seq: int) -> Sequence[UUID]:
        now = self._hidden.get((conversation, seq))
        return await self._audience.hidden_from(conversation, seq) if now is None else now

    def _announce(self, conversation: UUID, people: Sequence[UUID], happened: Happened, part: int) -> None:
        def enter(seq: int, what: dict[str, Any]) -> None:
            self._enter(people, conversation, seq, happened.at, part, what)

        match happened.event:
            case Delivered(person=person, up_to=up_to):
                self._tick(Ticked(conversation, person, up_to, 0))
            case Read(person=person, up_to=up_to):
                self._tick(Ticked(conversation, person, up_to, up_to))
            case MessageSent() as sent:
                enter(sent.seq, _message(sent))
            case MessageHidden(seq=seq):
                enter(seq, {"type": "removed-for-me"})
            case MessageEdited(seq=seq) | MessageDeleted(seq=seq) | Reacted(seq=seq) | ReactionWithdrawn(seq=seq):
                enter(seq, _change_of_message(happened.event))
            case DirectStarted():
                enter(0, {"type": "started", "kind": "direct", "title": ""})
            case GroupCreated(title=title):
                enter(0, {"type": "started", "kind": "group", "title": title})
            case MemberLeft(at_seq=seq) | MembersAdded(at_seq=seq) | RoleChanged(at_seq=seq) | TitleChanged(at_seq=seq):
                enter(seq, _change_of_group(happened.event))

    def _enter(
        self, people: Sequence[UUID], conversation: UUID, seq: int, at: Recorded, part: int, what: dict[str, Any]
    ) -> None:
        self._put(people, conversation, seq, at, part, {**what, "chat_id": conversation, "seq": seq}, at.partition)

    def _put(
        self,
        people: Sequence[UUID],
        conversation: UUID,
        seq: int,
        at: Recorded,
        part: int,
        what: dict[str, Any],
        source: int,
    ) -> None:
        data = orjson.dumps(
            {
                **what,
                "at": timestamp(at.micros).decode(),
                "id": at.id,
                "correlation": at.correlation,
            }
        ).decode()
        headers = {"ce_type": ENTRY, "ce_correlationid": at.correlation.encode(), "ce_causationid": at.id.encode()}
        homes: dict[int, bytearray] = {}
        for person in people:
            homes.setdefault(partition_of(person_key(person), self._partitions), bytearray()).extend(person.bytes)
        for number, raw in homes.items():
            entry = Entry(bytes(raw), source, at.sequence, conversation, seq, len(people) > LARGE, data, part)
            self._producer.send(INBOX, at.key.encode(), self._codec.encode(entry), headers, partition=number)

    def _tick(self, ticked: Ticked) -> None:
        self._producer.send(PASSING, b"chat/%b" % str(ticked.conversation).encode(), self._codec.encode(ticked), {})


def _message(sent: MessageSent) -> dict[str, Any]:
    return {
        "type": "message",
        "message_id": sent.message_id,
        "sender_id": sent.sender,
        "kind": sent.kind,
        "content": sent.text,
        "reply_to": sent.reply_to,
        "mentions": sent.mentions,
        "forwarded": sent.forwarded,
    }


def _change_of_message(event: MessageEdited | MessageDeleted | Reacted | ReactionWithdrawn) -> dict[str, Any]:
    match event:
        case MessageEdited(message_id=message, text=text):
            return {"type": "edited", "message_id": message, "content": text}
        case MessageDeleted():
            return {"type": "deleted"}
        case Reacted(person=person, emoji=emoji):
            return {"type": "reaction", "user_id": person, "emoji": emoji}
        case ReactionWithdrawn(person=person):
            return {"type": "reaction", "user_id": person, "emoji": None}


def _change_of_group(event: MembersAdded | MemberLeft | RoleChanged | TitleChanged) -> dict[str, Any]:
    change: dict[str, Any] = {"type": "members", "added": [], "removed": []}
    match event:
        case MembersAdded(people=people):
            change["added"] = people
        case MemberLeft(person=person):
            change["removed"] = [person]
        case RoleChanged(person=person, role=role):
            change["roles"] = {str(person): role}
        case TitleChanged(title=title):
            change["title"] = title
    return change
