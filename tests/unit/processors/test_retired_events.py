"""Events whose type was retired: every reader of the log sees what they mean today, be it nothing or several."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from infra import deadletters, progress
from infra.deadletters import DeadLetters, Lane
from infra.embedded.log import EmbeddedLog
from infra.embedded.tables import EmbeddedTables
from infra.log import Topic
from infra.tables import Table
from processors.deadlines import Deadlines
from processors.policies.rules import Then
from processors.policies.worker import Policies
from processors.streams import Handler, Stream, read_event
from projections.following import Replay
from projections.projection import Projection, Writes
from schemas import topics
from schemas.envelope import Happened, Recorded, command_of
from tests.scenario import ANN, BOB, CID
from tests.unit.past import Past, put
from tests.unit.schemas.retired import BEFORE, NEW, OLD, TODAY, Lent, Passed, Remind, Returned

LOANS = Table("loans", partition={"reader": UUID}, clustering={"id": str}, columns={"sequence": int})
EVENTS, COMMANDS = topics.events("lending"), topics.commands("lending")
loans = Projection("loans", version=1, systems=["lending"], tables=[LOANS])


@loans.on(Lent)
def lent(event: Lent, at: Recorded) -> Writes:
    return [LOANS.put(at.micros, reader=event.reader, id=at.id, sequence=at.sequence)]


@pytest.fixture
def past() -> Past:
    """A copy that was lent, passed on twice, passed on by nobody, and lent again."""
    past = Past(OLD, BEFORE)
    for event in (Lent(ANN), Passed((BOB, CID, ANN)), Passed(()), Lent(CID)):
        past.happen(event, "1")
    return past


@pytest.fixture
def log(tmp_path: Path, past: Past) -> EmbeddedLog:
    log = EmbeddedLog(tmp_path / "log.db")
    log.ensure([Topic(EVENTS, 1), Topic(COMMANDS, 1)])
    put(log, *past.records)
    return log


@pytest.fixture
async def tables(tmp_path: Path) -> AsyncIterator[EmbeddedTables]:
    tables = EmbeddedTables(tmp_path / "tables.db")
    await tables.create([LOANS, progress.PROGRESS, *deadletters.TABLES, *Deadlines.tables])
    yield tables
    await tables.close()


async def followed(handler: Handler[Sequence[Happened]], past: Past, log: EmbeddedLog, tables: EmbeddedTables) -> None:
    """Has everything handled, and nothing kept as a dead letter."""
    stream = Stream(handler, NEW, log, tables)
    await stream.assign([(EVENTS, 0)])
    await stream.handle(past.records)
    assert stream.progress()[EVENTS, 0].sequence == len(past.records)
    assert await DeadLetters(tables).parked(handler.name) == []


def test_each_meaning_has_its_own_type_and_id_and_stands_where_the_old_event_stood(past: Past) -> None:
    found = [each for record in past.records for each in read_event(record, NEW)]
    assert [each.event for each in found] == [
        Lent(ANN),
        Lent(BOB),
        Returned(BOB),
        Lent(CID),
        Returned(CID),
        Lent(ANN),
        Lent(CID),
    ]
    assert [each.at.sequence for each in found] == [1, 2, 2, 2, 2, 2, 4]
    assert [each.at.type for each in found] == [f"lending.copy.{type(each.event).__name__}" for each in found]
    assert len({each.at.id for each in found}) == len(found)
    assert found[1].at.id == "lending-0-2:1"  # what follows from the one message of an event has the ids it always had


def test_only_what_is_wanted_is_answered(past: Past) -> None:
    kinds = [type(each.event) for record in past.records for each in read_event(record, NEW, {"lending.copy.Returned"})]
    assert kinds == [Returned, Returned]


async def test_a_projection_applies_what_a_retired_event_means(
    past: Past, log: EmbeddedLog, tables: EmbeddedTables
) -> None:
    await followed(Replay(loans, 0), past, log, tables)
    rows = {who: await tables.scan(LOANS, reader=who, limit=9) for who in (ANN, BOB, CID)}
    assert {who: [row["sequence"] for row in each] for who, each in rows.items()} == {
        ANN: [1, 2],
        BOB: [2],
        CID: [2, 4],
    }


async def test_a_letter_that_is_tried_again_means_what_it_means_today(
    past: Past, log: EmbeddedLog, tables: EmbeddedTables
) -> None:
    letters, handler = DeadLetters(tables), Replay(loans, 0)
    passed = past.records[1]
    lane = Lane.of(passed)
    await letters.park(handler.name, lane, "its type was not known yet")
    await letters.keep(handler.name, past.records, "its type was not known yet")
    await letters.wish(handler.name, lane.key, "retry", "there is an upcaster now")
    stream = Stream(handler, NEW, log, tables)
    await stream.assign([(EVENTS, 0)])
    await stream.tend()
    assert await letters.parked(handler.name) == []
    assert [row["sequence"] for row in await tables.scan(LOANS, reader=CID, limit=9)] == [2, 4]


async def test_a_policy_follows_from_each_meaning_with_ids_of_their_own(
    past: Past, log: EmbeddedLog, tables: EmbeddedTables
) -> None:
    def remind(event: Lent, at: Recorded) -> list[Then]:
        return [Then(Remind(event.reader), at.aggregate_id)]

    for _ in range(2):  # the second one has lost its progress, and does it all again
        await tables.drop([progress.PROGRESS])
        await tables.create([progress.PROGRESS])
        await followed(Policies(log, NEW, tables, TODAY, {Lent: remind}), past, log, tables)
    reader = log.reader({(COMMANDS, 0): 0})
    sent = reader.poll(100, 1.0)
    reader.close()
    assert [NEW.decode(each.value or b"") for each in sent] == [Remind(who) for who in (ANN, BOB, CID, ANN, CID)] * 2
    ids = [command_of(each.headers).id for each in sent]
    assert ids[:5] == ids[5:]
    assert len(set(ids)) == 5


def test_what_is_not_retired_is_read_as_ever(past: Past) -> None:
    (first,) = read_event(past.records[0], NEW)
    assert isinstance(first, Happened)
    assert (first.at.id, first.at.key, first.at.version) == ("lending-0-1:1", "copy/1", 1)
