"""People as the chat knows them; the article's `/users`."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from api.callers import Front, Have, SignedIn, seen_in
from api.identity import IDENTITY, SYSTEM, Body, Name, NewPerson, Phone, register
from api.marks import ARTICLE
from api.problems import not_found
from api.secrets import id_from
from domain.identity.claim import Claim, Release
from domain.identity.person import ChangeName, ChangePhone
from domain.kernel import Reason, Rejected

router = APIRouter(tags=["chat"])


class PersonChange(Body):
    name: Name | None = None
    phone_number: Phone | None = None


@router.post("/users", status_code=201, openapi_extra=ARTICLE)
async def create_user(body: NewPerson, desk: Front, have: Have) -> dict[str, UUID]:
    """Registers a person. 409 `taken`."""
    return {"user_id": (await register(body, desk, have)).user_id}


@router.get("/users")
async def find_users(
    caller: SignedIn, have: Have, name: Annotated[str, Query(min_length=1, max_length=64)]
) -> list[dict[str, Any]]:
    """The person with exactly this name, upper and lower case alike; an empty list where there is none."""
    person = await have.people.holder(have.secrets.claim("name", name))
    row = None if person is None else await have.people.person(person)
    return [] if row is None else [{"user_id": person, "name": row["name"]}]


@router.get("/users/{user_id}", openapi_extra=ARTICLE)
async def user(
    user_id: UUID, caller: SignedIn, have: Have, ready: Annotated[None, Depends(seen_in(IDENTITY))]
) -> dict[str, Any]:
    """A person's name; the phone number only to themselves and to their contacts."""
    row = await have.people.person(user_id)
    if row is None:
        raise not_found("There is nobody with this id.")
    close = user_id == caller.person or (await have.conversations.contact(user_id, caller.person)).known
    return {"user_id": user_id, "name": row["name"], "phone_number": row["phone"] if close else None}


@router.put("/users/{user_id}", openapi_extra=ARTICLE)
async def change_user(user_id: UUID, body: PersonChange, caller: SignedIn, desk: Front, have: Have) -> dict[str, Any]:
    """Changes one's own name or number. 409 `taken`, 403 for anybody else."""
    row = await have.people.person(user_id)
    if row is None:
        raise not_found("There is nobody with this id.")
    if user_id != caller.person:
        raise Rejected("not_yours", "You can change only your own account.", Reason.FORBIDDEN)
    if body.name is not None and body.name != row["name"]:
        claim = have.secrets.claim("name", body.name)
        await _claimed(claim, user_id, desk, ChangeName(body.name.strip(), claim), caller)
    if body.phone_number is not None and body.phone_number != row["phone"]:
        claim = have.secrets.claim("phone", body.phone_number)
        await _claimed(claim, user_id, desk, ChangePhone(body.phone_number, claim), caller)
    return {
        "user_id": user_id,
        "name": body.name or row["name"],
        "phone_number": body.phone_number or row["phone"],
    }


async def _claimed(claim: str, owner: UUID, desk: Front, change: ChangeName | ChangePhone, caller: SignedIn) -> None:
    """Claims, changes; gives the claim back where the change is refused."""
    await desk.first(Claim(owner), claim, SYSTEM)
    try:
        await desk.submit(
            change, str(owner), caller.actor, id_from(type(change).__name__, desk.command_id(caller.actor))
        )
    except Rejected:
        await desk.first(Release(owner), claim, SYSTEM)
        raise
