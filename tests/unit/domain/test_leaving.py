"""Whoever wants nothing kept of them: their calendar is emptied, and they are taken out of those of others."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from domain.kernel import Reason
from domain.scheduling.calendar import (
    Booked,
    CalendarCleared,
    CalendarOpened,
    CancelForGuest,
    Cancelled,
    ClearCalendar,
    Comment,
    DefineEventType,
    EraseNote,
    EventTypeRemoved,
    FeedRenewed,
    Guest,
    HoldEnded,
    Kind,
    NoteErased,
    OpenResource,
    PublicSet,
    ScheduleRemoved,
    SetPublic,
    WebhookAdded,
    WebhookRemoved,
)
from domain.scheduling.calendar.leaving import AT_ONCE
from domain.scheduling.erasure import AskErasure, ErasureAsked, ErasureDone, NoteErasureDone
from domain.scheduling.follower import EndFollow, EndFollows, Followed, Unfollowed
from tests.scenario import ANN, BOB, CID, EVE, SYSTEM, Given, given
from tests.unit.domain.calendars import INTRO, ONE, TEN, THREE, TWO, appointment, book, calendar, hold

FEED = UUID(int=77)
CLEAR = ClearCalendar(ANN, FEED)


def booked(to: Given, booking: UUID, start: timedelta, by: UUID = BOB) -> Given:
    wanted = appointment(booking, TEN + start, guest=Guest("Bob", "bob@example.org", by))
    return to.when(replace(book(), appointment=wanted), by=by).accepted()


def test_what_is_to_come_is_cancelled_and_the_settings_are_gone() -> None:
    full = booked(
        booked(calendar(WebhookAdded(ONE, "https://example.org/")), ONE, timedelta()), TWO, timedelta(hours=1)
    )
    full = (
        full.when(SetPublic(TWO, True), by=ANN)
        .accepted()
        .when(hold(THREE, TEN + timedelta(hours=2)), by=EVE)
        .accepted()
    )
    between = TEN + timedelta(minutes=45)  # the first is over
    full.when(CLEAR, by=ANN, at=between).rejected("not_yours", Reason.FORBIDDEN)
    full.when(replace(CLEAR, owner=BOB), by=SYSTEM, at=between).then()
    now = TEN - timedelta(hours=20)
    cleared = full.when(CLEAR, by=SYSTEM, at=now).then(
        Cancelled(ONE, TEN, None, True, "", 1),
        PublicSet(TWO, TEN + timedelta(hours=1), False),
        Cancelled(TWO, TEN + timedelta(hours=1), None, True, "", 1),
        HoldEnded(THREE, TEN + timedelta(hours=2), None, "released"),
        EventTypeRemoved("intro"),
        ScheduleRemoved("default"),
        WebhookRemoved(ONE),
        FeedRenewed(FEED),
        CalendarCleared(ANN),
    )
    cleared.when(CLEAR, by=SYSTEM, at=now).then()
    cleared.when(book(EVE), by=BOB).rejected("event_type_unknown")
    kept = full.when(CLEAR, by=SYSTEM, at=between).accepted()
    assert not [each for each in kept.events if isinstance(each, Cancelled) and each.booking == ONE]
    kept.when(Comment(ONE, TWO, "Bob", "thank you"), by=BOB, at=between).accepted()


def test_of_much_that_is_to_come_some_is_cancelled_at_a_time() -> None:
    one = booked(calendar(), ONE, timedelta()).events[-1]
    assert isinstance(one, Booked)
    many = [
        replace(one, booking=UUID(int=1_000 + number), start=TEN + timedelta(hours=number))
        for number in range(AT_ONCE + 1)
    ]
    first = calendar(*many).when(CLEAR, by=SYSTEM)
    assert [type(each) for each in first.events] == [Cancelled] * AT_ONCE
    second = first.accepted().when(CLEAR, by=SYSTEM)
    assert (type(second.events[0]), second.events[-1]) == (Cancelled, CalendarCleared(ANN))


def test_a_calendar_that_was_cleared_is_its_owner_s_to_open_again() -> None:
    cleared = calendar().when(CLEAR, by=SYSTEM).accepted()
    opened = cleared.when(DefineEventType(INTRO), by=ANN).accepted()
    assert opened.events[-2] == CalendarOpened(ANN, Kind.HOST, "")
    cleared.when(DefineEventType(INTRO), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    room = given(CalendarOpened(ANN, Kind.RESOURCE, "Room 1"), CalendarCleared(ANN), to=EVE)
    room.when(DefineEventType(INTRO), by=ANN).rejected("calendar_unknown", Reason.NOT_FOUND)
    room.when(OpenResource("Room 2"), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    room.when(OpenResource("Room 2"), by=ANN).then(CalendarOpened(ANN, Kind.RESOURCE, "Room 2"))


def test_a_guest_s_meeting_is_cancelled_where_it_is_theirs_and_to_come() -> None:
    there = booked(calendar(), ONE, timedelta())
    there.when(CancelForGuest(ONE, BOB), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    there.when(CancelForGuest(ONE, CID), by=SYSTEM).then()
    there.when(CancelForGuest(ONE, BOB), by=SYSTEM, at=TEN + timedelta(hours=1)).then()
    there.when(CancelForGuest(ONE, BOB), by=SYSTEM).then(Cancelled(ONE, TEN, None, False, "", 1))


def test_a_note_is_erased_for_its_author_also_where_the_calendar_knows_the_meeting_no_more() -> None:
    said = booked(calendar(), ONE, timedelta()).when(Comment(ONE, TWO, "Bob", "hello"), by=BOB).accepted()
    said.when(EraseNote(ONE, TWO, CID), by=SYSTEM).then()
    gone = said.when(EraseNote(ONE, TWO, BOB), by=SYSTEM).then(NoteErased(ONE, TWO, BOB))
    gone.when(EraseNote(ONE, TWO, BOB), by=SYSTEM).then()
    over = calendar().when(EraseNote(ONE, TWO, BOB), by=SYSTEM).then(NoteErased(ONE, TWO, BOB))
    over.when(EraseNote(ONE, TWO, BOB), by=SYSTEM).then()
    given(to=ANN).when(EraseNote(ONE, TWO, BOB), by=SYSTEM).then()


def test_follows_end_on_both_sides() -> None:
    ann = given(Followed(BOB), Followed(CID), to=ANN)
    ann.when(EndFollows(), by=ANN).rejected("not_yours", Reason.FORBIDDEN)
    ann.when(EndFollows(), by=SYSTEM).then(Unfollowed(BOB), Unfollowed(CID)).when(EndFollows(), by=SYSTEM).then()
    ann.when(EndFollow(BOB), by=SYSTEM).then(Unfollowed(BOB)).when(EndFollow(BOB), by=SYSTEM).then()


def test_it_is_asked_for_by_oneself_and_ends_once() -> None:
    given(to=ANN).when(AskErasure(), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    asked = given(to=ANN).when(AskErasure(), by=ANN).then(ErasureAsked(ANN))
    asked.when(AskErasure(), by=SYSTEM).then()
    asked.when(NoteErasureDone(), by=ANN).rejected("not_yours", Reason.FORBIDDEN)
    done = asked.when(NoteErasureDone(), by=SYSTEM).then(ErasureDone(ANN))
    done.when(NoteErasureDone(), by=SYSTEM).then()
    done.when(AskErasure(), by=ANN).then(ErasureAsked(ANN))
