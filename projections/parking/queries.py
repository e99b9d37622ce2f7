"""What drivers and operators ask of car parks. Who may see what is for the face to decide."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain.instants import instant, micros
from domain.parking.guidance import Plan
from domain.parking.lot import Level, Opening, Space, SpecialDay, Stage, Terms
from domain.parking.lot.bill import bill
from domain.parking.lot.listing import Standing, stock_of
from domain.parking.lot.state import FREE, length
from domain.parking.price import Price
from domain.parking.stock import Profile, free
from domain.parking.tariff import Allowance, Tariff, Validation
from infra.tables import Row, Tables
from projections.parking.tables import (
    BUCKET,
    DIARY,
    FAVOURITES,
    INCIDENTS,
    INSIDE,
    LISTED,
    LOTS,
    MINE,
    OBSERVATIONS,
    PAYMENTS,
    PLANS,
    RESERVATIONS,
    SHELF,
    SPACES,
    STAFF,
    SUGGESTED,
    TAKEN,
    TARIFFS,
    TICKET_PLATES,
    TICKETS,
    VALIDATIONS,
    VEHICLES,
    WATCHED,
    WORKPLACES,
)

_POOL = attrgetter("pool")
MOST = 10_000  # rows of one question: lots, spaces, claims of two hours
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LotSeen:
    """A lot as everybody may see it."""

    lot: UUID
    owner: UUID
    name: str
    zone: str
    latitude: float
    longitude: float
    address: str
    levels: tuple[Level, ...]
    spaces: tuple[Space, ...]
    hours: tuple[Opening, ...]
    exceptions: tuple[SpecialDay, ...]
    terms: Terms
    tariff: Tariff
    tariff_version: int
    closed: frozenset[str]
    seen_at: datetime
    version: int

    @property
    def capacity(self) -> dict[str, int]:
        """Open spaces of each pool."""
        found = dict(Counter(map(_POOL, self.spaces)))
        for each in self.spaces if self.closed else ():
            found[each.pool] -= each.name in self.closed
        return found


@dataclass(frozen=True, slots=True)
class TicketSeen:
    """A vehicle's stay and what it costs as of now."""

    row: Row
    validations: tuple[Validation, ...]
    paid: int
    price: Price

    @property
    def due(self) -> int:
        return max(0, self.price.gross - self.paid)


class Lots:
    """Queries of car parks."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def lot(self, lot: UUID) -> LotSeen | None:
        """One lot; None where there is none."""
        row, spaces = await asyncio.gather(
            self._tables.get(LOTS, lot=lot), self._tables.scan(SPACES, lot=lot, limit=MOST)
        )
        if row is None or row["name"] is None:
            return None
        return LotSeen(
            lot=lot,
            owner=row["owner"],
            name=row["name"],
            zone=row["zone"],
            latitude=row["latitude"],
            longitude=row["longitude"],
            address=row["address"],
            levels=_read(row["levels"], tuple[Level, ...], ()),
            spaces=_spaces(row["spaces"]) if row["spaces"] else (),
            hours=_read(row["hours"], tuple[Opening, ...], ()),
            exceptions=_read(row["exceptions"], tuple[SpecialDay, ...], ()),
            terms=_read(row["terms"], Terms, Terms()),
            tariff=_read(row["tariff"], Tariff, FREE),
            tariff_version=row["tariff_version"] or 0,
            closed=frozenset(each["space"] for each in spaces if each["closed"]),
            seen_at=row["seen_at"],
            version=row["version"],
        )

    async def lots(self) -> dict[UUID, str]:
        """Every lot there is, with its name."""
        return {row["lot"]: row["name"] for row in await self._tables.scan(LISTED, shelf=SHELF, limit=MOST)}

    async def workplaces(self, person: UUID) -> dict[UUID, str]:
        """The lots a person owns or works at."""
        rows = await self._tables.scan(WORKPLACES, person=person, limit=MOST)
        return {row["lot"]: row["role"] for row in rows}

    async def is_staff(self, lot: UUID, person: UUID) -> bool:
        """Whether they own it or are at work there."""
        return await self._tables.get(WORKPLACES, person=person, lot=lot) is not None

    async def staff(self, lot: UUID) -> list[UUID]:
        return [row["person"] for row in await self._tables.scan(STAFF, lot=lot, limit=MOST)]

    async def stock(self, seen: LotSeen, start: int, end: int, now: int) -> dict[str, Profile]:
        """What is taken of each pool in [start, end) as of now: the steps that the lot itself decides with."""
        overstay = length(seen.terms.overstay)
        first, last = start // BUCKET, max(end - 1, start) // BUCKET
        if start < now + overstay and end > now:
            first = min(first, (now - BUCKET) // BUCKET)  # who should have left a moment ago may still be there
        wanted = range(first, last + 1)
        found = await asyncio.gather(
            *(self._tables.scan(TAKEN, lot=seen.lot, bucket=each, limit=MOST) for each in wanted)
        )
        rows = {row["claim"]: row for bucket in found for row in bucket if row["stage"] is not None}
        claims = (
            Standing(Stage(row["stage"]), row["pool"], row["start"], row["stop"], row["due"]) for row in rows.values()
        )
        return stock_of(claims, now, overstay)

    async def free(self, seen: LotSeen, pools: Sequence[str], start: int, end: int, now: int) -> int:
        """How many more vehicles can be promised one of these pools through all of [start, end)."""
        return free(seen.capacity, await self.stock(seen, start, end, now), pools, start, end)

    async def spaces(self, lot: UUID) -> dict[str, Row]:
        """What is known of spaces beside the layout: closed, reason, occupied, since, ticket."""
        return {row["space"]: row for row in await self._tables.scan(SPACES, lot=lot, limit=MOST)}

    async def plan(self, lot: UUID) -> Plan | None:
        """How one gets through a lot; None where nobody has drawn it."""
        row = await self._tables.get(PLANS, lot=lot)
        return None if row is None or row["plan"] is None else _plan(row["plan"])

    async def states(self, seen: LotSeen, now: datetime) -> dict[str, str]:
        """How every space stands: free, occupied, closed, or suggested to somebody who is about to come."""
        known, rows = await asyncio.gather(
            self.spaces(seen.lot), self._tables.scan(SUGGESTED, lot=seen.lot, limit=MOST)
        )
        kept = {row["space"] for row in rows if row["until"] > now}

        def state(space: str) -> str:
            if space in seen.closed:
                return "closed"
            if known.get(space, {}).get("occupied"):
                return "occupied"
            return "suggested" if space in kept else "free"

        return {each.name: state(each.name) for each in seen.spaces}

    async def inside(self, lot: UUID) -> list[Row]:
        """The vehicles that are in."""
        rows = await self._tables.scan(INSIDE, lot=lot, limit=MOST)
        return [row for row in rows if row["since"] is not None]

    async def reservation(self, reservation: UUID) -> Row | None:
        row = await self._tables.get(RESERVATIONS, reservation=reservation)
        return row if row and row["holder"] is not None else None

    async def reservations(self, person: UUID, limit: int, before: int | None = None) -> list[Row]:
        """A person's reservations, the latest first; each row has `reservation` and `made` as well."""
        below = None if before is None else (before,)
        mine = await self._tables.scan(MINE, person=person, limit=limit, below=below)
        rows = await asyncio.gather(*(self._tables.get(RESERVATIONS, reservation=each["reservation"]) for each in mine))
        return [{**row, "made": each["made"]} for each, row in zip(mine, rows, strict=True) if row and row["holder"]]

    async def ticket(self, ticket: UUID, now: datetime) -> TicketSeen | None:
        """A ticket with what it costs: as of now, or when the vehicle left."""
        row = await self._tables.get(TICKETS, ticket=ticket)
        if row is None or row["entered_at"] is None:
            return None
        tariff, validations, paid, read = await asyncio.gather(
            self.tariff(row["lot"], row["tariff_version"]),
            self._validations(ticket),
            self.paid(ticket),
            self._tables.get(TICKET_PLATES, ticket=ticket),
        )
        row = {**row, "plate": (read or {}).get("plate") or ""}
        until = 0 if row["until"] is None else micros(row["until"])
        grace = 0 if row["grace"] is None else micros(row["grace"])
        end = micros(row["exited_at"] or now)
        price = bill(tariff, micros(row["begin"]), until, grace, end, validations, lost=bool(row["lost"]))
        return TicketSeen(row, validations, paid, price)

    async def paid(self, claim: UUID) -> int:
        """Minor units that came for a reservation or a ticket."""
        rows = await self._tables.scan(PAYMENTS, claim=claim, limit=MOST)
        return sum(row["amount"] for row in rows if row["state"] == "paid")

    async def good_for(self, claim: UUID) -> int:
        """Minor units that a card is good for, to be taken at the exit."""
        rows = await self._tables.scan(PAYMENTS, claim=claim, limit=MOST)
        return sum(row["amount"] for row in rows if row["state"] == "authorised")

    async def payments(self, claim: UUID) -> list[Row]:
        return await self._tables.scan(PAYMENTS, claim=claim, limit=MOST)

    async def tariff(self, lot: UUID, version: int) -> Tariff:
        """One version of a lot's tariff; free parking before the first."""
        row = await self._tables.get(TARIFFS, lot=lot, version=version)
        return FREE if row is None else _read(row["tariff"], Tariff, FREE)

    async def _validations(self, ticket: UUID) -> tuple[Validation, ...]:
        rows = await self._tables.scan(VALIDATIONS, ticket=ticket, limit=100)
        return tuple(Validation(row["code"], Allowance(row["allowance"]), row["value"]) for row in rows)

    async def observations(self, lot: UUID, day: str, limit: int) -> list[Row]:
        """What the cameras read on a day (UTC), the latest first; nothing of more than a month ago."""
        return await self._tables.scan(OBSERVATIONS, lot=lot, day=day, limit=limit)

    async def watched(self, lot: UUID) -> list[Row]:
        return await self._tables.scan(WATCHED, lot=lot, limit=MOST)

    async def incidents(self, lot: UUID) -> list[Row]:
        """Every incident, the latest first."""
        rows = await self._tables.scan(INCIDENTS, lot=lot, limit=MOST)
        known = [row for row in rows if row["reported_at"] is not None]
        return sorted(known, key=lambda row: row["reported_at"], reverse=True)

    async def vehicles(self, person: UUID) -> dict[str, str]:
        """A driver's vehicles: plate and class."""
        rows = await self._tables.scan(VEHICLES, person=person, limit=100)
        return {row["plate"]: row["vehicle"] for row in rows}

    async def favourites(self, person: UUID) -> frozenset[UUID]:
        """A driver's favourite lots."""
        rows = await self._tables.scan(FAVOURITES, person=person, limit=MOST)
        return frozenset(row["lot"] for row in rows)

    async def diary(self, lot: UUID, day: str, limit: int, before: int | None = None) -> list[dict[str, Any]]:
        """What happened on a day (UTC), the latest first."""
        below = None if before is None else (before,)
        rows = await self._tables.scan(DIARY, lot=lot, day=day, limit=limit, below=below)
        return [{**row, "time": instant(row["micros"])} for row in rows]


@lru_cache(maxsize=1_024)
def _spaces(text: str) -> tuple[Space, ...]:
    """A layout changes hardly ever and is read all the time."""
    return msgspec.json.decode(text, type=tuple[Space, ...])


@lru_cache(maxsize=64)
def _plan(text: str) -> Plan:
    return msgspec.json.decode(text, type=Plan)


def _read(text: str | None, kind: type[T], absent: T) -> T:
    return absent if text is None else msgspec.json.decode(text, type=kind)
