"""What members ask of the chat: their conversations, threads, members, contacts. Strangers get None or nothing."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from infra.tables import Row, Tables
from projections.chat.conversations import (
    BUCKET,
    CONTACTS,
    CONVERSATIONS,
    HIDDEN,
    MEMBERS,
    MESSAGES,
    MINE,
    PRIVACY,
    REACTIONS,
)

MOST = 2_000  # conversations of a person, members of a group


@dataclass(frozen=True, slots=True)
class Message:
    """A message as one member sees it."""

    seq: int
    message_id: UUID
    sender: UUID | None  # None: an imported one of somebody who is no member
    author_name: str
    sent_at: datetime
    kind: str
    text: str
    reply_to: int | None
    mentions: tuple[UUID, ...]
    forwarded: bool
    edited_at: datetime | None
    deleted: bool
    reactions: dict[str, list[UUID]]


@dataclass(frozen=True, slots=True)
class Member:
    person: UUID
    role: str
    joined_seq: int
    delivered: int
    read: int


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation as one of its members has it."""

    conversation: UUID
    is_group: bool
    title: str
    other: UUID | None  # of two people
    last_seq: int
    last_at: datetime
    joined_seq: int
    delivered: int
    read: int


@dataclass(frozen=True, slots=True)
class Contact:
    person: UUID
    label: str
    known: bool
    blocked: bool


@dataclass(frozen=True, slots=True)
class Privacy:
    last_seen: str
    receipts: bool


class Conversations:
    """Queries of the chat; every one says who asks, and shows what that member may see."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def member(self, conversation: UUID, person: UUID) -> Member | None:
        """The membership of a person, None for a stranger or somebody who has left."""
        row = await self._tables.get(MEMBERS, conversation=conversation, person=person)
        return _member(row) if row and row["joined_seq"] is not None else None

    async def members(self, conversation: UUID) -> list[Member]:
        """All members; the caller has made sure to be one."""
        rows = await self._tables.scan(MEMBERS, conversation=conversation, limit=MOST)
        return [_member(row) for row in rows if row["joined_seq"] is not None]

    async def thread(self, conversation: UUID, person: UUID) -> Thread | None:
        """One conversation of a person; None where it is none of theirs."""
        mine, head = await asyncio.gather(
            self._tables.get(MINE, person=person, conversation=conversation),
            self._tables.get(CONVERSATIONS, conversation=conversation),
        )
        return _thread(mine, head) if mine and head else None

    async def threads(self, person: UUID) -> list[Thread]:
        """All conversations of a person, the latest first."""
        mine = await self._tables.scan(MINE, person=person, limit=MOST)
        heads = await asyncio.gather(
            *(self._tables.get(CONVERSATIONS, conversation=row["conversation"]) for row in mine)
        )
        found = [_thread(row, head) for row, head in zip(mine, heads, strict=True) if head]
        return sorted((each for each in found if each), key=lambda thread: thread.last_at, reverse=True)

    async def messages(
        self,
        conversation: UUID,
        person: UUID,
        *,
        limit: int,
        before: int | None = None,
        after: int | None = None,
        joined_seq: int,
        last_seq: int,
    ) -> list[Message]:
        """Up to `limit` messages that this member sees, rising: those before a seq (None: the newest), or after one.

        Nothing from before they joined, nothing hidden from them or by them.
        """
        found: list[Message] = []
        low, high = joined_seq, last_seq + 1
        if after is not None:
            low = max(low, after)
            while len(found) < limit and low < high - 1:
                stop = min((low + 1) // BUCKET * BUCKET + BUCKET, high)
                found += await self._span(conversation, person, low, stop, limit - len(found), newest=False)
                low = stop - 1
            return found
        high = min(high, high if before is None else before)
        while len(found) < limit and low < high - 1:
            start = max(low, (high - 1) // BUCKET * BUCKET - 1)
            span = await self._span(conversation, person, start, high, limit - len(found), newest=True)
            found = span + found
            high = start + 1
        return found

    async def _span(
        self, conversation: UUID, person: UUID, above: int, below: int, limit: int, *, newest: bool
    ) -> list[Message]:
        """Up to `limit` visible messages with above < seq < below, all of one bucket, rising."""
        bucket = (below - 1) // BUCKET
        found: list[Message] = []
        while len(found) < limit and above < below - 1:
            rows = await self._tables.scan(
                MESSAGES,
                conversation=conversation,
                bucket=bucket,
                above=(above,),
                below=(below,),
                limit=limit,
                reverse=not newest,
            )
            if not rows:
                break
            seqs = [row["seq"] for row in rows]
            low, high = min(seqs), max(seqs)
            hidden, reactions = await asyncio.gather(
                self._hidden(conversation, person, bucket, low, high),
                self._reactions(conversation, bucket, low, high),
            )
            seen = [
                _message(row, reactions.get(row["seq"], {}))
                for row in sorted(rows, key=lambda row: row["seq"])
                if row["seq"] not in hidden
                and row["kind"] is not None
                and str(person) not in (row["hidden_from"] or "")
            ]
            if newest:
                found, below = seen + found, low
            else:
                found, above = found + seen, high
        return found[-limit:] if newest else found[:limit]

    async def _hidden(self, conversation: UUID, person: UUID, bucket: int, low: int, high: int) -> set[int]:
        rows = await self._tables.scan(
            HIDDEN,
            person=person,
            conversation=conversation,
            bucket=bucket,
            above=(low - 1,),
            below=(high + 1,),
            limit=BUCKET,
        )
        return {row["seq"] for row in rows}

    async def _reactions(
        self, conversation: UUID, bucket: int, low: int, high: int
    ) -> dict[int, dict[str, list[UUID]]]:
        rows = await self._tables.scan(
            REACTIONS, conversation=conversation, bucket=bucket, above=(low - 1,), below=(high + 1,), limit=BUCKET
        )
        found: dict[int, dict[str, list[UUID]]] = {}
        for row in rows:
            if row["emoji"] is not None:
                found.setdefault(row["seq"], {}).setdefault(row["emoji"], []).append(row["person"])
        return found

    async def contacts(self, person: UUID) -> list[Contact]:
        """Whom a person knows or blocks."""
        rows: list[Row] = []
        while page := await self._tables.scan(
            CONTACTS, person=person, limit=MOST, above=(rows[-1]["other"],) if rows else None
        ):
            rows += page
        found = [_contact(row) for row in rows]
        return [each for each in found if each.known or each.blocked]

    async def contact(self, person: UUID, other: UUID) -> Contact:
        """What `other` is to a person."""
        row = await self._tables.get(CONTACTS, person=person, other=other)
        return Contact(other, "", False, False) if row is None else _contact(row)

    async def privacy(self, person: UUID) -> Privacy:
        """What a person lets others see."""
        row = await self._tables.get(PRIVACY, person=person)
        return Privacy(row["last_seen"], row["receipts"]) if row else Privacy("everyone", True)


def _member(row: Row) -> Member:
    return Member(row["person"], row["role"], row["joined_seq"], _delivered(row), row["read"])


def _delivered(row: Row) -> int:
    """What was read was delivered, too, told or not; each of the two marks is written by its own event."""
    delivered: int = max(row["delivered"], row["read"])
    return delivered


def _thread(mine: Row, head: Row) -> Thread | None:
    if mine["joined_seq"] is None or head["last_seq"] is None:
        return None
    return Thread(
        conversation=mine["conversation"],
        is_group=head["is_group"],
        title=head["title"],
        other=mine["other"],
        last_seq=head["last_seq"],
        last_at=head["last_at"],
        joined_seq=mine["joined_seq"],
        delivered=_delivered(mine),
        read=mine["read"],
    )


def _message(row: Row, reactions: dict[str, list[UUID]]) -> Message:
    deleted = bool(row["deleted"])
    return Message(
        seq=row["seq"],
        message_id=row["message_id"],
        sender=row["sender"],
        author_name=row["author_name"] or "",
        sent_at=row["sent_at"],
        kind=row["kind"],
        text="" if deleted else row["text"],
        reply_to=row["reply_to"],
        mentions=_ids(row["mentions"]),
        forwarded=bool(row["forwarded"]),
        edited_at=row["edited_at"],
        deleted=deleted,
        reactions={} if deleted else reactions,
    )


def _contact(row: Row) -> Contact:
    return Contact(row["other"], row["label"] or "", bool(row["known"]), bool(row["blocked"]))


def _ids(text: str | None) -> tuple[UUID, ...]:
    return msgspec.json.decode(text, type=tuple[UUID, ...]) if text else ()
