"""A stream over a real log and real tables of one machine, with a handler that does as the test says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.catalogue import CATALOGUE
from infra import deadletters, progress
from infra.clock import micros_now
from infra.embedded.log import EmbeddedLog
from infra.embedded.tables import EmbeddedTables
from infra.log import Record, Retention, Topic, TopicPartition
from infra.tables import Table, Write
from processors.streams import Follower, Stream
from schemas.codec import Codec, Undecodable
from schemas.envelope import Recorded
from schemas.registry import Lock

EVENTS = "lending.events"
PLAIN = "lending.inbox"  # its records have no sequence
APPLIED = Table("applied", partition={"topic": str}, clustering={"offset": int}, columns={"text": str})
CODEC = Codec(CATALOGUE, Lock.load())


class Recorder(Follower):
    """Notes what it is given; fails where `failing` says so. A record without a UTF-8 value cannot be read."""

    name = "recorder"
    topics: tuple[str, ...] = (EVENTS, PLAIN)

    def __init__(self) -> None:
        self.handled: list[tuple[str, str]] = []  # key, text
        self.batches: list[int] = []
        self.failing: Callable[[str, str], Exception | None] = lambda key, text: None
        self.owned: set[TopicPartition] = set()

    def read(self, record: Record, codec: Codec) -> Record:
        try:
            (b"\xff" if record.value is None else record.value).decode()
        except UnicodeDecodeError as error:
            raise Undecodable(str(error)) from error
        return record

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self.owned.update(partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.owned.difference_update(partitions)

    async def handle(self, batch: Sequence[Record]) -> Sequence[Write]:
        found = [(each.key.decode(), (each.value or b"").decode()) for each in batch]
        for key, text in found:
            if (failure := self.failing(key, text)) is not None:
                raise failure
        self.handled += found
        self.batches.append(len(found))
        return [
            APPLIED.put(each.time, topic=each.topic, offset=each.offset, text=(each.value or b"").decode())
            for each in batch
        ]

    def texts(self, key: str | None = None) -> list[str]:
        return [text for each, text in self.handled if key is None or each == key]


@dataclass
class Bench:
    """One log and its tables, and the events that were put on it."""

    log: EmbeddedLog
    tables: EmbeddedTables
    sequence: dict[int, int] = field(default_factory=dict)

    @classmethod
    async def at(cls, folder: Path, partitions: int = 1) -> "Bench":
        bench = cls(EmbeddedLog(folder / "log.db"), EmbeddedTables(folder / "tables.db"))
        bench.log.ensure([Topic(name, partitions, Retention.FOREVER) for name in (EVENTS, PLAIN)])
        await bench.tables.create([APPLIED, progress.PROGRESS, *deadletters.TABLES])
        return bench

    def stream(self, handler: Recorder) -> Stream[Record]:
        return Stream(handler, CODEC, self.log, self.tables)

    def event(self, key: str, text: str | bytes, partition: int = 0) -> None:
        """Puts an event on the log, with the partition's next sequence."""
        sequence = self.sequence[partition] = self.sequence.get(partition, 0) + 1
        self.put(EVENTS, key.encode(), text, headers_of(key, sequence, partition), partition)

    def put(
        self, topic: str, key: bytes, text: str | bytes, headers: dict[str, bytes] | None = None, partition: int = 0
    ) -> None:
        """Puts any record on the log."""
        value = text.encode() if isinstance(text, str) else text
        producer = self.log.producer()
        producer.send(topic, key, value, headers or {}, partition=partition)
        producer.flush(5)

    def records(self, topic: str = EVENTS, partition: int = 0) -> list[Record]:
        """All records of a partition."""
        reader = self.log.reader({(topic, partition): 0})
        found: list[Record] = []
        while not reader.level():
            found += reader.poll(10_000, 0.1)
        reader.close()
        return found

    async def close(self) -> None:
        self.log.close()
        await self.tables.close()


def headers_of(key: str, sequence: int, partition: int = 0) -> dict[str, bytes]:
    """A whole event's envelope."""
    recorded = Recorded(
        id=f"c{partition}-{sequence}:1",
        type="lending.copy.Lent",
        system="lending",
        partition=partition,
        sequence=sequence,
        key=key,
        version=sequence,
        micros=micros_now(),
        actor="system/test",
        correlation="c",
        causation="c",
    )
    return recorded.headers()
