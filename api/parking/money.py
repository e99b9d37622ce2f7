"""Paying what is due, invoices and credit notes, and the news of the payment gateway."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, Field

from api.callers import Caller, Front, Have, SignedIn, seen_in
from api.identity import Body
from api.marks import ARTICLE
from api.parking.article import check_self
from api.parking.lots import check_staff
from api.parking.pdf import invoice_pdf, number_of
from api.problems import Problem, not_found
from api.secrets import id_from
from api.services import Services
from domain.kernel import Actor, Message
from domain.parking.lot import Authorise, CardAsked, Pay, PaymentAsked, Status
from domain.parking.payment import RecordCapture, RecordRefund, RecordRelease
from domain.parking.payout import RecordPayout
from infra.tables import Row

router = APIRouter(tags=["parking"])

GATEWAY = Actor("system", "payment gateway")
PATIENCE, PAUSE = 3.0, 0.05  # seconds that an answer waits for the gateway's
LIVE = (Status.PENDING, Status.RESERVED, Status.FULFILLED)
Paying = Annotated[None, Depends(seen_in("projection.invoices"))]


class NewPayment(Body):
    user_id: UUID
    amount: Annotated[int, Field(ge=1, le=10**12, description="In the currency's minor unit; exactly what is due.")]
    payment_method: Annotated[str, Field(min_length=1, max_length=32)]
    claim_id: UUID | None = Field(None, description="The reservation or ticket; one's latest here where left out.")


class PaymentOf(BaseModel):
    payment_id: UUID
    claim_id: UUID
    amount: int
    currency: str
    status: str = Field(description="asked, started, authorised, captured, released or declined.")
    reason: str | None = None


class InvoiceOf(BaseModel):
    invoice_id: UUID
    number: str
    kind: str
    corrects: UUID | None
    parking_id: UUID
    claim_id: UUID | None
    user_id: UUID
    net: int
    tax: int
    gross: int
    currency: str
    what: str
    method: str | None
    issued_at: datetime


@router.post("/payment/{parking_id}", status_code=201, openapi_extra=ARTICLE)
async def pay(
    parking_id: UUID, body: NewPayment, caller: SignedIn, desk: Front, have: Have, response: Response
) -> PaymentOf:
    """Pays what is due. 422 `amount_differs`; 402 `payment_declined`; 202 while the gateway has not answered."""
    check_self(body.user_id, caller)
    claim = body.claim_id or await _latest(have, parking_id, caller)
    command_id = desk.command_id(caller.actor)
    payment = UUID(id_from("payment", command_id))
    command = Pay(claim, payment, body.amount, body.payment_method)
    decision = await desk.submit(command, str(parking_id), caller.actor, command_id)
    asked = next(each for each in decision.events if isinstance(each, PaymentAsked))
    row = await _answered(have, payment)
    status = row["state"] if row else "asked"
    if status == "declined":
        raise Problem(402, "payment_declined", "The payment was declined. Try another way to pay.")
    response.status_code = 201 if status == "captured" else 202
    return PaymentOf(payment_id=payment, claim_id=claim, amount=asked.amount, currency=asked.currency, status=status)


class Card(Body):
    payment_method: Annotated[str, Field(min_length=1, max_length=32)]


class CardOf(BaseModel):
    payment_id: UUID
    claim_id: UUID
    ceiling: int = Field(description="The most that can be taken at the exit, in the currency's minor unit.")
    currency: str


@router.post("/{lot_id}/tickets/{ticket_id}/card", status_code=202)
async def present_card(lot_id: UUID, ticket_id: UUID, body: Card, caller: SignedIn, desk: Front) -> CardOf:
    """A card that is charged when the vehicle leaves; for the driver, or the staff at the gate. 409 `card_not_taken`.

    The ticket's `good_for` says when the card was found good; until then one pays before leaving.
    """
    command_id = desk.command_id(caller.actor)
    command = Authorise(ticket_id, UUID(id_from("card", command_id)), body.payment_method)
    decision = await desk.submit(command, str(lot_id), caller.actor, command_id)
    asked = next(each for each in decision.events if isinstance(each, CardAsked))
    return CardOf(payment_id=asked.payment, claim_id=ticket_id, ceiling=asked.amount, currency=asked.currency)


@router.get("/payments/{payment_id}")
async def payment(payment_id: UUID, caller: SignedIn, have: Have, ready: Paying) -> PaymentOf:
    """How a payment of one's own stands."""
    row = await have.invoices.payment(payment_id)
    if row is None or row["payer"] != caller.person:
        raise not_found()
    return PaymentOf(
        payment_id=payment_id,
        claim_id=row["claim"],
        amount=row["amount"],
        currency=row["currency"],
        status=row["state"],
        reason=row["reason"],
    )


@router.get("/invoices")
async def invoices(
    caller: SignedIn, have: Have, ready: Paying, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[InvoiceOf]:
    """One's own invoices and credit notes, the latest first."""
    return [_rendered(row) for row in await have.invoices.of_person(caller.person, limit)]


@router.get("/invoice/{invoice_id}", openapi_extra=ARTICLE)
async def invoice(invoice_id: UUID, caller: SignedIn, have: Have, ready: Paying) -> InvoiceOf:
    """One's own invoice or credit note, or one of the car park one works at. An invoice has its payment's id."""
    return _rendered(await _seen(have, invoice_id, caller))


@router.get("/invoice/{invoice_id}/pdf", response_class=Response)
async def invoice_on_paper(invoice_id: UUID, caller: SignedIn, have: Have, ready: Paying) -> Response:
    """The same as PDF."""
    row = await _seen(have, invoice_id, caller)
    lot, payer = await have.lots.lot(row["lot"]), await have.people.names([row["payer"]])
    first = await have.invoices.invoice(row["corrects"]) if row["corrects"] else None
    name, address, zone = (lot.name, lot.address, lot.zone) if lot else ("", "", "UTC")
    issued = row["issued_at"].astimezone(ZoneInfo(zone))
    corrects = first["number"] if first else None
    to = payer.get(row["payer"], "")
    data = await asyncio.to_thread(invoice_pdf, row, name, address, to, corrects, issued)
    file = f'inline; filename="{row["kind"].replace(" ", "-")}-{number_of(row)}.pdf"'
    return Response(data, media_type="application/pdf", headers={"Content-Disposition": file})


@router.get("/{lot_id}/invoices")
async def invoices_of_lot(
    lot_id: UUID,
    caller: SignedIn,
    have: Have,
    ready: Paying,
    year: Annotated[int | None, Query(ge=2000, le=9999)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Annotated[int | None, Query(ge=1, description="A number: those below it.")] = None,
) -> list[InvoiceOf]:
    """A car park's invoices and credit notes of a year, the highest number first; for the staff."""
    await check_staff(have, lot_id, caller)
    rows = await have.invoices.of_lot(lot_id, year or datetime.now(UTC).year, limit, before)
    return [_rendered(row) for row in rows]


@router.post("/gateway/news", status_code=204, include_in_schema=False)
async def news(request: Request, have: Have, signature: Annotated[str, Header(max_length=200)] = "") -> None:
    """A webhook of the payment gateway. Signed, and once in effect however often and late it comes."""
    body = await request.body()
    if not have.payment_news(body, signature):
        raise Problem(403, "not_signed", "This was not signed by the payment gateway.")
    try:
        told: dict[str, Any] = orjson.loads(body)
        payment, command_id = str(UUID(told["payment"])), id_from("payment news", str(told["id"]))
        command = _told(told)
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(422, "invalid_request", "This news cannot be read.") from error
    await have.gateway.submit(command, payment, GATEWAY, command_id=command_id)


def _told(told: dict[str, Any]) -> Message:
    """What the gateway's news asks to be recorded; raises ValueError where nobody knows such news."""
    match told["type"]:
        case "captured":
            return RecordCapture(str(told["reference"]))
        case "refunded":
            return RecordRefund(UUID(str(told["key"]).rpartition("/")[2]))
        case "released":
            return RecordRelease()
        case "paid_out":
            return RecordPayout(str(told["reference"]))
        case other:
            raise ValueError(other)


async def _latest(have: Services, lot_id: UUID, caller: Caller) -> UUID:
    """The caller's latest reservation of this car park that is still to be paid."""
    for row in await have.lots.reservations(caller.person, 50):
        if row["lot"] == lot_id and row["status"] in LIVE:
            found: UUID = row["reservation"]
            return found
    raise not_found("You have nothing to pay here.")


async def _answered(have: Services, payment: UUID) -> Row | None:
    """The payment's row once it has come to an end, or what is there when patience is over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while True:
        row = await have.invoices.payment(payment)
        if (row is not None and row["state"] in ("captured", "declined")) or loop.time() > until:
            return row
        await asyncio.sleep(PAUSE)


async def _seen(have: Services, invoice_id: UUID, caller: Caller) -> Row:
    row = await have.invoices.invoice(invoice_id)
    if row is None or not (row["payer"] == caller.person or await have.lots.is_staff(row["lot"], caller.person)):
        raise not_found()
    return row


def _rendered(row: Row) -> InvoiceOf:
    return InvoiceOf(
        invoice_id=row["invoice"],
        number=number_of(row),
        kind=row["kind"],
        corrects=row["corrects"],
        parking_id=row["lot"],
        claim_id=row["claim"],
        user_id=row["payer"],
        net=row["net"],
        tax=row["tax"],
        gross=row["gross"],
        currency=row["currency"],
        what=row["what"],
        method=row["method"],
        issued_at=row["issued_at"],
    )
