"""How an installation is: counted against the log itself, said in sentences, told to Prometheus."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from domain.identity.person import RoleGranted
from infra import deadletters, progress, workers
from infra.clock import micros_now
from infra.deadletters import DeadLetters, Lane
from infra.embedded.log import EmbeddedLog
from infra.embedded.tables import EmbeddedTables
from infra.log import Topic
from infra.progress import Progress, marks
from infra.workers import Worker, say
from projections.status import Status
from schemas import topics
from tests.unit.past import Past, put

EVENTS, INBOX = topics.events("identity"), "plain"
SECOND = 1_000_000


@dataclass
class Watching:
    log: EmbeddedLog
    tables: EmbeddedTables
    status: Status
    past: Past


@pytest.fixture
async def watching(tmp_path: Path) -> AsyncIterator[Watching]:
    log, tables = EmbeddedLog(tmp_path / "log.db"), EmbeddedTables(tmp_path / "tables.db")
    log.ensure([Topic(EVENTS, 2), Topic(INBOX, 1)])
    await tables.create([progress.PROGRESS, workers.WORKERS, *deadletters.TABLES])
    yield Watching(log, tables, Status(log, tables, {"one": [EVENTS], "two": [INBOX]}), Past(now=micros_now()))
    log.close()
    await tables.close()


def worker(role: str, **more: int | float | bool) -> Worker:
    now = micros_now()
    return Worker(role, 0, "here", 1, now, **{"seen_at": now, **more})  # type: ignore[arg-type]


async def test_lag_is_counted_in_events_and_since_the_oldest_that_waits(watching: Watching) -> None:
    watching.past.now -= 100 * SECOND
    records = [watching.past.happen(RoleGranted("a"), "x") for _ in range(70)]
    put(watching.log, *records)
    await watching.tables.write(marks("one", {(EVENTS, 0): Progress(3, 2, records[2].time)}))
    first, second, plain = (await watching.status.report()).consumers
    assert (first.lag, first.sequence, first.applied, first.end) == (67, 3, 3, 70)
    assert 95 < first.lag_seconds < 99
    assert (second.lag, second.lag_seconds, plain.lag) == (0, 0.0, 0)
    await watching.tables.write(marks("one", {(EVENTS, 0): Progress(70, 69, records[-1].time)}))
    assert (await watching.status.report()).consumers[0].lag == 0


async def test_records_without_a_sequence_are_counted_too(watching: Watching) -> None:
    producer = watching.log.producer()
    for _ in range(5):
        producer.send(INBOX, b"k", b"", {}, partition=0)
    producer.flush(5)
    await watching.tables.write(marks("two", {(INBOX, 0): Progress(0, 1, 0)}))
    assert (await watching.status.report()).consumers[-1].lag == 3


async def test_what_is_wrong_is_said(watching: Watching) -> None:
    put(watching.log, *[watching.past.happen(RoleGranted("a"), "x")])
    await say(watching.tables, worker("one", silent=30.0, stalled=True))
    await say(watching.tables, worker("two", seen_at=micros_now() - 60 * SECOND))
    await DeadLetters(watching.tables).park("two", Lane(INBOX, 0, "k"), "no luck")
    problems = (await watching.status.report()).problems
    told = "\n".join(problems)
    for words in ("no worker of commands", "no worker of two", "one.0 on here has stood still for 30 s", "no luck"):
        assert words in told
    assert "worker two.0 on here was last heard of" in told
    await watching.status.measure()
    assert REGISTRY.get_sample_value("septet_parked_keys", {"consumer": "two"}) == 1
    assert REGISTRY.get_sample_value("septet_parked_keys", {"consumer": "one"}) == 0
    place = {"consumer": "one", "topic": EVENTS, "partition": "0"}
    assert REGISTRY.get_sample_value("septet_consumer_lag_events", place) == 1
    silent = REGISTRY.get_sample_value("septet_worker_silent_seconds", {"role": "two", "slot": "0"})
    assert silent is not None
    assert silent >= 60


async def test_nothing_is_wrong_where_all_work_and_nothing_waits(watching: Watching) -> None:
    for role in ("commands", "one", "two"):
        await say(watching.tables, worker(role))
    assert (await watching.status.report()).problems == ()
    await workers.leave(watching.tables, "one", 0)
    assert (await watching.status.report()).problems == ("no worker of one is heard of",)
