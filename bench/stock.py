"""How many decisions on one lot a core makes, listed and accepted: `python -m bench.stock`.

Processor time is counted, so that what else the machine does changes nothing.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from domain.instants import micros
from domain.kernel import Actor, Context
from domain.parking.lot import (
    INITIAL,
    ChangeLayout,
    ChangeTerms,
    Hold,
    Level,
    Lot,
    OpenLot,
    PublishTariff,
    Space,
    Terms,
    decide,
    evolve,
)
from domain.parking.lot.commands import Command
from domain.parking.stock import Vehicle, free, pools_for
from domain.parking.tariff import Rate, Tariff

SPACES = 1_000
NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
LOT, OWNER = "1d1f6fd3-7d9e-4a43-a8dd-0f0d8e9d2b10", UUID(int=1)
SECONDS = 2.0  # of each measurement


def main() -> None:
    """Prints a line for each number of live reservations."""
    for live in (100, 1_000, 4_000):
        lot = _lot(live)
        listed = _rate(lambda chance, lot=lot: _list(lot, chance))  # type: ignore[misc]
        held = _rate(lambda chance, lot=lot: _hold(lot, chance))  # type: ignore[misc]
        print(f"{live:>6,} live reservations: {listed:>9,.0f} availabilities/s, {held:>7,.0f} holds/s, applied")


def _lot(live: int) -> Lot:
    spaces = tuple(Space(f"{number:04d}", "0") for number in range(SPACES))
    lot = INITIAL
    tariff = Tariff("EUR", (Rate(200, 1_800, tax=1_900),), zone="Europe/Berlin", day_cap=2_000)
    lot = _give(lot, OpenLot("Bench", "Europe/Berlin", 52.5, 13.4, "Main Street 1"), OWNER)
    for command in (ChangeLayout((Level("0"),), spaces), PublishTariff(tariff), ChangeTerms(Terms())):
        lot = _give(lot, command, OWNER)
    chance = Random(live)
    for _ in range(live):
        lot = _give(lot, _wish(chance), UUID(int=chance.getrandbits(128)))
    return lot


def _wish(chance: Random) -> Hold:
    start = NOW + timedelta(minutes=chance.randrange(7 * 1_440))
    return Hold(UUID(int=chance.getrandbits(128)), Vehicle.CAR, start, start + timedelta(minutes=120))


def _give(lot: Lot, command: Command, who: UUID) -> Lot:
    for event in decide(lot, command, Context(NOW, Actor("person", str(who)), LOT, 0, "bench")):
        lot = evolve(lot, event)
    return lot


def _list(lot: Lot, chance: Random) -> None:
    start = micros(NOW) + chance.randrange(7 * 1_440) * 60_000_000
    free(lot.capacity, lot.taken, pools_for(Vehicle.CAR), start, start + 7_200_000_000)


def _hold(lot: Lot, chance: Random) -> None:
    _give(lot, _wish(chance), UUID(int=chance.getrandbits(128)))


def _rate(step: Callable[[Random], None]) -> float:
    """Steps a second of processor time."""
    chance, count, started = Random(1), 0, time.process_time()
    while time.process_time() - started < SECONDS:
        for _ in range(50):
            step(chance)
        count += 50
    return count / (time.process_time() - started)


if __name__ == "__main__":
    main()
