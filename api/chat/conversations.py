"""Conversations: starting one, one's list of them, their members and marks."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.callers import Caller, Front, Have, SignedIn, seen_in
from api.identity import Body
from api.marks import ARTICLE
from api.problems import not_found
from api.services import Services
from domain.chat.conversation import MarkDelivered, MarkRead, StartDirect, direct_id
from projections.chat.queries import Thread

router = APIRouter(tags=["chat"])

CHAT = "projection.chat"
Ready = Annotated[None, Depends(seen_in(CHAT))]
MANY = 100  # unread messages: more are not counted
Seq = Annotated[int, Field(ge=0, le=2**53)]


class NewChat(Body):
    user_id: UUID


class Marks(Body):
    delivered: Seq | None = None
    read: Seq | None = None


class Last(BaseModel):
    seq: int
    sender_id: UUID | None
    content: str
    kind: str
    timestamp: datetime
    deleted: bool


class Chat(BaseModel):
    chat_id: UUID
    kind: str
    title: str
    with_: UUID | None = Field(alias="with")
    last: Last | None
    last_seq: int
    last_at: datetime
    read: int
    delivered: int
    unread: int


class MemberOf(BaseModel):
    user_id: UUID
    name: str
    role: str
    joined_seq: int
    delivered: int
    read: int


class ChatDetails(BaseModel):
    chat_id: UUID
    kind: str
    title: str
    last_seq: int
    members: list[MemberOf]


async def thread_of(have: Services, conversation: UUID, caller: Caller) -> Thread:
    """The caller's conversation; raises 404 where it is none of theirs."""
    thread = await have.conversations.thread(conversation, caller.person)
    if thread is None:
        raise not_found("You have no such conversation.")
    return thread


@router.post("/chats", status_code=201, openapi_extra=ARTICLE)
async def start_chat(body: NewChat, caller: SignedIn, desk: Front, have: Have) -> dict[str, UUID]:
    """Starts the conversation with a person, or gives the one there is: once per pair, whoever starts."""
    if await have.people.person(body.user_id) is None:
        raise not_found("There is nobody with this id.")
    conversation = direct_id(caller.person, body.user_id)
    await desk.submit(StartDirect(body.user_id, have.secrets.seal(conversation)), str(conversation), caller.actor)
    return {"chat_id": conversation}


@router.get("/chats")
async def chats(caller: SignedIn, have: Have, ready: Ready) -> list[Chat]:
    """One's conversations, the latest first."""
    threads = await have.conversations.threads(caller.person)
    lasts = await asyncio.gather(*(_last(have, each, caller) for each in threads))
    unread = await asyncio.gather(*(_unread(have, each, caller) for each in threads))
    names = await have.people.names(each.other for each in threads if each.other is not None)
    return [
        Chat.model_validate(
            {
                "chat_id": each.conversation,
                "kind": "group" if each.is_group else "direct",
                "title": each.title if each.other is None else names.get(each.other, ""),
                "with": each.other,
                "last": last,
                "last_seq": each.last_seq,
                "last_at": each.last_at,
                "read": each.read,
                "delivered": each.delivered,
                "unread": count,
            }
        )
        for each, last, count in zip(threads, lasts, unread, strict=True)
    ]


@router.get("/chats/{chat_id}")
async def chat(chat_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> ChatDetails:
    """One conversation with its members and how far each has received and read."""
    thread = await thread_of(have, chat_id, caller)
    return ChatDetails(
        chat_id=chat_id,
        kind="group" if thread.is_group else "direct",
        title=thread.title,
        last_seq=thread.last_seq,
        members=await members_of(have, chat_id, caller),
    )


async def members_of(have: Services, conversation: UUID, caller: Caller) -> list[MemberOf]:
    """The members with their names. Who hides their receipts shows no read mark, and sees none of the others."""
    members = await have.conversations.members(conversation)
    names, hiding = await asyncio.gather(
        have.people.names(each.person for each in members),
        asyncio.gather(*(have.conversations.privacy(each.person) for each in members[:_PRIVACY])),
    )
    shows = {each.person: privacy.receipts for each, privacy in zip(members, hiding, strict=False)}
    mine = shows.get(caller.person, True)
    return [
        MemberOf(
            user_id=each.person,
            name=names.get(each.person, ""),
            role=each.role,
            joined_seq=each.joined_seq,
            delivered=each.delivered,
            read=each.read if each.person == caller.person or (mine and shows.get(each.person, False)) else 0,
        )
        for each in sorted(members, key=lambda member: (member.role != "owner", member.role != "admin"))
    ]


_PRIVACY = 64  # members whose receipt setting is looked up; in larger groups nobody looks at single read marks


@router.post("/chats/{chat_id}/marks", status_code=204)
async def mark(chat_id: UUID, body: Marks, caller: SignedIn, desk: Front) -> None:
    """Says up to which message one has received or read; marks only rise."""
    command_id = desk.command_id(caller.actor)
    if body.read is not None:
        await desk.submit(MarkRead(body.read), str(chat_id), caller.actor, command_id)
    elif body.delivered is not None:
        await desk.submit(MarkDelivered(body.delivered), str(chat_id), caller.actor, command_id)


async def _unread(have: Services, thread: Thread, caller: Caller) -> int:
    """How many messages of others they have not read; counts to MANY and no further."""
    if thread.read >= thread.last_seq:
        return 0
    found = await have.conversations.messages(
        thread.conversation,
        caller.person,
        limit=MANY,
        after=thread.read,
        joined_seq=thread.joined_seq,
        last_seq=thread.last_seq,
    )
    return sum(each.sender != caller.person for each in found)


async def _last(have: Services, thread: Thread, caller: Caller) -> dict[str, Any] | None:
    found = await have.conversations.messages(
        thread.conversation, caller.person, limit=1, joined_seq=thread.joined_seq, last_seq=thread.last_seq
    )
    if not found:
        return None
    last = found[0]
    preview = last.text if len(last.text) <= 200 else last.text[:199] + "…"
    return {
        "seq": last.seq,
        "sender_id": last.sender,
        "content": preview,
        "kind": last.kind,
        "timestamp": last.sent_at,
        "deleted": last.deleted,
    }
