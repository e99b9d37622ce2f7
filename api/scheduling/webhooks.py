"""Webhooks of a calendar: programs of its owner are told what becomes of its bookings."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.callers import Front, Have, SignedIn
from api.notice import NewWebhook, WebhookOf
from api.problems import not_found
from api.scheduling.guests import Ready, own_calendar
from api.secrets import id_from
from domain.instants import instant
from domain.scheduling.calendar import AddWebhook, PingWebhook, RemoveWebhook

router = APIRouter(prefix="/calendars/{calendar_id}/webhooks", tags=["scheduling"])


class CallOf(BaseModel):
    call_id: UUID = Field(description="The `webhook-id` of the call.")
    kind: str
    told_at: datetime
    state: str = Field(description="waiting, delivered, failed")
    attempts: int
    why: str
    done_at: datetime | None


@router.get("")
async def webhooks(calendar_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[WebhookOf]:
    """The webhooks of one's own calendar, with their secrets."""
    calendar = await own_calendar(have, calendar_id, caller)
    return [
        WebhookOf(
            webhook_id=webhook,
            url=url,
            secret=have.notice_keys.shown(webhook),
            disabled=calendar.disabled.get(webhook, ""),
        )
        for webhook, url in calendar.webhooks.items()
    ]


@router.post("", status_code=201)
async def add(calendar_id: UUID, body: NewWebhook, caller: SignedIn, desk: Front, have: Have) -> WebhookOf:
    """Whatever becomes of a booking from now on is sent there, signed (Standard Webhooks)."""
    command_id = desk.command_id(caller.actor)
    webhook = UUID(id_from("calendar webhook", str(calendar_id), command_id))
    await desk.submit(AddWebhook(webhook, body.url), str(calendar_id), caller.actor, command_id)
    return WebhookOf(webhook_id=webhook, url=body.url, secret=have.notice_keys.shown(webhook), disabled="")


@router.delete("/{webhook_id}", status_code=204)
async def remove(calendar_id: UUID, webhook_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Nothing is sent there any more, what waits neither."""
    await desk.submit(RemoveWebhook(webhook_id), str(calendar_id), caller.actor)


@router.post("/{webhook_id}/enabling", status_code=204)
async def enable(calendar_id: UUID, webhook_id: UUID, caller: SignedIn, desk: Front, have: Have, ready: Ready) -> None:
    """Switches it on again."""
    url = (await own_calendar(have, calendar_id, caller)).webhooks.get(webhook_id)
    if url is None:
        raise not_found("There is no such webhook.")
    await desk.submit(AddWebhook(webhook_id, url), str(calendar_id), caller.actor)


@router.post("/{webhook_id}/ping", status_code=202)
async def ping(calendar_id: UUID, webhook_id: UUID, caller: SignedIn, desk: Front) -> dict[str, UUID]:
    """Sends a test; what became of it is among the deliveries."""
    command_id = desk.command_id(caller.actor)
    made = UUID(id_from("calendar ping", str(calendar_id), command_id))
    await desk.submit(PingWebhook(webhook_id, made), str(calendar_id), caller.actor, command_id)
    return {"call_id": made}


@router.get("/{webhook_id}/deliveries")
async def deliveries(calendar_id: UUID, webhook_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[CallOf]:
    """What was sent there in the last 30 days, the latest 100, and what became of it."""
    if webhook_id not in (await own_calendar(have, calendar_id, caller)).webhooks:
        raise not_found("There is no such webhook.")
    return [
        CallOf(
            call_id=row["call"],
            kind=row["kind"],
            told_at=instant(row["place"]),
            state=row["state"],
            attempts=row["attempts"],
            why=row["why"],
            done_at=row["done_at"],
        )
        for row in await have.hooks.calls(webhook_id, 100)
    ]
