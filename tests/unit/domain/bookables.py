"""What histories of calendars, meetings and teams are made of, beside chance."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from domain.kernel import Actor, Message
from domain.scheduling.calendar import (
    Appointment,
    BookPart,
    CancelSeries,
    DefineEventType,
    Guest,
    HoldPart,
    JoinTeam,
    MakeLink,
    SetSchedule,
    SwapPart,
)
from domain.scheduling.event_type import EventType, Horizon, Question
from domain.scheduling.meeting import (
    Arrange,
    MoveTimeOut,
    MoveTo,
    NoteAgreed,
    NoteMoveAgreed,
    NoteMoveDenied,
    Plan,
    hold_id,
)
from domain.scheduling.meeting import Cancel as CancelMeeting
from domain.scheduling.poll import Choose, OpenPoll, Opinion, Vote
from domain.scheduling.recurrence import Frequency, Repeat
from domain.scheduling.routing import Destination, Form, Kind
from domain.scheduling.schedule import Holiday, Schedule, Weekly
from domain.scheduling.team import Mode, TeamType
from tests.scenario import ANN, BOB, CID, NOON, SYSTEM

PEOPLE = (ANN, BOB, CID)
ALWAYS = tuple(Weekly(day, 0, 24 * 60) for day in range(1, 8))
OPEN = Schedule("default", "UTC", ALWAYS)
DAY = timedelta(days=1)
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
    "digest": b"1" * 32,
    "media": "image/png",
    "size": 1_000,
    "url": "https://example.org/hook",
    "link_proof": b"1" * 32,
    "title": "Planning",
    "text": "see you there",
    "wall": "2026-03-29T10:00",
    "provider": "google",
    "remote": "primary",
    "code": "a code",
}
_GUEST = Guest("Ann", "ann@example.org")
_WANTED = Appointment(BOB, "intro", NOON + DAY, 30, 1, "Europe/Berlin", _GUEST, (), b"1" * 32)
_LATER = NOON + 2 * DAY
BEGINNING: tuple[tuple[Message, Actor], ...] = (
    *((command, Actor("person", str(ANN))) for command in (SetSchedule(OPEN), DefineEventType(INTRO), JoinTeam(ANN))),
    # A part of a meeting that is about to move.
    (HoldPart(ANN, BOB, BOB, INTRO, NOON + DAY, 30, _LATER), SYSTEM),
    (BookPart(BOB, INTRO, _WANTED), SYSTEM),
    (HoldPart(ANN, BOB, CID, INTRO, _LATER, 30, _LATER, BOB), SYSTEM),
)
# A meeting of two that is about to move.
MEETING: tuple[tuple[Message, Actor], ...] = (
    (Arrange(Plan(ANN, Mode.COLLECTIVE, (BOB, CID), INTRO, _WANTED, NOON + DAY)), SYSTEM),
    (NoteAgreed(BOB), SYSTEM),
    (NoteAgreed(CID), SYSTEM),
    (MoveTo(_LATER, 30, "UTC", "rain", b"1" * 32), SYSTEM),
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


def _later(now: datetime, chance: Random) -> datetime:
    """A time that is to come, or one that is over."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=chance.choice((-30, 2, 30)))


def _tomorrow(now: datetime, chance: Random) -> datetime:
    """One of few times, so that what has to be of the same time is now and then."""
    return now.replace(hour=chance.choice((9, 10)), minute=0, second=0, microsecond=0) + DAY


def _at(now: datetime, chance: Random) -> Appointment:
    guest = Guest("Ann", "ann@example.org")
    start = _tomorrow(now, chance)
    return Appointment(chance.choice(PEOPLE), "intro", start, 30, 1, "Europe/Berlin", guest, (), b"1" * 32)


def _two(chance: Random) -> tuple[UUID, UUID]:
    one, other = chance.sample(PEOPLE, 2)
    return one, other


def _form(now: datetime, chance: Random) -> Form:
    to = Destination(Kind.CALENDAR, ANN, "intro")
    title = chance.choice(("Whom do you need?", "Who are you?"))
    return Form("intro", title, (Question("size", "How many are you?"),), (), to)


def _open_poll(now: datetime, chance: Random) -> OpenPoll:
    options = _tomorrow(now, chance), now + 2 * DAY
    return OpenPoll("Planning", "intro", 30, options, "UTC", now + 2 * DAY)


def _vote(now: datetime, chance: Random) -> Vote:
    opinions = chance.choice((Opinion.YES, Opinion.NO)), Opinion.IF_NEEDED
    return Vote(chance.choice(PEOPLE), "Ann", "ann@example.org", opinions, b"1" * 32)


EXAMPLES: dict[type, Callable[[datetime, Random], object]] = {
    EventType: _event_type,
    Form: _form,
    OpenPoll: _open_poll,
    Vote: _vote,
    MoveTo: lambda now, chance: MoveTo(_later(now, chance), 30, "UTC", "rain", b"1" * 32),
    NoteMoveAgreed: lambda now, chance: NoteMoveAgreed(who := chance.choice((BOB, CID)), hold_id(ANN, who, 1)),
    MoveTimeOut: lambda now, chance: MoveTimeOut(1),
    CancelMeeting: lambda now, chance: CancelMeeting("rain", b"2" * 32),  # refused, save by a host: most end too soon
    NoteMoveDenied: lambda now, chance: NoteMoveDenied(CID, hold_id(ANN, CID, chance.choice((1, 2))), "taken"),
    MakeLink: lambda now, chance: MakeLink(chance.choice(PEOPLE), "intro", _later(now, chance), b"1" * 32),
    CancelSeries: lambda now, chance: CancelSeries(chance.choice(PEOPLE), now, "rain", b"1" * 32),
    HoldPart: lambda now, chance: HoldPart(
        ANN, BOB, chance.choice(PEOPLE), INTRO, _tomorrow(now, chance), 30, now + 40 * DAY
    ),
    BookPart: lambda now, chance: BookPart(BOB, INTRO, _at(now, chance)),
    Choose: lambda now, chance: Choose(_at(now, chance)),
    SwapPart: lambda now, chance: SwapPart(BOB, *_two(chance), "UTC", "", by_host=False),
    Repeat: lambda now, chance: Repeat(chance.choice(list(Frequency)), chance.randint(2, 4)),
    Schedule: lambda now, chance: Schedule(chance.choice(("default", "ann")), "UTC", ALWAYS),
    Holiday: lambda now, chance: Holiday(date(2026, 5, 1), "May Day"),
    Appointment: _appointment,
    Plan: _plan,
    TeamType: lambda now, chance: TeamType(
        EventType(chance.choice(("intro", "ann")), "Introduction", interval=1), chance.choice(list(Mode))
    ),
}
