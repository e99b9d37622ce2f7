"""Series: meetings that repeat, booked all together or with what cannot be had left out."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from api.callers import Front, Have
from api.identity import Body
from api.problems import not_found
from api.scheduling.bookings import Key, NewBooking, Reasoned, appointment, shown
from api.scheduling.guests import Anybody, Ready, actor_of, booking_of, proof_of
from domain.scheduling.calendar import BookSeries, CancelSeries, SeriesBooked
from domain.scheduling.recurrence import MOST, Frequency, Repeat

router = APIRouter(tags=["scheduling"])


class RepeatBody(Body):
    """As FREQ, COUNT, INTERVAL and BYDAY of an RRULE; weekdays from 1, Monday."""

    frequency: Frequency
    count: Annotated[int, Field(ge=2, le=MOST)]
    interval: Annotated[int, Field(ge=1, le=52)] = 1
    weekdays: Annotated[tuple[int, ...], Field(max_length=7)] = ()


class NewSeries(NewBooking):
    """`leave_out`: book what is free, where not all of it is."""

    repeat: RepeatBody
    leave_out: bool = False


class Since(Reasoned):
    since: AwareDatetime


@router.post("/calendars/{calendar_id}/series", status_code=201)
async def book(calendar_id: UUID, body: NewSeries, caller: Anybody, desk: Front, have: Have) -> dict[str, Any]:
    """Books a series by the wall clock of `zone`. 409 `series_conflicts` names every time that cannot be had, and why.

    The key is that of each of its bookings.
    """
    actor = actor_of(caller)
    command_id = desk.command_id(actor)
    wanted, key = appointment(have, calendar_id, body.model_copy(update={"booking_id": None}), caller, command_id)
    each = body.repeat
    repeat = Repeat(each.frequency, each.count, each.interval, tuple(sorted(set(each.weekdays))))
    decision = await desk.submit(BookSeries(wanted, repeat, body.leave_out), str(calendar_id), actor, command_id)
    made = next((event for event in decision.events if isinstance(event, SeriesBooked)), None)
    return {
        "series_id": wanted.booking,
        "calendar_id": calendar_id,
        "key": key,
        "bookings": made.bookings if made else (),
        "left_out": [{"wall": each.wall, "code": each.code} for each in (made.left_out if made else ())],
    }


@router.get("/series/{series_id}")
async def series(series_id: UUID, caller: Anybody, have: Have, ready: Ready, key: Key = None) -> list[dict[str, Any]]:
    """The bookings of a series, cancelled ones as well, for its host, its guest and whoever has its link."""
    rows = await have.calendars.series(series_id)
    if not rows:
        raise not_found("There is no such series, or it is not for you.")
    _, is_host = await booking_of(have, rows[0]["booking"], caller, key)
    return [shown(row, is_host) for row in rows]


@router.post("/calendars/{calendar_id}/series/{series_id}/cancellation", status_code=204)
async def cancel(
    calendar_id: UUID, series_id: UUID, body: Since, caller: Anybody, desk: Front, key: Key = None
) -> None:
    """Cancels the meetings of a series that begin at `since` or later. One alone is cancelled as any booking is."""
    command = CancelSeries(series_id, body.since, body.reason, proof_of(key))
    await desk.submit(command, str(calendar_id), actor_of(caller))
