"""Teams and their meetings, with calendars and policies as they work together: whatever order messages come in."""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.catalogue import CATALOGUE
from domain.instants import micros
from domain.kernel import ANONYMOUS, Actor, Context, Message, Rejected
from domain.scheduling import calendar as calendars
from domain.scheduling import meeting, team
from domain.scheduling.calendar import DefineEventType, JoinTeam, LeaveTeam, SetSchedule, Status
from domain.scheduling.event_type import EventType
from domain.scheduling.meeting import Stage, part_id
from domain.scheduling.team import CallMeeting, CreateTeam, DefineType, Invite, Mode, Pause, RequestMeeting, TeamType
from processors.policies.rules import Then
from processors.policies.scheduling import RULES
from schemas.envelope import Recorded
from tests.scenario import ANN, BOB, CID, EVE, NOON, SYSTEM
from tests.unit.domain.calendars import INTRO, NINE_TO_FIVE, OTHER_PROOF, PROOF, TEN, appointment, book

TEAM = UUID(int=0x7EA)
TALK = replace(INTRO, slug="talk", title="Talk")
HALF = timedelta(minutes=30)


@dataclass
class House:
    """All aggregates and policies in one process; what follows waits until it is let on, in any order."""

    now: datetime = NOON
    states: dict[tuple[str, str], Any] = field(default_factory=dict)
    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    events: list[tuple[str, Message]] = field(default_factory=list)
    waiting: list[Then] = field(default_factory=list)
    later: list[Then] = field(default_factory=list)
    commands: int = 0

    def do(self, command: Message, to: object, by: UUID | Actor) -> None:
        aggregate = CATALOGUE.of(type(command))
        key = (aggregate.name, str(to))
        self.now += timedelta(milliseconds=1)
        self.commands += 1
        actor = by if isinstance(by, Actor) else Actor("person", str(by))
        state, version = self.states.get(key, aggregate.initial), self.versions.get(key, 0)
        context = Context(self.now, actor, str(to), version, f"command {self.commands}")
        for event in aggregate.decide(state, command, context):
            state, version = aggregate.evolve(state, event), version + 1
            self.events.append((str(to), event))
            at = Recorded("", "", "scheduling", 0, 0, f"{key[0]}/{to}", version, micros(self.now), "", "", "")
            for then in RULES.get(type(event), _nothing)(event, at):
                (self.waiting if then.due is None else self.later).append(then)
        self.states[key], self.versions[key] = state, version

    def settle(self, chance: Random | None = None) -> None:
        """Lets everything on that follows, in order or by chance; each command comes twice now and then."""
        while self.waiting:
            index = chance.randrange(len(self.waiting)) if chance else 0
            then = self.waiting.pop(index)
            self.do(then.command, then.to, SYSTEM)
            if chance and chance.random() < 0.2:
                self.do(then.command, then.to, SYSTEM)

    def pass_time(self, time: timedelta) -> None:
        self.now += time
        due = [each for each in self.later if each.due is not None and each.due <= self.now]
        self.later = [each for each in self.later if each not in due]
        self.waiting += due

    def bookings(self, who: UUID) -> dict[UUID, calendars.Booking]:
        found: dict[UUID, calendars.Booking] = self.states["calendar", str(who)].bookings
        return found

    def stage(self, meeting_id: UUID) -> Stage | None:
        state = self.states.get(("meeting", str(meeting_id)), meeting.INITIAL)
        return state.stage  # type: ignore[no-any-return]


def _nothing(event: object, at: object) -> list[Then]:
    return []


def house(mode: Mode = Mode.COLLECTIVE, *members: UUID) -> House:
    """A team of Ann's whose members' calendars are open from nine to five."""
    one = House()
    one.do(CreateTeam("Sales"), TEAM, ANN)
    one.do(DefineType(TeamType(TALK, mode)), TEAM, ANN)
    for who in members or (ANN, BOB, CID):
        one.do(SetSchedule(NINE_TO_FIVE), who, who)
        one.do(DefineEventType(INTRO), who, who)
        one.do(Invite(who, 100, 0), TEAM, ANN)
        one.do(JoinTeam(TEAM), who, who)
    one.settle()
    return one


def request(number: int, start: datetime = TEN) -> RequestMeeting:
    return RequestMeeting(appointment(UUID(int=number), start, slug="talk"))


def test_all_have_the_meeting_in_their_calendars() -> None:
    one = house()
    one.do(request(1), TEAM, EVE)
    one.settle()
    assert one.stage(UUID(int=1)) is Stage.SETTLED
    for who in (ANN, BOB, CID):
        booking = one.bookings(who)[part_id(UUID(int=1), who)]
        assert (booking.status, booking.start, booking.meeting) == (Status.CONFIRMED, TEN, UUID(int=1))


def test_nobody_has_it_where_one_is_not_free() -> None:
    one = house()
    one.do(book(UUID(int=9)), BOB, EVE)
    one.do(request(1), TEAM, EVE)
    one.settle()
    assert one.stage(UUID(int=1)) is Stage.FAILED
    assert [set(one.bookings(who)) for who in (ANN, BOB, CID)] == [set(), {UUID(int=9)}, set()]


def test_a_calendar_that_did_not_join_is_not_filled_and_one_that_left_is_not_either() -> None:
    one = house(Mode.COLLECTIVE, ANN)
    one.do(SetSchedule(NINE_TO_FIVE), EVE, EVE)
    one.do(Invite(EVE, 100, 0), TEAM, ANN)
    one.settle()
    assert set(one.states["team", str(TEAM)].members) == {ANN}
    one.do(JoinTeam(TEAM), BOB, BOB)  # nobody asked him
    one.settle()
    assert set(one.states["team", str(TEAM)].members) == {ANN}
    both = house(Mode.COLLECTIVE, ANN, BOB)
    both.do(request(1), TEAM, EVE)
    both.do(LeaveTeam(TEAM), BOB, BOB)
    both.settle()
    assert both.stage(UUID(int=1)) is Stage.FAILED
    assert both.bookings(ANN) == both.bookings(BOB) == {}


def test_round_robin_takes_turns_and_goes_on_to_the_next_where_one_is_not_free() -> None:
    one = house(Mode.ROUND_ROBIN)
    for number in range(1, 10):
        one.do(request(number, TEN + HALF * (number - 1)), TEAM, EVE)
        one.settle()
    assert [len(one.bookings(who)) for who in (ANN, BOB, CID)] == [3, 3, 3]
    for number in (20, 21, 22):
        one.do(request(number, TEN + HALF * 10), TEAM, EVE)
        one.settle()
    assert [one.stage(UUID(int=number)) for number in (20, 21, 22)] == [Stage.SETTLED] * 3
    one.do(request(23, TEN + HALF * 10), TEAM, EVE)
    one.settle()
    assert one.stage(UUID(int=23)) is Stage.FAILED
    one.do(Pause(ANN), TEAM, ANN)
    one.do(request(24, TEN + HALF * 11), TEAM, EVE)
    one.settle()
    assert part_id(UUID(int=24), ANN) not in one.bookings(ANN)


def test_members_call_some_of_them_together_and_strangers_do_not() -> None:
    one = house()
    wanted = appointment(UUID(int=5), slug="talk")
    with pytest.raises(Rejected, match="not_a_member"):
        one.do(CallMeeting((ANN, BOB), wanted, TALK), TEAM, EVE)
    one.do(CallMeeting((BOB, ANN), wanted, TALK), TEAM, CID)
    one.settle()
    assert [len(one.bookings(who)) for who in (ANN, BOB, CID)] == [1, 1, 0]


def test_what_is_cancelled_in_one_calendar_is_cancelled_in_all() -> None:
    one = house()
    one.do(request(1), TEAM, EVE)
    one.settle()
    one.do(calendars.Cancel(part_id(UUID(int=1), BOB), "ill"), BOB, BOB)
    one.settle()
    assert one.stage(UUID(int=1)) is Stage.CANCELLED
    assert [one.bookings(who) for who in (ANN, BOB, CID)] == [{}, {}, {}]


def test_the_guest_cancels_it_for_all_and_a_stranger_does_not() -> None:
    one = house()
    one.do(request(1), TEAM, EVE)
    one.settle()
    with pytest.raises(Rejected, match="meeting_unknown"):
        one.do(meeting.Cancel("ha", OTHER_PROOF), UUID(int=1), EVE)
    one.do(meeting.Cancel("ill", PROOF), UUID(int=1), EVE)
    one.settle()
    assert [one.bookings(who) for who in (ANN, BOB, CID)] == [{}, {}, {}]


def test_what_takes_too_long_comes_to_nothing_and_a_late_yes_is_given_back() -> None:
    one = house()
    one.do(request(1), TEAM, EVE)
    one.do(one.waiting.pop(0).command, UUID(int=1), SYSTEM)  # arranged: the first is asked, and does not answer
    asked, one.waiting = one.waiting, []
    one.pass_time(team.TIME_TO_ARRANGE)
    one.settle()
    assert one.stage(UUID(int=1)) is Stage.FAILED
    one.waiting = asked
    one.settle()
    assert [one.bookings(who) for who in (ANN, BOB, CID)] == [{}, {}, {}]


@settings(max_examples=60, deadline=None)
@for_all(st.integers(0, 2**32))
def test_of_many_meetings_in_any_order_each_is_in_all_its_calendars_or_in_none(seed: int) -> None:
    """Two teams that share people, single bookings between, repeated and reordered messages, some that time out."""
    chance = Random(seed)
    one = house()
    other = uuid5(TEAM, "other")
    one.do(CreateTeam("Support"), other, ANN)
    one.do(DefineType(TeamType(replace(TALK, buffer_after=15), chance.choice(list(Mode)))), other, ANN)
    for who in (CID, BOB):
        one.do(Invite(who, 100, 0), other, ANN)
        one.do(JoinTeam(other), who, who)
    one.settle(chance)
    wanted = {UUID(int=number): TEN + HALF * chance.randrange(3) for number in range(1, 8)}
    for number, start in wanted.items():
        one.do(RequestMeeting(appointment(number, start, slug="talk")), chance.choice((TEAM, other)), EVE)
        if chance.random() < 0.3:
            with contextlib.suppress(Rejected):
                one.do(book(uuid5(number, "single"), start), chance.choice((ANN, BOB, CID)), EVE)
        for _ in range(chance.randrange(6)):
            if one.waiting:
                then = one.waiting.pop(chance.randrange(len(one.waiting)))
                one.do(then.command, then.to, SYSTEM)
    if chance.random() < 0.3:
        one.pass_time(team.TIME_TO_ARRANGE)
    one.settle(chance)
    one.pass_time(timedelta(hours=1))
    one.settle(chance)
    for number in wanted:
        state = one.states["meeting", str(number)]
        has = {who for who in (ANN, BOB, CID) if part_id(number, who) in one.bookings(who)}
        assert has == (set(state.agreed) if state.stage is Stage.SETTLED else set())
        assert state.stage is not Stage.ARRANGING
    for who in (ANN, BOB, CID):
        assert _apart(sorted(_spans(one.bookings(who))))


def _spans(bookings: dict[UUID, calendars.Booking]) -> Iterator[tuple[datetime, datetime]]:
    for each in bookings.values():
        yield each.start, each.end + timedelta(minutes=each.buffer_after)


def _apart(spans: list[tuple[datetime, datetime]]) -> bool:
    return all(one[1] <= other[0] for one, other in itertools.pairwise(spans))


def test_a_team_is_its_owners() -> None:
    one = house()
    for command in (Invite(EVE, 100, 0), DefineType(TeamType(EventType("x", "X"), Mode.COLLECTIVE)), Pause(BOB)):
        with pytest.raises(Rejected, match="not_yours"):
            one.do(command, TEAM, EVE)
    with pytest.raises(Rejected, match="team_exists"):
        one.do(CreateTeam("Mine"), TEAM, EVE)
    with pytest.raises(Rejected, match="event_type_unknown"):
        one.do(RequestMeeting(appointment(slug="none")), TEAM, EVE)


def test_the_key_of_a_meeting_is_renewed_or_withdrawn_in_all_its_calendars_by_its_parties_alone() -> None:
    one = house()
    one.do(request(1), TEAM, ANONYMOUS)
    one.settle()
    made = UUID(int=1)
    for by, proof in ((ANONYMOUS, OTHER_PROOF), (EVE, b"")):
        with pytest.raises(Rejected, match="meeting_unknown"):
            one.do(meeting.RenewKey(b"n" * 32, proof), made, by)
    one.do(meeting.RenewKey(b"n" * 32, PROOF), made, ANONYMOUS)
    one.settle(Random(1))
    assert {each.proof for who in (ANN, BOB, CID) for each in one.bookings(who).values()} == {b"n" * 32}
    with pytest.raises(Rejected, match="meeting_unknown"):
        one.do(meeting.Cancel("ill", PROOF), made, ANONYMOUS)
    one.do(meeting.WithdrawKey(), made, BOB)
    one.settle(Random(2))
    assert {each.proof for who in (ANN, BOB, CID) for each in one.bookings(who).values()} == {b""}
    with pytest.raises(Rejected, match="meeting_unknown"):
        one.do(meeting.Cancel("ill", b"n" * 32), made, ANONYMOUS)
