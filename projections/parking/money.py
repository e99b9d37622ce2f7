"""Payments, invoices and credit notes as payers and operators see them."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.parking.ledger import CreditNoteIssued, InvoiceIssued, Sums
from domain.parking.payment import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentReleased,
    PaymentStarted,
)
from domain.parking.payout import PayoutMade, PayoutRefused, PayoutStarted
from infra.tables import Row, Table, Tables, Write
from projections.parking.tables import SLOT
from projections.projection import Projection, Writes
from schemas.envelope import Recorded

SUMS = tuple(each.name for each in fields(Sums))
PAYMENTS = Table(
    "parking_payments",
    partition={"payment": UUID},
    columns={
        "lot": UUID,
        "claim": UUID,
        "payer": UUID,
        "amount": int,
        "currency": str,
        "method": str,
        "state": str,  # started, authorised, captured, released, declined
        "reason": str,
        "started_at": datetime,
    },
)
REFUNDS = Table("parking_refunds", partition={"payment": UUID}, clustering={"refund": UUID}, columns={"amount": int})
INVOICES = Table(
    "parking_invoices",
    partition={"invoice": UUID},
    columns={
        "lot": UUID,
        "year": int,
        "number": int,
        "kind": str,  # invoice, credit note
        "corrects": UUID,
        "claim": UUID,
        "payer": UUID,
        "net": int,
        "tax": int,
        "gross": int,
        "currency": str,
        "what": str,
        "method": str,
        "issued_at": datetime,
    },
)
MY_INVOICES = Table(
    "parking_my_invoices",
    partition={"person": UUID},
    clustering={"issued": int, "invoice": UUID},
    columns={"lot": UUID},
    descending=True,
)
LOT_INVOICES = Table(
    "parking_lot_invoices",
    partition={"lot": UUID, "year": int},
    clustering={"number": int},
    columns={"invoice": UUID},
    descending=True,
)

REVENUE = Table(
    "parking_revenue",
    partition={"lot": UUID, "year": int},  # of the ledger
    clustering={"slot": int, "currency": str},  # quarters of an hour since 1970
    columns=dict.fromkeys(SUMS, int),  # of the year, up to the end of the slot
)

PAYOUTS = Table(
    "parking_payouts",
    partition={"claim": UUID},
    columns={"payee": UUID, "amount": int, "currency": str, "state": str},  # started, made, refused
)

TABLES = [PAYMENTS, REFUNDS, INVOICES, MY_INVOICES, LOT_INVOICES, REVENUE, PAYOUTS]
invoices = Projection("invoices", version=3, systems=["parking"], tables=TABLES)


@invoices.on(PaymentStarted)
def started(event: PaymentStarted, at: Recorded) -> Writes:
    return [
        PAYMENTS.put(
            at.micros,
            payment=UUID(at.aggregate_id),
            lot=event.lot,
            claim=event.claim,
            payer=event.payer,
            amount=event.amount,
            currency=event.currency,
            method=event.method,
            state="started",
            started_at=at.time,
        )
    ]


@invoices.on(PaymentAuthorised)
def authorised(event: PaymentAuthorised, at: Recorded) -> Writes:
    return [PAYMENTS.put(at.micros, payment=UUID(at.aggregate_id), state="authorised")]


@invoices.on(PaymentCaptured)
def captured(event: PaymentCaptured, at: Recorded) -> Writes:
    return [PAYMENTS.put(at.micros, payment=UUID(at.aggregate_id), state="captured", amount=event.amount)]


@invoices.on(PaymentReleased)
def released(event: PaymentReleased, at: Recorded) -> Writes:
    return [PAYMENTS.put(at.micros, payment=UUID(at.aggregate_id), state="released", amount=0)]


@invoices.on(PaymentDeclined)
def declined(event: PaymentDeclined, at: Recorded) -> Writes:
    return [PAYMENTS.put(at.micros, payment=UUID(at.aggregate_id), state="declined", reason=event.reason)]


@invoices.on(PaymentRefunded)
def refunded(event: PaymentRefunded, at: Recorded) -> Writes:
    row: dict[str, Any] = {"refund": event.refund, "amount": event.amount}
    return [REFUNDS.put(at.micros, payment=UUID(at.aggregate_id), **row)]


@invoices.on(PayoutStarted)
def payout_started(event: PayoutStarted, at: Recorded) -> Writes:
    return _payout(event, at, "started")


@invoices.on(PayoutMade)
def payout_made(event: PayoutMade, at: Recorded) -> Writes:
    return _payout(event, at, "made")


@invoices.on(PayoutRefused)
def payout_refused(event: PayoutRefused, at: Recorded) -> Writes:
    return _payout(event, at, "refused")


@invoices.on(InvoiceIssued)
def invoice_issued(event: InvoiceIssued, at: Recorded) -> Writes:
    own = {"kind": "invoice", "claim": event.claim, "method": event.method}
    return _document(event, event.invoice, at, **own)


@invoices.on(CreditNoteIssued)
def credit_note_issued(event: CreditNoteIssued, at: Recorded) -> Writes:
    return _document(event, event.note, at, kind="credit note", corrects=event.invoice)


def _payout(event: PayoutStarted | PayoutMade | PayoutRefused, at: Recorded, state: str) -> Writes:
    owed: dict[str, Any] = {"payee": event.payee, "amount": event.amount, "currency": event.currency}
    return [PAYOUTS.put(at.micros, claim=UUID(at.aggregate_id), state=state, **owed)]


def _document(event: InvoiceIssued | CreditNoteIssued, invoice: UUID, at: Recorded, **columns: Any) -> Writes:
    name, _, digits = at.aggregate_id.rpartition(".")
    lot, year = UUID(name), int(digits)
    return [
        *_summed(event, lot, year, at),
        INVOICES.put(
            at.micros,
            invoice=invoice,
            lot=lot,
            year=year,
            number=event.number,
            payer=event.payer,
            net=event.net,
            tax=event.tax,
            gross=event.gross,
            currency=event.currency,
            what=event.what,
            issued_at=at.time,
            **columns,
        ),
        MY_INVOICES.put(at.micros, person=event.payer, issued=at.micros, invoice=invoice, lot=lot),
        LOT_INVOICES.put(at.micros, lot=lot, year=year, number=event.number, invoice=invoice),
    ]


def _summed(event: InvoiceIssued | CreditNoteIssued, lot: UUID, year: int, at: Recorded) -> list[Write]:
    if event.sums is None:
        return []
    key = {"lot": lot, "year": year, "slot": at.micros // SLOT, "currency": event.currency}
    return [REVENUE.put(at.micros, **key, **asdict(event.sums))]


class Invoices:
    """Queries on money; who may see what is for the face to decide."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def payment(self, payment: UUID) -> Row | None:
        return await self._tables.get(PAYMENTS, payment=payment)

    async def payout(self, claim: UUID) -> Row | None:
        """What was paid out for a reservation that could not be kept."""
        return await self._tables.get(PAYOUTS, claim=claim)

    async def invoice(self, invoice: UUID) -> Row | None:
        """An invoice or a credit note."""
        return await self._tables.get(INVOICES, invoice=invoice)

    async def of_person(self, person: UUID, limit: int) -> list[Row]:
        """Their documents, the latest first."""
        rows = await self._tables.scan(MY_INVOICES, person=person, limit=limit)
        return await self._all([row["invoice"] for row in rows])

    async def of_lot(self, lot: UUID, year: int, limit: int, before: int | None = None) -> list[Row]:
        """A year's documents, the highest number first."""
        below = None if before is None else (before,)
        rows = await self._tables.scan(LOT_INVOICES, lot=lot, year=year, limit=limit, below=below)
        return await self._all([row["invoice"] for row in rows])

    async def _all(self, which: list[UUID]) -> list[Row]:
        found = [await self.invoice(each) for each in which]
        return [row for row in found if row is not None]
