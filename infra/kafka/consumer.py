"""Consumers of a group: static members that never see a record twice because of a rebalance they were told of."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from uuid import uuid4

import structlog
from confluent_kafka import OFFSET_STORED, KafkaError, KafkaException, Message
from confluent_kafka import Consumer as Client
from confluent_kafka import TopicPartition as Place

from infra.kafka.calls import Calls, Hung, end
from infra.kafka.clients import FORBIDDEN, Settings, error_of, is_fatal, is_passing, telling
from infra.kafka.cluster import Cluster
from infra.kafka.records import records_of, take
from infra.log import Fenced, LogUnavailable, Record, TopicPartition

log = structlog.get_logger(__name__)

READING: Settings = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "isolation.level": "read_committed",
}
MEMBER: Settings = {
    "group.protocol": "classic",
    "partition.assignment.strategy": "cooperative-sticky",
    "auto.offset.reset": "earliest",
    "session.timeout.ms": 10_000,
    "heartbeat.interval.ms": 3_000,
    "fetch.queue.backoff.ms": 20,
    # What waits in memory, of each partition: the library's own 64 MiB would be gigabytes of a backlog of many.
    "queued.min.messages": 10_000,
    "queued.max.messages.kbytes": 8_192,
}

STABLE_WITHIN = 1.0  # seconds one poll waits for the former owners' transactions to end
STORED_WITHIN = 10.0  # seconds a commit waits for Kafka
SETTLED_WITHIN = 5.0  # seconds a commit waits for a rebalance to end, and a farewell for its partitions to go

REBALANCING = frozenset({KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS})
EXPELLED = frozenset({KafkaError.UNKNOWN_MEMBER_ID, KafkaError._ASSIGNMENT_LOST})

Callback = Callable[[Sequence[TopicPartition]], None]


class KafkaConsumer:
    """A static member of a classic group; `membership` is what a transaction needs to prove that it still is one."""

    def __init__(
        self,
        settings: Settings,
        cluster: Cluster,
        group: str,
        topics: Sequence[str],
        slot: str,
        on_assigned: Callback | None,
        on_revoked: Callback | None,
    ) -> None:
        self._cluster, self._group, self._topics, self._name = cluster, group, list(topics), f"{group}-{slot}"
        self._on_assigned, self._on_revoked = on_assigned, on_revoked
        self._arriving: set[TopicPartition] = set()  # given by the group, not yet handed to the callback
        self._owned: set[TopicPartition] = set()
        self._paused: set[TopicPartition] = set()
        self._moved = False  # partitions were taken away during this poll
        self._failed = ""  # why this client can do nothing more
        self._fenced = False  # another process is this member now
        self._closed = False
        self.membership: object = None  # of the last batch; taken when it was, so that a later change voids it
        # What tells this process from any other that is or was the same static member.
        self.identity = f"{self._name}@{uuid4().hex[:12]}"
        own: Settings = {"group.id": group, "group.instance.id": self._name, "client.id": self.identity}
        self._settings = settings | READING | MEMBER | own | {"error_cb": telling(self._name)}
        self._commits = Calls("kafka-commits")
        self._join()

    def poll(self, limit: int, timeout: float) -> list[Record]:
        """Raises Fenced when another process has taken this slot."""
        self._moved = False
        messages = take(self._client, limit, timeout)
        records = records_of(messages, self._event) if messages else []
        if self._moved:  # what came just before that is the next owner's to handle
            records = [each for each in records if (each.topic, each.partition) in self._owned]
        if self._failed:
            self._rejoin()
            return []
        if records:
            self.membership = self._client.consumer_group_metadata()
        if self._arriving:
            self._receive()
        return records

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Raises LogUnavailable where Kafka does not answer; of partitions that have moved nothing is stored."""
        places = [Place(*each, offset) for each, offset in offsets.items() if each in self._owned]
        deadline = time.monotonic() + SETTLED_WITHIN
        while places:
            try:
                self._commits.make(partial(self._store, places), STORED_WITHIN)
                return
            except Hung as hung:
                raise LogUnavailable(f"offsets of {self._name} not stored yet: {hung}") from hung
            except KafkaException as failure:
                error = error_of(failure)
                if is_fatal(error) or error.code() == KafkaError.FENCED_INSTANCE_ID:
                    self._failed = str(error)
                    self._fenced = True
                if error.code() in EXPELLED:  # the next owner reads on from the last commit
                    log.info("offsets not stored, the partitions have moved", member=self._name, error=str(error))
                    return
                if error.code() not in REBALANCING or time.monotonic() > deadline:
                    raise LogUnavailable(f"offsets of {self._name} not stored: {error}") from failure
            time.sleep(0.05)

    def _store(self, places: list[Place]) -> None:
        for stored in self._client.commit(offsets=places, asynchronous=False):
            if stored.error is not None:
                raise KafkaException(stored.error)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Raises KeyError where this member does not own the partition."""
        if partition not in self._owned:
            raise KeyError(f"{self._name} does not own {partition}")
        place = Place(*partition, offset)
        try:
            self._client.seek(place)
        except KafkaException as failure:
            if error_of(failure).code() != KafkaError._STATE:
                raise
            # It was given a moment ago and does not fetch yet: give it again, starting there.
            self._place(place)
            if partition in self._paused:
                self._client.pause([place])

    def _place(self, place: Place) -> None:
        self._client.incremental_unassign([place])
        self._client.incremental_assign([place])

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        ours = self._owned.intersection(partitions)
        self._paused |= ours
        self._client.pause(_places(ours))

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        ours = self._owned.intersection(partitions)
        self._paused -= ours
        self._client.resume(_places(ours))

    def owned(self) -> frozenset[TopicPartition]:
        return frozenset(self._owned)

    def close(self) -> None:
        """Leaves the group; the others hear of it at their next heartbeat, 3 s at most."""
        if self._closed:
            return
        self._closed = True
        self._commits.end()
        end(self._client.close if self._failed else self._leave, self._name)
        self._on_revoked = None  # a farewell that is still under way has no one to tell

    def _leave(self) -> None:
        # A static member that only closes keeps its partitions until its session ends: unsubscribing leaves.
        with suppress(KafkaException):  # one that was fenced has nothing left to leave
            self._client.unsubscribe()
            deadline = time.monotonic() + SETTLED_WITHIN
            while self._client.assignment() and time.monotonic() < deadline:
                self._client.consume(1, 0.02)
        self._client.close()

    def noted(self, note: str, offsets: Mapping[TopicPartition, int]) -> bool:
        """Whether the committed offsets of these partitions carry `note`. Raises LogUnavailable likewise."""
        return all(each == note for each in self._cluster.notes(self._group, offsets).values())

    def _join(self) -> None:
        self._client = Client(self._settings)
        self._client.subscribe(self._topics, on_assign=self._given, on_revoke=self._taken, on_lost=self._taken)

    def _rejoin(self) -> None:
        """Replaces a client that failed for good; a member that was fenced ends instead (see the transactor)."""
        if self._fenced:
            raise Fenced(f"{self._name}: {self._failed}")
        log.warning("kafka consumer failed, joining again", member=self._name, error=self._failed)
        end(self._client.close, self._name)
        self._drop(self._owned | self._arriving)
        self._failed = ""
        self._join()

    # What the group says: these run inside `consume`.

    def _given(self, client: Client, places: list[Place]) -> None:
        client.incremental_assign(places)
        client.pause(places)
        self._arriving.update((each.topic, each.partition) for each in places)

    def _receive(self) -> None:
        """Takes over what was given, once no former owner's transaction can move its offsets any more.

        Such a transaction may have sent its offsets while that owner was a member, and write its records and commit
        after we are. Only when it has ended is the end of the log the end of what we must know.
        """
        places = _places(self._arriving)
        try:
            self._client.committed(places, STABLE_WITHIN)
        except KafkaException as failure:
            if not is_passing(error_of(failure)):
                raise
            log.info("waiting for the former owners' transactions", member=self._name, partitions=len(places))
            return
        self._client.resume(places)
        self._own()

    def _own(self) -> None:
        arrived = sorted(self._arriving)
        self._arriving.clear()
        self._owned.update(arrived)
        if self._on_assigned:
            self._on_assigned(arrived)

    def _taken(self, client: Client, places: list[Place]) -> None:
        try:
            if client is self._client:  # and not one that was left behind
                self._drop({(each.topic, each.partition) for each in places})
        finally:
            client.incremental_unassign(places)

    def _drop(self, taken: set[TopicPartition]) -> None:
        self._moved = True
        known = sorted(taken & self._owned)
        self._arriving -= taken
        self._owned -= taken
        self._paused -= taken
        if known and self._on_revoked:
            self._on_revoked(known)

    def _event(self, message: Message) -> None:
        error = message.error()
        if error is None:
            return
        if is_fatal(error):
            self._failed = str(error)
            self._fenced = self._fenced or "fenced" in self._failed  # a fatal error tells its cause in words only
        elif error.code() in FORBIDDEN:
            raise KafkaException(error)
        else:
            log.warning("kafka consumer", member=self._name, error=str(error))


class KafkaMember(KafkaConsumer):
    """Asks for no committed offsets: a broker may withhold them for as long as a transaction is open.

    One that was killed in the middle of a commit (4.3.1, alone) was seen to do so for ever.
    """

    def start(self, partition: TopicPartition, offset: int | None) -> None:
        """Raises KeyError where this member does not own the partition."""
        if partition not in self._owned:
            raise KeyError(f"{self._name} does not own {partition}")
        place = Place(*partition, OFFSET_STORED if offset is None else offset)
        self._place(place)
        self._client.resume([place])

    def _given(self, client: Client, places: list[Place]) -> None:
        # From some offset, so that the library asks for none; it reads nothing before `start` says from where.
        super()._given(client, [Place(each.topic, each.partition, 0) for each in places])

    def _receive(self) -> None:
        self._own()


def _places(partitions: set[TopicPartition]) -> list[Place]:
    return [Place(*each) for each in partitions]
