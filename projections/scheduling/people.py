"""Polls and their votes; who follows whom; who wants nothing kept of them."""

from uuid import UUID

import msgspec

from domain.scheduling.erasure import ErasureAsked, ErasureDone
from domain.scheduling.follower import Followed, Unfollowed
from domain.scheduling.poll import (
    BallotErased,
    ChoiceFailed,
    OptionChosen,
    PollBooked,
    PollClosed,
    PollErased,
    PollOpened,
    Stage,
    Voted,
)
from infra.tables import Put, Remove
from projections.projection import Writes
from projections.scheduling.tables import BALLOTS, ERASURES, FOLLOWERS, FOLLOWS, OWN_POLLS, POLLS, VOTED, scheduling
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
    poll = UUID(at.aggregate_id)
    ballot = BALLOTS.put(
        at.micros,
        poll=poll,
        voter=event.voter,
        name=event.name,
        email=event.email,
        opinions=opinions,
        proof=event.proof,
        **person,
    )
    return [ballot] if event.person is None else [ballot, VOTED.put(at.micros, person=event.person, poll=poll)]


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


@scheduling.on(PollErased)
def poll_erased(event: PollErased, at: Recorded) -> Writes:
    poll = UUID(at.aggregate_id)
    return [
        POLLS.remove(at.micros, poll=poll),
        OWN_POLLS.remove(at.micros, owner=event.owner, poll=poll),
        *(_no_ballot(at, each) for each in event.voters),
    ]


@scheduling.on(BallotErased)
def ballot_erased(event: BallotErased, at: Recorded) -> Writes:
    poll = UUID(at.aggregate_id)
    return [_no_ballot(at, event.voter), VOTED.remove(at.micros, person=event.voter, poll=poll)]


@scheduling.on(ErasureAsked)
def erasure_asked(event: ErasureAsked, at: Recorded) -> Writes:
    return [ERASURES.put(at.micros, person=event.person, done=False, asked_at=at.time)]


@scheduling.on(ErasureDone)
def erasure_done(event: ErasureDone, at: Recorded) -> Writes:
    return [ERASURES.put(at.micros, person=event.person, done=True, done_at=at.time)]


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


def _no_ballot(at: Recorded, voter: UUID) -> Remove:
    return BALLOTS.remove(at.micros, poll=UUID(at.aggregate_id), voter=voter)


def _poll(at: Recorded, **values: object) -> Put:
    return POLLS.put(at.micros, poll=UUID(at.aggregate_id), **values)
