"""The log on Apache Kafka 4."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Expired
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import structlog
from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # they are there, only not marked as exported
    AdminClient,
    ConfigResource,
    ListOffsetsResultInfo,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from infra.kafka.clients import error_of, is_passing, shared_settings, telling
from infra.kafka.consumer import KafkaConsumer
from infra.kafka.producer import KafkaProducer
from infra.kafka.reader import KafkaReader
from infra.kafka.store import KafkaStore, directory_of
from infra.kafka.topics import LEGAL, faults_of, settings_of
from infra.kafka.transactor import KafkaTransactor
from infra.log import LogUnavailable, Topic, TopicPartition, WrongTopic

log = structlog.get_logger(__name__)

ANSWER_WITHIN = 10.0  # seconds that a question to the brokers waits for its answer
LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
RESTORING = {"fetch.wait.max.ms": 5}  # a restore ends with an empty fetch: short ones, for it is soon over

Answered = TypeVar("Answered")


class KafkaLog:
    """Opens clients on the brokers at `bootstrap`; local stores live under `data_dir`.

    `security` is passed on to every client as it is (`security.protocol`, `sasl.username`, `ssl.ca.location`, …).
    `patience` is how many seconds `ensure` and a transactor's steps wait, with log lines, for a Kafka that is away
    before they raise LogUnavailable.
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
        # Kept for as long as the log is open: the futures of an admin client that is gone fail in silence.
        self._admin = AdminClient(self._settings | {"error_cb": telling("admin")})

    def ensure(self, topics: Sequence[Topic]) -> None:
        """Raises WrongTopic with what to do about each fault, LogUnavailable after `patience`."""
        for topic in topics:
            if not LEGAL.fullmatch(topic.name) or topic.name in (".", ".."):
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
        found = self.topics()
        missing = [topic for topic in topics if topic.name not in found]
        if missing:
            self._create(missing)
            # Ready is what answers: a leader is named in the metadata before it knows of it.
            self._ends((topic.name, partition) for topic in missing for partition in range(topic.partitions))
            found = self.topics()
        resources = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics]
        if not resources:
            return
        answers = self._ask(lambda: self._admin.describe_configs(resources, request_timeout=ANSWER_WITHIN))
        settings = {
            resource.name: {name: entry.value for name, entry in self._answer(answer).items()}
            for resource, answer in answers.items()
        }
        faults = [
            fault
            for topic in topics
            for fault in faults_of(topic, found[topic.name], settings[topic.name], self._bootstrap)
        ]
        if faults:
            raise WrongTopic("\n".join(faults))

    def _create(self, topics: Sequence[Topic]) -> None:
        wanted = [
            NewTopic(each.name, each.partitions, self._replication, config=settings_of(each, self._replication))
            for each in topics
        ]
        answers = self._ask(lambda: self._admin.create_topics(wanted, request_timeout=ANSWER_WITHIN))
        for name, answer in answers.items():
            try:
                self._answer(answer)
                log.info("topic created", topic=name)
            except KafkaException as failure:
                error = error_of(failure)
                if error.code() in (KafkaError.TOPIC_EXCEPTION, KafkaError.INVALID_PARTITIONS):
                    raise WrongTopic(f"{name}: {error.str()}") from failure
                if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another process was quicker
                    raise

    def topics(self) -> Mapping[str, int]:
        known = self._ask(lambda: self._admin.list_topics(timeout=ANSWER_WITHIN)).topics
        return {name: len(topic.partitions) for name, topic in known.items() if not name.startswith("__")}

    def producer(self) -> KafkaProducer:
        return KafkaProducer(self._settings)

    def consumer(
        self,
        group: str,
        topics: Sequence[str],
        slot: str,
        on_assigned: Callable[[Sequence[TopicPartition]], None] | None = None,
        on_revoked: Callable[[Sequence[TopicPartition]], None] | None = None,
    ) -> KafkaConsumer:
        return KafkaConsumer(self._settings, group, topics, slot, on_assigned, on_revoked)

    def reader(self, partitions: Mapping[TopicPartition, int | None]) -> KafkaReader:
        """Raises LogUnavailable where Kafka does not answer, WrongTopic where a partition does not exist."""
        targets = self._ends(partitions)
        starts = {each: targets[each] if start is None else start for each, start in partitions.items()}
        return KafkaReader(self._settings, starts, targets)

    def transactor(self, slot: str) -> KafkaTransactor:
        """Raises LogUnavailable after `patience`."""
        return KafkaTransactor(self._settings, slot, self._patience)

    def store(self, slot: str, retention: timedelta | None = None) -> KafkaStore:
        return KafkaStore(self, directory_of(self._data_dir, slot), retention)

    def end(self, partition: TopicPartition) -> int:
        """Raises LogUnavailable where Kafka does not answer, WrongTopic where there is no such partition."""
        return self._ends([partition])[partition]

    def _ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        wanted = list(partitions)
        deadline = time.monotonic() + ANSWER_WITHIN
        while True:
            try:
                return {each: self._answer(asked).offset for each, asked in self.ends(wanted).items()}
            except (LogUnavailable, WrongTopic):  # a leader that is changing, a topic that is being created
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
                self.topics()  # the client remembers for long what it did not find, unless it is shown

    def close(self) -> None:
        self._admin.poll(0)

    # What stores ask.

    def topic_id(self, topic: str) -> str:
        """The broker's id of a topic; one created later under the same name has another."""
        asked = self._ask(lambda: self._admin.describe_topics(TopicCollection([topic]), request_timeout=ANSWER_WITHIN))
        return str(self._answer(asked[topic]).topic_id)

    def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, "Future[ListOffsetsResultInfo]"]:
        """The raw end of each partition, open transactions included: all that is committed lies before it."""
        wanted = {Place(*each): LATEST for each in partitions}
        asked = self._ask(
            lambda: self._admin.list_offsets(
                wanted, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=ANSWER_WITHIN
            )
        )
        return {(place.topic, place.partition): answer for place, answer in asked.items()}

    def reader_of(self, partition: TopicPartition, start: int, target: int) -> KafkaReader:
        return KafkaReader(self._settings | RESTORING, {partition: start}, {partition: target})

    def _ask(self, question: Callable[[], Answered]) -> Answered:
        self._admin.poll(0)  # lets the library speak of its errors
        try:
            return question()
        except KafkaException as failure:
            raise _meaning(failure) from failure

    def _answer(self, asked: "Future[Answered]") -> Answered:
        try:
            return asked.result(ANSWER_WITHIN + 1)
        except KafkaException as failure:
            raise _meaning(failure) from failure
        except Expired as expired:
            raise LogUnavailable(f"{self._bootstrap} does not answer") from expired


def _meaning(failure: KafkaException) -> Exception:
    error = error_of(failure)
    if is_passing(error):
        return LogUnavailable(str(error))
    if error.code() in (KafkaError._NOENT, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION):
        return WrongTopic(f"no such topic or partition: {error}")
    return failure
