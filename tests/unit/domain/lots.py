"""A small car park to test the rules with: two levels, a motorcycle's space, three cars', one sold by name."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.kernel import Actor, Message
from domain.parking.guidance import Kind, Node, Plan, Spot
from domain.parking.lot import (
    AddStaff,
    Change,
    ChangeLayout,
    ChangeTerms,
    CloseSpace,
    Confirm,
    Entered,
    Held,
    Hold,
    LayoutChanged,
    Level,
    LotOpened,
    NotePaymentFailed,
    OpenLot,
    Pay,
    PublishTariff,
    Space,
    Span,
    StaffAdded,
    TariffPublished,
    Terms,
    TermsChanged,
)
from domain.parking.stock import Vehicle
from domain.parking.tariff import Allowance, Rate, Tariff, Validation
from tests.scenario import ANN, BOB, CID, NOON, SYSTEM, Given, given

LOT = UUID("1d1f6fd3-7d9e-4a43-a8dd-0f0d8e9d2b10")
ZONE = "Europe/Berlin"
HOUR = timedelta(hours=1)
OWNER, STAFF, DRIVER = ANN, BOB, CID
HOURLY = Tariff("EUR", (Rate(200, 3_600, tax=1_900),), zone=ZONE)
OPENED = LotOpened(OWNER, "Main Street", ZONE, 52.52, 13.4, "Main Street 1")
LEVELS = (Level("0"), Level("1", 210))
SPACES = (
    Space("M1", "0", pool="motorcycle"),
    Space("C1", "0", "A"),
    Space("C2", "0", "A"),
    Space("C3", "0", "B"),
    Space("V1", "1", "B", pool="space:V1"),
)
PLATE, OTHER_PLATE = "DE:BAB1234", "FR:AB123CD"


def the_lot(*more: Message, terms: Terms | None = None, spaces: tuple[Space, ...] = SPACES) -> Given:
    """An open lot with its tariff and somebody at work there, and what happened since."""
    start: list[Message] = [OPENED, LayoutChanged(LEVELS, spaces), TariffPublished(1, HOURLY), StaffAdded(STAFF)]
    return given(*start, *([TermsChanged(terms)] if terms else []), *more, to=LOT)


def reservation(number: int) -> UUID:
    return UUID(int=0xB0000000_0000_4000_8000_000000000000 + number)


def held(number: int, start: datetime, end: datetime, **more: Any) -> Held:
    """A hold that was made at noon."""
    values: dict[str, Any] = {"holder": DRIVER, "vehicle": Vehicle.CAR, "plate": PLATE, "pool": "car", "price": 200}
    values |= more
    return Held(
        reservation(number),
        values["holder"],
        values["vehicle"],
        values["plate"],
        start,
        end,
        Span(values["pool"], start, values.get("kept_until", end)),
        1,
        values["price"],
        "EUR",
        values.get("expires", NOON + timedelta(minutes=10)),
    )


def entered(number: int, plate: str, at: datetime, space: str = "C1", until: datetime | None = None) -> Entered:
    """A walk-in."""
    taken = Span("car", at, until or at + 4 * HOUR)
    return Entered(reservation(number), None, Vehicle.CAR, plate, space, None, taken, at, None, 1)


# For histories of anything at all.

LINE = Plan((Node("in", "0", 0, 0, Kind.ENTRY),), (), (Spot("C1", "in", 0, 1),))
TINY = (Space("M1", "0", pool="motorcycle"), Space("C1", "0"))
CHEAP = Tariff("EUR", (Rate(1, flat=True),))  # so that chance finds the amount
_long = timedelta(days=40)
PATIENT = Terms(
    hold=_long, noshow_timeout=_long, overstay=_long, noshow_fee=1, compensation=2
)  # chance takes big steps
_owner, _driver = Actor("person", str(OWNER)), Actor("person", str(DRIVER))
_later = (NOON + HOUR, NOON + 2 * HOUR)
BEGINNING: tuple[tuple[Message, Actor], ...] = (
    (OpenLot("Main Street", ZONE, 52.5, 13.4, "Main Street 1"), _owner),
    (ChangeLayout((Level("0"),), TINY), _owner),
    (PublishTariff(CHEAP), _owner),
    (AddStaff(BOB), _owner),
    (ChangeTerms(PATIENT), _owner),
    (Hold(ANN, Vehicle.MOTORCYCLE, *_later), _driver),
    (Confirm(ANN), _driver),
    (Pay(ANN, BOB, 1, "card"), _driver),
    (NotePaymentFailed(ANN, BOB), SYSTEM),
    (Change(ANN, NOON + HOUR, NOON + 4 * HOUR), _driver),
    (CloseSpace("M1", "paint"), _owner),
)
OWN: dict[str, object] = {  # names that mean something else elsewhere
    "near": ("M1", "C1"),
    "plan": LINE,
    "camera": "gate",
    "confidence": 80,
    "kind": "damage",
    "note": "a broken barrier",
}
SENSIBLE: dict[str, object] = {
    "zone": ZONE,
    "address": "Main Street 1",
    "latitude": 52.5,
    "longitude": 13.4,
    "levels": (Level("0"),),
    "spaces": TINY,
    "hours": (),
    "terms": PATIENT,
    "tariff": HOURLY,
    "plate": PLATE,
    "vehicle": Vehicle.MOTORCYCLE,
    "space": "",
    "pool": "motorcycle",
    "price": None,
    "height": 0,
    "length": 0,
    "width": 0,
    "exceptions": (),
    "method": "card",
    "validation": Validation("SHOP", Allowance.PERCENT, 50),
    "reason": "counted by hand",
}
