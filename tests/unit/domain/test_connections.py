"""Calendars kept elsewhere: connected by their owner, busy times by whoever reads them there."""

from dataclasses import replace
from datetime import timedelta

from domain.kernel import Reason
from domain.scheduling.calendar import (
    Busy,
    BusyDropped,
    BusySynced,
    ConnectCalendar,
    Connected,
    ConnectionAsked,
    ConnectionFailed,
    DisconnectCalendar,
    Disconnected,
    FailConnection,
    NoteConnected,
    SyncConnected,
)
from domain.scheduling.calendar.connections import MOST, source_of
from tests.scenario import ANN, BOB, SYSTEM
from tests.unit.domain.calendars import ONE, TEN, TWO, book, calendar

CONNECT = ConnectCalendar(ONE, "google", "primary", True, "Europe/Berlin", "a code")
ASKED = ConnectionAsked(ONE, "google", "primary", True, "Europe/Berlin", ANN, "a code")
BUSY = (Busy(TEN, TEN + timedelta(hours=1)),)
SOURCE = source_of("google", ONE)


def test_only_the_owner_connects_a_few_calendars_of_providers_that_are_known() -> None:
    calendar().when(CONNECT, by=ANN).then(ASKED).when(CONNECT, by=ANN).then()
    calendar().when(CONNECT, by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    calendar().when(replace(CONNECT, provider="other"), by=ANN).rejected("provider_unknown", Reason.INVALID)
    calendar().when(replace(CONNECT, code=""), by=ANN).rejected("code_invalid", Reason.INVALID)
    calendar().when(replace(CONNECT, zone="Mars"), by=ANN).rejected("zone_unknown")
    full = calendar(*(replace(ASKED, connection=type(ONE)(int=number)) for number in range(100, 100 + MOST)))
    full.when(CONNECT, by=ANN).rejected("too_many")


def test_it_is_on_once_the_other_side_lets_us_in_and_off_once_it_does_no_more() -> None:
    asked = calendar(ASKED)
    asked.when(NoteConnected(ONE), by=ANN).rejected("not_yours", Reason.FORBIDDEN)
    on = asked.when(NoteConnected(ONE), by=SYSTEM).then(Connected(ONE))
    on.when(NoteConnected(ONE), by=SYSTEM).then()
    on.when(FailConnection(ONE, "withdrawn"), by=ANN).rejected("not_yours", Reason.FORBIDDEN)
    off = on.when(FailConnection(ONE, "withdrawn"), by=SYSTEM).then(ConnectionFailed(ONE, "withdrawn", ANN))
    off.when(FailConnection(ONE, "again"), by=SYSTEM).then()
    asked.when(NoteConnected(TWO), by=SYSTEM).then()


def test_what_is_taken_there_cannot_be_booked_here_until_it_is_disconnected() -> None:
    on = calendar(ASKED, Connected(ONE))
    on.when(SyncConnected(ONE, BUSY), by=ANN).rejected("not_yours", Reason.FORBIDDEN)
    on.when(SyncConnected(TWO, BUSY), by=SYSTEM).then()
    on.when(SyncConnected(ONE, ()), by=SYSTEM).then()
    busy = on.when(SyncConnected(ONE, BUSY), by=SYSTEM).then(BusySynced(SOURCE, BUSY))
    busy.when(SyncConnected(ONE, BUSY), by=SYSTEM).then()
    busy.when(book(TWO), by=BOB).rejected("busy")
    gone = busy.when(DisconnectCalendar(ONE), by=ANN).then(Disconnected(ONE), BusyDropped(SOURCE))
    gone.when(DisconnectCalendar(ONE), by=ANN).then()
    gone.when(SyncConnected(ONE, BUSY), by=SYSTEM).then()
    gone.when(book(TWO), by=BOB).accepted()
