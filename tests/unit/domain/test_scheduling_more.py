"""Series, links, forms, polls, moves of several, notes: what each promises, by its rules alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.kernel import ANONYMOUS, Reason, Rejected
from domain.scheduling import meeting
from domain.scheduling.calendar import (
    AttachFile,
    BookByLink,
    Booked,
    BookSeries,
    Cancel,
    Cancelled,
    CancelSeries,
    Comment,
    Conflict,
    DeleteNote,
    KeyRenewed,
    KeyWithdrawn,
    MakeLink,
    NoteDeleted,
    RenewKey,
    SeriesBooked,
    SetPublic,
    Status,
    WithdrawKey,
)
from domain.scheduling.event_type import EventType, Horizon, Limits, Question
from domain.scheduling.meeting import MoveTo, Stage, part_id
from domain.scheduling.poll import Choose, ClosePoll, OpenPoll, Opinion, Vote
from domain.scheduling.recurrence import Frequency, Occurrence, Repeat, check_repeat, occurrences
from domain.scheduling.routing import Comparison, Condition, Destination, Form, Kind, Rule, check_form, route
from domain.scheduling.team import DefineType, Mode, RequestMeeting, TeamType
from domain.scheduling.zones import minute_of, wall_from
from tests.scenario import ANN, BOB, CID, EVE, NOON, SYSTEM
from tests.unit.domain.calendars import (
    INTRO,
    ONE,
    OTHER_PROOF,
    PROOF,
    TEN,
    THREE,
    TWO,
    appointment,
    book,
    calendar,
    offering,
)
from tests.unit.domain.test_meetings import HALF, TEAM, House, house, request

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
WEEKLY = Repeat(Frequency.WEEKLY, 5)


# Series.


def test_a_series_keeps_its_wall_time_when_the_clocks_change_and_tells_the_time_that_they_skip() -> None:
    start = minute_of(datetime(2026, 3, 22, 1, 30, tzinfo=UTC))  # 02:30 in Berlin, a week before its clocks change
    found = occurrences(Repeat(Frequency.WEEKLY, 3), start, "Europe/Berlin")
    assert [each.wall for each in found] == [wall_from(f"2026-{day}T02:30") for day in ("03-22", "03-29", "04-05")]
    later = minute_of(datetime(2026, 4, 5, 0, 30, tzinfo=UTC))
    assert found[1:] == [Occurrence(wall_from("2026-03-29T02:30"), None), Occurrence(found[2].wall, later)]


@pytest.mark.parametrize(
    ("repeat", "first", "expected"),
    [
        (Repeat(Frequency.DAILY, 3, 2), "2026-03-02", ["2026-03-02", "2026-03-04", "2026-03-06"]),
        (Repeat(Frequency.MONTHLY, 3), "2026-01-31", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        (
            Repeat(Frequency.WEEKLY, 4, 2, (1, 3)),
            "2026-03-04",
            ["2026-03-04", "2026-03-16", "2026-03-18", "2026-03-30"],
        ),
    ],
    ids=["every other day", "the 31st", "every other Monday and Wednesday"],
)
def test_series_are_those_of_an_rrule(repeat: Repeat, first: str, expected: list[str]) -> None:
    start = minute_of(datetime.fromisoformat(f"{first}T10:00:00+00:00"))
    check_repeat(repeat)
    assert [each.wall for each in occurrences(repeat, start, "UTC")] == [
        wall_from(f"{each}T10:00") for each in expected
    ]


def test_of_a_series_all_is_booked_or_every_conflict_is_told() -> None:
    taken = calendar().when(book(TWO, TEN + WEEK), by=ANONYMOUS).accepted()
    outcome = taken.when(BookSeries(appointment(), WEEKLY, leave_out=False), by=ANONYMOUS)
    outcome.rejected("series_conflicts")
    assert outcome.rejection is not None
    assert "2026-03-09T09:00 (taken)" in outcome.rejection.detail  # in London, the guest's zone
    booked = taken.when(BookSeries(appointment(), WEEKLY, leave_out=True), by=ANONYMOUS)
    made, *bookings = booked.events
    assert isinstance(made, SeriesBooked)
    assert made.left_out == (Conflict("2026-03-09T09:00", "taken"),)
    assert [each.start for each in bookings if isinstance(each, Booked)] == [
        TEN,
        TEN + 2 * WEEK,
        TEN + 3 * WEEK,
        TEN + 4 * WEEK - timedelta(hours=1),  # the clocks have changed
    ]
    booked.accepted().when(BookSeries(appointment(), WEEKLY, leave_out=True), by=ANONYMOUS).then()


def test_the_limits_of_a_type_count_the_meetings_of_one_series_too() -> None:
    limited = offering(replace(INTRO, limits=Limits(week=1)))
    daily = BookSeries(appointment(), Repeat(Frequency.DAILY, 3), leave_out=True)
    made, *bookings = limited.when(daily, by=ANONYMOUS).events
    assert isinstance(made, SeriesBooked)
    assert len(bookings) == 1
    assert [each.code for each in made.left_out] == ["week_limit"] * 2


def test_one_of_a_series_or_all_that_follow_are_cancelled_by_guest_or_host_alone() -> None:
    series = calendar().when(BookSeries(appointment(), WEEKLY, leave_out=False), by=ANONYMOUS).accepted()
    first, second, *_ = [each.booking for each in series.events if isinstance(each, Booked)]
    series.when(Cancel(first, "", PROOF), by=ANONYMOUS).accepted()
    following = CancelSeries(ONE, TEN + 2 * WEEK, "moved away", PROOF)
    series.when(replace(following, proof=OTHER_PROOF), by=EVE).rejected("booking_unknown")
    gone = series.when(following, by=ANONYMOUS)
    assert next(each.start for each in gone.events if isinstance(each, Cancelled)) == TEN + 2 * WEEK
    assert len(gone.events) == 3
    gone.accepted().when(Cancel(second, "", PROOF), by=ANONYMOUS).accepted()


# Links.


def test_a_link_is_good_once_and_until_its_end_and_opens_what_is_booked_by_link_alone() -> None:
    private = offering(replace(INTRO, by_link=True))
    private.when(book(), by=ANONYMOUS).rejected("by_link_only", Reason.FORBIDDEN)
    make = MakeLink(THREE, "intro", NOON + DAY, OTHER_PROOF)
    private.when(make, by=BOB).rejected("not_yours")
    linked = private.when(make, by=ANN).accepted()
    use = BookByLink(THREE, OTHER_PROOF, appointment())
    linked.when(replace(use, link_proof=PROOF), by=ANONYMOUS).rejected("link_unknown")
    linked.when(use, by=ANONYMOUS, at=NOON + DAY).rejected("link_expired")
    used = linked.when(use, by=ANONYMOUS).accepted()
    used.when(use, by=ANONYMOUS).then()
    again = BookByLink(THREE, OTHER_PROOF, appointment(TWO, TEN + HALF))
    used.when(again, by=ANONYMOUS).rejected("link_unknown")


# Forms.

SALES, HELP = Destination(Kind.TEAM, BOB, "demo"), Destination(Kind.CALENDAR, ANN, "intro")
FORM = Form(
    "start",
    "What is it about?",
    (Question("topic", "Topic?", required=True), Question("size", "How many are you?")),
    (
        Rule((Condition("topic", Comparison.CONTAINS, "Price"), Condition("size", Comparison.AT_LEAST, "50")), SALES),
        Rule((Condition("topic", Comparison.IS, "job"),), Destination(Kind.MESSAGE, message="Write to us.")),
    ),
    HELP,
)


def test_the_first_rule_that_holds_says_where_one_is_led() -> None:
    check_form(FORM)
    assert route(FORM, {"topic": "your prices", "size": "60"}) == SALES
    assert route(FORM, {"topic": "your prices", "size": "5"}) == HELP
    assert route(FORM, {"topic": "your prices", "size": "many"}) == HELP
    assert route(FORM, {"topic": "job"}).message == "Write to us."
    with pytest.raises(Rejected, match="answer_missing"):
        route(FORM, {"size": "60"})
    with pytest.raises(Rejected, match="form_invalid"):
        check_form(replace(FORM, rules=(Rule((Condition("other", Comparison.IS, "x"),), HELP),)))


# Polls.

POLL = UUID(int=0x9011)
OPEN = OpenPoll("Planning", "intro", 30, (TEN + HALF, TEN), "UTC", NOON + DAY)
YES, NO = (Opinion.YES, Opinion.NO), (Opinion.NO, Opinion.YES)


def polled() -> House:
    one = house(Mode.COLLECTIVE, ANN)
    one.do(OPEN, POLL, ANN)
    one.do(Vote(BOB, "Bob", "bob@example.org", YES, PROOF), POLL, BOB)
    return one


def test_a_time_that_is_proposed_keeps_nobody_out_and_the_chosen_one_is_booked() -> None:
    one = polled()
    one.do(book(TWO, TEN + HALF), ANN, EVE)
    one.do(Choose(appointment()), POLL, ANN)
    one.settle()
    assert one.states["poll", str(POLL)].stage == "booked"
    assert {each.start for each in one.bookings(ANN).values()} == {TEN, TEN + HALF}


def test_a_choice_that_is_taken_meanwhile_opens_the_poll_again() -> None:
    one = polled()
    one.do(book(TWO), ANN, EVE)
    one.do(Choose(appointment()), POLL, ANN)
    one.settle()
    assert one.states["poll", str(POLL)].stage == "open"
    one.do(Choose(appointment(THREE, TEN + HALF)), POLL, ANN)
    one.settle()
    assert one.states["poll", str(POLL)].stage == "booked"


def test_votes_are_changed_by_who_gave_them_and_only_the_owner_chooses_and_closes() -> None:
    one = polled()
    one.do(Vote(THREE, "Cid", "cid@example.org", NO, PROOF), POLL, ANONYMOUS)
    with pytest.raises(Rejected, match="not_yours"):
        one.do(Vote(THREE, "Cid", "cid@example.org", YES, OTHER_PROOF), POLL, ANONYMOUS)
    with pytest.raises(Rejected, match="not_yours"):
        one.do(Vote(BOB, "Bob", "bob@example.org", NO, PROOF), POLL, EVE)
    for command in (ClosePoll(), Choose(appointment())):
        with pytest.raises(Rejected, match="not_yours"):
            one.do(command, POLL, BOB)
    with pytest.raises(Rejected, match="option_unknown"):
        one.do(Choose(appointment(start=TEN + DAY)), POLL, ANN)
    one.pass_time(2 * DAY)
    one.settle()
    with pytest.raises(Rejected, match="poll_closed"):
        one.do(Vote(BOB, "Bob", "bob@example.org", NO, PROOF), POLL, BOB)


# Meetings of several are moved.


HOURS = EventType("talk", "Talk", (60, 30), interval=30, horizon=Horizon(days=60))


def moved_to(start: datetime) -> MoveTo:
    return MoveTo(start, 30, "UTC", "my train", PROOF)


def settled() -> House:
    one = house()
    one.do(request(1), TEAM, EVE)
    one.settle()
    return one


def test_a_meeting_of_several_is_moved_for_all_also_into_a_part_of_its_own_time() -> None:
    one = house()
    one.do(DefineType(TeamType(HOURS, Mode.COLLECTIVE)), TEAM, ANN)
    one.do(RequestMeeting(appointment(UUID(int=1), minutes=60, slug="talk")), TEAM, EVE)
    one.settle()
    one.do(MoveTo(TEN + HALF, 60, "UTC", "my train", PROOF), UUID(int=1), ANONYMOUS)
    one.settle()
    for who in (ANN, BOB, CID):
        [(booking, each)] = one.bookings(who).items()
        assert (booking, each.start, each.status) == (part_id(UUID(int=1), who), TEN + HALF, Status.CONFIRMED)
        assert each.sequence == 1


def test_where_one_of_several_cannot_the_old_time_stands_for_all() -> None:
    one = settled()
    one.do(book(UUID(int=9), TEN + HALF), BOB, EVE)
    one.do(moved_to(TEN + HALF), UUID(int=1), ANONYMOUS)
    one.settle()
    assert one.stage(UUID(int=1)) is Stage.SETTLED
    for who in (ANN, BOB, CID):
        assert one.bookings(who)[part_id(UUID(int=1), who)].start == TEN
    assert [len(one.bookings(who)) for who in (ANN, BOB, CID)] == [1, 2, 1]
    one.do(moved_to(TEN + 2 * HALF), UUID(int=1), BOB)  # one of the hosts may as well
    one.settle()
    assert {one.bookings(who)[part_id(UUID(int=1), who)].start for who in (ANN, BOB, CID)} == {TEN + 2 * HALF}
    with pytest.raises(Rejected, match="meeting_unknown"):
        one.do(replace(moved_to(TEN), proof=OTHER_PROOF), UUID(int=1), EVE)


@settings(max_examples=80, deadline=None)
@for_all(st.integers(0, 2**32))
def test_a_meeting_that_is_moved_is_at_one_time_in_all_calendars_in_whatever_order_messages_come(seed: int) -> None:
    """Moves, cancellations, other bookings, deadlines, repeats: at rest all have it at one time, or none has it."""
    chance = Random(seed)
    one = settled()
    for _ in range(chance.randint(1, 4)):
        for number in range(chance.randrange(3)):
            start, who = TEN + HALF * chance.randrange(6), chance.choice((ANN, BOB, CID))
            _try(one, book(UUID(int=chance.randrange(100, 2**40) + number), start), who)
        _try(one, moved_to(TEN + HALF * chance.randrange(6)), UUID(int=1))
        for _ in range(chance.randrange(8)):
            if one.waiting:
                then = one.waiting.pop(chance.randrange(len(one.waiting)))
                one.do(then.command, then.to, SYSTEM)
        if chance.random() < 0.3:
            one.pass_time(timedelta(minutes=chance.choice((1, 3, 20))))
        if chance.random() < 0.1:
            _try(one, meeting.Cancel("ill", PROOF), UUID(int=1))
        if chance.random() < 0.7:
            one.settle(chance)
    one.settle(chance)
    one.pass_time(timedelta(hours=1))
    one.settle(chance)
    parts = [one.bookings(who).get(part_id(UUID(int=1), who)) for who in (ANN, BOB, CID)]
    assert len({each and each.start for each in parts}) == 1
    assert (parts[0] is None) == (one.stage(UUID(int=1)) is Stage.CANCELLED)
    assert all(each.status is not Status.HELD for who in (ANN, BOB, CID) for each in one.bookings(who).values())


def _try(one: House, command: object, to: UUID) -> None:
    try:
        one.do(command, to, ANONYMOUS)
    except Rejected:
        return


# Comments and files.

FILE = AttachFile(ONE, THREE, "plan.png", "image/png", 1_000, b"d" * 32, PROOF)


def test_the_parties_speak_and_lay_files_beside_a_booking_and_strangers_only_speak_where_it_is_public() -> None:
    booked = calendar().when(book(), by=ANONYMOUS).accepted()
    said = Comment(ONE, TWO, "Eve", "hello", b"")
    booked.when(said, by=EVE).rejected("booking_unknown")
    booked.when(FILE, by=ANONYMOUS).accepted()
    booked.when(SetPublic(ONE, public=True), by=BOB).rejected("not_yours")
    public = booked.when(SetPublic(ONE, public=True), by=ANN).accepted()
    spoken = public.when(said, by=EVE).accepted()
    spoken.when(said, by=EVE).then()
    public.when(said, by=ANONYMOUS).rejected("booking_unknown")
    public.when(replace(FILE, proof=b""), by=EVE).rejected("booking_unknown")
    for media, size, code in (("text/html", 1, "media_invalid"), ("image/png", 10**9, "file_invalid")):
        booked.when(replace(FILE, media=media, size=size), by=ANN).rejected(code)


def test_who_wrote_it_or_the_host_takes_it_away() -> None:
    booked = calendar().when(book(), by=ANONYMOUS).accepted().when(SetPublic(ONE, public=True), by=ANN).accepted()
    spoken = booked.when(Comment(ONE, TWO, "Eve", "hello", b""), by=EVE).accepted()
    spoken.when(DeleteNote(ONE, TWO), by=BOB).rejected("booking_unknown")
    spoken.when(DeleteNote(ONE, TWO, PROOF), by=ANONYMOUS).rejected("not_yours")
    for who in (EVE, ANN):
        spoken.when(DeleteNote(ONE, TWO), by=who).then(NoteDeleted(ONE, TWO))


# Keys.


def test_host_and_guest_make_another_key_and_the_one_of_before_opens_nothing_any_more() -> None:
    booked = calendar().when(book(), by=ANONYMOUS).accepted()
    for who, proof in ((ANN, b""), (ANONYMOUS, PROOF)):
        renewed = booked.when(RenewKey(ONE, OTHER_PROOF, proof), by=who).then(KeyRenewed(ONE, TEN, OTHER_PROOF))
        renewed.when(Cancel(ONE, "", PROOF), by=ANONYMOUS).rejected("booking_unknown")
        renewed.when(Cancel(ONE, "", OTHER_PROOF), by=ANONYMOUS).accepted()
        renewed.when(RenewKey(ONE, PROOF, PROOF), by=ANONYMOUS).rejected("booking_unknown")
    for who, proof in ((EVE, b""), (ANONYMOUS, OTHER_PROOF)):
        booked.when(RenewKey(ONE, OTHER_PROOF, proof), by=who).rejected("booking_unknown")
        booked.when(WithdrawKey(ONE, proof), by=who).rejected("booking_unknown")
    booked.when(RenewKey(ONE, b"short"), by=ANN).rejected("proof_invalid")


def test_a_withdrawn_key_opens_nothing_until_there_is_another() -> None:
    booked = calendar().when(book(), by=ANONYMOUS).accepted()
    withdrawn = booked.when(WithdrawKey(ONE, PROOF), by=ANONYMOUS).then(KeyWithdrawn(ONE, TEN))
    for proof in (PROOF, b""):
        withdrawn.when(Cancel(ONE, "", proof), by=ANONYMOUS).rejected("booking_unknown")
    withdrawn.when(RenewKey(ONE, PROOF), by=ANN).accepted().when(Cancel(ONE, "", PROOF), by=ANONYMOUS).accepted()


def test_the_meetings_of_a_series_get_another_key_together() -> None:
    booked = calendar().when(BookSeries(appointment(THREE), WEEKLY, leave_out=True), by=ANONYMOUS).accepted()
    [first, *others] = [each.booking for each in booked.events if isinstance(each, Booked)]
    renewed = booked.when(RenewKey(first, OTHER_PROOF, PROOF), by=ANONYMOUS).accepted()
    for each in (first, *others):
        renewed.when(Cancel(each, "", PROOF), by=ANONYMOUS).rejected("booking_unknown")
        renewed.when(Cancel(each, "", OTHER_PROOF), by=ANONYMOUS).accepted()
    assert others
