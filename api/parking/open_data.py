"""What is free where, for anybody: a feed in the shape of ParkAPI, made anew at most every few seconds."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request

from api.parking.lots import PARKING
from api.services import Services
from domain.instants import micros
from domain.parking.lot.promises import opened_at
from domain.parking.stock import free
from projections.parking.queries import LotSeen

router = APIRouter(tags=["parking"])

FRESH = 10.0  # seconds that a feed is given out for
STALE = 60.0  # seconds that what is known may lag behind: then no number is given


class Published:
    """The feed of one process; however many ask, it is made once at a time."""

    def __init__(self, have: Services) -> None:
        self._have, self._lock = have, asyncio.Lock()
        self._feed: dict[str, Any] = {}
        self._made = -FRESH

    async def feed(self) -> dict[str, Any]:
        """Every lot with its total, and what is free as far as that is known well enough."""
        async with self._lock:
            if time.monotonic() - self._made >= FRESH:
                self._feed = await self._make()
                self._made = time.monotonic()
            return self._feed

    async def _make(self) -> dict[str, Any]:
        now = datetime.now(UTC)
        report = await self._have.status.report()
        lags = [each.lag_seconds for each in report.consumers if each.consumer == PARKING]
        seen = [await self._have.lots.lot(lot) for lot in await self._have.lots.lots()]
        stale = max(lags, default=0.0) > STALE
        lots = [await self._lot(each, now, stale=stale) for each in seen if each is not None]
        return {"last_updated": now.isoformat(), "data_source": "parking.events", "lots": lots}

    async def _lot(self, seen: LotSeen, now: datetime, *, stale: bool) -> dict[str, Any]:
        at = micros(now)
        capacity = seen.capacity
        taken = await self._have.lots.stock(seen, at, at + 1, at)
        pools = {pool: free(capacity, taken, [pool], at, at + 1) for pool in capacity}
        is_open = opened_at(seen.hours, seen.exceptions, now.astimezone(ZoneInfo(seen.zone)))
        state = "nodata" if stale else "open" if is_open else "closed"
        return {
            "id": str(seen.lot),
            "name": seen.name,
            "address": seen.address,
            "coords": {"lat": seen.latitude, "lng": seen.longitude},
            "lot_type": "Parkhaus" if len(seen.levels) > 1 else "Parkplatz",
            "total": sum(capacity.values()),
            "free": None if stale else sum(pools.values()),
            "free_by_class": None if stale else pools,
            "state": state,
            "forecast": False,
            "observed_at": seen.seen_at.isoformat(),
        }


@router.get("/open-data")
async def open_data(request: Request) -> dict[str, Any]:
    """Total and free spaces of every car park, for anybody; no number where what is known is too old."""
    published: Published = request.app.state.published
    return await published.feed()
