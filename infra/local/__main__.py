"""`python -m infra.local up|down|status`: Kafka, of one broker or several, and one Cassandra node for development."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.console import Console

from infra.local.artifacts import Unavailable
from infra.local.cassandra import CassandraNode
from infra.local.containers import Compose, can_be_had, find_compose
from infra.local.kafka import KafkaBroker, brokers
from infra.local.server import NotReady, Server

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console(stderr=True, highlight=False)


class Means(StrEnum):
    """What runs the servers."""

    AUTO = "auto"
    CONTAINERS = "containers"
    PROCESSES = "processes"


Data = Annotated[Path, typer.Option(help="Where local processes keep their data.", envvar="SEPTET_CLUSTER_DATA")]
KafkaPort = Annotated[int, typer.Option(help="Kafka's port; the next one is its controller's.", envvar="KAFKA_PORT")]
Brokers = Annotated[
    int,
    typer.Option(
        help="Kafka brokers; of several, each has the two ports behind the one before.", envvar="KAFKA_BROKERS", min=1
    ),
]
CassandraPort = Annotated[int, typer.Option(help="Cassandra's port for clients.", envvar="CASSANDRA_PORT")]
KafkaImage = Annotated[str, typer.Option(help="Image of a Kafka container.", envvar="KAFKA_IMAGE")]
CassandraImage = Annotated[str, typer.Option(help="Image of a Cassandra container.", envvar="CASSANDRA_IMAGE")]
By = Annotated[Means, typer.Option(help="Containers, processes of this machine, or whichever can be had.")]

DATA = Path("data/cluster")


@app.command()
def up(
    data: Data = DATA,
    kafka_port: KafkaPort = 9092,
    cassandra_port: CassandraPort = 9042,
    kafka_brokers: Brokers = 1,
    kafka_image: KafkaImage = "apache/kafka:4.3.1",
    cassandra_image: CassandraImage = "cassandra:5.0",
    by: By = Means.AUTO,
) -> None:
    """Starts both and waits until they answer a client; what runs already is left alone."""
    *kafka, _ = servers = _servers(data, kafka_port, kafka_brokers, cassandra_port)
    settings = {
        "KAFKA_IMAGE": kafka_image,
        "CASSANDRA_IMAGE": cassandra_image,
        "KAFKA_PORT": str(kafka_port),
        "CASSANDRA_PORT": str(cassandra_port),
    }
    if by is Means.CONTAINERS and len(kafka) > 1:
        console.print("Containers run one broker: choose processes for several.")
        raise typer.Exit(1)
    if by is Means.AUTO and (len(kafka) > 1 or any(server.pid for server in servers)):
        by = Means.PROCESSES  # the compose file has one broker; and a second `up` goes on as the first began
    compose = None if by is Means.PROCESSES else _containers(settings)
    if compose is not None:
        _start_containers(compose, servers)
    elif by is not Means.CONTAINERS:
        _start_processes(servers)
    else:
        raise typer.Exit(1)
    console.print("Every role of Septet on them:")
    wiring = f"SEPTET_ENGINE=cluster SEPTET_KAFKA={','.join(each.address for each in kafka)}"
    if len(kafka) > 1:
        wiring += f" SEPTET_KAFKA_REPLICATION={min(len(kafka), 3)}"
    wiring += f" SEPTET_CASSANDRA_PORT={cassandra_port}"
    console.print(f"  {wiring} .venv/bin/septet cluster", soft_wrap=True)


@app.command()
def down(data: Data = DATA, by: By = Means.AUTO) -> None:
    """Stops what `up` started; the data stay."""
    kafka = [KafkaBroker(each, 0, 0, detached=True) for each in [data / "kafka", *sorted(data.glob("kafka/*-of-*"))]]
    for server in [*kafka, CassandraNode(data / "cassandra", 0, 0, detached=True)]:
        if by is not Means.CONTAINERS and server.pid:
            with console.status(f"{server.name}: stopping"):
                server.stop()
            console.print(f"{server.name} stopped; its data stay in {server.directory}")
    compose = None if by is Means.PROCESSES else find_compose({})
    if isinstance(compose, Compose) and compose.running() and not compose.down():
        raise typer.Exit(1)


@app.command()
def status(
    data: Data = DATA, kafka_port: KafkaPort = 9092, kafka_brokers: Brokers = 1, cassandra_port: CassandraPort = 9042
) -> None:
    """Says what runs, and whether it answers; ends with 1 where something does not."""
    servers = _servers(data, kafka_port, kafka_brokers, cassandra_port)
    compose = find_compose({})
    containers = compose.running() if isinstance(compose, Compose) else []
    answer = {server: server.answers() for server in servers}
    for server, answers in answer.items():
        by = f"process {server.pid}" if server.pid else "container" if containers else "not started here"
        console.print(f"{server.name:10} {server.address:16} {'answers' if answers else 'does not answer'} ({by})")
    if not all(answer.values()):
        raise typer.Exit(1)


def _servers(data: Path, kafka_port: int, kafka_brokers: int, cassandra_port: int) -> list[Server]:
    cassandra = CassandraNode(data / "cassandra", cassandra_port, cassandra_port + 1, detached=True)
    if kafka_brokers == 1:
        return [KafkaBroker(data / "kafka", kafka_port, kafka_port + 1, detached=True), cassandra]
    ports = [(first, first + 1) for first in range(kafka_port, kafka_port + 2 * kafka_brokers, 2)]
    return [*brokers(data / "kafka", ports, detached=True), cassandra]


def _containers(settings: dict[str, str]) -> Compose | None:
    """Compose with both images at hand; None, and a line that says why, where that cannot be."""
    compose = find_compose(settings)
    if isinstance(compose, str):
        console.print(f"No containers: {compose}.")
        return None
    for image in (settings["KAFKA_IMAGE"], settings["CASSANDRA_IMAGE"]):
        with console.status(f"Fetching image {image}"):
            there = can_be_had(image)
        if not there:
            console.print(f"No containers: image {image} is not here and cannot be fetched.")
            return None
    return compose


def _start_containers(compose: Compose, servers: Sequence[Server]) -> None:
    if not compose.up("kafka", "cassandra"):
        raise typer.Exit(1)
    for server in servers:
        _await(server, "container", server.until_it_answers)


def _start_processes(servers: Sequence[Server]) -> None:
    for server in servers:
        if server.pid is None and server.answers():
            console.print(f"Something else answers on {server.address}: stop it, or choose another port.")
            raise typer.Exit(1)
    for server in servers:  # all of them first: of several brokers, none answers before most are there
        _try(server, server.launch)
    for server in servers:
        _await(server, "process", server.start)


def _await(server: Server, by: str, start: Callable[[], None]) -> None:
    began = monotonic()
    _try(server, start)
    console.print(f"{server.name} answers on {server.address} ({by}, {monotonic() - began:.1f} s)")


def _try(server: Server, start: Callable[[], None]) -> None:
    with console.status(f"{server.name}: starting (the first time, its jars are fetched: 60 MB)"):
        try:
            start()
        except (NotReady, Unavailable) as failure:
            console.print(str(failure), markup=False)
            raise typer.Exit(1) from failure


if __name__ == "__main__":
    app()
