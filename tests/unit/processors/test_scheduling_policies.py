"""What follows from a booking in time: reminders before its start, and the visible end of a hold."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.instants import micros
from domain.kernel import ANONYMOUS, Message
from domain.notice.invitation import Announce, Change
from domain.scheduling.calendar import (
    Approve,
    Booked,
    BookPart,
    DropPart,
    ExpireHold,
    HoldEnded,
    HoldPart,
    JoinTeam,
    Remind,
    Reminded,
    Reschedule,
    SetReminder,
)
from domain.scheduling.calendar.bookings import HOLD
from domain.scheduling.meeting import Failed, NoteDenied, NoteMoveDenied, part_id
from processors.policies import RULES as ALL
from processors.policies.rules import Then
from processors.policies.scheduling import RULES
from schemas.envelope import Recorded
from tests.scenario import ANN, BOB, CID, NOON, SYSTEM, Given
from tests.unit.domain.calendars import INTRO, ONE, TEN, TWO, book, calendar, hold
from tests.unit.domain.test_calendar import booked, waiting

HOUR = timedelta(hours=1)


def follows(event: Message, at: datetime = NOON, of: UUID = ANN) -> list[Then]:
    """What the rules make of an event of this aggregate."""
    recorded = Recorded("1:1", "", "scheduling", 0, 1, f"calendar/{of}", 1, micros(at), "", "1", "1")
    return list(RULES[type(event)](event, recorded))


def last(given: Given) -> Message:
    return given.events[-1]


def test_each_reminder_of_a_confirmed_booking_has_its_deadline() -> None:
    assert follows(last(booked())) == [Then(Remind(ONE, TEN, 60), str(ANN), due=TEN - HOUR)]  # a day before is over
    early = follows(last(booked()), at=TEN - 48 * HOUR)
    assert [each.due for each in early] == [TEN - 24 * HOUR, TEN - HOUR]


def test_a_part_reminds_its_host_and_the_guest_of_the_whole_meeting() -> None:
    due = Remind(ONE, TEN, 60)
    parts = (HoldPart(CID, TWO, ONE, INTRO, TEN, 30, TEN), BookPart(TWO, INTRO, book().appointment))
    given = calendar().when(JoinTeam(CID), by=ANN).accepted()
    for each in parts:
        given = given.when(each, by=SYSTEM).accepted()
    reminded = last(given.when(due, by=SYSTEM, at=TEN - HOUR).then(Reminded(ONE, TEN, 60, TWO)))
    recorded = Recorded("1:1", "", "scheduling", 0, 1, f"calendar/{ANN}", 1, micros(NOON), "", "1", "1")
    soon = Announce(Change.REMINDER, TEN, offset=60)
    assert list(ALL[Reminded](reminded, recorded)) == [Then(soon, str(ONE)), Then(soon, str(TWO))]
    assert list(ALL[Reminded](Reminded(ONE, TEN, 60), recorded)) == [Then(soon, str(ONE))]


def test_no_reminder_is_ever_for_the_past() -> None:
    assert follows(last(booked()), at=TEN - HOUR) == []


def test_what_the_host_has_to_approve_is_reminded_of_once_they_did() -> None:
    assert follows(last(waiting())) == []
    approved = waiting().when(Approve(ONE), by=ANN).accepted()
    assert [each.due for each in follows(last(approved))] == [TEN - HOUR]


def test_a_moved_booking_gets_deadlines_for_its_new_time_with_the_reminders_that_were_added() -> None:
    more = booked().when(SetReminder(ONE, 15), by=ANN).accepted()
    assert follows(last(more)) == [Then(Remind(ONE, TEN, 15), str(ANN), due=TEN - HOUR / 4)]
    moved = more.when(Reschedule(ONE, TEN + HOUR, 30, "UTC", ""), by=ANN).accepted()
    assert [each.due for each in follows(last(moved))] == [TEN, TEN + HOUR * 3 / 4]


def test_the_end_of_a_hold_is_seen_when_it_is_over() -> None:
    held = last(calendar().when(hold(), by=ANONYMOUS).accepted())
    assert follows(held) == [Then(ExpireHold(ONE), str(ANN), due=NOON + HOLD)]
    taken = last(calendar().when(book(), by=ANONYMOUS).accepted())
    assert isinstance(taken, Booked)


def test_an_expired_part_ends_its_meeting_and_a_released_one_does_not() -> None:
    expired = HoldEnded(part_id(TWO, ANN), TEN, TWO, "expired")
    assert follows(expired) == [Then(NoteDenied(ANN, "hold_expired"), str(TWO))]
    of_a_move = HoldEnded(ONE, TEN, TWO, "expired")
    assert follows(of_a_move) == [Then(NoteMoveDenied(ANN, ONE, "hold_expired"), str(TWO))]
    assert follows(HoldEnded(ONE, TEN, TWO, "released")) == follows(HoldEnded(ONE, TEN, None, "expired")) == []


def test_a_meeting_that_fails_gives_back_what_was_held() -> None:
    [then] = follows(Failed((BOB,), "taken"), of=TWO)
    assert then == Then(DropPart(TWO, part_id(TWO, BOB), "taken"), str(BOB))
