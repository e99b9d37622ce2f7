"""What histories of calendars, meetings and teams are made of, beside chance."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random

from domain.kernel import Actor, Message
from domain.scheduling.calendar import Appointment, DefineEventType, Guest, JoinTeam, SetSchedule
from domain.scheduling.event_type import EventType, Horizon
from domain.scheduling.meeting import Plan
from domain.scheduling.schedule import Holiday, Schedule, Weekly
from domain.scheduling.team import Mode, TeamType
from tests.scenario import ANN, BOB, CID

PEOPLE = (ANN, BOB, CID)
ALWAYS = tuple(Weekly(day, 0, 24 * 60) for day in range(1, 8))
OPEN = Schedule("default", "UTC", ALWAYS)
INTRO = EventType("intro", "Introduction", interval=1, horizon=Horizon(700))
SENSIBLE: dict[str, object] = {
    "slug": "intro",
    "minutes": 30,
    "seats": 1,
    "weight": 100,
    "priority": 1,
    "zone": "Europe/Berlin",
    "email": "ann@example.org",
    "reason": "rain",
    "source": "work",
    "proof": b"1" * 32,
    "guest": Guest("Ann", "ann@example.org"),
    "others": ("cid@example.org",),
}
BEGINNING: tuple[tuple[Message, Actor], ...] = tuple(
    (command, Actor("person", str(ANN))) for command in (SetSchedule(OPEN), DefineEventType(INTRO), JoinTeam(ANN))
)


def _appointment(now: datetime, chance: Random) -> Appointment:
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=chance.randrange(1, 24 * 90))
    guest = Guest("Ann", "ann@example.org", chance.choice((None, *PEOPLE)))
    return Appointment(chance.choice(PEOPLE), "intro", start, 30, 1, "Europe/Berlin", guest, (), b"1" * 32)


def _event_type(now: datetime, chance: Random) -> EventType:
    asked = chance.random() < 0.5
    return EventType("intro", "Intro", interval=1, horizon=Horizon(700), confirmation=asked, pending_blocks=False)


def _plan(now: datetime, chance: Random) -> Plan:
    calendars = (BOB, CID)[: chance.randint(1, 2)]
    mode, deadline = chance.choice(list(Mode)), now + timedelta(minutes=2)
    return Plan(ANN, mode, calendars, INTRO, _appointment(now, chance), deadline)


EXAMPLES: dict[type, Callable[[datetime, Random], object]] = {
    EventType: _event_type,
    Schedule: lambda now, chance: Schedule(chance.choice(("default", "ann")), "UTC", ALWAYS),
    Holiday: lambda now, chance: Holiday(date(2026, 5, 1), "May Day"),
    Appointment: _appointment,
    Plan: _plan,
    TeamType: lambda now, chance: TeamType(
        EventType(chance.choice(("intro", "ann")), "Introduction", interval=1), chance.choice(list(Mode))
    ),
}
