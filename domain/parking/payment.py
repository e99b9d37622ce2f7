"""A payment: authorised, captured, refunded by the gateway; every step is recorded once, however often it is told."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.kernel import Context, Reason, Rejected
from domain.parking.tariff import is_zone

MOST = 10**12  # minor units
REFUNDS = 50  # of one payment
REFERENCE = 200  # code points


# Events. The aggregate's id is the payment's.


@dataclass(frozen=True, slots=True)
class PaymentStarted:
    lot: UUID
    claim: UUID
    payer: UUID
    amount: int  # minor units, tax included
    tax: int
    currency: str
    method: str
    zone: str  # whose calendar the documents are dated by
    what: str


@dataclass(frozen=True, slots=True)
class PaymentAuthorised:
    reference: str  # the gateway's
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentCaptured:
    lot: UUID
    claim: UUID
    payer: UUID
    amount: int
    tax: int
    currency: str
    method: str
    what: str
    year: int  # on the lot's calendar


@dataclass(frozen=True, slots=True)
class PaymentDeclined:
    lot: UUID
    claim: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class RefundStarted:
    refund: UUID
    reference: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    refund: UUID
    lot: UUID
    payer: UUID
    amount: int
    tax: int
    currency: str
    what: str
    year: int


Event = PaymentStarted | PaymentAuthorised | PaymentCaptured | PaymentDeclined | RefundStarted | PaymentRefunded


# Commands, all by the system: policies, the consumer that speaks to the gateway, and the gateway's webhooks.


@dataclass(frozen=True, slots=True)
class StartPayment:
    lot: UUID
    claim: UUID
    payer: UUID
    amount: int
    tax: int
    currency: str
    method: str
    zone: str
    what: str


@dataclass(frozen=True, slots=True)
class RecordAuthorisation:
    reference: str


@dataclass(frozen=True, slots=True)
class RecordCapture:
    reference: str


@dataclass(frozen=True, slots=True)
class RecordDecline:
    reason: str


@dataclass(frozen=True, slots=True)
class StartRefund:
    refund: UUID  # a new one
    amount: int


@dataclass(frozen=True, slots=True)
class RecordRefund:
    refund: UUID


Command = StartPayment | RecordAuthorisation | RecordCapture | RecordDecline | StartRefund | RecordRefund


# State.


class Progress(StrEnum):
    NEW = "new"
    STARTED = "started"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Payment:
    progress: Progress = Progress.NEW
    asked: PaymentStarted | None = None
    reference: str = ""
    refunds: dict[UUID, int] = field(default_factory=dict)  # that were started
    refunded: frozenset[UUID] = frozenset()


INITIAL = Payment()


def evolve(payment: Payment, event: Event) -> Payment:
    match event:
        case PaymentStarted():
            return replace(payment, progress=Progress.STARTED, asked=event)
        case PaymentAuthorised(reference=reference):
            return replace(payment, progress=Progress.AUTHORISED, reference=reference)
        case PaymentCaptured():
            return replace(payment, progress=Progress.CAPTURED)
        case PaymentDeclined():
            return replace(payment, progress=Progress.DECLINED)
        case RefundStarted(refund=refund, amount=amount):
            return replace(payment, refunds={**payment.refunds, refund: amount})
        case PaymentRefunded(refund=refund):
            return replace(payment, refunded=payment.refunded | {refund})


def decide(payment: Payment, command: Command, context: Context) -> list[Event]:
    if not context.actor.is_system:
        raise Rejected("not_yours", "Only the system itself does this.", Reason.FORBIDDEN)
    if isinstance(command, StartPayment):
        return _start(payment, command)
    asked = payment.asked
    if asked is None:
        raise Rejected("payment_unknown", "There is no such payment.", Reason.NOT_FOUND)
    match command:
        case RecordAuthorisation(reference=reference):
            _check_reference(reference)
            known = payment.progress is not Progress.STARTED
            return [] if known else [PaymentAuthorised(reference, asked.amount, asked.currency)]
        case RecordCapture(reference=reference):
            _check_reference(reference)
            return _capture(payment, asked, reference, context)
        case RecordDecline(reason=reason):
            over = payment.progress in (Progress.CAPTURED, Progress.DECLINED)
            return [] if over else [PaymentDeclined(asked.lot, asked.claim, reason[:REFERENCE])]
        case StartRefund(refund=refund, amount=amount):
            return _refund(payment, asked, refund, amount)
        case RecordRefund(refund=refund):
            return _refunded(payment, asked, refund, context)


def _start(payment: Payment, command: StartPayment) -> list[Event]:
    if payment.asked is not None:
        return []
    if not 0 < command.amount <= MOST or not 0 <= command.tax <= command.amount or not is_zone(command.zone):
        raise Rejected("payment_invalid", "Give an amount, its tax and a time zone.", Reason.INVALID)
    values = (command.amount, command.tax, command.currency, command.method, command.zone, command.what)
    return [PaymentStarted(command.lot, command.claim, command.payer, *values)]


def _capture(payment: Payment, asked: PaymentStarted, reference: str, context: Context) -> list[Event]:
    """Also where the news of the authorisation, or of a decline that was none, comes later."""
    if payment.progress is Progress.CAPTURED:
        return []
    before: list[Event] = []
    if payment.progress is not Progress.AUTHORISED:
        before = [PaymentAuthorised(reference, asked.amount, asked.currency)]
    values = (asked.amount, asked.tax, asked.currency, asked.method, asked.what, _year(asked.zone, context))
    return [*before, PaymentCaptured(asked.lot, asked.claim, asked.payer, *values)]


def _refund(payment: Payment, asked: PaymentStarted, refund: UUID, amount: int) -> list[Event]:
    if refund in payment.refunds:
        return []
    left = asked.amount - sum(payment.refunds.values())
    if payment.progress is not Progress.CAPTURED or not 0 < amount <= left or len(payment.refunds) >= REFUNDS:
        raise Rejected("refund_invalid", "No more can go back than has come.")
    return [RefundStarted(refund, payment.reference, amount, asked.currency)]


def _refunded(payment: Payment, asked: PaymentStarted, refund: UUID, context: Context) -> list[Event]:
    amount = payment.refunds.get(refund)
    if amount is None:
        raise Rejected("refund_unknown", "There is no such refund.", Reason.NOT_FOUND)
    if refund in payment.refunded:
        return []
    tax = asked.tax * amount // asked.amount
    values = (amount, tax, asked.currency, asked.what, _year(asked.zone, context))
    return [PaymentRefunded(refund, asked.lot, asked.payer, *values)]


def _year(zone: str, context: Context) -> int:
    return context.now.astimezone(ZoneInfo(zone)).year


def _check_reference(reference: str) -> None:
    if not 0 < len(reference) <= REFERENCE:
        raise Rejected("reference_invalid", "Give the gateway's reference.", Reason.INVALID)
