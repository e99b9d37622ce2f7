"""What only the Kafka adapter has: a local store beside the log, whose checkpoint must never say too much."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from infra.kafka import store as kafka_store
from infra.kafka.log import KafkaLog
from infra.kafka.reader import KafkaReader
from infra.kafka.store import KafkaStore
from infra.log import Record, Retention, Topic
from tests.contract.test_log import eventually, fresh, join, new_topic, restored, transact
from tests.services import Service

pytestmark = pytest.mark.cluster


@pytest.fixture
def log(tmp_path: Path, kafka: Service) -> Iterator[KafkaLog]:
    log = KafkaLog(kafka.address, data_dir=tmp_path)
    yield log
    log.close()


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """The records that restoring stores read from the log."""
    read: list[Record] = []
    records_of = KafkaReader.poll

    def poll(self: KafkaReader, limit: int, timeout: float) -> list[Record]:
        records = records_of(self, limit, timeout)
        read.extend(records)
        return records

    monkeypatch.setattr(KafkaReader, "poll", poll)
    return read


def number(n: int) -> list[tuple[bytes, bytes | None]]:
    """The n-th set of ten entries: two keys of its own, seven that all share, one that the next removes."""
    own: list[tuple[bytes, bytes | None]] = [(b"own/%d/%d" % (n, each), b"%d" % n) for each in range(2)]
    shared: list[tuple[bytes, bytes | None]] = [(b"shared/%d" % each, b"%d" % n) for each in range(7)]
    return [*own, *shared, (b"now/%d" % n, b"here"), (b"now/%d" % (n - 1), None)]


def check(store: KafkaStore, topic: str, last: int) -> None:
    assert store.get_many(topic, 0, [b"shared/%d" % each for each in range(7)]) == [b"%d" % last] * 7
    assert store.get_many(topic, 0, [b"own/%d/0" % n for n in range(last + 1)]) == [b"%d" % n for n in range(last + 1)]
    assert store.get_many(topic, 0, [b"now/%d" % n for n in range(last + 1)]) == [None] * last + [b"here"]


def test_a_checkpoint_follows_what_was_put_and_a_restart_reads_only_what_is_behind_it(
    log: KafkaLog, applied: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_store, "PROPOSED_EVERY", 40)
    topic, slot, here = new_topic(log, 1, Retention.COMPACTED), fresh("slot"), new_topic(log)
    store = log.store(slot)
    restored(store, topic)
    consumer, transactor = join(log, fresh("group"), here), log.transactor(fresh("slot"))
    for n in range(40):
        transactor.begin()
        for key, value in number(n):
            transactor.send(topic, 0, key, value, {})
        transactor.commit(consumer, {})
        store.put(topic, 0, number(n))
        time.sleep(0.005)  # the question for the log's end is answered between two batches
    store.close()
    applied.clear()

    again = log.store(slot)
    restored(again, topic)

    check(again, topic, 39)
    assert len(applied) < 220  # of 440: the rest is contained in the checkpoint
    again.close()


def test_every_restore_has_all_that_was_committed_before_it(log: KafkaLog) -> None:
    topic, here = new_topic(log, 1, Retention.COMPACTED), new_topic(log)
    consumer, transactor = join(log, fresh("group"), here), log.transactor(fresh("slot"))
    for n in range(60):
        transactor.begin()
        for key, value in number(n):
            transactor.send(topic, 0, key, value, {})
        transactor.commit(consumer, {})
        transactor.begin()
        transactor.send(topic, 0, b"shared/0", b"aborted", {})
        transactor.abort()
        store = log.store(fresh("slot"))
        restored(store, topic)
        check(store, topic, n)
        store.close()


def test_a_topic_that_was_created_anew_is_read_anew(log: KafkaLog, kafka: Service) -> None:
    topic, slot = new_topic(log, 1, Retention.COMPACTED), fresh("slot")
    transact(log, {(topic, 0): [(b"old", b"1"), (b"both", b"1")]})
    restored(log.store(slot), topic).close()
    admin = AdminClient({"bootstrap.servers": kafka.address, "log_level": 2})
    admin.delete_topics([topic])[topic].result(30)
    eventually(lambda: topic not in log.topics(), "the topic is gone")
    log.ensure([Topic(topic, 1, Retention.COMPACTED)])
    transact(log, {(topic, 0): [(b"both", b"2"), (b"more", b"2"), (b"most", b"2")]})

    store = restored(log.store(slot), topic)

    assert store.get_many(topic, 0, (b"old", b"both", b"more")) == [None, b"2", b"2"]
    store.close()


def test_a_store_that_was_left_alone_for_too_long_is_read_anew(
    log: KafkaLog, applied: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, slot = new_topic(log, 1, Retention.COMPACTED), fresh("slot")
    transact(log, {(topic, 0): [(b"a", b"1"), (b"b", b"1")]})
    restored(log.store(slot), topic).close()
    applied.clear()
    monkeypatch.setattr(kafka_store, "STALE", timedelta(0))

    store = restored(log.store(slot), topic)

    assert [record.key for record in applied] == [b"a", b"b"]
    assert store.get_many(topic, 0, [b"a"]) == [b"1"]
    store.close()


def test_what_is_past_its_retention_is_not_restored(log: KafkaLog) -> None:
    topic = new_topic(log, 1, timedelta(days=2))
    transact(log, {(topic, 0): [(b"k", b"old")]})
    time.sleep(1.2)
    transact(log, {(topic, 0): [(b"l", b"young")]})

    store = restored(log.store(fresh("slot"), timedelta(seconds=1)), topic)

    assert store.get_many(topic, 0, [b"k"]) == [None]
    store.close()
