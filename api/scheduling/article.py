"""The article's endpoints: users, events, reminders; the same bookings under its names."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from api.callers import Caller, Desk, Front, Have, SignedIn
from api.identity import Body, NewPerson, register
from api.marks import ARTICLE
from api.problems import Problem, not_found
from api.scheduling.bookings import Email, NewBooking, ReminderBody, answer, appointment, shown
from api.scheduling.guests import Ready, booking_of
from api.services import Services
from domain.kernel import Reason, Rejected
from domain.scheduling.calendar import Book, SetReminder

router = APIRouter(tags=["scheduling"])


class EventWanted(Body):
    """An event with a host: `event_type_id` is the slug of one of the host's event types."""

    event_type_id: str
    start_time: AwareDatetime
    end_time: AwareDatetime
    participants: tuple[Email, ...] = ()
    location: Annotated[str, Field(max_length=4_096)] = ""


class NewEvent(EventWanted):
    user_id: UUID = Field(description="The host.")


@router.post("/users", status_code=201, openapi_extra=ARTICLE)
async def create_user(body: NewPerson, desk: Front, have: Have) -> dict[str, UUID]:
    """Registers a person. 409 `taken`."""
    return {"user_id": (await register(body, desk, have)).user_id}


@router.get("/users/{user_id}", openapi_extra=ARTICLE)
async def user(user_id: UUID, caller: SignedIn, have: Have) -> dict[str, Any]:
    """A person's name, and whether they have a calendar."""
    row = await have.people.person(user_id)
    if row is None:
        raise not_found("There is nobody with this id.")
    return {"user_id": user_id, "name": row["name"], "has_calendar": await have.calendars.calendar(user_id) is not None}


@router.post("/api/events", status_code=201, openapi_extra=ARTICLE)
async def create_event(body: NewEvent, caller: SignedIn, desk: Front, have: Have) -> dict[str, Any]:
    """Books an event with a host. 409 where the time is not free, whoever asks."""
    return await _create(body.user_id, body, caller, desk, have)


@router.post("/users/{user_id}/events", status_code=201, openapi_extra=ARTICLE)
async def create_event_of(
    user_id: UUID, body: EventWanted, caller: SignedIn, desk: Front, have: Have
) -> dict[str, Any]:
    """The same, with the host in the path."""
    return await _create(user_id, body, caller, desk, have)


@router.get("/api/events", openapi_extra=ARTICLE)
async def events(user_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """The caller's events of the year ahead and the month past, as host and as guest. 403 for anybody else's."""
    return await _events(user_id, caller, have)


@router.get("/users/{user_id}/events", openapi_extra=ARTICLE)
async def events_of(user_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """The same, with the person in the path."""
    return await _events(user_id, caller, have)


@router.post("/api/events/{event_id}/reminder", status_code=201, openapi_extra=ARTICLE)
async def set_reminder(
    event_id: UUID, body: ReminderBody, caller: SignedIn, desk: Front, have: Have, ready: Ready
) -> dict[str, Any]:
    """Reminds so many minutes before. 404 where there is no such event, or it is not the caller's."""
    row, _ = await booking_of(have, event_id, caller, None)
    await desk.submit(SetReminder(event_id, body.minutes), str(row["calendar"]), caller.actor)
    return {"event_id": event_id, "minutes": body.minutes}


async def _create(host: UUID, body: EventWanted, caller: Caller, desk: Desk, have: Services) -> dict[str, Any]:
    seconds = (body.end_time - body.start_time).total_seconds()
    if not 60 <= seconds <= 10**8 or seconds % 60:
        raise Problem(422, "time_invalid", "Let it end whole minutes after it starts.")
    wanted_body = NewBooking(
        event_type=body.event_type_id,
        start=body.start_time,
        minutes=int(seconds) // 60,
        email=body.participants[0] if body.participants else "nobody@example.invalid",
        guests=body.participants[1:],
        location=body.location,
    )
    command_id = desk.command_id(caller.actor)
    wanted, key = appointment(have, host, wanted_body, caller, command_id)
    decision = await desk.submit(Book(wanted), str(host), caller.actor, command_id)
    found = answer(host, wanted, key, decision.events)
    return {"event_id": wanted.booking, "user_id": host, "status": found["status"], **_times(body)}


async def _events(user_id: UUID, caller: Caller, have: Services) -> list[dict[str, Any]]:
    if user_id != caller.person:
        raise Rejected("not_yours", "You can see only your own events.", Reason.FORBIDDEN)
    now = datetime.now(UTC)
    hosted = await have.calendars.hosted(user_id, now - timedelta(days=31), now + timedelta(days=365))
    booked = await have.calendars.of_guest(user_id)
    found = {row["booking"]: shown(row, is_host=row["calendar"] == user_id) for row in (*booked, *hosted)}
    return [{"event_id": each["booking_id"], **each} for each in sorted(found.values(), key=lambda one: one["start"])]


def _times(body: EventWanted) -> dict[str, Any]:
    return {"start_time": body.start_time, "end_time": body.end_time}
