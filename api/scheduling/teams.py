"""Teams: who is in them, what can be booked with them, common times, and meetings of several."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import orjson
from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field

from api.callers import Front, Have, SignedIn
from api.identity import Body
from api.problems import not_found
from api.scheduling.bookings import Key, Move, NewBooking, Reasoned, appointment, place_of
from api.scheduling.guests import Anybody, Ready, actor_of, key_of, proof_of
from api.scheduling.settings import EventTypeBody, Slug, check_window
from api.scheduling.slots import Minutes, most, utc_of, worked
from api.secrets import id_from
from api.services import Services
from domain.kernel import Position
from domain.scheduling import calendar as rules
from domain.scheduling import meeting as meetings
from domain.scheduling.calendar import JoinTeam, LeaveTeam, Wish
from domain.scheduling.event_type import EventType
from domain.scheduling.meeting import Stage
from domain.scheduling.ranking import ranking
from domain.scheduling.team import (
    CallMeeting,
    CreateTeam,
    DefineType,
    Invite,
    Mode,
    Pause,
    RemoveMember,
    RemoveType,
    RequestMeeting,
    Resume,
    Team,
    TeamType,
)
from domain.scheduling.zones import minute_of
from infra.tables import Row
from projections.scheduling.teams import MOVING

router = APIRouter(tags=["scheduling"])

PATIENCE = 5.0  # seconds in which a meeting of several usually comes about


class NewTeam(Body):
    name: Annotated[str, Field(min_length=1, max_length=100)]


class TermsBody(Body):
    weight: Annotated[int, Field(ge=1, le=1_000, description="Per cent of a full share.")] = 100
    priority: Annotated[int, Field(ge=0, le=100, description="The higher are asked first.")] = 0


class TeamTypeBody(EventTypeBody):
    mode: Mode


class Called(NewBooking):
    """A meeting of some members; `event_type` is a new name for it."""

    calendars: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=50)]
    title: Annotated[str, Field(min_length=1, max_length=100)]


@router.post("/teams", status_code=201)
async def create(body: NewTeam, caller: SignedIn, desk: Front) -> dict[str, UUID]:
    """Makes a team of the caller's."""
    command_id = desk.command_id(caller.actor)
    team = UUID(id_from("team", command_id))
    await desk.submit(CreateTeam(body.name), str(team), caller.actor, command_id)
    return {"team_id": team}


@router.get("/teams/{team_id}")
async def team(team_id: UUID, caller: Anybody, have: Have, ready: Ready) -> dict[str, Any]:
    """What can be booked with a team; its members, with whose turn it is, for the team itself."""
    found = await _team(have, team_id)
    types = [{**_built(each.definition), "mode": each.mode} for each in found.types.values()]
    shown = {"team_id": team_id, "name": found.name, "event_types": types}
    if caller is None or (caller.person != found.owner and caller.person not in found.members):
        return shown
    order, names = ranking(found.members, ""), await have.people.names(found.invited)
    members = [
        {
            "calendar_id": who,
            "name": names.get(who, ""),
            "joined": who in found.members,
            "weight": terms.weight,
            "priority": terms.priority,
            "meetings": found.members[who].meetings if who in found.members else 0,
            "load": float(found.members[who].load) if who in found.members else 0.0,
            "paused": who in found.members and found.members[who].paused,
            "turn": order.index(who) + 1 if who in order else None,
        }
        for who, terms in found.invited.items()
    ]
    return {**shown, "members": members}


@router.put("/teams/{team_id}/members/{calendar_id}", status_code=204)
async def invite(team_id: UUID, calendar_id: UUID, body: TermsBody, caller: SignedIn, desk: Front) -> None:
    """Invites a calendar, or changes its weight and priority. Its owner lets the team fill it, or does not."""
    await desk.submit(Invite(calendar_id, body.weight, body.priority), str(team_id), caller.actor)


@router.delete("/teams/{team_id}/members/{calendar_id}", status_code=204)
async def remove_member(team_id: UUID, calendar_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Takes a member out of the team."""
    await desk.submit(RemoveMember(calendar_id), str(team_id), caller.actor)


@router.post("/teams/{team_id}/members/{calendar_id}/pause", status_code=204)
async def pause(team_id: UUID, calendar_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Asks a member no more until they are back; by the owner, or by themselves."""
    await desk.submit(Pause(calendar_id), str(team_id), caller.actor)


@router.delete("/teams/{team_id}/members/{calendar_id}/pause", status_code=204)
async def resume(team_id: UUID, calendar_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Back: with the load that the others have by now, so that nothing is to be made up for."""
    await desk.submit(Resume(calendar_id), str(team_id), caller.actor)


@router.put("/calendars/{calendar_id}/teams/{team_id}", status_code=204)
async def join(calendar_id: UUID, team_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Lets a team fill one's calendar."""
    await desk.submit(JoinTeam(team_id), str(calendar_id), caller.actor)


@router.delete("/calendars/{calendar_id}/teams/{team_id}", status_code=204)
async def leave(calendar_id: UUID, team_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Takes one's calendar back; what is booked stands."""
    await desk.submit(LeaveTeam(team_id), str(calendar_id), caller.actor)


@router.put("/teams/{team_id}/event-types/{slug}")
async def define_type(team_id: UUID, slug: Slug, body: TeamTypeBody, caller: SignedIn, desk: Front) -> dict[str, Any]:
    """What can be booked with all of the team (`collective`), or with the one whose turn it is (`round_robin`)."""
    fields = body.model_dump()
    mode = Mode(fields.pop("mode"))
    definition = msgspec.convert({**fields, "slug": slug}, EventType)
    await desk.submit(DefineType(TeamType(definition, mode)), str(team_id), caller.actor)
    return {**_built(definition), "mode": mode}


@router.delete("/teams/{team_id}/event-types/{slug}", status_code=204)
async def remove_type(team_id: UUID, slug: Slug, caller: SignedIn, desk: Front) -> None:
    """Offers it no more."""
    await desk.submit(RemoveType(slug), str(team_id), caller.actor)


@router.get("/teams/{team_id}/slots", response_model=dict[str, Any])
async def slots(
    team_id: UUID,
    event_type: str,
    start: AwareDatetime,
    end: AwareDatetime,
    have: Have,
    ready: Ready,
    minutes: Minutes = None,
) -> Response:
    """When all of the team are free, or for a round robin at least one of them."""
    check_window(start, end)
    found, offered, length = await _offered(have, team_id, event_type, minutes)
    free = await _free(have, found, _of_team(team_id, offered), length, start, end)
    starts = [set(each) for each in free.values()]
    common = set.union(*starts) if offered.mode is Mode.ROUND_ROBIN else set.intersection(*starts)
    shown = {"minutes": length, "mode": offered.mode, "slots": [utc_of(each) for each in sorted(common)]}
    return Response(orjson.dumps(shown), media_type="application/json")


@router.get("/teams/{team_id}/suitable")
async def suitable(
    team_id: UUID, event_type: str, start: AwareDatetime, caller: SignedIn, have: Have, ready: Ready
) -> list[dict[str, Any]]:
    """The members who are free at this time, the most suitable first: by priority, load and weight, waiting time."""
    found, offered, length = await _offered(have, team_id, event_type, None)
    if caller.person != found.owner and caller.person not in found.members:
        raise not_found("There is no such team, or it is not yours.")
    check_window(start, start.replace(microsecond=999_999))
    free = await _free(have, found, _of_team(team_id, offered), length, start, start.replace(microsecond=999_999))
    names = await have.people.names(found.members)
    return [
        {
            "calendar_id": who,
            "name": names.get(who, ""),
            "meetings": found.members[who].meetings,
            "load": float(found.members[who].load),
        }
        for who in ranking(found.members, f"{team_id}/{start}")
        if minute_of(start) in free[who]
    ]


@router.post("/teams/{team_id}/bookings", status_code=201)
async def book(
    team_id: UUID, body: NewBooking, caller: Anybody, desk: Front, have: Have, response: Response
) -> dict[str, Any]:
    """Asks all whom it takes, and books it with all or nobody: 201 `settled`, 202 `arranging`, 409 `failed`."""
    actor = actor_of(caller)
    command_id = desk.command_id(actor)
    wanted, key = appointment(have, team_id, body.model_copy(update={"booking_id": None}), caller, command_id)
    await desk.submit(RequestMeeting(wanted), str(team_id), actor, command_id)
    return await _outcome(have, wanted.booking, key, response)


@router.post("/teams/{team_id}/meetings", status_code=201)
async def call(
    team_id: UUID, body: Called, caller: SignedIn, desk: Front, have: Have, response: Response
) -> dict[str, Any]:
    """A meeting of some members, rooms included, called by one of them."""
    command_id = desk.command_id(caller.actor)
    wanted, key = appointment(have, team_id, body.model_copy(update={"booking_id": None}), caller, command_id)
    definition = EventType(body.event_type, body.title, durations=(body.minutes,), interval=5)
    command = CallMeeting(body.calendars, wanted, definition)
    await desk.submit(command, str(team_id), caller.actor, command_id)
    return await _outcome(have, wanted.booking, key, response)


@router.get("/meetings/{meeting_id}")
async def meeting(meeting_id: UUID, caller: Anybody, have: Have, ready: Ready, key: Key = None) -> dict[str, Any]:
    """What became of a meeting of several, for its guest, its hosts and whoever has its link."""
    row = await have.calendars.meeting(meeting_id)
    if row is not None:
        person = None if caller is None else caller.person
        hosts = orjson.loads(row["calendars"])
        is_party = person is not None and (str(person) in hosts or row["guest_person"] == person)
        if is_party or (key is not None and row["proof"] == proof_of(key)):
            names = await have.people.names([UUID(each) for each in hosts])
            part = await have.calendars.booking(meetings.part_id(meeting_id, UUID(hosts[0]))) if hosts else None
            return {
                **_shown(row),
                "host_names": [names.get(UUID(each), "") for each in hosts],
                "location": None if part is None else {"kind": part["location_kind"], "text": place_of(part)},
            }
    raise not_found("There is no such meeting, or it is not for you.")


@router.post("/meetings/{meeting_id}/cancellation", status_code=204)
async def cancel(meeting_id: UUID, body: Reasoned, caller: Anybody, desk: Front, key: Key = None) -> None:
    """Cancels it for all, as the guest or as one of the hosts."""
    await desk.submit(meetings.Cancel(body.reason, proof_of(key)), str(meeting_id), actor_of(caller))


@router.post("/meetings/{meeting_id}/move", status_code=200)
async def move(
    meeting_id: UUID, body: Move, caller: Anybody, desk: Front, have: Have, response: Response, key: Key = None
) -> dict[str, Any]:
    """Moves it for all: each calendar holds the new time before any gives up the old one.

    200 where it is there; 409 with `code` where one cannot, and the old time stands; 202 while they are asked.
    """
    command = meetings.MoveTo(body.start, body.minutes, body.zone, body.reason, proof_of(key))
    decision = await desk.submit(command, str(meeting_id), actor_of(caller))
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    if decision.position:
        await have.waiting.passed("projection.scheduling", Position.parse(decision.position))
    row = await have.calendars.meeting(meeting_id)
    while row is not None and row["code"] == MOVING and loop.time() < until:
        await asyncio.sleep(0.05)
        row = await have.calendars.meeting(meeting_id)
    assert row is not None  # it was decided upon
    if row["code"] == MOVING:
        response.status_code = 202
    elif row["start"] != body.start:
        response.status_code = 409
    return _shown(row)


@router.post("/meetings/{meeting_id}/key", status_code=201)
async def renew_key(meeting_id: UUID, caller: Anybody, desk: Front, have: Have, key: Key = None) -> dict[str, str]:
    """Another key, for the guest or a host: the one of before opens nothing any more."""
    actor = actor_of(caller)
    command_id = desk.command_id(actor)
    renewed = key_of(have.secrets, meeting_id, UUID(id_from("key", str(meeting_id), command_id)))
    await desk.submit(meetings.RenewKey(proof_of(renewed), proof_of(key)), str(meeting_id), actor, command_id)
    return {"key": renewed}


@router.delete("/meetings/{meeting_id}/key", status_code=204)
async def withdraw_key(meeting_id: UUID, caller: Anybody, desk: Front, key: Key = None) -> None:
    """Has no key open the meeting any more, for the guest or a host."""
    await desk.submit(meetings.WithdrawKey(proof_of(key)), str(meeting_id), actor_of(caller))


async def _outcome(have: Services, meeting_id: UUID, key: str, response: Response) -> dict[str, Any]:
    """Waits a little: calendars are asked one after the other."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    row = await have.calendars.meeting(meeting_id)
    while (row is None or row["stage"] in (None, Stage.ARRANGING.value)) and loop.time() < until:
        await asyncio.sleep(0.05)
        row = await have.calendars.meeting(meeting_id)
    if row is None or row["stage"] in (None, Stage.ARRANGING.value):
        response.status_code = 202
        return {"meeting_id": meeting_id, "key": key, "status": "arranging"}
    if row["stage"] == Stage.FAILED.value:
        response.status_code = 409
    return {"key": key, **_shown(row)}


async def _team(have: Services, team_id: UUID) -> Team:
    found = await have.calendars.team(team_id)
    if found is None:
        raise not_found("There is no such team.")
    return found


async def _offered(have: Services, team_id: UUID, slug: str, minutes: int | None) -> tuple[Team, TeamType, int]:
    found = await _team(have, team_id)
    offered = found.types.get(slug)
    if offered is None or not offered.definition.active or not ranking(found.members, ""):
        raise not_found("This cannot be booked here.")
    length = offered.definition.durations[0] if minutes is None else minutes
    if length not in offered.definition.durations:
        raise not_found("It does not take so long.")
    return found, offered, length


def _of_team(team_id: UUID, offered: TeamType) -> EventType:
    """As the calendars know it: apart from an event type of their own with the same name."""
    return replace(offered.definition, slug=f"{team_id}/{offered.definition.slug}")


async def _free(
    have: Services, found: Team, definition: EventType, minutes: int, start: datetime, end: datetime
) -> dict[UUID, list[int]]:
    members = ranking(found.members, "")
    known = await asyncio.gather(*(have.calendars.around(each, start, end) for each in members))
    wish, now = Wish(definition, minutes), datetime.now(UTC)

    def work() -> dict[UUID, list[int]]:
        return {
            who: [] if each is None else rules.free_minutes(each, wish, start, end, now)
            for who, each in zip(members, known, strict=True)
        }

    return await worked(work, len(members) * most(wish, start, end))


def _shown(row: Row) -> dict[str, Any]:
    return {
        "meeting_id": row["meeting"],
        "team_id": row["team"],
        "status": row["stage"],
        "title": row["title"],
        "start": row["start"],
        "minutes": row["minutes"],
        "mode": row["mode"],
        "hosts": orjson.loads(row["calendars"]),
        "code": row["code"] or "",
    }


def _built(value: object) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(value)
    return built
