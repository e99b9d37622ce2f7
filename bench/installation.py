"""Septet in either engine as the benchmarks run it: real processes on fresh data, ended when the block ends."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Any, Self

import httpx

from infra.local import CassandraNode, KafkaBroker
from infra.local.ports import free_port
from infra.settings import Engine, Settings
from septet.composition import CONSUMERS

ROOT = Path(__file__).parents[1]
WORKERS = ("commands", *CONSUMERS)
STARTS_WITHIN, STOPS_WITHIN = 180.0, 30.0  # seconds
SECRET = "only for benchmarks on the loopback interface"


class Failed(Exception):
    """A process of Septet ended or did not get ready; carries the end of its output."""


class Servers:
    """Kafka and Cassandra for one run: a fresh broker whenever asked, one node, both started when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kafka: KafkaBroker | None = None
        self._cassandra: CassandraNode | None = None

    def kafka(self) -> KafkaBroker:
        """A broker without topics: the names of ours are fixed."""
        self._end_kafka()
        self._kafka = KafkaBroker(Path(mkdtemp(prefix="kafka-", dir=self._folder)), free_port(), free_port())
        self._kafka.start()
        return self._kafka

    def cassandra(self) -> CassandraNode:
        """The node; installations in it are told apart by keyspace."""
        if self._cassandra is None:
            directory = Path(mkdtemp(prefix="cassandra-", dir=self._folder))
            self._cassandra = CassandraNode(directory, free_port(), free_port())
        self._cassandra.start()
        return self._cassandra

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end_kafka()
        if self._cassandra is not None:
            self._cassandra.stop()

    def _end_kafka(self) -> None:
        if self._kafka is not None:
            self._kafka.stop()
            shutil.rmtree(self._kafka.directory, ignore_errors=True)
            self._kafka = None


class Installation:
    """The settings of one Septet and the processes of it that were started; `pids` names the servers' too."""

    def __init__(self, folder: Path, settings: Settings, servers: dict[str, int]) -> None:
        self.folder, self.settings, self.engine = folder, settings, settings.engine
        self.url = f"http://127.0.0.1:{settings.port}"
        self._servers = servers
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def pids(self) -> dict[str, int]:
        return {**{name: each.pid for name, each in self._processes.items()}, **self._servers}

    def start(self, name: str, words: Sequence[str]) -> None:
        """Starts `septet <words>`."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "septet", *words],
                cwd=self.folder,  # not where a developer's .env may lie
                env={**os.environ, **environment(self.settings), "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def serve(self) -> None:
        """Starts all of it and waits until its API answers. Raises Failed."""
        if self.engine is Engine.EMBEDDED:
            self.start("septet", ["run"])
            self._until_ready()
            return
        self.start("api", ["api"])
        self._until_ready()  # it makes topics and tables; the others find them
        for role in WORKERS:
            self.start(role, ["worker", role])

    def runs(self, name: str) -> bool:
        """Whether a process has not ended by itself."""
        return self._processes[name].poll() is None

    def stop(self, name: str) -> None:
        """Ends one process in good order; kills one that does not end."""
        process = self._processes.pop(name)
        process.terminate()
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop_all(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for name in list(self._processes):
            self.stop(name)

    def _until_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            for name, process in self._processes.items():
                if process.poll() is not None or time.monotonic() > deadline:
                    output = (self.folder / f"{name}.log").read_text(errors="replace")
                    raise Failed(f"{name} is not ready (status {process.returncode}):\n{output[-4_000:]}")
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)


@contextmanager
def installation(
    engine: Engine, servers: Servers, folder: Path, *, tables: bool = True, slot: int = 0
) -> Iterator[Installation]:
    """A new installation of which nothing runs yet but, in a cluster, Kafka, and Cassandra where `tables` are used.

    `slot` is the one of the processes started here; a gateway in the benchmark's own process takes another.
    """
    with ExitStack() as stack:
        own = Path(mkdtemp(prefix=f"{engine.value}-", dir=folder))
        stack.callback(shutil.rmtree, own, ignore_errors=True)
        running: dict[str, int] = {}
        common: dict[str, Any] = {
            "engine": engine,
            "data": own / "data",
            "port": free_port(),
            "slot": slot,
            "secret": SECRET,
        }
        if engine is Engine.CLUSTER:
            broker = servers.kafka()
            running["kafka"] = broker.pid or 0
            common |= {"kafka": broker.address, "cassandra_keyspace": f"bench_{time.time_ns()}"}
            if tables:
                node = servers.cassandra()
                running["cassandra"] = node.pid or 0
                common["cassandra_port"] = int(node.address.partition(":")[2])
        one = Installation(own, Settings(_env_file=None, **common), running)
        stack.callback(one.stop_all)
        yield one


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a process of their installation is given them."""
    found = {
        "SEPTET_ENGINE": settings.engine.value,
        "SEPTET_DATA": str(settings.data),
        "SEPTET_PORT": str(settings.port),
        "SEPTET_SLOT": str(settings.slot),
        "SEPTET_SECRET": settings.secret.get_secret_value(),
        "SEPTET_LOG_LEVEL": "WARNING",
    }
    if settings.engine is Engine.CLUSTER:
        found |= {
            "SEPTET_KAFKA": settings.kafka,
            "SEPTET_CASSANDRA_PORT": str(settings.cassandra_port),
            "SEPTET_CASSANDRA_KEYSPACE": settings.cassandra_keyspace,
        }
    return found
