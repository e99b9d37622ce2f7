"""The consumer that speaks to the payment gateway: every charge once, whatever is slow, away or told twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.catalogue import CATALOGUE
from domain.kernel import Message
from domain.parking.payment import (
    CaptureStarted,
    PaymentAuthorised,
    PaymentStarted,
    RecordAuthorisation,
    RecordCapture,
    RecordDecline,
    RecordRefund,
    RecordRelease,
    RefundStarted,
    ReleaseStarted,
)
from domain.parking.payout import PayoutStarted, RecordPayout
from infra.payment_gateway.till import Till
from infra.payments import GatewayAway, Money
from processors import payments
from processors.payments import CALLS, Charging
from tests.scenario import ANN
from tests.unit.domain.lots import LOT, ZONE, reservation
from tests.unit.past import CODEC
from tests.unit.processors.stage import Stage, staged

PAYMENT = reservation(1)
STARTED = PaymentStarted(LOT, reservation(2), ANN, 500, 0, "EUR", "card", ZONE, "Parking")


class Unreliable:
    """A gateway whose answers can get lost, with or without the effect."""

    def __init__(self) -> None:
        self.till = Till()
        self.lost_answers = self.away = self.calls = 0

    async def authorise(self, key: str, payment: str, money: Money, method: str) -> str:
        self._reached()
        return self.till.authorise(key, payment, money, method)

    async def capture(self, key: str, reference: str, money: Money | None = None) -> None:
        self._reached()
        self.till.capture(key, reference, money)
        if self.lost_answers > 0:
            self.lost_answers -= 1
            raise GatewayAway("time-out after the charge")

    async def refund(self, key: str, reference: str, money: Money) -> None:
        self._reached()
        self.till.refund(key, reference, money)

    async def release(self, key: str, reference: str) -> None:
        self._reached()
        self.till.release(key, reference)

    async def pay_out(self, key: str, payee: str, money: Money) -> str:
        self._reached()
        return self.till.pay_out(key, payee, money)

    async def close(self) -> None:
        return None

    def _reached(self) -> None:
        self.calls += 1
        if self.away > 0:
            self.away -= 1
            raise GatewayAway("nobody there")


class Clock:
    now = 10**15

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(payments, "micros_now", clock)
    return clock


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        await stage.tables.create(Charging.tables)
        yield stage


def charging(stage: Stage, gateway: Unreliable) -> Charging:
    return Charging(stage.log, CODEC, stage.tables, CATALOGUE, gateway)


def commands(stage: Stage) -> list[Message]:
    return stage.messages("parking.commands")


async def test_a_payment_is_authorised_then_captured(stage: Stage) -> None:
    gateway = Unreliable()
    stage.happen(STARTED, PAYMENT)
    await stage.run(charging(stage, gateway))
    [authorisation] = commands(stage)
    assert isinstance(authorisation, RecordAuthorisation)
    stage.happen(PaymentAuthorised(authorisation.reference, 500, "EUR"), PAYMENT)
    await stage.run(charging(stage, gateway))
    assert commands(stage)[1:] == [RecordCapture(authorisation.reference)]
    assert gateway.till.taken() == 500
    stage.happen(RefundStarted(reservation(9), authorisation.reference, 200, "EUR"), PAYMENT)
    await stage.run(charging(stage, gateway))
    assert commands(stage)[2:] == [RecordRefund(reservation(9))]
    assert gateway.till.taken() == 300


async def test_a_card_at_the_entry_is_captured_or_let_go_when_the_stay_is_over(stage: Stage) -> None:
    gateway = Unreliable()
    one, other = (gateway.till.authorise(name, name, Money(5_000, "EUR"), "card") for name in ("one", "other"))
    stage.happen(PaymentAuthorised(one, 5_000, "EUR", True, LOT, reservation(2)), PAYMENT)
    await stage.run(charging(stage, gateway))
    assert commands(stage) == []
    stage.happen(CaptureStarted(one, 400, 64, "EUR"), PAYMENT)
    stage.happen(ReleaseStarted(other), reservation(3))
    await stage.run(charging(stage, gateway))
    assert commands(stage) == [RecordCapture(one), RecordRelease()]
    assert gateway.till.taken() == 400
    assert gateway.till.charges[other].released


async def test_a_compensation_is_paid_out_once_also_where_the_answer_got_lost(stage: Stage) -> None:
    gateway = Unreliable()
    stage.happen(PayoutStarted(LOT, ANN, 1_500, "EUR"), reservation(2))
    handler = charging(stage, gateway)
    happened = [found for each in stage.read("parking.events") if (found := handler.read(each, CODEC)) is not None]
    for _ in range(2):
        await handler.handle(happened)
    [(payee, money)] = gateway.till.payouts.values()
    assert (payee, money) == (str(ANN), Money(1_500, "EUR"))
    assert set(commands(stage)) == {RecordPayout(next(iter(gateway.till.payouts)))}


async def test_a_decline_is_recorded_and_final(stage: Stage) -> None:
    gateway = Unreliable()
    gateway.till.faults.declines = 1
    stage.happen(STARTED, PAYMENT)
    await stage.run(charging(stage, gateway))
    assert commands(stage) == [RecordDecline("card_declined")]


async def test_an_answer_that_got_lost_after_the_charge_is_asked_for_again_and_is_one_charge(
    stage: Stage, clock: Clock
) -> None:
    gateway = Unreliable()
    reference = gateway.till.authorise(f"{PAYMENT}/authorise", str(PAYMENT), Money(500, "EUR"), "card")
    gateway.lost_answers = 2
    stage.happen(PaymentAuthorised(reference, 500, "EUR"), PAYMENT)
    handler = charging(stage, gateway)
    await stage.run(handler)
    assert commands(stage) == []
    assert gateway.till.taken() == 500
    for _ in range(2):
        clock.now += 5_000_000
        await stage.tables.write(await handler.tend())
    assert commands(stage) == [RecordCapture(reference)]
    assert gateway.till.taken() == 500
    clock.now += 5_000_000
    assert await handler.tend() == []
    assert [row async for row in stage.tables.rows(CALLS)] == []


async def test_a_gateway_that_is_away_is_left_alone_for_a_while_and_nothing_is_lost(stage: Stage, clock: Clock) -> None:
    gateway = Unreliable()
    gateway.away = 1
    for number in range(5):
        stage.happen(STARTED, reservation(number))
    handler = charging(stage, gateway)
    await stage.run(handler)
    assert gateway.calls == 1  # the others were not even tried
    await handler.tend()
    assert gateway.calls == 1
    clock.now += 2_000_000
    another = charging(stage, gateway)  # another worker takes over what waits
    await another.assigned([("parking.events", 0)])
    await stage.tables.write(await another.tend())
    assert len(commands(stage)) == 5


async def test_after_a_crash_the_same_call_is_the_same_call(stage: Stage) -> None:
    gateway = Unreliable()
    stage.happen(STARTED, PAYMENT)
    handler = charging(stage, gateway)
    records = stage.read("parking.events")
    happened = [found for each in records if (found := handler.read(each, CODEC)) is not None]
    for _ in range(2):
        await handler.handle(happened)
    first, again = stage.read("parking.commands")
    assert (first.headers["ce_id"], first.value) == (again.headers["ce_id"], again.value)
    assert len(gateway.till.charges) == 1
