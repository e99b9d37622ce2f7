"""The log on Apache Kafka 4."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar
from weakref import WeakSet

import structlog

from infra.kafka.clients import shared_settings
from infra.kafka.cluster import Cluster
from infra.kafka.consumer import KafkaConsumer, KafkaMember
from infra.kafka.producer import KafkaProducer
from infra.kafka.reader import KafkaReader
from infra.kafka.store import KafkaStore
from infra.kafka.topics import faults_of, is_legal
from infra.kafka.transactor import KafkaTransactor
from infra.log import LogUnavailable, Topic, TopicPartition, WrongTopic

log = structlog.get_logger(__name__)


class Opened(Protocol):
    """What can be opened on a log."""

    def close(self) -> None: ...


Client = TypeVar("Client", bound=Opened)


class KafkaLog:
    """Opens clients on the brokers at `bootstrap`; local stores live under `data_dir`.

    `security` is passed on to every client as it is (`security.protocol`, `sasl.username`, `ssl.ca.location`, …).
    `replication` is the number of copies of each record in topics created here. `patience` is how many seconds
    `ensure` and a transactor's steps wait, with log lines, for a Kafka that is away before they raise LogUnavailable.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        data_dir: Path,
        security: Mapping[str, str] = MappingProxyType({}),
        replication: int = 1,
        patience: float = 60.0,
    ) -> None:
        self._bootstrap, self._data_dir, self._replication, self._patience = bootstrap, data_dir, replication, patience
        self._settings = shared_settings(bootstrap, security)
        self._cluster = Cluster(self._settings)
        self._opened: WeakSet[Opened] = WeakSet()

    def ensure(self, topics: Sequence[Topic]) -> None:
        """Raises WrongTopic with what to do about each fault, LogUnavailable after `patience`."""
        for topic in topics:
            if not is_legal(topic.name):
                raise WrongTopic(f"{topic.name!r} is no topic name: 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-'")
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._ensure(topics)
            except LogUnavailable as away:
                if time.monotonic() > deadline:
                    raise
                log.warning("waiting for kafka", bootstrap=self._bootstrap, error=str(away))
                time.sleep(0.5)

    def _ensure(self, topics: Sequence[Topic]) -> None:
        there = self._cluster.topics()
        self._cluster.create([topic for topic in topics if topic.name not in there], self._replication)
        there = self._cluster.topics()
        settings = self._cluster.settings([topic.name for topic in topics])
        faults = [
            fault
            for topic in topics
            for fault in faults_of(topic, there[topic.name], settings[topic.name], self._bootstrap)
        ]
        if faults:
            raise WrongTopic("\n".join(faults))

    def topics(self) -> Mapping[str, int]:
        """Raises LogUnavailable where Kafka does not answer."""
        return self._cluster.topics()

    def producer(self, *, early: bool = False) -> KafkaProducer:
        """The same for both: no consumer sees a record before all replicas in sync have it."""
        return self._open(KafkaProducer(self._settings))

    def consumer(
        self,
        group: str,
        topics: Sequence[str],
        slot: str,
        on_assigned: Callable[[Sequence[TopicPartition]], None] | None = None,
        on_revoked: Callable[[Sequence[TopicPartition]], None] | None = None,
    ) -> KafkaConsumer:
        return self._open(KafkaConsumer(self._settings, self._cluster, group, topics, slot, on_assigned, on_revoked))

    def member(
        self,
        group: str,
        topics: Sequence[str],
        slot: str,
        on_assigned: Callable[[Sequence[TopicPartition]], None] | None = None,
        on_revoked: Callable[[Sequence[TopicPartition]], None] | None = None,
    ) -> KafkaMember:
        return self._open(KafkaMember(self._settings, self._cluster, group, topics, slot, on_assigned, on_revoked))

    def reader(self, partitions: Mapping[TopicPartition, int | None]) -> KafkaReader:
        """Raises LogUnavailable where Kafka does not answer, WrongTopic where a partition does not exist."""
        ends = self._cluster.ends(partitions)
        starts = {each: ends[each] if start is None else start for each, start in partitions.items()}
        return self._open(KafkaReader(self._settings, starts, ends))

    def transactor(self, slot: str) -> KafkaTransactor:
        """Raises LogUnavailable after `patience`."""
        return self._open(KafkaTransactor(self._settings, slot, self._patience))

    def store(self, slot: str, retention: timedelta | None = None) -> KafkaStore:
        return self._open(KafkaStore(self._settings, self._cluster, self._data_dir, slot, retention))

    def end(self, partition: TopicPartition) -> int:
        """Raises LogUnavailable where Kafka does not answer, WrongTopic where there is no such partition."""
        return self.ends([partition])[partition]

    def ends(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Raises likewise."""
        return self._cluster.ends(partitions) if partitions else {}

    def close(self) -> None:
        """Closes what was opened here and still is."""
        for each in list(self._opened):
            each.close()
        self._cluster.close()

    def _open(self, client: Client) -> Client:
        self._opened.add(client)
        return client
