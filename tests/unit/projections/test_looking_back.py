"""Looking back: an aggregate as it was, and what followed from what."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from domain.catalogue import CATALOGUE
from domain.chat.conversation import GroupCreated, TitleChanged
from domain.instants import instant
from infra import progress
from infra.embedded.log import EmbeddedLog
from infra.embedded.tables import EmbeddedTables
from infra.log import Record, Topic
from infra.partitioning import partition_of
from infra.progress import Progress, marks
from projections.history import Histories, address_of, moment_of
from projections.tracing import Tracing
from schemas import topics
from tests.scenario import ANN, BOB
from tests.unit.past import CODEC, STEP, Past, put

EVENTS, COMMANDS = topics.events("chat"), topics.commands("chat")
GROUP = "00000000-0000-0000-0000-000000000001"
PARTITIONS = 3


@dataclass
class Looking:
    log: EmbeddedLog
    tables: EmbeddedTables
    past: Past


@pytest.fixture
async def looking(tmp_path: Path) -> AsyncIterator[Looking]:
    log, tables = EmbeddedLog(tmp_path / "log.db"), EmbeddedTables(tmp_path / "tables.db")
    log.ensure([Topic(EVENTS, PARTITIONS), Topic(COMMANDS, PARTITIONS), Topic(topics.ANSWERS, 1)])
    await tables.create([progress.PROGRESS])
    yield Looking(log, tables, Past())
    log.close()
    await tables.close()


async def test_an_aggregate_is_seen_as_of_a_version_and_as_of_a_time(looking: Looking) -> None:
    home = partition_of(f"conversation/{GROUP}".encode(), PARTITIONS)
    past, begin = looking.past, looking.past.now
    past.happen(GroupCreated("one", (ANN, BOB), ANN, b"s" * 32), GROUP, partition=home)
    past.happen(TitleChanged("other", ANN, 0), "another", partition=home)
    two = past.happen(TitleChanged("two", ANN, 0), GROUP, partition=home)
    past.happen(TitleChanged("three", ANN, 0), GROUP, partition=home)
    put(looking.log, *past.records, two)  # one was written twice
    histories = Histories(looking.log, CODEC, CATALOGUE)

    async def title(moment: int | datetime | None) -> tuple[str, int]:
        found = await histories.as_of("chat", "conversation", GROUP, moment)
        return found.state.title, len(found.events)

    assert await title(None) == ("three", 3)
    assert await title(1) == ("one", 1)
    assert await title(3) == ("two", 2)  # the past counts versions of a partition
    assert await title(instant(begin + 3 * STEP)) == ("two", 2)
    assert await title(instant(begin + 3 * STEP - 1)) == ("one", 1)
    before = await histories.as_of("chat", "conversation", GROUP, instant(begin))
    assert (before.version, before.last) == (0, None)
    with pytest.raises(KeyError):
        await histories.as_of("chat", "no-such-thing", GROUP)


def test_a_moment_is_a_version_or_a_time_with_its_zone() -> None:
    assert moment_of("") is None
    assert moment_of("12") == 12
    assert moment_of("2026-01-31T12:00Z") == datetime(2026, 1, 31, 12, tzinfo=UTC)
    for wrong in ("2026-01-31T12:00", "yesterday", "-1"):
        with pytest.raises(ValueError):
            moment_of(wrong)
    assert address_of("chat/conversation/a/b") == ("chat", "conversation", "a/b")
    with pytest.raises(ValueError):
        address_of("chat/conversation")


async def test_what_followed_from_what_is_a_tree_over_all_topics(looking: Looking) -> None:
    past, number = looking.past, 0

    def step(topic: str, id_: str, cause: str, correlation: str = "c1") -> Record:
        nonlocal number
        number += 1
        record = past.happen(TitleChanged(id_, ANN, 0), GROUP, partition=number % PARTITIONS, correlation=correlation)
        ids = {"ce_id": id_.encode(), "ce_causationid": cause.encode()}
        return replace(record, topic=topic, headers={**record.headers, **ids})

    put(
        looking.log,
        step(COMMANDS, "c1", "c1"),
        step(EVENTS, "c1:1", "c1"),
        step(EVENTS, "c1:2", "c1"),
        step(COMMANDS, "c2", "c1:2"),
        step(COMMANDS, "x1", "x1", "x1"),
        step(EVENTS, "c2:1", "c2"),
        step(EVENTS, "lost:1", "lost"),
    )
    await looking.tables.write(marks("reader", {(EVENTS, 2): Progress(9, 0, 0)}))
    tracing = Tracing(looking.log, looking.tables, {"reader": [EVENTS], "else": []})
    expected = [(0, "c1"), (1, "c1:1"), (1, "c1:2"), (2, "c2"), (3, "c2:1"), (0, "lost:1")]
    for wanted in ("c1", "c2:1", "lost:1"):  # by any of its ids
        walked = [each for root in await tracing.tree(wanted) for each in root.walk()]
        assert [(depth, each.record.headers["ce_id"].decode()) for depth, each in walked] == expected
    applied = {each.record.headers["ce_id"].decode(): each.applied for _, each in walked}
    assert applied["c1:1"] == {"reader": True}
    assert applied["c1:2"] == {"reader": False}
    assert applied["c2"] == {}
    assert await tracing.tree("nothing") == []
    assert [len(list(root.walk())) for root in await tracing.tree("x1", depth=1)] in ([], [1])
