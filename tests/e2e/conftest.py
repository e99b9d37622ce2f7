"""Septet in both engines, for the tests that use it as its users do."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e.collector import Collector, collecting
from tests.e2e.installation import Installation, cluster, embedded
from tests.e2e.people import Town
from tests.services import Service


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where both installations send their spans."""
    with collecting() as one:
        yield one


@pytest.fixture(scope="session")
def embedded_septet(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Installation]:
    with embedded(tmp_path_factory.mktemp("embedded"), more=_traced(collector)) as one:
        yield one


@pytest.fixture(scope="session")
def cluster_septet(
    tmp_path_factory: pytest.TempPathFactory, kafka: Service, cassandra: Service, collector: Collector
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("cluster")
    with cluster(folder, kafka.address, cassandra.address, _traced(collector)) as one:
        yield one


def _traced(collector: Collector) -> dict[str, str]:
    # Webhooks of the tests are on this machine, too.
    own = {"SEPTET_OUTBOUND_PRIVATE": "true", "SEPTET_VIDEO": "https://meet.example.org"}
    return {"SEPTET_OTLP": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200", **own}


@pytest.fixture(params=["embedded", pytest.param("cluster", marks=pytest.mark.cluster)])
def septet(request: pytest.FixtureRequest) -> Installation:
    """A running Septet, shared by all tests of its engine: make people of your own."""
    one: Installation = request.getfixturevalue(f"{request.param}_septet")
    return one


@pytest.fixture
async def town(septet: Installation) -> AsyncIterator[Town]:
    """People who use it."""
    async with Town(septet.url) as town:
        yield town
