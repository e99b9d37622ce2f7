"""A thing only one owner can have, such as a user name or a phone number: held first, then confirmed."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.kernel import Context, Reason, Rejected

LONGEST_HOLD = timedelta(days=1)

_ID = re.compile(r"(name|phone)-[0-9a-f]{8,128}")


def is_claim(claim: str, kind: str) -> bool:
    """Whether this is the id of a claim on a `kind` ("name", "phone"): a keyed hash, so that no id tells a name."""
    return _ID.fullmatch(claim) is not None and claim.startswith(kind)


# Events.


@dataclass(frozen=True, slots=True)
class Claimed:
    owner: UUID
    held_until: datetime | None  # free again from then on, unless confirmed; None: confirmed at once


@dataclass(frozen=True, slots=True)
class Confirmed:
    owner: UUID


@dataclass(frozen=True, slots=True)
class Released:
    owner: UUID


@dataclass(frozen=True, slots=True)
class Expired:
    owner: UUID


Event = Claimed | Confirmed | Released | Expired


# Commands. Claim: by the owner or the system; all others: by the system (policies and deadlines).


@dataclass(frozen=True, slots=True)
class Claim:
    owner: UUID
    until: datetime | None = None  # hold it until then, to be confirmed; None: for good


@dataclass(frozen=True, slots=True)
class Confirm:
    owner: UUID


@dataclass(frozen=True, slots=True)
class Release:
    owner: UUID


@dataclass(frozen=True, slots=True)
class Expire:
    """A deadline: the hold of this owner is over. Late, early or repeated, it does no harm."""

    owner: UUID


Command = Claim | Confirm | Release | Expire


# State.


@dataclass(frozen=True, slots=True)
class Holding:
    owner: UUID | None = None
    held_until: datetime | None = None  # None: confirmed, or free

    def is_free_for(self, owner: UUID, now: datetime) -> bool:
        return self.owner in (None, owner) or self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        return self.held_until is not None and self.held_until <= now


INITIAL = Holding()


def evolve(holding: Holding, event: Event) -> Holding:
    match event:
        case Claimed(owner=owner, held_until=held_until):
            return Holding(owner, held_until)
        case Confirmed(owner=owner):
            return Holding(owner)
        case Released() | Expired():
            return INITIAL


def decide(holding: Holding, command: Command, context: Context) -> list[Event]:
    if not _ID.fullmatch(context.aggregate_id):
        raise Rejected("claim_invalid", "A claim is on a name or a phone.", Reason.INVALID)
    _check_actor(command, context)
    match command:
        case Claim() | Confirm() if not holding.is_free_for(command.owner, context.now):
            raise Rejected("taken", "This is taken already. Choose another one.")
        case Claim(owner=owner, until=until):
            return _claimed(holding, owner, until, context.now)
        case Confirm(owner=owner):
            return [] if holding == Holding(owner) else [Confirmed(owner)]
        case Release(owner=owner):
            return [Released(owner)] if holding.owner == owner else []
        case Expire(owner=owner):
            return [Expired(owner)] if holding.owner == owner and holding.is_over(context.now) else []


def _check_actor(command: Command, context: Context) -> None:
    actor = context.actor
    if not (actor.is_system or (isinstance(command, Claim) and actor.is_person(command.owner))):
        raise Rejected("not_yours", "You can claim something only for yourself.", Reason.FORBIDDEN)


def _claimed(holding: Holding, owner: UUID, until: datetime | None, now: datetime) -> list[Event]:
    if until is not None and (until.tzinfo is None or not now < until <= now + LONGEST_HOLD):
        raise Rejected("hold_invalid", "Hold it for at most a day.", Reason.INVALID)
    if holding.owner == owner and not holding.is_over(now):
        confirmed = holding.held_until is None
        if confirmed or (until is not None and holding.held_until is not None and until <= holding.held_until):
            return []
    return [Claimed(owner, until)]
