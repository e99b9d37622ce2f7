"""A host's calendar as the tests of its rules begin with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.scheduling.calendar import (
    Appointment,
    Book,
    CalendarOpened,
    EventTypeDefined,
    Guest,
    Hold,
    Kind,
    ScheduleSet,
)
from domain.scheduling.event_type import EventType, Horizon
from domain.scheduling.schedule import Schedule, Weekly
from tests.scenario import ANN, Given, given

BERLIN = "Europe/Berlin"
NINE_TO_FIVE = Schedule("default", BERLIN, tuple(Weekly(day, 9 * 60, 17 * 60) for day in range(1, 6)))
INTRO = EventType("intro", "Introduction", durations=(30, 60), interval=30, zone=BERLIN, horizon=Horizon(days=60))
OPENED = (CalendarOpened(ANN, Kind.HOST, ""), ScheduleSet(NINE_TO_FIVE), EventTypeDefined(INTRO))
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)  # the day after the tests' noon; Berlin is an hour ahead
TEN = MONDAY + timedelta(hours=9)  # ten o'clock in Berlin
PROOF, OTHER_PROOF = b"p" * 32, b"o" * 32
ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))


def calendar(*events: object) -> Given:
    """Ann's calendar, open from nine to five in Berlin for introductions."""
    return given(*OPENED, *events, to=ANN)


def offering(definition: EventType, *events: object) -> Given:
    """The same with another event type in place of the introduction."""
    return calendar(EventTypeDefined(replace(definition, slug="intro")), *events)


def appointment(booking: UUID = ONE, start: datetime = TEN, minutes: int = 30, **more: object) -> Appointment:
    usual = Appointment(
        booking, "intro", start, minutes, 1, "Europe/London", Guest("Bob", "bob@example.org"), (), PROOF
    )
    return replace(usual, **more)  # type: ignore[arg-type]


def book(booking: UUID = ONE, start: datetime = TEN, minutes: int = 30, **more: object) -> Book:
    return Book(appointment(booking, start, minutes, **more))


def hold(booking: UUID = ONE, start: datetime = TEN, proof: bytes = PROOF) -> Hold:
    return Hold(booking, "intro", start, 30, 1, proof)
