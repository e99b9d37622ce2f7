"""How full a car park was, how full it will be, and what it took in: as it was told event by event."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.instants import micros
from domain.kernel import Message
from domain.parking.ledger import IssueCreditNote, IssueInvoice, ledger_id
from domain.parking.lot import CountCorrected, Entered, Exited, Span
from domain.parking.stock import Vehicle
from projections.parking.history import LotHistory, Takings
from projections.parking.lots import parking
from projections.parking.money import invoices
from projections.parking.queries import Lots
from tests.scenario import ANN, NOON, SYSTEM, given
from tests.unit.domain.lots import HOUR, LOT, PLATE, ZONE, held, reservation, the_lot
from tests.unit.projections.reading import ReadModel, opened

BERLIN, WEEK = ZoneInfo(ZONE), timedelta(weeks=1)
SPAN = Span("car", NOON, NOON + 4 * HOUR)


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[ReadModel]:
    async with opened(parking, tmp_path) as model:
        await model.given(*the_lot().events, to=LOT)
        yield model


@pytest.fixture
async def money(tmp_path: Path) -> AsyncIterator[ReadModel]:
    async with opened(invoices, tmp_path) as model:
        yield model


def came(inside: int) -> Entered:
    return Entered(reservation(1), None, Vehicle.CAR, PLATE, "C1", None, SPAN, NOON, None, 1, inside)


def left(inside: int) -> Exited:
    return Exited(reservation(1), None, "C1", SPAN, NOON, 0, 0, "EUR", (), inside)


async def happens(model: ReadModel, at: datetime, event: Message, to: object = LOT) -> None:
    model.past.now = micros(at)
    await model.given(event, to=to)


async def test_occupancy_is_what_the_gates_and_the_corrections_said(model: ReadModel) -> None:
    await happens(model, NOON, came(1))
    await happens(model, NOON + timedelta(minutes=5), came(2))
    await happens(model, NOON + HOUR, left(1))
    await happens(model, NOON + 26 * HOUR, CountCorrected("car", 1, 3, "counted", ANN, (), SPAN))
    found = LotHistory(model.tables)
    rows = await found.occupancy(LOT, NOON, NOON + 2 * HOUR, 2, NOON + WEEK)
    assert [pools["car"] for _, pools in rows] == [0, 2, 2, 1]
    assert rows[1][0] == NOON + HOUR / 2
    day = await found.occupancy(LOT, NOON + 25 * HOUR, NOON + 28 * HOUR, 4, NOON + WEEK)
    assert [pools["car"] for _, pools in day] == [1, 1, 3]  # also what came the day before


async def test_a_forecast_is_made_of_the_same_hours_of_the_weeks_before_and_of_what_is_promised(
    model: ReadModel,
) -> None:
    now = NOON + 3 * WEEK + timedelta(days=2)
    for week, most in enumerate((1, 3)):
        await happens(model, NOON + week * WEEK, came(most))
        await happens(model, NOON + week * WEEK + HOUR, left(0))
    wanted = NOON + 4 * WEEK  # the clocks of Berlin are put on in between
    promise = held(7, wanted + 6 * HOUR, wanted + 8 * HOUR, expires=wanted)
    await happens(model, now, promise)
    seen = await Lots(model.tables).lot(LOT)
    assert seen is not None
    hours = await LotHistory(model.tables).forecast(seen, wanted.astimezone(BERLIN).date(), now)
    by_hour = {each.at: each for each in hours}
    assert len(hours) == 23
    cars = {at: by_hour[at].pools["car"] for at in (wanted, wanted + HOUR, wanted + 6 * HOUR)}
    assert [(each.mean, each.low, each.high, each.promised, each.weeks) for each in cars.values()] == [
        (2, 1, 3, 0, 2),  # one o'clock in winter is two o'clock there, as is noon in summer
        (0, 0, 0, 0, 2),
        (1, 1, 1, 1, 2),
    ]
    assert by_hour[wanted].whole.mean == 2


async def test_revenue_of_a_day_is_the_sum_of_its_documents(money: ReadModel) -> None:
    ledger = given(to=ledger_id(LOT, 2026))

    def document(gross: int, *, back: bool = False) -> Message:
        nonlocal ledger
        source, paid, tax = reservation(len(ledger.events)), reservation(99), gross * 19 // 119
        command: Message = IssueInvoice(source, paid, ANN, gross, tax, "EUR", "Parking", "card")
        if back:
            command = IssueCreditNote(source, paid, ANN, gross, tax, "EUR", "Parking")
        ledger = ledger.when(command, by=SYSTEM).accepted()
        return ledger.events[-1]

    eve = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)  # half past eleven at night in Berlin
    for at, event in (
        (eve - HOUR, document(119)),
        (eve, document(238)),
        (eve + HOUR, document(1_190)),  # of the old year's ledger, issued in the new year
        (eve + HOUR, document(119, back=True)),
        (eve + 30 * HOUR, document(357)),
    ):
        await happens(money, at, event, ledger_id(LOT, 2026))
    found = await LotHistory(money.tables).revenue(LOT, date(2026, 12, 31), date(2027, 1, 2), BERLIN)
    assert found == [
        Takings(date(2026, 12, 31), "EUR", _sums(invoiced=357, tax=57, invoices=2)),
        Takings(
            date(2027, 1, 1), "EUR", _sums(invoiced=1_190, credited=119, tax=190, tax_back=19, invoices=1, notes=1)
        ),
        Takings(date(2027, 1, 2), "EUR", _sums(invoiced=357, tax=57, invoices=1)),
    ]
    later = await LotHistory(money.tables).revenue(LOT, date(2027, 1, 1), date(2027, 1, 1), BERLIN)
    assert later == found[1:2]


def _sums(**sums: int) -> dict[str, int]:
    return dict.fromkeys(("invoiced", "credited", "tax", "tax_back", "invoices", "notes"), 0) | sums
