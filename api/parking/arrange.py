"""What the owner of a car park arranges: opening it, layout, hours, terms, tariffs, staff, closed spaces, counts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from api.callers import Front, SignedIn
from api.identity import Body
from api.secrets import id_from
from domain.parking.guidance import Plan
from domain.parking.lot import (
    AddStaff,
    ChangeHours,
    ChangeLayout,
    ChangeTerms,
    CloseSpace,
    CorrectCount,
    DrawPlan,
    Level,
    Opening,
    OpenLot,
    PublishTariff,
    RemoveStaff,
    ReopenSpace,
    Space,
    SpecialDay,
    TariffPublished,
    Terms,
)
from domain.parking.tariff import Tariff

router = APIRouter(tags=["parking"])

Short = Annotated[str, Field(min_length=1, max_length=100)]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


class NewLot(Body):
    name: Short
    zone: Annotated[str, Field(max_length=64, description="Of the IANA database, such as Europe/Berlin.")]
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    address: Annotated[str, Field(min_length=1, max_length=200)]


class Layout(Body):
    levels: Annotated[tuple[Level, ...], Field(max_length=50)]
    spaces: Annotated[tuple[Space, ...], Field(max_length=5_000)]


class Hours(Body):
    """By the weekday, and dates that are exceptions to it."""

    hours: Annotated[tuple[Opening, ...], Field(max_length=50)]
    exceptions: Annotated[tuple[SpecialDay, ...], Field(max_length=200)] = ()


class Why(Body):
    reason: Reason


class Count(Body):
    present: Annotated[int, Field(ge=0, le=10_000)]
    reason: Reason


@router.post("/lots", status_code=201)
async def open_lot(body: NewLot, caller: SignedIn, desk: Front) -> dict[str, UUID]:
    """Opens a car park; the caller owns it."""
    command_id = desk.command_id(caller.actor)
    lot = UUID(id_from("lot", command_id))
    command = OpenLot(body.name, body.zone, body.latitude, body.longitude, body.address)
    await desk.submit(command, str(lot), caller.actor, command_id)
    return {"lot_id": lot}


@router.put("/{lot_id}/layout", status_code=204)
async def change_layout(lot_id: UUID, body: Layout, caller: SignedIn, desk: Front) -> None:
    """Levels and spaces, all of them. What no longer fits of what was promised is moved, or broken openly."""
    await desk.submit(ChangeLayout(body.levels, body.spaces), str(lot_id), caller.actor)


@router.put("/{lot_id}/plan", status_code=204)
async def draw_plan(lot_id: UUID, body: Plan, caller: SignedIn, desk: Front) -> None:
    """Lanes with their directions, entries, exits, doors for people, and where each space is. Lengths in cm."""
    await desk.submit(DrawPlan(body), str(lot_id), caller.actor)


@router.put("/{lot_id}/hours", status_code=204)
async def change_hours(lot_id: UUID, body: Hours, caller: SignedIn, desk: Front) -> None:
    """When one can drive in; none: always."""
    await desk.submit(ChangeHours(body.hours, body.exceptions), str(lot_id), caller.actor)


@router.put("/{lot_id}/terms", status_code=204)
async def change_terms(lot_id: UUID, body: Terms, caller: SignedIn, desk: Front) -> None:
    """The terms of reservations, in the words of OCPI's BookingTerms."""
    await desk.submit(ChangeTerms(body), str(lot_id), caller.actor)


@router.put("/{lot_id}/tariff")
async def publish_tariff(lot_id: UUID, body: Tariff, caller: SignedIn, desk: Front) -> dict[str, int | None]:
    """A new version of the prices. Whoever reserved or came in before pays by the version of then."""
    decision = await desk.submit(PublishTariff(body), str(lot_id), caller.actor)
    published = [each.version for each in decision.events if isinstance(each, TariffPublished)]
    return {"version": published[0] if published else None}


@router.put("/{lot_id}/staff/{person_id}", status_code=204)
async def add_staff(lot_id: UUID, person_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Who may work the gates."""
    await desk.submit(AddStaff(person_id), str(lot_id), caller.actor)


@router.delete("/{lot_id}/staff/{person_id}", status_code=204)
async def remove_staff(lot_id: UUID, person_id: UUID, caller: SignedIn, desk: Front) -> None:
    await desk.submit(RemoveStaff(person_id), str(lot_id), caller.actor)


@router.put("/{lot_id}/spaces/{space}/closure", status_code=204)
async def close_space(lot_id: UUID, space: str, body: Why, caller: SignedIn, desk: Front) -> None:
    """Takes a space out of service."""
    await desk.submit(CloseSpace(space, body.reason), str(lot_id), caller.actor)


@router.delete("/{lot_id}/spaces/{space}/closure", status_code=204)
async def reopen_space(lot_id: UUID, space: str, caller: SignedIn, desk: Front) -> None:
    await desk.submit(ReopenSpace(space), str(lot_id), caller.actor)


@router.put("/{lot_id}/counts/{pool}", status_code=204)
async def correct_count(lot_id: UUID, pool: str, body: Count, caller: SignedIn, desk: Front) -> None:
    """So many vehicles are in the spaces of this class, whatever the gates say."""
    await desk.submit(CorrectCount(pool, body.present, body.reason), str(lot_id), caller.actor)
