"""The invoices of one lot and year: numbered without gaps, never edited; a credit note takes back what was too much."""

import re
from dataclasses import dataclass, field, replace
from uuid import UUID

from domain.kernel import Context, Reason, Rejected

RECENT = 2_000  # documents whose sources are remembered; an older command was answered long ago

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]{4}")


def ledger_id(lot: UUID, year: int) -> str:
    """The ledger of a lot and a year."""
    return f"{lot}.{year:04d}"


@dataclass(frozen=True, slots=True)
class Sums:
    """What a ledger adds up to in one currency, in minor units; it only grows."""

    invoiced: int = 0
    credited: int = 0
    tax: int = 0  # of invoices
    tax_back: int = 0  # of credit notes
    invoices: int = 0
    notes: int = 0


# Events.


@dataclass(frozen=True, slots=True)
class InvoiceIssued:
    number: int  # 1, 2, 3 … of this lot and year; credit notes are in the same row
    invoice: UUID  # the payment it is for
    claim: UUID
    payer: UUID
    net: int  # minor units
    tax: int
    gross: int
    currency: str
    what: str
    method: str
    sums: Sums | None = None  # with this one; None in events of before it was told


@dataclass(frozen=True, slots=True)
class CreditNoteIssued:
    number: int
    note: UUID  # the refund it is for
    invoice: UUID
    payer: UUID
    net: int
    tax: int
    gross: int
    currency: str
    what: str
    sums: Sums | None = None  # as in InvoiceIssued


Event = InvoiceIssued | CreditNoteIssued


# Commands, by policies.


@dataclass(frozen=True, slots=True)
class IssueInvoice:
    payment: UUID
    claim: UUID
    payer: UUID
    amount: int
    tax: int
    currency: str
    what: str
    method: str


@dataclass(frozen=True, slots=True)
class IssueCreditNote:
    refund: UUID
    payment: UUID
    payer: UUID
    amount: int
    tax: int
    currency: str
    what: str


Command = IssueInvoice | IssueCreditNote


# State.


@dataclass(frozen=True, slots=True)
class Ledger:
    last: int = 0
    recent: tuple[UUID, ...] = ()  # payments and refunds that have their document
    sums: dict[str, Sums] = field(default_factory=dict)  # by currency


INITIAL = Ledger()


def evolve(ledger: Ledger, event: Event) -> Ledger:
    source = event.invoice if isinstance(event, InvoiceIssued) else event.note
    sums = {**ledger.sums, event.currency: _with(ledger, event)}
    return Ledger(event.number, (*ledger.recent, source)[-RECENT:], sums)


def decide(ledger: Ledger, command: Command, context: Context) -> list[Event]:
    if not context.actor.is_system:
        raise Rejected("not_yours", "Only the system itself does this.", Reason.FORBIDDEN)
    if not _ID.fullmatch(context.aggregate_id):
        raise Rejected("id_invalid", "A ledger is of a lot and a year.", Reason.INVALID)
    if not 0 <= command.tax <= command.amount or not command.amount:
        raise Rejected("amount_invalid", "Give an amount and the tax in it.", Reason.INVALID)
    number, net = ledger.last + 1, command.amount - command.tax
    match command:
        case IssueInvoice(payment=source):
            issued: Event = InvoiceIssued(
                number,
                source,
                command.claim,
                command.payer,
                net,
                command.tax,
                command.amount,
                command.currency,
                command.what,
                command.method,
            )
        case IssueCreditNote(refund=source):
            issued = CreditNoteIssued(
                number,
                source,
                command.payment,
                command.payer,
                net,
                command.tax,
                command.amount,
                command.currency,
                command.what,
            )
    return [] if source in ledger.recent else [replace(issued, sums=_with(ledger, issued))]


def _with(ledger: Ledger, document: Event) -> Sums:
    """What the ledger adds up to in the document's currency, the document with it."""
    sums = ledger.sums.get(document.currency, Sums())
    if isinstance(document, InvoiceIssued):
        invoiced, tax, count = sums.invoiced + document.gross, sums.tax + document.tax, sums.invoices + 1
        return replace(sums, invoiced=invoiced, tax=tax, invoices=count)
    credited, tax, count = sums.credited + document.gross, sums.tax_back + document.tax, sums.notes + 1
    return replace(sums, credited=credited, tax_back=tax, notes=count)
