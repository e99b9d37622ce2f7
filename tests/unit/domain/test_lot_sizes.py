"""Sizes of vehicles and of spaces, and dates on which a car park opens otherwise."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.kernel import Reason
from domain.parking.lot import (
    ChangeHours,
    CloseSpace,
    Enter,
    Entered,
    Held,
    Hold,
    HoursChanged,
    Lapsed,
    Opening,
    Rehomed,
    Space,
    SpecialDay,
)
from domain.parking.lot.promises import opened_at
from domain.parking.stock import Size, Vehicle
from tests.scenario import CID, NOON
from tests.unit.domain.lots import HOUR, OWNER, PLATE, STAFF, ZONE, reservation, the_lot

SIZED = (
    Space("M1", "0", pool="motorcycle", length=250, width=120),
    Space("C1", "0", length=500, width=250),
    Space("C2", "0", length=480),
    Space("V1", "0", pool="space:V1", length=900, width=350),
)


def hold(**more: Any) -> Hold:
    vehicle = more.pop("vehicle", Vehicle.CAR)
    return Hold(reservation(1), vehicle, NOON + HOUR, NOON + 2 * HOUR, **more)


def test_a_class_takes_what_fits_into_every_space_of_it() -> None:
    lot = the_lot(spaces=SIZED)
    held = lot.when(hold(length=480, width=250), by=CID).accepted().events[-1]
    assert isinstance(held, Held)
    assert held.size == Size(0, 480, 250)
    for large in ({"length": 481}, {"width": 251}, {"length": 481, "width": 1}):
        lot.when(hold(**large), by=CID).rejected("too_large", Reason.INVALID)
    lot.when(hold(length=900, width=350, space="V1"), by=CID).accepted()
    lot.when(hold(length=-1), by=CID).rejected("size_invalid", Reason.INVALID)
    lot.when(Enter(reservation(2), PLATE, Vehicle.CAR, length=700), by=STAFF).rejected("too_large", Reason.INVALID)
    came = lot.when(Enter(reservation(2), PLATE, Vehicle.MOTORCYCLE, length=260), by=STAFF).accepted().events[-1]
    assert isinstance(came, Entered)
    assert came.taken.pool == "car"  # it is too long for the motorcycles' spaces


def test_a_promise_is_moved_only_to_where_its_vehicle_fits() -> None:
    for length, event in ((300, Rehomed), (500, Lapsed)):
        spaces = (Space("M1", "0", pool="motorcycle"), Space("C1", "0", length=400))
        lot = the_lot(spaces=spaces).when(hold(vehicle=Vehicle.MOTORCYCLE, length=length), by=CID).accepted()
        told = lot.when(CloseSpace("M1", "paint"), by=OWNER).accepted().events
        assert isinstance(told[-1], event)


def test_the_least_of_two_spaces_is_what_fits_into_both() -> None:
    assert Size(0, 500, 0).both(Size(210, 480, 250)) == Size(210, 480, 250)
    assert Size(200, 480, 250).fits(Size())
    assert not Size(211).fits(Size(210))


# On weekdays, and Saturday night into Sunday.
HOURS = (*(Opening(day, 480, 1_200) for day in range(5)), Opening(5, 1_200, 120))
SPECIAL = (
    SpecialDay(date(2026, 12, 25)),  # a Friday: closed
    SpecialDay(date(2026, 12, 27), 600, 720),  # a Sunday: open
    SpecialDay(date(2026, 12, 31), 480, 600),
    SpecialDay(date(2026, 12, 31), 1_200, 180),  # a Thursday, until three at night
)


@pytest.mark.parametrize(
    ("day", "clock", "is_open"),
    [
        (24, "12:00", True),
        (25, "12:00", False),
        (26, "21:00", True),
        (27, "01:59", True),  # Saturday's night goes on
        (27, "02:00", False),
        (27, "11:00", True),
        (27, "12:00", False),
        (31, "09:59", True),
        (31, "12:00", False),  # Thursday's hours do not count
        (31, "23:00", True),
        (32, "02:59", True),
        (32, "03:00", False),
    ],
)
def test_a_date_with_hours_of_its_own_goes_by_them(day: int, clock: str, is_open: bool) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=ZoneInfo(ZONE)) + timedelta(days=day - 1)
    local = midnight.replace(hour=int(clock[:2]), minute=int(clock[3:]))
    assert opened_at(HOURS, SPECIAL, local) is is_open


def test_without_hours_only_the_exceptions_close() -> None:
    christmas = datetime(2026, 12, 25, 12, tzinfo=ZoneInfo(ZONE))
    assert not opened_at((), SPECIAL, christmas)
    assert opened_at((), SPECIAL, christmas + timedelta(days=1))


def test_exceptions_are_set_once_and_checked() -> None:
    one = the_lot().when(ChangeHours(HOURS, SPECIAL), by=OWNER).then(HoursChanged(HOURS, SPECIAL))
    one.when(ChangeHours(HOURS, SPECIAL), by=OWNER).then()
    bad = (SpecialDay(date(2026, 12, 25), 0, 1_441),)
    one.when(ChangeHours(HOURS, bad), by=OWNER).rejected("hours_invalid", Reason.INVALID)
    today = NOON.astimezone(ZoneInfo(ZONE)).date()
    shut = one.when(ChangeHours((), (SpecialDay(today),)), by=OWNER).accepted()
    shut.when(hold(), by=CID).rejected("closed")
    shut.when(Enter(reservation(2), PLATE, Vehicle.CAR), by=STAFF).rejected("closed")
