"""Payments move once and invoices are numbered without gaps, however often and in whatever order the news comes."""

from datetime import UTC, datetime

import pytest

from domain.kernel import Reason
from domain.parking.ledger import CreditNoteIssued, InvoiceIssued, IssueCreditNote, IssueInvoice, Sums, ledger_id
from domain.parking.payment import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentStarted,
    RecordAuthorisation,
    RecordCapture,
    RecordDecline,
    RecordRefund,
    RefundStarted,
    StartPayment,
    StartRefund,
)
from tests.scenario import ANN, BOB, SYSTEM, given
from tests.unit.domain.lots import LOT, ZONE, reservation

PAYMENT, CLAIM, REFUND = reservation(1), reservation(2), reservation(3)
STARTED = PaymentStarted(LOT, CLAIM, ANN, 1_190, 190, "EUR", "card", ZONE, "Parking, Main Street")
AUTHORISED = PaymentAuthorised("ch_1", 1_190, "EUR")
CAPTURED = PaymentCaptured(LOT, CLAIM, ANN, 1_190, 190, "EUR", "card", "Parking, Main Street", 2026)
START = StartPayment(LOT, CLAIM, ANN, 1_190, 190, "EUR", "card", ZONE, "Parking, Main Street")


def test_a_payment_goes_its_way_and_every_step_counts_once() -> None:
    one = given(to=PAYMENT).when(START, by=SYSTEM).then(STARTED)
    one.when(START, by=SYSTEM).then()
    two = one.when(RecordAuthorisation("ch_1"), by=SYSTEM).then(AUTHORISED)
    two.when(RecordAuthorisation("ch_1"), by=SYSTEM).then()
    three = two.when(RecordCapture("ch_1"), by=SYSTEM).then(CAPTURED)
    for late in (RecordCapture("ch_1"), RecordAuthorisation("ch_1"), RecordDecline("late")):
        three.when(late, by=SYSTEM).then()


def test_news_of_the_capture_may_come_first() -> None:
    given(STARTED, to=PAYMENT).when(RecordCapture("ch_1"), by=SYSTEM).then(AUTHORISED, CAPTURED)


def test_a_declined_payment_stays_declined() -> None:
    one = given(STARTED, to=PAYMENT).when(RecordDecline("no"), by=SYSTEM).then(PaymentDeclined(LOT, CLAIM, "no"))
    one.when(RecordDecline("no"), by=SYSTEM).then()
    one.when(StartRefund(REFUND, 1), by=SYSTEM).rejected("refund_invalid")


def test_no_more_goes_back_than_has_come_and_each_refund_once() -> None:
    paid = given(STARTED, AUTHORISED, CAPTURED, to=PAYMENT)
    paid.when(StartRefund(REFUND, 1_191), by=SYSTEM).rejected("refund_invalid")
    one = paid.when(StartRefund(REFUND, 1_000), by=SYSTEM).then(RefundStarted(REFUND, "ch_1", 1_000, "EUR"))
    one.when(StartRefund(REFUND, 1_000), by=SYSTEM).then()
    one.when(StartRefund(BOB, 191), by=SYSTEM).rejected("refund_invalid")
    done = one.when(RecordRefund(REFUND), by=SYSTEM).then(
        PaymentRefunded(REFUND, LOT, ANN, 1_000, 159, "EUR", "Parking, Main Street", 2026)
    )
    done.when(RecordRefund(REFUND), by=SYSTEM).then()
    paid.when(RecordRefund(REFUND), by=SYSTEM).rejected("refund_unknown", Reason.NOT_FOUND)


@pytest.mark.parametrize(("hour", "year"), [(22, 2026), (23, 2027)])
def test_the_year_is_that_of_the_lots_calendar(hour: int, year: int) -> None:
    eve = datetime(2026, 12, 31, hour, 30, tzinfo=UTC)  # half past eleven at night in Berlin, and half past midnight
    found = given(STARTED, AUTHORISED, to=PAYMENT).when(RecordCapture("ch_1"), by=SYSTEM, at=eve).events
    assert [each.year for each in found if isinstance(each, PaymentCaptured)] == [year]


def test_only_the_system_moves_money() -> None:
    given(to=PAYMENT).when(START, by=ANN).rejected("not_yours", Reason.FORBIDDEN)
    given(to=ledger_id(LOT, 2026)).when(invoice(1), by=ANN).rejected("not_yours", Reason.FORBIDDEN)


def invoice(number: int) -> IssueInvoice:
    return IssueInvoice(reservation(number), CLAIM, ANN, 1_190, 190, "EUR", "Parking", "card")


def test_documents_are_numbered_without_gaps_and_repeats_get_none() -> None:
    ledger = given(to=ledger_id(LOT, 2026))
    one = ledger.when(invoice(1), by=SYSTEM).then(
        InvoiceIssued(
            1, reservation(1), CLAIM, ANN, 1_000, 190, 1_190, "EUR", "Parking", "card", Sums(1_190, 0, 190, 0, 1)
        )
    )
    one.when(invoice(1), by=SYSTEM).then()
    note = IssueCreditNote(REFUND, reservation(1), ANN, 1_190, 190, "EUR", "Parking")
    two = one.when(note, by=SYSTEM).then(
        CreditNoteIssued(
            2, REFUND, reservation(1), ANN, 1_000, 190, 1_190, "EUR", "Parking", Sums(1_190, 1_190, 190, 190, 1, 1)
        )
    )
    two.when(note, by=SYSTEM).then()
    assert two.when(invoice(9), by=SYSTEM).accepted().events[-1].number == 3


@pytest.mark.parametrize("bad", ["x", f"{LOT}", f"{LOT}.26", f"{LOT}.2026.1"])
def test_a_ledger_is_of_a_lot_and_a_year(bad: str) -> None:
    given(to=bad).when(invoice(1), by=SYSTEM).rejected("id_invalid")
