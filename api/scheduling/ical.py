"""Calendars in and out as iCalendar (RFC 5545): busy times, a feed to subscribe to, invitations (RFC 5546)."""

import asyncio
import base64
import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import icalendar
import orjson
from fastapi import APIRouter, Query, Request, Response

from api.callers import Front, Have, SignedIn
from api.problems import not_found
from api.scheduling.bookings import Key, place_of
from api.scheduling.guests import Anybody, Ready, booking_of, own_calendar
from api.scheduling.settings import Slug
from api.scheduling.slots import ZoneName
from api.secrets import Secrets, id_from
from api.services import Services
from domain.scheduling.calendar import Busy, RenewFeed, SyncBusy
from infra.tables import Row
from producers.calendar_import import Occurrence, taken

router = APIRouter(tags=["scheduling"])

TYPE = "text/calendar; charset=utf-8"
AHEAD, PAST = timedelta(days=400), timedelta(days=31)
STATUS = {"confirmed": "CONFIRMED", "pending": "TENTATIVE", "declined": "CANCELLED", "cancelled": "CANCELLED"}


@router.put("/calendars/{calendar_id}/imports/{source}")
async def import_busy(
    calendar_id: UUID,
    source: Slug,
    request: Request,
    caller: SignedIn,
    desk: Front,
    have: Have,
    ready: Ready,
    zone_name: Annotated[ZoneName, Query(alias="zone")] = "UTC",
) -> dict[str, int]:
    """Takes the busy times of an iCalendar file, in place of those this source had. One's own bookings in it are none.

    `zone` is that of days and times without one.
    """
    await own_calendar(have, calendar_id, caller)
    now = datetime.now(UTC)
    found = await asyncio.to_thread(taken, await request.body(), zone_name, now - timedelta(days=1), now + AHEAD)
    foreign = [each for each in found if not await _is_own(have, calendar_id, each)]
    busy = tuple(Busy(each.start, each.end) for each in foreign)
    await desk.submit(SyncBusy(source, busy), str(calendar_id), caller.actor)
    return {"busy": len(busy), "own": len(found) - len(foreign)}


@router.get("/calendars/{calendar_id}/feed")
async def feed_link(calendar_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> dict[str, str]:
    """The secret path of one's calendar as a feed, for other calendar programs to subscribe to."""
    known = await own_calendar(have, calendar_id, caller)
    return {"path": _feed_path(have.secrets, calendar_id, known.feed)}


@router.post("/calendars/{calendar_id}/feed", status_code=201)
async def renew_feed(calendar_id: UUID, caller: SignedIn, desk: Front, have: Have) -> dict[str, str]:
    """Another secret path: whoever has the one of before sees nothing there any more."""
    command_id = desk.command_id(caller.actor)
    made = UUID(id_from("feed", command_id))
    await desk.submit(RenewFeed(made), str(calendar_id), caller.actor, command_id)
    return {"path": _feed_path(have.secrets, calendar_id, made)}


@router.get("/feeds/{calendar_id}/{key}.ics", response_class=Response)
async def feed(calendar_id: UUID, key: str, have: Have, ready: Ready) -> Response:
    """The bookings of the past month and the year ahead, for whoever has the secret path."""
    known = await have.calendars.settings(calendar_id)
    expected = _feed_key(have.secrets, calendar_id, known.feed if known else None)
    if known is None or not hmac.compare_digest(key.encode(), expected.encode()):
        raise not_found("There is no such feed.")
    now = datetime.now(UTC)
    rows = await have.calendars.hosted(calendar_id, now - PAST, now + AHEAD)
    calendar = _calendar("PUBLISH")
    for row in rows:
        calendar.add_component(_event(have.secrets, row))
    return Response(calendar.to_ical(), media_type=TYPE)


@router.get("/bookings/{booking_id}/invitation.ics", response_class=Response)
async def invitation(booking_id: UUID, caller: Anybody, have: Have, ready: Ready, key: Key = None) -> Response:
    """The booking as a scheduling message: REQUEST, or CANCEL. Same UID always, SEQUENCE rising with each change."""
    row, _ = await booking_of(have, booking_id, caller, key)
    gone = row["status"] in ("cancelled", "declined")
    calendar = _calendar("CANCEL" if gone else "REQUEST")
    event = _event(have.secrets, row)
    calendar_row = await have.calendars.calendar(row["calendar"])
    host = {} if calendar_row is None else await have.people.names([calendar_row["owner"]])
    organizer = icalendar.vCalAddress(f"urn:uuid:{row['calendar']}")
    organizer.params["CN"] = next(iter(host.values()), "Host")
    event.add("ORGANIZER", organizer)
    for address, name in (
        (row["guest_email"], row["guest_name"]),
        *((each, "") for each in orjson.loads(row["others"])),
    ):
        attendee = icalendar.vCalAddress(f"mailto:{address}")
        if name:
            attendee.params["CN"] = name
        attendee.params["PARTSTAT"] = "NEEDS-ACTION"
        event.add("ATTENDEE", attendee)
    calendar.add_component(event)
    return Response(calendar.to_ical(), media_type=f"{TYPE}; method={'CANCEL' if gone else 'REQUEST'}")


def uid_of(secrets: Secrets, booking: UUID) -> str:
    """What calendars know a booking by, for ever. The mark says that it is of this installation."""
    return f"{booking}@{secrets.calendar_mark}.septet"


async def _is_own(have: Services, calendar: UUID, occurrence: Occurrence) -> bool:
    booking, _, _ = occurrence.uid.partition("@")
    try:
        if occurrence.uid != uid_of(have.secrets, UUID(booking)):
            return False
    except ValueError:
        return False
    row = await have.calendars.booking(UUID(booking))
    return row is not None and row["calendar"] == calendar


def _feed_path(secrets: Secrets, calendar: UUID, feed: UUID | None) -> str:
    return f"/scheduling/feeds/{calendar}/{_feed_key(secrets, calendar, feed)}.ics"


def _feed_key(secrets: Secrets, calendar: UUID, feed: UUID | None) -> str:
    made = hmac.digest(secrets.key("feed"), calendar.bytes + (feed.bytes if feed else b""), sha256)
    return base64.urlsafe_b64encode(made[:24]).decode()


def _calendar(method: str) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//Septet//Scheduling//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method)
    return calendar


def _event(secrets: Secrets, row: Row) -> icalendar.Event:
    event = icalendar.Event()
    fields: dict[str, Any] = {
        "UID": uid_of(secrets, row["booking"]),
        "SEQUENCE": row["sequence"],
        "DTSTAMP": row["changed_at"],
        "DTSTART": row["start"],
        "DTEND": row["start"] + timedelta(minutes=row["minutes"]),
        "SUMMARY": row["title"],
        "STATUS": STATUS[row["status"]],
    }
    for name, value in fields.items():
        event.add(name, value)
    if place := place_of(row):
        event.add("LOCATION", place)
        if place.startswith("https://"):
            event.add("URL", place)
    return event
