"""That a person wants nothing kept of them here: what is theirs goes piece by piece, this knows whether it is done.

Calendars, polls and follows delete their own; what shows is looked at again and again until nothing does.
"""

from dataclasses import dataclass
from uuid import UUID

from domain.kernel import Context, Reason, Rejected

# Events.


@dataclass(frozen=True, slots=True)
class ErasureAsked:
    person: UUID


@dataclass(frozen=True, slots=True)
class ErasureDone:
    """Nothing of theirs shows any more."""

    person: UUID


Event = ErasureAsked | ErasureDone


# Commands.


@dataclass(frozen=True, slots=True)
class AskErasure:
    """By the person, or by the system where their account has ended."""


@dataclass(frozen=True, slots=True)
class NoteErasureDone:
    """By the system."""


Command = AskErasure | NoteErasureDone


# State.


@dataclass(frozen=True, slots=True)
class Erasure:
    asked: bool = False


INITIAL = Erasure()


def evolve(erasure: Erasure, event: Event) -> Erasure:
    return Erasure(asked=isinstance(event, ErasureAsked))


def decide(erasure: Erasure, command: Command, context: Context) -> list[Event]:
    own = context.actor.kind == "person" and context.actor.name == context.aggregate_id
    match command:
        case AskErasure():
            if not (own or context.actor.is_system):
                raise Rejected("not_yours", "You can delete only what is yours.", Reason.FORBIDDEN)
            return [] if erasure.asked else [ErasureAsked(_person(context))]
        case NoteErasureDone():
            if not context.actor.is_system:
                raise Rejected("not_yours", "Only Septet itself does this.", Reason.FORBIDDEN)
            return [ErasureDone(_person(context))] if erasure.asked else []


def _person(context: Context) -> UUID:
    try:
        return UUID(context.aggregate_id)
    except ValueError:
        raise Rejected("id_invalid", "Send the id of a person.", Reason.INVALID) from None


# What there is to do, as far as one look shows it.


@dataclass(frozen=True, slots=True)
class Attendance:
    """A meeting to come that they have booked with somebody."""

    calendar: UUID
    booking: UUID


@dataclass(frozen=True, slots=True)
class Said:
    """A comment of theirs, or a file."""

    calendar: UUID
    booking: UUID
    note: UUID
    digest: bytes | None  # of a file whose bytes are nobody else's


@dataclass(frozen=True, slots=True)
class Remains:
    calendars: tuple[UUID, ...] = ()
    meetings: tuple[Attendance, ...] = ()
    notes: tuple[Said, ...] = ()
    follows: tuple[UUID, ...] = ()
    followers: tuple[UUID, ...] = ()
    polls: tuple[UUID, ...] = ()
    ballots: tuple[UUID, ...] = ()  # the polls of others that they voted in
