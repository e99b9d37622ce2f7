"""Calendars as their hosts and guests see them: settings, the bookings of a month, the bookings of a person."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.scheduling.calendar import (
    AbsenceAdded,
    AbsenceRemoved,
    Approved,
    Booked,
    BusyDropped,
    BusySynced,
    CalendarCleared,
    CalendarOpened,
    Cancelled,
    Commented,
    Connected,
    ConnectionAsked,
    ConnectionFailed,
    Declined,
    Disconnected,
    EventTypeDefined,
    EventTypeRemoved,
    FeedRenewed,
    FileAttached,
    FormRemoved,
    FormSet,
    GuestsChanged,
    Held,
    HoldEnded,
    HolidaysSet,
    KeyRenewed,
    KeyWithdrawn,
    LinkMade,
    LinkRevoked,
    LinkUsed,
    NoShowMarked,
    NoteDeleted,
    NoteErased,
    PublicSet,
    Reminded,
    Rescheduled,
    RoomMade,
    ScheduleRemoved,
    ScheduleSet,
    Status,
    WebhookAdded,
    WebhookDisabled,
    WebhookRemoved,
)
from infra.tables import Put, Remove
from projections.projection import Writes
from projections.scheduling.tables import (
    BOOKINGS,
    CALENDARS,
    HISTORY,
    HOSTED,
    MINE,
    NOTES,
    OWNED,
    PUBLIC,
    SAID,
    SERIES,
    SETTINGS,
    TAKEN,
    scheduling,
)
from schemas.envelope import Recorded


def month_of(start: datetime) -> int:
    """The month, in UTC, under which a booking's rows are found."""
    return start.year * 12 + start.month


# Settings.


@scheduling.on(CalendarOpened)
def opened(event: CalendarOpened, at: Recorded) -> Writes:
    calendar, kind = UUID(at.aggregate_id), event.kind.value
    return [
        CALENDARS.put(at.micros, calendar=calendar, owner=event.owner, kind=kind, name=event.name, opened_at=at.time),
        OWNED.put(at.micros, owner=event.owner, calendar=calendar, kind=kind, name=event.name),
    ]


@scheduling.on(CalendarCleared)
def cleared(event: CalendarCleared, at: Recorded) -> Writes:
    calendar = UUID(at.aggregate_id)
    return [
        CALENDARS.remove(at.micros, calendar=calendar),
        OWNED.remove(at.micros, owner=event.owner, calendar=calendar),
    ]


@scheduling.on(EventTypeDefined)
def event_type_defined(event: EventTypeDefined, at: Recorded) -> Writes:
    return _setting(at, "event_type", event.definition.slug, event.definition)


@scheduling.on(EventTypeRemoved)
def event_type_removed(event: EventTypeRemoved, at: Recorded) -> Writes:
    return _no_setting(at, "event_type", event.slug)


@scheduling.on(ScheduleSet)
def schedule_set(event: ScheduleSet, at: Recorded) -> Writes:
    return _setting(at, "schedule", event.schedule.name, event.schedule)


@scheduling.on(ScheduleRemoved)
def schedule_removed(event: ScheduleRemoved, at: Recorded) -> Writes:
    return _no_setting(at, "schedule", event.name)


@scheduling.on(HolidaysSet)
def holidays_set(event: HolidaysSet, at: Recorded) -> Writes:
    return _setting(at, "holidays", "", event.holidays)


@scheduling.on(AbsenceAdded)
def absence_added(event: AbsenceAdded, at: Recorded) -> Writes:
    return _setting(at, "absence", str(event.absence_id), event.absence)


@scheduling.on(AbsenceRemoved)
def absence_removed(event: AbsenceRemoved, at: Recorded) -> Writes:
    return _no_setting(at, "absence", str(event.absence_id))


@scheduling.on(BusySynced)
def busy_synced(event: BusySynced, at: Recorded) -> Writes:
    return _setting(at, "busy", event.source, event.busy)


@scheduling.on(BusyDropped)
def busy_dropped(event: BusyDropped, at: Recorded) -> Writes:
    return _no_setting(at, "busy", event.source)


@scheduling.on(FormSet)
def form_set(event: FormSet, at: Recorded) -> Writes:
    return _setting(at, "form", event.form.slug, event.form)


@scheduling.on(FormRemoved)
def form_removed(event: FormRemoved, at: Recorded) -> Writes:
    return _no_setting(at, "form", event.slug)


@scheduling.on(WebhookAdded)
def webhook_added(event: WebhookAdded, at: Recorded) -> Writes:
    name = str(event.webhook)
    return [*_setting(at, "webhook", name, event.url), *_no_setting(at, "webhook_disabled", name)]


@scheduling.on(WebhookRemoved)
def webhook_removed(event: WebhookRemoved, at: Recorded) -> Writes:
    name = str(event.webhook)
    return [*_no_setting(at, "webhook", name), *_no_setting(at, "webhook_disabled", name)]


@scheduling.on(WebhookDisabled)
def webhook_disabled(event: WebhookDisabled, at: Recorded) -> Writes:
    return _setting(at, "webhook_disabled", str(event.webhook), event.why)


@scheduling.on(ConnectionAsked)
def connection_asked(event: ConnectionAsked, at: Recorded) -> Writes:
    named = {"provider": event.provider, "remote": event.remote, "writes": event.writes, "zone": event.zone}
    return _setting(at, "connection", str(event.connection), named)


@scheduling.on(Connected)
def connected(event: Connected, at: Recorded) -> Writes:
    name = str(event.connection)
    return [*_setting(at, "connection_on", name, True), *_no_setting(at, "connection_failed", name)]


@scheduling.on(ConnectionFailed)
def connection_failed(event: ConnectionFailed, at: Recorded) -> Writes:
    name = str(event.connection)
    return [*_setting(at, "connection_failed", name, event.why), *_no_setting(at, "connection_on", name)]


@scheduling.on(Disconnected)
def disconnected(event: Disconnected, at: Recorded) -> Writes:
    kinds = ("connection", "connection_on", "connection_failed")
    return [write for kind in kinds for write in _no_setting(at, kind, str(event.connection))]


@scheduling.on(LinkMade)
def link_made(event: LinkMade, at: Recorded) -> Writes:
    return _setting(at, "link", str(event.link), {"slug": event.slug, "until": event.until})


@scheduling.on(LinkUsed)
def link_used(event: LinkUsed, at: Recorded) -> Writes:
    return _no_setting(at, "link", str(event.link))


@scheduling.on(LinkRevoked)
def link_revoked(event: LinkRevoked, at: Recorded) -> Writes:
    return _no_setting(at, "link", str(event.link))


@scheduling.on(FeedRenewed)
def feed_renewed(event: FeedRenewed, at: Recorded) -> Writes:
    return _setting(at, "feed", "", event.feed)


# Bookings. Rows under a start move with it: the event says where they were.


@scheduling.on(Held)
def held(event: Held, at: Recorded) -> Writes:
    return [_taken(at, event, Status.HELD, True, event.until)]


@scheduling.on(HoldEnded)
def hold_ended(event: HoldEnded, at: Recorded) -> Writes:
    return [_not_taken(at, event.booking, event.start)]


@scheduling.on(Booked)
def booked(event: Booked, at: Recorded) -> Writes:
    calendar = UUID(at.aggregate_id)
    optional: dict[str, object] = {}
    if event.guest.person is not None:
        optional["guest_person"] = event.guest.person
    if event.meeting is not None:
        optional["meeting"] = event.meeting
    if event.series is not None:
        optional["series"] = event.series
    row = BOOKINGS.put(
        at.micros,
        booking=event.booking,
        calendar=calendar,
        slug=event.slug,
        title=event.title,
        start=event.start,
        minutes=event.minutes,
        status=event.status.value,
        seats=event.seats,
        guest_name=event.guest.name,
        guest_email=event.guest.email,
        answers=_json(event.guest.answers),
        others=_json(event.others),
        zone=event.meant.zone,
        wall=event.meant.wall,
        tzdata=event.meant.tzdata,
        location_kind=event.location.kind.value,
        location=event.location.text,
        price=event.price,
        currency=event.currency,
        despite=_json(event.despite),
        overlaps=_json(event.overlaps),
        overlap_reason=event.reason,
        sequence=0,
        proof=event.proof,
        booked_at=at.time,
        changed_at=at.time,
        **optional,
    )
    writes = [
        row,
        _taken(at, event, event.status, event.blocks, None),
        _hosted(at, event.booking, event.start),
        _noted(at, event.booking, "booked", start=event.start, by_host=bool(event.reason), reason=event.reason),
    ]
    if event.series is not None:
        writes.append(SERIES.put(at.micros, series=event.series, booking=event.booking))
    if event.guest.person is not None:
        writes.append(
            MINE.put(at.micros, person=event.guest.person, booking=event.booking, calendar=calendar, booked_at=at.time)
        )
    return writes


@scheduling.on(Approved)
def approved(event: Approved, at: Recorded) -> Writes:
    return [
        _changed(at, event.booking, status=Status.CONFIRMED.value),
        _taken_as(at, event.booking, event.start, status=Status.CONFIRMED.value),
        _noted(at, event.booking, "approved", start=event.start, by_host=True),
    ]


@scheduling.on(Declined)
def declined(event: Declined, at: Recorded) -> Writes:
    return [
        _changed(at, event.booking, status="declined", reason=event.reason, sequence=event.sequence),
        _not_taken(at, event.booking, event.start),
        _noted(at, event.booking, "declined", start=event.start, by_host=True, reason=event.reason),
    ]


@scheduling.on(Rescheduled)
def rescheduled(event: Rescheduled, at: Recorded) -> Writes:
    status = event.status.value
    row = _changed(
        at,
        event.booking,
        start=event.start,
        minutes=event.minutes,
        status=status,
        zone=event.meant.zone,
        wall=event.meant.wall,
        tzdata=event.meant.tzdata,
        reason=event.reason,
        by_host=event.by_host,
        sequence=event.sequence,
        no_show=False,
    )
    moved = _taken_as(
        at,
        event.booking,
        event.start,
        slug=event.slug,
        seats=event.seats,
        minutes=event.minutes,
        buffer_before=event.buffer_before,
        buffer_after=event.buffer_after,
        status=status,
        blocks=event.blocks,
    )
    calendar, was = UUID(at.aggregate_id), event.was
    gone = HOSTED.remove(at.micros, calendar=calendar, month=month_of(was), start=was, booking=event.booking)
    noted = {"was": was, "start": event.start, "by_host": event.by_host, "reason": event.reason}
    if was == event.start:
        return [row, moved, _noted(at, event.booking, "rescheduled", **noted)]
    return [
        row,
        _not_taken(at, event.booking, was),
        moved,
        gone,
        _hosted(at, event.booking, event.start),
        _noted(at, event.booking, "rescheduled", **noted),
    ]


@scheduling.on(Cancelled)
def cancelled(event: Cancelled, at: Recorded) -> Writes:
    change = {"reason": event.reason, "by_host": event.by_host}
    return [
        _changed(at, event.booking, status="cancelled", sequence=event.sequence, **change),
        _not_taken(at, event.booking, event.start),
        _noted(at, event.booking, "cancelled", start=event.start, **change),
    ]


@scheduling.on(NoShowMarked)
def no_show_marked(event: NoShowMarked, at: Recorded) -> Writes:
    return [
        _changed(at, event.booking, no_show=True),
        _noted(at, event.booking, "no_show", start=event.start, by_host=True),
    ]


@scheduling.on(GuestsChanged)
def guests_changed(event: GuestsChanged, at: Recorded) -> Writes:
    return [
        _changed(at, event.booking, others=_json(event.others), sequence=event.sequence),
        _noted(at, event.booking, "guests_changed", start=event.start),
    ]


@scheduling.on(Reminded)
def reminded(event: Reminded, at: Recorded) -> Writes:
    return [_noted(at, event.booking, "reminded", start=event.start, reason=f"{event.minutes} minutes before")]


@scheduling.on(RoomMade)
def room_made(event: RoomMade, at: Recorded) -> Writes:
    return [
        _changed(at, event.booking, location=event.link),
        _noted(at, event.booking, "room_made", start=event.start),
    ]


@scheduling.on(KeyRenewed)
def key_renewed(event: KeyRenewed, at: Recorded) -> Writes:
    return [
        _changed(at, event.booking, proof=event.proof),
        _noted(at, event.booking, "key_renewed", start=event.start),
    ]


@scheduling.on(KeyWithdrawn)
def key_withdrawn(event: KeyWithdrawn, at: Recorded) -> Writes:
    return [
        _changed(at, event.booking, proof=b""),
        _noted(at, event.booking, "key_withdrawn", start=event.start),
    ]


@scheduling.on(PublicSet)
def public_set(event: PublicSet, at: Recorded) -> Writes:
    where = {"calendar": UUID(at.aggregate_id), "booking": event.booking}
    listed = PUBLIC.put(at.micros, **where) if event.public else PUBLIC.remove(at.micros, **where)
    return [_changed(at, event.booking, public=event.public), listed]


@scheduling.on(Commented)
def commented(event: Commented, at: Recorded) -> Writes:
    return [_note(at, event, text=event.text), *_said(at, event)]


@scheduling.on(FileAttached)
def file_attached(event: FileAttached, at: Recorded) -> Writes:
    return [_note(at, event, media=event.media, size=event.size, digest=event.digest), *_said(at, event)]


@scheduling.on(NoteDeleted)
def note_deleted(event: NoteDeleted, at: Recorded) -> Writes:
    return [NOTES.remove(at.micros, booking=event.booking, note=event.note)]


@scheduling.on(NoteErased)
def note_erased(event: NoteErased, at: Recorded) -> Writes:
    return [
        NOTES.remove(at.micros, booking=event.booking, note=event.note),
        SAID.remove(at.micros, author=event.author, booking=event.booking, note=event.note),
    ]


# Rows.


def _note(at: Recorded, event: Commented | FileAttached, **values: object) -> Put:
    author = {} if event.author is None else {"author": event.author}
    return NOTES.put(
        at.micros,
        booking=event.booking,
        note=event.note,
        by_host=event.by_host,
        name=event.name,
        written_at=at.time,
        **author,
        **values,
    )


def _said(at: Recorded, event: Commented | FileAttached) -> Writes:
    if event.author is None:
        return []
    return [SAID.put(at.micros, author=event.author, booking=event.booking, note=event.note)]


def _setting(at: Recorded, kind: str, name: str, value: object) -> Writes:
    return [SETTINGS.put(at.micros, calendar=UUID(at.aggregate_id), kind=kind, name=name, value=_json(value))]


def _no_setting(at: Recorded, kind: str, name: str) -> Writes:
    return [SETTINGS.remove(at.micros, calendar=UUID(at.aggregate_id), kind=kind, name=name)]


def _changed(at: Recorded, booking: UUID, **values: object) -> Put:
    return BOOKINGS.put(at.micros, booking=booking, changed_at=at.time, **values)


def _hosted(at: Recorded, booking: UUID, start: datetime) -> Put:
    return HOSTED.put(at.micros, calendar=UUID(at.aggregate_id), month=month_of(start), start=start, booking=booking)


def _taken(at: Recorded, event: Held | Booked, status: Status, blocks: bool, until: datetime | None) -> Put:
    optional = {} if until is None else {"until": until}
    return _taken_as(
        at,
        event.booking,
        event.start,
        slug=event.slug,
        minutes=event.minutes,
        buffer_before=event.buffer_before,
        buffer_after=event.buffer_after,
        seats=event.seats,
        status=status.value,
        blocks=blocks,
        **optional,
    )


def _taken_as(at: Recorded, booking: UUID, start: datetime, **values: object) -> Put:
    month = month_of(start)
    return TAKEN.put(at.micros, calendar=UUID(at.aggregate_id), month=month, start=start, booking=booking, **values)


def _not_taken(at: Recorded, booking: UUID, start: datetime) -> Remove:
    month = month_of(start)
    return TAKEN.remove(at.micros, calendar=UUID(at.aggregate_id), month=month, start=start, booking=booking)


def _noted(at: Recorded, booking: UUID, what: str, **values: object) -> Put:
    return HISTORY.put(at.micros, booking=booking, micros=at.micros, what=what, **values)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
