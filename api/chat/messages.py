"""Messages: send, read, edit, delete, react."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.callers import Caller, Front, Have, SignedIn
from api.chat.conversations import Ready, Seq, thread_of
from api.identity import Body
from api.marks import ARTICLE
from api.problems import Problem
from api.services import Services
from domain.chat.conversation import (
    DeleteForMe,
    DeleteMessage,
    EditMessage,
    MessageSent,
    React,
    SendMessage,
    Unreact,
)
from projections.chat.queries import Message, Thread

router = APIRouter(tags=["chat"], prefix="/chats/{chat_id}/messages")

Content = Annotated[str, Field(max_length=65_536)]
Page = Annotated[int, Query(ge=1, le=200)]
Bound = Annotated[int | None, Query(ge=0, le=2**53)]


class NewMessage(Body):
    content: Content
    reply_to: Annotated[int, Field(ge=1, le=2**53)] | None = None
    mentions: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    forwarded: bool = False


class Edit(Body):
    message_id: UUID
    content: Content


class Reaction(Body):
    emoji: Annotated[str, Field(min_length=1, max_length=16)]


class Sent(BaseModel):
    message_id: UUID
    seq: int
    timestamp: datetime


class MessageSeen(BaseModel):
    message_id: UUID
    seq: int
    sender_id: UUID | None
    sender_name: str
    content: str
    timestamp: datetime
    kind: str
    reply_to: int | None
    mentions: list[UUID]
    forwarded: bool
    edited_at: datetime | None
    deleted: bool
    reactions: dict[str, list[UUID]]


@router.post("", status_code=201, openapi_extra=ARTICLE)
async def send(chat_id: UUID, body: NewMessage, caller: SignedIn, desk: Front) -> Sent:
    """Sends a message. When this answers, the message is on the log and will be delivered."""
    command = SendMessage(body.content, body.reply_to, body.mentions, body.forwarded)
    decision = await desk.submit(command, str(chat_id), caller.actor)
    sent: MessageSent = decision.events[0]
    return Sent(message_id=sent.message_id, seq=sent.seq, timestamp=decision.time)


@router.get("", openapi_extra=ARTICLE)
async def read(
    chat_id: UUID,
    caller: SignedIn,
    have: Have,
    ready: Ready,
    response: Response,
    limit: Page = 50,
    before: Bound = None,
    after_seq: Bound = None,
    around: Bound = None,
) -> list[MessageSeen]:
    """Messages in their order: the newest, those before or after a seq, or those around one.

    `Link` carries the addresses of the pages before (`prev`) and after (`next`).
    """
    if sum(each is not None for each in (before, after_seq, around)) > 1:
        raise Problem(422, "invalid_request", "Send only one of before, after_seq and around.")
    thread = await thread_of(have, chat_id, caller)
    if around is not None:
        half = limit // 2 + 1
        found = await messages_of(have, thread, caller, half, before=around + 1)
        found += await messages_of(have, thread, caller, half, after=around)
    else:
        found = await messages_of(have, thread, caller, limit, before=before, after=after_seq)
    if found:
        path, first, last = f"/chat/chats/{chat_id}/messages?limit={limit}", found[0].seq, found[-1].seq
        links = [f'<{path}&before={first}>; rel="prev"'] if first > thread.joined_seq + 1 else []
        links += [f'<{path}&after_seq={last}>; rel="next"'] if last < thread.last_seq else []
        if links:
            response.headers["Link"] = ", ".join(links)
    return await rendered(have, found)


async def messages_of(
    have: Services, thread: Thread, caller: Caller, limit: int, before: int | None = None, after: int | None = None
) -> list[Message]:
    """A page of the caller's thread."""
    return await have.conversations.messages(
        thread.conversation,
        caller.person,
        limit=limit,
        before=before,
        after=after,
        joined_seq=thread.joined_seq,
        last_seq=thread.last_seq,
    )


async def rendered(have: Services, found: list[Message]) -> list[MessageSeen]:
    """Messages with their senders' names."""
    names = await have.people.names(each.sender for each in found if each.sender is not None)
    return [
        MessageSeen(
            message_id=each.message_id,
            seq=each.seq,
            sender_id=each.sender,
            sender_name=names.get(each.sender, each.author_name) if each.sender else each.author_name,
            content=each.text,
            timestamp=each.sent_at,
            kind=each.kind,
            reply_to=each.reply_to,
            mentions=list(each.mentions),
            forwarded=each.forwarded,
            edited_at=each.edited_at,
            deleted=each.deleted,
            reactions=each.reactions,
        )
        for each in found
    ]


@router.patch("/{seq}")
async def edit(chat_id: UUID, seq: Seq, body: Edit, caller: SignedIn, desk: Front) -> dict[str, Any]:
    """Changes the text of one's own message."""
    await desk.submit(EditMessage(seq, body.message_id, body.content), str(chat_id), caller.actor)
    return {"message_id": body.message_id, "seq": seq}


@router.delete("/{seq}", status_code=204)
async def delete(
    chat_id: UUID,
    seq: Seq,
    caller: SignedIn,
    desk: Front,
    message_id: UUID | None = None,
    scope: Annotated[str, Query(pattern="^(all|me)$")] = "all",
) -> None:
    """Deletes a message for all (one's own, or as an admin of the group), or only for oneself."""
    if scope == "me":
        await desk.submit(DeleteForMe(seq), str(chat_id), caller.actor)
    elif message_id is None:
        raise Problem(422, "invalid_request", "message_id: needed to delete for all.")
    else:
        await desk.submit(DeleteMessage(seq, message_id), str(chat_id), caller.actor)


@router.put("/{seq}/reaction", status_code=204)
async def react(chat_id: UUID, seq: Seq, body: Reaction, caller: SignedIn, desk: Front) -> None:
    """Reacts to a message; one reaction a person, the latest."""
    await desk.submit(React(seq, body.emoji), str(chat_id), caller.actor)


@router.delete("/{seq}/reaction", status_code=204)
async def unreact(chat_id: UUID, seq: Seq, caller: SignedIn, desk: Front) -> None:
    """Takes one's reaction back."""
    await desk.submit(Unreact(seq), str(chat_id), caller.actor)
