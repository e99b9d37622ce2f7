"""A library with an event that was retired: its records are still on the log, and mean other events today."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.kernel import Aggregate, Catalogue, Message
from schemas.codec import Codec
from schemas.registry import Lock
from schemas.upcasters import Fields

# Their classes stand where an aggregate's would: a projection names events after that place.


@dataclass(frozen=True)
class Lent:
    __module__ = "domain.lending.copy"

    reader: UUID


@dataclass(frozen=True)
class Returned:
    __module__ = "domain.lending.copy"

    reader: UUID


@dataclass(frozen=True)
class Passed:
    """The retired one: a copy went from reader to reader, the last one first; nobody is the library."""

    __module__ = "domain.lending.copy"

    readers: tuple[UUID, ...]


@dataclass(frozen=True)
class Remind:
    __module__ = "domain.lending.copy"

    reader: UUID


@dataclass(frozen=True)
class Copy:
    __module__ = "domain.lending.copy"

    holder: UUID | None = None


def library(*events: type) -> Catalogue:
    """The library with these events."""
    copy = Aggregate(
        system="lending",
        name="copy",
        initial=Copy(),
        decide=lambda copy, command, context: [],
        evolve=lambda copy, event: copy,
        commands=(Remind,),
        events=events,
    )
    return Catalogue([copy])


def passed(old: Fields) -> Sequence[Message]:
    """Each but the last reader has returned it to be lent to the next."""
    first, *rest = old["readers"] or [None]
    found: list[Message] = [] if first is None else [Lent(first)]
    for before, reader in zip([first, *rest], rest, strict=False):
        found += [Returned(before), Lent(reader)]
    return found


BEFORE, TODAY = library(Lent, Returned, Passed), library(Lent, Returned)
LOCK = Lock.of(BEFORE)
OLD, NEW = Codec(BEFORE, LOCK, {}), Codec(TODAY, LOCK, {"lending.copy.Passed": passed})
