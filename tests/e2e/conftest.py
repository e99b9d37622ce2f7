"""Septet in both engines, for the tests that use it as its users do."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e.collector import Collector, collecting
from tests.e2e.installation import Installation, cluster, embedded
from tests.e2e.people import Town
from tests.local_calendars import local_calendars
from tests.services import Service


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where both installations send their spans."""
    with collecting() as one:
        yield one


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[str]:
    """Calendars that people keep elsewhere, for both installations: use an account of your own."""
    with local_calendars() as url:
        yield url


@pytest.fixture(scope="session")
def embedded_septet(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector, elsewhere: str
) -> Iterator[Installation]:
    with embedded(tmp_path_factory.mktemp("embedded"), more=_more(collector, elsewhere)) as one:
        yield one


@pytest.fixture(scope="session")
def cluster_septet(
    tmp_path_factory: pytest.TempPathFactory, kafka: Service, cassandra: Service, collector: Collector, elsewhere: str
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("cluster")
    with cluster(folder, kafka.address, cassandra.address, _more(collector, elsewhere)) as one:
        yield one


def _more(collector: Collector, elsewhere: str) -> dict[str, str]:
    # Webhooks of the tests are on this machine, too.
    own = {"SEPTET_OUTBOUND_PRIVATE": "true", "SEPTET_VIDEO": "https://meet.example.org"}
    own |= {"SEPTET_CALENDARS": elsewhere, "SEPTET_CALENDARS_EVERY": "1s"}
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
