"""The three words the rules are tested in: given (events), when (command), then (events, or a rejection)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from uuid import UUID

from domain.catalogue import CATALOGUE
from domain.kernel import Actor, Aggregate, Context, Message, Reason, Rejected, State

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SYSTEM = Actor("system", "test")
ANN, BOB, CID, DAN, EVE = (UUID(int=0xA0000000_0000_7000_8000_000000000000 + number) for number in range(5))


@dataclass(frozen=True, slots=True)
class Given:
    """An aggregate and what happened to it so far."""

    id: str
    events: tuple[Message, ...]

    def when(self, command: Message, *, by: UUID | Actor, at: datetime = NOON) -> "Outcome":
        """Decides the command as this person or part of the system, at this time."""
        aggregate = CATALOGUE.of(type(command))
        state = fold(aggregate, self.events)
        actor = by if isinstance(by, Actor) else Actor("person", str(by))
        context = Context(at, actor, self.id, len(self.events), "a command")
        try:
            return Outcome(self, tuple(aggregate.decide(state, command, context)), None)
        except Rejected as rejection:
            return Outcome(self, (), rejection)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command led to."""

    before: Given
    events: tuple[Message, ...]
    rejection: Rejected | None

    def then(self, *expected: Message) -> Given:
        """Exactly these events were decided; none: the command was accepted and there was nothing to add."""
        given = self.accepted()
        assert self.events == expected
        return given

    def accepted(self) -> Given:
        """It was not rejected; answers what there is then, to go on from."""
        assert self.rejection is None, f"rejected: {self.rejection}"
        return Given(self.before.id, (*self.before.events, *self.events))

    def rejected(self, code: str, reason: Reason | None = None) -> None:
        """It was refused with this code, and a sentence that a person can read."""
        assert self.rejection is not None, f"accepted, with {self.events}"
        assert self.rejection.code == code
        assert reason is None or self.rejection.reason is reason
        assert self.rejection.detail[0].isupper()
        assert self.rejection.detail.endswith(".")


def given(*events: Message, to: UUID | str) -> Given:
    """These events, which happened to the aggregate with this id."""
    return Given(str(to), events)


def fold(aggregate: Aggregate, events: Iterable[Message]) -> State:
    """The state after these events."""
    return reduce(aggregate.evolve, events, aggregate.initial)
