"""Events as they stand on the log: gapless sequences, rising times, in the order in which a test lets them happen."""

from dataclasses import dataclass, field

from domain.catalogue import CATALOGUE
from domain.instants import micros
from domain.kernel import Actor, Catalogue, Message
from infra.log import Log, Record
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Recorded
from schemas.registry import Lock
from tests.scenario import NOON, SYSTEM

CODEC = Codec(CATALOGUE, Lock.load())
STEP = 1_000_000  # microseconds between two events


@dataclass
class Past:
    """What happened so far. The times are around a noon that is over, unless `now` says otherwise."""

    codec: Codec = CODEC
    catalogue: Catalogue = CATALOGUE
    now: int = micros(NOON)
    records: list[Record] = field(default_factory=list)
    _ends: dict[tuple[str, int], int] = field(default_factory=dict)

    def happen(
        self, event: Message, to: object, *, partition: int = 0, by: Actor = SYSTEM, correlation: str = ""
    ) -> Record:
        """The next event of its system's partition, as a record of its topic."""
        aggregate = self.catalogue.of(type(event))
        place = (topics.events(aggregate.system), partition)
        sequence = self._ends[place] = self._ends.get(place, 0) + 1
        self.now += STEP
        at = Recorded(
            id=f"{aggregate.system}-{partition}-{sequence}:1",
            type=aggregate.type_name(type(event)),
            system=aggregate.system,
            partition=partition,
            sequence=sequence,
            key=aggregate.key(str(to)),
            version=sequence,
            micros=self.now,
            actor=str(by),
            correlation=correlation or f"chain-{sequence}",
            causation=f"cause-{sequence}",
        )
        body = self.codec.encode(event)
        record = Record(place[0], partition, sequence - 1, at.key.encode(), body, at.headers(), self.now)
        self.records.append(record)
        return record


def put(log: Log, *records: Record) -> None:
    """Puts records on a log as they are; their offsets are the log's."""
    producer = log.producer()
    for each in records:
        producer.send(each.topic, each.key, each.value, each.headers, partition=each.partition)
    producer.flush(30)
    producer.close()
