"""Calendars that somebody keeps elsewhere, at Google or Microsoft: connected with their consent, read, written."""

from datetime import datetime
from time import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.callers import Front, Have, SignedIn
from api.identity import Body
from api.problems import Problem
from api.scheduling.guests import Ready, own_calendar
from api.secrets import id_from
from domain.instants import instant
from domain.scheduling.calendar import ConnectCalendar, DisconnectCalendar
from producers.consents import Wish

router = APIRouter(prefix="/calendars/{calendar_id}/connections", tags=["scheduling"])

BEGUN = 15 * 60.0  # seconds that a consent may take


class Begin(Body):
    provider: Annotated[str, Field(description="google, outlook", max_length=20)]
    remote: Annotated[str, Field(description="Which calendar there.", min_length=1, max_length=500)] = "primary"
    writes: Annotated[bool, Field(description="Whether bookings are written into it.")] = True
    zone: Annotated[str, Field(description="An IANA name: of its whole days.", max_length=64)] = "UTC"


class Consent(BaseModel):
    url: str = Field(description="Where the person says yes; from there they come back with `code` and `state`.")


class Answered(Body):
    code: Annotated[str, Field(min_length=1, max_length=4_096)]
    state: Annotated[str, Field(min_length=1, max_length=4_096)]


class ConnectionOf(BaseModel):
    connection_id: UUID
    provider: str
    remote: str
    writes: bool
    zone: str
    state: str = Field(description="waiting, on, failed")
    problem: str = Field(description='What is wrong just now; "" where nothing is.')
    synced_at: datetime | None


@router.get("")
async def connections(calendar_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[ConnectionOf]:
    """The calendars that one's own is connected with."""
    calendar = await own_calendar(have, calendar_id, caller)
    links = await have.links.of(calendar_id)
    found = []
    for connection, each in calendar.connections.items():
        link = links.get(connection, {})
        synced, state = link.get("synced_at"), "failed" if each.why else "on" if each.on else "waiting"
        found.append(
            ConnectionOf(
                connection_id=connection,
                provider=each.provider,
                remote=each.remote,
                writes=each.writes,
                zone=each.zone,
                state=state,
                problem=each.why or link.get("problem") or "",
                synced_at=None if synced is None else instant(synced),
            )
        )
    return found


@router.post("/consent")
async def begin(calendar_id: UUID, body: Begin, caller: SignedIn, desk: Front, have: Have) -> Consent:
    """Where to ask the person for consent (OAuth 2 with PKCE). Nothing is connected yet."""
    page = have.consent_pages.get(body.provider)
    if page is None:
        raise Problem(422, "provider_unknown", "This installation is not known there.")
    connection = UUID(id_from("connection", str(calendar_id), desk.command_id(caller.actor)))
    chosen = (body.provider, body.remote, body.writes, body.zone)
    state = have.consents.state(Wish(caller.person, calendar_id, connection, *chosen, until=time() + BEGUN))
    return Consent(url=page(state, have.consents.challenge(connection)))


@router.post("", status_code=202)
async def connect(calendar_id: UUID, body: Answered, caller: SignedIn, desk: Front, have: Have) -> dict[str, UUID]:
    """Connects it, with what the person came back with. The same person has to have begun it: 403 `consent_invalid`.

    Whether the other side lets us in shows among the connections.
    """
    wish = have.consents.read(body.state, time())
    if wish is None or wish.person != caller.person or wish.calendar != calendar_id:
        raise Problem(403, "consent_invalid", "Begin the connection again, and answer within a quarter of an hour.")
    command = ConnectCalendar(wish.connection, wish.provider, wish.remote, wish.writes, wish.zone, body.code)
    await desk.submit(command, str(calendar_id), caller.actor)
    return {"connection_id": wish.connection}


@router.delete("/{connection_id}", status_code=204)
async def disconnect(calendar_id: UUID, connection_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Its busy times are gone; what was written there stays there. The consent is given back."""
    await desk.submit(DisconnectCalendar(connection_id), str(calendar_id), caller.actor)
