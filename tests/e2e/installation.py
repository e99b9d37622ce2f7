"""Septet started as anybody would start it, in either engine, and told to end."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from septet.cluster import ROLES

WORKERS = tuple(role for role in ROLES if role != "api")
STARTS_WITHIN = 400.0  # seconds: a busy machine is slow, not wrong
ROOT = Path(__file__).parents[2]
NONE: Mapping[str, str] = {}


class Installation:
    """The processes of one Septet; `url` is where its API answers, `folder` holds its data and logs."""

    def __init__(self, folder: Path, settings: Mapping[str, str], root: Path = ROOT) -> None:
        self.folder, self._root, self.settings = folder, root, settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"SEPTET_DATA": str(folder / "data"), "SEPTET_PORT": str(self.port), "SEPTET_PARTITIONS": "4"}
        self._environment = {**os.environ, **own, **settings, "PYTHONPATH": str(root)}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, words: Sequence[str]) -> None:
        """Starts `septet <words>`; its output goes to a log of that name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "septet", *words],
                cwd=self._root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                umask=0,  # as careless as a shell can be: what is private must be so all the same
            )

    def run(self, *words: str) -> str:
        """Runs `septet <words>` to its end; answers what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "septet", *words],
            cwd=self._root,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STARTS_WITHIN,
            check=True,
        )
        return done.stdout

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise AssertionError(f"{name} ended with {process.returncode}:\n{self.log(name)}")
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if time.monotonic() > deadline:
                raise AssertionError("Septet is not ready:\n" + "\n".join(self.log(name) for name in self.processes))
            time.sleep(0.1)

    def wait_until_working(self) -> None:
        """Until a command is decided and shown: every role it takes is there."""
        body = {"name": "the first", "phone_number": "+4930123999", "password": "long enough"}
        deadline = time.monotonic() + STARTS_WITHIN
        while httpx.post(f"{self.url}/identity/people", json=body, timeout=60).status_code != 201:
            if time.monotonic() > deadline:
                raise AssertionError("Septet does nothing:\n" + "\n".join(self.log(name) for name in self.processes))
            body["name"] += "x"
            body["phone_number"] = body["phone_number"][:-3] + f"{int(body['phone_number'][-3:]) - 1:03d}"

    def log(self, name: str) -> str:
        """The end of a process's output."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4_000:]

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self) -> None:
        """Ends all processes as an operator would; kills what does not end."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def embedded(folder: Path, root: Path = ROOT, more: Mapping[str, str] = NONE) -> Iterator[Installation]:
    """One process on SQLite, of the code under `root`; `more` settings where there are any."""
    one = Installation(folder, {"SEPTET_ENGINE": "embedded", **more}, root)
    one.start("run", ["run"])
    try:
        one.wait_until_ready()
        yield one
    finally:
        one.stop()


@contextmanager
def cluster(folder: Path, kafka: str, cassandra: str, more: Mapping[str, str] = NONE) -> Iterator[Installation]:
    """A process a role, on Kafka and Cassandra at the given addresses."""
    host, _, port = cassandra.partition(":")
    settings = {
        "SEPTET_ENGINE": "cluster",
        "SEPTET_SECRET": "whatever lies on this broker is sealed under it",
        "SEPTET_KAFKA": kafka,
        "SEPTET_CASSANDRA": f'["{host}"]',
        "SEPTET_CASSANDRA_PORT": port or "9042",
        "SEPTET_CASSANDRA_KEYSPACE": f"septet_{free_port()}",
        **more,
    }
    one = Installation(folder, settings)
    one.start("api", ["api"])
    one.wait_until_ready()  # it makes topics and tables; the others find them
    for role in WORKERS:
        one.start(role, ["worker", role])
    try:
        one.wait_until_working()
        yield one
    finally:
        one.stop()
