"""A payment: authorised, captured, refunded by the gateway; every step is recorded once, however often it is told.

Most are captured at once. A card at the entry is authorised up to a ceiling, and captured, or let go, at the exit.
"""

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
    later: bool = False  # captured when somebody says so, and not more than the amount


@dataclass(frozen=True, slots=True)
class PaymentAuthorised:
    reference: str  # the gateway's
    amount: int
    currency: str
    later: bool = False
    lot: UUID | None = None  # who waits for it, where it is captured later
    claim: UUID | None = None


@dataclass(frozen=True, slots=True)
class CaptureStarted:
    """Some of what was authorised is taken, and the rest let go."""

    reference: str
    amount: int
    tax: int
    currency: str


@dataclass(frozen=True, slots=True)
class ReleaseStarted:
    """Nothing of what was authorised is taken."""

    reference: str


@dataclass(frozen=True, slots=True)
class PaymentReleased:
    lot: UUID
    claim: UUID


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
    later: bool = False


@dataclass(frozen=True, slots=True)
class PaymentDeclined:
    lot: UUID
    claim: UUID
    reason: str
    owed: int = 0  # what could not be taken of a card that was good for it before


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


_Later = CaptureStarted | ReleaseStarted | PaymentReleased
Event = (
    PaymentStarted | PaymentAuthorised | PaymentCaptured | PaymentDeclined | RefundStarted | PaymentRefunded | _Later
)


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
    later: bool = False


@dataclass(frozen=True, slots=True)
class TakePayment:
    """The stay is over: takes so much of what was authorised; 0: lets it go."""

    amount: int
    tax: int


@dataclass(frozen=True, slots=True)
class RecordRelease:
    pass


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


_AtExit = TakePayment | RecordRelease
Command = StartPayment | RecordAuthorisation | RecordCapture | RecordDecline | StartRefund | RecordRefund | _AtExit


# State.


class Progress(StrEnum):
    NEW = "new"
    STARTED = "started"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    RELEASED = "released"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Payment:
    progress: Progress = Progress.NEW
    asked: PaymentStarted | None = None
    reference: str = ""
    taken: int = 0  # at the exit; what is captured at once is what was asked for
    tax: int = 0
    leaving: bool = False  # whether it is being captured or let go
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
        case CaptureStarted(amount=amount, tax=tax):
            return replace(payment, taken=amount, tax=tax, leaving=True)
        case ReleaseStarted():
            return replace(payment, leaving=True)
        case PaymentReleased():
            return replace(payment, progress=Progress.RELEASED)
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
            return [] if payment.progress is not Progress.STARTED else [_authorised(asked, reference)]
        case RecordCapture(reference=reference):
            _check_reference(reference)
            return _capture(payment, asked, reference, context)
        case RecordDecline(reason=reason):
            over = payment.progress in (Progress.CAPTURED, Progress.RELEASED, Progress.DECLINED)
            owed = payment.taken if asked.later else 0
            return [] if over else [PaymentDeclined(asked.lot, asked.claim, reason[:REFERENCE], owed)]
        case TakePayment(amount=amount, tax=tax):
            return _take(payment, asked, amount, tax)
        case RecordRelease():
            let_go = payment.progress is Progress.AUTHORISED and payment.leaving and not payment.taken
            return [PaymentReleased(asked.lot, asked.claim)] if let_go else []
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
    return [PaymentStarted(command.lot, command.claim, command.payer, *values, command.later)]


def _authorised(asked: PaymentStarted, reference: str) -> PaymentAuthorised:
    whose = (asked.lot, asked.claim) if asked.later else (None, None)
    return PaymentAuthorised(reference, asked.amount, asked.currency, asked.later, *whose)


def _take(payment: Payment, asked: PaymentStarted, amount: int, tax: int) -> list[Event]:
    """Once: what is asked for again, or too late, changes nothing."""
    if payment.progress is not Progress.AUTHORISED or payment.leaving:
        return []
    if not asked.later or not 0 <= tax <= amount <= asked.amount:
        raise Rejected("capture_invalid", "No more can be taken than was authorised.")
    if not amount:
        return [ReleaseStarted(payment.reference)]
    return [CaptureStarted(payment.reference, amount, tax, asked.currency)]


def _capture(payment: Payment, asked: PaymentStarted, reference: str, context: Context) -> list[Event]:
    """Also where the news of the authorisation, or of a decline that was none, comes later."""
    amount, tax = _taken(payment, asked)
    if payment.progress in (Progress.CAPTURED, Progress.RELEASED) or not amount:
        return []
    before: list[Event] = []
    if payment.progress is not Progress.AUTHORISED and not asked.later:
        before = [_authorised(asked, reference)]
    values = (amount, tax, asked.currency, asked.method, asked.what, _year(asked.zone, context))
    return [*before, PaymentCaptured(asked.lot, asked.claim, asked.payer, *values, asked.later)]


def _taken(payment: Payment, asked: PaymentStarted) -> tuple[int, int]:
    """What is captured, or is about to be, and the tax in it."""
    return (payment.taken, payment.tax) if asked.later else (asked.amount, asked.tax)


def _refund(payment: Payment, asked: PaymentStarted, refund: UUID, amount: int) -> list[Event]:
    if refund in payment.refunds:
        return []
    left = _taken(payment, asked)[0] - sum(payment.refunds.values())
    if payment.progress is not Progress.CAPTURED or not 0 < amount <= left or len(payment.refunds) >= REFUNDS:
        raise Rejected("refund_invalid", "No more can go back than has come.")
    return [RefundStarted(refund, payment.reference, amount, asked.currency)]


def _refunded(payment: Payment, asked: PaymentStarted, refund: UUID, context: Context) -> list[Event]:
    amount = payment.refunds.get(refund)
    if amount is None:
        raise Rejected("refund_unknown", "There is no such refund.", Reason.NOT_FOUND)
    if refund in payment.refunded:
        return []
    whole, whole_tax = _taken(payment, asked)
    tax = whole_tax * amount // whole
    values = (amount, tax, asked.currency, asked.what, _year(asked.zone, context))
    return [PaymentRefunded(refund, asked.lot, asked.payer, *values)]


def _year(zone: str, context: Context) -> int:
    return context.now.astimezone(ZoneInfo(zone)).year


def _check_reference(reference: str) -> None:
    if not 0 < len(reference) <= REFERENCE:
        raise Rejected("reference_invalid", "Give the gateway's reference.", Reason.INVALID)
