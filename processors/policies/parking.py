"""What follows from events of car parks: what has its time is settled then; money moves and is invoiced."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from domain.parking.ledger import IssueCreditNote, IssueInvoice, ledger_id
from domain.parking.lot import (
    Cancelled,
    Changed,
    Confirmed,
    CountCorrected,
    Entered,
    Exited,
    Held,
    Lapsed,
    NotePayment,
    NotePaymentFailed,
    Overstayed,
    PaymentAsked,
    PaymentReturned,
    Refund,
    Settle,
)
from domain.parking.payment import (
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    StartPayment,
    StartRefund,
)
from processors.policies.rules import Rules, Then
from schemas.envelope import Recorded

_REFUNDS = UUID("e2f9e4c2-0e0c-5b53-a2a1-b0b3f7a4b9d6")  # never changes: the ids of refunds hang on it


def held(event: Held, at: Recorded) -> list[Then]:
    """Whether a hold is over is decided by every decision; this makes it seen where nobody decides anything."""
    return [Then(Settle(), at.aggregate_id, due=event.expires)]


def confirmed(event: Confirmed, at: Recorded) -> list[Then]:
    return [Then(Settle(), at.aggregate_id, due=event.noshow_at)]


def changed(event: Changed, at: Recorded) -> list[Then]:
    return [Then(Settle(), at.aggregate_id, due=event.due)]


def taken(event: Entered | Overstayed | CountCorrected, at: Recorded) -> list[Then]:
    """A vehicle that is still in then overstays."""
    return [Then(Settle(), at.aggregate_id, due=event.taken.end)]


# Money: the lot asks, the payment moves it, the lot and the ledger hear of it.


def payment_asked(event: PaymentAsked, at: Recorded) -> list[Then]:
    lot = UUID(at.aggregate_id)
    start = StartPayment(
        lot,
        event.claim,
        event.payer,
        event.amount,
        event.tax,
        event.currency,
        event.method,
        event.zone,
        event.what,
    )
    return [Then(start, str(event.payment))]


def payment_captured(event: PaymentCaptured, at: Recorded) -> list[Then]:
    payment = UUID(at.aggregate_id)
    invoice = IssueInvoice(
        payment,
        event.claim,
        event.payer,
        event.amount,
        event.tax,
        event.currency,
        event.what,
        event.method,
    )
    return [
        Then(NotePayment(event.claim, payment, event.amount), str(event.lot)),
        Then(invoice, ledger_id(event.lot, event.year)),
    ]


def payment_declined(event: PaymentDeclined, at: Recorded) -> list[Then]:
    return [Then(NotePaymentFailed(event.claim, UUID(at.aggregate_id)), str(event.lot))]


def payment_refunded(event: PaymentRefunded, at: Recorded) -> list[Then]:
    payment = UUID(at.aggregate_id)
    note = IssueCreditNote(event.refund, payment, event.payer, event.amount, event.tax, event.currency, event.what)
    return [Then(note, ledger_id(event.lot, event.year))]


def ended(event: Cancelled | Lapsed | Exited, at: Recorded) -> list[Then]:
    """What is too much goes back."""
    return _back(event.refunds, at)


def payment_returned(event: PaymentReturned, at: Recorded) -> list[Then]:
    return _back((Refund(event.payment, event.amount),), at)


def _back(refunds: Sequence[Refund], at: Recorded) -> list[Then]:
    return [
        Then(StartRefund(uuid5(_REFUNDS, f"{at.id}/{each.payment}"), each.amount), str(each.payment))
        for each in refunds
    ]


RULES: Rules = {
    Held: held,
    Confirmed: confirmed,
    Changed: changed,
    Entered: taken,
    Overstayed: taken,
    CountCorrected: taken,
    Cancelled: ended,
    Lapsed: ended,
    Exited: ended,
    PaymentAsked: payment_asked,
    PaymentReturned: payment_returned,
    PaymentCaptured: payment_captured,
    PaymentDeclined: payment_declined,
    PaymentRefunded: payment_refunded,
}
