"""Which bookings have a room for a video meeting, and what becomes of it when they move."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from domain.kernel import ANONYMOUS, Reason
from domain.scheduling.calendar import (
    Approve,
    Approved,
    Booked,
    BookPart,
    Cancel,
    HoldPart,
    JoinTeam,
    NoteRoom,
    Reschedule,
    Rescheduled,
    RoomMade,
)
from domain.scheduling.event_type import EventType, Location, Place
from tests.scenario import ANN, CID, SYSTEM, Given
from tests.unit.domain.calendars import INTRO, ONE, OTHER_PROOF, TEN, TWO, appointment, book, calendar, offering

VIDEO = replace(INTRO, location=Location(Place.VIDEO))
LINK, OTHER = "https://meet.example.org/septet-one", "https://meet.example.org/septet-two"
LATER = TEN + timedelta(hours=1)


def booked(definition: EventType = VIDEO, **more: object) -> Given:
    return offering(definition).when(book(**more), by=ANONYMOUS).accepted()  # type: ignore[arg-type]


def room(given: Given) -> UUID | None:
    """That the latest booking, approval or move needs."""
    event = given.events[-1]
    assert isinstance(event, Booked | Approved | Rescheduled)
    return event.room


def test_only_a_video_meeting_without_a_link_has_a_room_of_ours() -> None:
    assert room(booked()) == ONE
    assert room(booked(place="https://meet.example.net/bob")) is None
    assert room(booked(replace(INTRO, location=Location(Place.VIDEO, "https://meet.example.net/ann")))) is None
    assert room(booked(replace(INTRO, location=Location(Place.PHONE)))) is None


def test_a_room_is_noted_once_and_stays_when_the_booking_moves() -> None:
    made = booked().when(NoteRoom(ONE, LINK, ONE), by=SYSTEM).then(RoomMade(ONE, TEN, LINK))
    made.when(NoteRoom(ONE, LINK, ONE), by=SYSTEM).then()
    moved = made.when(Reschedule(ONE, LATER, 30, "UTC", ""), by=ANN).accepted()
    assert room(moved) == ONE
    moved.when(NoteRoom(ONE, LINK, ONE), by=SYSTEM).then()
    booked().when(NoteRoom(ONE, LINK, ONE), by=ANN).rejected("not_yours", Reason.FORBIDDEN)


def test_nothing_is_noted_of_what_waits_is_cancelled_or_needs_none() -> None:
    waiting = booked(replace(VIDEO, confirmation=True))
    waiting.when(NoteRoom(ONE, LINK, ONE), by=SYSTEM).then()
    approved = waiting.when(Approve(ONE), by=ANN).accepted()
    assert room(approved) == ONE
    approved.when(NoteRoom(ONE, LINK, ONE), by=SYSTEM).then(RoomMade(ONE, TEN, LINK))
    cancelled = booked().when(Cancel(ONE, "ill"), by=ANN).accepted()
    cancelled.when(NoteRoom(ONE, LINK, ONE), by=SYSTEM).then()
    booked(INTRO).when(NoteRoom(ONE, LINK, ONE), by=SYSTEM).then()


def test_guests_of_one_time_share_a_room_and_who_moves_goes_to_that_of_the_other_time() -> None:
    two = booked(replace(VIDEO, seats=5))
    first = room(two)
    two = two.when(NoteRoom(ONE, LINK, first), by=SYSTEM).accepted()
    two = two.when(book(TWO, proof=OTHER_PROOF), by=ANONYMOUS).accepted()
    assert room(two) == first not in (None, ONE, TWO)
    moved = two.when(Reschedule(ONE, LATER, 30, "UTC", ""), by=ANN).accepted()
    second = room(moved)
    assert second not in (None, first)
    moved.when(NoteRoom(ONE, LINK, first), by=SYSTEM).then()  # late: it is elsewhere by now
    moved.when(NoteRoom(ONE, OTHER, second), by=SYSTEM).then(RoomMade(ONE, LATER, OTHER))


def test_a_meeting_of_several_has_one_room() -> None:
    given = calendar().when(JoinTeam(CID), by=ANN).accepted()
    given = given.when(HoldPart(CID, TWO, ONE, VIDEO, TEN, 30, LATER), by=SYSTEM).accepted()
    given = given.when(BookPart(TWO, VIDEO, appointment()), by=SYSTEM).accepted()
    assert room(given) == TWO
