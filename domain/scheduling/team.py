"""A team: whose calendars it may fill, what can be booked with it, and whose turn it is."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.ids import check_uuid
from domain.kernel import Context, Reason, Rejected
from domain.scheduling.calendar.bookings import check_guest, check_instant, check_lengths, check_proof
from domain.scheduling.calendar.commands import Appointment
from domain.scheduling.event_type import EventType, check_answers, check_event_type
from domain.scheduling.ranking import Member, fair_credit, ranking
from domain.text import check_line

MEMBERS = 50
TYPES = 50
REQUESTS = 200  # the latest that are known again
TIME_TO_ARRANGE = timedelta(minutes=2)


class Mode(StrEnum):
    """Who of the team meets."""

    COLLECTIVE = "collective"  # all who are not paused
    ROUND_ROBIN = "round_robin"  # the most suitable who is free


@dataclass(frozen=True, slots=True)
class TeamType:
    definition: EventType
    mode: Mode


# Events.


@dataclass(frozen=True, slots=True)
class TeamCreated:
    name: str
    owner: UUID


@dataclass(frozen=True, slots=True)
class Invited:
    """A calendar may join. Also when weight or priority changed."""

    calendar: UUID
    weight: int
    priority: int


@dataclass(frozen=True, slots=True)
class MemberJoined:
    calendar: UUID
    credit: int


@dataclass(frozen=True, slots=True)
class MemberLeft:
    calendar: UUID


@dataclass(frozen=True, slots=True)
class MemberPaused:
    calendar: UUID


@dataclass(frozen=True, slots=True)
class MemberResumed:
    calendar: UUID
    credit: int


@dataclass(frozen=True, slots=True)
class TypeDefined:
    offer: TeamType


@dataclass(frozen=True, slots=True)
class TypeRemoved:
    slug: str


@dataclass(frozen=True, slots=True)
class MeetingRequested:
    """Calendars in the order in which they are asked: by rank, or sorted so that no two meetings lock each other."""

    meeting: UUID
    mode: Mode
    calendars: tuple[UUID, ...]
    definition: EventType
    appointment: Appointment
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Assigned:
    """A meeting came about with this member: it counts for the next ranking."""

    meeting: UUID
    calendar: UUID
    at: datetime


Event = (
    TeamCreated
    | Invited
    | MemberJoined
    | MemberLeft
    | MemberPaused
    | MemberResumed
    | TypeDefined
    | TypeRemoved
    | MeetingRequested
    | Assigned
)


# Commands. By the owner, save RequestMeeting (anybody), CallMeeting (a member), and the last three (the system).


@dataclass(frozen=True, slots=True)
class CreateTeam:
    name: str


@dataclass(frozen=True, slots=True)
class Invite:
    calendar: UUID
    weight: int
    priority: int


@dataclass(frozen=True, slots=True)
class RemoveMember:
    calendar: UUID


@dataclass(frozen=True, slots=True)
class Pause:
    """Asks this member no more until they are back; by the owner or themselves."""

    calendar: UUID


@dataclass(frozen=True, slots=True)
class Resume:
    calendar: UUID


@dataclass(frozen=True, slots=True)
class DefineType:
    offer: TeamType


@dataclass(frozen=True, slots=True)
class RemoveType:
    slug: str


@dataclass(frozen=True, slots=True)
class RequestMeeting:
    """The appointment's booking is the id of the meeting."""

    appointment: Appointment


@dataclass(frozen=True, slots=True)
class CallMeeting:
    """A meeting of some members, called by one of them, at a time that suits all."""

    calendars: tuple[UUID, ...]
    appointment: Appointment
    definition: EventType


@dataclass(frozen=True, slots=True)
class NoteJoined:
    calendar: UUID


@dataclass(frozen=True, slots=True)
class NoteLeft:
    calendar: UUID


@dataclass(frozen=True, slots=True)
class NoteAssigned:
    meeting: UUID
    calendar: UUID


Command = (
    CreateTeam
    | Invite
    | RemoveMember
    | Pause
    | Resume
    | DefineType
    | RemoveType
    | RequestMeeting
    | CallMeeting
    | NoteJoined
    | NoteLeft
    | NoteAssigned
)


# State.


@dataclass(frozen=True, slots=True)
class Terms:
    """On which a calendar may join."""

    weight: int
    priority: int


@dataclass(frozen=True, slots=True)
class Team:
    owner: UUID | None = None
    name: str = ""
    invited: dict[UUID, Terms] = field(default_factory=dict)
    members: dict[UUID, Member] = field(default_factory=dict)
    types: dict[str, TeamType] = field(default_factory=dict)
    requested: tuple[UUID, ...] = ()
    assigned: tuple[UUID, ...] = ()


INITIAL = Team()


def evolve(team: Team, event: Event) -> Team:
    match event:
        case TeamCreated(name=name, owner=owner):
            return replace(team, name=name, owner=owner)
        case Invited(calendar=calendar, weight=weight, priority=priority):
            terms = {**team.invited, calendar: Terms(weight, priority)}
            if calendar not in team.members:
                return replace(team, invited=terms)
            return replace(_with(team, calendar, weight=weight, priority=priority), invited=terms)
        case MemberJoined(calendar=calendar, credit=credit):
            terms_of = team.invited[calendar]
            member = Member(terms_of.weight, terms_of.priority, credit=credit)
            return replace(team, members={**team.members, calendar: member})
        case MemberLeft(calendar=calendar):
            return replace(
                team,
                members={who: each for who, each in team.members.items() if who != calendar},
                invited={who: each for who, each in team.invited.items() if who != calendar},
            )
        case MemberPaused(calendar=calendar):
            return _with(team, calendar, paused=True)
        case MemberResumed(calendar=calendar, credit=credit):
            return _with(team, calendar, paused=False, credit=credit)
        case TypeDefined(offer=offer):
            return replace(team, types={**team.types, offer.definition.slug: offer})
        case TypeRemoved(slug=slug):
            return replace(team, types={name: each for name, each in team.types.items() if name != slug})
        case MeetingRequested(meeting=meeting):
            return replace(team, requested=(*team.requested, meeting)[-REQUESTS:])
        case Assigned(meeting=meeting, calendar=calendar, at=at):
            counted = replace(team, assigned=(*team.assigned, meeting)[-REQUESTS:])
            if calendar not in team.members:
                return counted
            return _with(counted, calendar, meetings=team.members[calendar].meetings + 1, last=at)


def _with(team: Team, calendar: UUID, **changes: object) -> Team:
    changed = replace(team.members[calendar], **changes)  # type: ignore[arg-type]
    return replace(team, members={**team.members, calendar: changed})


def decide(team: Team, command: Command, context: Context) -> list[Event]:
    if isinstance(command, CreateTeam):
        return _create(team, command, context)
    if team.owner is None:
        raise Rejected("team_unknown", "There is no such team.", Reason.NOT_FOUND)
    match command:
        case RequestMeeting():
            return _request(team, command, context)
        case CallMeeting():
            return _call(team, command, context)
        case NoteJoined() | NoteLeft() | NoteAssigned():
            return _note(team, command, context)
        case Pause(calendar=calendar) | Resume(calendar=calendar):
            if not context.actor.is_person(calendar):
                _check_owner(team, context)
            return _pause(team, command)
    _check_owner(team, context)
    match command:
        case Invite():
            return _invite(team, command)
        case RemoveMember(calendar=calendar):
            return [MemberLeft(calendar)] if calendar in team.invited else []
        case DefineType(offer=offer):
            definition = offer.definition
            check_event_type(definition)
            if definition.seats != 1 or definition.confirmation:
                raise Rejected(
                    "type_invalid", "A team's meeting has one seat and needs no confirmation.", Reason.INVALID
                )
            _check_room(team.types, definition.slug, TYPES)
            return [] if team.types.get(definition.slug) == offer else [TypeDefined(offer)]
        case RemoveType(slug=slug):
            return [TypeRemoved(slug)] if slug in team.types else []


def _create(team: Team, command: CreateTeam, context: Context) -> list[Event]:
    owner = context.actor.person
    check_uuid(context.aggregate_id)
    check_line(command.name, "name", 100)
    if team.owner is not None:
        raise Rejected("team_exists", "This team was created before.")
    return [TeamCreated(command.name, owner)]


def _invite(team: Team, command: Invite) -> list[Event]:
    if not (1 <= command.weight <= 1_000 and 0 <= command.priority <= 100):
        raise Rejected("terms_invalid", "Give a weight of 1 to 1,000 and a priority of 0 to 100.", Reason.INVALID)
    _check_room(team.invited, command.calendar, MEMBERS)
    if team.invited.get(command.calendar) == Terms(command.weight, command.priority):
        return []
    return [Invited(command.calendar, command.weight, command.priority)]


def _pause(team: Team, command: Pause | Resume) -> list[Event]:
    member = team.members.get(command.calendar)
    if member is None:
        raise Rejected("member_unknown", "There is no such member.", Reason.NOT_FOUND)
    if isinstance(command, Pause):
        return [] if member.paused else [MemberPaused(command.calendar)]
    others = (each for who, each in team.members.items() if who != command.calendar)
    return [MemberResumed(command.calendar, fair_credit(member, others))] if member.paused else []


def _request(team: Team, command: RequestMeeting, context: Context) -> list[Event]:
    wanted = command.appointment
    offered = team.types.get(wanted.slug)
    if offered is None or not offered.definition.active:
        raise Rejected("event_type_unknown", "This cannot be booked here.", Reason.NOT_FOUND)
    order = ranking(team.members, context.command_id)
    calendars = tuple(order if offered.mode is Mode.ROUND_ROBIN else sorted(order))
    return _requested(team, offered.mode, calendars, offered.definition, wanted, context)


def _call(team: Team, command: CallMeeting, context: Context) -> list[Event]:
    if context.actor.person not in team.members:
        raise Rejected("not_a_member", "Only members call the others together.", Reason.FORBIDDEN)
    if not set(command.calendars) <= team.members.keys():
        raise Rejected("member_unknown", "Choose members of the team.", Reason.NOT_FOUND)
    check_event_type(command.definition)
    calendars = tuple(sorted(set(command.calendars)))
    return _requested(team, Mode.COLLECTIVE, calendars, command.definition, command.appointment, context)


def _requested(
    team: Team,
    mode: Mode,
    calendars: tuple[UUID, ...],
    definition: EventType,
    wanted: Appointment,
    context: Context,
) -> list[Event]:
    check_lengths(definition, wanted.minutes, wanted.seats)
    check_instant(wanted.start)
    check_proof(wanted.proof)
    check_answers(definition, wanted.guest.answers)
    check_guest(wanted, context)
    if wanted.booking in team.requested:
        return []
    if not calendars:
        raise Rejected("nobody_there", "Nobody of the team is there.")
    slug = f"{context.aggregate_id}/{definition.slug}"  # its meetings count apart from the members' own
    return [
        MeetingRequested(
            meeting=wanted.booking,
            mode=mode,
            calendars=calendars,
            definition=replace(definition, slug=slug),
            appointment=replace(wanted, slug=slug),
            deadline=context.now + TIME_TO_ARRANGE,
        )
    ]


def _note(team: Team, command: NoteJoined | NoteLeft | NoteAssigned, context: Context) -> list[Event]:
    if not context.actor.is_system:
        raise Rejected("not_yours", "Join or leave with your calendar.", Reason.FORBIDDEN)
    match command:
        case NoteJoined(calendar=calendar):
            if calendar not in team.invited or calendar in team.members:
                return []
            terms = team.invited[calendar]
            new = Member(terms.weight, terms.priority)
            return [MemberJoined(calendar, fair_credit(new, team.members.values()))]
        case NoteLeft(calendar=calendar):
            return [MemberLeft(calendar)] if calendar in team.members else []
        case NoteAssigned(meeting=meeting, calendar=calendar):
            return [] if meeting in team.assigned else [Assigned(meeting, calendar, context.now)]


def _check_owner(team: Team, context: Context) -> None:
    if team.owner is None or not context.actor.is_person(team.owner):
        raise Rejected("not_yours", "Only the team's owner can do this.", Reason.FORBIDDEN)


def _check_room(known: "dict[UUID, Terms] | dict[str, TeamType]", key: UUID | str, most: int) -> None:
    if key not in known and len(known) >= most:
        raise Rejected("too_many", f"A team has at most {most} of them. Remove some first.")
