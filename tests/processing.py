"""A command processor under test: topics, commands by hand, and what it wrote."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from domain.catalogue import CATALOGUE
from domain.chat.conversation import CreateGroup, SendMessage
from domain.kernel import Actor, Answer, Catalogue, Inquire, Message
from infra.clock import micros_now
from infra.log import Log, Member, Record
from infra.partitioning import partition_of
from infra.settings import Settings
from processors.commands import CommandProcessor
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Command, Recorded, recorded_of
from schemas.registry import Lock
from septet.composition import all_topics

CODEC = Codec(CATALOGUE, Lock.load())
PARTITIONS = 4  # as in tests/e2e/installation.py: they may share a broker
ANN = Actor("person", str(uuid4()))
SEAL = b"s" * 32


def prepare(log: Log) -> None:
    """The topics of an installation: on a broker that serves other tests, too, theirs are the same."""
    log.ensure(all_topics(Settings(partitions=PARTITIONS)))


@dataclass
class Desk:
    """Sends commands as a gateway would and reads what became of them."""

    log: Log
    _tokens: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self._producer = self.log.producer()
        self._own = uuid4().hex[:8]
        # A broker that serves many tests has the records of the earlier ones: only what comes from now on counts.
        counts = self.log.topics()
        wanted = [topics.ANSWERS, topics.DEAD_COMMANDS, *(topics.events(each) for each in CATALOGUE.systems)]
        self._begin = {(name, n): self.log.end((name, n)) for name in wanted for n in range(counts[name])}

    def send(
        self,
        command: Message,
        to: UUID | str,
        *,
        command_id: str = "",
        by: Actor = ANN,
        expected: int | None = None,
        gateway: int = 0,
        body: bytes | None = None,
        key: str = "",
    ) -> str:
        """Puts a command on its topic; answers the token its answer will carry."""
        aggregate = CATALOGUE.of(type(command)) if not isinstance(command, Inquire) else CATALOGUE.of(SendMessage)
        token = f"{self._own}-{next(self._tokens)}"
        command_id = command_id or str(uuid4())
        envelope = Command(
            id=command_id,
            type=CODEC.type_name(type(command)),
            key=key or aggregate.key(str(to)),
            time=micros_now(),
            actor=str(by),
            correlation=command_id,
            causation=command_id,
            source="/test",
            expected_version=expected,
            reply_to=(gateway, token),
        )
        self.raw(aggregate.system, envelope.key.encode(), body or CODEC.encode(command), envelope.headers())
        return token

    def raw(self, system: str, key: bytes, body: bytes, headers: dict[str, bytes]) -> None:
        self._producer.send(topics.commands(system), key, body, headers)
        self._producer.flush(30)

    def answers(self) -> dict[str, Answer]:
        """The answers so far, by token."""
        return {record.key.decode(): CODEC.decode(record.value or b"") for record in self.read(topics.ANSWERS)}

    def events(self, system: str = "chat") -> list[tuple[Recorded, Message]]:
        """All events so far, partition by partition."""
        return [
            (recorded_of(record.topic, record.partition, record.headers), CODEC.decode(record.value or b""))
            for record in self.read(topics.events(system))
        ]

    def sequences(self) -> dict[int, list[int]]:
        """The sequences of the chat's events by partition, counted from 1 since this desk was opened."""
        found: dict[int, list[int]] = {}
        for at, _ in self.events():
            found.setdefault(at.partition, []).append(at.sequence)
        return {number: [each - sequences[0] + 1 for each in sequences] for number, sequences in found.items()}

    def read(self, topic: str) -> list[Record]:
        """Everything committed on a topic since this desk was opened, partition by partition, in order."""
        reader = self.log.reader({each: start for each, start in self._begin.items() if each[0] == topic})
        found: list[Record] = []
        try:
            while not reader.level():
                found += reader.poll(1_000, 0.2)
        finally:
            reader.close()
        return sorted(found, key=lambda record: (record.partition, record.offset))


class Running:
    """A processor that is stepped by hand, so that a test says when something happens."""

    def __init__(
        self, log: Log, slot: str = "0", catalogue: Catalogue = CATALOGUE, clock: Callable[[], int] | None = None
    ) -> None:
        self.processor = CommandProcessor(catalogue, CODEC, log, slot, clock)
        self.consumer: Member = self.processor.open()

    def until(self, done: Callable[[], bool], steps: int = 4_000) -> None:
        """Steps until `done`; a bounded number of times."""
        for _ in range(steps):
            self.processor.step(self.consumer)
            if done():
                return
        raise AssertionError("it did not come about")

    def decide(self, count: int) -> None:
        """Steps until `count` more commands were decided."""
        left = count
        for _ in range(4_000):
            left -= self.processor.step(self.consumer)
            if left <= 0:
                return
        raise AssertionError(f"{left} commands were not decided")

    def close(self) -> None:
        self.processor.close(self.consumer)


def group_in(partition: int) -> UUID:
    """The id of a group whose commands fall into a partition."""
    return next(
        each
        for each in (uuid4() for _ in itertools.count())
        if partition_of(f"conversation/{each}".encode(), PARTITIONS) == partition
    )


def create(title: str = "a group", members: Sequence[UUID] = ()) -> CreateGroup:
    return CreateGroup(title, tuple(members), SEAL)
