"""The way through a car park: its plan as a graph with one-way lanes, the nearest free space, and the route there.

Lengths are centimetres. Somebody who walks is half as fast as somebody who drives at walking pace, so a metre on foot
counts twice.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import pairwise
from math import atan2, degrees

from domain.kernel import Reason, Rejected
from domain.text import check_line

NODES, EDGES, SPOTS = 3_000, 8_000, 5_000
NAME = 60  # code points
FARTHEST = 10_000_000  # centimetres: of any coordinate or length
ON_FOOT = 2  # what a centimetre on foot costs, where one driven costs 1


class Kind(StrEnum):
    """What a node is, beside a place where lanes meet."""

    JUNCTION = "junction"
    ENTRY = "entry"
    EXIT = "exit"
    DOOR = "door"  # for people: a lift, stairs, the way to a shop


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    level: str
    x: int
    y: int
    kind: Kind = Kind.JUNCTION


@dataclass(frozen=True, slots=True)
class Edge:
    """A lane or a path. Vehicles go from `start` to `end`, and back only where it is two-way; people go both ways."""

    start: str
    end: str
    length: int
    two_way: bool = False
    drive: bool = True
    walk: bool = True


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a space is: at which node of the graph, and where it is drawn."""

    space: str
    node: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Plan:
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    spots: tuple[Spot, ...] = ()

    def mark(self) -> bytes:
        """Sixteen bytes that are the same for the same plan."""
        return blake2b(repr(self).encode(), digest_size=16).digest()

    def named(self, kind: Kind, name: str = "") -> str:
        """The node of that kind with this name, or the first where none is named; raises Rejected."""
        found = [each.name for each in self.nodes if each.kind is kind and name in ("", each.name)]
        if not found:
            raise Rejected("node_unknown", f"The plan of this car park has no such {kind}.", Reason.NOT_FOUND)
        return found[0]


@dataclass(frozen=True, slots=True)
class Choice:
    """A space and how far it is: driven, then on foot."""

    space: str
    drive: int
    walk: int

    @property
    def cost(self) -> int:
        return self.drive + ON_FOOT * self.walk


@dataclass(frozen=True, slots=True)
class Step:
    """One leg of a way: what to do, for how long, up to which node, on which level that is."""

    how: str  # "drive", "walk"
    turn: str  # "", "left", "right", "straight", "back"; "up or down" to another level
    length: int
    to: str
    level: str


@dataclass(frozen=True, slots=True)
class Route:
    space: str
    drive: int
    walk: int
    steps: tuple[Step, ...]
    driven: tuple[str, ...]  # nodes
    walked: tuple[str, ...]


def nearest(plan: Plan, spaces: Collection[str], entry: str, door: str = "") -> list[Choice]:
    """The spaces that can be driven to from the entry, the least way first; with the walk where a door is given.

    Shortest paths by Dijkstra (Numerische Mathematik 1, 1959), along the lanes, and for people along all they may walk.
    """
    driven, _ = _shortest(_lanes(plan), entry)
    walked, _ = _shortest(_paths(plan), door) if door else ({}, {})
    found = [
        Choice(spot.space, driven[spot.node], walked.get(spot.node, 0))
        for spot in plan.spots
        if spot.space in spaces and spot.node in driven and (not door or spot.node in walked)
    ]
    return sorted(found, key=lambda each: (each.cost, each.space))


def route(plan: Plan, space: str, entry: str, door: str = "") -> Route:
    """How to drive from the entry to a space, and to walk from there to a door; raises Rejected where one cannot."""
    spot = next((each for each in plan.spots if each.space == space), None)
    driven = None if spot is None else _path(_lanes(plan), entry, spot.node)
    if spot is None or driven is None:
        raise _no_way()
    nodes = {each.name: each for each in plan.nodes}
    walked = _path(_paths(plan), spot.node, door) if door else [(spot.node, 0)]
    if walked is None:
        raise _no_way()
    steps = (*_steps("drive", driven, nodes), *_steps("walk", walked, nodes))
    return Route(space, driven[-1][1], walked[-1][1], steps, _names(driven), _names(walked) if door else ())


def way_out(plan: Plan, space: str) -> Route:
    """How to drive from a space to the nearest exit; raises Rejected where one cannot."""
    spot = next((each for each in plan.spots if each.space == space), None)
    exits = [each.name for each in plan.nodes if each.kind is Kind.EXIT]
    ways = [] if spot is None else [way for each in exits if (way := _path(_lanes(plan), spot.node, each)) is not None]
    if not ways:
        raise _no_way()
    best = min(ways, key=lambda way: way[-1][1])
    steps = tuple(_steps("drive", best, {each.name: each for each in plan.nodes}))
    return Route(space, best[-1][1], 0, steps, _names(best), ())


def check_plan(plan: Plan, spaces: Collection[str]) -> None:
    """Raises Rejected("plan_invalid") unless it is of this car park and every way in it begins and ends somewhere."""
    names = {each.name for each in plan.nodes}
    _check(len(names) == len(plan.nodes) <= NODES and len(plan.edges) <= EDGES, "number of nodes or edges")
    _check(len({each.space for each in plan.spots}) == len(plan.spots) <= SPOTS, "number of spots")
    for name in names | {each.level for each in plan.nodes}:
        check_line(name, "name", NAME)
    _check(all({each.start, each.end} <= names and 0 <= each.length <= FARTHEST for each in plan.edges), "edge")
    _check(all(each.node in names and each.space in spaces for each in plan.spots), "spot")
    places = [(each.x, each.y) for each in plan.nodes] + [(each.x, each.y) for each in plan.spots]
    _check(all(abs(x) <= FARTHEST and abs(y) <= FARTHEST for x, y in places), "place")


_Graph = Mapping[str, list[tuple[str, int]]]


def _lanes(plan: Plan) -> _Graph:
    graph: dict[str, list[tuple[str, int]]] = {}
    for each in plan.edges:
        if each.drive:
            graph.setdefault(each.start, []).append((each.end, each.length))
            if each.two_way:
                graph.setdefault(each.end, []).append((each.start, each.length))
    return graph


def _paths(plan: Plan) -> _Graph:
    graph: dict[str, list[tuple[str, int]]] = {}
    for each in plan.edges:
        if each.walk:
            graph.setdefault(each.start, []).append((each.end, each.length))
            graph.setdefault(each.end, []).append((each.start, each.length))
    return graph


def _shortest(graph: _Graph, start: str) -> tuple[dict[str, int], dict[str, str]]:
    """How far every node is that can be reached, and from which node one comes to it."""
    far, before, done = {start: 0}, dict[str, str](), set[str]()
    heap = [(0, start)]
    while heap:
        length, at = heappop(heap)
        if at in done:
            continue
        done.add(at)
        for to, more in graph.get(at, ()):
            if length + more < far.get(to, length + more + 1):
                far[to], before[to] = length + more, at
                heappush(heap, (length + more, to))
    return far, before


def _path(graph: _Graph, start: str, end: str) -> list[tuple[str, int]] | None:
    """The nodes of the shortest way, each with how far it is from the start; None where there is no way."""
    far, before = _shortest(graph, start)
    if end not in far:
        return None
    way = [end]
    while way[-1] != start:
        way.append(before[way[-1]])
    return [(each, far[each]) for each in reversed(way)]


def _names(way: list[tuple[str, int]]) -> tuple[str, ...]:
    return tuple(name for name, _ in way)


def _steps(how: str, way: list[tuple[str, int]], nodes: Mapping[str, Node]) -> Iterator[Step]:
    """The legs of a way; those that only go on straight ahead are one."""
    open_: Step | None = None
    last: Node | None = None
    for (name, far), (to, farther) in pairwise(way):
        here, there = nodes[name], nodes[to]
        turn = "up or down" if here.level != there.level else "" if last is None else _turn(last, here, there)
        if open_ is not None and turn == "straight":
            open_ = Step(how, open_.turn, open_.length + farther - far, to, there.level)
        else:
            if open_ is not None:
                yield open_
            open_ = Step(how, turn, farther - far, to, there.level)
        last = here
    if open_ is not None:
        yield open_


def _turn(before: Node, here: Node, there: Node) -> str:
    """Which way one turns at `here`; y grows downwards, as on a screen."""
    came = atan2(here.y - before.y, here.x - before.x)
    goes = atan2(there.y - here.y, there.x - here.x)
    angle = (degrees(goes - came) + 180) % 360 - 180
    if abs(angle) <= 30:
        return "straight"
    if abs(angle) >= 150:
        return "back"
    return "right" if angle > 0 else "left"


def _no_way() -> Rejected:
    return Rejected("no_way", "The plan of this car park shows no way there.", Reason.NOT_FOUND)


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise Rejected("plan_invalid", f"The plan has a {what} that cannot be.", Reason.INVALID)
