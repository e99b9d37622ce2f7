"""What holds for every projection of the house, whatever happens: found by registration, so that none is forgotten."""

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from domain.catalogue import CATALOGUE
from infra.log import Record
from infra.tables import Put, Row
from projections.projection import Projection
from schemas.codec import Unencodable
from septet.composition import PROJECTIONS
from tests.unit.domain.histories import History, history_of
from tests.unit.past import CODEC, Past
from tests.unit.projections.reading import ReadModel, opened, writes_of

each_projection = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda each: each.name)
SEEDS, STEPS = range(3), 25


def histories(projection: Projection, seed: int) -> list[History]:
    """Something of every aggregate that the projection may follow."""
    found = [
        history_of(each, 10 * seed + number, STEPS)
        for each in CATALOGUE.aggregates
        for number in range(3)  # one alone may be of an aggregate that nobody got to begin
        if each.system in projection.systems
    ]
    return [each for each in found if each.id != "no id"]


def records(projection: Projection, seed: int) -> list[Record]:
    """The records of these histories, one after the other in one partition of each system."""
    past = Past()
    for history in histories(projection, seed):
        for event in history.events:
            with suppress(Unencodable):  # of a command with a value of another type, which no gateway would take
                past.happen(event, history.id)
    return past.records


async def everything(model: ReadModel) -> dict[str, list[Row]]:
    return {table.name: sorted(await model.rows(table), key=repr) for table in model.projection.tables}


@each_projection
def test_it_registers_events_of_its_own_systems_only(projection: Projection) -> None:
    known = {CODEC.type_name(event): each.system for each in CATALOGUE.aggregates for event in each.events}
    assert {known[name] for name in projection._when} == set(projection.systems)


@each_projection
async def test_its_writes_name_declared_columns_of_its_own_tables(projection: Projection) -> None:
    seen = set[str]()
    for seed in SEEDS:
        for record in records(projection, seed):
            seen.add(record.headers["ce_type"].decode())
            for write in await writes_of(projection, [record]):
                assert write.table in projection.tables
                kinds = [*write.table.partition.values(), *write.table.clustering.values()]
                assert [type(each) for each in write.key] == kinds
                if isinstance(write, Put):
                    declared = write.table.columns
                    assert all(type(value) is declared[name] for name, value in write.values.items())
    assert seen & projection._when.keys()


@each_projection
@pytest.mark.parametrize("seed", SEEDS)
async def test_twice_or_late_every_event_leaves_the_same_rows(
    projection: Projection, seed: int, tmp_path: Path
) -> None:
    past, chance = records(projection, seed), Random(seed)
    async with opened(projection, tmp_path) as model:
        await model.apply(*past)
        once = await everything(model)
        assert any(once.values())
        await model.apply(*past)
        assert await everything(model) == once
        for late in chance.sample(past, min(len(past), 10)):
            await model.apply(late)
        assert await everything(model) == once
    (tmp_path / "again").mkdir()
    async with opened(projection, tmp_path / "again") as model:
        shuffled = chance.sample(past, len(past))
        for start in range(0, len(shuffled), 7):
            await model.apply(*shuffled[start : start + 7])
        assert await everything(model) == once
