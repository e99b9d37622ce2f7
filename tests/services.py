"""Real Kafka and Cassandra for the tests: one of each for a whole run, started when a test first asks.

Containers where a Docker engine answers and has the images `KAFKA_IMAGE` and `CASSANDRA_IMAGE`, otherwise processes of
this machine; the run says which and why. `pytest --services containers|processes` insists on one.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, Self

import docker
import pytest
import yaml
from docker.errors import DockerException, ImageNotFound, NotFound
from docker.models.containers import Container
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from infra.local import CassandraNode, KafkaBroker
from infra.local.ports import free_port
from infra.local.server import Server

COMPOSE_FILE = Path(__file__).resolve().parents[1] / "infra" / "compose.yaml"
QUICK = "-XX:TieredStopAtLevel=1"  # servers of minutes: what the second compiler costs them, they never get back
OWNER = "septet.tests.owner"  # label of our containers: the process id of the run they belong to


class Service(Protocol):
    """What a test may ask of Kafka or Cassandra, however it runs; the data survive everything here."""

    @property
    def address(self) -> str:
        """`host:port` for clients; the same for the whole run."""

    def start(self) -> None:
        """Starts it where it does not run; returns when a client gets an answer."""

    def stop(self) -> None: ...

    def kill(self) -> None:
        """As a power cut would."""

    def pause(self) -> None:
        """Freezes it: connections stay open, nothing is answered."""

    def resume(self) -> None: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--services",
        choices=["auto", "containers", "processes"],
        default="auto",
        help="What runs Kafka and Cassandra: containers, processes of this machine, or whichever can be had.",
    )


def pytest_configure() -> None:
    os.environ.setdefault("JAVA_TOOL_OPTIONS", QUICK)


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Iterator[Service]:
    """A Kafka broker that nobody has broken; topics and groups of other tests may be on it, so use fresh names."""
    with _service(request, "kafka", 9092, KafkaBroker) as service:
        yield service


@pytest.fixture(scope="session")
def cassandra(request: pytest.FixtureRequest) -> Iterator[Service]:
    """A Cassandra node that nobody has broken; keyspaces of other tests may be in it, so use fresh names."""
    with _service(request, "cassandra", 9042, CassandraNode) as service:
        yield service


@pytest.fixture
def breakable_kafka(kafka: Service) -> Iterator[Service]:
    """The same broker for a test that kills or pauses it; it runs again afterwards."""
    with _mended(kafka):
        yield kafka


@pytest.fixture
def breakable_cassandra(cassandra: Service) -> Iterator[Service]:
    """The same node for a test that kills or pauses it; it runs again afterwards."""
    with _mended(cassandra):
        yield cassandra


@contextmanager
def _mended(service: Service) -> Iterator[None]:
    try:
        yield
    finally:
        service.resume()
        service.start()


@contextmanager
def _service(
    request: pytest.FixtureRequest, name: str, port: int, kind: Callable[[Path, int, int], Server]
) -> Iterator[Service]:
    wanted, why_not = request.config.getoption("--services"), _no_containers()
    if wanted == "containers" and why_not:
        pytest.fail(f"--services containers, but {why_not}")
    runs_as_container = wanted != "processes" and not why_not
    with TemporaryDirectory(prefix=f"septet-{name}-", ignore_cleanup_errors=True) as directory:
        local = kind(Path(directory), free_port(), free_port())
        service: AbstractContextManager[Service] = _Container(name, port, local) if runs_as_container else local
        with service as running:
            by = (
                f"container of {_image(name)}"
                if runs_as_container
                else f"local process ({'as asked' if wanted == 'processes' else why_not})"
            )
            _tell(request.config, f"{local.name}: {by}, {running.address}")
            yield running


class _Container:
    """A service of infra/compose.yaml as a container of this run."""

    def __init__(self, name: str, port: int, client: Server) -> None:
        self._client = client  # knows the port on this machine and how to ask whether the service answers
        host, _, host_port = client.address.partition(":")
        self._testcontainer = DockerContainer(_image(name)).with_kwargs(
            hostname=name,  # as in Compose: a broker also reaches itself by its name
            labels={OWNER: str(os.getpid())},
        )
        # A fixed port, as one chosen by Docker would change with every start, and only for this machine.
        self._testcontainer.ports[str(port)] = (host, int(host_port))  # type: ignore[assignment]
        environment = _environment(name, f"{name.upper()}_PORT", host_port)
        for variable, value in (environment | {"JAVA_TOOL_OPTIONS": os.environ["JAVA_TOOL_OPTIONS"]}).items():
            self._testcontainer.with_env(variable, value)

    def __enter__(self) -> Self:
        self._testcontainer.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._testcontainer.stop()

    @property
    def address(self) -> str:
        return self._client.address

    @property
    def _container(self) -> Container:
        container: Container = self._testcontainer.get_wrapped_container()
        container.reload()
        return container

    def start(self) -> None:
        self._container.start()
        self._client.until_it_answers(alive=lambda: self._container.status == "running")

    def stop(self) -> None:
        self._container.stop(timeout=30)

    def kill(self) -> None:
        with suppress(DockerException):  # it does not run
            self._container.kill()
        self._container.wait()

    def pause(self) -> None:
        self._container.pause()

    def resume(self) -> None:
        if self._container.status == "paused":
            self._container.unpause()


@cache
def _no_containers() -> str | None:
    """Why containers cannot be had, None where they can; the first call removes what dead runs have left."""
    testcontainers_config.ryuk_disabled = True  # its image may not be there; `_reap` does its work
    try:
        client = docker.from_env(timeout=60)
        client.ping()
    except DockerException:
        return "no Docker engine answers"
    for name in ("kafka", "cassandra"):
        try:
            client.images.get(_image(name))
        except ImageNotFound:
            return f"the Docker engine has no image {_image(name)}"
    _reap(client)
    return None


def _reap(client: docker.DockerClient) -> None:
    for container in client.containers.list(all=True, filters={"label": [OWNER, "org.testcontainers"]}):
        if not Path(f"/proc/{container.labels[OWNER]}").exists():
            with suppress(NotFound):
                container.remove(force=True, v=True)


def _image(name: str) -> str:
    """The image of a service: `KAFKA_IMAGE` or `CASSANDRA_IMAGE` where set, else what the compose file names."""
    setting = f"{name.upper()}_IMAGE"
    return _filled(_compose(name)["image"], setting, os.environ.get(setting))


def _environment(name: str, variable: str, value: str) -> dict[str, str]:
    """A service's environment in the compose file, with one of its variables set."""
    return {key: _filled(str(text), variable, value) for key, text in _compose(name)["environment"].items()}


@cache
def _compose(name: str) -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())["services"][name]
    return service


def _filled(text: str, variable: str, value: str | None) -> str:
    """Replaces `${variable:-default}` in `text` by the value, or by the default where it has none."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda m: value if value and m[1] == variable else m[2], text)


def _tell(config: pytest.Config, line: str) -> None:
    """Says it on the terminal even where output is captured."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    assert capture is not None
    assert reporter is not None
    with capture.global_and_fixture_disabled():
        reporter.ensure_newline()
        reporter.write_line(line)
