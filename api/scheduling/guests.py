"""Who asks for a time: signed in or not; a guest who is not is known by the secret in their link."""

import asyncio
import base64
import hmac
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from api.callers import Caller, caller_of, seen_in
from api.problems import not_found
from api.secrets import Secrets
from api.services import Services
from domain.kernel import ANONYMOUS, Actor
from domain.scheduling.calendar import Calendar
from infra.tables import Row

SOON, LOOKS = 2.0, 50  # seconds

Ready = Annotated[None, Depends(seen_in("projection.scheduling"))]


async def caller_or_nobody(request: Request) -> Caller | None:
    """The signed-in person, or None where no token was sent; a wrong token is refused as ever."""
    return await caller_of(request) if "Authorization" in request.headers else None


Anybody = Annotated[Caller | None, Depends(caller_or_nobody)]


def actor_of(caller: Caller | None) -> Actor:
    return ANONYMOUS if caller is None else caller.actor


def key_of(secrets: Secrets, booking: UUID, renewal: UUID | None = None) -> str:
    """The secret in a booking's link, at first or of a renewal: whoever has it may see, move and cancel the booking."""
    made = hmac.digest(secrets.key("booking"), booking.bytes + (renewal.bytes if renewal else b""), sha256)
    return base64.urlsafe_b64encode(made[:24]).decode()


def proof_of(key: str | None) -> bytes:
    """What the log keeps of the key: enough to know it again, too little to make it."""
    return b"" if key is None else sha256(key.encode()).digest()


async def calendar_of(have: Services, calendar: UUID) -> Calendar:
    """A calendar's settings; 404 where nobody opened it."""
    found = await have.calendars.settings(calendar)
    if found is None:
        raise not_found("There is no such calendar.")
    return found


async def own_calendar(have: Services, calendar: UUID, caller: Caller) -> Calendar:
    """The same for its owner alone; for anybody else there is none."""
    found = await calendar_of(have, calendar)
    if found.owner != caller.person:
        raise not_found("There is no such calendar, or it is not yours.")
    return found


async def shown_soon(have: Services, booking: UUID) -> None:
    """Waits for a moment where there is no such booking: one that was made just now shows a little later."""
    for _ in range(LOOKS):
        if await have.calendars.booking(booking) is not None:
            return
        await asyncio.sleep(SOON / LOOKS)


async def booking_of(have: Services, booking: UUID, caller: Caller | None, key: str | None) -> tuple[Row, bool]:
    """A booking and whether the caller is its host; 404 for all but host, guest, and who has the key."""
    row = await have.calendars.booking(booking)
    if row is not None:
        calendar = await have.calendars.calendar(row["calendar"])
        is_host = caller is not None and calendar is not None and calendar["owner"] == caller.person
        is_guest = caller is not None and row["guest_person"] == caller.person
        knows = key is not None and row["proof"] != b"" and hmac.compare_digest(row["proof"], proof_of(key))
        if is_host or is_guest or knows:
            return row, is_host
    raise not_found("There is no such booking, or it is not for you.")
