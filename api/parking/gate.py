"""The gates and what the staff sees: vehicles in and out, tickets, the map of spaces, the diary."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.callers import Front, Have, SignedIn
from api.identity import Body
from api.parking.guide import Nearby, spaces_near
from api.parking.lots import Ready, check_staff, lot_seen
from api.parking.reservations import Centimetres, Plate, reservation_of
from api.problems import Problem, not_found
from api.secrets import id_from
from domain.parking.lot import Authorise, DeclareLost, Enter, Entered, Exit, Exited, Validate
from domain.parking.plates import misread, plate_of
from domain.parking.price import Price
from domain.parking.stock import Vehicle, pools_for
from domain.parking.tariff import Allowance, Validation

router = APIRouter(tags=["parking"])

MISREAD = 2.0  # letters: beyond that a plate is another one


class Entry(Body):
    plate: Plate
    vehicle: Vehicle = Vehicle.CAR
    code: Annotated[str | None, Field(max_length=100, description="From the QR code of a reservation.")] = None
    height: Centimetres = 0
    length: Centimetres = 0
    width: Centimetres = 0
    payment_method: Annotated[
        str, Field(max_length=32, description="A card or a wallet to be charged at the exit; none where left out.")
    ] = ""
    near: Annotated[Nearby | None, Field(description="Asks for the nearest free space, where there is a plan.")] = None


class Departure(Body):
    plate: Plate | None = None
    ticket_id: UUID | None = None


class Let(BaseModel):
    ticket_id: UUID
    reserved: bool
    space: str
    level: str
    pool: str
    until: datetime | None


class Left(BaseModel):
    ticket_id: UUID
    price: int
    paid: int
    currency: str


class NewValidation(Body):
    code: Annotated[str, Field(min_length=1, max_length=64)]
    allowance: Allowance
    value: Annotated[int, Field(ge=1, le=10**9)]


class TicketOf(BaseModel):
    ticket_id: UUID
    lot_id: UUID
    plate: str
    vehicle: Vehicle
    space: str
    entered_at: datetime
    until: datetime | None
    exited_at: datetime | None
    lost: bool
    overstays: bool
    price: Price
    paid: int
    due: int
    good_for: int = Field(description="What a card is good for; so much can be taken when the vehicle leaves.")


@router.post("/{lot_id}/gate/entry", status_code=201)
async def entry(lot_id: UUID, body: Entry, caller: SignedIn, desk: Front, have: Have) -> Let:
    """A vehicle is at the gate. 409 `full`, `already_inside`, `closed`, `too_early`."""
    command_id = desk.command_id(caller.actor)
    ticket = UUID(id_from("ticket", command_id))
    reservation = None if body.code is None else reservation_of(have.secrets, body.code)
    near = () if body.near is None else await spaces_near(have, lot_id, pools_for(body.vehicle), body.near)
    size = (body.height, body.length, body.width)
    command = Enter(ticket, body.plate.normalised(), body.vehicle, reservation, near, *size)
    decision = await desk.submit(command, str(lot_id), caller.actor, command_id)
    entered = next(each for each in decision.events if isinstance(each, Entered))
    if body.payment_method:
        presented = id_from("card at the gate", command_id)
        card = Authorise(entered.ticket, UUID(presented), body.payment_method)
        await desk.submit(card, str(lot_id), caller.actor, presented)
    seen = await have.lots.lot(lot_id)
    levels = {each.name: each.level for each in seen.spaces} if seen else {}
    return Let(
        ticket_id=entered.ticket,
        reserved=entered.freed is not None,
        space=entered.space,
        level=levels.get(entered.space, ""),
        pool=entered.taken.pool,
        until=entered.until,
    )


@router.post("/{lot_id}/gate/exit")
async def leave(lot_id: UUID, body: Departure, caller: SignedIn, desk: Front) -> Left:
    """A vehicle wants to leave. 409 `payment_due` where something is to be paid that its card is not good for."""
    if (body.plate is None) == (body.ticket_id is None):
        raise Problem(422, "invalid_request", "Send a plate or a ticket_id.")
    command = Exit(body.plate.normalised() if body.plate else "", body.ticket_id)
    decision = await desk.submit(command, str(lot_id), caller.actor)
    left = next(each for each in decision.events if isinstance(each, Exited))
    return Left(ticket_id=left.ticket, price=left.price, paid=left.paid, currency=left.currency)


@router.post("/{lot_id}/tickets/{ticket_id}/loss", status_code=204)
async def declare_lost(lot_id: UUID, ticket_id: UUID, caller: SignedIn, desk: Front) -> None:
    """The ticket is lost: the tariff says what that costs at least."""
    await desk.submit(DeclareLost(ticket_id), str(lot_id), caller.actor)


@router.post("/{lot_id}/tickets/{ticket_id}/validations", status_code=204)
async def validate(lot_id: UUID, ticket_id: UUID, body: NewValidation, caller: SignedIn, desk: Front) -> None:
    """A shop or an attendant takes something off."""
    command = Validate(ticket_id, Validation(body.code, body.allowance, body.value))
    await desk.submit(command, str(lot_id), caller.actor)


@router.get("/tickets/{ticket_id}")
async def ticket(ticket_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> TicketOf:
    """A stay and what it costs as of now: for its driver and the staff."""
    found = await have.lots.ticket(ticket_id, datetime.now(UTC))
    if found is None:
        raise not_found()
    row = found.row
    if row["holder"] != caller.person and not await have.lots.is_staff(row["lot"], caller.person):
        raise not_found()
    return TicketOf(
        ticket_id=ticket_id,
        lot_id=row["lot"],
        plate=row["plate"],
        vehicle=row["vehicle"],
        space=row["space"],
        entered_at=row["entered_at"],
        until=row["until"],
        exited_at=row["exited_at"],
        lost=bool(row["lost"]),
        overstays=row["overstayed_at"] is not None,
        price=found.price,
        paid=found.paid,
        due=found.due,
        good_for=0 if row["exited_at"] else await have.lots.good_for(ticket_id),
    )


@router.get("/{lot_id}/inside")
async def inside(lot_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """The vehicles that are in; for the staff."""
    await check_staff(have, lot_id, caller)
    rows = await have.lots.inside(lot_id)
    return [
        {
            "ticket_id": row["ticket"],
            "plate": row["plate"],
            "vehicle": row["vehicle"],
            "space": row["space"],
            "pool": row["pool"],
            "since": row["since"],
            "overstays": bool(row["overstays"]),
        }
        for row in sorted(rows, key=lambda row: row["since"])
    ]


@router.get("/{lot_id}/matches")
async def matches(
    lot_id: UUID,
    caller: SignedIn,
    have: Have,
    ready: Ready,
    number: Annotated[str, Query(min_length=1, max_length=32)],
    country: Annotated[str, Query(pattern="^[A-Za-z]{2}$")],
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> list[dict[str, Any]]:
    """Which vehicles inside a camera may have misread as this; for the staff. It proposes and opens nothing."""
    await check_staff(have, lot_id, caller)
    plate = plate_of(number, country)
    rows = [(misread(plate, row["plate"]), row) for row in await have.lots.inside(lot_id) if row["plate"]]
    near = sorted((each for each in rows if each[0] <= MISREAD), key=lambda each: (each[0], each[1]["since"]))
    return [
        {
            "ticket_id": row["ticket"],
            "plate": row["plate"],
            "misread": far,
            "space": row["space"],
            "since": row["since"],
        }
        for far, row in near[:limit]
    ]


@router.get("/{lot_id}/spaces")
async def spaces(lot_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """Every space and how it stands: free, suggested, occupied, closed. Whose vehicle is where, only the staff sees."""
    seen = await lot_seen(have, lot_id)
    known, staff = await have.lots.spaces(lot_id), await have.lots.is_staff(lot_id, caller.person)
    states = await have.lots.states(seen, datetime.now(UTC))
    found = []
    for each in seen.spaces:
        row, state = known.get(each.name, {}), states[each.name]
        ticket = row.get("ticket") if staff and state == "occupied" else None
        place = {"space": each.name, "level": each.level, "zone": each.zone, "pool": each.pool}
        found.append({**place, "state": state, "since": row.get("since"), "ticket_id": ticket})
    return found


@router.get("/{lot_id}/diary")
async def diary(
    lot_id: UUID,
    caller: SignedIn,
    have: Have,
    ready: Ready,
    day: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="UTC; today where left out.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[dict[str, Any]]:
    """What happened on a day, the latest first; for the staff."""
    await check_staff(have, lot_id, caller)
    rows = await have.lots.diary(lot_id, day or datetime.now(UTC).date().isoformat(), limit)
    return [{name: row[name] for name in ("time", "what", "subject", "actor", "detail")} for row in rows]
