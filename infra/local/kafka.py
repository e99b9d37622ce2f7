"""A Kafka 4 broker (KRaft, one node) as a process of this machine."""

import base64
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from infra.local.artifacts import compilation, jars, java
from infra.local.ports import free_port
from infra.local.server import NotReady, Server

VERSION = "4.3.1"
ARTIFACTS = (
    f"org.apache.kafka:kafka_2.13:{VERSION}",
    f"org.apache.kafka:kafka-tools:{VERSION}",
    # The broker does not start without these two, yet its own artifact does not bring them.
    "org.apache.logging.log4j:log4j-core:2.24.3",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
)

# One node, so everything is kept once; short time-outs, because developers and chaos tests wait for each of them.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
"""

LOGGING = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
"""


def answers(bootstrap: str) -> bool:
    """Whether the broker at `host:port` answers a client's question for its topics within two seconds."""
    # Its own complaints about refused connections are what is expected while a broker starts.
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        return bool(client.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


class KafkaBroker(Server):
    """One broker that is its own controller; replication factors are 1."""

    name = "Kafka"
    scram: ClassVar[Mapping[str, str]] = {}  # users that are there from the first start, with their passwords

    def __init__(self, directory: Path, port: int, controller_port: int, *, detached: bool = False) -> None:
        super().__init__(directory, detached=detached)
        self._port, self._controller_port = port, controller_port

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def answers(self) -> bool:
        return answers(self.address)

    def prepare(self) -> list[str]:
        java_, classpath = java(), f"{jars(f'kafka-{VERSION}', ARTIFACTS)}/*"
        data, properties, logging = (
            self.directory / name for name in ("data", "server.properties", "log4j2.properties")
        )
        properties.write_text(PROPERTIES.format(port=self._port, controller=self._controller_port, data=data))
        logging.write_text(LOGGING)
        if not (data / "meta.properties").exists():
            self._format(java_, classpath, properties)
        memory = ["-Xms256m", "-Xmx512m", "-XX:+UseG1GC"]
        options = [*memory, *compilation(), f"-Dlog4j2.configurationFile={logging}"]
        return [java_, *options, "-cp", classpath, "kafka.Kafka", str(properties)]

    def _format(self, java_: str, classpath: str, properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        options = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", classpath]
        arguments = ["format", "--standalone", f"--cluster-id={cluster}", f"--config={properties}"]
        for user, password in self.scram.items():
            arguments.append(f"--add-scram=SCRAM-SHA-512=[name={user},password={password}]")
        run = subprocess.run(
            [java_, *options, "kafka.tools.StorageTool", *arguments], capture_output=True, text=True, check=False
        )
        if run.returncode != 0:
            raise NotReady(f"Kafka could not format its directory.\n{run.stdout}{run.stderr}")


@contextmanager
def local_kafka(directory: Path) -> Iterator[KafkaBroker]:
    """A broker on free ports while the block lasts; its data stay in `directory`. Raises NotReady, Unavailable."""
    with KafkaBroker(directory, free_port(), free_port()) as broker:
        yield broker
