"""Teams, their members and what can be booked with them; meetings of several, and what became of them."""

from uuid import UUID

import msgspec

from domain.scheduling.meeting import (
    Arranged,
    Cancelled,
    Failed,
    KeyChanged,
    MoveBegun,
    Moved,
    MoveFailed,
    Settled,
    Stage,
)
from domain.scheduling.team import (
    Assigned,
    Invited,
    MemberJoined,
    MemberLeft,
    MemberPaused,
    MemberResumed,
    TeamCreated,
    TypeDefined,
    TypeRemoved,
)
from infra.tables import Put
from projections.projection import Writes
from projections.scheduling.tables import ASSIGNED, MEETINGS, MEMBER_OF, TEAM_MEMBERS, TEAM_TYPES, TEAMS, scheduling
from schemas.envelope import Recorded

MOVING = "moving"  # the code of a meeting whose calendars are just asked for another time


@scheduling.on(TeamCreated)
def created(event: TeamCreated, at: Recorded) -> Writes:
    return [TEAMS.put(at.micros, team=UUID(at.aggregate_id), owner=event.owner, name=event.name)]


@scheduling.on(Invited)
def invited(event: Invited, at: Recorded) -> Writes:
    team = UUID(at.aggregate_id)
    return [
        _member(at, event.calendar, weight=event.weight, priority=event.priority),
        MEMBER_OF.put(at.micros, calendar=event.calendar, team=team),
    ]


@scheduling.on(MemberJoined)
def joined(event: MemberJoined, at: Recorded) -> Writes:
    return [
        _member(at, event.calendar, joined=True, paused=False, credit=event.credit),
        MEMBER_OF.put(at.micros, calendar=event.calendar, team=UUID(at.aggregate_id), joined=True),
    ]


@scheduling.on(MemberLeft)
def left(event: MemberLeft, at: Recorded) -> Writes:
    team = UUID(at.aggregate_id)
    return [
        TEAM_MEMBERS.remove(at.micros, team=team, calendar=event.calendar),
        MEMBER_OF.remove(at.micros, calendar=event.calendar, team=team),
    ]


@scheduling.on(MemberPaused)
def paused(event: MemberPaused, at: Recorded) -> Writes:
    return [_member(at, event.calendar, paused=True)]


@scheduling.on(MemberResumed)
def resumed(event: MemberResumed, at: Recorded) -> Writes:
    return [_member(at, event.calendar, paused=False, credit=event.credit)]


@scheduling.on(TypeDefined)
def type_defined(event: TypeDefined, at: Recorded) -> Writes:
    definition = event.offer.definition
    value = msgspec.json.encode(definition).decode()
    mode = event.offer.mode.value
    return [TEAM_TYPES.put(at.micros, team=UUID(at.aggregate_id), slug=definition.slug, mode=mode, value=value)]


@scheduling.on(TypeRemoved)
def type_removed(event: TypeRemoved, at: Recorded) -> Writes:
    return [TEAM_TYPES.remove(at.micros, team=UUID(at.aggregate_id), slug=event.slug)]


@scheduling.on(Assigned)
def assigned(event: Assigned, at: Recorded) -> Writes:
    team = UUID(at.aggregate_id)
    return [ASSIGNED.put(at.micros, team=team, calendar=event.calendar, chosen=event.at, meeting=event.meeting)]


@scheduling.on(Arranged)
def arranged(event: Arranged, at: Recorded) -> Writes:
    plan, wanted = event.plan, event.plan.appointment
    optional = {} if wanted.guest.person is None else {"guest_person": wanted.guest.person}
    return [
        _meeting(
            at,
            team=plan.team,
            stage=Stage.ARRANGING.value,
            title=plan.definition.title,
            start=wanted.start,
            minutes=wanted.minutes,
            mode=plan.mode.value,
            calendars=_ids(plan.calendars),
            proof=wanted.proof,
            **optional,
        )
    ]


@scheduling.on(Settled)
def settled(event: Settled, at: Recorded) -> Writes:
    return [_meeting(at, stage=Stage.SETTLED.value, calendars=_ids(event.calendars))]


@scheduling.on(Failed)
def failed(event: Failed, at: Recorded) -> Writes:
    return [_meeting(at, stage=Stage.FAILED.value, code=event.code)]


@scheduling.on(Cancelled)
def cancelled(event: Cancelled, at: Recorded) -> Writes:
    return [_meeting(at, stage=Stage.CANCELLED.value, code=event.reason)]


@scheduling.on(Moved)
def moved(event: Moved, at: Recorded) -> Writes:
    return [_meeting(at, start=event.move.start, minutes=event.move.minutes, code="")]


@scheduling.on(KeyChanged)
def key_changed(event: KeyChanged, at: Recorded) -> Writes:
    return [_meeting(at, proof=event.proof)]


@scheduling.on(MoveFailed)
def move_failed(event: MoveFailed, at: Recorded) -> Writes:
    return [_meeting(at, code=event.code)]


@scheduling.on(MoveBegun)
def move_begun(event: MoveBegun, at: Recorded) -> Writes:
    return [_meeting(at, code=MOVING)]


def _member(at: Recorded, calendar: UUID, **values: object) -> Put:
    return TEAM_MEMBERS.put(at.micros, team=UUID(at.aggregate_id), calendar=calendar, **values)


def _meeting(at: Recorded, **values: object) -> Put:
    return MEETINGS.put(at.micros, meeting=UUID(at.aggregate_id), **values)


def _ids(calendars: tuple[UUID, ...]) -> str:
    return msgspec.json.encode([str(each) for each in calendars]).decode()
