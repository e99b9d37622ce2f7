"""The worker that applies the policies: sends what follows from each event, now or when it is due."""

import asyncio
from collections.abc import Sequence
from itertools import chain
from uuid import UUID, uuid5

from domain.instants import micros
from domain.kernel import Catalogue
from infra.clock import micros_now
from infra.log import Log, Record, TopicPartition
from infra.tables import Tables, Write
from processors.deadlines import Deadlines, Due
from processors.policies.rules import Paced, Rules, Then
from processors.streams import read_event
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Command, Happened, Recorded

_IDS = UUID("0b8a9f5e-5f0c-5a57-9a6a-5ad1a1d3c7b2")  # never changes: the ids of all follow-up commands hang on it


class Policies:
    """Follows every system's events. The command that follows from an event has an id made of the event's id."""

    name = "policies"
    awaited = False
    pace = 0.1

    def __init__(
        self,
        source: Log,
        codec: Codec,
        tables: Tables,
        catalogue: Catalogue,
        rules: Rules,
        paced: Sequence[Paced] = (),
    ) -> None:
        self._codec, self._catalogue, self._paced = codec, catalogue, paced
        self._rules = {codec.type_name(event): rule for event, rule in rules.items()}
        self._wanted = frozenset((*self._rules, *(name for each in paced for name in each.types)))
        self._telling = {name.encode() for name in (*self._wanted, *codec.retired)}  # types worth a closer look
        self._producer = source.producer()
        self._deadlines = Deadlines(tables, self._producer)
        self.topics = topics_of(catalogue, rules)

    def read(self, record: Record, codec: Codec) -> Sequence[Happened] | None:
        """The event of a record where a rule wants it, and what a retired one means today."""
        telling = record.headers.get("ce_type", b"") in self._telling
        return (read_event(record, codec, self._wanted) or None) if telling else None

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Takes the deadlines of the partitions over, and what is done step by step."""
        await self._deadlines.open(_place(*each) for each in partitions)
        for paced in self._paced:
            paced.open(_place(*each) for each in partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Leaves them to the new owner."""
        self._deadlines.close(_place(*each) for each in partitions)
        for paced in self._paced:
            paced.close(_place(*each) for each in partitions)

    async def handle(self, batch: Sequence[Sequence[Happened]]) -> Sequence[Write]:
        """Sends what is to be done now and waits until the log has it; answers the deadlines to keep."""
        writes: list[Write] = []
        for happened in chain.from_iterable(batch):
            for paced in self._paced:
                writes += await paced.keep(happened)
            rule = self._rules.get(happened.at.type)
            for index, then in enumerate(rule(happened.event, happened.at) if rule else ()):
                due = self._record(happened.at, str(index), then)
                if then.due is None:
                    self._producer.send(due.topic, due.key, due.body, due.headers)
                else:
                    writes += self._deadlines.keep(
                        _place(topics.events(happened.at.system), happened.at.partition), due
                    )
        await asyncio.to_thread(self._producer.flush, 30.0)
        return writes

    async def marks(self) -> Sequence[Write]:
        return ()

    async def tend(self) -> Sequence[Write]:
        """Sends what is due, and the next step of what is done step by step."""
        writes = [*await self._deadlines.sweep()]
        for paced in self._paced:
            step = await paced.step()
            for at, which, then in step.commands:
                told = self._record(at, which, then)
                self._producer.send(told.topic, told.key, told.body, told.headers)
            writes += step.writes
        await asyncio.to_thread(self._producer.flush, 30.0)
        return writes

    def _record(self, at: Recorded, name: str, then: Then) -> Due:
        """`name`: which of those that follow from the event."""
        aggregate = self._catalogue.of(type(then.command))
        command = Command.following(
            at,
            self.name,
            command_id=str(uuid5(_IDS, f"{at.id}/{name}")),
            type_name=self._codec.type_name(type(then.command)),
            key=aggregate.key(then.to),
            time=at.micros if then.due is None else micros(then.due),
        )
        return Due(
            id=command.id,
            due=micros_now() if then.due is None else micros(then.due),
            topic=topics.commands(aggregate.system),
            key=command.key.encode(),
            headers=command.headers(),
            body=self._codec.encode(then.command, then.to),
        )


def topics_of(catalogue: Catalogue, rules: Rules) -> tuple[str, ...]:
    """The topics of the events that have rules."""
    return tuple(sorted({topics.events(catalogue.of(event).system) for event in rules}))


def _place(topic: str, number: int) -> str:
    return f"{topic}:{number}"
