"""What every test may use: real Kafka and Cassandra. And the order of the whole run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Hundreds of people are registered here, and nobody guesses their passwords: half a second of a processor for each.
os.environ.setdefault("SEPTET_PASSWORD_MEMORY", "64")

pytest_plugins = ["tests.services"]

ROOT = Path(__file__).parent
SERVERS = {"kafka", "cassandra"}  # the fixtures that start them
# The quick ones first; those that bring all their servers before those that share some until the run ends. The
# browser's last: its driver keeps an event loop in the main thread, and no asynchronous test can run beside it.
ORDER = ("unit", "contract", "chaos", "e2e/test_local_cluster.py", "e2e", "e2e/console")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Marks what needs servers before `-m` chooses, and puts in order what it has chosen."""
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("cluster")
    yield
    items.sort(key=_room)  # stable: within a room they stay as they are


def _room(item: pytest.Item) -> int:
    where = item.path.relative_to(ROOT)
    rooms = [room for room in ORDER if where.is_relative_to(room)]
    return ORDER.index(max(rooms, key=len)) if rooms else 0
