"""What a policy answers: commands to send now, commands that are due at a time, and what is done step by step."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.kernel import Message
from infra.tables import Write
from schemas.envelope import Happened, Recorded


@dataclass(frozen=True, slots=True)
class Then:
    """A command that follows from an event. Its id comes from the event's, so a repeat is decided once."""

    command: Message
    to: str  # the aggregate's id
    due: datetime | None = None  # a deadline; the aggregate ignores one that is stale by then


Rule = Callable[[Any, Recorded], Sequence[Then]]
Rules = Mapping[type, Rule]  # by event type


@dataclass(frozen=True, slots=True)
class Step:
    """Commands to send, each with the event that it follows from and a word for which, and then the writes."""

    commands: list[tuple[Recorded, str, Then]]
    writes: list[Write]


class Paced(Protocol):
    """What follows from an event in many steps, about one a second, so that nothing else waits for it."""

    @property
    def types(self) -> Iterable[str]:
        """The events that begin it or end it."""

    def open(self, places: Iterable[str]) -> None:
        """Goes on with what is on its way from these places: partitions of events, such as "scheduling.events:3"."""

    def close(self, places: Iterable[str]) -> None:
        """Leaves places to others."""

    async def keep(self, happened: Happened) -> list[Write]:
        """The writes that begin or end what an event means; none for one of another type."""

    async def step(self) -> Step:
        """What is to be done next. The writes are made once the commands are on the log; else it is asked again."""
