"""What pages ask beside one thing alone: the caller's teams and tools, and one event type as its guests see it."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path

from api.callers import Have, SignedIn
from api.problems import not_found
from api.scheduling.guests import Anybody, Ready, calendar_of
from api.scheduling.settings import Slug
from api.services import Services

router = APIRouter(tags=["scheduling"])

Tool = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("/teams")
async def teams(caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """The teams that the caller's calendars are in or were invited to, by name."""
    kept = [caller.person, *(row["calendar"] for row in await have.calendars.owned(caller.person))]
    known = await asyncio.gather(*map(have.calendars.teams_of, kept))
    found = {team: await have.calendars.team(team) for team in {each for some in known for each in some}}
    shown = [
        {"team_id": team_id, "name": team.name, "owner": team.owner == caller.person}
        for team_id, team in found.items()
        if team is not None
    ]
    return sorted(shown, key=lambda each: (str(each["name"]), str(each["team_id"])))


@router.get("/calendars/{calendar_id}/event-types/{slug}")
async def event_type(calendar_id: UUID, slug: Slug, caller: Anybody, have: Have, ready: Ready) -> dict[str, Any]:
    """One event type: also one that is not listed, for whoever has its link; what is not offered, for its owner."""
    calendar = await calendar_of(have, calendar_id)
    found = calendar.event_types.get(slug)
    if found is None or not (found.active or (caller is not None and caller.person == calendar.owner)):
        raise not_found("This cannot be booked here.")
    built: dict[str, Any] = msgspec.to_builtins(found)
    return built


@router.get("/integrations")
async def integrations(caller: SignedIn, have: Have, ready: Ready) -> dict[str, bool]:
    """The tools that there is a way to, and whether the caller has them connected just now.

    `calendar`: busy times come in from another calendar; `google`, `outlook`: from one there, which has let us in.
    `video`: event types that are held by video and have no link of their own get a room for each meeting. `email`,
    `webhook`, `push`: what happens goes out that way.
    """
    return await _connected(have, caller.person)


@router.get("/integrations/{tool}")
async def is_integrated(tool: Tool, caller: SignedIn, have: Have, ready: Ready) -> dict[str, Any]:
    """Whether a tool is connected: false as well for one that there is no way to."""
    return {"tool": tool, "integrated": (await _connected(have, caller.person)).get(tool, False)}


async def _connected(have: Services, person: UUID) -> dict[str, bool]:
    calendar, settings, webhooks, devices = await asyncio.gather(
        have.calendars.settings(person),
        have.notices.settings(person),
        have.notices.webhooks(person),
        have.notices.devices(person),
    )
    linked = () if calendar is None else calendar.connections.values()
    return {
        "calendar": calendar is not None and (bool(calendar.busy) or any(each.on for each in linked)),
        "google": any(each.on and each.provider == "google" for each in linked),
        "outlook": any(each.on and each.provider == "outlook" for each in linked),
        "video": have.has_video,
        "email": bool(settings["email"]),
        "webhook": any(not row["disabled"] for row in webhooks)
        or (calendar is not None and calendar.webhooks.keys() != calendar.disabled.keys()),
        "push": bool(devices),
    }
