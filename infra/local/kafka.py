"""Kafka 4 brokers (KRaft) as processes of this machine: one that is its own controller, or a few that elect one."""

import base64
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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

# Short time-outs, because developers and chaos tests wait for each of them.
PROPERTIES = """\
process.roles=broker,controller
node.id={node}
{quorum}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=5
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={in_sync}
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
    """One broker; its own controller, or one of several that elect one: `voters` are the controller ports of all.

    What Kafka keeps for itself has as many replicas as there are brokers, three at most.
    """

    name = "Kafka"
    scram: ClassVar[Mapping[str, str]] = {}  # users that are there from the first start, with their passwords

    def __init__(
        self, directory: Path, port: int, controller_port: int, *, detached: bool = False, voters: Sequence[int] = ()
    ) -> None:
        super().__init__(directory, detached=detached)
        self._port, self._controller_port, self._voters = port, controller_port, tuple(voters)
        if voters:
            self.name = f"Kafka {self._node}"

    @property
    def _node(self) -> int:
        return self._voters.index(self._controller_port) + 1 if self._voters else 1

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
        copies = min(len(self._voters) or 1, 3)
        properties.write_text(
            PROPERTIES.format(
                node=self._node,
                quorum=self._quorum(),
                port=self._port,
                controller=self._controller_port,
                data=data,
                copies=copies,
                in_sync=2 if copies > 2 else 1,
            )
        )
        logging.write_text(LOGGING)
        if not (data / "meta.properties").exists():
            self._format(java_, classpath, properties)
        memory = ["-Xms256m", "-Xmx512m", "-XX:+UseG1GC"]
        options = [*memory, *compilation(), f"-Dlog4j2.configurationFile={logging}"]
        return [java_, *options, "-cp", classpath, "kafka.Kafka", str(properties)]

    def _quorum(self) -> str:
        if not self._voters:
            return f"controller.quorum.bootstrap.servers=127.0.0.1:{self._controller_port}"
        voters = (f"{node}@127.0.0.1:{port}" for node, port in enumerate(self._voters, start=1))
        return f"controller.quorum.voters={','.join(voters)}"

    def _format(self, java_: str, classpath: str, properties: Path) -> None:
        # The brokers of a cluster have one id, which each finds for itself.
        id_ = uuid.uuid5(uuid.NAMESPACE_OID, self._quorum()) if self._voters else uuid.uuid4()
        cluster = base64.urlsafe_b64encode(id_.bytes).rstrip(b"=").decode()
        options = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", classpath]
        arguments = ["format", f"--cluster-id={cluster}", f"--config={properties}"]
        if not self._voters:
            arguments.append("--standalone")
        for user, password in self.scram.items():
            arguments.append(f"--add-scram=SCRAM-SHA-512=[name={user},password={password}]")
        run = subprocess.run(
            [java_, *options, "kafka.tools.StorageTool", *arguments], capture_output=True, text=True, check=False
        )
        if run.returncode != 0:
            raise NotReady(f"Kafka could not format its directory.\n{run.stdout}{run.stderr}")


def brokers(directory: Path, ports: Sequence[tuple[int, int]], *, detached: bool = False) -> list[KafkaBroker]:
    """One broker for each pair of ports (its own, its controller's), each with a folder of its own in `directory`."""
    voters = [controller for _, controller in ports]
    return [
        KafkaBroker(directory / f"{node}-of-{len(ports)}", *pair, detached=detached, voters=voters)
        for node, pair in enumerate(ports, start=1)
    ]


@contextmanager
def local_brokers(directory: Path, count: int) -> Iterator[list[KafkaBroker]]:
    """Several brokers as one cluster on free ports while the block lasts. Raises NotReady, Unavailable."""
    made = brokers(directory, [(free_port(), free_port()) for _ in range(count)])
    with ExitStack() as running:
        for each in made:  # none answers before most are there
            running.callback(each.stop)
            each.launch()
        for each in made:
            each.start()
        yield made


@contextmanager
def local_kafka(directory: Path) -> Iterator[KafkaBroker]:
    """A broker on free ports while the block lasts; its data stay in `directory`. Raises NotReady, Unavailable."""
    with KafkaBroker(directory, free_port(), free_port()) as broker:
        yield broker
