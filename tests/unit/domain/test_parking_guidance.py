"""The way through a car park: one-way lanes, the nearest space by drive and walk, and no space for two."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as some

from domain.kernel import Reason, Rejected
from domain.parking.guidance import Choice, Edge, Kind, Node, Plan, Spot, nearest, route, way_out
from domain.parking.lot import Cancel, Confirmed, DrawPlan, Enter, Entered, PlanDrawn, SpaceSuggested, Span, Suggest
from domain.parking.stock import Vehicle
from tests.scenario import BOB, NOON, Given
from tests.unit.domain.lots import DRIVER, HOUR, LINE, OTHER_PLATE, OWNER, PLATE, STAFF, held, reservation, the_lot

MINUTE = timedelta(minutes=1)

# A ring of one-way lanes: in → a → b → c → d → a, out at c; a door at d, a ramp from b up to level 1.
RING = Plan(
    nodes=(
        Node("in", "0", -1_000, 0, Kind.ENTRY),
        Node("a", "0", 0, 0),
        Node("b", "0", 3_000, 0),
        Node("c", "0", 3_000, 2_000),
        Node("d", "0", 0, 2_000),
        Node("out", "0", 4_000, 2_000, Kind.EXIT),
        Node("lift", "0", 0, 2_500, Kind.DOOR),
        Node("up", "1", 3_000, 0),
    ),
    edges=(
        Edge("in", "a", 1_000),
        Edge("a", "b", 3_000),
        Edge("b", "c", 2_000),
        Edge("c", "d", 3_000),
        Edge("d", "a", 2_000),
        Edge("c", "out", 1_000),
        Edge("d", "lift", 500, drive=False),
        Edge("b", "up", 1_500, two_way=True, walk=False),
    ),
    spots=(
        Spot("C1", "a", 0, -500),
        Spot("C2", "d", -500, 2_000),
        Spot("C3", "c", 3_500, 2_000),
        Spot("V1", "up", 0, 0),
    ),
)
ALL = ("C1", "C2", "C3", "V1")


def test_the_nearest_is_that_of_the_shortest_drive_along_the_lanes() -> None:
    assert [(each.space, each.drive) for each in nearest(RING, ALL, "in")] == [
        ("C1", 1_000),
        ("V1", 5_500),
        ("C3", 6_000),
        ("C2", 9_000),  # beside C1, but the lane from d to a is not for coming from a
    ]
    assert [each.space for each in nearest(RING, ("C2", "C3"), "in")] == ["C3", "C2"]


def test_who_wants_to_a_door_drives_farther_to_walk_less() -> None:
    found = nearest(RING, ALL, "in", "lift")
    assert found == [Choice("C1", 1_000, 2_500), Choice("C2", 9_000, 500), Choice("C3", 6_000, 3_500)]
    assert "V1" not in {each.space for each in found}  # nobody may walk down the ramp


def test_a_route_is_told_leg_by_leg() -> None:
    found = route(RING, "C2", "in", "lift")
    assert (found.drive, found.walk) == (9_000, 500)
    assert [(each.how, each.turn, each.length, each.to) for each in found.steps] == [
        ("drive", "", 4_000, "b"),  # straight on at a
        ("drive", "right", 2_000, "c"),
        ("drive", "right", 3_000, "d"),
        ("walk", "", 500, "lift"),
    ]
    assert [each.turn for each in route(RING, "V1", "in").steps] == ["", "up or down"]
    assert [each.to for each in way_out(RING, "C1").steps] == ["b", "c", "out"]
    for space, entry in (("C9", "in"), ("C1", "out")):
        with pytest.raises(Rejected, match="no_way"):
            route(RING, space, entry)


names = some.sampled_from([f"n{number}" for number in range(8)])
edges = some.lists(some.builds(Edge, names, names, some.integers(0, 50), some.booleans()), max_size=20)


@for_all(edges)
def test_no_way_is_shorter_than_the_one_that_is_found(edges: list[Edge]) -> None:
    """An independent search (Bellman and Ford) finds the same lengths, and each route is along lanes that there are."""
    nodes = tuple(Node(f"n{number}", "0", number, 0) for number in range(8))
    plan = Plan(nodes, tuple(edges), tuple(Spot(each.name, each.name, 0, 0) for each in nodes))
    lanes = [(each.start, each.end, each.length) for each in edges]
    lanes += [(each.end, each.start, each.length) for each in edges if each.two_way]
    far = {"n0": 0}
    for _ in nodes:
        for start, end, length in lanes:
            if start in far:
                far[end] = min(far.get(end, far[start] + length), far[start] + length)
    found = nearest(plan, {each.name for each in nodes}, "n0")
    assert {each.space: each.drive for each in found} == far
    ways = {(start, end) for start, end, _ in lanes}
    for each in found:
        assert set(pairwise(route(plan, each.space, "n0").driven)) <= ways


@pytest.mark.parametrize(
    "plan",
    [
        Plan((Node("a", "0", 0, 0), Node("a", "0", 1, 1))),
        Plan((Node("a", "0", 0, 0),), (Edge("a", "b", 1),)),
        Plan((Node("a", "0", 0, 0),), (Edge("a", "a", -1),)),
        Plan((Node("a", "0", 0, 0),), (), (Spot("C9", "a", 0, 0),)),
        Plan((Node("a", "0", 10**9, 0),)),
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan: Plan) -> None:
    the_lot().when(DrawPlan(plan), by=OWNER).rejected("plan_invalid", Reason.INVALID)


def test_a_plan_is_drawn_once() -> None:
    lot = the_lot().when(DrawPlan(LINE), by=OWNER).then(PlanDrawn(LINE))
    lot.when(DrawPlan(LINE), by=OWNER).then()
    lot.when(DrawPlan(LINE), by=STAFF).rejected("not_the_owner")


# What is suggested is the lot's to decide.

ONE, TWO = NOON + HOUR, NOON + 2 * HOUR
SOON = ONE - 10 * MINUTE


def promised(*numbers: int) -> Given:
    """Reservations from one to two."""
    events = []
    for number in numbers:
        one = held(number, ONE, TWO, plate=f"DE:X{number}")
        events += [one, Confirmed(reservation(number), DRIVER, ONE + 30 * MINUTE, one.taken)]
    return the_lot(*events)


def test_a_space_is_suggested_to_one_only_and_kept_for_some_minutes() -> None:
    lot = promised(1, 2).when(Suggest(reservation(1), ("C2", "C1")), by=DRIVER, at=SOON)
    kept = SOON + 5 * MINUTE
    freed, taken = Span("car", ONE, TWO), Span("car", SOON, TWO)
    one = lot.then(SpaceSuggested(reservation(1), DRIVER, "C2", kept, freed, taken, ONE + 30 * MINUTE))
    one.when(Suggest(reservation(1), ("C1",)), by=DRIVER, at=SOON + MINUTE).then()
    other = one.when(Suggest(reservation(2), ("C2", "C1")), by=DRIVER, at=SOON).accepted()
    assert other.events[-1].space == "C1"
    walk_in = one.when(Enter(reservation(9), OTHER_PLATE, Vehicle.CAR, near=("C2", "C3")), by=STAFF, at=SOON)
    assert walk_in.accepted().events[-1].space == "C3"
    full = other.when(Enter(reservation(9), OTHER_PLATE, Vehicle.CAR, near=("C2", "C1")), by=STAFF, at=SOON).accepted()
    full.when(Enter(reservation(8), PLATE, Vehicle.CAR, near=("C2",)), by=STAFF, at=SOON).rejected("full")
    later = one.when(Suggest(reservation(2), ("C2",)), by=DRIVER, at=kept).accepted()
    assert later.events[-1].space == "C2"
    came = other.when(Enter(reservation(9), "DE:X1", Vehicle.CAR, near=("C1",)), by=STAFF, at=SOON + MINUTE).accepted()
    assert isinstance(came.events[-1], Entered)
    assert came.events[-1].space == "C2"


def test_only_who_is_about_to_come_is_suggested_a_space() -> None:
    lot = promised(1)
    lot.when(Suggest(reservation(1), ()), by=DRIVER, at=NOON).rejected("too_early")
    lot.when(Suggest(reservation(1), ()), by=BOB, at=SOON).accepted()  # the staff may
    lot.when(Suggest(reservation(1), ()), by=OWNER, at=SOON).accepted()
    the_lot(held(1, ONE, TWO)).when(Suggest(reservation(1), ()), by=DRIVER, at=NOON).rejected("reservation_unknown")
    gone = lot.when(Cancel(reservation(1)), by=STAFF, at=NOON).accepted()
    gone.when(Suggest(reservation(1), ()), by=DRIVER, at=SOON).rejected("reservation_unknown")


def test_a_walk_in_gets_the_nearest_that_is_free() -> None:
    enter = Enter(reservation(9), PLATE, Vehicle.CAR, near=("V1", "C3", "C1"))
    found = the_lot().when(enter, by=STAFF).accepted().events[-1]
    assert found.space == "C3"  # V1 is sold by its name
