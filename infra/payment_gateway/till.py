"""The local gateway's till: what was authorised, taken and given back, and the faults one can have it make."""

from dataclasses import dataclass, field
from uuid import uuid4

from infra.payments import Declined, Money


@dataclass
class Faults:
    """What goes wrong; each count goes down by one with every call or webhook that it hits."""

    declines: int = 0  # authorisations that are refused
    timeouts: int = 0  # captures that are done, but not answered in time
    duplicates: int = 0  # webhooks that are sent twice
    late: float = 0.0  # seconds that webhooks wait


@dataclass
class Charge:
    reference: str
    payment: str
    money: Money
    method: str
    captured: bool = False
    released: bool = False
    taken: int = 0
    refunded: int = 0


@dataclass
class Till:
    """In memory: it forgets everything when its process ends."""

    faults: Faults = field(default_factory=Faults)
    charges: dict[str, Charge] = field(default_factory=dict)
    payouts: dict[str, tuple[str, Money]] = field(default_factory=dict)  # by reference: to whom, how much
    _done: dict[str, str] = field(default_factory=dict)  # key of a call: its answer, or why it was declined

    def authorise(self, key: str, payment: str, money: Money, method: str) -> str:
        """The reference; raises Declined. The same key gets the same answer."""
        if key not in self._done:
            if self.faults.declines > 0:
                self.faults.declines -= 1
                self._done[key] = "!card_declined"
            else:
                charge = Charge(f"ch_{uuid4().hex}", payment, money, method)
                self.charges[charge.reference] = charge
                self._done[key] = charge.reference
        return self._answer(key)

    def capture(self, key: str, reference: str, money: Money | None = None) -> Charge:
        charge = self._charge(reference)
        amount = charge.money.amount if money is None else money.amount
        if key not in self._done:
            if charge.captured:
                self._done[key] = "!captured_before"
            elif charge.released or not 0 < amount <= charge.money.amount:
                self._done[key] = "!not_authorised"
            else:
                charge.captured, charge.taken = True, amount
                self._done[key] = reference
        self._answer(key)
        return charge

    def release(self, key: str, reference: str) -> Charge:
        charge = self._charge(reference)
        if key not in self._done:
            if charge.captured:
                self._done[key] = "!captured_before"
            else:
                charge.released = True
                self._done[key] = reference
        self._answer(key)
        return charge

    def pay_out(self, key: str, payee: str, money: Money) -> str:
        """The reference. The same key is the same payout."""
        if key not in self._done:
            reference = f"po_{uuid4().hex}"
            self.payouts[reference] = (payee, money)
            self._done[key] = reference
        return self._answer(key)

    def refund(self, key: str, reference: str, money: Money) -> Charge:
        charge = self._charge(reference)
        if key not in self._done:
            if not charge.captured or charge.refunded + money.amount > charge.taken:
                self._done[key] = "!too_much"
            else:
                charge.refunded += money.amount
                self._done[key] = reference
        self._answer(key)
        return charge

    def taken(self) -> int:
        """What is in the till, over all currencies."""
        came = sum(each.taken - each.refunded for each in self.charges.values())
        return came - sum(money.amount for _, money in self.payouts.values())

    def _charge(self, reference: str) -> Charge:
        charge = self.charges.get(reference)
        if charge is None:
            raise Declined("reference_unknown")
        return charge

    def _answer(self, key: str) -> str:
        answer = self._done[key]
        if answer.startswith("!"):
            raise Declined(answer[1:])
        return answer


class InProcess:
    """The till without a process around it: what one machine uses where no gateway is set."""

    def __init__(self) -> None:
        self.till = Till()

    async def authorise(self, key: str, payment: str, money: Money, method: str) -> str:
        return self.till.authorise(key, payment, money, method)

    async def capture(self, key: str, reference: str, money: Money | None = None) -> None:
        self.till.capture(key, reference, money)

    async def release(self, key: str, reference: str) -> None:
        self.till.release(key, reference)

    async def pay_out(self, key: str, payee: str, money: Money) -> str:
        return self.till.pay_out(key, payee, money)

    async def refund(self, key: str, reference: str, money: Money) -> None:
        self.till.refund(key, reference, money)

    async def close(self) -> None:
        return None
