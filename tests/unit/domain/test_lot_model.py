"""A car park over a simulated year, next to the simplest picture of it: who has been promised what, and who is in.

The picture knows nothing of the lot's state: it reads events as any other reader would, and counts intervals.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.instants import instant, micros
from domain.intervals import Interval, intersect, peak
from domain.kernel import Actor, Context, Rejected
from domain.parking.lot import (
    INITIAL,
    Cancel,
    Cancelled,
    Change,
    Changed,
    ChangeLayout,
    ChangeTerms,
    CloseSpace,
    Command,
    Confirm,
    CorrectCount,
    CountCorrected,
    Enter,
    Entered,
    Event,
    Exit,
    Exited,
    Held,
    Hold,
    Lapse,
    Lapsed,
    Level,
    Lot,
    OpenLot,
    Overstayed,
    Rehomed,
    ReopenSpace,
    Settle,
    Space,
    SpaceClosed,
    SpaceReopened,
    SpaceSuggested,
    Span,
    Stage,
    Suggest,
    Terms,
    TicketClosed,
    decide,
    evolve,
)
from domain.parking.lot.listing import Standing, stock_of
from domain.parking.lot.state import length
from domain.parking.lot.upkeep import caught_up
from domain.parking.stock import EMPTY, Vehicle, free, pools_for, profile_of
from tests.scenario import ANN, CID, DAN, EVE, NOON
from tests.unit.domain.lots import HOUR, LOT

SPACES = (
    *(Space(f"C{number}", "0") for number in range(6)),
    *(Space(f"M{number}", "0", pool="motorcycle") for number in range(2)),
    Space("A1", "0", pool="accessible"),
    Space("V1", "0", pool="space:V1"),
)
DRIVERS = (CID, DAN, EVE)
FIRST, FAR = instant(0), instant(1 << 52)


@dataclass
class Picture:
    """What readers of the events know."""

    spans: dict[UUID, Span] = field(default_factory=dict)
    inside: dict[UUID, str] = field(default_factory=dict)  # ticket: plate
    closed: set[str] = field(default_factory=set)
    spaces: dict[UUID, str] = field(default_factory=dict)  # where who is in is known to be
    kept: dict[UUID, tuple[str, datetime]] = field(default_factory=dict)  # suggested spaces, and until when
    seen: set[type] = field(default_factory=set)

    def apply(self, event: Event) -> None:
        self.seen.add(type(event))
        match event:
            case Held():
                self.spans[event.reservation] = event.taken
            case Changed() | Rehomed():
                assert self.spans[event.reservation] == event.freed
                self.spans[event.reservation] = event.taken
                self.kept.pop(event.reservation, None)
            case SpaceSuggested():
                assert self.spans[event.reservation] == event.freed
                self.spans[event.reservation] = event.taken
                self.kept[event.reservation] = (event.space, event.until)
            case Cancelled() | Lapsed():
                assert self.spans.pop(event.reservation) == event.freed
                self.kept.pop(event.reservation, None)
            case Entered():
                assert self.spans.get(event.ticket) == event.freed
                assert event.plate not in self.inside.values()
                self.spans[event.ticket], self.inside[event.ticket] = event.taken, event.plate
                space, until = self.kept.pop(event.ticket, ("", FIRST))
                assert event.space == space or event.taken.start >= until or space in self.closed
                self.spaces[event.ticket] = event.space
            case Overstayed():
                assert self.spans[event.ticket] == event.freed
                self.spans[event.ticket] = event.taken
            case Exited() | TicketClosed():
                assert self.spans.pop(event.ticket) == event.freed
                del self.inside[event.ticket]
                self.spaces.pop(event.ticket, None)
            case CountCorrected():
                for each in event.added:
                    self.spans[each], self.inside[each] = event.taken, str(each)
            case SpaceClosed():
                self.closed.add(event.space)
            case SpaceReopened():
                self.closed.discard(event.space)

    def capacity(self, pool: str) -> int:
        return sum(each.pool == pool and each.name not in self.closed for each in SPACES)

    def check(self, now: datetime) -> None:
        """P-safe: at no instant from now on is more taken than there is."""
        for pool in {each.pool for each in SPACES}:
            taken = [Interval(each.start, each.end) for each in self.spans.values() if each.pool == pool]
            assert peak(intersect_each(taken, Interval(now, FAR))) <= self.capacity(pool)
        kept = [space for space, until in self.kept.values() if now < until and space not in self.closed]
        used = [*kept, *(each for each in self.spaces.values() if each)]
        assert len(used) == len(set(used))  # no two have the same space, or will have

    def free(self, pools: tuple[str, ...], start: datetime, end: datetime) -> int:
        found = 0
        for pool in pools:
            taken = [Interval(each.start, each.end) for each in self.spans.values() if each.pool == pool]
            found += max(0, self.capacity(pool) - peak(intersect_each(taken, Interval(start, end))))
        return found


def intersect_each(intervals: list[Interval[datetime]], window: Interval[datetime]) -> list[Interval[datetime]]:
    return [part for each in intervals for part in intersect([each], [window])]


class Simulation:
    """Drivers, an owner at the gate, and chance."""

    def __init__(self, seed: int) -> None:
        self.chance, self.picture = Random(seed), Picture()
        self.lot: Lot = INITIAL
        self.now, self.version = NOON, 0
        self.accepted = self.refused = 0
        for command in (
            OpenLot("Model", "Europe/Berlin", 0.0, 0.0, "Nowhere 1"),
            ChangeLayout((Level("0"),), SPACES),
            ChangeTerms(Terms(walk_in=2 * HOUR, late_stop=timedelta(minutes=10), early_start=HOUR, suggestion=HOUR)),
        ):
            assert self.give(command, ANN)

    def give(self, command: Command, actor: UUID | None) -> list[Event] | None:
        """The events, or None where the command was rejected."""
        self.version += 1
        who = Actor("system", "test") if actor is None else Actor("person", str(actor))
        context = Context(self.now, who, str(LOT), self.version, f"command {self.version}")
        try:
            events = decide(self.lot, command, context)
        except Rejected:
            self.refused += 1
            return None
        for event in events:
            self.lot = evolve(self.lot, event)
            self.picture.apply(event)
        self.accepted += 1
        return events

    def step(self) -> None:
        chance = self.chance
        self.now += timedelta(minutes=chance.choice((1, 5, 30, 90, 300)))
        known = list(self.lot.claims)
        some = chance.choice(known) if known else LOT
        actor = chance.choice(DRIVERS)
        match chance.randrange(13):
            case 0 | 1 | 2:
                self.hold(actor)
            case 3:
                self.give(Confirm(some), getattr(self.lot.claims.get(some), "holder", None) or actor)
            case 4:
                start = self.now + timedelta(minutes=chance.randrange(-60, 600))
                end = start + timedelta(minutes=chance.randrange(30, 600))
                self.give(Change(some, start, end), getattr(self.lot.claims.get(some), "holder", None) or actor)
            case 5:
                self.give(Cancel(some), ANN)
            case 6 | 7:
                vehicle = chance.choice((Vehicle.CAR, Vehicle.CAR, Vehicle.MOTORCYCLE, Vehicle.ACCESSIBLE))
                self.give(Enter(UUID(int=chance.getrandbits(128)), f"DE:X{chance.randrange(40)}", vehicle), ANN)
            case 8 | 9 if self.picture.inside:
                self.give(Exit("", chance.choice(list(self.picture.inside))), ANN)
            case 12:
                coming = [
                    (each.begin, which) for which, each in self.lot.claims.items() if each.stage is Stage.CONFIRMED
                ]
                self.give(Suggest(min(coming, default=(0, some))[1], (chance.choice(SPACES).name,)), ANN)
            case 10:
                pool = chance.choice(("car", "motorcycle", "accessible"))
                self.give(CorrectCount(pool, chance.randrange(self.picture.capacity(pool) + 1), "counted"), ANN)
            case 11:
                space = chance.choice(SPACES).name
                self.give(ReopenSpace(space) if space in self.picture.closed else CloseSpace(space, "paint"), ANN)
        self.give(Settle(), None)

    def hold(self, actor: UUID) -> None:
        """Listing and acceptance agree: what is free can be had, and what is not cannot."""
        chance = self.chance
        vehicle = chance.choice((Vehicle.CAR, Vehicle.CAR, Vehicle.MOTORCYCLE, Vehicle.ACCESSIBLE))
        space = "V1" if chance.random() < 0.1 else ""
        start = self.now + timedelta(minutes=chance.randrange(0, 900))
        end = start + timedelta(minutes=chance.randrange(15, 600))
        self.give(Settle(), None)
        until, pools = end + self.lot.terms.late_stop, pools_for(vehicle, space)
        listed = free(self.lot.capacity, self.lot.taken, pools, micros(start), micros(until))
        assert listed == self.picture.free(pools, start, until)
        plate = f"DE:X{chance.randrange(40)}"
        found = self.give(Hold(UUID(int=chance.getrandbits(128)), vehicle, start, end, plate, space), actor)
        assert (found is not None) == (listed > 0 and self.lot.promised.get(actor, 0) <= 20)

    def check(self) -> None:
        self.picture.check(self.now)
        assert set(self.lot.claims) == set(self.picture.spans)
        for pool in {each.pool for each in SPACES}:
            spans = [(micros(e.start), micros(e.end)) for e in self.picture.spans.values() if e.pool == pool]
            assert self.lot.taken.get(pool, profile_of(())) == profile_of(spans)
        self.check_listing()
        assert self.lot.next_due == min((each.due for each in self.lot.claims.values()), default=1 << 62)

    def check_listing(self) -> None:
        """Whoever only reads counts as the lot will decide, however long nothing has been decided."""
        later = micros(self.now) + self.chance.randrange(10**11)
        settled, events = caught_up(self.lot, later)
        broken = (each for each in events if isinstance(each, Lapsed) and each.why is Lapse.DISPLACED)
        if any(broken) or any(isinstance(each, Rehomed) for each in events):
            return  # what had to be moved meanwhile is known only once it is decided
        claims = self.lot.claims.values()
        known = [Standing(each.stage, each.pool, each.start, each.end, each.due) for each in claims]
        listed = stock_of(known, later, length(self.lot.terms.overstay))
        start = later + self.chance.randrange(10**10)
        for pool in {each.pool for each in SPACES}:
            counts = [each.get(pool, EMPTY).most(start, start + 3_600_000_000) for each in (listed, settled.taken)]
            assert counts[0] == counts[1]


def test_a_year_in_which_nothing_is_promised_twice() -> None:
    year = Simulation(7)
    steps = 0
    while year.now < NOON + timedelta(days=365):
        year.step()
        steps += 1
        if steps % 20 == 0:
            year.check()
    assert SpaceSuggested in year.picture.seen
    assert {Held, Changed, Cancelled, Lapsed, Rehomed, Entered, Overstayed, Exited, CountCorrected} <= year.picture.seen
    assert year.accepted > year.refused > 500
    assert len(year.lot.claims) < 60  # the past is not in the state


@settings(max_examples=25, deadline=None)
@for_all(st.integers(0, 2**32), st.integers(1, 60))
def test_after_every_step_all_agree(seed: int, steps: int) -> None:
    some = Simulation(seed)
    for _ in range(steps):
        some.step()
        some.check()
