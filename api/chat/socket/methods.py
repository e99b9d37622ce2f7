"""What a client can call over its socket."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from api.chat.contacts import presence_of
from api.chat.socket.protocol import Failed, Frame
from api.secrets import id_from
from domain.chat.conversation import (
    DeleteForMe,
    DeleteMessage,
    EditMessage,
    MarkDelivered,
    MarkRead,
    MessageSent,
    React,
    SendMessage,
    Unreact,
)
from domain.chat.signals import Typing
from domain.kernel import Message
from infra.clock import micros_now
from producers.gateway import Decision

if TYPE_CHECKING:
    from api.chat.socket.connection import Connection

TYPING = 6_000_000  # microseconds that a sign of typing lasts

Content = Annotated[str, Meta(max_length=65_536)]
Key = Annotated[str, Meta(min_length=1, max_length=200)]
Seq = Annotated[int, Meta(ge=0, le=2**53)]


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    chat_id: UUID
    content: Content
    reply_to: Seq | None = None
    mentions: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()
    forwarded: bool = False
    key: Key | None = None  # makes a repeat one


class Edited(msgspec.Struct, forbid_unknown_fields=True):
    chat_id: UUID
    seq: Seq
    message_id: UUID
    content: Content
    key: Key | None = None


class Deleted(msgspec.Struct, forbid_unknown_fields=True):
    chat_id: UUID
    seq: Seq
    message_id: UUID | None = None
    scope: Annotated[str, Meta(pattern="^(all|me)$")] = "all"
    key: Key | None = None


class Reaction(msgspec.Struct, forbid_unknown_fields=True):
    chat_id: UUID
    seq: Seq
    emoji: Annotated[str, Meta(min_length=1, max_length=16)] | None = None
    key: Key | None = None


class Marked(msgspec.Struct, forbid_unknown_fields=True):
    chat_id: UUID
    delivered: Seq | None = None
    read: Seq | None = None


class IsTyping(msgspec.Struct, forbid_unknown_fields=True):
    chat_id: UUID
    on: bool = True


class Acknowledged(msgspec.Struct, forbid_unknown_fields=True):
    cursor: Seq


class Presences(msgspec.Struct, forbid_unknown_fields=True):
    user_ids: Annotated[tuple[UUID, ...], Meta(max_length=100)]


async def send(connection: "Connection", call: Sent) -> Frame:
    """Sends a message; when this answers, it is on the log."""
    command = SendMessage(call.content, call.reply_to, call.mentions, call.forwarded)
    decision = await _submit(connection, command, call.chat_id, call.key)
    sent: MessageSent = decision.events[0]
    return {"message_id": sent.message_id, "seq": sent.seq, "timestamp": decision.time, **_place(decision)}


async def edit(connection: "Connection", call: Edited) -> Frame:
    command = EditMessage(call.seq, call.message_id, call.content)
    return _place(await _submit(connection, command, call.chat_id, call.key))


async def delete(connection: "Connection", call: Deleted) -> Frame:
    if call.scope == "me":
        return _place(await _submit(connection, DeleteForMe(call.seq), call.chat_id, call.key))
    if call.message_id is None:
        raise Failed(107, "invalid_request: message_id is needed to delete for all")
    return _place(await _submit(connection, DeleteMessage(call.seq, call.message_id), call.chat_id, call.key))


async def react(connection: "Connection", call: Reaction) -> Frame:
    command = Unreact(call.seq) if call.emoji is None else React(call.seq, call.emoji)
    return _place(await _submit(connection, command, call.chat_id, call.key))


async def mark(connection: "Connection", call: Marked) -> Frame:
    if call.read is not None:
        return _place(await _submit(connection, MarkRead(call.read), call.chat_id, None))
    if call.delivered is not None:
        return _place(await _submit(connection, MarkDelivered(call.delivered), call.chat_id, None))
    return {}


async def typing(connection: "Connection", call: IsTyping) -> Frame:
    """Lets the others see that one types; lasts some seconds unless it is said again."""
    if not connection.listens_to(call.chat_id):
        raise Failed(103, "permission denied")
    until = micros_now() + TYPING if call.on else 0
    connection.hub.pass_on(Typing(call.chat_id, connection.caller.person, until))
    return {}


async def ack(connection: "Connection", call: Acknowledged) -> Frame:
    """The device has everything of its inbox up to the cursor; from then on it is not sent again."""
    connection.acknowledge(call.cursor)
    return {}


async def presence(connection: "Connection", call: Presences) -> Frame:
    found = [await presence_of(connection.services, each, connection.caller) for each in call.user_ids]
    return {"presence": [each.model_dump(mode="json") for each in found]}


async def _submit(connection: "Connection", command: Message, chat: UUID, key: str | None) -> Decision:
    caller = connection.caller
    command_id = "" if key is None else id_from(str(caller.actor), "socket", key)
    return await connection.services.gateway.submit(command, str(chat), caller.actor, command_id=command_id)


def _place(decision: Decision) -> Frame:
    return {"position": decision.position, "version": decision.version, "correlation": decision.correlation}


Call = Callable[["Connection", Any], Awaitable[Frame]]


def _method(call: Call, shape: type) -> Call:
    async def called(connection: "Connection", data: Any) -> Frame:
        try:
            parsed: Any = msgspec.convert(data, shape)
        except msgspec.ValidationError as error:
            raise Failed(107, f"invalid_request: {error}") from error
        return await call(connection, parsed)

    return called


CALLS: Mapping[str, tuple[Call, type]] = {
    "send": (send, Sent),
    "edit": (edit, Edited),
    "delete": (delete, Deleted),
    "react": (react, Reaction),
    "mark": (mark, Marked),
    "typing": (typing, IsTyping),
    "ack": (ack, Acknowledged),
    "presence": (presence, Presences),
}
METHODS: Mapping[str, Call] = {name: _method(call, shape) for name, (call, shape) in CALLS.items()}
