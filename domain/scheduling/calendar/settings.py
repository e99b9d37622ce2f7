"""The rules of a calendar's settings: only its owner changes them, and they stay few enough to decide with."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from domain.ids import check_uuid
from domain.kernel import Context, Reason, Rejected
from domain.scheduling.calendar.bookings import check_proof
from domain.scheduling.calendar.commands import (
    AddAbsence,
    AddWebhook,
    ConnectCalendar,
    DefineEventType,
    DisconnectCalendar,
    DropBusy,
    JoinTeam,
    LeaveTeam,
    MakeLink,
    OpenResource,
    PingWebhook,
    RemoveAbsence,
    RemoveEventType,
    RemoveForm,
    RemoveSchedule,
    RemoveWebhook,
    RenewFeed,
    RevokeLink,
    SetForm,
    SetHolidays,
    SetSchedule,
    Settings,
    SyncBusy,
)
from domain.scheduling.calendar.connections import connect, disconnect
from domain.scheduling.calendar.events import (
    AbsenceAdded,
    AbsenceRemoved,
    Busy,
    BusyDropped,
    BusySynced,
    CalendarOpened,
    Event,
    EventTypeDefined,
    EventTypeRemoved,
    FeedRenewed,
    FormRemoved,
    FormSet,
    HolidaysSet,
    Kind,
    LinkMade,
    LinkRevoked,
    ScheduleRemoved,
    ScheduleSet,
    TeamJoined,
    TeamLeft,
    WebhookAdded,
    WebhookPinged,
    WebhookRemoved,
)
from domain.scheduling.calendar.state import Calendar
from domain.scheduling.event_type import check_event_type, check_slug, check_text
from domain.scheduling.routing import check_form
from domain.scheduling.schedule import check_holidays, check_schedule
from domain.scheduling.zones import FIRST_YEAR, LAST_YEAR
from domain.text import check_line, check_url

Key = TypeVar("Key", str, UUID)

EVENT_TYPES = 50
SCHEDULES = 20
ABSENCES = 200
SOURCES = 10
TEAMS = 50
FORMS = 20
WEBHOOKS = 10
LINKS = 200
LINK_LIFE = timedelta(days=90)
BUSY = 2_000  # times of one other calendar; more of them are not near enough to matter


def open_resource(calendar: Calendar, command: OpenResource, context: Context) -> list[Event]:
    owner = context.actor.person
    check_uuid(context.aggregate_id)
    check_line(command.name, "name", 100)
    if context.actor.is_person(UUID(context.aggregate_id)):
        raise Rejected("id_invalid", "This is the calendar of a person.", Reason.INVALID)
    if calendar.owner is not None:
        _check_owner(calendar, context)
        if not calendar.cleared:
            return []
    return [CalendarOpened(owner, Kind.RESOURCE, command.name)]


def change_settings(calendar: Calendar, command: Settings, context: Context) -> list[Event]:
    """The change, after the opening of a person's calendar where this is the first, or the first again."""
    opened: list[Event] = []
    own = context.actor.kind == "person" and context.actor.name == context.aggregate_id
    if own and (calendar.owner is None or calendar.cleared):
        opened.append(CalendarOpened(context.actor.person, Kind.HOST, ""))
    else:
        _check_owner(calendar, context)
        if calendar.cleared:
            raise Rejected("calendar_unknown", "There is no such calendar any more.", Reason.NOT_FOUND)
    changed = _changed(calendar, command, context)
    return [*opened, *changed] if changed else []


def _changed(calendar: Calendar, command: Settings, context: Context) -> list[Event]:
    match command:
        case DefineEventType(definition=definition):
            check_event_type(definition)
            _check_room(calendar.event_types, definition.slug, EVENT_TYPES, "event types")
            same = calendar.event_types.get(definition.slug) == definition
            return [] if same else [EventTypeDefined(definition)]
        case RemoveEventType(slug=slug):
            return [EventTypeRemoved(slug)] if slug in calendar.event_types else []
        case SetSchedule(schedule=schedule):
            check_schedule(schedule)
            _check_room(calendar.schedules, schedule.name, SCHEDULES, "schedules")
            return [] if calendar.schedules.get(schedule.name) == schedule else [ScheduleSet(schedule)]
        case RemoveSchedule(name=name):
            return [ScheduleRemoved(name)] if name in calendar.schedules else []
        case SetHolidays(holidays=holidays):
            check_holidays(holidays)
            return [] if holidays == calendar.holidays else [HolidaysSet(holidays)]
        case AddAbsence(absence_id=absence_id, absence=absence):
            _check_time(absence.start, absence.end)
            check_text(absence.reason, "reason")
            _check_room(calendar.absences, absence_id, ABSENCES, "absences")
            return [] if calendar.absences.get(absence_id) == absence else [AbsenceAdded(absence_id, absence)]
        case RemoveAbsence(absence_id=absence_id):
            return [AbsenceRemoved(absence_id)] if absence_id in calendar.absences else []
        case SyncBusy(source=source, busy=busy):
            check_slug(source)
            _check_room(calendar.busy, source, SOURCES, "other calendars")
            kept = worth_keeping(busy, context.now)
            return [] if calendar.busy.get(source) == kept else [BusySynced(source, kept)]
        case DropBusy(source=source):
            return [BusyDropped(source)] if source in calendar.busy else []
        case JoinTeam(team=team):
            if team not in calendar.teams and len(calendar.teams) >= TEAMS:
                raise Rejected("too_many", f"A calendar is in at most {TEAMS} teams. Leave one first.")
            return [] if team in calendar.teams else [TeamJoined(team)]
        case LeaveTeam(team=team):
            return [TeamLeft(team)] if team in calendar.teams else []
        case MakeLink(link=link, slug=slug, until=until, proof=proof):
            return _make_link(calendar, link, slug, until, proof, context)
        case RevokeLink(link=link):
            return [LinkRevoked(link)] if link in calendar.links else []
        case RenewFeed(feed=feed):
            return [] if feed == calendar.feed else [FeedRenewed(feed)]
        case SetForm(form=form):
            check_form(form)
            _check_room(calendar.forms, form.slug, FORMS, "forms")
            return [] if calendar.forms.get(form.slug) == form else [FormSet(form)]
        case RemoveForm(slug=slug):
            return [FormRemoved(slug)] if slug in calendar.forms else []
        case AddWebhook(webhook=webhook, url=url):
            check_url(url)
            _check_room(calendar.webhooks, webhook, WEBHOOKS, "webhooks")
            same = calendar.webhooks.get(webhook) == url and webhook not in calendar.disabled
            return [] if same else [WebhookAdded(webhook, url)]
        case RemoveWebhook(webhook=webhook):
            return [WebhookRemoved(webhook)] if webhook in calendar.webhooks else []
        case PingWebhook(webhook=webhook, ping=ping):
            return _ping(calendar, webhook, ping)
        case ConnectCalendar():
            return connect(calendar, command, context)
        case DisconnectCalendar(connection=connection):
            return disconnect(calendar, connection)


def _ping(calendar: Calendar, webhook: UUID, ping: UUID) -> list[Event]:
    if webhook not in calendar.webhooks:
        raise Rejected("webhook_unknown", "There is no such webhook.", Reason.NOT_FOUND)
    if webhook in calendar.disabled:
        raise Rejected("webhook_disabled", "This webhook is switched off. Switch it on first.")
    return [] if ping in calendar.pinged else [WebhookPinged(webhook, ping)]


def _make_link(
    calendar: Calendar, link: UUID, slug: str, until: datetime, proof: bytes, context: Context
) -> list[Event]:
    if link in calendar.links:
        return []
    if slug not in calendar.event_types:
        raise Rejected("event_type_unknown", "There is no such event type.", Reason.NOT_FOUND)
    check_proof(proof)
    if until.tzinfo is None or not context.now < until <= context.now + LINK_LIFE:
        raise Rejected("time_invalid", f"Let a link end within {LINK_LIFE.days} days.", Reason.INVALID)
    if sum(each.until > context.now for each in calendar.links.values()) >= LINKS:
        raise Rejected("too_many", f"A calendar has at most {LINKS} links that are open.", Reason.TOO_MANY)
    return [LinkMade(link, slug, until, proof, context.now)]


def worth_keeping(busy: tuple[Busy, ...], now: datetime) -> tuple[Busy, ...]:
    """Those that may still matter, by their start."""
    for each in busy:
        _check_time(each.start, each.end)
    # Whole days are cut off, so that the same calendar synced again within a day is the same.
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    ahead = (each for each in set(busy) if each.end > since)
    return tuple(sorted(ahead, key=lambda each: (each.start, each.end))[:BUSY])


def _check_time(start: datetime, end: datetime) -> None:
    if start.tzinfo is None or end.tzinfo is None or not start < end:
        raise Rejected("time_invalid", "Let it end after it starts, both with their offset from UTC.", Reason.INVALID)
    if not (start.year >= FIRST_YEAR and end.year <= LAST_YEAR):
        raise Rejected("time_invalid", f"Choose a time between {FIRST_YEAR} and {LAST_YEAR}.", Reason.INVALID)


def _check_room(known: Mapping[Key, object], key: Key, most: int, what: str) -> None:
    if key not in known and len(known) >= most:
        raise Rejected("too_many", f"A calendar has at most {most} {what}. Remove some first.")


def _check_owner(calendar: Calendar, context: Context) -> None:
    if calendar.owner is None:
        raise Rejected("calendar_unknown", "There is no such calendar.", Reason.NOT_FOUND)
    if not context.actor.is_person(calendar.owner):
        raise Rejected("not_yours", "You can change only your own calendar.", Reason.FORBIDDEN)
