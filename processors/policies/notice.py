"""What people are told of: bookings by way of their invitations, car parks, and the notices' own affairs.

Nothing in a notice names another person: what is sealed with one's own key must not outlive somebody else's.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from domain.identity.person import Forgotten, SessionExpired, SessionRevoked
from domain.notice.invitation import Announce, Announced, Change, Meeting, Open, SetFurther
from domain.notice.recipient import (
    Category,
    Channel,
    Clear,
    EndPushes,
    Held,
    Notice,
    Release,
    Tell,
    WebhookDisabled,
    Withdraw,
)
from domain.parking.lot import Cancelled as ParkingCancelled
from domain.parking.lot import Confirmed as ParkingConfirmed
from domain.parking.lot import Held as ParkingHeld
from domain.parking.lot import IncidentReported, Lapse, Lapsed, Overstayed, Rehomed
from domain.scheduling.calendar import (
    Approved,
    Booked,
    Cancelled,
    ConnectionFailed,
    Declined,
    EndWebhooks,
    GuestsChanged,
    NoShowMarked,
    Reminded,
    Rescheduled,
    Status,
)
from domain.scheduling.calendar import WebhookDisabled as CalendarWebhookDisabled
from domain.scheduling.calendar.bookings import has_room
from domain.scheduling.meeting import Cancelled as MeetingCancelled
from domain.scheduling.meeting import Moved, Settled
from infra.video import VideoRooms
from processors.policies.rules import Rules, Then
from processors.policies.video import address_in
from schemas.envelope import Recorded

EXPIRING = timedelta(minutes=2)  # before a space that is held for somebody is free again
LAST = 1_000  # the sequence of what nothing follows
_IDS = UUID("9a3c1f52-6d1e-5b7e-8a52-0f6f3e2b7c41")  # never changes: the ids of notices hang on it


# Bookings: the calendar's events go to the booking's invitation, which knows whom they concern.


def booked(event: Booked, at: Recorded, room: str = "") -> list[Then]:
    host = UUID(at.aggregate_id)
    guest = event.guest
    meeting = Meeting(event.title, event.start, event.minutes, event.meant.zone, room or event.location.text, 0)
    if event.meeting is not None:  # of several hosts: the guest hears of the meeting, not of its parts
        return [Then(Open(host, None, meeting, "", ()), str(event.booking))]
    confirmed = event.status is Status.CONFIRMED
    return [Then(Open(host, guest.person, meeting, guest.email, event.others, confirmed), str(event.booking))]


def approved(event: Approved, at: Recorded, room: str = "") -> list[Then]:
    change = Announce(Change.APPROVED, event.start, event.sequence, by_host=True, location=room)
    return [Then(change, str(event.booking))]


def declined(event: Declined, at: Recorded) -> list[Then]:
    change = Announce(Change.DECLINED, event.start, event.sequence, by_host=True, reason=event.reason)
    return [Then(change, str(event.booking))]


def rescheduled(event: Rescheduled, at: Recorded, room: str = "") -> list[Then]:
    change = Announce(
        Change.MOVED,
        event.start,
        event.sequence,
        event.by_host,
        event.reason,
        event.minutes,
        event.meant.zone,
        location=room,
    )
    return [Then(change, str(event.booking))]


def cancelled(event: Cancelled, at: Recorded) -> list[Then]:
    change = Announce(Change.CANCELLED, event.start, event.sequence, event.by_host, event.reason)
    return [Then(change, str(event.booking))]


def no_show_marked(event: NoShowMarked, at: Recorded) -> list[Then]:
    return [Then(Announce(Change.NO_SHOW, event.start, by_host=True), str(event.booking))]


def guests_changed(event: GuestsChanged, at: Recorded) -> list[Then]:
    return [Then(SetFurther(event.person, event.others, event.sequence), str(event.booking))]


def reminded(event: Reminded, at: Recorded) -> list[Then]:
    """Each host by their part; the guest by the meeting, which every part asks for and the first has told."""
    soon = Announce(Change.REMINDER, event.start, offset=event.minutes)
    return [Then(soon, str(each)) for each in (event.booking, event.meeting) if each is not None]


def settled(event: Settled, at: Recorded, rooms: VideoRooms) -> list[Then]:
    wanted, definition = event.plan.appointment, event.plan.definition
    place = definition.location.text or wanted.place
    if has_room(definition, wanted):
        place = rooms.address(UUID(at.aggregate_id))
    meeting = Meeting(definition.title, wanted.start, wanted.minutes, wanted.zone, place, 0)
    return [Then(Open(None, wanted.guest.person, meeting, wanted.guest.email, wanted.others), at.aggregate_id)]


def moved(event: Moved, at: Recorded) -> list[Then]:
    move = event.move
    change = Announce(Change.MOVED, move.start, move.number, move.by_host, move.reason, move.minutes, move.zone)
    return [Then(change, at.aggregate_id)]


def meeting_cancelled(event: MeetingCancelled, at: Recorded) -> list[Then]:
    return [Then(Announce(Change.CANCELLED, sequence=LAST, reason=event.reason), at.aggregate_id)]


HOST = {
    Change.BOOKED: "Booked",
    Change.REQUESTED: "Wants your yes",
    Change.MOVED: "Moved",
    Change.CANCELLED: "Cancelled",
    Change.REMINDER: "Soon",
}
GUEST = {
    Change.BOOKED: "Booked",
    Change.REQUESTED: "Asked for",
    Change.APPROVED: "Confirmed",
    Change.DECLINED: "Declined",
    Change.MOVED: "Moved",
    Change.CANCELLED: "Cancelled",
    Change.REMINDER: "Soon",
    Change.NO_SHOW: "Missed",
}


def announced(event: Announced, at: Recorded) -> list[Then]:
    """Host and guest are told; the guest's mail is on its way by the announcement itself."""
    told = []
    if event.host is not None and event.change in HOST:
        told.append(Then(Tell(_of_booking(event, at, HOST[event.change], "/ui/scheduling")), str(event.host)))
    if event.to_guest and event.guest is not None and event.guest != event.host and event.change in GUEST:
        what = _of_booking(event, at, GUEST[event.change], "/ui/scheduling")
        told.append(Then(Tell(what, without=(Channel.EMAIL,)), str(event.guest)))
    return told


def _of_booking(event: Announced, at: Recorded, word: str, link: str) -> Notice:
    day, _, clock = event.wall.partition("T")
    text = f"{day}, {clock} ({event.meeting.zone}), {event.meeting.minutes} minutes."
    return Notice(
        notice=uuid5(_IDS, at.id),
        category=Category.REMINDERS if event.change is Change.REMINDER else Category.BOOKINGS,
        kind=f"booking.{event.change}",
        subject=f"{word}: {event.meeting.title}",
        text=f"{text} {event.reason}".rstrip(),
        link=link,
        about={"booking": at.aggregate_id},
    )


# Car parks.


def parking_held(event: ParkingHeld, at: Recorded) -> list[Then]:
    """That a hold is about to end is told shortly before, unless it is no hold any more."""
    what = _of_parking(
        _expiring(event.reservation), at, "expiring", "Your space is free again in two minutes", "Confirm it now.", True
    )
    when = event.expires - EXPIRING
    return [Then(Tell(what, when), str(event.holder))] if when > at.time else []


def parking_confirmed(event: ParkingConfirmed, at: Recorded) -> list[Then]:
    text = f"From {_utc(event.taken.start)} to {_utc(event.taken.end)}."
    return [_settled(event.reservation, event.holder), _parking(event.holder, at, "confirmed", "Space reserved", text)]


def parking_cancelled(event: ParkingCancelled, at: Recorded) -> list[Then]:
    text = "What you had paid is on its way back." if event.refunds else "Nothing more is to be done."
    cancelled = _parking(event.holder, at, "cancelled", "Reservation cancelled", text)
    return [_settled(event.reservation, event.holder), cancelled]


LAPSED = {
    Lapse.EXPIRED: ("Your space is free again", "The time to confirm it is over. Reserve again if you need one."),
    Lapse.NO_SHOW: ("You were not there", "Your space was given to others, as the terms say."),
    Lapse.DISPLACED: ("Your space cannot be kept", "We are sorry. What you had paid is on its way back."),
}


def lapsed(event: Lapsed, at: Recorded) -> list[Then]:
    subject, text = LAPSED[event.why]
    urgent = event.why is Lapse.DISPLACED
    told = _parking(event.holder, at, str(event.why), subject, text, urgent=urgent)
    return [_settled(event.reservation, event.holder), told]


def rehomed(event: Rehomed, at: Recorded) -> list[Then]:
    text = f"Yours is of the kind {event.taken.pool} now, at the same price."
    return [_parking(event.holder, at, "rehomed", "You get another space", text)]


def overstayed(event: Overstayed, at: Recorded) -> list[Then]:
    if event.holder is None:
        return []
    once = uuid5(_IDS, f"overstayed/{event.ticket}")
    text = "Your time is over. Every further minute is paid at the tariff."
    what = _of_parking(once, at, "overstayed", "You are still in the car park", text, urgent=True)
    return [Then(Tell(what), str(event.holder))]


INCIDENTS = {
    "watched plate": (
        "A watched plate was seen",
        "It was read by a camera or let in, maybe with one letter that looks like another.",
    ),
    "unpaid": ("A card was not charged at the exit", "The vehicle has left. What is owed stands in the incident."),
    "compensation": ("A compensation was not paid out", "What is owed stands in the incident."),
}


def incident_reported(event: IncidentReported, at: Recorded) -> list[Then]:
    """Those who work there are told. What a person has written of it may name somebody: it stays on their page."""
    by_us = event.by is None and event.kind in INCIDENTS
    subject, text = (
        INCIDENTS[event.kind]
        if by_us
        else ("An incident was reported", "Somebody who works there has written it down.")
    )
    what = Notice(
        notice=uuid5(_IDS, f"incident/{event.incident}"),
        category=Category.WORK,
        kind="parking.incident",
        subject=subject,
        text=text,
        link=f"/ui/parking/{at.aggregate_id}/operate/security",
        about={"lot": at.aggregate_id, "incident": str(event.incident)},
        urgent=by_us and event.kind == "watched plate",
    )
    return [Then(Tell(what), str(person)) for person in event.at_work]


def _settled(reservation: UUID, holder: UUID) -> Then:
    return Then(Withdraw(_expiring(reservation)), str(holder))


def _expiring(reservation: UUID) -> UUID:
    return uuid5(_IDS, f"expiring/{reservation}")


def _parking(holder: UUID, at: Recorded, kind: str, subject: str, text: str, urgent: bool = False) -> Then:
    return Then(Tell(_of_parking(uuid5(_IDS, at.id), at, kind, subject, text, urgent)), str(holder))


def _of_parking(notice: UUID, at: Recorded, kind: str, subject: str, text: str, urgent: bool = False) -> Notice:
    about = {"lot": at.aggregate_id}
    return Notice(notice, Category.PARKING, f"parking.{kind}", subject, text, "/ui/parking", about, urgent)


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


# The notices themselves.


def held(event: Held, at: Recorded) -> list[Then]:
    return [Then(Release(event.what.notice, event.until), at.aggregate_id, due=event.until)]


def webhook_disabled(event: WebhookDisabled, at: Recorded) -> list[Then]:
    told = _switched_off("A webhook", event.why, "/ui/notices", at, webhook=event.webhook)
    return [Then(told, at.aggregate_id)]


def calendar_webhook_disabled(event: CalendarWebhookDisabled, at: Recorded) -> list[Then]:
    about = {"webhook": event.webhook, "calendar": at.aggregate_id}
    told = _switched_off("A webhook of a calendar", event.why, "/ui/scheduling", at, **about)
    return [Then(told, str(event.owner))]


def connection_failed(event: ConnectionFailed, at: Recorded) -> list[Then]:
    told = Notice(
        notice=uuid5(_IDS, at.id),
        category=Category.HOUSEKEEPING,
        kind="calendar.disconnected",
        subject="A connected calendar lets us in no more",
        text="Its busy times are as they were then, and new bookings do not go there. Connect it again.",
        link="/ui/scheduling/sharing",
        about={"calendar": at.aggregate_id, "connection": str(event.connection)},
    )
    return [Then(Tell(told), str(event.owner))]


def _switched_off(what: str, why: str, link: str, at: Recorded, **about: object) -> Tell:
    return Tell(
        Notice(
            notice=uuid5(_IDS, at.id),
            category=Category.HOUSEKEEPING,
            kind="webhook.disabled",
            subject=f"{what} was switched off",
            text=f"It did not take what was sent: {why}. Switch it on again when it works.",
            link=link,
            about={name: str(value) for name, value in about.items()},
        )
    )


def session_ended(event: SessionRevoked | SessionExpired, at: Recorded) -> list[Then]:
    return [Then(EndPushes(event.session), at.aggregate_id)]


def forgotten(event: Forgotten, at: Recorded) -> list[Then]:
    return [Then(Clear(), at.aggregate_id), Then(EndWebhooks(), at.aggregate_id)]


def rules(rooms: VideoRooms) -> Rules:
    """The rules with the rooms of this installation: whoever is told of a video meeting is told where it is."""
    return {
        **_RULES,
        Booked: lambda event, at: booked(event, at, address_in(rooms, event)),
        Approved: lambda event, at: approved(event, at, address_in(rooms, event)),
        Rescheduled: lambda event, at: rescheduled(event, at, address_in(rooms, event)),
        Settled: lambda event, at: settled(event, at, rooms),
    }


_RULES: Rules = {
    Declined: declined,
    Cancelled: cancelled,
    NoShowMarked: no_show_marked,
    GuestsChanged: guests_changed,
    Reminded: reminded,
    Moved: moved,
    MeetingCancelled: meeting_cancelled,
    Announced: announced,
    ParkingHeld: parking_held,
    ParkingConfirmed: parking_confirmed,
    ParkingCancelled: parking_cancelled,
    Lapsed: lapsed,
    Rehomed: rehomed,
    Overstayed: overstayed,
    IncidentReported: incident_reported,
    Held: held,
    WebhookDisabled: webhook_disabled,
    CalendarWebhookDisabled: calendar_webhook_disabled,
    ConnectionFailed: connection_failed,
    SessionRevoked: session_ended,
    SessionExpired: session_ended,
    Forgotten: forgotten,
}
