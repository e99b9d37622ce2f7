"""Polls for a time: proposed by a host, voted on by whoever has the link, chosen and booked."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field

from api.callers import Caller, Front, Have, SignedIn
from api.identity import Body
from api.problems import Problem, not_found
from api.scheduling.bookings import Email
from api.scheduling.guests import Anybody, Ready, actor_of, key_of, proof_of
from api.scheduling.slots import utc
from api.secrets import id_from
from api.services import Services
from domain.scheduling.calendar import Appointment, Guest
from domain.scheduling.poll import OPTIONS, Choose, ClosePoll, OpenPoll, Opinion, Stage, Vote
from infra.tables import Row

router = APIRouter(tags=["scheduling"])

PATIENCE = 5.0  # seconds in which a choice is usually booked


class NewPoll(Body):
    title: Annotated[str, Field(min_length=1, max_length=100)]
    event_type: str
    minutes: Annotated[int, Field(ge=1, le=10**6)] = 30
    options: Annotated[tuple[AwareDatetime, ...], Field(min_length=1, max_length=OPTIONS)]
    zone: Annotated[str, Field(max_length=64)] = "UTC"
    until: AwareDatetime


class VoteBody(Body):
    """`opinions` in the order of the options. Who is not signed in sends `voter_id` and `key` to change their vote."""

    name: Annotated[str, Field(max_length=100)] = ""
    email: Email
    opinions: Annotated[tuple[Opinion, ...], Field(min_length=1, max_length=OPTIONS)]
    voter_id: UUID | None = None
    key: Annotated[str | None, Field(max_length=100)] = None


class Choice(Body):
    start: AwareDatetime


@router.post("/polls", status_code=201)
async def open_poll(body: NewPoll, caller: SignedIn, desk: Front) -> dict[str, UUID]:
    """Proposes times for one of the caller's event types. They keep nobody out until one is chosen."""
    command_id = desk.command_id(caller.actor)
    poll_id = UUID(id_from("poll", command_id))
    command = OpenPoll(body.title, body.event_type, body.minutes, body.options, body.zone, body.until)
    await desk.submit(command, str(poll_id), caller.actor, command_id)
    return {"poll_id": poll_id}


@router.get("/polls")
async def polls(caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """The polls that the caller has opened."""
    return [_shown(row, []) for row in await have.calendars.polls_of(caller.person)]


@router.get("/polls/{poll_id}")
async def poll(poll_id: UUID, caller: Anybody, have: Have, ready: Ready) -> dict[str, Any]:
    """A poll for whoever has its id: times and how many each suits; who said what, for its owner alone."""
    row = await _poll(have, poll_id)
    ballots = await have.calendars.ballots(poll_id)
    found = _shown(row, ballots)
    if caller is None or caller.person != row["owner"]:
        return found
    votes = [
        {
            "voter_id": each["voter"],
            "name": each["name"],
            "email": each["email"],
            "opinions": orjson.loads(each["opinions"]),
        }
        for each in ballots
    ]
    return {**found, "votes": votes}


@router.post("/polls/{poll_id}/votes", status_code=201)
async def vote(poll_id: UUID, body: VoteBody, caller: Anybody, desk: Front, have: Have) -> dict[str, Any]:
    """Says which times suit; again, to say something else."""
    actor = actor_of(caller)
    command_id = desk.command_id(actor)
    voter = caller.person if caller else body.voter_id or UUID(id_from("voter", str(poll_id), command_id))
    key = body.key if caller is None and body.voter_id else key_of(have.secrets, voter)
    name = body.name or (caller.name if caller else "")
    command = Vote(voter, name, body.email, body.opinions, proof_of(key))
    await desk.submit(command, str(poll_id), actor, command_id)
    return {"voter_id": voter, "key": key}


@router.post("/polls/{poll_id}/choice", status_code=201)
async def choose(
    poll_id: UUID, body: Choice, caller: SignedIn, desk: Front, have: Have, ready: Ready, response: Response
) -> dict[str, Any]:
    """Books one of the times with those whom it suits: 201 `booked`; 409 with `code` where it is not free any more."""
    row = await _poll(have, poll_id)
    wanted = await _appointment(have, row, body.start, caller, desk.command_id(caller.actor))
    await desk.submit(Choose(wanted), str(poll_id), caller.actor)
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    row = await _poll(have, poll_id)
    while loop.time() < until and (row["booking"] != wanted.booking or row["stage"] == Stage.CHOSEN.value):
        await asyncio.sleep(0.05)
        row = await _poll(have, poll_id)
    if row["stage"] == Stage.CHOSEN.value or row["booking"] != wanted.booking:
        response.status_code = 202
    elif row["stage"] != Stage.BOOKED.value:
        response.status_code = 409
    return _shown(row, [])


@router.post("/polls/{poll_id}/closing", status_code=204)
async def close(poll_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Closes a poll without choosing."""
    await desk.submit(ClosePoll(), str(poll_id), caller.actor)


async def _poll(have: Services, poll_id: UUID) -> Row:
    row = await have.calendars.poll(poll_id)
    if row is None:
        raise not_found("There is no such poll.")
    return row


async def _appointment(have: Services, row: Row, start: datetime, caller: Caller, command_id: str) -> Appointment:
    """The guest is who said yes first in the list; all others whom it suits come as further guests."""
    if row["owner"] != caller.person:
        raise not_found("There is no such poll, or it is not yours.")
    options = [datetime.fromisoformat(each) for each in orjson.loads(row["options"])]
    if start not in options:
        raise not_found("Choose one of the times that were proposed.")
    place = options.index(start)
    said = [(each, orjson.loads(each["opinions"])[place]) for each in await have.calendars.ballots(row["poll"])]
    coming = [each for wanted in (Opinion.YES, Opinion.IF_NEEDED) for each, opinion in said if opinion == wanted.value]
    if not coming:
        raise Problem(409, "suits_nobody", "This time suits nobody who has voted.")
    booking = UUID(id_from("poll booking", str(row["poll"]), command_id))
    first, *rest = coming
    others = tuple(dict.fromkeys(each["email"] for each in rest if each["email"] != first["email"]))[:20]
    return Appointment(
        booking=booking,
        slug=row["slug"],
        start=start,
        minutes=row["minutes"],
        seats=1,
        zone=row["zone"],
        guest=Guest(first["name"], first["email"]),
        others=others,
        proof=proof_of(key_of(have.secrets, booking)),
    )


def _shown(row: Row, ballots: list[Row]) -> dict[str, Any]:
    options = [datetime.fromisoformat(each) for each in orjson.loads(row["options"])]
    opinions = [orjson.loads(each["opinions"]) for each in ballots]
    told = []
    for place, start in enumerate(options):
        said = [each[place] for each in opinions]
        told.append({"start": utc(start), **{each.value: said.count(each.value) for each in Opinion}})
    return {
        "poll_id": row["poll"],
        "calendar_id": row["owner"],
        "title": row["title"],
        "event_type": row["slug"],
        "minutes": row["minutes"],
        "zone": row["zone"],
        "until": row["until"],
        "status": row["stage"],
        "booking_id": row["booking"] if row["stage"] == Stage.BOOKED.value else None,
        "code": row["code"] or "",
        "options": told,
    }
