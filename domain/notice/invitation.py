"""A booking as those who meet are told of it: who they are, and which of its changes they know of.

The calendar decides and forgets its guests; this remembers whom to tell. Its id is the booking's. Where several hosts
meet, each of their parts is told to its host alone, and the guest is told of the meeting, by one with its id.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from uuid import UUID

from domain.instants import micros
from domain.kernel import Context, Reason, Rejected
from domain.scheduling.zones import minute_of, text_of, zone

TOLD = 40  # changes that are remembered, so that none is told twice


class Change(StrEnum):
    """What has become of the booking."""

    BOOKED = "booked"
    REQUESTED = "requested"  # the host has to say yes
    APPROVED = "approved"
    DECLINED = "declined"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    NO_SHOW = "no_show"
    INVITED = "invited"  # further guests
    UNINVITED = "uninvited"


@dataclass(frozen=True, slots=True)
class Meeting:
    """What there is to know of it."""

    title: str
    start: datetime
    minutes: int
    zone: str  # of the one who booked
    location: str = field(metadata={"personal": "guest|aggregate_id"})
    sequence: int  # rises with each change that calendars must learn of (RFC 5545, 3.8.7.4)


# Events.


@dataclass(frozen=True, slots=True)
class Announced:
    """A change, and everybody who is to hear of it."""

    change: Change
    guest: UUID | None  # who booked, where they were signed in
    meeting: Meeting
    wall: str  # what the clocks show there and then: "2026-03-29T10:00"
    host: UUID | None  # where the host is told
    to_guest: bool
    addresses: tuple[str, ...] = field(metadata={"personal": "guest|aggregate_id"})  # that it is mailed to
    reason: str
    confirmed: bool  # it is in calendars; a request is not, and neither is one that was refused
    offset: int  # of a reminder: minutes before the start
    at: datetime


@dataclass(frozen=True, slots=True)
class PartiesSet:
    """Who they are, from now on."""

    host: UUID | None
    guest: UUID | None
    address: str = field(metadata={"personal": "guest|aggregate_id"})  # of the one who booked
    further: tuple[str, ...] = field(metadata={"personal": "guest|aggregate_id"})


@dataclass(frozen=True, slots=True)
class RemindersStopped:
    """One of those who are mailed wants to be reminded no more."""

    who: str  # as `reader` names an address


Event = PartiesSet | Announced | RemindersStopped


# Commands, all by the system.


@dataclass(frozen=True, slots=True)
class Open:
    """It was booked, or asked for."""

    host: UUID | None
    guest: UUID | None
    meeting: Meeting
    address: str = field(metadata={"personal": "guest|aggregate_id"})
    further: tuple[str, ...] = field(metadata={"personal": "guest|aggregate_id"})
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Announce:
    """Something has become of it. `start`, `minutes`, `zone` and `location` where they are others now."""

    change: Change
    start: datetime | None = None
    sequence: int = 0
    by_host: bool = False
    reason: str = ""
    minutes: int = 0
    zone: str = ""
    offset: int = 0  # of a reminder: minutes before the start
    location: str = field(default="", metadata={"personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class SetFurther:
    """The further guests are others now."""

    guest: UUID | None
    further: tuple[str, ...] = field(metadata={"personal": "guest|aggregate_id"})
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class StopReminders:
    """By who has the link in a mail."""

    who: str


Command = Open | Announce | SetFurther | StopReminders


# State.


@dataclass(frozen=True, slots=True)
class Invitation:
    host: UUID | None = None
    guest: UUID | None = None
    meeting: Meeting | None = None
    address: str = field(default="", metadata={"personal": "guest|aggregate_id"})
    further: tuple[str, ...] = field(default=(), metadata={"personal": "guest|aggregate_id"})
    told: tuple[str, ...] = ()
    confirmed: bool = False
    unreminded: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Everybody who is mailed."""
        return (self.address, *self.further) if self.address else self.further

    @property
    def cancelled(self) -> bool:
        """Whether that is the last that was told."""
        return self.told[-1:] != () and self.told[-1].startswith(f"{Change.CANCELLED}/")


INITIAL = Invitation()


def reader(booking: str, address: str) -> str:
    """What stands for an address of this booking where it is not to be named: 24 letters."""
    return blake2b(f"{booking}/{address}".encode(errors="replace"), digest_size=12).hexdigest()


def evolve(invitation: Invitation, event: Event) -> Invitation:
    match event:
        case Announced():
            return replace(
                invitation,
                meeting=event.meeting,
                told=(*invitation.told, _mark(event.change, event.meeting, event.offset))[-TOLD:],
                confirmed=event.confirmed,
            )
        case RemindersStopped(who=who):
            return replace(invitation, unreminded=(*invitation.unreminded, who))
        case PartiesSet(host=host, guest=guest, address=address, further=further):
            return replace(invitation, host=host, guest=guest, address=address, further=further)


def decide(invitation: Invitation, command: Command, context: Context) -> list[Event]:
    if not context.actor.is_system:
        raise Rejected("not_yours", "Only Septet itself does this.", Reason.FORBIDDEN)
    match command:
        case Open():
            return _open(invitation, command, context)
        case Announce():
            return _announce(invitation, command, context)
        case SetFurther():
            return _set_further(invitation, command, context)
        case StopReminders():
            return _stop_reminders(invitation, command, context)


def _open(invitation: Invitation, command: Open, context: Context) -> list[Event]:
    if invitation.meeting is not None:
        return []
    parties = PartiesSet(command.host, command.guest, command.address, command.further)
    change = Change.BOOKED if command.confirmed else Change.REQUESTED
    return [
        parties,
        Announced(
            change=change,
            guest=command.guest,
            meeting=command.meeting,
            wall=_wall(command.meeting),
            host=command.host,
            to_guest=True,
            addresses=evolve(invitation, parties).addresses,
            reason="",
            confirmed=command.confirmed,
            offset=0,
            at=context.now,
        ),
    ]


def _announce(invitation: Invitation, command: Announce, context: Context) -> list[Event]:
    known = invitation.meeting
    if known is None:
        return []  # of before there were invitations
    meeting = replace(
        known,
        start=command.start or known.start,
        minutes=command.minutes or known.minutes,
        zone=command.zone or known.zone,
        location=command.location or known.location,
        sequence=max(known.sequence, command.sequence),
    )
    change = command.change
    if _mark(change, meeting, command.offset) in invitation.told:
        return []
    if change is Change.REMINDER and (meeting.start != known.start or invitation.cancelled):
        return []  # of a part that had not heard of it yet
    by_one = change in (Change.MOVED, Change.CANCELLED)  # who does it knows of it
    to_host = change is Change.REMINDER or (by_one and not command.by_host)
    return [
        Announced(
            change=change,
            guest=invitation.guest,
            meeting=meeting,
            wall=_wall(meeting),
            host=invitation.host if to_host else None,
            to_guest=command.by_host or not by_one or invitation.host is None,
            addresses=_addresses(invitation, change, context),
            reason=command.reason,
            confirmed=change is not Change.DECLINED and (change is Change.APPROVED or invitation.confirmed),
            offset=command.offset,
            at=context.now,
        )
    ]


def _addresses(invitation: Invitation, change: Change, context: Context) -> tuple[str, ...]:
    if change is Change.NO_SHOW:
        return ()
    if change is not Change.REMINDER:
        return invitation.addresses
    names = {each: reader(context.aggregate_id, each) for each in invitation.addresses}
    return tuple(each for each, name in names.items() if name not in invitation.unreminded)


def _stop_reminders(invitation: Invitation, command: StopReminders, context: Context) -> list[Event]:
    known = (reader(context.aggregate_id, each) for each in invitation.addresses)
    if command.who in invitation.unreminded or command.who not in known:
        return []
    return [RemindersStopped(command.who)]


def _set_further(invitation: Invitation, command: SetFurther, context: Context) -> list[Event]:
    known, before, after = invitation.meeting, invitation.further, command.further
    if known is None or after == before:
        return []
    meeting = replace(known, sequence=max(known.sequence, command.sequence))
    events: list[Event] = [PartiesSet(invitation.host, invitation.guest, invitation.address, after)]
    for change, addresses in (
        (Change.INVITED, tuple(each for each in after if each not in before)),
        (Change.UNINVITED, tuple(each for each in before if each not in after)),
    ):
        if addresses:
            events.append(
                Announced(
                    change=change,
                    guest=invitation.guest,
                    meeting=meeting,
                    wall=_wall(meeting),
                    host=None,
                    to_guest=False,
                    addresses=addresses,
                    reason="",
                    confirmed=invitation.confirmed,
                    offset=0,
                    at=context.now,
                )
            )
    return events


def _wall(meeting: Meeting) -> str:
    return text_of(zone(meeting.zone).wall(minute_of(meeting.start)))


def _mark(change: Change, meeting: Meeting, offset: int) -> str:
    return f"{change}/{micros(meeting.start)}/{meeting.sequence}/{offset}"
