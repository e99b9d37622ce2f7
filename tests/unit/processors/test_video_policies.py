"""Rooms of video meetings: whoever is told of a meeting is told where it is, and the calendar notes it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from domain.instants import micros
from domain.kernel import ANONYMOUS, Message
from domain.notice.invitation import Announce, Open
from domain.scheduling.calendar import Approve, NoteRoom, Reschedule
from domain.scheduling.meeting import Plan, Settled
from domain.scheduling.team import Mode
from infra.video import NamedRooms, NoRooms, VideoRooms
from processors.policies import rules_with
from processors.policies.rules import Then
from schemas.envelope import Recorded
from tests.scenario import ANN, BOB, CID, NOON, Given
from tests.unit.domain.calendars import ONE, TEN, TWO, appointment, book, offering
from tests.unit.domain.test_video_rooms import VIDEO, booked

ROOMS = NamedRooms("https://meet.example.org/", b"k" * 32)


def follows(event: Message, rooms: VideoRooms = ROOMS, of: UUID = ANN) -> list[Message]:
    """The commands that follow at once."""
    recorded = Recorded("1:1", "", "scheduling", 0, 1, f"calendar/{of}", 1, micros(NOON), "", "1", "1")
    then: list[Then] = list(rules_with(rooms)[type(event)](event, recorded))
    return [each.command for each in then if each.due is None]


def last(given: Given) -> Message:
    return given.events[-1]


def test_an_address_is_always_the_same_and_tells_nothing_of_the_booking() -> None:
    address = ROOMS.address(ONE)
    assert address == ROOMS.address(ONE) != ROOMS.address(TWO)
    assert address.startswith("https://meet.example.org/septet-")
    assert ONE.hex not in address
    assert address != NamedRooms("https://meet.example.org", b"o" * 32).address(ONE)


def test_a_booking_gets_its_room_and_its_guest_is_told_of_it_with_the_booking() -> None:
    told, note = follows(last(booked()))
    assert isinstance(told, Open)
    assert (told.meeting.location, note) == (ROOMS.address(ONE), NoteRoom(ONE, ROOMS.address(ONE), ONE))
    [alone] = follows(last(booked()), NoRooms())
    assert isinstance(alone, Open)
    assert alone.meeting.location == ""


def test_what_waits_for_the_host_gets_its_room_when_they_say_yes() -> None:
    waiting = offering(replace(VIDEO, confirmation=True)).when(book(), by=ANONYMOUS).accepted()
    [asked] = follows(last(waiting))
    assert isinstance(asked, Open)
    assert asked.meeting.location == ""
    told, note = follows(last(waiting.when(Approve(ONE), by=ANN).accepted()))
    assert isinstance(told, Announce)
    assert (told.location, note) == (ROOMS.address(ONE), NoteRoom(ONE, ROOMS.address(ONE), ONE))


def test_who_moves_is_told_where_again() -> None:
    moved = booked().when(Reschedule(ONE, TEN + timedelta(hours=1), 30, "UTC", ""), by=ANN).accepted()
    told, note = follows(last(moved))
    assert isinstance(told, Announce)
    assert (told.location, note) == (ROOMS.address(ONE), NoteRoom(ONE, ROOMS.address(ONE), ONE))


def test_the_guest_of_several_hosts_is_told_of_the_room_that_all_have() -> None:
    plan = Plan(CID, Mode.COLLECTIVE, (ANN, BOB), VIDEO, appointment(TWO), NOON)
    told = [each for each in follows(Settled((ANN, BOB), plan), of=TWO) if isinstance(each, Open)]
    assert [each.meeting.location for each in told] == [ROOMS.address(TWO)]
    elsewhere = replace(plan, appointment=appointment(TWO, place="https://meet.example.net/bob"))
    told = [each for each in follows(Settled((ANN, BOB), elsewhere), of=TWO) if isinstance(each, Open)]
    assert [each.meeting.location for each in told] == ["https://meet.example.net/bob"]
