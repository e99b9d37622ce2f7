"""What we rely on in Faust: the names that the repaired consumer touches, and its repairs on a real broker."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from inspect import getsource, signature
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import aiokafka.client
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer import fetcher, group_coordinator
from confluent_kafka import Consumer as Client
from confluent_kafka import TopicPartition as Place
from faust.app.base import BootStrategy
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from infra import deadletters, progress
from infra.deadletters import DeadLetters
from infra.embedded.tables import EmbeddedTables
from infra.kafka.log import KafkaLog
from infra.log import Record, Retention, Topic
from infra.logging import configure
from infra.tables import Write
from processors import faust, streams
from processors.faust.app import app_of
from processors.faust.consumer import ProgressConsumer, RepairedTransport
from processors.faust.feed import Feed
from processors.faust.patience import COMPLAINTS
from processors.faust.security import credentials_of
from processors.streams import Follower, Stream
from schemas.codec import Codec, Undecodable
from tests.contract.proxy import Proxy
from tests.gapless import GaplessWriter
from tests.services import Service
from tests.unit.processors.streaming import CODEC

PARTITIONS, KEYS = 4, 20
LOGGERS: dict[str, Any] = {
    "aiokafka": aiokafka.client,
    "aiokafka.consumer.fetcher": fetcher,
    "aiokafka.consumer.group_coordinator": group_coordinator,
}

configure("INFO", as_json=False)  # the library's own default renders a failure for seconds


class Noting(Follower):
    """Notes the texts of each key; cannot read what is no UTF-8, and fails where `failing` says so."""

    def __init__(self, name: str, *topics: str) -> None:
        self.name, self.topics = name, topics
        self.texts: dict[str, list[str]] = {}
        self.failing: Callable[[str], bool] = lambda key: False

    def read(self, record: Record, codec: Codec) -> tuple[str, str]:
        try:
            return record.key.decode(), (record.value or b"").decode()
        except UnicodeDecodeError as error:
            raise Undecodable(str(error)) from error

    async def handle(self, batch: Sequence[tuple[str, str]]) -> Sequence[Write]:
        if any(self.failing(key) for key, _ in batch):
            raise ValueError("bug")
        for key, text in batch:
            self.texts.setdefault(key, []).append(text)
        return ()

    def count(self) -> int:
        return sum(map(len, self.texts.values()))


class Bench:
    """A topic of its own on the broker, with tables for the progress of one consumer."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.name = f"faust-{uuid4()}"
        self.topic, self.other = f"{self.name}.events", f"{self.name}.inbox"
        self.bootstrap, self.folder = bootstrap, folder
        self.log = KafkaLog(bootstrap, data_dir=folder / "stores")
        self.log.ensure([Topic(each, PARTITIONS, Retention.FOREVER) for each in (self.topic, self.other)])
        self.tables = EmbeddedTables(folder / "tables.db")
        self.writer = GaplessWriter(bootstrap, self.topic, PARTITIONS, KEYS)

    def handler(self) -> Noting:
        return Noting(self.name, self.topic, self.other)

    def stream(self, handler: Noting) -> Stream[tuple[str, str]]:
        return Stream(handler, CODEC, self.log, self.tables)

    def write(self, transactions: int, size: int = 30) -> None:
        """Transactions, every other one of them aborted."""
        for _ in range(transactions):
            self.writer.abort(8)
            self.writer.commit(size)

    def expected(self) -> dict[str, list[str]]:
        return {key: [f"{n}" for n in range(1, count + 1)] for key, count in self.writer.counts.items() if count}

    def committed(self) -> dict[int, int]:
        """The offsets that Kafka remembers for the group."""
        client = Client({"bootstrap.servers": self.bootstrap, "group.id": self.name, "log_level": 0})
        try:
            return {each.partition: each.offset for each in client.committed(self._places(), 30)}
        finally:
            client.close()

    def commit_ends(self) -> None:
        """Has Kafka remember that the group has read everything."""
        client = Client({"bootstrap.servers": self.bootstrap, "group.id": self.name, "log_level": 0})
        places = [
            Place(each.topic, each.partition, self.log.end((each.topic, each.partition))) for each in self._places()
        ]
        client.commit(offsets=places, asynchronous=False)
        client.close()

    def _places(self) -> list[Place]:
        return [Place(self.topic, number) for number in range(PARTITIONS)]

    def put(self, topic: str, key: bytes, value: bytes | None) -> None:
        producer = self.log.producer()
        producer.send(topic, key, value, {}, partition=0)
        producer.flush(30)
        producer.close()


@pytest.fixture
async def bench(kafka: Service, tmp_path: Path) -> AsyncIterator[Bench]:
    bench = await asyncio.to_thread(Bench, kafka.address, tmp_path)
    await bench.tables.create([progress.PROGRESS, *deadletters.TABLES])
    yield bench
    await bench.tables.close()
    bench.log.close()


@contextmanager
def working(bench: Bench, handler: Noting, bootstrap: str = "") -> Iterator[Stream[tuple[str, str]]]:
    """A Faust worker in a thread, ended in good order; it is told `bootstrap` where that is another address."""
    stream, stop, ended = bench.stream(handler), Event(), list[BaseException | None]()

    def work() -> None:
        try:
            faust.run(stream, faust.Cluster(bootstrap or bench.bootstrap, "0", bench.folder / "faust"), stop)
            ended.append(None)
        except BaseException as error:
            ended.append(error)

    thread = Thread(target=work)
    thread.start()
    try:
        yield stream
    finally:
        stop.set()
        thread.join()
    assert ended == [None]


async def until(true: Callable[[], bool | Awaitable[bool]]) -> None:
    deadline = time.monotonic() + 120
    while True:
        answer = true()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def test_the_versions_are_those_whose_insides_were_read() -> None:
    assert version("faust-streaming") == "0.15.3", "read faust/transport/consumer.py again, then change this line"
    assert version("aiokafka") == "0.14.0", "read aiokafka/consumer again, then change this line"


def test_the_names_that_the_repairs_touch_are_there() -> None:
    assert list(signature(Consumer._add_gap).parameters) == ["self", "tp", "offset_from", "offset_to"]
    assert list(signature(Consumer._new_offset).parameters) == ["self", "tp"]
    assert list(signature(AIOKafkaConsumerThread._create_worker_consumer).parameters) == ["self", "transport"]
    for name in ("seek_to_committed", "on_partitions_revoked", "_acked", "_acked_index"):
        assert name in Consumer.__annotations__ or hasattr(Consumer, name)
    for use in ("isolation_level=self._isolation_level", "assignors=self._partition_assignment_strategy"):
        assert use in getsource(AIOKafkaConsumer.start)
    assert "self._client = AIOKafkaClient(" in getsource(AIOKafkaConsumer.__init__)
    assert list(signature(AIOKafkaClient._get_conn).parameters) == ["self", "node_id", "group", "no_hint"]
    for client in (AIOKafkaConsumer, AIOKafkaProducer):  # where no broker answers, KafkaConnectionError ends the start
        assert ".bootstrap()" in getsource(client.start)
    assert "raise KafkaConnectionError" in getsource(AIOKafkaClient.bootstrap)
    for logger, module in LOGGERS.items():
        assert module.log.name == logger
        assert all(line in getsource(module) for line in COMPLAINTS[logger])
    assert LOGGERS.keys() == COMPLAINTS.keys()


async def test_a_consumer_of_faust_waits_for_a_node_that_it_cannot_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream(Noting("consumer", "a.events"), CODEC, None, None)  # type: ignore[arg-type]
    app = app_of(stream, Feed(stream), faust.Cluster("127.0.0.1:1", "3", tmp_path))
    assert isinstance(app.consumer, ProgressConsumer)
    assert isinstance(app.transport, RepairedTransport)
    thread, pauses = app.consumer._new_consumer_thread(), list[float]()
    consumer = thread._create_worker_consumer(app.transport)

    async def pausing(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", pausing)
    assert not await consumer._client.ready(1)
    assert not await consumer._client.ready(1)
    assert pauses == [0.1, 0.2]


def test_progress_is_loaded_before_faust_seeks_and_lets_records_flow() -> None:
    source = getsource(Recovery._resume_streams)
    steps = ["on_rebalance_complete.send()", "consumer.perform_seek()", "consumer.resume_flow()"]
    places = [source.index(step) for step in steps]
    assert places == sorted(places)
    assert "self._new_offset(tp)" in getsource(Consumer._filter_committable_offsets)
    assert "self.seek_to_committed()" in getsource(Consumer.perform_seek)


async def test_the_guard_rails_are_set(tmp_path: Path) -> None:
    handler = Noting("consumer", "a.events", "b.events")
    stream = Stream(handler, CODEC, None, None)  # type: ignore[arg-type]
    app = app_of(stream, Feed(stream), faust.Cluster("one:9092,two:9093", "3", tmp_path))
    conf = app.conf
    assert [str(each) for each in conf.broker] == ["kafka://one:9092", "kafka://two:9093"]
    assert (conf.id, conf.consumer_group_instance_id) == ("consumer", "consumer-3")
    assert conf.stream_wait_empty
    assert not app.in_transaction
    assert conf.topic_disable_leader
    assert (conf.topic_allow_declare, conf.table_standby_replicas, conf.web_enabled) == (False, 0, False)
    assert isinstance(app.boot_strategy, BootStrategy)
    assert list(app.boot_strategy.web_server()) == []
    assert conf.datadir == tmp_path / "consumer-3"
    assert sorted(topic for agent in app.agents.values() for topic in agent.channel.topics) == ["a.events", "b.events"]
    assert {agent.concurrency for agent in app.agents.values()} == {1}
    assert isinstance(app.consumer, Consumer)


def test_secured_clusters_are_reached_and_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    assert credentials_of({}) is None
    sasl = {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "u",
        "sasl.password": "p",
    }
    found = credentials_of(sasl)
    assert (found.protocol.value, found.mechanism.value, found.username, found.password) == (  # type: ignore[union-attr]
        "SASL_SSL",
        "SCRAM-SHA-512",
        "u",
        "p",
    )
    assert credentials_of({"security.protocol": "SSL"}).context.check_hostname  # type: ignore[union-attr]
    with pytest.raises(ValueError, match=r"enable\.ssl\.certificate\.verification"):
        credentials_of({"security.protocol": "SSL", "enable.ssl.certificate.verification": "false"})


@pytest.mark.cluster
async def test_committed_records_come_once_and_in_order_and_the_group_commits_over_the_marks(bench: Bench) -> None:
    first = bench.handler()
    with working(bench, first) as stream:
        bench.write(20)
        await until(lambda: first.count() >= 600)
        bench.write(20)
        await until(lambda: first.count() >= 1200)
        assert first.texts == bench.expected()  # no text "aborted" either

        def sequences() -> dict[int, int]:
            return {number: at.sequence for (topic, number), at in stream.progress().items() if topic == bench.topic}

        await until(lambda: sequences() == bench.writer.sequences)  # made durable after the handling
    # The last thing in each partition is the mark of the last transaction.
    assert bench.committed() == {number: bench.log.end((bench.topic, number)) - 1 for number in range(PARTITIONS)}

    second = bench.handler()
    with working(bench, second) as stream:
        await until(lambda: len(stream.progress()) == 2 * PARTITIONS)
        bench.write(1, size=KEYS)
        await until(lambda: second.count() >= KEYS)
    assert second.texts == {key: texts[-1:] for key, texts in bench.expected().items()}


@pytest.mark.cluster
async def test_a_worker_that_started_while_no_broker_answered_begins_once_one_does(bench: Bench) -> None:
    bench.write(5)
    handler = bench.handler()
    host, _, port = bench.bootstrap.partition(":")
    proxy = Proxy((host, int(port)))  # nobody listens there yet
    with working(bench, handler, f"127.0.0.1:{proxy.port}") as stream:
        await until(lambda: stream.trouble.startswith("store away"))
        with proxy:
            await until(lambda: handler.count() >= 150)
    assert handler.texts == bench.expected()


@pytest.mark.cluster
async def test_the_streams_progress_counts_and_not_what_kafka_remembers(bench: Bench) -> None:
    bench.write(5)
    bench.commit_ends()
    handler = bench.handler()
    with working(bench, handler):
        await until(lambda: handler.count() >= 150)
    assert handler.texts == bench.expected()


@pytest.mark.cluster
async def test_poison_and_a_failing_key_are_parked_and_the_others_go_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "PATIENCE", (0.0,))
    handler, letters = bench.handler(), DeadLetters(bench.tables)
    broken = True
    handler.failing = lambda key: broken and key == "copy/7"

    async def parked() -> list[str]:
        return [each.lane.key for each in await letters.parked(bench.name)]

    async def kept(count: int) -> bool:
        return len(await letters.letters(bench.name, "copy/7")) == count

    async def free() -> bool:
        return not await parked()

    for topic in (bench.topic, bench.other):
        bench.put(topic, b"copy/poison", b"\xff")
        bench.put(topic, b"copy/empty", None)
    with working(bench, handler):
        bench.write(4, size=5 * KEYS)
        await until(lambda: handler.count() >= 19 * 20 + 2)
        await until(lambda: kept(20))
        assert await parked() == ["copy/7", "copy/poison", "copy/poison"]
        assert "copy/7" not in handler.texts
        broken = False
        assert await letters.wish(bench.name, "copy/7", "retry", "repaired") == 1
        assert await letters.wish(bench.name, "copy/poison", "discard", "no events") == 2
        bench.write(1, size=KEYS)
        await until(lambda: handler.count() >= 21 * 20 + 2)
        await until(free)  # each partition sees to its own wishes
    assert {key: texts for key, texts in handler.texts.items() if key != "copy/empty"} == bench.expected()
