"""What is promised of tables in Cassandra beside the contract: nodes away, dying, freezing, and how rows are kept."""

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import structlog
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, ResponseFuture
from cassandra.connection import ConnectionBusy
from cassandra.policies import RoundRobinPolicy
from cassandra.query import Statement
from structlog.testing import LogCapture

import infra.cassandra.session
from infra.cassandra.tables import CassandraTables
from infra.tables import Table, TablesUnavailable
from tests.contract.proxy import Proxy
from tests.services import Service

pytestmark = pytest.mark.cluster

PATIENCE = 240.0  # seconds until what must happen is held not to happen; a node may take two minutes to start
NOTES = Table("notes", {"owner": str}, {"number": int}, {"text": str})
PASSING = {
    name: Table(name, {"owner": str}, {"number": int}, {"text": str}, descending=True, ttl=ttl)
    for name, ttl in (("hours", timedelta(hours=1)), ("month", timedelta(days=30)), ("day", timedelta(days=1)))
}


@pytest.fixture
def keyspace() -> str:
    return f"test_{uuid4().hex}"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> LogCapture:
    """What the adapter logs."""
    capture = LogCapture()
    monkeypatch.setattr(infra.cassandra.session, "log", structlog.wrap_logger(None, processors=[capture]))
    return capture


@pytest.fixture
async def proxied(cassandra: Service, keyspace: str) -> AsyncIterator[tuple[CassandraTables, Proxy]]:
    host, _, port = cassandra.address.partition(":")
    with Proxy((host, int(port))) as proxy:
        tables = CassandraTables([host], proxy.port, keyspace, seconds=2.0)
        yield tables, proxy
        await tables.close()


async def until_it_writes(tables: CassandraTables, number: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            await tables.write([NOTES.put(1, owner="a", number=number, text="x")])
            return
        except TablesUnavailable:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


async def until_created(tables: CassandraTables) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            await tables.create([NOTES])
            return
        except TablesUnavailable:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


async def fails(tables: CassandraTables) -> None:
    with pytest.raises(TablesUnavailable):
        await tables.write([NOTES.put(1, owner="a", number=n) for n in range(500)])
    with pytest.raises(TablesUnavailable):
        await tables.get(NOTES, owner="a", number=1)
    with pytest.raises(TablesUnavailable):
        await tables.scan(NOTES, owner="a", limit=1)
    with pytest.raises(TablesUnavailable):
        [row async for row in tables.rows(NOTES)]
    with pytest.raises(TablesUnavailable):
        await tables.create([NOTES])


async def test_away_at_the_start_and_away_again_with_one_line_each(
    proxied: tuple[CassandraTables, Proxy], log: LogCapture, caplog: pytest.LogCaptureFixture
) -> None:
    tables, proxy = proxied
    caplog.set_level(logging.DEBUG)
    with proxy.cut():
        for _ in range(3):
            await fails(tables)
    assert [entry["log_level"] for entry in log.entries] == ["warning"]
    await until_created(tables)
    await until_it_writes(tables, 1)
    assert [entry["log_level"] for entry in log.entries] == ["warning", "info"]
    with proxy.cut():
        for _ in range(3):
            await fails(tables)
    await until_it_writes(tables, 2)
    assert [row["number"] for row in await tables.scan(NOTES, owner="a", limit=10)] == [1, 2]
    assert [entry["log_level"] for entry in log.entries] == ["warning", "info", "warning", "info"]
    assert [record.name for record in caplog.records if record.name.startswith("cassandra")] == []


async def test_a_node_that_freezes_is_away_and_comes_back(
    proxied: tuple[CassandraTables, Proxy], log: LogCapture
) -> None:
    tables, proxy = proxied
    await until_created(tables)
    await until_it_writes(tables, 1)
    with proxy.held_up():
        with pytest.raises(TablesUnavailable):
            await tables.write([NOTES.put(1, owner="a", number=n) for n in range(10)])
        with pytest.raises(TablesUnavailable):
            await tables.get(NOTES, owner="a", number=1)
    await until_it_writes(tables, 2)
    row = await tables.get(NOTES, owner="a", number=2)
    assert row is not None


@pytest.mark.timeout(600)
async def test_a_node_that_dies_and_comes_back_has_everything_acknowledged(
    breakable_cassandra: Service, keyspace: str
) -> None:
    host, _, port = breakable_cassandra.address.partition(":")
    tables = CassandraTables([host], int(port), keyspace, seconds=5.0)
    await until_created(tables)
    acknowledged, wanted = 0, 1_000_000

    async def write() -> None:
        nonlocal acknowledged
        while acknowledged < wanted:
            await until_it_writes(tables, acknowledged + 1)
            acknowledged += 1

    writing = asyncio.create_task(write())
    await asyncio.sleep(1)
    await asyncio.to_thread(breakable_cassandra.kill)
    assert acknowledged > 0
    await asyncio.to_thread(breakable_cassandra.start)
    wanted = acknowledged + 100
    await writing
    rows = await tables.scan(NOTES, owner="a", limit=1_000_000)
    assert [row["number"] for row in rows] == list(range(1, acknowledged + 1))
    await tables.close()


async def test_how_tables_are_kept(cassandra: Service, keyspace: str) -> None:
    """One compaction for what stays, one by time windows for what passes, and the keyspace as it was asked for."""
    host, _, port = cassandra.address.partition(":")
    replication: dict[str, str | int] = {"class": "NetworkTopologyStrategy", "datacenter1": 1}
    tables = CassandraTables([host], int(port), keyspace, replication=replication, datacenter="datacenter1")
    await tables.create([NOTES, *PASSING.values()])
    await tables.close()
    profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy())
    with Cluster([host], int(port), protocol_version=5, execution_profiles={EXEC_PROFILE_DEFAULT: profile}) as cluster:
        session = cluster.connect()
        kept = session.execute("SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = %s", [keyspace])
        options = list(
            session.execute(
                "SELECT table_name, compaction, default_time_to_live FROM system_schema.tables "
                "WHERE keyspace_name = %s",
                [keyspace],
            )
        )
        assert kept.one().replication["class"].endswith("NetworkTopologyStrategy")
        session.execute(f'DROP KEYSPACE "{keyspace}"', timeout=60.0)
    found = {row.table_name: (row.compaction["class"].rpartition(".")[2], row.default_time_to_live) for row in options}
    assert found == {
        "notes": ("UnifiedCompactionStrategy", 0),
        "hours": ("TimeWindowCompactionStrategy", 3_600),
        "day": ("TimeWindowCompactionStrategy", 86_400),
        "month": ("TimeWindowCompactionStrategy", 2_592_000),
    }
    windows = {
        row.table_name: (row.compaction["compaction_window_size"], row.compaction["compaction_window_unit"])
        for row in options
        if row.table_name != "notes"
    }
    assert windows == {"hours": ("2", "MINUTES"), "day": ("1", "HOURS"), "month": ("1", "DAYS")}


async def test_a_burst_that_fills_the_connection_is_said_again_in_smaller_parts(
    cassandra: Service, keyspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, _, port = cassandra.address.partition(":")
    tables = CassandraTables([host], int(port), keyspace)
    await until_created(tables)
    session = tables._session._session
    assert session is not None
    send, room = session.execute_async, itertools.chain([20, 45, 45], itertools.repeat(1_000))
    left = next(room)

    def execute_async(statement: Statement) -> ResponseFuture:
        nonlocal left
        left -= 1
        if left < 0:
            left = next(room)
            raise NoHostAvailable("full", {host: ConnectionBusy("full")})
        return send(statement)

    monkeypatch.setattr(session, "execute_async", execute_async)
    await tables.write([NOTES.put(1, owner=f"{n}", number=n, text="x" * 900) for n in range(600)])
    found = [await tables.get(NOTES, owner=f"{n}", number=n) for n in range(600)]
    assert None not in found

    room = itertools.chain(itertools.repeat(0))
    left = 0
    with pytest.raises(TablesUnavailable):
        await tables.write([NOTES.put(2, owner="a", number=1, text="never")])
    await tables.close()
