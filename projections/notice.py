"""What somebody was told, what became of it, and how they want to be told."""

import asyncio
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from domain.notice.recipient import (
    Cleared,
    Delivered,
    DeviceSubscribed,
    DeviceUnsubscribed,
    Due,
    EmailConfirmed,
    EmailGiven,
    EmailRemoved,
    Failed,
    PreferencesSet,
    Read,
    WebhookAdded,
    WebhookDisabled,
    WebhookEnabled,
    WebhookRemoved,
)
from infra.tables import Row, Table, Tables, Write
from projections.projection import Projection, Writes
from schemas.envelope import Recorded

KEPT, LOGGED = timedelta(days=180), timedelta(days=30)  # notices; what became of their deliveries

NOTICES = Table(
    "notice_notices",
    partition={"person": UUID},
    clustering={"place": int, "notice": UUID},  # microseconds of when it was due
    columns={
        "category": str,
        "kind": str,
        "subject": str,
        "text": str,
        "link": str,
        "about": str,  # JSON
        "urgent": bool,
    },
    descending=True,
    ttl=KEPT,
)
READ = Table(
    "notice_read", partition={"person": UUID}, clustering={"notice": UUID}, columns={"read_at": datetime}, ttl=KEPT
)
DELIVERIES = Table(
    "notice_deliveries",
    partition={"person": UUID, "channel": str, "target": UUID},
    clustering={"place": int, "notice": UUID},
    columns={"kind": str},
    descending=True,
    ttl=LOGGED,
)
OUTCOMES = Table(
    "notice_outcomes",
    partition={"person": UUID, "notice": UUID},
    clustering={"channel": str, "target": UUID},
    columns={"state": str, "attempts": int, "why": str, "done_at": datetime},  # delivered, failed
    ttl=LOGGED,
)
SETTINGS = Table(
    "notice_settings",
    partition={"person": UUID},
    columns={"choices": str, "quiet": str, "email": str, "asked_email": str},
)
WEBHOOKS = Table(
    "notice_webhooks",
    partition={"person": UUID},
    clustering={"webhook": UUID},
    columns={"url": str, "disabled": str, "added_at": datetime},  # disabled: why; "" where it is not
)
DEVICES = Table(
    "notice_devices",
    partition={"person": UUID},
    clustering={"device": UUID},
    columns={"endpoint": str, "subscribed_at": datetime},
)

notices = Projection(
    "notice",
    version=1,
    systems=["notice"],
    tables=[NOTICES, READ, DELIVERIES, OUTCOMES, SETTINGS, WEBHOOKS, DEVICES],
)


def _settings(at: Recorded, **values: Any) -> Writes:
    return [SETTINGS.put(at.micros, person=UUID(at.aggregate_id), **values)]


@notices.on(PreferencesSet)
def preferences_set(event: PreferencesSet, at: Recorded) -> Writes:
    choices = {each.category.value: [one.value for one in each.channels] for each in event.choices}
    quiet = None if event.quiet is None else asdict(event.quiet)
    return _settings(at, choices=msgspec.json.encode(choices).decode(), quiet=msgspec.json.encode(quiet).decode())


@notices.on(EmailGiven)
def email_given(event: EmailGiven, at: Recorded) -> Writes:
    return _settings(at, asked_email=event.address)


@notices.on(EmailConfirmed)
def email_confirmed(event: EmailConfirmed, at: Recorded) -> Writes:
    return _settings(at, email=event.address, asked_email="")


@notices.on(EmailRemoved)
def email_removed(event: EmailRemoved, at: Recorded) -> Writes:
    return _settings(at, email="", asked_email="")


@notices.on(WebhookAdded)
def webhook_added(event: WebhookAdded, at: Recorded) -> Writes:
    person = UUID(at.aggregate_id)
    return [WEBHOOKS.put(at.micros, person=person, webhook=event.webhook, url=event.url, disabled="", added_at=at.time)]


@notices.on(WebhookRemoved)
def webhook_removed(event: WebhookRemoved, at: Recorded) -> Writes:
    return [WEBHOOKS.remove(at.micros, person=UUID(at.aggregate_id), webhook=event.webhook)]


@notices.on(WebhookDisabled)
def webhook_disabled(event: WebhookDisabled, at: Recorded) -> Writes:
    return [WEBHOOKS.put(at.micros, person=UUID(at.aggregate_id), webhook=event.webhook, disabled=event.why or "?")]


@notices.on(WebhookEnabled)
def webhook_enabled(event: WebhookEnabled, at: Recorded) -> Writes:
    return [WEBHOOKS.put(at.micros, person=UUID(at.aggregate_id), webhook=event.webhook, disabled="")]


@notices.on(DeviceSubscribed)
def device_subscribed(event: DeviceSubscribed, at: Recorded) -> Writes:
    person = UUID(at.aggregate_id)
    return [DEVICES.put(at.micros, person=person, device=event.device, endpoint=event.endpoint, subscribed_at=at.time)]


@notices.on(DeviceUnsubscribed)
def device_unsubscribed(event: DeviceUnsubscribed, at: Recorded) -> Writes:
    return [DEVICES.remove(at.micros, person=UUID(at.aggregate_id), device=event.device)]


@notices.on(Due)
def due(event: Due, at: Recorded) -> Writes:
    """A row of the list, and one for each way that it goes."""
    person, what = UUID(at.aggregate_id), event.what
    told = NOTICES.put(
        at.micros,
        person=person,
        place=at.micros,
        notice=what.notice,
        category=what.category.value,
        kind=what.kind,
        subject=what.subject,
        text=what.text,
        link=what.link,
        about=msgspec.json.encode(what.about).decode(),
        urgent=what.urgent,
    )
    ways = [
        DELIVERIES.put(
            at.micros,
            person=person,
            channel=each.channel.value,
            target=each.target,
            place=at.micros,
            notice=what.notice,
            kind=what.kind,
        )
        for each in event.deliveries
    ]
    return [told, *ways] if event.in_app else ways


@notices.on(Read)
def read(event: Read, at: Recorded) -> Writes:
    return [READ.put(at.micros, person=UUID(at.aggregate_id), notice=event.notice, read_at=at.time)]


@notices.on(Delivered)
def delivered(event: Delivered, at: Recorded) -> Writes:
    return [_outcome(event, at, "delivered", "")]


@notices.on(Failed)
def failed(event: Failed, at: Recorded) -> Writes:
    return [_outcome(event, at, "failed", event.why)]


def _outcome(event: Delivered | Failed, at: Recorded, state: str, why: str) -> Write:
    return OUTCOMES.put(
        at.micros,
        person=UUID(at.aggregate_id),
        notice=event.notice,
        channel=event.channel.value,
        target=event.target,
        state=state,
        attempts=event.attempts,
        why=why,
        done_at=at.time,
    )


@notices.on(Cleared)
def cleared(event: Cleared, at: Recorded) -> Writes:
    """What is personal of the rest can be read by nobody any more."""
    return _settings(at, choices="{}", quiet="null", email="", asked_email="")


class Notices:
    """Queries on one person's notices, for themselves alone."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def page(self, person: UUID, before: tuple[int, UUID] | None, limit: int) -> list[Row]:
        """Up to `limit` notices with their `read_at`, the latest first; older ones than `before`, where it is given."""
        rows = await self._tables.scan(NOTICES, person=person, below=before, limit=limit)
        marks = await asyncio.gather(*(self._tables.get(READ, person=person, notice=row["notice"]) for row in rows))
        return [{**row, "read_at": mark and mark["read_at"]} for row, mark in zip(rows, marks, strict=True)]

    async def settings(self, person: UUID) -> Row:
        """Channels by category, quiet hours, the proven address and the one that waits for its code."""
        row = await self._tables.get(SETTINGS, person=person) or {}
        return {
            "choices": msgspec.json.decode(row.get("choices") or "{}"),
            "quiet": msgspec.json.decode(row.get("quiet") or "null"),
            "email": row.get("email") or "",
            "asked_email": row.get("asked_email") or "",
        }

    async def webhooks(self, person: UUID) -> list[Row]:
        rows = await self._tables.scan(WEBHOOKS, person=person, limit=100)
        return [row for row in rows if row["url"] is not None]

    async def devices(self, person: UUID) -> list[Row]:
        return await self._tables.scan(DEVICES, person=person, limit=100)

    async def deliveries(self, person: UUID, channel: str, target: UUID, limit: int) -> list[Row]:
        """What went, or is to go, one way, the latest first, with its `state`, `attempts`, `why` and `done_at`."""
        way: dict[str, Any] = {"person": person, "channel": channel, "target": target}
        rows = await self._tables.scan(DELIVERIES, limit=limit, **way)
        outcomes = await asyncio.gather(*(self._tables.get(OUTCOMES, notice=row["notice"], **way) for row in rows))
        return [
            {
                **row,
                "state": outcome["state"] if outcome else "waiting",
                "attempts": outcome["attempts"] if outcome else 0,
                "why": outcome["why"] if outcome else "",
                "done_at": outcome["done_at"] if outcome else None,
            }
            for row, outcome in zip(rows, outcomes, strict=True)
        ]
