"""Groups: making one, its members and their roles, its title."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from api.callers import Front, Have, SignedIn
from api.chat.conversations import MemberOf, Ready, members_of, thread_of
from api.identity import Body
from api.marks import ARTICLE
from api.problems import not_found
from api.secrets import id_from
from domain.chat.conversation import (
    AddMembers,
    ChangeRole,
    ChangeTitle,
    CreateGroup,
    Leave,
    RemoveMember,
    Role,
)

router = APIRouter(tags=["chat"], prefix="/groups")

Title = Annotated[str, Field(min_length=1, max_length=100)]


class NewGroup(Body):
    title: Title
    members: Annotated[tuple[UUID, ...], Field(max_length=1_023)] = ()


class GroupTitle(Body):
    title: Title


class NewMember(Body):
    user_id: UUID


class NewRole(Body):
    role: Role


@router.post("", status_code=201, openapi_extra=ARTICLE)
async def create_group(body: NewGroup, caller: SignedIn, desk: Front, have: Have) -> dict[str, UUID]:
    """Makes a group of the caller, who owns it, and the given people."""
    known = await have.people.names(body.members)
    if strangers := [each for each in body.members if each not in known]:
        raise not_found(f"There is nobody with the id {strangers[0]}.")
    command_id = desk.command_id(caller.actor)
    group = UUID(id_from("group", command_id))
    members = tuple(dict.fromkeys(each for each in body.members if each != caller.person))
    command = CreateGroup(body.title, members, have.secrets.seal(group))
    await desk.submit(command, str(group), caller.actor, command_id)
    return {"group_id": group}


@router.patch("/{group_id}")
async def rename(group_id: UUID, body: GroupTitle, caller: SignedIn, desk: Front) -> dict[str, Any]:
    """Changes the title, as owner or admin."""
    await desk.submit(ChangeTitle(body.title), str(group_id), caller.actor)
    return {"group_id": group_id, "title": body.title}


@router.post("/{group_id}/members", status_code=201, openapi_extra=ARTICLE)
async def add_member(group_id: UUID, body: NewMember, caller: SignedIn, desk: Front, have: Have) -> dict[str, UUID]:
    """Adds a person, who sees what is sent from now on."""
    if await have.people.person(body.user_id) is None:
        raise not_found("There is nobody with this id.")
    await desk.submit(AddMembers((body.user_id,)), str(group_id), caller.actor)
    return {"member_id": body.user_id}


@router.get("/{group_id}/members", openapi_extra=ARTICLE)
async def members(group_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[MemberOf]:
    """The members, owner and admins first."""
    await thread_of(have, group_id, caller)
    return await members_of(have, group_id, caller)


@router.delete("/{group_id}/members/{user_id}", status_code=204)
async def remove_member(group_id: UUID, user_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Removes a member, as owner or admin; oneself: leaves."""
    command = Leave() if user_id == caller.person else RemoveMember(user_id)
    await desk.submit(command, str(group_id), caller.actor)


@router.put("/{group_id}/members/{user_id}/role", status_code=204)
async def change_role(group_id: UUID, user_id: UUID, body: NewRole, caller: SignedIn, desk: Front) -> None:
    """Changes a member's role, as the owner; giving `owner` away makes oneself an admin."""
    await desk.submit(ChangeRole(user_id, body.role), str(group_id), caller.actor)
