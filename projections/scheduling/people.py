"""Polls and their votes; who follows whom."""

from uuid import UUID

import msgspec

from domain.scheduling.follower import Followed, Unfollowed
from domain.scheduling.poll import ChoiceFailed, OptionChosen, PollBooked, PollClosed, PollOpened, Stage, Voted
from infra.tables import Put
from projections.projection import Writes
from projections.scheduling.tables import BALLOTS, FOLLOWERS, FOLLOWS, OWN_POLLS, POLLS, scheduling
from schemas.envelope import Recorded


@scheduling.on(PollOpened)
def poll_opened(event: PollOpened, at: Recorded) -> Writes:
    return [
        _poll(
            at,
            owner=event.owner,
            title=event.title,
            slug=event.slug,
            minutes=event.minutes,
            options=msgspec.json.encode(event.options).decode(),
            zone=event.zone,
            until=event.until,
            stage=Stage.OPEN.value,
        ),
        OWN_POLLS.put(at.micros, owner=event.owner, poll=UUID(at.aggregate_id)),
    ]


@scheduling.on(Voted)
def voted(event: Voted, at: Recorded) -> Writes:
    person = {} if event.person is None else {"person": event.person}
    opinions = msgspec.json.encode(event.opinions).decode()
    return [
        BALLOTS.put(
            at.micros,
            poll=UUID(at.aggregate_id),
            voter=event.voter,
            name=event.name,
            email=event.email,
            opinions=opinions,
            proof=event.proof,
            **person,
        )
    ]


@scheduling.on(OptionChosen)
def option_chosen(event: OptionChosen, at: Recorded) -> Writes:
    return [_poll(at, stage=Stage.CHOSEN.value, booking=event.appointment.booking, code="")]


@scheduling.on(PollBooked)
def poll_booked(event: PollBooked, at: Recorded) -> Writes:
    return [_poll(at, stage=Stage.BOOKED.value)]


@scheduling.on(ChoiceFailed)
def choice_failed(event: ChoiceFailed, at: Recorded) -> Writes:
    return [_poll(at, stage=Stage.OPEN.value, code=event.code)]


@scheduling.on(PollClosed)
def poll_closed(event: PollClosed, at: Recorded) -> Writes:
    return [_poll(at, stage=Stage.CLOSED.value)]


@scheduling.on(Followed)
def followed(event: Followed, at: Recorded) -> Writes:
    person = UUID(at.aggregate_id)
    return [
        FOLLOWS.put(at.micros, person=person, who=event.who),
        FOLLOWERS.put(at.micros, who=event.who, person=person),
    ]


@scheduling.on(Unfollowed)
def unfollowed(event: Unfollowed, at: Recorded) -> Writes:
    person = UUID(at.aggregate_id)
    return [
        FOLLOWS.remove(at.micros, person=person, who=event.who),
        FOLLOWERS.remove(at.micros, who=event.who, person=person),
    ]


def _poll(at: Recorded, **values: object) -> Put:
    return POLLS.put(at.micros, poll=UUID(at.aggregate_id), **values)
