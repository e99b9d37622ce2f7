"""Servers that want TLS, certificates and a password, reached with the settings that docs/operations.md names."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import pytest
from pydantic import SecretStr

from infra import deadletters, progress
from infra.embedded.tables import EmbeddedTables
from infra.kafka.log import KafkaLog
from infra.log import LogUnavailable, Record, Retention, Topic
from infra.settings import Engine, Settings
from infra.tables import Table, TablesUnavailable, Write
from processors import faust
from processors.streams import Follower, Stream
from schemas.codec import Codec
from septet.composition import House, build
from tests.certificates import Certificates, certificates
from tests.contract.secured import CASSANDRA_PASSWORD, CASSANDRA_USER, SecuredBroker, SecuredNode
from tests.gapless import envelope
from tests.unit.processors.streaming import CODEC

pytestmark = pytest.mark.cluster

NOTES = Table("notes", partition={"key": str}, columns={"text": str})
PATIENCE = 120  # seconds


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def broker(made: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    with SecuredBroker(tmp_path_factory.mktemp("kafka"), made) as one:
        yield one


@pytest.fixture(scope="module")
def node(made: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredNode]:
    with SecuredNode(tmp_path_factory.mktemp("cassandra"), made) as one:
        yield one


class Hearing(Follower):
    """Notes what it hears."""

    def __init__(self, topic: str) -> None:
        self.name = f"hearing-{topic}"
        self.topics: tuple[str, ...] = (topic,)
        self.heard: list[bytes | None] = []

    def read(self, record: Record, codec: Codec) -> tuple[str, bytes | None]:
        return record.key.decode(), record.value

    async def handle(self, batch: Sequence[tuple[str, bytes | None]]) -> Sequence[Write]:
        self.heard += [value for _, value in batch]
        return ()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_kafka_is_written_and_read_by_our_clients_and_by_faust(
    broker: SecuredBroker, mechanism: str, tmp_path: Path
) -> None:
    security = broker.security(mechanism)
    settings = Settings(
        _env_file=None, engine=Engine.CLUSTER, data=tmp_path, kafka=broker.address, kafka_security=security
    )
    house = build(settings)
    topic = f"secured-{uuid4()}.events"
    await asyncio.to_thread(house.log.ensure, [Topic(topic, 1, Retention.FOREVER)])
    producer = house.log.producer()
    producer.send(topic, b"copy/1", b"a word", envelope(topic, "copy/1", 0, 1), partition=0)
    await asyncio.to_thread(producer.flush, PATIENCE)
    producer.close()
    assert house.log.end((topic, 0)) == 1
    reader = house.log.reader({(topic, 0): 0})
    assert [each.value for each in await asyncio.to_thread(reader.poll, 1, PATIENCE)] == [b"a word"]
    reader.close()
    handler, tables, stop = Hearing(topic), EmbeddedTables(tmp_path / "tables.db"), Event()
    await tables.create([progress.PROGRESS, *deadletters.TABLES])
    cluster = faust.Cluster(settings.kafka, "0", tmp_path / "faust", settings.kafka_security)
    worker = Thread(target=faust.run, args=(Stream(handler, CODEC, house.log, tables), cluster, stop))
    worker.start()
    try:
        async with asyncio.timeout(PATIENCE):
            while not handler.heard:
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        worker.join()
    assert handler.heard == [b"a word"]
    await tables.close()
    await house.store.close()
    house.close()


def test_kafka_lets_nobody_else_in(broker: SecuredBroker, tmp_path: Path) -> None:
    ours, scram = broker.security(), broker.security("SCRAM-SHA-512")
    own = ("ssl.certificate.location", "ssl.key.location")
    stranger = {name: value for name, value in ours.items() if name not in own}
    wrong = [
        {**ours, "sasl.password": "guessed"},
        {**scram, "sasl.password": ours["sasl.password"]},
        {**scram, "sasl.username": "somebody"},
        {**ours, "security.protocol": "PLAINTEXT"},
        stranger,
    ]

    def refused(security: dict[str, str]) -> None:
        log = KafkaLog(broker.address, data_dir=tmp_path, security=security, patience=1)
        with pytest.raises(LogUnavailable):
            log.ensure([Topic("anything", 1, Retention.FOREVER)])
        log.close()

    with ThreadPoolExecutor(len(wrong)) as pool:  # each takes as long as a client is patient
        list(pool.map(refused, wrong))


async def test_cassandra_is_written_and_read(node: SecuredNode, made: Certificates, tmp_path: Path) -> None:
    house = cassandra(node, made, tmp_path)
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await house.store.create([NOTES])
                break
            except TablesUnavailable:  # the first account is made a moment after the node answers
                await asyncio.sleep(0.2)
    await house.store.write([NOTES.put(1, key="a", text="a word")])
    assert await house.store.get(NOTES, key="a") == {"key": "a", "text": "a word"}
    await house.store.close()
    house.close()


async def test_cassandra_lets_nobody_else_in(node: SecuredNode, made: Certificates, tmp_path: Path) -> None:
    for wrong in (
        {"cassandra_password": SecretStr("guessed")},
        {"cassandra_certificate": None},
        {"cassandra_ca": None, "cassandra_certificate": None},
    ):
        house = cassandra(node, made, tmp_path, **wrong)
        with pytest.raises(TablesUnavailable):
            await house.store.create([NOTES])
        await house.store.close()
        house.close()


def cassandra(node: SecuredNode, made: Certificates, folder: Path, **other: object) -> House:
    """An installation with the tables in this node."""
    settings = {
        "engine": Engine.CLUSTER,
        "data": folder,
        "cassandra_port": node.port,
        "cassandra_user": CASSANDRA_USER,
        "cassandra_password": SecretStr(CASSANDRA_PASSWORD),
        "cassandra_ca": made.ca,
        "cassandra_certificate": made.client,
    }
    return build(Settings(_env_file=None, **{**settings, **other}))  # type: ignore[arg-type]
