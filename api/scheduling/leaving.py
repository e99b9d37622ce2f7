"""Deleting all that is one's own here at one go, and how far that is."""

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.callers import Front, Have, SignedIn
from api.scheduling.guests import Ready
from api.services import Services
from domain.scheduling.erasure import AskErasure

router = APIRouter(prefix="/me/deletion", tags=["scheduling"])

COUNTED = 1_000


class Left(BaseModel):
    """What still shows, up to 1,000 of each."""

    calendars: int
    meetings: int = Field(description="To come, that the caller has booked with others.")
    notes: int = Field(description="Comments and files.")
    follows: int
    followers: int
    polls: int
    votes: int


class Deletion(BaseModel):
    stage: str = Field(description="none, running, done")
    asked_at: datetime | None
    done_at: datetime | None
    left: Left


@router.post("", status_code=202)
async def delete_everything(caller: SignedIn, desk: Front) -> dict[str, str]:
    """Deletes what scheduling keeps of the caller, for good; the account stays.

    Gone are calendars with their event types, hours, absences, imported times, links, forms, feeds and webhooks;
    comments, files, follows, followers, polls and votes. Meetings to come are cancelled, and the others told. Meetings
    that are over stay with those who were met. It begins at once and ends within moments; `GET` says how far it is.
    """
    await desk.submit(AskErasure(), str(caller.person), caller.actor)
    return {}


@router.get("")
async def deletion(caller: SignedIn, have: Have, ready: Ready) -> Deletion:
    """How far the deletion is."""
    row = await have.calendars.erasure(caller.person)
    if row is None:
        stage, asked_at, done_at = "none", None, None
    else:
        stage, asked_at = ("done" if row["done"] else "running"), row["asked_at"]
        done_at = row["done_at"] if row["done"] else None
    return Deletion(stage=stage, asked_at=asked_at, done_at=done_at, left=await _left(have, caller))


async def _left(have: Services, caller: SignedIn) -> Left:
    found = await have.calendars.remains(caller.person, datetime.now(UTC), COUNTED)
    return Left(
        calendars=len(found.calendars),
        meetings=len(found.meetings),
        notes=len(found.notes),
        follows=len(found.follows),
        followers=len(found.followers),
        polls=len(found.polls),
        votes=len(found.ballots),
    )
