"""`python -m infra.payment_gateway --port 8050 --webhook URL --secret S`: the local gateway as a process of its own."""

import asyncio
from typing import Annotated, Any
from uuid import uuid4

import httpx
import orjson
import structlog
import typer
import uvicorn
from fastapi import FastAPI, Header, Response
from pydantic import BaseModel

from infra.payment_gateway.over_http import signature
from infra.payment_gateway.till import Faults, Till
from infra.payments import Declined, Money

log = structlog.get_logger(__name__)

NEVER_IN_TIME = 30.0  # seconds: longer than any client waits
ATTEMPTS = 5
Key = Annotated[str, Header(alias="Idempotency-Key")]


class NewCharge(BaseModel):
    payment: str
    amount: int
    currency: str
    method: str


class NewRefund(BaseModel):
    amount: int
    currency: str


class Capture(BaseModel):
    """All of it, where no amount is given."""

    amount: int | None = None
    currency: str = ""


class NewPayout(NewRefund):
    payee: str


class Switches(BaseModel):
    declines: int = 0
    timeouts: int = 0
    duplicates: int = 0
    late: float = 0.0


class Webhooks:
    """Tells the house what happened, at least once; a failed delivery is tried again."""

    def __init__(self, till: Till, url: str, secret: str) -> None:
        self._till, self._url, self._secret = till, url, secret
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, kind: str, payment: str, reference: str, key: str) -> None:
        if not self._url:
            return
        body = {"id": uuid4().hex, "type": kind, "payment": payment, "reference": reference, "key": key}
        faults, times = self._till.faults, 1
        if faults.duplicates > 0:
            faults.duplicates -= 1
            times = 2
        task = asyncio.create_task(self._send(orjson.dumps(body), times, faults.late))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, body: bytes, times: int, wait: float) -> None:
        headers = {"Signature": signature(self._secret, body), "Content-Type": "application/json"}
        await asyncio.sleep(wait)
        async with httpx.AsyncClient(timeout=10.0) as client:
            for _ in range(times):
                for attempt in range(ATTEMPTS):
                    try:
                        (await client.post(self._url, content=body, headers=headers)).raise_for_status()
                        break
                    except httpx.HTTPError as error:
                        log.warning("webhook failed", error=repr(error), attempt=attempt)
                        await asyncio.sleep(2.0**attempt / 4)


def app_of(till: Till, webhooks: Webhooks) -> FastAPI:
    """The gateway's own API."""
    app = FastAPI(title="Local payment gateway")

    @app.exception_handler(Declined)
    async def declined(_: object, error: Declined) -> Response:
        return Response(orjson.dumps({"reason": error.reason}), 402, media_type="application/json")

    @app.post("/charges")
    async def authorise(body: NewCharge, key: Key) -> dict[str, str]:
        return {"reference": till.authorise(key, body.payment, Money(body.amount, body.currency), body.method)}

    @app.post("/charges/{reference}/capture")
    async def capture(reference: str, body: Capture, key: Key) -> dict[str, str]:
        money = None if body.amount is None else Money(body.amount, body.currency)
        charge = till.capture(key, reference, money)
        webhooks.tell("captured", charge.payment, reference, key)
        if till.faults.timeouts > 0:
            till.faults.timeouts -= 1
            await asyncio.sleep(NEVER_IN_TIME)
        return {"reference": reference}

    @app.post("/charges/{reference}/refunds")
    async def refund(reference: str, body: NewRefund, key: Key) -> dict[str, str]:
        charge = till.refund(key, reference, Money(body.amount, body.currency))
        webhooks.tell("refunded", charge.payment, reference, key)
        return {"reference": reference}

    @app.post("/charges/{reference}/release")
    async def release(reference: str, key: Key) -> dict[str, str]:
        webhooks.tell("released", till.release(key, reference).payment, reference, key)
        return {"reference": reference}

    @app.post("/payouts")
    async def pay_out(body: NewPayout, key: Key) -> dict[str, str]:
        reference = till.pay_out(key, body.payee, Money(body.amount, body.currency))
        webhooks.tell("paid_out", key.partition("/")[0], reference, key)
        return {"reference": reference}

    @app.put("/faults")
    async def switch(body: Switches) -> dict[str, Any]:
        till.faults = Faults(**body.model_dump())
        return body.model_dump()

    @app.get("/charges")
    async def charges() -> list[dict[str, Any]]:
        return [
            {
                "reference": each.reference,
                "payment": each.payment,
                "amount": each.money.amount,
                "captured": each.captured,
                "released": each.released,
                "taken": each.taken,
                "refunded": each.refunded,
            }
            for each in till.charges.values()
        ]

    return app


def main(
    port: Annotated[int, typer.Option(help="On the loopback interface.")] = 8050,
    webhook: Annotated[str, typer.Option(help="Where news goes; none where it is empty.")] = "",
    secret: Annotated[str, typer.Option(envvar="SEPTET_PAYMENTS_SECRET", help="Signs the news.")] = "",
) -> None:
    """Runs until it is told to stop. It keeps everything in memory and takes no real money."""
    till = Till()
    app = app_of(till, Webhooks(till, webhook, secret))
    # Answers that are held back as a fault keep nobody from ending it.
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    typer.run(main)
