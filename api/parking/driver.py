"""A driver's own things: vehicles, favourites, and the car parks that suit best."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.callers import Front, Have, SignedIn
from api.identity import Body
from api.parking.lots import Moment, Ready, lot_seen
from api.parking.reservations import Plate
from api.problems import Problem
from domain.instants import micros
from domain.parking.driver import AddFavourite, AddVehicle, RemoveFavourite, RemoveVehicle
from domain.parking.lot.bill import quote
from domain.parking.lot.state import length
from domain.parking.places import Offer, distance, ranked
from domain.parking.stock import FITS, Vehicle
from projections.parking.queries import LotSeen

router = APIRouter(tags=["parking"])

CONSIDERED = 500  # lots: the nearest of them


class NewVehicle(Body):
    plate: Plate
    vehicle: Vehicle = Vehicle.CAR


class OfferOf(BaseModel):
    lot_id: UUID
    name: str
    address: str
    latitude: float
    longitude: float
    available_spaces: int
    price: int
    currency: str
    metres: int
    favourite: bool
    observed_at: datetime


@router.get("/vehicles")
async def vehicles(caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, str]]:
    """One's own vehicles by their normalised plates."""
    found = await have.lots.vehicles(caller.person)
    return [{"plate": plate, "vehicle": vehicle} for plate, vehicle in found.items()]


@router.post("/vehicles", status_code=201)
async def add_vehicle(body: NewVehicle, caller: SignedIn, desk: Front) -> dict[str, str]:
    """Keeps a vehicle; with the plate of one that is there, changes its class."""
    plate = body.plate.normalised()
    await desk.submit(AddVehicle(plate, body.vehicle), str(caller.person), caller.actor)
    return {"plate": plate, "vehicle": body.vehicle}


@router.delete("/vehicles/{plate}", status_code=204)
async def remove_vehicle(plate: str, caller: SignedIn, desk: Front) -> None:
    await desk.submit(RemoveVehicle(plate), str(caller.person), caller.actor)


@router.get("/favourites")
async def favourites(caller: SignedIn, have: Have, ready: Ready) -> list[UUID]:
    """One's favourite car parks."""
    return sorted(await have.lots.favourites(caller.person))


@router.put("/favourites/{lot_id}", status_code=204)
async def add_favourite(lot_id: UUID, caller: SignedIn, desk: Front, have: Have) -> None:
    await lot_seen(have, lot_id)
    await desk.submit(AddFavourite(lot_id), str(caller.person), caller.actor)


@router.delete("/favourites/{lot_id}", status_code=204)
async def remove_favourite(lot_id: UUID, caller: SignedIn, desk: Front) -> None:
    await desk.submit(RemoveFavourite(lot_id), str(caller.person), caller.actor)


@router.get("/feed")
async def feed(
    caller: SignedIn,
    have: Have,
    ready: Ready,
    latitude: Annotated[float, Query(ge=-90, le=90)],
    longitude: Annotated[float, Query(ge=-180, le=180)],
    vehicle: Vehicle = Vehicle.CAR,
    start: Moment | None = None,
    end: Moment | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[OfferOf]:
    """Car parks for one's time and vehicle: with room first, favourites before others, then nearer, then cheaper."""
    now = datetime.now(UTC)
    begin = start or now
    until = end or begin + timedelta(hours=1)
    if not begin < until <= begin + timedelta(days=31):
        raise Problem(422, "invalid_request", "end: give a later one, at most 31 days later.")
    favourites = await have.lots.favourites(caller.person)
    seen = [each for lot in await have.lots.lots() if (each := await have.lots.lot(lot)) is not None]
    seen.sort(key=lambda one: distance(latitude, longitude, one.latitude, one.longitude))
    near = {each.lot: each for each in seen[:CONSIDERED]}
    first, last = micros(begin), micros(until)

    async def offer(one: LotSeen) -> Offer:
        kept = last + length(one.terms.late_stop)
        free = await have.lots.free(one, FITS[vehicle], first, kept, micros(now))
        metres = distance(latitude, longitude, one.latitude, one.longitude)
        return Offer(one.lot, free, quote(one.tariff, first, last).gross, metres, one.lot in favourites)

    offers = await asyncio.gather(*map(offer, near.values()))
    return [_rendered(near[one.lot], one) for one in ranked(offers)[:limit]]


def _rendered(seen: LotSeen, offer: Offer) -> OfferOf:
    return OfferOf(
        lot_id=seen.lot,
        name=seen.name,
        address=seen.address,
        latitude=seen.latitude,
        longitude=seen.longitude,
        available_spaces=offer.free,
        price=offer.price,
        currency=seen.tariff.currency,
        metres=round(offer.metres),
        favourite=offer.favourite,
        observed_at=seen.seen_at,
    )
