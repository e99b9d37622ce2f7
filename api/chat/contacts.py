"""Contacts, blocking, and what one lets others see; presence under those rules."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.callers import Caller, Front, Have, SignedIn
from api.chat.conversations import Ready
from api.identity import Body
from api.services import Services
from domain.chat.contacts import AddContact, Audience, Block, RemoveContact, SetPrivacy, Unblock

router = APIRouter(tags=["chat"])


class Label(Body):
    label: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class ContactOf(BaseModel):
    user_id: UUID
    name: str
    label: str
    blocked: bool


class PrivacyOf(Body):
    last_seen: Audience
    receipts: bool


class PresenceOf(BaseModel):
    user_id: UUID
    online: bool
    last_seen: datetime | None
    hidden: bool = Field(description="They do not show it to you, or you do not show yours.")


@router.get("/contacts")
async def contacts(caller: SignedIn, have: Have, ready: Ready) -> list[ContactOf]:
    """Whom one knows or blocks."""
    found = await have.conversations.contacts(caller.person)
    names = await have.people.names(each.person for each in found)
    return [
        ContactOf(user_id=each.person, name=names.get(each.person, ""), label=each.label, blocked=each.blocked)
        for each in found
    ]


@router.put("/contacts/{user_id}", status_code=204)
async def add_contact(user_id: UUID, body: Label, caller: SignedIn, desk: Front, have: Have) -> None:
    """Adds a person to one's contacts, under a label of one's own."""
    label = body.label or (await have.people.names([user_id])).get(user_id) or "?"
    await desk.submit(AddContact(user_id, label), str(caller.person), caller.actor)


@router.delete("/contacts/{user_id}", status_code=204)
async def remove_contact(user_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Removes a person from one's contacts."""
    await desk.submit(RemoveContact(user_id), str(caller.person), caller.actor)


@router.put("/contacts/{user_id}/block", status_code=204)
async def block(user_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Blocks a person: what they send to you is accepted from them and never reaches you."""
    await desk.submit(Block(user_id), str(caller.person), caller.actor)


@router.delete("/contacts/{user_id}/block", status_code=204)
async def unblock(user_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Lets a person reach you again; what they sent meanwhile stays away."""
    await desk.submit(Unblock(user_id), str(caller.person), caller.actor)


@router.get("/privacy")
async def privacy(caller: SignedIn, have: Have, ready: Ready) -> PrivacyOf:
    """What one lets others see."""
    mine = await have.conversations.privacy(caller.person)
    return PrivacyOf(last_seen=Audience(mine.last_seen), receipts=mine.receipts)


@router.put("/privacy", status_code=204)
async def set_privacy(body: PrivacyOf, caller: SignedIn, desk: Front) -> None:
    """Sets it. Both are reciprocal: what you hide of yours you do not see of others."""
    await desk.submit(SetPrivacy(body.last_seen, body.receipts), str(caller.person), caller.actor)


@router.get("/presence")
async def presence(
    caller: SignedIn, have: Have, user_id: Annotated[list[UUID], Query(min_length=1, max_length=100)]
) -> list[PresenceOf]:
    """Who is online or was last seen when, as far as they show it to you."""
    return list(await asyncio.gather(*(presence_of(have, each, caller) for each in user_id)))


async def presence_of(have: Services, person: UUID, caller: Caller) -> PresenceOf:
    """One person's presence for the caller."""
    if not await shows_presence(have, person, caller.person):
        return PresenceOf(user_id=person, online=False, last_seen=None, hidden=True)
    row = await have.inbox.seen(person)
    if row is None or row["last_seen"] is None:
        return PresenceOf(user_id=person, online=False, last_seen=None, hidden=False)
    online = bool(row["online"])
    return PresenceOf(user_id=person, online=online, last_seen=None if online else row["last_seen"], hidden=False)


async def shows_presence(have: Services, person: UUID, viewer: UUID) -> bool:
    """Whether `viewer` may see when `person` is there: both must show it to each other, and neither block the other."""
    if person == viewer:
        return True
    theirs, mine, there, here = await asyncio.gather(
        have.conversations.privacy(person),
        have.conversations.privacy(viewer),
        have.conversations.contact(person, viewer),
        have.conversations.contact(viewer, person),
    )
    if there.blocked or here.blocked:
        return False
    return _shown(theirs.last_seen, there.known) and _shown(mine.last_seen, here.known)


def _shown(audience: str, known: bool) -> bool:
    return audience == Audience.EVERYONE or (audience == Audience.CONTACTS and known)
