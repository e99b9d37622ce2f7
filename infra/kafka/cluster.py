"""Questions to the brokers and the creation of topics, with errors in the port's terms."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Expired
from typing import TypeVar

import structlog
from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaError, KafkaException, TopicCollection
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # they are there, only not marked as exported
    AdminClient,
    ConfigResource,
    ListOffsetsResultInfo,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from infra.kafka.clients import Settings, error_of, is_passing, telling
from infra.kafka.topics import settings_of
from infra.log import LogUnavailable, Topic, TopicPartition, WrongTopic

log = structlog.get_logger(__name__)

ANSWER_WITHIN = 10.0  # seconds that a question waits for its answer
LEADER_WITHIN = 4.0  # the same where only a partition's leader can answer: it may be frozen, and lead no more
LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
ABSENT = frozenset({KafkaError._NOENT, KafkaError._UNKNOWN_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART})

Answer = TypeVar("Answer")


class Cluster:
    """One admin client; safe to use from any thread.

    Every method raises LogUnavailable where Kafka does not answer, and those that name topics WrongTopic where one
    does not exist.
    """

    def __init__(self, settings: Settings) -> None:
        # Kept in a variable: the futures of an admin client that is gone fail without a word.
        self._admin = AdminClient(settings | {"error_cb": telling("admin")})

    # Topics.

    def topics(self) -> dict[str, int]:
        """The partition count of each topic that is not Kafka's own."""
        known = self._ask(lambda: self._admin.list_topics(timeout=ANSWER_WITHIN)).topics
        return {name: len(topic.partitions) for name, topic in known.items() if not name.startswith("__")}

    def topic_id(self, topic: str) -> str:
        """The brokers' id of a topic; one created later under the same name has another."""
        names = TopicCollection([topic])
        asked = self._ask(lambda: self._admin.describe_topics(names, request_timeout=ANSWER_WITHIN))
        return str(_result(asked[topic]).topic_id)

    def settings(self, topics: Collection[str]) -> dict[str, dict[str, str]]:
        """All settings of each topic, defaults included."""
        if not topics:
            return {}
        wanted = [ConfigResource(ResourceType.TOPIC, name) for name in topics]
        asked = self._ask(lambda: self._admin.describe_configs(wanted, request_timeout=ANSWER_WITHIN))
        return {
            resource.name: {name: entry.value for name, entry in _result(answer).items()}
            for resource, answer in asked.items()
        }

    def create(self, topics: Sequence[Topic], replication: int) -> None:
        """Creates topics and waits until they answer; one that exists meanwhile is left as it is."""
        if not topics:
            return
        wanted = [
            NewTopic(each.name, each.partitions, replication, config=settings_of(each, replication)) for each in topics
        ]
        asked = self._ask(lambda: self._admin.create_topics(wanted, request_timeout=ANSWER_WITHIN))
        for name, answer in asked.items():
            try:
                _result(answer)
                log.info("topic created", topic=name)
            except KafkaException as failure:
                error = error_of(failure)
                if error.code() in (KafkaError.TOPIC_EXCEPTION, KafkaError.INVALID_PARTITIONS):
                    raise WrongTopic(f"{name}: {error.str()}") from failure
                if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
        # Ready is what answers: a leader is named in the metadata before it knows of it.
        self.ends([(topic.name, partition) for topic in topics for partition in range(topic.partitions)])

    # Offsets.

    def ends(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The raw end of each partition, open transactions included: all that is committed lies before it."""
        deadline = time.monotonic() + ANSWER_WITHIN
        while True:
            try:
                return {each: offset_of(asked) for each, asked in self.ask_ends(partitions).items()}
            except (LogUnavailable, WrongTopic):  # a leader that is changing or frozen, a topic that is being created
                self.topics()  # the client remembers for long who led and what it did not find, unless it is shown
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def ask_ends(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Future[ListOffsetsResultInfo]]:
        """Asks for `ends` and does not wait for the answers."""
        wanted = {Place(*each): LATEST for each in partitions}
        raw = IsolationLevel.READ_UNCOMMITTED
        asked = self._ask(lambda: self._admin.list_offsets(wanted, isolation_level=raw, request_timeout=LEADER_WITHIN))
        return {(place.topic, place.partition): answer for place, answer in asked.items()}

    # Groups.

    def notes(self, group: str, partitions: Collection[TopicPartition]) -> dict[TopicPartition, str]:
        """What was noted beside the committed offsets of a group."""
        wanted = [ConsumerGroupTopicPartitions(group, [Place(*each) for each in partitions])]
        asked = self._ask(
            lambda: self._admin.list_consumer_group_offsets(wanted, require_stable=True, request_timeout=ANSWER_WITHIN)
        )
        return {
            (place.topic, place.partition): place.metadata or "" for place in _result(asked[group]).topic_partitions
        }

    def close(self) -> None:
        self._admin.poll(0)

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        self._admin.poll(0)  # lets the library speak of its errors
        try:
            return question()
        except KafkaException as failure:
            raise _meaning(failure) from failure


def offset_of(asked: "Future[ListOffsetsResultInfo]") -> int:
    """What `ask_ends` asked for. The library answers with an invalid offset, not an error, where no broker did."""
    offset: int = _result(asked).offset
    if offset < 0:
        raise LogUnavailable("the partition's leader does not answer")
    return offset


def _result(asked: "Future[Answer]") -> Answer:
    try:
        return asked.result(ANSWER_WITHIN + 1)
    except KafkaException as failure:
        raise _meaning(failure) from failure
    except Expired as expired:
        raise LogUnavailable("the brokers do not answer") from expired


def _meaning(failure: KafkaException) -> Exception:
    error = error_of(failure)
    if is_passing(error):
        return LogUnavailable(str(error))
    if error.code() in ABSENT:
        return WrongTopic(f"no such topic or partition: {error}")
    return failure
