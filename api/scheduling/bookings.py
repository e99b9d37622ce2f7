"""Bookings: holding a time, taking it, moving it, giving it back."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from api.callers import Caller, Front, Have, SignedIn
from api.identity import Body
from api.scheduling.guests import Anybody, Ready, actor_of, booking_of, key_of, proof_of
from api.secrets import id_from
from api.services import Services
from domain.scheduling.calendar import (
    Appointment,
    Approve,
    Book,
    BookDespite,
    Booked,
    Cancel,
    ChangeGuests,
    Decline,
    Guest,
    Held,
    Hold,
    MarkNoShow,
    Release,
    RenewKey,
    Reschedule,
    SetReminder,
    WithdrawKey,
)
from domain.scheduling.event_type import Place
from infra.tables import Row

router = APIRouter(tags=["scheduling"])

Text = Annotated[str, Field(max_length=4_096)]
Key = Annotated[str | None, Query(max_length=100, description="The secret of the booking's link.")]
Email = Annotated[str, Field(min_length=3, max_length=254)]


class NewHold(Body):
    event_type: str
    start: AwareDatetime
    minutes: Annotated[int, Field(ge=1, le=10**6)] = 30
    seats: Annotated[int, Field(ge=1, le=1_000)] = 1


class NewBooking(NewHold):
    """`booking_id` and `key` of one's hold, where there is one."""

    zone: Annotated[str, Field(max_length=64)] = "UTC"
    name: Annotated[str, Field(max_length=100)] = ""  # of the guest: the signed-in caller's where left out
    email: Email
    answers: dict[str, str] = Field(default_factory=dict)
    guests: tuple[Email, ...] = ()
    location: Text = ""
    booking_id: UUID | None = None
    key: Annotated[str | None, Field(max_length=100)] = None


class Deliberate(NewBooking):
    reason: Annotated[str, Field(min_length=1, max_length=300)]


class Reasoned(Body):
    reason: Text = ""


class Move(Reasoned):
    start: AwareDatetime
    minutes: Annotated[int, Field(ge=1, le=10**6)] = 30
    zone: Annotated[str, Field(max_length=64)] = "UTC"


class Guests(Body):
    guests: tuple[Email, ...]


class ReminderBody(Body):
    minutes: Annotated[int, Field(ge=1, le=10**6, description="Before the start.")]


@router.post("/calendars/{calendar_id}/holds", status_code=201)
async def hold(calendar_id: UUID, body: NewHold, caller: Anybody, desk: Front, have: Have) -> dict[str, Any]:
    """Keeps a time for some minutes, while the form is filled. 409 with what stands against it."""
    actor = actor_of(caller)
    command_id = desk.command_id(actor)
    booking = UUID(id_from("booking", str(calendar_id), command_id))
    key = key_of(have.secrets, booking)
    command = Hold(booking, body.event_type, body.start, body.minutes, body.seats, proof_of(key))
    decision = await desk.submit(command, str(calendar_id), actor, command_id)
    held = decision.events[-1]
    assert isinstance(held, Held)
    return {"booking_id": booking, "key": key, "until": held.until}


@router.delete("/calendars/{calendar_id}/holds/{booking_id}", status_code=204)
async def release(calendar_id: UUID, booking_id: UUID, caller: Anybody, desk: Front, key: Key = None) -> None:
    """Gives a hold back."""
    await desk.submit(Release(booking_id, proof_of(key)), str(calendar_id), actor_of(caller))


@router.post("/calendars/{calendar_id}/bookings", status_code=201)
async def book(calendar_id: UUID, body: NewBooking, caller: Anybody, desk: Front, have: Have) -> dict[str, Any]:
    """Books a time, one's hold where its id and key are sent. 409 with what stands against it."""
    actor = actor_of(caller)
    command_id = desk.command_id(actor)
    wanted, key = appointment(have, calendar_id, body, caller, command_id)
    decision = await desk.submit(Book(wanted), str(calendar_id), actor, command_id)
    return answer(calendar_id, wanted, key, decision.events)


@router.post("/calendars/{calendar_id}/bookings/overlapping", status_code=201)
async def book_despite(
    calendar_id: UUID, body: Deliberate, caller: SignedIn, desk: Front, have: Have
) -> dict[str, Any]:
    """Books a time as the host although something stands against it; the reason and the overlap are recorded."""
    command_id = desk.command_id(caller.actor)
    wanted, key = appointment(have, calendar_id, body, caller, command_id)
    decision = await desk.submit(BookDespite(wanted, body.reason), str(calendar_id), caller.actor, command_id)
    found = answer(calendar_id, wanted, key, decision.events)
    booked = next((each for each in decision.events if isinstance(each, Booked)), None)
    return {**found, "despite": booked.despite if booked else (), "overlaps": booked.overlaps if booked else ()}


@router.get("/bookings")
async def mine(caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """What the caller has booked with others while signed in."""
    return [shown(row, is_host=False) for row in await have.calendars.of_guest(caller.person)]


@router.get("/bookings/{booking_id}")
async def booking(booking_id: UUID, caller: Anybody, have: Have, ready: Ready, key: Key = None) -> dict[str, Any]:
    """One booking, for its host, its guest, and whoever has its link; 404 for all others."""
    row, is_host = await booking_of(have, booking_id, caller, key)
    return shown(row, is_host)


@router.get("/bookings/{booking_id}/history")
async def history(booking_id: UUID, caller: Anybody, have: Have, ready: Ready, key: Key = None) -> list[dict[str, Any]]:
    """What became of a booking: booked, moved from where to where and why, approved, reminded, cancelled."""
    _, is_host = await booking_of(have, booking_id, caller, key)
    rows = await have.calendars.history(booking_id)
    shown_to_host = ("what", "was", "start", "by_host", "reason")
    return [
        {name: row[name] for name in shown_to_host if is_host or name != "reason" or row["what"] != "booked"}
        for row in rows
    ]


@router.post("/calendars/{calendar_id}/bookings/{booking_id}/cancellation", status_code=204)
async def cancel(
    calendar_id: UUID, booking_id: UUID, body: Reasoned, caller: Anybody, desk: Front, key: Key = None
) -> None:
    """Cancels, as the host or the guest; the time is free at once."""
    await desk.submit(Cancel(booking_id, body.reason, proof_of(key)), str(calendar_id), actor_of(caller))


@router.post("/calendars/{calendar_id}/bookings/{booking_id}/move", status_code=204)
async def move(calendar_id: UUID, booking_id: UUID, body: Move, caller: Anybody, desk: Front, key: Key = None) -> None:
    """Moves a booking to another time that is free, its own time apart. 409 with what stands against it."""
    command = Reschedule(booking_id, body.start, body.minutes, body.zone, body.reason, proof_of(key))
    await desk.submit(command, str(calendar_id), actor_of(caller))


@router.put("/calendars/{calendar_id}/bookings/{booking_id}/guests", status_code=204)
async def change_guests(
    calendar_id: UUID, booking_id: UUID, body: Guests, caller: Anybody, desk: Front, key: Key = None
) -> None:
    """Who else comes."""
    await desk.submit(ChangeGuests(booking_id, body.guests, proof_of(key)), str(calendar_id), actor_of(caller))


@router.post("/calendars/{calendar_id}/bookings/{booking_id}/reminders", status_code=201)
async def remind(
    calendar_id: UUID, booking_id: UUID, body: ReminderBody, caller: Anybody, desk: Front, key: Key = None
) -> dict[str, int]:
    """One more reminder, so many minutes before the start."""
    await desk.submit(SetReminder(booking_id, body.minutes, proof_of(key)), str(calendar_id), actor_of(caller))
    return {"minutes": body.minutes}


@router.post("/calendars/{calendar_id}/bookings/{booking_id}/key", status_code=201)
async def renew_key(
    calendar_id: UUID, booking_id: UUID, caller: Anybody, desk: Front, have: Have, key: Key = None
) -> dict[str, str]:
    """Another key, for host or guest: the one of before opens nothing any more. Meetings of a series share theirs."""
    actor = actor_of(caller)
    command_id = desk.command_id(actor)
    renewed = key_of(have.secrets, booking_id, UUID(id_from("key", str(booking_id), command_id)))
    command = RenewKey(booking_id, proof_of(renewed), proof_of(key))
    await desk.submit(command, str(calendar_id), actor, command_id)
    return {"key": renewed}


@router.delete("/calendars/{calendar_id}/bookings/{booking_id}/key", status_code=204)
async def withdraw_key(calendar_id: UUID, booking_id: UUID, caller: Anybody, desk: Front, key: Key = None) -> None:
    """Has no key open the booking any more, for host or guest."""
    await desk.submit(WithdrawKey(booking_id, proof_of(key)), str(calendar_id), actor_of(caller))


@router.post("/calendars/{calendar_id}/bookings/{booking_id}/approval", status_code=204)
async def approve(calendar_id: UUID, booking_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Says yes, as the host; checked again where others could have the time meanwhile."""
    await desk.submit(Approve(booking_id), str(calendar_id), caller.actor)


@router.post("/calendars/{calendar_id}/bookings/{booking_id}/refusal", status_code=204)
async def decline(calendar_id: UUID, booking_id: UUID, body: Reasoned, caller: SignedIn, desk: Front) -> None:
    """Says no, as the host."""
    await desk.submit(Decline(booking_id, body.reason), str(calendar_id), caller.actor)


@router.post("/calendars/{calendar_id}/bookings/{booking_id}/no-show", status_code=204)
async def no_show(calendar_id: UUID, booking_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Notes, as the host, that nobody came."""
    await desk.submit(MarkNoShow(booking_id), str(calendar_id), caller.actor)


def appointment(
    have: Services, calendar: UUID, body: NewBooking, caller: Caller | None, command_id: str
) -> tuple[Appointment, str]:
    """What a body asks for, and the key of the booking it makes."""
    booking = body.booking_id or UUID(id_from("booking", str(calendar), command_id))
    # The id of a hold comes with its key: who has not got the key gets nothing but a refusal.
    key = (body.key or "") if body.booking_id else key_of(have.secrets, booking)
    name = body.name or (caller.name if caller is not None else "")
    guest = Guest(name, body.email, None if caller is None else caller.person, body.answers)
    wanted = Appointment(
        booking=booking,
        slug=body.event_type,
        start=body.start,
        minutes=body.minutes,
        seats=body.seats,
        zone=body.zone,
        guest=guest,
        others=body.guests,
        proof=proof_of(key),
        place=body.location,
    )
    return wanted, key


def answer(calendar: UUID, wanted: Appointment, key: str, events: tuple[object, ...]) -> dict[str, Any]:
    """What the one who booked is told."""
    booked = next((each for each in events if isinstance(each, Booked)), None)
    return {
        "booking_id": wanted.booking,
        "calendar_id": calendar,
        "key": key,
        "status": booked.status.value if booked else "confirmed",
        "start": wanted.start,
        "minutes": wanted.minutes,
        "wall": booked.meant.wall if booked else "",
        "zone": wanted.zone,
    }


def shown(row: Row, is_host: bool) -> dict[str, Any]:
    """A booking as its host or its guest sees it."""
    found = {
        "booking_id": row["booking"],
        "calendar_id": row["calendar"],
        "event_type": row["slug"],
        "title": row["title"],
        "start": row["start"],
        "minutes": row["minutes"],
        "status": row["status"],
        "seats": row["seats"],
        "guest": {"name": row["guest_name"], "email": row["guest_email"], "user_id": row["guest_person"]},
        "answers": orjson.loads(row["answers"]),
        "guests": orjson.loads(row["others"]),
        "meant": {"zone": row["zone"], "wall": row["wall"], "tzdata": row["tzdata"]},
        "location": {"kind": row["location_kind"], "text": place_of(row)},
        "price": row["price"],
        "currency": row["currency"],
        "meeting_id": row["meeting"],
        "series_id": row["series"],
        "public": bool(row["public"]),
        "reason": row["reason"] or "",
        "sequence": row["sequence"],
        "no_show": bool(row["no_show"]),
    }
    if is_host:
        despite, overlaps = orjson.loads(row["despite"]), orjson.loads(row["overlaps"])
        found |= {"despite": despite, "overlaps": overlaps, "overlap_reason": row["overlap_reason"]}
    return found


def place_of(row: Row) -> str:
    """Where they meet; "" for a video meeting that was cancelled or declined: nobody waits there."""
    is_over = row["location_kind"] == Place.VIDEO and row["status"] in ("cancelled", "declined")
    return "" if is_over else row["location"] or ""
