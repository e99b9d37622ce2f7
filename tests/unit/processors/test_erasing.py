"""Whoever wants nothing kept: what shows is deleted turn by turn, by whichever worker, until nothing shows."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from domain.catalogue import CATALOGUE
from domain.scheduling.calendar import CancelForGuest, ClearCalendar, EraseNote
from domain.scheduling.calendar.notes import blob_name
from domain.scheduling.erasure import Attendance, ErasureAsked, NoteErasureDone, Remains, Said
from domain.scheduling.follower import EndFollow, EndFollows
from domain.scheduling.poll import EraseBallot, ErasePoll
from infra.blobs import BlobsUnavailable
from infra.progress import PROGRESS
from processors.policies import erasing
from processors.policies.erasing import ERASING, Erasing
from processors.policies.rules import Rules
from processors.policies.worker import Policies
from processors.streams import Stream
from schemas import topics
from schemas.envelope import command_of
from tests.scenario import ANN, BOB, CID
from tests.unit.domain.calendars import ONE, THREE, TWO
from tests.unit.past import CODEC
from tests.unit.processors.stage import Stage, staged

NOTHING: Rules = {ErasureAsked: lambda event, at: []}  # follows at once
ALL = Remains(
    calendars=(TWO,),
    meetings=(Attendance(BOB, ONE),),
    notes=(Said(BOB, ONE, THREE, b"d" * 32),),
    followers=(CID,),
    polls=(ONE,),
    ballots=(TWO,),
)


@dataclass
class World:
    """What shows of Ann, and the names of the blobs that are gone."""

    remains: Remains = ALL
    deleted: list[str] = field(default_factory=list)
    away: bool = False

    async def look(self, person: UUID, now: datetime, limit: int) -> Remains:
        return self.remains if person == ANN else Remains()

    async def delete(self, name: str) -> None:
        if self.away:
            raise BlobsUnavailable
        self.deleted.append(name)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "PAUSE", 0)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        await stage.tables.create(Erasing.tables)
        yield stage


async def worker(stage: Stage, world: World) -> Stream[object]:
    """Another one each time, as after a crash before any progress was noted."""
    await stage.tables.drop([PROGRESS])
    await stage.tables.create([PROGRESS])
    step = Erasing(stage.tables, CODEC, world.look, world)  # type: ignore[arg-type]
    return await stage.run(Policies(stage.log, CODEC, stage.tables, CATALOGUE, NOTHING, [step]))


def sent(stage: Stage) -> list[object]:
    return stage.messages(topics.commands("scheduling"))


async def test_all_that_shows_is_deleted_and_it_is_done_once_nothing_shows(stage: Stage) -> None:
    world = World()
    stage.happen(ErasureAsked(ANN), ANN)
    stream = await worker(stage, world)
    assert sent(stage) == []  # nothing is sent where events are handled
    await stream.tend()
    found = sent(stage)
    assert {type(each) for each in found} == {
        *(EndFollows, ClearCalendar, CancelForGuest, EraseNote, EndFollow, ErasePoll, EraseBallot)
    }
    assert {each.key.decode() for each in stage.read(topics.commands("scheduling"))} == {
        *(f"calendar/{each}" for each in (ANN, TWO, BOB)),
        *(f"follower/{each}" for each in (ANN, CID)),
        *(f"poll/{each}" for each in (ONE, TWO)),
    }
    assert world.deleted == [blob_name(ONE, b"d" * 32)]
    world.remains = replace(Remains(), meetings=ALL.meetings)  # one does not show as cancelled yet
    stream = await worker(stage, world)
    await stream.tend()
    assert Counter(sent(stage)) - Counter(found) == Counter([CancelForGuest(ONE, ANN)])
    ids = [command_of(each.headers).id for each in stage.read(topics.commands("scheduling"))]
    assert len(ids) == len(set(ids))  # it is asked again, not answered as before
    world.remains = Remains()
    for _ in range(3):
        stream = await worker(stage, world)
        await stream.tend()
    assert Counter(sent(stage)) - Counter(found) == Counter([CancelForGuest(ONE, ANN), NoteErasureDone()])
    assert [row async for row in stage.tables.rows(ERASING)] == []


async def test_a_turn_that_was_not_noted_is_repeated_with_the_same_ids(stage: Stage) -> None:
    stage.happen(ErasureAsked(ANN), ANN)
    for _ in range(2):
        await (await worker(stage, World())).handler.tend()  # and dies before it notes its turn
    ids = [command_of(each.headers).id for each in stage.read(topics.commands("scheduling"))]
    assert len(ids) == 2 * len(set(ids)) > 0


async def test_while_files_cannot_be_deleted_nobody_says_that_they_are(stage: Stage) -> None:
    world = World(away=True)
    stage.happen(ErasureAsked(ANN), ANN)
    stream = await worker(stage, world)
    await stream.tend()
    assert sent(stage) == []
    world.away = False
    await stream.tend()
    assert EraseNote(ONE, THREE, ANN) in sent(stage)
