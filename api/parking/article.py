"""The article's own endpoints, for clients that know no other; the caller is always the signed-in person."""

from datetime import UTC, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field

from api.callers import Caller, Front, Have, Known, SignedIn
from api.identity import Body, NewPerson, SignIn, Tokens, register, sign_in
from api.marks import ARTICLE
from api.parking.lots import Moment, Ready
from api.parking.reservations import Plate, Reservation, rendered, row_of
from api.problems import not_found
from api.secrets import id_from
from domain.kernel import Reason, Rejected
from domain.parking.lot import Cancel, Held, Hold, Status
from domain.parking.stock import Vehicle

router = APIRouter(tags=["parking"])


class Wish(Body):
    user_id: UUID
    timestamp: Moment
    minutes: Annotated[int, Field(ge=1, le=44_640)] = 60
    vehicle: Vehicle = Vehicle.CAR
    plate: Plate | None = None


class Profile(Body):
    user_id: UUID
    name: str
    phone_number: str
    reservations: list[Reservation]


def check_self(user_id: UUID, caller: Caller) -> None:
    """Raises 403 where a body or a path names somebody else."""
    if user_id != caller.person:
        raise Rejected("not_yours", "You can do this only for yourself.", Reason.FORBIDDEN)


@router.post("/{parking_id}/reserve", status_code=201, openapi_extra=ARTICLE)
async def reserve(parking_id: UUID, body: Wish, caller: SignedIn, desk: Front) -> dict[str, Any]:
    """Reserves a space from an instant on, for an hour unless it says otherwise. 409 `full`."""
    check_self(body.user_id, caller)
    command_id = desk.command_id(caller.actor)
    start = body.timestamp.astimezone(UTC)
    end = start + timedelta(minutes=body.minutes)
    plate = body.plate.normalised() if body.plate else ""
    which = UUID(id_from("reservation", command_id))
    command = Hold(which, body.vehicle, start, end, plate, confirmed=True)
    decision = await desk.submit(command, str(parking_id), caller.actor, command_id)
    held = next(each for each in decision.events if isinstance(each, Held))
    return {
        "reservation_id": which,
        "status": Status.RESERVED,
        "start": held.start,
        "end": held.end,
        "price": held.price,
        "currency": held.currency,
    }


@router.delete("/reservation/{reservation_id}", status_code=204, openapi_extra=ARTICLE)
async def cancel(reservation_id: UUID, caller: SignedIn, desk: Front, have: Have) -> None:
    """Gives one's reservation back, under its terms."""
    row = await row_of(have, reservation_id)
    if row["holder"] != caller.person:
        raise not_found()
    await desk.submit(Cancel(reservation_id), str(row["lot"]), caller.actor)


@router.post("/user/register", status_code=201, openapi_extra=ARTICLE)
async def register_user(body: NewPerson, desk: Front, have: Have) -> dict[str, UUID]:
    """Registers a person. 409 `taken`."""
    return {"user_id": (await register(body, desk, have)).user_id}


@router.post("/user/login", status_code=201, openapi_extra=ARTICLE)
async def login(body: SignIn, request: Request, desk: Front, have: Have, callers: Known) -> Tokens:
    """Opens a session. 401 `sign_in_failed`, 429 `locked_out` and `too_many_attempts`."""
    return await sign_in(body, request, desk, have, callers)


@router.get("/user/{user_id}", openapi_extra=ARTICLE)
async def user(user_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> Profile:
    """One's own account with the latest reservations."""
    check_self(user_id, caller)
    row = await have.people.person(user_id)
    if row is None:
        raise not_found()
    rows = await have.lots.reservations(user_id, 50)
    found = [await rendered(have, each, caller) for each in rows]
    return Profile(user_id=user_id, name=row["name"], phone_number=row["phone"], reservations=found)
