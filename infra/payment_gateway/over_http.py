"""The way to a gateway over HTTP, and the signature of its webhooks."""

import hmac
from hashlib import sha256

import httpx

from infra.payments import Declined, GatewayAway, Money

PATIENCE = 5.0  # seconds


class OverHttp:
    """Calls a gateway that speaks as the local one does; `Idempotency-Key` carries the key of a call."""

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        self._url, self._patience = url, patience
        self._client: httpx.AsyncClient | None = None

    async def authorise(self, key: str, payment: str, money: Money, method: str) -> str:
        body = {"payment": payment, "amount": money.amount, "currency": money.currency, "method": method}
        return await self._ask(key, "/charges", body)

    async def capture(self, key: str, reference: str, money: Money | None = None) -> None:
        body: dict[str, object] = {} if money is None else {"amount": money.amount, "currency": money.currency}
        await self._ask(key, f"/charges/{reference}/capture", body)

    async def release(self, key: str, reference: str) -> None:
        await self._ask(key, f"/charges/{reference}/release", {})

    async def refund(self, key: str, reference: str, money: Money) -> None:
        await self._ask(key, f"/charges/{reference}/refunds", {"amount": money.amount, "currency": money.currency})

    async def pay_out(self, key: str, payee: str, money: Money) -> str:
        body: dict[str, object] = {"payee": payee, "amount": money.amount, "currency": money.currency}
        return await self._ask(key, "/payouts", body)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _ask(self, key: str, path: str, body: dict[str, object]) -> str:
        if self._client is None:  # it belongs to the event loop of its first call
            self._client = httpx.AsyncClient(base_url=self._url, timeout=self._patience)
        try:
            answer = await self._client.post(path, json=body, headers={"Idempotency-Key": key})
            if answer.status_code == 402:
                raise Declined(str(answer.json()["reason"]))
            answer.raise_for_status()
            return str(answer.json()["reference"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise GatewayAway(f"{path}: {error!r}") from error


def signature(secret: str, body: bytes) -> str:
    """HMAC-SHA256 of a webhook's body, in hexadecimal."""
    return hmac.digest(secret.encode(), body, sha256).hex()


def is_signed(secret: str, body: bytes, mark: str) -> bool:
    """Whether a webhook's body was signed with the secret; never where there is none."""
    return bool(secret) and hmac.compare_digest(signature(secret, body).encode(), mark.encode())
