"""A level of a car park as a picture (SVG): lanes, spaces and how they stand, and a way through it."""

from collections.abc import Iterable, Mapping
from html import escape
from itertools import pairwise

from domain.parking.guidance import Kind, Node, Plan, Route

MARGIN, LONG, WIDE = 400, 480, 230  # centimetres: around the picture, and of a space
COLOURS = {"free": "#5aa469", "suggested": "#e0b040", "occupied": "#c4554d", "closed": "#9a9a9a"}
SIGNS = {Kind.ENTRY: "▶", Kind.EXIT: "■", Kind.DOOR: "●"}


def picture(plan: Plan, level: str, states: Mapping[str, str], levels: Mapping[str, str], way: Route | None) -> str:
    """The SVG text. A space is drawn where its spot is; one that the plan does not know is not drawn."""
    nodes = {each.name: each for each in plan.nodes}
    here = {name: each for name, each in nodes.items() if each.level == level}
    spots = [each for each in plan.spots if levels.get(each.space) == level]
    xs = [each.x for each in here.values()] + [each.x for each in spots] or [0]
    ys = [each.y for each in here.values()] + [each.y for each in spots] or [0]
    left, top = min(xs) - MARGIN, min(ys) - MARGIN
    width, height = max(xs) - left + MARGIN, max(ys) - top + MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left} {top} {width} {height}" role="img">',
        f"<title>{escape(f'Level {level}')}</title>",
        "<style>.lane{stroke:#c9ced6;stroke-width:260;fill:none}.path{stroke:#dfe3e8;stroke-width:80;fill:none}"
        ".space{stroke:#fff;stroke-width:16}.drive{stroke:#1f6feb;stroke-width:60;fill:none;stroke-linejoin:round}"
        ".walk{stroke:#1f6feb;stroke-width:40;fill:none;stroke-dasharray:60 60}"
        ".chosen{stroke:#1f6feb;stroke-width:50}text{font:120px sans-serif;text-anchor:middle;fill:#222}"
        "@media (prefers-color-scheme:dark){.lane{stroke:#3a3f4a}.path{stroke:#2c313a}.sign{fill:#e8eaf0}}</style>",
    ]
    lines += [
        _line("lane" if edge.drive else "path", [here[edge.start], here[edge.end]])
        for edge in plan.edges
        if edge.start in here and edge.end in here
    ]
    for spot in spots:
        state = states.get(spot.space, "free")
        kind = "space chosen" if way is not None and way.space == spot.space else "space"
        x, y = spot.x - WIDE // 2, spot.y - LONG // 2
        lines.append(
            f'<rect class="{kind}" x="{x}" y="{y}" width="{WIDE}" height="{LONG}" fill="{COLOURS[state]}">'
            f"<title>{escape(f'{spot.space}: {state}')}</title></rect>"
            f'<text x="{spot.x}" y="{spot.y + 40}">{escape(spot.space)}</text>'
        )
    for node in here.values():
        if node.kind in SIGNS:
            sign = f"{SIGNS[node.kind]} {node.name}"
            lines.append(f'<text class="sign" x="{node.x}" y="{node.y + 40}">{escape(sign)}</text>')
    if way is not None:
        lines += [_line("drive", part) for part in _parts(way.driven, here)]
        lines += [_line("walk", part) for part in _parts(way.walked, here)]
    return "\n".join([*lines, "</svg>"])


def _parts(names: Iterable[str], here: Mapping[str, Node]) -> list[list[Node]]:
    """The legs of a way that are on this level."""
    return [[here[one], here[other]] for one, other in pairwise(names) if one in here and other in here]


def _line(kind: str, nodes: Iterable[Node]) -> str:
    points = " ".join(f"{each.x},{each.y}" for each in nodes)
    return f'<polyline class="{kind}" points="{points}"/>'
