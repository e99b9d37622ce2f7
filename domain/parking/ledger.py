"""The invoices of one lot and year: numbered without gaps, never edited; a credit note takes back what was too much."""

import re
from dataclasses import dataclass
from uuid import UUID

from domain.kernel import Context, Reason, Rejected

RECENT = 2_000  # documents whose sources are remembered; an older command was answered long ago

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]{4}")


def ledger_id(lot: UUID, year: int) -> str:
    """The ledger of a lot and a year."""
    return f"{lot}.{year:04d}"


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


INITIAL = Ledger()


def evolve(ledger: Ledger, event: Event) -> Ledger:
    source = event.invoice if isinstance(event, InvoiceIssued) else event.note
    return Ledger(event.number, (*ledger.recent, source)[-RECENT:])


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
    return [] if source in ledger.recent else [issued]
