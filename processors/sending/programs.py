"""What programs are told of a calendar: each change of a booking, with what there is to know of it."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID, uuid5

from domain.scheduling.calendar import (
    Approved,
    Booked,
    Cancelled,
    Declined,
    Guest,
    GuestsChanged,
    NoShowMarked,
    Rescheduled,
    RoomMade,
    WebhookAdded,
    WebhookDisabled,
    WebhookPinged,
    WebhookRemoved,
)
from infra.tables import Write
from schemas.envelope import Recorded
from schemas.sealing import FORGOTTEN

KINDS: Mapping[type, str] = {
    Booked: "booking.booked",
    Approved: "booking.approved",
    Declined: "booking.declined",
    Rescheduled: "booking.moved",
    Cancelled: "booking.cancelled",
    NoShowMarked: "booking.no_show",
    GuestsChanged: "booking.guests_changed",
    RoomMade: "booking.room_made",
    WebhookPinged: "ping",
}
Change = WebhookAdded | WebhookRemoved | WebhookDisabled  # of who is told
_IDS = UUID("b3f0a0c7-8d3e-5a0e-9c59-6f6b2f1f7d11")  # never changes: the ids of calls hang on it


class Hooks(Protocol):
    """Where the webhooks of calendars are kept, and what became of their calls."""

    async def of(self, calendar: UUID) -> dict[UUID, str]: ...

    def added(self, calendar: UUID, webhook: UUID, url: str, at: int) -> Write: ...

    def removed(self, calendar: UUID, webhook: UUID, at: int) -> Write: ...

    def waiting(self, webhook: UUID, call: UUID, kind: str, place: int) -> Write: ...

    def done(self, webhook: UUID, call: UUID, place: int, state: str, attempts: int, why: str, at: int) -> Write: ...


def call_id(event: object, at: Recorded) -> UUID:
    """What a receiver knows a call by, also when it is sent again."""
    return event.ping if isinstance(event, WebhookPinged) else uuid5(_IDS, at.id)


def is_forgotten(event: object) -> bool:
    """Whether the guest is somebody who was forgotten since."""
    return isinstance(event, Booked) and FORGOTTEN in (event.guest.name, event.guest.email)


def told_of(event: object, at: Recorded) -> dict[str, Any]:
    """The data of a call; raises TypeError for what no program is told of."""
    calendar = at.aggregate_id
    match event:
        case Booked():
            return {
                "calendar_id": calendar,
                "booking_id": event.booking,
                "event_type": event.slug,
                "title": event.title,
                "start": event.start,
                "minutes": event.minutes,
                "zone": event.meant.zone,
                "status": event.status,
                "seats": event.seats,
                "guest": _guest(event.guest),
                "guests": event.others,
                "location": {"kind": event.location.kind, "text": event.location.text},
                "meeting_id": event.meeting,
                "series_id": event.series,
                "sequence": 0,
            }
        case Approved() | Declined() | Rescheduled() | Cancelled() | NoShowMarked() | GuestsChanged() | RoomMade():
            named = {"calendar_id": calendar, "booking_id": event.booking, "start": event.start}
            return {**named, **{each: getattr(event, each) for each in MORE if hasattr(event, each)}}
        case WebhookPinged():
            return {"calendar_id": calendar, "webhook_id": event.webhook}
    raise TypeError(f"no program is told of {type(event).__name__}")


MORE = ("was", "minutes", "status", "by_host", "reason", "sequence", "link")


def _guest(guest: Guest) -> dict[str, Any]:
    return {"name": guest.name, "email": guest.email, "user_id": guest.person, "answers": guest.answers}
