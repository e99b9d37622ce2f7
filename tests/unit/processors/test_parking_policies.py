"""What follows from the money of car parks: a card that is charged at the exit, and what is owed to somebody."""

from collections.abc import Sequence

import pytest

from domain.kernel import Message
from domain.notice.recipient import Category
from domain.parking.ledger import IssueInvoice, ledger_id
from domain.parking.lot import (
    CardAsked,
    CardCharged,
    IncidentReported,
    Lapse,
    Lapsed,
    NoteAuthorised,
    NotePayment,
    NotePaymentFailed,
    NoteTrouble,
    Refund,
    Span,
)
from domain.parking.payment import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    StartPayment,
    StartRefund,
    TakePayment,
)
from domain.parking.payout import PayoutRefused, StartPayout
from processors.policies import RULES
from processors.policies.rules import Then
from processors.streams import read_event
from tests.scenario import ANN, BOB, NOON
from tests.unit.domain.lots import HOUR, LOT, ZONE, reservation
from tests.unit.past import CODEC, Past

CLAIM, PAYMENT, OTHER = reservation(1), reservation(2), reservation(3)
SPAN = Span("car", NOON, NOON + HOUR)


def follows(event: Message, to: object) -> Sequence[Then]:
    found = read_event(Past().happen(event, to), CODEC)
    assert found is not None
    (happened,) = found
    return RULES[type(event)](happened.event, happened.at)


def captured(*, later: bool) -> PaymentCaptured:
    return PaymentCaptured(LOT, CLAIM, ANN, 400, 64, "EUR", "card", "Parking", 2026, later)


INVOICE = Then(
    IssueInvoice(PAYMENT, CLAIM, ANN, 400, 64, "EUR", "Parking", "card"),
    ledger_id(LOT, 2026),
)


@pytest.mark.parametrize(
    ("event", "to", "expected"),
    [
        (
            CardAsked(CLAIM, PAYMENT, ANN, 5_000, "EUR", "card", ZONE, "Parking"),
            LOT,
            [Then(StartPayment(LOT, CLAIM, ANN, 5_000, 0, "EUR", "card", ZONE, "Parking", True), str(PAYMENT))],
        ),
        (
            PaymentAuthorised("ch_1", 5_000, "EUR", True, LOT, CLAIM),
            PAYMENT,
            [Then(NoteAuthorised(CLAIM, PAYMENT, 5_000), str(LOT))],
        ),
        (PaymentAuthorised("ch_1", 400, "EUR"), PAYMENT, []),
        (CardCharged(CLAIM, PAYMENT, 400, 64), LOT, [Then(TakePayment(400, 64), str(PAYMENT))]),
        (captured(later=True), PAYMENT, [INVOICE]),
        (captured(later=False), PAYMENT, [Then(NotePayment(CLAIM, PAYMENT, 400), str(LOT)), INVOICE]),
        (PaymentDeclined(LOT, CLAIM, "no"), PAYMENT, [Then(NotePaymentFailed(CLAIM, PAYMENT), str(LOT))]),
    ],
)
def test_what_follows(event: Message, to: object, expected: list[Then]) -> None:
    assert follows(event, to) == expected


def test_money_that_went_astray_is_for_people_to_look_at() -> None:
    for event, to in (
        (PaymentDeclined(LOT, CLAIM, "expired", 400), PAYMENT),
        (PayoutRefused(LOT, ANN, 400, "EUR", "no account"), CLAIM),
    ):
        [then] = follows(event, to)
        assert then.to == str(LOT)
        assert isinstance(then.command, NoteTrouble)
        assert then.command.claim == CLAIM
        assert "400" in then.command.note


def test_those_who_work_there_are_told_of_an_incident_and_nothing_of_what_somebody_wrote() -> None:
    hit = IncidentReported(OTHER, "watched plate", "stole a wallet", None, None, (ANN, BOB))
    told = follows(hit, LOT)
    assert [then.to for then in told] == [str(ANN), str(BOB)]
    first, second = [then.command.what for then in told]
    assert first == second
    assert (first.category, first.urgent, first.link) == (Category.WORK, True, f"/ui/parking/{LOT}/operate/security")
    assert (first.subject, "wallet" in repr(first)) == ("A watched plate was seen", False)
    [then] = follows(IncidentReported(CLAIM, "watched plate", "Dan did it", None, ANN, (BOB,)), LOT)
    assert (then.to, then.command.what.urgent, "Dan" in repr(then)) == (str(BOB), False, False)
    assert follows(IncidentReported(CLAIM, "unpaid", "4 EUR", None, None), LOT) == []  # of before they were named


@pytest.mark.parametrize(("owed", "currency", "paid_out"), [(1_500, "EUR", True), (0, "", False), (1_500, "", False)])
def test_a_broken_promise_is_refunded_and_compensated(owed: int, currency: str, paid_out: bool) -> None:
    """Events of before compensations were paid out say no currency: nothing is paid out for them now."""
    event = Lapsed(CLAIM, ANN, Lapse.DISPLACED, SPAN, 0, owed, (Refund(OTHER, 200),), currency)
    back, *more = follows(event, LOT)
    assert isinstance(back.command, StartRefund)
    assert (back.command.amount, back.to) == (200, str(OTHER))
    payouts = [each for each in more if isinstance(each.command, StartPayout)]
    assert payouts == ([Then(StartPayout(LOT, ANN, owed, currency), str(CLAIM))] if paid_out else [])
