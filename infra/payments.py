"""The payment gateway port: authorise, capture, release, refund, pay out. The same key is the same call."""

from dataclasses import dataclass
from typing import Protocol


class Declined(Exception):
    """The gateway says no, for good; `reason` is its word for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class GatewayAway(Exception):
    """No answer, or none that can be understood: the call may have had its effect. Repeat it with the same key."""


@dataclass(frozen=True, slots=True)
class Money:
    amount: int  # minor units
    currency: str  # ISO 4217


class PaymentGateway(Protocol):
    """Moves money. Calls raise Declined or GatewayAway."""

    async def authorise(self, key: str, payment: str, money: Money, method: str) -> str:
        """Reserves an amount; answers the gateway's reference for it."""

    async def capture(self, key: str, reference: str, money: Money | None = None) -> None:
        """Takes what was reserved, or some of it and lets the rest go."""

    async def release(self, key: str, reference: str) -> None:
        """Lets go what was reserved."""

    async def refund(self, key: str, reference: str, money: Money) -> None:
        """Gives back some of what was taken."""

    async def pay_out(self, key: str, payee: str, money: Money) -> str:
        """Sends money to somebody, by their id; answers the gateway's reference for it."""

    async def close(self) -> None: ...
