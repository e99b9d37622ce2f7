"""The rules of a calendar: whose settings, whose time, and what becomes of a booking."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.kernel import ANONYMOUS, Reason
from domain.scheduling.calendar import (
    KEPT,
    AddAbsence,
    Approve,
    Approved,
    Book,
    BookDespite,
    Booked,
    Busy,
    BusySynced,
    CalendarOpened,
    Cancel,
    Cancelled,
    ChangeGuests,
    Decline,
    Declined,
    DefineEventType,
    EventTypeDefined,
    ExpireHold,
    Guest,
    GuestsChanged,
    HoldEnded,
    Kind,
    MarkNoShow,
    NoShowMarked,
    OpenResource,
    Release,
    Remind,
    Reminded,
    RemoveEventType,
    Reschedule,
    Rescheduled,
    SetReminder,
    SetSchedule,
    Status,
    SyncBusy,
)
from domain.scheduling.calendar.bookings import HOLD, HOLDS
from domain.scheduling.event_type import Limits, Question
from domain.scheduling.schedule import Absence
from domain.scheduling.zones import TZDATA
from tests.scenario import ANN, BOB, EVE, NOON, SYSTEM, Given, given
from tests.unit.domain.calendars import (
    INTRO,
    MONDAY,
    NINE_TO_FIVE,
    ONE,
    OTHER_PROOF,
    PROOF,
    TEN,
    THREE,
    TWO,
    appointment,
    book,
    calendar,
    hold,
    offering,
)

HALF = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)


def booked(**more: object) -> Given:
    return calendar().when(book(**more), by=ANONYMOUS).accepted()  # type: ignore[arg-type]


def waiting(**more: object) -> Given:
    definition = replace(INTRO, confirmation=True, **more)  # type: ignore[arg-type]
    return offering(definition).when(book(), by=ANONYMOUS).accepted()


def last(given: Given) -> object:
    return given.events[-1]


# Settings.


def test_the_first_setting_opens_ones_own_calendar() -> None:
    given(to=ANN).when(SetSchedule(NINE_TO_FIVE), by=ANN).accepted().when(DefineEventType(INTRO), by=ANN).then(
        EventTypeDefined(INTRO)
    )
    opened = given(to=ANN).when(SetSchedule(NINE_TO_FIVE), by=ANN).accepted()
    assert opened.events[0] == CalendarOpened(ANN, Kind.HOST, "")


def test_nobody_changes_anothers_settings() -> None:
    calendar().when(DefineEventType(INTRO), by=EVE).rejected("not_yours", Reason.FORBIDDEN)
    calendar().when(SetSchedule(NINE_TO_FIVE), by=ANONYMOUS).rejected("not_yours", Reason.FORBIDDEN)
    given(to=ANN).when(DefineEventType(INTRO), by=EVE).rejected("calendar_unknown", Reason.NOT_FOUND)


def test_a_resource_is_kept_by_who_opened_it() -> None:
    room = given(to=TWO).when(OpenResource("Room 2"), by=ANN).then(CalendarOpened(ANN, Kind.RESOURCE, "Room 2"))
    room.when(OpenResource("Room 3"), by=EVE).rejected("not_yours")
    room.when(SetSchedule(NINE_TO_FIVE), by=ANN).accepted()
    given(to=ANN).when(OpenResource("me"), by=ANN).rejected("id_invalid")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slug": "No Spaces"}, "slug_invalid"),
        ({"title": ""}, "title_invalid"),
        ({"durations": ()}, "durations_invalid"),
        ({"durations": (30, 30)}, "durations_invalid"),
        ({"interval": 0}, "interval_invalid"),
        ({"buffer_after": -1}, "buffer_invalid"),
        ({"notice": -1}, "notice_invalid"),
        ({"zone": "Mars/Olympus"}, "zone_unknown"),
        ({"seats": 0}, "seats_invalid"),
        ({"seats": 2, "confirmation": True}, "seats_invalid"),
        ({"limits": Limits(day=0)}, "limits_invalid"),
        ({"colour": "red"}, "colour_invalid"),
        ({"currency": "euro"}, "currency_invalid"),
        ({"price": -1}, "price_invalid"),
        ({"reminders": (0,)}, "reminders_invalid"),
        ({"questions": (Question("a", "A?"), Question("a", "B?"))}, "questions_invalid"),
    ],
)
def test_an_event_type_must_make_sense(change: dict[str, object], code: str) -> None:
    calendar().when(DefineEventType(replace(INTRO, **change)), by=ANN).rejected(code, Reason.INVALID)  # type: ignore[arg-type]


def test_busy_times_are_kept_sorted_and_without_what_is_over() -> None:
    late, soon, over = Busy(TEN + HALF, TEN + 2 * HALF), Busy(TEN, TEN + HALF), Busy(TEN - KEPT, TEN - KEPT + HALF)
    synced = calendar().when(SyncBusy("work", (late, over, soon, soon)), by=ANN).then(BusySynced("work", (soon, late)))
    synced.when(book(), by=ANONYMOUS).rejected("busy")
    synced.when(SyncBusy("work", (soon, late)), by=ANN).then()


# Booking.


def test_a_booking_says_what_was_meant_and_by_which_rules() -> None:
    event = last(booked())
    assert isinstance(event, Booked)
    assert (event.meant.zone, event.meant.wall, event.meant.tzdata) == ("Europe/London", "2026-03-02T09:00", TZDATA)
    assert (event.status, event.start, event.despite) == (Status.CONFIRMED, TEN, ())


def test_a_time_is_given_away_once() -> None:
    booked().when(book(TWO), by=BOB).rejected("taken", Reason.CONFLICT)
    booked().when(book(TWO, TEN + HALF), by=BOB).accepted()


def test_the_same_booking_again_is_one() -> None:
    booked().when(book(), by=ANONYMOUS).then()
    booked().when(book(start=TEN + HALF), by=ANONYMOUS).rejected("already_booked")
    booked().when(book(proof=OTHER_PROOF), by=ANONYMOUS).rejected("booking_exists")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slug": "none"}, "event_type_unknown"),
        ({"minutes": 45}, "duration_unknown"),
        ({"seats": 2}, "seats_invalid"),
        ({"zone": "CEST"}, "zone_unknown"),
        ({"start": TEN.replace(tzinfo=None)}, "time_invalid"),
        ({"start": TEN.replace(year=2199)}, "time_invalid"),
        ({"proof": b""}, "proof_invalid"),
        ({"guest": Guest("", "bob@example.org")}, "name_invalid"),
        ({"guest": Guest("Bob", "bob")}, "email_invalid"),
        ({"guest": Guest("Bob", "bob@example.org", EVE)}, "not_yours"),
        ({"guest": Guest("Bob", "bob@example.org", None, {"size": "L"})}, "answer_invalid"),
        ({"others": ("cid@example.org",) * 2}, "guests_invalid"),
    ],
)
def test_what_cannot_be_booked_is_said(change: dict[str, object], code: str) -> None:
    calendar().when(Book(replace(appointment(), **change)), by=BOB).rejected(code)  # type: ignore[arg-type]


def test_questions_are_to_be_answered() -> None:
    asking = replace(INTRO, questions=(Question("size", "Which size?", True, ("S", "L")),))
    offering(asking).when(book(), by=ANONYMOUS).rejected("answer_missing")
    answered = Guest("Bob", "bob@example.org", None, {"size": "L"})
    offering(asking).when(book(guest=answered), by=ANONYMOUS).accepted()
    offering(asking).when(book(guest=replace(answered, answers={"size": "M"})), by=ANONYMOUS).rejected("answer_invalid")


def test_a_hold_keeps_others_out_but_never_its_holder() -> None:
    held = calendar().when(hold(), by=ANONYMOUS).accepted()
    held.when(hold(TWO, proof=OTHER_PROOF), by=ANONYMOUS).rejected("taken")
    held.when(book(TWO), by=BOB).rejected("taken")
    held.when(hold(), by=ANONYMOUS).then()
    held.when(book(proof=OTHER_PROOF), by=ANONYMOUS).rejected("booking_exists")
    held.when(book(), by=ANONYMOUS, at=NOON + HOLD - MINUTE).accepted()


def test_whether_a_hold_is_over_is_decided_when_somebody_asks() -> None:
    held, late = calendar().when(hold(), by=ANONYMOUS).accepted(), NOON + HOLD
    held.when(book(), by=ANONYMOUS, at=late).rejected("hold_expired")
    held.when(book(TWO), by=BOB, at=late).accepted()
    held.when(ExpireHold(ONE), by=SYSTEM, at=late - MINUTE).then()
    held.when(ExpireHold(ONE), by=SYSTEM, at=late).then(HoldEnded(ONE, TEN, None, "expired"))
    held.when(ExpireHold(ONE), by=ANN, at=late).rejected("not_yours")


def test_who_chooses_another_time_gives_the_first_one_back() -> None:
    held = calendar().when(hold(), by=ANONYMOUS).accepted().when(hold(start=TEN + HALF), by=ANONYMOUS).accepted()
    assert HoldEnded(ONE, TEN, None, "moved") in held.events
    held.when(book(TWO), by=BOB).accepted()
    held.when(book(TWO, TEN + HALF), by=BOB).rejected("taken")
    moved = held.when(book(start=TEN + 2 * HALF), by=ANONYMOUS).accepted()
    moved.when(book(TWO, TEN + HALF), by=BOB).accepted()


def test_a_hold_is_given_back() -> None:
    held = calendar().when(hold(), by=ANONYMOUS).accepted()
    held.when(Release(ONE, OTHER_PROOF), by=EVE).rejected("booking_exists")
    held.when(Release(ONE, PROOF), by=ANONYMOUS).then(HoldEnded(ONE, TEN, None, "released"))
    booked().when(Release(ONE, PROOF), by=ANONYMOUS).then()


def test_nobody_can_hold_a_whole_year() -> None:
    every = replace(INTRO, durations=(30,), interval=1)
    given = offering(replace(every, durations=(1, 30)))
    number = 0
    while number < HOLDS:
        for minute in range(8 * 60):
            if number < HOLDS:
                start = TEN - 2 * HALF + timedelta(minutes=minute)
                one = replace(hold(UUID(int=number + 10), start), minutes=1)
                given = given.when(one, by=ANONYMOUS).accepted()
                number += 1
    given.when(hold(start=TEN + 13 * HALF), by=ANONYMOUS).rejected("too_many_holds", Reason.TOO_MANY)
    given.when(hold(start=TEN + 13 * HALF), by=ANONYMOUS, at=NOON + HOLD).accepted()


def test_guests_share_a_meeting_with_several_seats() -> None:
    course = offering(replace(INTRO, seats=3, durations=(30, 60)))
    two = course.when(book(seats=2), by=ANONYMOUS).accepted()
    two.when(book(TWO, seats=2), by=BOB).rejected("full")
    three = two.when(book(TWO), by=BOB).accepted()
    three.when(book(THREE), by=EVE).rejected("full")
    two.when(book(TWO, minutes=60), by=BOB).rejected("taken")
    two.when(book(TWO, TEN + HALF), by=BOB).accepted()
    three.when(Cancel(TWO, ""), by=ANN).accepted().when(book(THREE), by=EVE).accepted()


# Pending.


def test_what_waits_for_the_host_keeps_others_out_where_the_host_wants_so() -> None:
    waiting().when(book(TWO), by=BOB).rejected("taken")
    waiting(pending_blocks=False).when(book(TWO), by=BOB).accepted()


def test_the_host_approves_or_declines() -> None:
    waiting().when(Approve(ONE), by=ANN).then(Approved(ONE, TEN, INTRO.reminders, 0)).when(Approve(ONE), by=ANN).then()
    waiting().when(Approve(ONE), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    declined = waiting().when(Decline(ONE, "away"), by=ANN).then(Declined(ONE, TEN, "away", 1))
    declined.when(book(TWO), by=BOB).accepted()
    booked().when(Decline(ONE, ""), by=ANN).rejected("already_confirmed")


def test_approving_checks_again_where_nothing_kept_others_out() -> None:
    two = waiting(pending_blocks=False).when(book(TWO), by=BOB).accepted()
    two.when(Approve(ONE), by=ANN).accepted().when(Approve(TWO), by=ANN).rejected("taken")


# Changes.


def test_a_guest_cancels_with_the_link_and_a_stranger_learns_nothing() -> None:
    booked().when(Cancel(ONE, "ill", PROOF), by=ANONYMOUS).then(Cancelled(ONE, TEN, None, False, "ill", 1))
    booked().when(Cancel(ONE, "ha"), by=EVE).rejected("booking_unknown", Reason.NOT_FOUND)
    booked().when(Cancel(ONE, "ha", OTHER_PROOF), by=ANONYMOUS).rejected("booking_unknown", Reason.NOT_FOUND)
    booked().when(Cancel(THREE, "ha"), by=ANN).rejected("booking_unknown", Reason.NOT_FOUND)
    booked().when(Cancel(ONE, "away"), by=ANN).then(Cancelled(ONE, TEN, None, True, "away", 1))
    mine = calendar().when(book(guest=Guest("Bob", "bob@example.org", BOB)), by=BOB).accepted()
    mine.when(Cancel(ONE, "ill"), by=BOB).accepted().when(book(TWO), by=EVE).accepted()
    booked().when(Cancel(ONE, "late"), by=ANN, at=TEN + HALF).rejected("over")


def test_a_booking_moves_with_its_reason_and_frees_its_old_time() -> None:
    moved = booked().when(Reschedule(ONE, TEN + HALF, 60, "Europe/Berlin", "later", PROOF), by=ANONYMOUS).accepted()
    event = last(moved)
    assert isinstance(event, Rescheduled)
    assert (event.was, event.start, event.minutes, event.reason, event.sequence) == (TEN, TEN + HALF, 60, "later", 1)
    assert (event.by_host, event.meant.wall) == (False, "2026-03-02T10:30")
    moved.when(book(TWO), by=BOB).accepted()
    moved.when(book(TWO, TEN + HALF), by=BOB).rejected("taken")
    moved.when(Reschedule(ONE, TEN + HALF, 60, "Europe/Berlin", "again", PROOF), by=ANONYMOUS).then()


def test_a_booking_may_move_into_its_own_time_but_into_no_other() -> None:
    long = calendar().when(book(minutes=60), by=ANONYMOUS).accepted()
    long.when(Reschedule(ONE, TEN + HALF, 60, "UTC", "", PROOF), by=ANONYMOUS).accepted()
    two = long.when(book(TWO, TEN + 2 * HALF), by=BOB).accepted()
    two.when(Reschedule(ONE, TEN + HALF, 60, "UTC", ""), by=ANN).rejected("taken")
    two.when(Reschedule(ONE, TEN - 7 * 24 * 2 * HALF, 60, "UTC", ""), by=ANN).rejected("in_the_past")


def test_who_moves_a_confirmed_booking_asks_the_host_again() -> None:
    approved = waiting().when(Approve(ONE), by=ANN).accepted()
    again = last(approved.when(Reschedule(ONE, TEN + HALF, 30, "UTC", "", PROOF), by=ANONYMOUS).accepted())
    assert isinstance(again, Rescheduled)
    assert again.status is Status.PENDING
    by_host = last(approved.when(Reschedule(ONE, TEN + HALF, 30, "UTC", ""), by=ANN).accepted())
    assert isinstance(by_host, Rescheduled)
    assert by_host.status is Status.CONFIRMED


def test_the_host_may_overlap_on_purpose_and_it_is_written_down() -> None:
    two = booked().when(BookDespite(appointment(TWO), "they insist"), by=ANN).accepted()
    event = last(two)
    assert isinstance(event, Booked)
    assert (event.despite, event.overlaps, event.reason) == (("taken",), (ONE,), "they insist")
    booked().when(BookDespite(appointment(TWO), "they insist"), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    booked().when(BookDespite(appointment(TWO), ""), by=ANN).rejected("reason_invalid")
    two.when(book(THREE), by=BOB).rejected("taken")


def test_who_did_not_come_is_noted_after_the_beginning_only() -> None:
    booked().when(MarkNoShow(ONE), by=ANN).rejected("not_yet")
    booked().when(MarkNoShow(ONE), by=ANN, at=TEN + MINUTE).then(NoShowMarked(ONE, TEN))
    booked().when(MarkNoShow(ONE), by=BOB, at=TEN + MINUTE).rejected("not_yours", Reason.FORBIDDEN)


def test_further_guests_change() -> None:
    others = ("cid@example.org",)
    more = booked().when(ChangeGuests(ONE, others, PROOF), by=ANONYMOUS).then(GuestsChanged(ONE, TEN, others, 1))
    more.when(ChangeGuests(ONE, others), by=ANN).then()
    more.when(ChangeGuests(ONE, ("nobody",)), by=ANN).rejected("email_invalid")


# Time.


def test_a_reminder_is_given_once_for_the_time_it_is_of() -> None:
    due = Remind(ONE, TEN, 60)
    once = booked().when(due, by=SYSTEM, at=TEN - 2 * HALF).then(Reminded(ONE, TEN, 60))
    once.when(due, by=SYSTEM, at=TEN - HALF).then()
    moved = booked().when(Reschedule(ONE, TEN + HALF, 30, "UTC", ""), by=ANN).accepted()
    moved.when(due, by=SYSTEM, at=TEN - 2 * HALF).then()
    booked().when(due, by=SYSTEM, at=TEN).then()
    booked().when(Cancel(ONE, ""), by=ANN).accepted().when(due, by=SYSTEM, at=TEN - 2 * HALF).then()
    waiting().when(due, by=SYSTEM, at=TEN - 2 * HALF).then()


def test_one_more_reminder_may_be_asked_for() -> None:
    booked().when(SetReminder(ONE, 15, PROOF), by=ANONYMOUS).accepted().when(SetReminder(ONE, 15), by=ANN).then()
    booked().when(SetReminder(ONE, 15), by=EVE).rejected("booking_unknown")
    booked().when(SetReminder(ONE, 15), by=ANN, at=TEN - MINUTE).rejected("in_the_past")


def test_what_is_long_over_leaves_the_state() -> None:
    from domain.catalogue import CATALOGUE
    from tests.scenario import fold

    given = booked()
    for week in range(1, 20):
        at = TEN + timedelta(weeks=week)
        given = given.when(book(UUID(int=week + 10), at + HALF), by=BOB, at=at).accepted()
    state = fold(CATALOGUE.named("scheduling", "calendar"), given.events)
    assert len(state.bookings) <= KEPT.days // 7 + 1
    assert set(state.bookings) == {each for ids in state.days.values() for each in ids}


def test_limits_count_over_the_clocks_change_in_the_zone_of_the_event_type() -> None:
    """Midnight in Berlin is 22:00 UTC on the 29th of March and 23:00 the day before."""
    night = replace(
        NINE_TO_FIVE,
        weekly=tuple(replace(NINE_TO_FIVE.weekly[0], weekday=day, opens=0, closes=1440) for day in range(1, 8)),
    )
    nightly = replace(INTRO, limits=Limits(day=1))
    given = offering(nightly).when(SetSchedule(night), by=ANN).accepted()
    first = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)  # 00:00 on the 29th
    one = given.when(book(start=first), by=ANONYMOUS).accepted()
    one.when(book(TWO, datetime(2026, 3, 29, 21, 30, tzinfo=UTC)), by=BOB).rejected("day_limit")
    one.when(book(TWO, datetime(2026, 3, 29, 22, 0, tzinfo=UTC)), by=BOB).accepted()


def test_an_absence_closes_what_was_open() -> None:
    away = calendar().when(AddAbsence(TWO, Absence(MONDAY, MONDAY + 48 * HALF, "Spring")), by=ANN).accepted()
    away.when(book(), by=ANONYMOUS).rejected("absent")


def test_what_is_no_longer_offered_cannot_be_booked_but_what_was_booked_stands() -> None:
    gone = booked().when(RemoveEventType("intro"), by=ANN).accepted()
    gone.when(book(TWO, TEN + HALF), by=BOB).rejected("event_type_unknown", Reason.NOT_FOUND)
    gone.when(Reschedule(ONE, TEN + HALF, 30, "UTC", ""), by=ANN).rejected("event_type_unknown")
    gone.when(Cancel(ONE, ""), by=ANN).accepted()


def test_a_calendar_that_nobody_opened_has_no_times() -> None:
    given(to=ANN).when(book(), by=BOB).rejected("calendar_unknown", Reason.NOT_FOUND)
