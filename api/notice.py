"""What one was told, and how one wants to be told: notices, preferences, quiet hours, e-mail, webhooks, Web Push."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.callers import Front, Have, SignedIn, seen_in
from api.identity import Body
from api.problems import Problem
from domain.instants import instant
from domain.notice.quiet import Quiet
from domain.notice.recipient import (
    Category,
    Channel,
    Choice,
    MarkRead,
    SetPreferences,
)

router = APIRouter(prefix="/notice", tags=["notice"])

Ready = Annotated[None, Depends(seen_in("projection.notice"))]
PAGE = 50


class NoticeOf(BaseModel):
    notice_id: UUID
    category: str
    kind: str
    subject: str
    text: str
    link: str
    about: dict[str, str]
    urgent: bool
    told_at: datetime
    read_at: datetime | None


class NoticesOf(BaseModel):
    notices: list[NoticeOf]
    unread: int = Field(description="Of those in this page.")
    next: str | None = Field(description="The cursor of the page with older ones.")


class QuietHours(Body):
    zone: Annotated[str, Field(max_length=64, description="An IANA name, such as Europe/Berlin.")]
    begin: Annotated[int, Field(ge=0, lt=1440, description="Minutes of the local day.")]
    end: Annotated[int, Field(ge=0, lt=1440, description="At or before `begin`: on the next day.")]


class Preferences(Body):
    channels: dict[Category, list[Channel]] = Field(
        description="What is not named comes by every channel there is.", default_factory=dict
    )
    quiet: QuietHours | None = None


@router.get("/notices")
async def notices(
    caller: SignedIn,
    have: Have,
    ready: Ready,
    cursor: Annotated[str | None, Query(max_length=80)] = None,
) -> NoticesOf:
    """What one was told, the latest first."""
    rows = await have.notices.page(caller.person, _before(cursor), PAGE)
    shown = [
        NoticeOf(
            notice_id=row["notice"],
            category=row["category"],
            kind=row["kind"],
            subject=row["subject"],
            text=row["text"],
            link=row["link"],
            about=orjson.loads(row["about"]),
            urgent=row["urgent"],
            told_at=instant(row["place"]),
            read_at=row["read_at"],
        )
        for row in rows
    ]
    last = f"{rows[-1]['place']}.{rows[-1]['notice']}" if rows else None
    return NoticesOf(notices=shown, unread=sum(each.read_at is None for each in shown), next=last)


@router.post("/notices/{notice_id}/read", status_code=204)
async def read(notice_id: UUID, caller: SignedIn, desk: Front) -> None:
    """One has read it. Again, or of another's, it changes nothing."""
    await desk.submit(MarkRead(notice_id), str(caller.person), caller.actor)


@router.post("/notices/read", status_code=204)
async def read_all(caller: SignedIn, desk: Front) -> None:
    """One has read all there are."""
    await desk.submit(MarkRead(), str(caller.person), caller.actor)


@router.get("/preferences")
async def preferences(caller: SignedIn, have: Have, ready: Ready) -> Preferences:
    """By which channels one is told of what, and in which hours not."""
    found = await have.notices.settings(caller.person)
    channels = {each: found["choices"].get(each.value, [one.value for one in Channel]) for each in Category}
    return Preferences.model_validate({"channels": channels, "quiet": found["quiet"]})


@router.put("/preferences", status_code=204)
async def set_preferences(body: Preferences, caller: SignedIn, desk: Front) -> None:
    """Sets all of them. In quiet hours nothing is told but what is urgent; the rest comes when they are over."""
    choices = tuple(Choice(category, tuple(dict.fromkeys(channels))) for category, channels in body.channels.items())
    quiet = None if body.quiet is None else Quiet(body.quiet.zone, body.quiet.begin, body.quiet.end)
    await desk.submit(SetPreferences(choices, quiet), str(caller.person), caller.actor)


def _before(cursor: str | None) -> tuple[int, UUID] | None:
    if cursor is None:
        return None
    place, _, notice = cursor.partition(".")
    try:
        return int(place), UUID(notice)
    except ValueError:
        raise Problem(422, "invalid_request", "cursor: none of ours.") from None
