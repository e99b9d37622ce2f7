"""Security for the staff: what cameras read, plates that are watched, incidents. None of it opens a gate."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.callers import Front, Have, SignedIn
from api.identity import Body
from api.parking.lots import Ready, check_staff
from api.parking.reservations import Plate
from api.secrets import id_from
from domain.parking.lot import CloseIncident, Observe, Observed, ReportIncident, UnwatchPlate, WatchPlate

router = APIRouter(tags=["parking"])

Note = Annotated[str, Field(min_length=1, max_length=500)]


class Observation(Body):
    camera: Annotated[str, Field(min_length=1, max_length=60)]
    plate: Plate
    confidence: Annotated[int, Field(ge=0, le=100, description="Per cent.")]


class Proposal(BaseModel):
    observation_id: UUID
    match: UUID | None = Field(description="The ticket or reservation whose plate is nearest: for people to look at.")
    misread: float | None = Field(description="Letters between the two; 0: the same.")
    watched: bool


class Watched(Body):
    plate: Plate
    reason: Note


class NewIncident(Body):
    kind: Annotated[str, Field(min_length=1, max_length=60)]
    note: Note
    claim_id: UUID | None = None


class Outcome(Body):
    note: Note


@router.post("/{lot_id}/observations", status_code=201)
async def observe(lot_id: UUID, body: Observation, caller: SignedIn, desk: Front) -> Proposal:
    """A camera has read a plate. Answers what it may be; a gate is opened by other requests only."""
    command_id = desk.command_id(caller.actor)
    command = Observe(UUID(id_from("observation", command_id)), body.camera, body.plate.normalised(), body.confidence)
    decision = await desk.submit(command, str(lot_id), caller.actor, command_id)
    seen = next(each for each in decision.events if isinstance(each, Observed))
    far = None if seen.match is None else seen.misread / 100
    return Proposal(observation_id=seen.observation, match=seen.match, misread=far, watched=seen.watched)


@router.get("/{lot_id}/observations")
async def observations(
    lot_id: UUID,
    caller: SignedIn,
    have: Have,
    ready: Ready,
    day: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="UTC; today where left out.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[dict[str, Any]]:
    """What the cameras read on a day, the latest first. It is forgotten after 30 days."""
    await check_staff(have, lot_id, caller)
    rows = await have.lots.observations(lot_id, day or datetime.now(UTC).date().isoformat(), limit)
    shown = ("observation", "camera", "plate", "confidence", "match", "misread", "watched")
    return [{name: row[name] for name in shown} for row in rows]


@router.get("/{lot_id}/watched")
async def watched(lot_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """The watch list."""
    await check_staff(have, lot_id, caller)
    rows = await have.lots.watched(lot_id)
    return [{name: row[name] for name in ("plate", "reason", "by", "since")} for row in rows]


@router.post("/{lot_id}/watched", status_code=204)
async def watch(lot_id: UUID, body: Watched, caller: SignedIn, desk: Front) -> None:
    """Puts a plate on the watch list: when it is seen or let in, that is an incident. It is let in all the same."""
    await desk.submit(WatchPlate(body.plate.normalised(), body.reason), str(lot_id), caller.actor)


@router.delete("/{lot_id}/watched/{plate}", status_code=204)
async def unwatch(lot_id: UUID, plate: str, caller: SignedIn, desk: Front) -> None:
    await desk.submit(UnwatchPlate(plate), str(lot_id), caller.actor)


@router.get("/{lot_id}/incidents")
async def incidents(lot_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """Incidents, the latest first; those that are open have no `closed_at`."""
    await check_staff(have, lot_id, caller)
    shown = ("incident", "kind", "note", "claim", "by", "reported_at", "closed_at", "closed_by", "outcome")
    return [{name: row[name] for name in shown} for row in await have.lots.incidents(lot_id)]


@router.post("/{lot_id}/incidents", status_code=201)
async def report(lot_id: UUID, body: NewIncident, caller: SignedIn, desk: Front) -> dict[str, UUID]:
    """Something happened."""
    command_id = desk.command_id(caller.actor)
    incident = UUID(id_from("incident", command_id))
    command = ReportIncident(incident, body.kind, body.note, body.claim_id)
    await desk.submit(command, str(lot_id), caller.actor, command_id)
    return {"incident_id": incident}


@router.post("/{lot_id}/incidents/{incident_id}/closure", status_code=204)
async def close(lot_id: UUID, incident_id: UUID, body: Outcome, caller: SignedIn, desk: Front) -> None:
    """Says what became of it."""
    await desk.submit(CloseIncident(incident_id, body.note), str(lot_id), caller.actor)
