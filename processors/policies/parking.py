"""What follows from events of car parks: what has its time is settled then; money moves and is invoiced."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from domain.parking.ledger import IssueCreditNote, IssueInvoice, ledger_id
from domain.parking.lot import (
    Cancelled,
    CardAsked,
    CardCharged,
    Changed,
    Confirmed,
    CountCorrected,
    Entered,
    Exited,
    Held,
    Lapsed,
    NoteAuthorised,
    NotePayment,
    NotePaymentFailed,
    NoteTrouble,
    Overstayed,
    PaymentAsked,
    PaymentReturned,
    Refund,
    Settle,
)
from domain.parking.payment import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    StartPayment,
    StartRefund,
    TakePayment,
)
from domain.parking.payout import PayoutRefused, StartPayout
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


def card_asked(event: CardAsked, at: Recorded) -> list[Then]:
    """Its tax is known when it is taken."""
    lot, values = UUID(at.aggregate_id), (event.currency, event.method, event.zone, event.what)
    start = StartPayment(lot, event.claim, event.payer, event.amount, 0, *values, later=True)
    return [Then(start, str(event.payment))]


def card_charged(event: CardCharged, at: Recorded) -> list[Then]:
    return [Then(TakePayment(event.amount, event.tax), str(event.payment))]


def payment_authorised(event: PaymentAuthorised, at: Recorded) -> list[Then]:
    """Only who charges it later waits for that."""
    if event.lot is None or event.claim is None:
        return []
    return [Then(NoteAuthorised(event.claim, UUID(at.aggregate_id), event.amount), str(event.lot))]


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
    invoiced = Then(invoice, ledger_id(event.lot, event.year))
    if event.later:  # the vehicle has left on it
        return [invoiced]
    return [Then(NotePayment(event.claim, payment, event.amount), str(event.lot)), invoiced]


def payment_declined(event: PaymentDeclined, at: Recorded) -> list[Then]:
    payment = UUID(at.aggregate_id)
    if event.owed:
        note = f"The card was not charged at the exit: {event.owed} in the smallest unit, {event.reason}."
        return [Then(NoteTrouble(payment, "unpaid", note, event.claim), str(event.lot))]
    return [Then(NotePaymentFailed(event.claim, payment), str(event.lot))]


def payout_refused(event: PayoutRefused, at: Recorded) -> list[Then]:
    claim = UUID(at.aggregate_id)
    note = f"A compensation was not paid out: {event.amount} {event.currency} in the smallest unit, {event.reason}."
    return [Then(NoteTrouble(claim, "compensation", note, claim), str(event.lot))]


def payment_refunded(event: PaymentRefunded, at: Recorded) -> list[Then]:
    payment = UUID(at.aggregate_id)
    note = IssueCreditNote(event.refund, payment, event.payer, event.amount, event.tax, event.currency, event.what)
    return [Then(note, ledger_id(event.lot, event.year))]


def ended(event: Cancelled | Exited, at: Recorded) -> list[Then]:
    """What is too much goes back."""
    return _back(event.refunds, at)


def lapsed(event: Lapsed, at: Recorded) -> list[Then]:
    """What was paid goes back the way it came; what the lot owes on top is paid out."""
    then = _back(event.refunds, at)
    if event.compensation and event.currency:
        payout = StartPayout(UUID(at.aggregate_id), event.holder, event.compensation, event.currency)
        then.append(Then(payout, str(event.reservation)))
    return then


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
    Lapsed: lapsed,
    Exited: ended,
    PaymentAsked: payment_asked,
    PaymentReturned: payment_returned,
    CardAsked: card_asked,
    CardCharged: card_charged,
    PaymentAuthorised: payment_authorised,
    PayoutRefused: payout_refused,
    PaymentCaptured: payment_captured,
    PaymentDeclined: payment_declined,
    PaymentRefunded: payment_refunded,
}
