"""A small aggregate whose messages hold everything that may be on the wire."""

from dataclasses import dataclass, field, make_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.kernel import Aggregate, Catalogue

ANN, BOB = UUID("00000000-0000-7000-8000-00000000000a"), UUID("00000000-0000-7000-8000-00000000000b")
NOON = datetime(2026, 5, 1, 12, 0, 0, 123456, UTC)


class Shelf(StrEnum):
    OPEN = "open"
    CELLAR = "cellar"


@dataclass(frozen=True, slots=True)
class Loan:
    reader: UUID
    due: date
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Catalogued:
    """A copy came into the library.

    All that is known of it.
    """

    copy: UUID
    title: str = field(metadata={"personal": "copy"})
    pages: int
    weight: float
    cover: bytes
    at: datetime
    printed: date
    lent_for: timedelta
    shelf: Shelf
    donor: UUID | None
    authors: tuple[str, ...]
    topics: frozenset[str]
    prices: dict[str, int]
    notes: dict[UUID, str]
    editions: dict[int, Loan]
    by_shelf: dict[Shelf, tuple[int, ...]]
    last: Loan
    loans: tuple[Loan, ...]
    first: Loan | None


@dataclass(frozen=True, slots=True)
class Moved:
    """Every kind of default."""

    copy: UUID = ANN
    title: str = "é"
    pages: int = -1
    weight: float = 0.5
    cover: bytes = b"\x00\xff"
    at: datetime = NOON
    printed: date = date(1969, 12, 31)
    lent_for: timedelta = timedelta(days=21)
    shelf: Shelf = Shelf.CELLAR
    donor: UUID | None = None
    keeper: UUID | None = BOB
    authors: tuple[str, ...] = ("Ann", "Bob")
    topics: frozenset[str] = frozenset()
    prices: dict[str, int] = field(default_factory=lambda: {"EUR": 1250})
    notes: dict[UUID, str] = field(default_factory=dict)
    last: Loan = Loan(BOB, date(1970, 1, 2))


@dataclass(frozen=True, slots=True)
class Lend:
    reader: UUID


@dataclass(frozen=True, slots=True)
class Discard:
    pass


@dataclass(frozen=True, slots=True)
class Copy:
    holder: UUID | None = None
    queue: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Rang:
    """A signal: no aggregate's."""

    bell: int


def catalogue(*events: type) -> Catalogue:
    """The library with these events, or with all it has."""
    return Catalogue(
        [
            Aggregate(
                system="library",
                name="copy",
                initial=Copy(),
                decide=lambda copy, command, context: [],
                evolve=lambda copy, event: copy,
                commands=(Lend, Discard),
                events=events or (Catalogued, Moved),
            )
        ],
        signals=(Rang,),
    )


def message(name: str, **annotations: Any) -> type:
    """A message class with these fields, all without defaults."""
    return make_dataclass(name, annotations.items(), frozen=True)


FULL = Catalogued(
    copy=ANN,
    title="Ein Buch für 🦊",
    pages=-(1 << 63),
    weight=1.5,
    cover=b"\x00\x01",
    at=NOON,
    printed=date(1899, 12, 31),
    lent_for=timedelta(days=-1, microseconds=7),
    shelf=Shelf.OPEN,
    donor=BOB,
    authors=("Bob", "Ann", "Bob"),
    topics=frozenset(("owls", "bees", "apes")),
    prices={"USD": 1400, "EUR": 1250},
    notes={BOB: "torn", ANN: ""},
    editions={3: Loan(ANN, date(2026, 5, 1)), -1: Loan(BOB, date(2026, 5, 2), True)},
    by_shelf={Shelf.OPEN: (1, 2), Shelf.CELLAR: ()},
    last=Loan(BOB, date(2026, 5, 3)),
    loans=(Loan(BOB, date(2026, 5, 3)), Loan(ANN, date(2026, 5, 4))),
    first=None,
)
