"""The demo's car park: 1,000 spaces, and the traffic of a day in brief: who comes, leaves, reserves and pays."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID, uuid5

from septet.demo_scheduling import Ask

NAME, BERLIN = "Central Station", "Europe/Berlin"
LEVELS, LANES, BAYS = ("0", "-1", "-2", "-3"), 5, 25  # a lane has bays on both sides: 4 * 5 * 50 spaces
WIDE, DEEP = 250, 500  # centimetres: of a bay
RESERVATIONS = 120  # for the day to come
HOURS = (
    1,
    1,
    1,
    1,
    1,
    2,
    6,
    14,
    16,
    12,
    10,
    9,
    10,
    9,
    9,
    10,
    12,
    14,
    12,
    9,
    7,
    5,
    4,
    2,
)  # who comes in each hour, in per cent
STAY = 2.0  # hours, on average
TRAFFIC = 1_200  # vehicles of the day in brief
SECONDS = 60.0  # after which the day ends, however far it has come
AT_ONCE = 8
TARIFF: dict[str, Any] = {
    "currency": "EUR",
    "zone": BERLIN,
    "rates": [{"price": 250, "tax": 1_900, "step": 1_800}],
    "lost_ticket": 2_500,
}
TERMS = {"card_ceiling": 5_000, "compensation": 1_000, "cancel_until": "PT1H"}
_KEYS = UUID("c7b1f7a1-6a0e-5b0e-8a5e-3d3c9b1f9e55")  # so that an unfinished demo goes on with the same car park

Show = Callable[[int, int], None]  # done, of how many


def load(ask: Ask, owner: str, drivers: list[str], show: Show) -> int:
    """Opens the car park of who has the token `owner`, once, and plays its day; answers how many vehicles came."""
    known: Any = ask("GET", "/parking/lots", owner)
    if any(each["name"] == NAME for each in known):
        return 0
    lot: str = ask("POST", "/parking/lots", owner, key="central station", json=_place())["lot_id"]
    levels = [{"name": level, "clearance": 210 if level != "0" else 0} for level in LEVELS]
    ask("PUT", f"/parking/{lot}/layout", owner, json={"levels": levels, "spaces": _spaces()})
    ask("PUT", f"/parking/{lot}/plan", owner, json=_plan())
    ask("PUT", f"/parking/{lot}/tariff", owner, json=TARIFF)
    ask("PUT", f"/parking/{lot}/terms", owner, json=TERMS)
    chance = Random(7)
    steps = _day(chance)
    done, until = 0, time.monotonic() + SECONDS
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for hour in steps:  # the hours one after the other; what happens in one has no order
            if time.monotonic() > until:
                break
            list(pool.map(lambda step: _step(ask, lot, owner, *step), hour))
            done += len(hour)
            show(done, sum(map(len, steps)))
        ahead = [(drivers[number % len(drivers)], number) for number in range(RESERVATIONS)]
        list(pool.map(lambda one: _reserve(ask, lot, *one), ahead))
    return done


def _day(chance: Random) -> list[list[tuple[str, str]]]:
    """For each hour of a day who comes and who leaves, by their plates; who stays over midnight is in at its end."""
    hours: list[list[tuple[str, str]]] = [[] for _ in HOURS]
    for number in range(TRAFFIC):
        plate = f"B {chr(65 + number % 26)}{chr(65 + number // 26 % 26)} {1_000 + number}"
        [came] = chance.choices(range(len(HOURS)), HOURS)
        hours[came].append(("in", plate))
        left = came + 1 + round(chance.expovariate(1 / STAY))
        if left < len(HOURS):
            hours[left].append(("out", plate))
    return hours


def _step(ask: Ask, lot: str, owner: str, what: str, number: str) -> None:
    """One vehicle at the gate; most of those who come have a card that is charged when they leave."""
    plate = {"number": number, "country": "DE"}
    key = str(uuid5(_KEYS, f"{lot} {what} {number}"))
    if what == "in":
        card = {} if number.endswith("7") else {"payment_method": "card"}
        ask("POST", f"/parking/{lot}/gate/entry", owner, key=key, allowed=(409,), json={"plate": plate, **card})
    else:  # 409: something is still to be paid
        ask("POST", f"/parking/{lot}/gate/exit", owner, key=key, allowed=(404, 409), json={"plate": plate})


def _reserve(ask: Ask, lot: str, driver: str, number: int) -> None:
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2 + number % 22)
    times = {"start": start.isoformat(), "end": (start + timedelta(hours=1 + number % 3)).isoformat()}
    body = {**times, "confirmed": number % 5 != 0, "vehicle": "ev" if number % 9 == 0 else "car"}
    key = str(uuid5(_KEYS, f"{lot} reservation {number}"))
    ask("POST", f"/parking/{lot}/reservations", driver, key=key, allowed=(409,), json=body)


def _place() -> dict[str, Any]:
    return {"name": NAME, "zone": BERLIN, "latitude": 52.5251, "longitude": 13.3694, "address": "Europaplatz 1"}


def _bays() -> list[tuple[str, int, int, int]]:
    """Level, lane, place in it, side of each space: 1,000 of them."""
    return [
        (level, lane, place, side)
        for level in LEVELS
        for lane in range(LANES)
        for place in range(BAYS)
        for side in range(2)
    ]


def _name(level: str, lane: int, place: int, side: int) -> str:
    return f"{LEVELS.index(level)}{chr(65 + lane)}{2 * place + side + 1:02d}"


def _spaces() -> list[dict[str, Any]]:
    pools = {("0", 0): "accessible", ("0", 1): "ev"}
    return [
        {
            "name": _name(level, lane, place, side),
            "level": level,
            "zone": chr(65 + lane),
            "pool": pools.get((level, lane), "car") if place < 10 else "car",
            "length": DEEP,
            "width": WIDE,
        }
        for level, lane, place, side in _bays()
    ]


def _plan() -> dict[str, Any]:
    """Each level: one-way lanes side by side between a way in and a way out, a ramp down, a lift."""
    nodes: list[dict[str, Any]] = [
        {"name": "entry", "level": "0", "x": -1_500, "y": 0, "kind": "entry"},
        {"name": "exit", "level": "0", "x": -1_500, "y": 800, "kind": "exit"},
    ]
    edges: list[dict[str, Any]] = [_edge("entry", "0 in 0", 1_500), _edge("0 out 0", "exit", 1_500)]
    spots: list[dict[str, Any]] = []
    far = BAYS * WIDE
    for at, level in enumerate(LEVELS):
        for lane in range(LANES):
            across = lane * 3 * DEEP
            nodes += [
                {"name": f"{at} in {lane}", "level": level, "x": 0, "y": across},
                {"name": f"{at} out {lane}", "level": level, "x": far, "y": across},
            ]
            halls = [f"{at} {lane} {place}" for place in range(0, BAYS, 5)]
            nodes += [
                {"name": name, "level": level, "x": (number * 5 + 2) * WIDE, "y": across}
                for number, name in enumerate(halls)
            ]
            way = [f"{at} in {lane}", *halls, f"{at} out {lane}"]
            edges += [_edge(one, other, 5 * WIDE) for one, other in pairwise(way)]
            if lane:
                edges.append(_edge(f"{at} in {lane - 1}", f"{at} in {lane}", 3 * DEEP))
                edges.append(_edge(f"{at} out {lane}", f"{at} out {lane - 1}", 3 * DEEP))
        nodes.append({"name": f"lift {at}", "level": level, "x": far + 600, "y": 3 * DEEP, "kind": "door"})
        edges.append({**_edge(f"{at} out 1", f"lift {at}", 600), "drive": False})
        if at:
            edges.append(_edge(f"{at - 1} in {LANES - 1}", f"{at} in 0", 3_000))
            edges.append(_edge(f"{at} out 0", f"{at - 1} out 0", 3_000))
    for level, lane, place, side in _bays():
        spots.append(
            {
                "space": _name(level, lane, place, side),
                "node": f"{LEVELS.index(level)} {lane} {place // 5 * 5}",
                "x": place * WIDE,
                "y": lane * 3 * DEEP + (DEEP if side else -DEEP),
            }
        )
    return {"nodes": nodes, "edges": edges, "spots": spots}


def _edge(start: str, end: str, length: int) -> dict[str, Any]:
    return {"start": start, "end": end, "length": length}
