"""Events as the command processor writes them: in transactions, some of them aborted, sequences gapless."""

from confluent_kafka import Producer

from infra.clock import micros_now
from schemas.envelope import Recorded


class GaplessWriter:
    """Writes to all partitions of a topic in turn; the events of a key are numbered from 1 in their values."""

    def __init__(self, bootstrap: str, topic: str, partitions: int, keys: int) -> None:
        self.topic, self._keys = topic, keys
        self.sequences = dict.fromkeys(range(partitions), 0)  # the last of each partition
        self.counts = dict.fromkeys((f"copy/{n}" for n in range(keys)), 0)  # the last of each key
        self._turn = 0
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "transactional.id": topic, "linger.ms": 0, "log_level": 0}
        )
        self._producer.init_transactions(60)

    def partition_of(self, key: str) -> int:
        return int(key.partition("/")[2]) % len(self.sequences)

    def commit(self, count: int) -> None:
        """One transaction with the next `count` events."""
        self._producer.begin_transaction()
        for _ in range(count):
            key = f"copy/{self._turn % self._keys}"
            self._turn += 1
            number = self.partition_of(key)
            self.counts[key] += 1
            self.sequences[number] += 1
            self._send(key, number, self.sequences[number], f"{self.counts[key]}")
        self._producer.commit_transaction(60)

    def abort(self, count: int) -> None:
        """A transaction of `count` events that never happened, with the sequences that the next ones will have."""
        self._producer.begin_transaction()
        for offset in range(count):
            key = f"copy/{(self._turn + offset) % self._keys}"
            number = self.partition_of(key)
            self._send(key, number, self.sequences[number] + 1, "aborted")
        self._producer.flush(60)  # else they would not even reach the log
        self._producer.abort_transaction(60)

    def _send(self, key: str, number: int, sequence: int, text: str) -> None:
        headers = envelope(self.topic, key, number, sequence)
        self._producer.produce(self.topic, text.encode(), key.encode(), number, headers=list(headers.items()))


def envelope(topic: str, key: str, partition: int, sequence: int) -> dict[str, bytes]:
    """The headers of an event."""
    return Recorded(
        id=f"{topic}-{partition}-{sequence}:1",
        type="lending.copy.Lent",
        system=topic.removesuffix(".events"),
        partition=partition,
        sequence=sequence,
        key=key,
        version=1,
        micros=micros_now(),
        actor="system/test",
        correlation="c",
        causation="c",
    ).headers()
