"""What a worker process answers to machines, and what it says of itself while it works."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from infra.embedded.tables import EmbeddedTables
from infra.local.ports import free_port
from infra.settings import Engine, Settings
from infra.workers import TABLES, workers_of
from septet import reporting, roles
from septet.composition import build
from septet.machines import answering
from septet.reporting import Sign


def test_it_is_alive_and_ready_as_long_as_that_is_true() -> None:
    said = {"alive": "", "ready": ""}
    with answering("127.0.0.1", 0, lambda: said["alive"], lambda: said["ready"]) as port:
        url = f"http://127.0.0.1:{port}"
        assert [httpx.get(f"{url}{path}").status_code for path in ("/livez", "/readyz")] == [200, 200]
        said["ready"] = "the log does not answer"
        assert httpx.get(f"{url}/livez").status_code == 200
        assert (httpx.get(f"{url}/readyz").status_code, httpx.get(f"{url}/readyz").text) == (503, said["ready"])
        said["alive"] = "nothing has happened for 70 s"
        assert (httpx.get(f"{url}/livez").status_code, httpx.get(f"{url}/readyz").text) == (503, said["alive"])
        assert "septet_events_handled_total" in httpx.get(f"{url}/metrics").text
        assert httpx.get(f"{url}/else").status_code == 404


def test_a_worker_that_waits_to_begin_is_alive_and_not_ready(tmp_path: Path) -> None:
    port = free_port()
    house = build(
        Settings(_env_file=None, engine=Engine.CLUSTER, data=tmp_path, kafka="127.0.0.1:1", metrics_port=port)
    )
    for _ in range(2):  # the port is free again at once: the role itself takes it next
        with roles.waiting(house):
            assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
            assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 503
    house.close()


def test_a_worker_is_heard_of_from_its_start_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "EVERY", 0.05)
    tables, sign = EmbeddedTables(tmp_path / "tables.db"), Sign(0)
    asyncio.run(tables.create(TABLES))
    with reporting.reporting(tables, "fanout", 3, 9_000, lambda: sign):
        [first] = asyncio.run(workers_of(tables))
        assert (first.role, first.slot, first.metrics_port, first.stalled) == ("fanout", 3, 9_000, False)
        sign = Sign(handled=500, silent=11.0, partitions=4, error="no luck", error_at=5)
        while not (said := asyncio.run(workers_of(tables))[0]).handled:
            time.sleep(0.01)
        assert (said.stalled, said.partitions, said.error, said.rate > 0) == (True, 4, "no luck", True)
    assert asyncio.run(workers_of(tables)) == []
    asyncio.run(tables.close())
