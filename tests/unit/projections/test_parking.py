"""Car parks as rows: what is listed is what the lot would accept, and tickets cost what the gate asks."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from domain.instants import micros
from domain.parking.ledger import CreditNoteIssued, InvoiceIssued, ledger_id
from domain.parking.lot import (
    Command,
    Confirmed,
    Event,
    Exited,
    Lapse,
    Lapsed,
    Observed,
    Paid,
    PaymentAsked,
    PlanDrawn,
    Settle,
    SpaceSuggested,
    Span,
    StaffAdded,
    StaffRemoved,
    TariffPublished,
    Validated,
)
from domain.parking.payment import PaymentCaptured, PaymentDeclined, PaymentStarted
from domain.parking.stock import Vehicle, free, pools_for
from domain.parking.tariff import Allowance, Rate, Tariff, Validation
from projections.parking.lots import parking
from projections.parking.money import Invoices, invoices
from projections.parking.queries import Lots
from projections.parking.tables import OBSERVATIONS, TAKEN
from tests.scenario import ANN, BOB, CID, NOON
from tests.unit.domain.lots import DRIVER, HOUR, LINE, LOT, OWNER, PLATE, ZONE, entered, held, reservation, the_lot
from tests.unit.domain.test_lot_model import Simulation
from tests.unit.projections.reading import ReadModel, opened

ONE, TWO = NOON + HOUR, NOON + 2 * HOUR


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[ReadModel]:
    async with opened(parking, tmp_path) as model:
        yield model


@pytest.fixture
async def money(tmp_path: Path) -> AsyncIterator[ReadModel]:
    async with opened(invoices, tmp_path) as model:
        yield model


class Told(Simulation):
    """A simulation that remembers its events."""

    def __init__(self, seed: int) -> None:
        self.events: list[Event] = []
        super().__init__(seed)

    def give(self, command: Command, actor: UUID | None) -> list[Event] | None:
        events = super().give(command, actor)
        self.events += events or []
        return events


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_listed_is_what_the_lot_would_accept(model: ReadModel, seed: int) -> None:
    told, chance = Told(seed), Random(seed)
    for _ in range(60):
        told.step()
    told.give(Settle(), None)
    await model.given(*told.events, to=LOT)
    lots, now = Lots(model.tables), micros(told.now)
    seen = await lots.lot(LOT)
    assert seen is not None
    assert {pool: count for pool, count in seen.capacity.items() if count} == {
        pool: count for pool, count in told.lot.capacity.items() if count
    }
    for _ in range(40):
        start = now + chance.randrange(20 * 3_600_000_000)
        end = start + chance.randrange(1, 12 * 3_600_000_000)
        for vehicle in (Vehicle.CAR, Vehicle.MOTORCYCLE, Vehicle.ACCESSIBLE):
            pools = pools_for(vehicle)
            expected = free(told.lot.capacity, told.lot.taken, pools, start, end)
            assert await lots.free(seen, pools, start, end, now) == expected


async def test_the_past_leaves_no_rows_of_what_is_taken(model: ReadModel) -> None:
    one = held(1, ONE, TWO)
    gone = Lapsed(reservation(1), DRIVER, Lapse.EXPIRED, one.taken, 0, 0, ())
    await model.given(*the_lot(one, gone).events, to=LOT)
    await model.then(TAKEN)


async def test_a_reservation_from_its_hold_to_its_end(model: ReadModel) -> None:
    one = held(1, ONE, TWO)
    confirmed = Confirmed(reservation(1), DRIVER, ONE + HOUR / 2, one.taken)
    await model.given(*the_lot(one, confirmed).events, to=LOT)
    lots = Lots(model.tables)
    row = await lots.reservation(reservation(1))
    assert row is not None
    assert (row["status"], row["plate"], row["stop"], row["price"]) == ("RESERVED", PLATE, TWO, 200)
    assert [each["reservation"] for each in await lots.reservations(DRIVER, 10)] == [reservation(1)]
    await model.given(Lapsed(reservation(1), DRIVER, Lapse.NO_SHOW, one.taken, 50, 0, ()), to=LOT)
    row = await lots.reservation(reservation(1))
    assert row is not None
    assert (row["status"], row["why"], row["fee"]) == ("NO_SHOW", "no_show", 50)
    assert await lots.reservation(reservation(9)) is None


async def test_a_ticket_costs_what_the_gate_asks_by_the_tariff_it_was_made_under(model: ReadModel) -> None:
    came = entered(1, PLATE, NOON)
    dearer = TariffPublished(2, Tariff("EUR", (Rate(900),), zone=ZONE))
    half = Validated(reservation(1), Validation("SHOP", Allowance.PERCENT, 50))
    await model.given(*the_lot(came, dearer, half).events, to=LOT)
    lots = Lots(model.tables)
    found = await lots.ticket(reservation(1), NOON + 3 * HOUR)
    assert found is not None
    assert (found.price.gross, found.paid, found.due) == (300, 0, 300)
    asked = PaymentAsked(reservation(1), BOB, ANN, 300, 0, "EUR", "card", ZONE, "Parking")
    await model.given(asked, to=LOT)
    assert await lots.paid(reservation(1)) == 0
    await model.given(Paid(reservation(1), BOB, 300, NOON + 3 * HOUR), to=LOT)
    assert [each["ticket"] for each in await lots.inside(LOT)] == [reservation(1)]
    assert (await lots.spaces(LOT))["C1"]["occupied"]
    out = Exited(reservation(1), None, "C1", came.taken, NOON, 300, 300, "EUR", ())
    await model.given(out, to=LOT)
    found = await lots.ticket(reservation(1), NOON + 90 * HOUR)
    assert found is not None
    assert found.due == 0
    assert await lots.inside(LOT) == []
    assert not (await lots.spaces(LOT))["C1"]["occupied"]


async def test_a_suggested_space_is_shown_as_such_while_it_is_kept(model: ReadModel) -> None:
    one, before = held(1, ONE, TWO), NOON + HOUR / 2
    confirmed = Confirmed(reservation(1), DRIVER, ONE + HOUR / 2, one.taken)
    taken = Span("car", before, TWO)
    kept = SpaceSuggested(reservation(1), DRIVER, "C2", ONE, one.taken, taken, ONE + HOUR / 2)
    await model.given(*the_lot(one, confirmed, PlanDrawn(LINE), kept).events, to=LOT)
    lots = Lots(model.tables)
    seen = await lots.lot(LOT)
    assert seen is not None
    assert await lots.plan(LOT) == LINE
    assert [(await lots.states(seen, at))["C2"] for at in (before, ONE)] == ["suggested", "free"]
    assert [await lots.free(seen, ["car"], micros(at), micros(ONE), micros(NOON)) for at in (NOON, before)] == [2, 2]
    assert await lots.free(seen, ["car"], micros(NOON), micros(before), micros(NOON)) == 3
    row = await lots.reservation(reservation(1))
    assert row is not None
    assert (row["suggested"], row["suggested_until"]) == ("C2", ONE)


async def test_a_plate_that_was_read_is_forgotten_after_its_time(model: ReadModel) -> None:
    """The past's noon is longer ago than a plate is kept; what is written now is shown."""
    seen = Observed(reservation(5), "gate 1", PLATE, 90, reservation(1), 0, None, False)
    lots = Lots(model.tables)
    await model.given(*the_lot(entered(1, PLATE, NOON), seen).events, to=LOT)
    await model.then(OBSERVATIONS)
    old = await lots.ticket(reservation(1), NOON + HOUR)
    assert old is not None
    assert (old.row["plate"], old.price.gross) == ("", 200)
    model.past.now = micros(datetime.now(UTC))
    await model.given(seen, entered(2, PLATE, NOON, "C2"), to=LOT)
    [row] = await lots.observations(LOT, datetime.now(UTC).date().isoformat(), 10)
    assert (row["plate"], row["match"]) == (PLATE, reservation(1))
    new = await lots.ticket(reservation(2), NOON + HOUR)
    assert new is not None
    assert new.row["plate"] == PLATE


async def test_who_works_where(model: ReadModel) -> None:
    await model.given(*the_lot(StaffAdded(CID), StaffRemoved(CID)).events, to=LOT)
    lots = Lots(model.tables)
    assert await lots.workplaces(OWNER) == {LOT: "owner"}
    assert [await lots.is_staff(LOT, who) for who in (OWNER, BOB, CID)] == [True, True, False]
    assert await lots.lots() == {LOT: "Main Street"}


async def test_the_diary_of_a_day_the_latest_first(model: ReadModel) -> None:
    await model.given(*the_lot(entered(1, PLATE, NOON)).events, to=LOT)
    rows = await Lots(model.tables).diary(LOT, "2026-03-01", 2)
    assert [row["what"] for row in rows] == ["entered", "staff added"]


async def test_payments_and_their_documents(money: ReadModel) -> None:
    payment, note = reservation(1), reservation(2)
    started = PaymentStarted(LOT, reservation(5), ANN, 1_190, 190, "EUR", "card", ZONE, "Parking")
    captured = PaymentCaptured(LOT, reservation(5), ANN, 1_190, 190, "EUR", "card", "Parking", 2026)
    await money.given(started, captured, to=payment)
    await money.given(started, PaymentDeclined(LOT, reservation(5), "no"), to=note)
    issued = InvoiceIssued(1, payment, reservation(5), ANN, 1_000, 190, 1_190, "EUR", "Parking", "card")
    credit = CreditNoteIssued(2, note, payment, ANN, 1_000, 190, 1_190, "EUR", "Parking")
    await money.given(issued, credit, to=ledger_id(LOT, 2026))
    found = Invoices(money.tables)
    states = [(await found.payment(each) or {}).get("state") for each in (payment, note)]
    assert states == ["captured", "declined"]
    assert [row["number"] for row in await found.of_lot(LOT, 2026, 10)] == [2, 1]
    assert [row["kind"] for row in await found.of_person(ANN, 10)] == ["credit note", "invoice"]
    assert await found.of_lot(LOT, 2026, 10, before=1) == []
    assert await found.of_person(BOB, 10) == []
