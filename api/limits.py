"""How often something may be tried: counted in this process, in bounded memory, whether or not what is named exists."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from api.problems import Problem

REMEMBERED = 50_000  # names of each limit; the one that was longest not tried is forgotten first


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries at once, and as many again within `period` seconds."""

    most: int
    period: float
    code: str
    detail: str


class Tries:
    """The tries under one limit, by name. A leaky bucket for each (the generic cell rate algorithm, ITU-T I.371)."""

    def __init__(self, limit: Limit, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit, clock
        self._full: OrderedDict[str, float] = OrderedDict()  # when each bucket will be empty again

    def check(self, name: str) -> None:
        """Raises Problem 429 with Retry-After where there were too many tries of late."""
        step = self._limit.period / self._limit.most
        wait = self._full.get(name, 0.0) + step - self._clock() - self._limit.period
        if wait > 1e-9:
            headers = {"Retry-After": str(math.ceil(wait))}
            raise Problem(429, self._limit.code, self._limit.detail, headers)

    def count(self, name: str) -> None:
        """One more try."""
        now = self._clock()
        self._full[name] = max(self._full.get(name, now), now) + self._limit.period / self._limit.most
        self._full.move_to_end(name)
        if len(self._full) > REMEMBERED:
            self._full.popitem(last=False)

    def uncount(self, name: str) -> None:
        """One try less: it was none of those that are limited."""
        if name in self._full:
            self._full[name] -= self._limit.period / self._limit.most

    def forget(self, name: str) -> None:
        """As if it had never been tried: it has succeeded."""
        self._full.pop(name, None)


_LATER = "Too many attempts. Wait a while, or sign in in another way."
QUARTER, HOUR = 900.0, 3_600.0


class Limits:
    """Those of signing in. Successes count for nothing: many people behind one address do not lock each other out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.account = Tries(Limit(10, QUARTER, "locked_out", _LATER), clock)  # failures, by account and kind of proof
        self.address = Tries(Limit(100, QUARTER, "too_many_attempts", _LATER), clock)  # failures, of whatever account
        self.codes = Tries(
            Limit(5, HOUR, "too_many_codes", "Too many codes were asked for. Use the latest, or wait a while."), clock
        )
        self.senders = Tries(Limit(60, HOUR, "too_many_codes", "Too many codes were asked for from here. Wait."), clock)


def origin(host: str | None) -> str:
    """Whom an address stands for: of IPv6 the network that one customer has, a /64."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return "nowhere"
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return str(address)
