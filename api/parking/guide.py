"""Guidance: the plan of a car park, a space that is kept for whoever comes, the way there as steps and as a picture."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.callers import Front, Have, SignedIn
from api.identity import Body
from api.parking.lots import Ready, lot_seen
from api.parking.picture import picture
from api.parking.reservations import row_of
from api.problems import not_found
from api.services import Services
from domain.parking.guidance import Kind, Plan, Route, nearest, route, way_out
from domain.parking.lot import SpaceSuggested, Suggest

router = APIRouter(tags=["parking"])

CONSIDERED = 50  # spaces that are asked for in one go: if others are faster, the next one is as good
Name = Annotated[str, Field(max_length=100)]
Place = Annotated[str, Query(max_length=100)]


class Nearby(Body):
    entry: Annotated[Name, Field(description="Of the plan; the first one where left out.")] = ""
    door: Annotated[Name, Field(description="Where one wants to go on foot; the drive alone counts without it.")] = ""


class StepOf(BaseModel):
    how: str = Field(description="drive or walk.")
    turn: str = Field(
        description='Before it: "left", "right", "straight", "back", "up or down", or "" at the beginning.'
    )
    metres: float
    to: str
    level: str


class RouteOf(BaseModel):
    space: str
    level: str
    drive_metres: float
    walk_metres: float
    steps: list[StepOf]


class Suggestion(BaseModel):
    space: str
    level: str
    until: datetime = Field(description="Nobody else is given this space until then.")
    route: RouteOf | None = Field(description="Where the car park has a plan.")


class ZoneOf(BaseModel):
    level: str
    zone: str
    pool: str
    spaces: int = Field(description="That are in service.")
    free: int = Field(description="That nobody is in, and that are kept for nobody.")


@router.get("/{lot_id}/zones")
async def zones(lot_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> list[ZoneOf]:
    """How many spaces of each class are free now in every zone: where to look for one."""
    seen = await lot_seen(have, lot_id)
    states = await have.lots.states(seen, datetime.now(UTC))
    counts: dict[tuple[str, str, str], list[int]] = {}
    for each in seen.spaces:
        count = counts.setdefault((each.level, each.zone, each.pool), [0, 0])
        count[0] += states[each.name] != "closed"
        count[1] += states[each.name] == "free"
    return [
        ZoneOf(level=level, zone=zone, pool=pool, spaces=spaces, free=free)
        for (level, zone, pool), (spaces, free) in counts.items()
    ]


@router.get("/{lot_id}/plan")
async def plan(lot_id: UUID, caller: SignedIn, have: Have, ready: Ready) -> Plan:
    """The plan of a car park. 404 where it has none."""
    return await _plan(have, lot_id)


@router.post("/{lot_id}/reservations/{reservation_id}/suggestion", status_code=201)
async def suggest(
    lot_id: UUID, reservation_id: UUID, body: Nearby, caller: SignedIn, desk: Front, have: Have
) -> Suggestion:
    """The nearest free space for one's reservation, kept for some minutes. 409 `too_early`, `full_until_start`."""
    row, seen = await row_of(have, reservation_id), await lot_seen(have, lot_id)
    near = await spaces_near(have, lot_id, (row["pool"],), body)
    decision = await desk.submit(Suggest(reservation_id, near), str(lot_id), caller.actor)
    made = next((each for each in decision.events if isinstance(each, SpaceSuggested)), None)
    space, until = (row["suggested"], row["suggested_until"]) if made is None else (made.space, made.until)
    levels = {each.name: each.level for each in seen.spaces}
    drawn = await have.lots.plan(lot_id)
    way = None if drawn is None else _way(drawn, space, body.entry, body.door)
    return Suggestion(
        space=space,
        level=levels.get(space, ""),
        until=until,
        route=None if way is None else _rendered(way, levels.get(space, "")),
    )


@router.get("/{lot_id}/route")
async def the_route(
    lot_id: UUID, caller: SignedIn, have: Have, ready: Ready, space: Place, entry: Place = "", door: Place = ""
) -> RouteOf:
    """How to drive from an entry to a space, and to walk from there to a door."""
    seen = await lot_seen(have, lot_id)
    levels = {each.name: each.level for each in seen.spaces}
    return _rendered(_way(await _plan(have, lot_id), space, entry, door), levels.get(space, ""))


@router.get("/{lot_id}/way-out")
async def the_way_out(lot_id: UUID, caller: SignedIn, have: Have, ready: Ready, space: Place) -> RouteOf:
    """How to drive from a space to the nearest exit."""
    seen = await lot_seen(have, lot_id)
    levels = {each.name: each.level for each in seen.spaces}
    return _rendered(way_out(await _plan(have, lot_id), space), levels.get(space, ""))


@router.get("/{lot_id}/map.svg", response_class=Response)
async def the_map(
    lot_id: UUID,
    caller: SignedIn,
    have: Have,
    ready: Ready,
    level: Annotated[
        str, Query(max_length=100, description="The one of the space, or the first, where left out.")
    ] = "",
    space: Place = "",
    entry: Place = "",
    door: Place = "",
) -> Response:
    """A level as a picture: every space and how it stands, and the way to one of them."""
    seen, drawn = await lot_seen(have, lot_id), await _plan(have, lot_id)
    levels = {each.name: each.level for each in seen.spaces}
    shown = level or levels.get(space, "") or next((each.level for each in drawn.nodes), "")
    way = _way(drawn, space, entry, door) if space else None
    states = await have.lots.states(seen, datetime.now(UTC))
    # A picture may be opened on its own: then it must not be able to do anything.
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Cache-Control": "no-store"}
    return Response(picture(drawn, shown, states, levels, way), media_type="image/svg+xml", headers=headers)


async def spaces_near(have: Services, lot_id: UUID, pools: tuple[str, ...], near: Nearby) -> tuple[str, ...]:
    """The free spaces of these pools, the nearest first; none where the car park has no plan. Raises Rejected."""
    drawn, seen = await have.lots.plan(lot_id), await lot_seen(have, lot_id)
    if drawn is None:
        return ()
    states = await have.lots.states(seen, datetime.now(UTC))
    free = {each.name for each in seen.spaces if each.pool in pools and states[each.name] == "free"}
    entry = drawn.named(Kind.ENTRY, near.entry)
    door = drawn.named(Kind.DOOR, near.door) if near.door else ""
    return tuple(each.space for each in nearest(drawn, free, entry, door)[:CONSIDERED])


async def _plan(have: Services, lot_id: UUID) -> Plan:
    found = await have.lots.plan(lot_id)
    if found is None:
        raise not_found("This car park has no plan.")
    return found


def _way(drawn: Plan, space: str, entry: str, door: str) -> Route:
    return route(drawn, space, drawn.named(Kind.ENTRY, entry), drawn.named(Kind.DOOR, door) if door else "")


def _rendered(way: Route, level: str) -> RouteOf:
    return RouteOf(
        space=way.space,
        level=level,
        drive_metres=way.drive / 100,
        walk_metres=way.walk / 100,
        steps=[
            StepOf(how=each.how, turn=each.turn, metres=each.length / 100, to=each.to, level=each.level)
            for each in way.steps
        ],
    )
