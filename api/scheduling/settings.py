"""A host's settings: event types, schedules, holidays, absences, resources, and what is taken in other calendars."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path
from pydantic import AwareDatetime, Field

from api.callers import Front, Have, SignedIn
from api.identity import Body
from api.problems import Problem
from api.scheduling.guests import Anybody, Ready, calendar_of, own_calendar
from api.secrets import id_from
from domain.scheduling.calendar import (
    AddAbsence,
    Busy,
    Calendar,
    DefineEventType,
    DropBusy,
    OpenResource,
    RemoveAbsence,
    RemoveEventType,
    RemoveSchedule,
    SetHolidays,
    SetSchedule,
    SyncBusy,
)
from domain.scheduling.event_type import EventType, Place
from domain.scheduling.schedule import Absence, Holiday, Schedule
from domain.scheduling.zones import FIRST_YEAR, LAST_YEAR

router = APIRouter(tags=["scheduling"])

Small = Annotated[int, Field(ge=0, le=10**12)]
Slug = Annotated[str, Path(min_length=1, max_length=64)]


class LocationBody(Body):
    kind: Place = Place.ELSEWHERE
    text: str = ""


class QuestionBody(Body):
    name: str
    text: str
    required: bool = False
    choices: tuple[str, ...] = ()


class HorizonBody(Body):
    """`days` from now, or `first` to `last`."""

    days: Small | None = None
    first: date | None = None
    last: date | None = None


class LimitsBody(Body):
    day: Small | None = None
    week: Small | None = None
    month: Small | None = None


class EventTypeBody(Body):
    """All lengths in minutes; `price` in minor units."""

    title: str
    durations: tuple[Small, ...] = (30,)
    schedule: str = "default"
    interval: Small = 15
    buffer_before: Small = 0
    buffer_after: Small = 0
    notice: Small = 0
    zone: str = "UTC"
    horizon: HorizonBody = HorizonBody(days=60)
    seats: Small = 1
    limits: LimitsBody = LimitsBody()
    confirmation: bool = False
    pending_blocks: bool = True
    location: LocationBody = LocationBody()
    questions: tuple[QuestionBody, ...] = ()
    reminders: tuple[Small, ...] = (24 * 60, 60)
    description: str = ""
    colour: str = "#3366cc"
    price: Small = 0
    currency: str = "EUR"
    listed: bool = True
    active: bool = True
    by_link: bool = False


class WeeklyBody(Body):
    """Minutes since midnight; weekday 1 is Monday."""

    weekday: Small
    opens: Small
    closes: Small


class OverrideBody(Body):
    day: date
    opens: Small
    closes: Small


class TravelBody(Body):
    first: date
    last: date
    zone: str


class ScheduleBody(Body):
    zone: str
    weekly: tuple[WeeklyBody, ...]
    overrides: tuple[OverrideBody, ...] = ()
    travels: tuple[TravelBody, ...] = ()


class HolidayBody(Body):
    day: date
    name: str


class Holidays(Body):
    holidays: tuple[HolidayBody, ...]


class AbsenceBody(Body):
    start: AwareDatetime
    end: AwareDatetime
    reason: str = ""


class BusyBody(Body):
    start: AwareDatetime
    end: AwareDatetime


class BusyTimes(Body):
    busy: Annotated[tuple[BusyBody, ...], Field(max_length=5_000)]


class NewResource(Body):
    name: Annotated[str, Field(min_length=1, max_length=100)]


@router.get("/calendars")
async def calendars(caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """The calendars that the caller keeps: their own, and those of resources."""
    rows = await have.calendars.owned(caller.person)
    return [{"calendar_id": row["calendar"], "kind": row["kind"], "name": row["name"]} for row in rows]


@router.post("/resources", status_code=201)
async def open_resource(body: NewResource, caller: SignedIn, desk: Front) -> dict[str, UUID]:
    """Opens the calendar of a room or a machine, kept by the caller."""
    command_id = desk.command_id(caller.actor)
    calendar = UUID(id_from("resource", command_id))
    await desk.submit(OpenResource(body.name), str(calendar), caller.actor, command_id)
    return {"calendar_id": calendar}


@router.get("/calendars/{calendar_id}")
async def calendar(calendar_id: UUID, caller: Anybody, have: Have, ready: Ready) -> dict[str, Any]:
    """Who hosts, and what can be booked; all settings for the owner."""
    found = await calendar_of(have, calendar_id)
    is_owner = caller is not None and caller.person == found.owner
    public = {"calendar_id": calendar_id, "kind": found.kind, "name": await _name(have, found)}
    types = [_shown(each) for each in found.event_types.values() if is_owner or (each.listed and each.active)]
    if not is_owner:
        return {**public, "event_types": types}
    return {
        **public,
        "event_types": types,
        "schedules": [msgspec.to_builtins(each) for each in found.schedules.values()],
        "holidays": msgspec.to_builtins(found.holidays),
        "absences": [{"absence_id": absence_id, **_built(each)} for absence_id, each in found.absences.items()],
        "busy": {source: msgspec.to_builtins(times) for source, times in found.busy.items()},
        "forms": [{"slug": each.slug, "title": each.title} for each in found.forms.values()],
    }


@router.put("/calendars/{calendar_id}/event-types/{slug}")
async def define_event_type(
    calendar_id: UUID, slug: Slug, body: EventTypeBody, caller: SignedIn, desk: Front
) -> dict[str, Any]:
    """Makes an event type, or puts it in place of the one there is. The first setting opens one's own calendar."""
    definition = msgspec.convert({**body.model_dump(), "slug": slug}, EventType)
    await desk.submit(DefineEventType(definition), str(calendar_id), caller.actor)
    return _shown(definition)


@router.delete("/calendars/{calendar_id}/event-types/{slug}", status_code=204)
async def remove_event_type(calendar_id: UUID, slug: Slug, caller: SignedIn, desk: Front) -> None:
    """Offers it no more; what was booked stands."""
    await desk.submit(RemoveEventType(slug), str(calendar_id), caller.actor)


@router.put("/calendars/{calendar_id}/schedules/{name}")
async def set_schedule(
    calendar_id: UUID, name: Slug, body: ScheduleBody, caller: SignedIn, desk: Front
) -> dict[str, Any]:
    """Sets when one can be met. Event types name a schedule; `default` where they name none."""
    schedule = msgspec.convert({**body.model_dump(), "name": name}, Schedule)
    await desk.submit(SetSchedule(schedule), str(calendar_id), caller.actor)
    return _built(schedule)


@router.delete("/calendars/{calendar_id}/schedules/{name}", status_code=204)
async def remove_schedule(calendar_id: UUID, name: Slug, caller: SignedIn, desk: Front) -> None:
    """What follows it opens no more."""
    await desk.submit(RemoveSchedule(name), str(calendar_id), caller.actor)


@router.put("/calendars/{calendar_id}/holidays", status_code=204)
async def set_holidays(calendar_id: UUID, body: Holidays, caller: SignedIn, desk: Front) -> None:
    """All holidays, in place of those there were."""
    holidays = tuple(Holiday(each.day, each.name) for each in body.holidays)
    await desk.submit(SetHolidays(holidays), str(calendar_id), caller.actor)


@router.post("/calendars/{calendar_id}/absences", status_code=201)
async def add_absence(calendar_id: UUID, body: AbsenceBody, caller: SignedIn, desk: Front) -> dict[str, UUID]:
    """Out of office: nothing can be booked in this time. What was booked before stands."""
    command_id = desk.command_id(caller.actor)
    absence = UUID(id_from("absence", command_id))
    command = AddAbsence(absence, Absence(body.start, body.end, body.reason))
    await desk.submit(command, str(calendar_id), caller.actor, command_id)
    return {"absence_id": absence}


@router.delete("/calendars/{calendar_id}/absences/{absence_id}", status_code=204)
async def remove_absence(calendar_id: UUID, absence_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Back in the office."""
    await desk.submit(RemoveAbsence(absence_id), str(calendar_id), caller.actor)


@router.put("/calendars/{calendar_id}/busy/{source}", status_code=204)
async def sync_busy(calendar_id: UUID, source: Slug, body: BusyTimes, caller: SignedIn, desk: Front) -> None:
    """All times that are taken in another calendar, in place of those it had before."""
    busy = tuple(Busy(each.start, each.end) for each in body.busy)
    await desk.submit(SyncBusy(source, busy), str(calendar_id), caller.actor)


@router.delete("/calendars/{calendar_id}/busy/{source}", status_code=204)
async def drop_busy(calendar_id: UUID, source: Slug, caller: SignedIn, desk: Front) -> None:
    """Looks at that calendar no more."""
    await desk.submit(DropBusy(source), str(calendar_id), caller.actor)


@router.get("/calendars/{calendar_id}/bookings")
async def hosted(
    calendar_id: UUID, start: AwareDatetime, end: AwareDatetime, caller: SignedIn, have: Have, ready: Ready
) -> list[dict[str, Any]]:
    """The bookings that begin in `[start, end)`, up to a year of them, for the owner."""
    from api.scheduling.bookings import shown

    await own_calendar(have, calendar_id, caller)
    check_window(start, end)
    return [shown(row, is_host=True) for row in await have.calendars.hosted(calendar_id, start, end)]


def check_window(start: datetime, end: datetime) -> None:
    """422 for a window that is empty or longer than a year."""
    if not start < end or (end - start).days > 366:
        raise Problem(422, "window_invalid", "Ask for a time of at most a year that ends after it starts.")
    check_year(start.year)
    check_year(end.year)


def check_year(year: int) -> None:
    """422 for a year whose time zones nobody knows."""
    if not FIRST_YEAR < year < LAST_YEAR:
        raise Problem(422, "window_invalid", f"Ask for a time between {FIRST_YEAR} and {LAST_YEAR}.")


async def _name(have: Have, found: Calendar) -> str:
    if found.name or found.owner is None:
        return found.name
    return (await have.people.names([found.owner])).get(found.owner, "")


def _shown(each: EventType) -> dict[str, Any]:
    return _built(each)


def _built(value: object) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(value)
    return built
