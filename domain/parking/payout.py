"""What a car park owes to whom it broke a promise, paid out by the gateway once. Its id is the reservation's."""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from domain.kernel import Context, Reason, Rejected

MOST = 10**12  # minor units
TEXT = 200  # code points


# Events.


@dataclass(frozen=True, slots=True)
class PayoutStarted:
    lot: UUID
    payee: UUID
    amount: int  # minor units
    currency: str


@dataclass(frozen=True, slots=True)
class PayoutMade:
    lot: UUID
    payee: UUID
    amount: int
    currency: str
    reference: str  # the gateway's


@dataclass(frozen=True, slots=True)
class PayoutRefused:
    """The gateway would not: people have to see to it."""

    lot: UUID
    payee: UUID
    amount: int
    currency: str
    reason: str


Event = PayoutStarted | PayoutMade | PayoutRefused


# Commands, all by the system.


@dataclass(frozen=True, slots=True)
class StartPayout:
    lot: UUID
    payee: UUID
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class RecordPayout:
    reference: str


@dataclass(frozen=True, slots=True)
class RecordPayoutRefusal:
    reason: str


Command = StartPayout | RecordPayout | RecordPayoutRefusal


# State.


class Progress(StrEnum):
    NEW = "new"
    STARTED = "started"
    MADE = "made"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Payout:
    progress: Progress = Progress.NEW
    asked: PayoutStarted | None = None


INITIAL = Payout()


def evolve(payout: Payout, event: Event) -> Payout:
    match event:
        case PayoutStarted():
            return Payout(Progress.STARTED, event)
        case PayoutMade():
            return replace(payout, progress=Progress.MADE)
        case PayoutRefused():
            return replace(payout, progress=Progress.REFUSED)


def decide(payout: Payout, command: Command, context: Context) -> list[Event]:
    """Each step once. News that it was made is true also after a refusal: the money is gone."""
    if not context.actor.is_system:
        raise Rejected("not_yours", "Only the system itself does this.", Reason.FORBIDDEN)
    if isinstance(command, StartPayout):
        if payout.asked is not None:
            return []
        if not 0 < command.amount <= MOST:
            raise Rejected("payout_invalid", "Give an amount.", Reason.INVALID)
        return [PayoutStarted(command.lot, command.payee, command.amount, command.currency)]
    asked = payout.asked
    if asked is None:
        raise Rejected("payout_unknown", "There is no such payout.", Reason.NOT_FOUND)
    whose = (asked.lot, asked.payee, asked.amount, asked.currency)
    match command:
        case RecordPayout(reference=reference):
            if not 0 < len(reference) <= TEXT:
                raise Rejected("reference_invalid", "Give the gateway's reference.", Reason.INVALID)
            return [] if payout.progress is Progress.MADE else [PayoutMade(*whose, reference)]
        case RecordPayoutRefusal(reason=reason):
            return [PayoutRefused(*whose, reason[:TEXT])] if payout.progress is Progress.STARTED else []
