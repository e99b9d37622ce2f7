"""What a projection is: tables, and for each event type a pure function to the writes it means."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from infra.log import Record
from infra.tables import Table, Write
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Happened, Recorded
from schemas.history import meaning_of

E = TypeVar("E")
Writes = Sequence[Write]
When = Callable[[Any, Recorded], Writes]


class Projection:
    """One read model: it follows the events of some systems and is rebuilt whole when its version rises.

    Its functions see one event and where it stands, nothing else: no clock, no reads. So a replay writes the same rows.
    """

    def __init__(self, name: str, version: int, systems: Sequence[str], tables: Sequence[Table]) -> None:
        self.name, self.version = f"projection.{name}", version
        self.systems, self.tables = tuple(systems), tuple(tables)
        self.topics = tuple(topics.events(each) for each in systems)
        self._when: dict[str, When] = {}  # by the event's class name inside its module: "domain.chat.conversation.X"

    @property
    def handlers(self) -> Mapping[str, When]:
        """Its functions, by event type."""
        return self._when

    def on(self, event: type[E]) -> Callable[[Callable[[E, Recorded], Writes]], Callable[[E, Recorded], Writes]]:
        """Registers the function for an event type."""

        def register(when: Callable[[E, Recorded], Writes]) -> Callable[[E, Recorded], Writes]:
            _, system, aggregate, *_ = event.__module__.split(".")
            self._when[f"{system}.{aggregate}.{event.__name__}"] = when
            return when

        return register

    def read(self, record: Record, codec: Codec) -> Sequence[Happened] | None:
        """The event of a record where this projection has a function for it; others are not even decoded.

        What is personal stays sealed, and so it comes into the tables: only queries open it.
        """
        body, sealed = record.value or b"", codec.sealed
        return meaning_of(record.topic, record.partition, record.headers, body, sealed, self._when) or None

    async def handle(self, batch: Sequence[Sequence[Happened]]) -> Sequence[Write]:
        """The writes of a batch, in its order."""
        return [write for each in chain.from_iterable(batch) for write in self._when[each.at.type](each.event, each.at)]
