"""What pages ask beside one thing alone: the caller's teams, and one event type as its guests see it."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter

from api.callers import Have, SignedIn
from api.problems import not_found
from api.scheduling.guests import Anybody, Ready, calendar_of
from api.scheduling.settings import Slug

router = APIRouter(tags=["scheduling"])


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
