"""Followers are told once of what becomes public: page by page, and no more where it is public no longer."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from domain.catalogue import CATALOGUE
from domain.notice.recipient import Category, Tell
from domain.scheduling.calendar import Cancelled, PublicSet
from infra.progress import PROGRESS
from processors.policies.followers import PAGE, SPREADING, Spreading
from processors.policies.rules import Rules
from processors.policies.worker import Policies
from processors.streams import Stream
from schemas import topics
from schemas.envelope import command_of
from tests.scenario import ANN, BOB
from tests.unit.domain.calendars import ONE, TEN, TWO
from tests.unit.past import CODEC
from tests.unit.processors.stage import Stage, staged

MANY = [UUID(int=number) for number in range(1, 2 * PAGE + 51)]
NOTHING: Rules = {PublicSet: lambda event, at: []}  # follows at once
PUBLIC = PublicSet(ONE, TEN, True, "A talk")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        await stage.tables.create(Spreading.tables)
        yield stage


async def followers(who: UUID, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Ann has many, Bob has none."""
    return [each for each in MANY if who == ANN and (after is None or each > after)][:limit]


async def followed(stage: Stage) -> Stream[object]:
    spreading = Spreading(stage.tables, CODEC, followers)
    return await stage.run(Policies(stage.log, CODEC, stage.tables, CATALOGUE, NOTHING, [spreading]))


async def again(stage: Stage) -> Stream[object]:
    """Another worker, as after a crash before any progress was noted."""
    await stage.tables.drop([PROGRESS])
    await stage.tables.create([PROGRESS])
    return await followed(stage)


def told(stage: Stage) -> list[UUID]:
    """Who was told, in the order of it."""
    records = stage.read(topics.commands("notice"))
    assert all(isinstance(CODEC.decode(each.value or b""), Tell) for each in records)
    return sorted(UUID(each.key.decode().removeprefix("recipient/")) for each in records)


async def test_many_are_told_page_by_page_and_each_once(stage: Stage) -> None:
    stage.happen(PUBLIC, ANN)
    stage.happen(PublicSet(TWO, TEN, True), BOB)
    stream = await followed(stage)
    assert told(stage) == []  # nothing is sent where events are handled
    await stream.tend()
    assert told(stage) == MANY[:PAGE]
    stream = await again(stage)  # goes on where the other was
    for _ in range(3):
        await stream.tend()
    assert told(stage) == MANY
    stream = await again(stage)
    await stream.tend()
    assert told(stage) == MANY
    assert [row async for row in stage.tables.rows(SPREADING)] == []
    notice = stage.messages(topics.commands("notice"))[0].what
    assert (notice.category, notice.subject) == (Category.FOLLOWING, "Public: A talk")


async def test_a_page_that_is_sent_again_has_the_same_ids(stage: Stage) -> None:
    stage.happen(PUBLIC, ANN)
    first = await followed(stage)
    await first.handler.tend()  # and dies before it notes how far it came
    await (await followed(stage)).tend()
    ids = [command_of(each.headers).id for each in stage.read(topics.commands("notice"))]
    assert (len(ids), len(set(ids))) == (2 * PAGE, PAGE)


@pytest.mark.parametrize("end", [PublicSet(ONE, TEN, False), Cancelled(ONE, TEN, None, True, "", 1)])
async def test_nobody_else_is_told_once_it_is_no_longer_public(stage: Stage, end: object) -> None:
    stage.happen(PUBLIC, ANN)
    stream = await followed(stage)
    await stream.tend()
    stage.happen(end, ANN)
    stream = await followed(stage)
    await stream.tend()
    assert told(stage) == MANY[:PAGE]


async def test_what_becomes_public_again_is_the_same_notice(stage: Stage) -> None:
    for event in (PUBLIC, PublicSet(ONE, TEN, False), PUBLIC):
        stage.happen(event, ANN)
    stream = await followed(stage)
    await stream.tend()
    assert told(stage) == MANY[:PAGE]
    assert len({each.what.notice for each in stage.messages(topics.commands("notice"))}) == 1
