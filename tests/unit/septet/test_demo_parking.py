"""The demo's car park is one that a car park can be, and its day has vehicles that leave after they came."""

from collections import Counter
from random import Random

import msgspec

from domain.parking.guidance import Kind, Plan, check_plan, nearest
from domain.parking.lot import Space, Terms
from domain.parking.tariff import Tariff, check_tariff
from septet import demo_parking as demo


def test_a_thousand_spaces_can_all_be_driven_to() -> None:
    plan = msgspec.convert(demo._plan(), Plan)
    spaces = {each["name"]: msgspec.convert(each, Space) for each in demo._spaces()}
    assert len(spaces) == 1_000
    check_plan(plan, spaces)
    found = nearest(plan, list(spaces), plan.named(Kind.ENTRY), plan.named(Kind.DOOR, "lift 0"))
    assert len(found) == 1_000
    check_tariff(msgspec.convert(demo.TARIFF, Tariff))
    msgspec.convert(demo.TERMS, Terms)


def test_who_leaves_came_in_an_hour_before() -> None:
    inside: Counter[str] = Counter()
    hours = demo._day(Random(7))
    for hour in hours:
        assert all(inside[plate] for what, plate in hour if what == "out")
        inside.update(plate for what, plate in hour if what == "in")
        inside.subtract(plate for what, plate in hour if what == "out")
    assert sum(what == "in" for hour in hours for what, _ in hour) == demo.TRAFFIC
    assert set(inside.values()) == {0, 1}
