"""Whom a booking concerns, and that each of its changes is told once, to those who did not make it."""

from dataclasses import replace
from datetime import timedelta

from domain.kernel import Reason
from domain.notice.invitation import (
    Announce,
    Announced,
    Change,
    Open,
    PartiesSet,
    RemindersStopped,
    SetFurther,
    StopReminders,
    reader,
)
from tests.scenario import ANN, BOB, CID, NOON, SYSTEM, Given, given
from tests.unit.domain.notices import INTRO

GUEST, DAN, EVE = "guest@example.org", "dan@example.org", "eve@example.org"


def opened(*, confirmed: bool = True, further: tuple[str, ...] = ()) -> Given:
    return given(to=CID).when(Open(ANN, BOB, INTRO, GUEST, further, confirmed), by=SYSTEM).accepted()


def told(given: Given, command: Announce) -> Announced:
    [event] = given.when(command, by=SYSTEM).events
    assert isinstance(event, Announced)
    return event


def test_a_booking_is_told_to_both_and_mailed_to_all_guests_once() -> None:
    booked = opened(further=(DAN,))
    parties, event = booked.events
    assert parties == PartiesSet(ANN, BOB, GUEST, (DAN,))
    assert isinstance(event, Announced)
    assert (event.change, event.host, event.to_guest, event.addresses) == (Change.BOOKED, ANN, True, (GUEST, DAN))
    assert event.wall == "2026-03-02T13:00"
    booked.when(Open(ANN, BOB, INTRO, GUEST, (DAN,)), by=SYSTEM).then()
    given(to=CID).when(Open(ANN, BOB, INTRO, GUEST, ()), by=ANN).rejected("not_yours", Reason.FORBIDDEN)


def test_who_moves_or_cancels_is_not_told_and_calendars_always_are() -> None:
    by_guest = told(opened(), Announce(Change.CANCELLED, INTRO.start, 1, reason="ill"))
    assert (by_guest.host, by_guest.to_guest, by_guest.addresses, by_guest.reason) == (ANN, False, (GUEST,), "ill")
    later = INTRO.start + timedelta(hours=1)
    by_host = told(opened(), Announce(Change.MOVED, later, 1, by_host=True, minutes=60, zone="Asia/Kolkata"))
    assert (by_host.host, by_host.to_guest, by_host.addresses) == (None, True, (GUEST,))
    assert by_host.meeting == replace(INTRO, start=later, minutes=60, zone="Asia/Kolkata", sequence=1)
    assert by_host.wall == "2026-03-02T18:30"


def test_a_change_is_told_once_and_one_that_comes_back_once_more() -> None:
    there = Announce(Change.MOVED, NOON, 1)
    moved = opened().when(there, by=SYSTEM).accepted()
    moved.when(there, by=SYSTEM).then()
    back = moved.when(Announce(Change.MOVED, INTRO.start, 2), by=SYSTEM).accepted()
    assert back.when(Announce(Change.MOVED, NOON, 3), by=SYSTEM).events
    reminded = back.when(Announce(Change.REMINDER, INTRO.start, offset=60), by=SYSTEM).accepted()
    reminded.when(Announce(Change.REMINDER, INTRO.start, offset=60), by=SYSTEM).then()
    assert reminded.when(Announce(Change.REMINDER, INTRO.start, offset=15), by=SYSTEM).events


def test_a_meeting_of_several_is_reminded_of_once_and_not_of_what_it_was_before() -> None:
    open_to_guest = given(to=CID).when(Open(None, BOB, INTRO, GUEST, ()), by=SYSTEM).accepted()
    soon = Announce(Change.REMINDER, INTRO.start, offset=60)
    first = open_to_guest.when(soon, by=SYSTEM)
    [event] = first.events
    assert isinstance(event, Announced)
    assert (event.host, event.guest, event.to_guest, event.addresses) == (None, BOB, True, (GUEST,))
    first.accepted().when(soon, by=SYSTEM).then()  # of the next part
    later = Announce(Change.MOVED, INTRO.start + timedelta(hours=1), 1)
    open_to_guest.when(later, by=SYSTEM).accepted().when(soon, by=SYSTEM).then()
    cancelled = open_to_guest.when(Announce(Change.CANCELLED, sequence=1_000), by=SYSTEM).accepted()
    cancelled.when(soon, by=SYSTEM).then()


def test_a_request_is_in_calendars_once_it_is_approved() -> None:
    asked = opened(confirmed=False)
    [_, event] = asked.events
    assert isinstance(event, Announced)
    assert (event.change, event.confirmed) == (Change.REQUESTED, False)
    assert told(asked, Announce(Change.APPROVED, INTRO.start, 1, by_host=True)).confirmed
    assert not told(asked, Announce(Change.DECLINED, INTRO.start, 1, by_host=True)).confirmed
    assert not told(asked, Announce(Change.CANCELLED, INTRO.start, 1)).confirmed


def test_further_guests_hear_of_it_when_they_are_added_or_left_out() -> None:
    changed = opened(further=(DAN,)).when(SetFurther(BOB, (EVE,), 1), by=SYSTEM)
    parties, invited, left = changed.events
    assert parties == PartiesSet(ANN, BOB, GUEST, (EVE,))
    assert isinstance(invited, Announced)
    assert isinstance(left, Announced)
    assert (invited.change, invited.addresses) == (Change.INVITED, (EVE,))
    assert (left.change, left.addresses) == (Change.UNINVITED, (DAN,))
    changed.accepted().when(SetFurther(BOB, (EVE,), 1), by=SYSTEM).then()


def test_what_was_booked_before_there_were_invitations_is_told_to_nobody() -> None:
    given(to=CID).when(Announce(Change.CANCELLED, NOON, 1), by=SYSTEM).then()
    given(to=CID).when(SetFurther(BOB, (EVE,), 1), by=SYSTEM).then()


def test_who_wants_no_reminders_gets_everything_else() -> None:
    there, who = opened(further=(DAN,)), reader(str(CID), DAN)
    there.when(StopReminders(who), by=ANN).rejected("not_yours", Reason.FORBIDDEN)
    there.when(StopReminders(reader(str(CID), EVE)), by=SYSTEM).then()
    stopped = there.when(StopReminders(who), by=SYSTEM).then(RemindersStopped(who))
    stopped.when(StopReminders(who), by=SYSTEM).then()
    assert told(stopped, Announce(Change.REMINDER, INTRO.start, offset=60)).addresses == (GUEST,)
    assert told(stopped, Announce(Change.CANCELLED, INTRO.start, 1)).addresses == (GUEST, DAN)
