"""When one can meet: slots in anybody's zone, why a time is not free, and what the clocks show elsewhere."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from api.callers import Have
from api.problems import not_found
from api.scheduling.guests import Anybody, Ready
from api.scheduling.settings import check_window, check_year
from domain.kernel import Reason, Rejected
from domain.scheduling import calendar as rules
from domain.scheduling.calendar import Calendar, Wish
from domain.scheduling.zones import (
    CLOCK,
    DAY,
    TZDATA,
    Occurrence,
    date_text,
    day_of,
    instant_of,
    minute_of,
    text_of,
    wall_from,
    zone,
)

router = APIRouter(tags=["scheduling"])

T = TypeVar("T")
AT_ONCE = 3_000  # times: a month of every quarter of an hour

ZoneName = Annotated[str, Query(max_length=64, description="An IANA name, such as Europe/Berlin.")]
Minutes = Annotated[int | None, Query(ge=1, le=10**6)]
Seats = Annotated[int, Query(ge=1, le=1_000)]
Own = Annotated[UUID | None, Query(description="One's own hold or booking: it never stands in one's own way.")]


@router.get("/calendars/{calendar_id}/slots", response_model=dict[str, Any])
async def slots(
    calendar_id: UUID,
    event_type: str,
    start: AwareDatetime,
    end: AwareDatetime,
    have: Have,
    ready: Ready,
    zone_name: Annotated[ZoneName, Query(alias="zone")] = "UTC",
    minutes: Minutes = None,
    seats: Seats = 1,
    own: Own = None,
) -> Response:
    """Every time in `[start, end)` at which the meeting can begin, by the days of the viewer's zone."""
    check_window(start, end)
    clocks = zone(zone_name)
    calendar, wish = await _wish(have, calendar_id, event_type, start, end, minutes, seats, own)
    now = datetime.now(UTC)

    def work() -> bytes:
        days: dict[str, list[dict[str, str]]] = {}
        for each in rules.free_minutes(calendar, wish, start, end, now):
            day, time = divmod(clocks.wall(each), DAY)
            days.setdefault(date_text(day), []).append({"start": utc_of(each), "time": CLOCK[time]})
        return orjson.dumps({"zone": zone_name, "tzdata": TZDATA, "minutes": wish.minutes, "days": days})

    return Response(await worked(work, most(wish, start, end)), media_type="application/json")


@router.get("/calendars/{calendar_id}/explanation")
async def explain(
    calendar_id: UUID,
    event_type: str,
    start: AwareDatetime,
    caller: Anybody,
    have: Have,
    ready: Ready,
    minutes: Minutes = None,
    seats: Seats = 1,
    own: Own = None,
) -> dict[str, Any]:
    """Why a time is not free: all that stands against it. Which booking it is, only the host learns."""
    check_year(start.year)
    calendar, wish = await _wish(have, calendar_id, event_type, start, start, minutes, seats, own)
    found = rules.obstacles(calendar, wish, start, datetime.now(UTC))
    is_host = caller is not None and caller.person == calendar.owner
    reasons: list[dict[str, Any]] = []
    for each in found:
        reason: dict[str, Any] = {"code": each.code, "detail": each.detail}
        if is_host and each.booking is not None:
            reason["booking_id"] = each.booking
        if reason not in reasons:
            reasons.append(reason)
    return {"start": utc(start), "free": not found, "reasons": reasons}


@router.get("/time")
async def convert(
    zone_name: Annotated[ZoneName, Query(alias="zone")],
    start: Annotated[AwareDatetime | None, Query(description="An instant, with its offset.")] = None,
    wall: Annotated[str | None, Query(max_length=20, description="What `of` shows, as in 2026-03-29T10:00.")] = None,
    of: Annotated[ZoneName, Query(alias="from")] = "UTC",
    occurrence: Occurrence | None = None,
) -> dict[str, str]:
    """What the clocks of a zone show at an instant, or at a wall time of another zone.

    422 `time_skipped` for a time that the clocks skip, `time_repeated` for one they show twice until one of the two is
    chosen.
    """
    clocks = zone(zone_name)
    if (start is None) == (wall is None):
        raise Rejected("time_invalid", "Send a start or a wall time.", Reason.INVALID)
    if wall is not None:
        meant = wall_from(wall)
        check_year(day_of(meant).year)
        minute = zone(of).meant(meant, occurrence)
    else:
        begins = start or datetime.now(UTC)
        check_year(begins.year)
        minute = minute_of(begins)
    offset = clocks.offset(minute)
    sign, hours, rest = "-" if offset < 0 else "+", *divmod(abs(offset), 60)
    return {
        "start": utc(instant_of(minute)),
        "zone": zone_name,
        "wall": text_of(clocks.wall(minute)),
        "offset": f"{sign}{hours:02d}:{rest:02d}",
        "tzdata": TZDATA,
    }


async def _wish(
    have: Have,
    calendar_id: UUID,
    event_type: str,
    start: datetime,
    end: datetime,
    minutes: int | None,
    seats: int,
    own: UUID | None,
) -> tuple[Calendar, Wish]:
    calendar = await have.calendars.around(calendar_id, start, end)
    definition = None if calendar is None else calendar.event_types.get(event_type)
    if calendar is None or definition is None or not definition.active:
        raise not_found("This cannot be booked here.")
    length = definition.durations[0] if minutes is None else minutes
    if length not in definition.durations or seats > definition.seats:
        raise Rejected("duration_unknown", "Choose one of the durations and seats that are offered.", Reason.INVALID)
    return calendar, Wish(definition, length, seats, own)


def most(wish: Wish, start: datetime, end: datetime) -> int:
    """The most times that can be listed of a window."""
    return int((end - start) / timedelta(minutes=wish.definition.interval))


async def worked(work: Callable[[], T], times: int) -> T:
    """The answer of `work`, which lists up to so many times: in a thread where others would have to wait for it.

    What lists a month takes about a millisecond, and handing that to a thread and back takes as long.
    """
    return work() if times <= AT_ONCE else await asyncio.to_thread(work)


def utc_of(minute: int) -> str:
    """A minute since 1970 as all answers have it."""
    return f"{text_of(minute)}:00Z"


def utc(instant: datetime) -> str:
    """RFC 3339, as all answers have it."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
