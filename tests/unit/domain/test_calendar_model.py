"""No double booking, whatever is tried in whatever order: checked from the events alone, by rules written anew."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.catalogue import CATALOGUE
from domain.kernel import ANONYMOUS, Actor, Context, Message, Rejected
from domain.scheduling.calendar import (
    INITIAL,
    Approve,
    Approved,
    Book,
    BookDespite,
    Booked,
    BookPart,
    Calendar,
    Cancel,
    Cancelled,
    Decline,
    Declined,
    DropPart,
    ExpireHold,
    Held,
    HoldEnded,
    HoldPart,
    Release,
    Reschedule,
    Rescheduled,
    Status,
    decide,
    evolve,
)
from domain.scheduling.event_type import EventType
from tests.scenario import ANN, BOB, NOON, SYSTEM
from tests.unit.domain.calendars import OPENED, PROOF, TEN, appointment, hold

TYPES = (
    EventType("short", "Short", (15,), interval=15),
    EventType("padded", "Padded", (30, 60), interval=15, buffer_before=15, buffer_after=15),
    EventType("asked", "Asked", (30,), interval=15, confirmation=True),
    EventType("loose", "Loose", (30,), interval=15, confirmation=True, pending_blocks=False),
    EventType("course", "Course", (45,), interval=15, seats=3),
)
HOST = Actor("person", str(ANN))


@dataclass(frozen=True)
class Taken:
    """A time that somebody has, as the events tell it."""

    slug: str
    start: datetime
    minutes: int
    before: int
    after: int
    seats: int
    firm: bool  # keeps others out
    until: datetime | None = None
    deliberate: bool = False

    def span(self) -> tuple[datetime, datetime]:
        end = self.start + timedelta(minutes=self.minutes + self.after)
        return self.start - timedelta(minutes=self.before), end


@dataclass
class Witness:
    """Who has which time, by the events and the clock alone."""

    taken: dict[UUID, Taken] = field(default_factory=dict)

    def sees(self, event: Message) -> None:
        match event:
            case Held():
                self.taken[event.booking] = _taken(event, True, event.until)
            case Booked():
                firm = event.status is Status.CONFIRMED or event.blocks
                self.taken[event.booking] = _taken(event, firm, None, bool(event.despite))
            case Approved():
                self.taken[event.booking] = replace(self.taken[event.booking], firm=True)
            case Rescheduled():
                firm = event.status is Status.CONFIRMED or event.blocks
                moved = replace(self.taken[event.booking], start=event.start, minutes=event.minutes, firm=firm)
                self.taken[event.booking] = replace(moved, deliberate=False)
            case HoldEnded() | Declined() | Cancelled():
                del self.taken[event.booking]

    def check(self, now: datetime) -> None:
        """Nobody has a time that another has, save as guests of one meeting or where the host wanted it so."""
        held = [each for each in self.taken.values() if each.firm and (each.until is None or now < each.until)]
        for number, one in enumerate(held):
            for other in held[:number]:
                (start, end), (begin, until) = one.span(), other.span()
                if start < until and begin < end and not (one.deliberate or other.deliberate):
                    assert (one.slug, one.start, one.minutes) == (other.slug, other.start, other.minutes)
                    assert one.slug == "course"
        for one in held:
            if one.slug == "course":
                together = [each for each in held if (each.slug, each.start) == (one.slug, one.start)]
                assert sum(each.seats for each in together if not each.deliberate) <= 3


def _taken(event: Held | Booked, firm: bool, until: datetime | None, deliberate: bool = False) -> Taken:
    length = event.minutes, event.buffer_before, event.buffer_after
    return Taken(event.slug, event.start, *length, event.seats, firm, until, deliberate)


@settings(max_examples=60, deadline=None)
@for_all(st.integers(0, 2**32))
def test_no_time_is_given_away_twice(seed: int) -> None:
    chance, witness = Random(seed), Witness()
    calendar = INITIAL
    for event in OPENED:
        calendar = evolve(calendar, event)
    calendar = replace(calendar, event_types={each.slug: each for each in TYPES}, teams=(BOB,))
    now, accepted = NOON, 0
    for number in range(80):
        now += chance.choice((timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=6)))
        command, actor = _attempt(chance, calendar, now)
        context = Context(now, actor, str(ANN), number, f"command {number}")
        try:
            events = decide(calendar, command, context)
        except Rejected:
            continue
        for happened in events:
            calendar = evolve(calendar, happened)
            witness.sees(happened)
        accepted += bool(events)
        witness.check(now)
    assert set(witness.taken) == set(calendar.bookings)
    assert accepted > 0


def _attempt(chance: Random, calendar: Calendar, now: datetime) -> tuple[Message, Actor]:
    known = list(calendar.bookings)
    booking = chance.choice(known) if known and chance.random() < 0.5 else UUID(int=chance.randrange(1, 2**64))
    definition = chance.choice(TYPES)
    start = TEN + timedelta(minutes=15 * chance.randrange(12))
    minutes = chance.choice(definition.durations)
    wanted = appointment(booking, start, minutes, slug=definition.slug, seats=chance.randint(1, definition.seats))
    anybody = chance.choice((ANONYMOUS, HOST))
    match chance.randrange(12):
        case 0 | 1 | 2:
            return Book(wanted), anybody
        case 3 | 4:
            return replace(hold(booking, start), slug=definition.slug, minutes=minutes), anybody
        case 5:
            return Reschedule(booking, start, minutes, "UTC", "", PROOF), anybody
        case 6:
            return chance.choice((Cancel(booking, "", PROOF), Release(booking, PROOF))), anybody
        case 7:
            return Approve(booking), HOST
        case 8:
            return chance.choice((Decline(booking, ""), BookDespite(wanted, "so be it"))), HOST
        case 9:
            return HoldPart(BOB, booking, booking, definition, start, minutes, now + timedelta(minutes=5)), SYSTEM
        case 10:
            return chance.choice((BookPart(booking, definition, wanted), DropPart(booking, booking, ""))), SYSTEM
        case _:
            return ExpireHold(booking), SYSTEM


def test_the_witness_would_see_a_calendar_that_forgets_to_look() -> None:
    """A naive calendar, which books whatever is asked for, as the article's does."""
    witness = Witness()
    naive = CATALOGUE.named("scheduling", "calendar")
    state = naive.initial
    for event in (*OPENED, *(_naively(UUID(int=number)) for number in (1, 2))):
        state = naive.evolve(state, event)
        witness.sees(event)
    try:
        witness.check(NOON)
    except AssertionError:
        return
    raise AssertionError("two have the same time, and nobody saw it")


def _naively(booking: UUID) -> Booked:
    from domain.scheduling.calendar.bookings import booked

    context = Context(NOON, ANONYMOUS, str(ANN), 3, "a command")
    return booked(TYPES[0], appointment(booking, minutes=15, slug="short"), context)
