"""What the contract suites run against: each adapter of a port, opened afresh for every test."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from infra.log import Log, LogUnavailable
from tests.services import Service

OpenLog = Callable[..., Log]  # each call opens the same log once more, as another process would: open_log("elsewhere")
# for a process on another machine, which has local stores of its own

LOGS = ["embedded", pytest.param("kafka", marks=pytest.mark.cluster)]  # each name has a fixture `open_<name>_log` below


@pytest.fixture(params=LOGS)
def open_log(request: pytest.FixtureRequest) -> OpenLog:
    opened: OpenLog = request.getfixturevalue(f"open_{request.param}_log")
    return opened


@pytest.fixture
def log(open_log: OpenLog) -> Log:
    return open_log()


@pytest.fixture
def open_embedded_log(tmp_path: Path) -> Iterator[OpenLog]:
    from infra.embedded.log import EmbeddedLog

    opened: list[Log] = []

    def open_again(machine: str = "here") -> Log:
        opened.append(EmbeddedLog(tmp_path / "log.db"))
        return opened[-1]

    yield open_again
    for log in opened:
        with suppress(LogUnavailable):
            log.close()


@pytest.fixture
def open_kafka_log(tmp_path: Path, kafka: Service) -> Iterator[OpenLog]:
    from infra.kafka.log import KafkaLog

    opened: list[Log] = []

    def open_again(machine: str = "here") -> Log:
        opened.append(KafkaLog(kafka.address, data_dir=tmp_path / machine))
        return opened[-1]

    yield open_again
    for log in opened:
        log.close()
