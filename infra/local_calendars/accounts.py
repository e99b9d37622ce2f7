"""Accounts with one calendar each, who was let in to them, and what goes wrong on purpose."""

import base64
import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from time import monotonic


class Denied(Exception):
    """The grant is good no more, as OAuth calls it: `invalid_grant`."""


class Stranger(Exception):
    """The access token is nobody's, or too old."""


class Forgotten(Exception):
    """The mark is of before what is remembered."""


@dataclass(frozen=True, slots=True)
class Item:
    """A time in a calendar, as of a change."""

    id: str
    start: datetime
    end: datetime
    title: str = ""
    place: str = ""
    free: bool = False
    tentative: bool = False
    whole_days: bool = False
    booking: str = ""
    deleted: bool = False
    change: int = 0


@dataclass(slots=True)
class Account:
    items: dict[str, Item] = field(default_factory=dict)
    changes: int = 0
    first: int = 0  # the oldest mark that is still good


@dataclass(slots=True)
class Faults:
    away: int = 0  # so many calls of the API are answered 503
    page: int = 100  # entries


@dataclass(frozen=True, slots=True)
class _Grant:
    account: str
    challenge: str = ""
    back: str = ""
    until: float = 0.0


class Accounts:
    """Of one provider. `rotating`: whether a refresh token is good once, and the next one comes with its answer."""

    def __init__(self, rotating: bool, life: float) -> None:
        self.faults = Faults()
        self._rotating, self._life = rotating, life
        self._accounts: dict[str, Account] = {}
        self._codes: dict[str, _Grant] = {}
        self._refreshes: dict[str, _Grant] = {}
        self._accesses: dict[str, _Grant] = {}

    def account(self, name: str) -> Account:
        return self._accounts.setdefault(name, Account())

    def consented(self, account: str, challenge: str, back: str) -> str:
        """The code that says so."""
        code = token_urlsafe(24)
        self._codes[code] = _Grant(account, challenge, back, monotonic() + 600)
        return code

    def redeem(self, code: str, verifier: str, back: str) -> dict[str, object]:
        """Raises Denied for a code that was used, of another address, or without its verifier (RFC 7636, 4.6)."""
        grant = self._codes.pop(code, None)
        made = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if grant is None or grant.until < monotonic() or grant.back != back:
            raise Denied
        if not hmac.compare_digest(made, grant.challenge):
            raise Denied
        return self._tokens(grant.account, self._refresh_for(grant.account))

    def refresh(self, token: str) -> dict[str, object]:
        """Raises Denied for a token that is good no more."""
        grant = self._refreshes.get(token)
        if grant is None:
            raise Denied
        if not self._rotating:
            return self._tokens(grant.account, "")
        del self._refreshes[token]
        return self._tokens(grant.account, self._refresh_for(grant.account))

    def revoke(self, account: str) -> None:
        """Ends all that was opened of an account."""
        for kept in (self._refreshes, self._accesses):
            for each in [key for key, grant in kept.items() if grant.account == account]:
                del kept[each]

    def owner_of(self, token: str) -> str:
        """Whose account a refresh token opens; "" where none."""
        grant = self._refreshes.get(token)
        return grant.account if grant else ""

    def opened(self, authorization: str) -> Account:
        """The account that an access token opens; raises Stranger."""
        grant = self._accesses.get(authorization.removeprefix("Bearer "))
        if grant is None or grant.until < monotonic():
            raise Stranger
        return self.account(grant.account)

    def _refresh_for(self, account: str) -> str:
        token = token_urlsafe(24)
        self._refreshes[token] = _Grant(account)
        return token

    def _tokens(self, account: str, refresh: str) -> dict[str, object]:
        access = token_urlsafe(24)
        self._accesses[access] = _Grant(account, until=monotonic() + self._life)
        told: dict[str, object] = {"access_token": access, "token_type": "Bearer", "expires_in": int(self._life)}
        return {**told, "refresh_token": refresh} if refresh else told


def put(account: Account, item: Item) -> Item:
    """Writes it as the next change."""
    account.changes += 1
    made = replace(item, change=account.changes)
    account.items[item.id] = made
    return made


def remove(account: Account, name: str) -> bool:
    """Whether it was there."""
    known = account.items.get(name)
    if known is None or known.deleted:
        return False
    put(account, replace(known, deleted=True))
    return True


def since(account: Account, mark: str) -> list[Item]:
    """What changed since; raises Forgotten."""
    if not mark.isdecimal() or int(mark) < account.first:
        raise Forgotten
    return sorted((each for each in account.items.values() if each.change > int(mark)), key=lambda each: each.change)


def within(account: Account, start: datetime, end: datetime) -> list[Item]:
    """What is there in `[start, end)`."""
    found = (each for each in account.items.values() if not each.deleted and each.start < end and each.end > start)
    return sorted(found, key=lambda each: each.change)
