"""The stores of tables that the contract runs against, and the ways to take one away."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from infra.cassandra.tables import CassandraTables
from infra.embedded.tables import EmbeddedTables
from infra.tables import Tables
from tests.contract.proxy import Proxy
from tests.services import Service


@dataclass
class Store:
    """One store, empty at the start of the module."""

    name: str
    connect: Callable[[], Tables]
    away: Callable[[], AbstractContextManager[None]]  # refuses writes while the block lasts
    opened: list[Tables] = field(default_factory=list)

    def open(self) -> Tables:
        """The same store once more, as another process would open it."""
        self.opened.append(self.connect())
        return self.opened[-1]

    def close(self) -> None:
        for tables in self.opened:
            asyncio.run(tables.close())


@pytest.fixture(scope="module", params=["embedded", pytest.param("cassandra", marks=pytest.mark.cluster)])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture(scope="module")
def tables(store: Store) -> Tables:
    return store.open()


@pytest.fixture(scope="module")
def embedded_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("tables") / "data" / "tables.db"
    store = Store("embedded", lambda: EmbeddedTables(path, patience=0.5), lambda: locked(path))
    yield store
    store.close()


@pytest.fixture(scope="module")
def cassandra_store(cassandra: Service) -> Iterator[Store]:
    host, _, port = cassandra.address.partition(":")
    with Proxy((host, int(port))) as proxy:
        keyspace = f"contract_{uuid4().hex}"
        # Longer than usual: making a table takes seconds on a busy machine.
        store = Store(
            "cassandra", lambda: CassandraTables([host], proxy.port, keyspace, seconds=10.0), lambda: proxy.cut()
        )
        yield store
        store.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process is writing, for longer than anybody waits."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
