"""`make up` and `make down` without containers: both servers answer, and what they hold survives."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from infra.local.ports import free_port

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]  # it starts each server twice

Command = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def kafka_port() -> int:
    return free_port()


@pytest.fixture
def cluster(tmp_path: Path, kafka_port: int) -> Iterator[Command]:
    ports = [f"--kafka-port={kafka_port}", f"--cassandra-port={free_port()}"]
    options = {"up": [*ports, "--by=processes"], "status": ports, "down": ["--by=processes"]}

    def run(command: str) -> "subprocess.CompletedProcess[str]":
        arguments = ["-m", "infra.local", command, f"--data={tmp_path}", *options[command]]
        return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)

    yield run
    run("down")


def test_up_status_down_and_up_again(cluster: Command, kafka_port: int) -> None:
    assert cluster("status").returncode == 1

    up = cluster("up")
    assert up.returncode == 0, up.stderr
    assert cluster("status").returncode == 0
    topic = f"kept.{uuid4()}"
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{kafka_port}", "log_level": 0})
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])[topic].result(30)

    down = cluster("down")
    assert down.returncode == 0, down.stderr
    assert cluster("status").returncode == 1

    again = cluster("up")
    assert again.returncode == 0, again.stderr
    assert topic in admin.list_topics(timeout=30).topics
