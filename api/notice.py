"""What one was told, and how one wants to be told: notices, preferences, quiet hours, e-mail, webhooks, Web Push."""

from datetime import datetime
from hmac import compare_digest
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from api.callers import Front, Have, SignedIn, seen_in
from api.identity import Body
from api.problems import Problem, not_found
from api.secrets import id_from
from domain.instants import instant
from domain.kernel import Actor
from domain.notice.invitation import StopReminders
from domain.notice.quiet import Quiet
from domain.notice.recipient import (
    AddWebhook,
    Category,
    Channel,
    Choice,
    ConfirmEmail,
    EnableWebhook,
    GiveEmail,
    MarkRead,
    PingWebhook,
    RemoveEmail,
    RemoveWebhook,
    SetPreferences,
    StopMails,
    SubscribeDevice,
    UnsubscribeDevice,
)

router = APIRouter(prefix="/notice", tags=["notice"])

Ready = Annotated[None, Depends(seen_in("projection.notice"))]
PAGE = 50
Reader = Annotated[str, Path(pattern="^[0-9a-f]{24}$")]
READER = Actor("system", "link in a mail")


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


# E-mail.


class EmailOf(BaseModel):
    address: str = Field(description="The one that mail goes to; empty: none.")
    waiting: str = Field(description="The one that a code was sent to.")


class Address(Body):
    address: Annotated[str, Field(min_length=3, max_length=254)]


class Code(Body):
    code: Annotated[str, Field(min_length=10, max_length=100)]


@router.get("/email")
async def email(caller: SignedIn, have: Have, ready: Ready) -> EmailOf:
    """One's own address, and the one that is not proven yet."""
    found = await have.notices.settings(caller.person)
    return EmailOf(address=found["email"], waiting=found["asked_email"])


@router.put("/email", status_code=202)
async def give_email(body: Address, caller: SignedIn, desk: Front, have: Have) -> None:
    """Sends a code there. The address counts once the code has come back."""
    keys, person = have.notice_keys, str(caller.person)
    command = GiveEmail(body.address, keys.code_hash(keys.code(person, body.address)))
    await desk.submit(command, person, caller.actor)


@router.post("/email/confirmation", status_code=204)
async def confirm_email(body: Code, caller: SignedIn, desk: Front, have: Have) -> None:
    """The code that came by mail, however it is typed. 403 `code_wrong`."""
    await desk.submit(ConfirmEmail(have.notice_keys.code_hash(body.code)), str(caller.person), caller.actor)


@router.delete("/email", status_code=204)
async def remove_email(caller: SignedIn, desk: Front) -> None:
    await desk.submit(RemoveEmail(), str(caller.person), caller.actor)


# Links in mails.


@router.post("/stop-mails/{person_id}/{category}/{mark}", status_code=204)
async def stop_mails(person_id: UUID, category: Category, mark: str, desk: Front, have: Have) -> None:
    """No more mails of this category. What a mail's `List-Unsubscribe` says, called by programs for mail (RFC 8058).

    The mark in the address is the proof: no sign-in is needed, and nothing else can be done with it.
    """
    made = have.notice_keys.stop(str(person_id), category.value)
    if not compare_digest(made.encode(), mark.encode()):
        raise not_found()
    await desk.submit(StopMails(category), str(person_id), READER)


@router.get("/stop-mails/{person_id}/{category}/{mark}", status_code=303, response_class=RedirectResponse)
async def ask_to_stop_mails(person_id: UUID, category: Category, mark: str) -> RedirectResponse:
    """The page with the button: who only looks at an address, as machines do that check links, stops nothing."""
    return RedirectResponse(f"/ui/stop-mails/{person_id}/{category}#{quote(mark, safe='')}", 303)


@router.post("/stop-reminders/{booking_id}/{who}/{mark}", status_code=204)
async def stop_reminders(booking_id: UUID, who: Reader, mark: str, desk: Front, have: Have) -> None:
    """No more reminders of this booking to one of its guests, who needs no account: as above."""
    made = have.notice_keys.stop(f"{booking_id}/{who}", Category.REMINDERS.value)
    if not compare_digest(made.encode(), mark.encode()):
        raise not_found()
    await desk.submit(StopReminders(who), str(booking_id), READER)


@router.get("/stop-reminders/{booking_id}/{who}/{mark}", status_code=303, response_class=RedirectResponse)
async def ask_to_stop_reminders(booking_id: UUID, who: Reader, mark: str) -> RedirectResponse:
    """The page with the button."""
    return RedirectResponse(f"/ui/stop-reminders/{booking_id}/{who}#{quote(mark, safe='')}", 303)


# Webhooks.


class NewWebhook(Body):
    url: Annotated[str, Field(min_length=8, max_length=2_000)]


class WebhookOf(BaseModel):
    webhook_id: UUID
    url: str
    secret: str = Field(description="What calls are signed with, as libraries of Standard Webhooks take it.")
    disabled: str = Field(description="Why it was switched off; empty where it is on.")


class DeliveryOf(BaseModel):
    notice_id: UUID
    kind: str
    told_at: datetime
    state: str = Field(description="waiting, delivered, failed")
    attempts: int
    why: str
    done_at: datetime | None


@router.get("/webhooks")
async def webhooks(caller: SignedIn, have: Have, ready: Ready) -> list[WebhookOf]:
    """One's own webhooks, with their secrets."""
    return [
        WebhookOf(
            webhook_id=row["webhook"],
            url=row["url"],
            secret=have.notice_keys.shown(row["webhook"]),
            disabled=row["disabled"],
        )
        for row in await have.notices.webhooks(caller.person)
    ]


@router.post("/webhooks", status_code=201)
async def add_webhook(body: NewWebhook, caller: SignedIn, desk: Front, have: Have) -> WebhookOf:
    """What one is told is sent there as well, signed (Standard Webhooks)."""
    command_id = desk.command_id(caller.actor)
    webhook = UUID(id_from("webhook", command_id))
    await desk.submit(AddWebhook(webhook, body.url), str(caller.person), caller.actor, command_id)
    return WebhookOf(webhook_id=webhook, url=body.url, secret=have.notice_keys.shown(webhook), disabled="")


@router.delete("/webhooks/{webhook_id}", status_code=204)
async def remove_webhook(webhook_id: UUID, caller: SignedIn, desk: Front) -> None:
    await desk.submit(RemoveWebhook(webhook_id), str(caller.person), caller.actor)


@router.post("/webhooks/{webhook_id}/enabling", status_code=204)
async def enable_webhook(webhook_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Switches it on again."""
    await desk.submit(EnableWebhook(webhook_id), str(caller.person), caller.actor)


@router.post("/webhooks/{webhook_id}/ping", status_code=202)
async def ping_webhook(webhook_id: UUID, caller: SignedIn, desk: Front) -> dict[str, UUID]:
    """Sends a test; what became of it is among the deliveries."""
    command_id = desk.command_id(caller.actor)
    ping = UUID(id_from("ping", command_id))
    await desk.submit(PingWebhook(webhook_id, ping), str(caller.person), caller.actor, command_id)
    return {"notice_id": ping}


@router.get("/webhooks/{webhook_id}/deliveries")
async def deliveries(webhook_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[DeliveryOf]:
    """What was sent there in the last 30 days, the latest 100, and what became of it."""
    rows = await have.notices.deliveries(caller.person, Channel.WEBHOOK.value, webhook_id, 100)
    return [
        DeliveryOf(
            notice_id=row["notice"],
            kind=row["kind"],
            told_at=instant(row["place"]),
            state=row["state"],
            attempts=row["attempts"],
            why=row["why"],
            done_at=row["done_at"],
        )
        for row in rows
    ]


# Web Push.


class Keys(Body):
    p256dh: Annotated[str, Field(min_length=80, max_length=100, pattern=r"^[A-Za-z0-9_=-]+$")]
    auth: Annotated[str, Field(min_length=16, max_length=32, pattern=r"^[A-Za-z0-9_=-]+$")]


class Subscription(Body):
    """A browser's PushSubscription, as its toJSON gives it."""

    endpoint: Annotated[str, Field(min_length=8, max_length=2_000)]
    keys: Keys
    expirationTime: float | None = None  # noqa: N815 the name is the browser's


@router.get("/push/key")
async def push_key(have: Have) -> dict[str, str]:
    """What a browser subscribes with: `applicationServerKey` (RFC 8292)."""
    return {"key": have.push_key}


@router.put("/push/subscription", status_code=204)
async def subscribe(body: Subscription, caller: SignedIn, desk: Front) -> None:
    """This device gets what one is told, also while no page is open, until its session ends."""
    command = SubscribeDevice(caller.device, body.endpoint, f"{body.keys.p256dh}.{body.keys.auth}", caller.session)
    await desk.submit(command, str(caller.person), caller.actor)


@router.delete("/push/subscription", status_code=204)
async def unsubscribe(caller: SignedIn, desk: Front) -> None:
    await desk.submit(UnsubscribeDevice(caller.device), str(caller.person), caller.actor)


def _before(cursor: str | None) -> tuple[int, UUID] | None:
    if cursor is None:
        return None
    place, _, notice = cursor.partition(".")
    try:
        if place.isdecimal() and len(place) < 19:
            return int(place), UUID(notice)
    except ValueError:
        pass
    raise Problem(422, "invalid_request", "cursor: none of ours.")
