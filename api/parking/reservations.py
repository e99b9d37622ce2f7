"""Reservations: hold, confirm, change, cancel, and one's own."""

import asyncio
import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.callers import Caller, Front, Have, SignedIn
from api.identity import Body
from api.parking.lots import Moment, Ready, SpaceName
from api.problems import Problem, not_found
from api.secrets import Secrets, id_from
from api.services import Services
from domain.parking.lot import Cancel, Cancelled, Change, Changed, Confirm, Held, Hold, Status
from domain.parking.plates import plate_of
from domain.parking.stock import Vehicle
from infra.tables import Row

router = APIRouter(tags=["parking"])

PATIENCE, PAUSE = 2.0, 0.05  # seconds that a reservation may take to be seen which was made a moment ago
Amount = Annotated[int | None, Field(ge=0, le=2**53, description="What was quoted, in minor units.")]


Centimetres = Annotated[int, Field(ge=0, le=10_000, description="Of the vehicle; 0: not known.")]


class Plate(Body):
    number: Annotated[str, Field(min_length=1, max_length=32)]
    country: Annotated[str, Field(pattern="^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2.")]

    def normalised(self) -> str:
        """Raises Rejected("plate_invalid")."""
        return plate_of(self.number, self.country)


class NewReservation(Body):
    vehicle: Vehicle = Vehicle.CAR
    start: Moment
    end: Moment
    plate: Plate | None = None
    space: SpaceName = ""
    height: Centimetres = 0
    length: Centimetres = 0
    width: Centimetres = 0
    price: Amount = None
    confirmed: bool = False


class NewInterval(Body):
    start: Moment
    end: Moment
    price: Amount = None


class HeldFor(BaseModel):
    reservation_id: UUID
    status: Status
    pool: str
    start: datetime
    end: datetime
    price: int
    currency: str
    expires: datetime


class Reservation(BaseModel):
    reservation_id: UUID
    lot_id: UUID
    status: Status
    vehicle: Vehicle
    plate: str
    pool: str
    start: datetime
    end: datetime
    price: int
    paid: int
    currency: str
    expires: datetime
    made_at: datetime
    why: str | None = Field(description="How it ended, where it was not by the driver.")
    fee: int | None
    compensation: int | None
    compensation_paid: bool = Field(description="Whether the gateway has paid it out.")
    code: str | None = Field(description="What a gate reads from a QR code; only for the holder.")


@router.get("/reservations")
async def reservations(
    caller: SignedIn,
    have: Have,
    ready: Ready,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str | None, Query(max_length=30, description="A cursor from `Link`.")] = None,
) -> list[Reservation]:
    """One's own, the latest first; `Link` leads to the next page."""
    if before is not None and not (before.isdecimal() and len(before) < 19):
        raise Problem(422, "invalid_request", "before: send a cursor as the answer gave it.")
    rows = await have.lots.reservations(caller.person, limit, None if before is None else int(before))
    if len(rows) == limit:
        response.headers["Link"] = f'</parking/reservations?limit={limit}&before={rows[-1]["made"]}>; rel="next"'
    return list(await asyncio.gather(*(rendered(have, row, caller) for row in rows)))


@router.get("/reservations/{reservation_id}")
async def reservation(
    reservation_id: UUID, caller: SignedIn, have: Have, ready: Ready, response: Response
) -> Reservation:
    """One's own reservation, or one of the car park one works at. Its ETag is the version of the lot."""
    row = await have.lots.reservation(reservation_id)
    if row is None or not (row["holder"] == caller.person or await have.lots.is_staff(row["lot"], caller.person)):
        raise not_found()
    response.headers["ETag"] = f'"{row["version"]}"'
    return await rendered(have, row, caller)


@router.post("/{lot_id}/reservations", status_code=201)
async def hold(lot_id: UUID, body: NewReservation, caller: SignedIn, desk: Front) -> HeldFor:
    """Holds a space over [start, end) for some minutes; with `confirmed`, reserves it. 409 `full`."""
    command_id = desk.command_id(caller.actor)
    command = Hold(
        reservation=UUID(id_from("reservation", command_id)),
        vehicle=body.vehicle,
        start=body.start.astimezone(UTC),
        end=body.end.astimezone(UTC),
        plate=body.plate.normalised() if body.plate else "",
        space=body.space,
        height=body.height,
        length=body.length,
        width=body.width,
        price=body.price,
        confirmed=body.confirmed,
    )
    decision = await desk.submit(command, str(lot_id), caller.actor, command_id)
    held = next(each for each in decision.events if isinstance(each, Held))
    return HeldFor(
        reservation_id=held.reservation,
        status=Status.RESERVED if body.confirmed else Status.PENDING,
        pool=held.taken.pool,
        start=held.start,
        end=held.end,
        price=held.price,
        currency=held.currency,
        expires=held.expires,
    )


@router.post("/{lot_id}/reservations/{reservation_id}/confirmation", status_code=204)
async def confirm(lot_id: UUID, reservation_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Makes a hold a reservation; to be paid when one leaves. 404 where the hold is over."""
    await desk.submit(Confirm(reservation_id), str(lot_id), caller.actor)


@router.patch("/{lot_id}/reservations/{reservation_id}")
async def change(
    lot_id: UUID, reservation_id: UUID, body: NewInterval, caller: SignedIn, desk: Front
) -> dict[str, int | None]:
    """Another interval: earlier, later, longer, shorter; who is in can move the end. Answers the new price."""
    command = Change(reservation_id, body.start.astimezone(UTC), body.end.astimezone(UTC), body.price)
    decision = await desk.submit(command, str(lot_id), caller.actor)
    prices = [each.price for each in decision.events if isinstance(each, Changed)]
    return {"price": prices[0] if prices else None}


@router.delete("/{lot_id}/reservations/{reservation_id}")
async def cancel(lot_id: UUID, reservation_id: UUID, caller: SignedIn, desk: Front) -> dict[str, int]:
    """Gives the space back; answers the fee that is kept under the terms."""
    decision = await desk.submit(Cancel(reservation_id), str(lot_id), caller.actor)
    return {"fee": sum(each.fee for each in decision.events if isinstance(each, Cancelled))}


async def row_of(have: Services, reservation_id: UUID) -> Row:
    """A reservation's row, also of one that was made a moment ago; raises 404."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while (row := await have.lots.reservation(reservation_id)) is None:
        if loop.time() > until:
            raise not_found()
        await asyncio.sleep(PAUSE)
    return row


async def rendered(have: Services, row: Row, caller: Caller) -> Reservation:
    which, own = row["reservation"], row["holder"] == caller.person
    return Reservation(
        reservation_id=which,
        lot_id=row["lot"],
        status=row["status"],
        vehicle=row["vehicle"],
        plate=row["plate"],
        pool=row["pool"],
        start=row["start"],
        end=row["stop"],
        price=row["price"],
        paid=await have.lots.paid(which),
        currency=row["currency"],
        expires=row["expires"],
        made_at=row["made_at"],
        why=row["why"],
        fee=row["fee"],
        compensation=row["compensation"],
        compensation_paid=bool(row["compensation"]) and await _is_paid_out(have, which),
        code=code_of(have.secrets, which) if own else None,
    )


async def _is_paid_out(have: Services, reservation: UUID) -> bool:
    row = await have.invoices.payout(reservation)
    return row is not None and row["state"] == "made"


def code_of(secrets: Secrets, reservation: UUID) -> str:
    """What a QR code holds: the reservation, and a mark that only this installation can make."""
    mark = hmac.digest(secrets.key("parking code"), reservation.bytes, sha256)[:12]
    return f"{reservation.hex}.{mark.hex()}"


def reservation_of(secrets: Secrets, code: str) -> UUID:
    """The reservation of a QR code; raises Problem 422 where the code is none of ours."""
    try:
        found = UUID(hex=code.partition(".")[0])
    except ValueError:
        found = UUID(int=0)
    if not hmac.compare_digest(code_of(secrets, found).encode(), code.encode()):
        raise Problem(422, "code_invalid", "This code is not one of ours.")
    return found
