"""Round robin: who of a team has the next meeting, from what each has had so far (S6).

Weighted fair queueing (Demers, Keshav, Shenker 1989) with one queue: the next is who has had the fewest meetings for
their weight. Who joins or comes back begins at the load that the others have by then: nobody has to make up for the
time in which they were not there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from hashlib import blake2b
from uuid import UUID

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Member:
    weight: int = 100  # per cent of a full share
    priority: int = 0  # the higher are asked before all others
    meetings: int = 0
    credit: int = 0  # meetings that count as had, for the time one was not there
    last: datetime | None = None  # when one was last chosen
    paused: bool = False

    @property
    def load(self) -> Fraction:
        return Fraction((self.meetings + self.credit) * 100, self.weight)


def ranking(members: Mapping[UUID, Member], seed: str) -> list[UUID]:
    """Those who are not paused, the most suitable first; the seed decides between equals, each time anew."""
    present = [who for who, member in members.items() if not member.paused]
    return sorted(present, key=lambda who: (*_place(members[who]), _lot(seed, who)))


def _place(member: Member) -> tuple[int, Fraction, datetime]:
    return -member.priority, member.load, member.last or NEVER


def _lot(seed: str, who: UUID) -> bytes:
    return blake2b(who.bytes, key=seed.encode()[:64], digest_size=8).digest()


def fair_credit(member: Member, others: Iterable[Member]) -> int:
    """The credit that brings somebody to the average load of those who are there, and never below their own."""
    loads = [each.load for each in others if not each.paused]
    if not loads:
        return member.credit
    average = sum(loads, Fraction(0)) / len(loads)
    return max(member.credit, int(average * member.weight / 100) - member.meetings)
