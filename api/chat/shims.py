"""The article's two oldest endpoints, by user name; kept for clients that know no other."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form

from api.callers import Front, Have, SignedIn
from api.chat.messages import rendered
from api.marks import ARTICLE
from api.problems import not_found
from domain.chat.conversation import MarkRead, MessageSent, SendMessage, StartDirect, direct_id
from domain.kernel import Reason, Rejected

router = APIRouter(tags=["chat"])

Text = Annotated[str, Form(min_length=1, max_length=65_536)]
UserName = Annotated[str, Form(min_length=1, max_length=64)]


@router.post("/send_message", status_code=201, openapi_extra=ARTICLE)
async def send_message(
    caller: SignedIn, desk: Front, have: Have, sender: UserName, recipient: UserName, message: Text
) -> dict[str, UUID]:
    """Sends to a person by name. The sender must be the caller."""
    if have.secrets.claim("name", sender) != have.secrets.claim("name", caller.name):
        raise Rejected("not_yours", "You can send only in your own name.", Reason.FORBIDDEN)
    person = await have.people.holder(have.secrets.claim("name", recipient))
    if person is None:
        raise not_found("There is nobody with this name.")
    conversation = direct_id(caller.person, person)
    start = StartDirect(person, have.secrets.seal(conversation))
    await desk.first(start, str(conversation), caller.actor)
    decision = await desk.submit(SendMessage(message), str(conversation), caller.actor)
    sent: MessageSent = decision.events[0]
    return {"message_id": sent.message_id}


@router.get("/get_messages/{username}", openapi_extra=ARTICLE)
async def get_messages(username: str, caller: SignedIn, have: Have) -> list[dict[str, Any]]:
    """The caller's unread messages of all conversations. Reading moves the caller's read marks and destroys nothing."""
    if have.secrets.claim("name", username) != have.secrets.claim("name", caller.name):
        raise Rejected("not_yours", "You can read only your own messages.", Reason.FORBIDDEN)
    found: list[dict[str, Any]] = []
    for thread in await have.conversations.threads(caller.person):
        unread = await have.conversations.messages(
            thread.conversation,
            caller.person,
            limit=100,
            after=max(thread.read, thread.joined_seq),
            joined_seq=thread.joined_seq,
            last_seq=thread.last_seq,
        )
        if unread:
            command = MarkRead(unread[-1].seq)
            await have.gateway.submit(command, str(thread.conversation), caller.actor)
        found += [
            {"sender": each.sender_name, "message": each.content, "timestamp": each.timestamp}
            for each in await rendered(have, unread)
            if each.sender_id != caller.person
        ]
    return found
