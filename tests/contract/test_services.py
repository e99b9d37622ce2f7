"""The servers under the tests are real: they answer a client, keep data when killed, and are silent when paused."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.policies import RoundRobinPolicy
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.services import Service

pytestmark = pytest.mark.cluster


def create_topic(kafka: Service) -> str:
    topic = f"services.{uuid4()}"
    admin = AdminClient({"bootstrap.servers": kafka.address, "log_level": 0})
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])[topic].result(30)
    return topic


def append(kafka: Service, topic: str, value: bytes) -> None:
    """Returns when the broker has acknowledged it."""
    producer = Producer({"bootstrap.servers": kafka.address, "enable.idempotence": True, "log_level": 0})
    producer.produce(topic, value)
    assert producer.flush(30) == 0


def first_value(kafka: Service, topic: str) -> bytes | None:
    consumer = Consumer({"bootstrap.servers": kafka.address, "group.id": topic, "log_level": 0})
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        message = consumer.poll(30)
        return message.value() if message else None
    finally:
        consumer.close()


@contextmanager
def session(cassandra: Service) -> Iterator[Session]:
    host, _, port = cassandra.address.partition(":")
    profile = ExecutionProfile(RoundRobinPolicy(), consistency_level=ConsistencyLevel.ONE, request_timeout=60)
    cluster = Cluster(
        [host],
        port=int(port),
        protocol_version=5,
        connect_timeout=10,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
    )
    try:
        yield cluster.connect()
    finally:
        cluster.shutdown()


def test_kafka_keeps_a_record(kafka: Service) -> None:
    topic = create_topic(kafka)
    append(kafka, topic, b"hello")
    assert first_value(kafka, topic) == b"hello"


def test_kafka_commits_a_transaction(kafka: Service) -> None:
    topic = create_topic(kafka)
    producer = Producer({"bootstrap.servers": kafka.address, "transactional.id": topic, "log_level": 0})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"together")
    producer.commit_transaction(30)
    assert first_value(kafka, topic) == b"together"


def test_kafka_keeps_an_acknowledged_record_when_killed(breakable_kafka: Service) -> None:
    topic = create_topic(breakable_kafka)
    append(breakable_kafka, topic, b"kept")
    breakable_kafka.kill()
    breakable_kafka.start()
    assert first_value(breakable_kafka, topic) == b"kept"


def test_a_paused_kafka_is_silent_and_then_goes_on(breakable_kafka: Service) -> None:
    admin = AdminClient({"bootstrap.servers": breakable_kafka.address, "log_level": 0})
    breakable_kafka.pause()
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=1)
    breakable_kafka.resume()
    assert admin.list_topics(timeout=30).brokers


def test_cassandra_keeps_acknowledged_rows_when_killed(breakable_cassandra: Service) -> None:
    keyspace = f"services_{uuid4().hex}"
    with session(breakable_cassandra) as cql:
        cql.execute(
            f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}"
        )
        cql.execute(f"CREATE TABLE {keyspace}.numbers (n int PRIMARY KEY)")
        insert = cql.prepare(f"INSERT INTO {keyspace}.numbers (n) VALUES (?)")
        for n in range(300):
            cql.execute(insert, [n])
        breakable_cassandra.kill()
    with pytest.raises(NoHostAvailable), session(breakable_cassandra):
        pass
    breakable_cassandra.start()
    with session(breakable_cassandra) as cql:
        assert {row.n for row in cql.execute(f"SELECT n FROM {keyspace}.numbers")} == set(range(300))
        cql.execute(f"DROP KEYSPACE {keyspace}")
