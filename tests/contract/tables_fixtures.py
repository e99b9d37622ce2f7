"""The stores of tables that the contract runs against, and the ways to take one away."""

import asyncio
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from infra.cassandra.tables import CassandraTables
from infra.embedded.tables import EmbeddedTables
from infra.local.ports import free_port
from infra.tables import Tables
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


class Proxy:
    """A TCP proxy on a port of its own, whose connections can be cut or held up."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.port = free_port()
        self._target = target
        self._flows = threading.Event()
        self._flows.set()
        self._connections: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def __enter__(self) -> "Proxy":
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._flows.set()
        self._shut()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """All connections end and new ones are refused, as when the node has died."""
        self._shut()
        yield
        self._listen()

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Connections stay, nothing arrives, as when the node is frozen."""
        self._flows.clear()
        yield
        self._flows.set()

    def _listen(self) -> None:
        listener = self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _shut(self) -> None:
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts; closing alone would not
            self._listener.close()
        connections, self._connections = self._connections, []
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                server = socket.create_connection(self._target)
                self._connections += client, server
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._flows.wait()
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
