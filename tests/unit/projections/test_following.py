"""Which tables a projection writes, live and in a replay, and what its worker says of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from domain.identity.person import RoleGranted
from infra import generations
from infra.embedded.tables import EmbeddedTables
from infra.generations import SETTLED, Generation, Generations, LiveTables, Plan
from infra.tables import Table
from projections.following import Following, Replay
from projections.projection import Projection, Writes
from schemas.envelope import Happened, Recorded, recorded_of
from tests.unit.past import Past

ROLES = Table("some_roles", partition={"person": str}, columns={"role": str})
FOREIGN = Table("of_others", partition={"person": str}, columns={"role": str})
PLACE = ("identity.events", 0)

some = Projection("some", version=1, systems=["identity"], tables=[ROLES])


@some.on(RoleGranted)
def granted(event: RoleGranted, at: Recorded) -> Writes:
    table = FOREIGN if event.role == "foreign" else ROLES
    return [table.put(at.micros, person=at.aggregate_id, role=event.role)]


@pytest.fixture
async def plans(tmp_path: Path) -> AsyncIterator[Generations]:
    tables = EmbeddedTables(tmp_path / "tables.db")
    await tables.create([*generations.TABLES, FOREIGN, *(ROLES.generation(number) for number in range(3))])
    yield Generations(tables)
    await tables.close()


def happened(role: str) -> list[list[Happened]]:
    record = Past().happen(RoleGranted(role), UUID(int=1))
    return [[Happened(RoleGranted(role), recorded_of(record.topic, 0, record.headers))]]


async def written(plans: Generations) -> list[int]:
    """The generations that have a row."""
    found = {number: [row async for row in plans.store.rows(ROLES.generation(number))] for number in range(3)}
    return [number for number, rows in found.items() if rows]


async def test_a_replay_writes_its_own_generation_and_nothing_else(plans: Generations) -> None:
    replay = Replay(some, 2)
    await plans.store.write(await replay.handle(happened("clerk")))
    assert await written(plans) == [2]
    with pytest.raises(KeyError):
        await replay.handle(happened("foreign"))
    assert [row async for row in plans.store.rows(FOREIGN)] == []


async def test_a_worker_changes_its_plan_between_batches_and_says_so(plans: Generations) -> None:
    following, plan = Following(some, plans), Plan(some.name)
    await following.assigned([PLACE])
    await plans.store.write(await following.tend())
    assert await plans.views(some.name) == {PLACE: 0}
    await plans.put(plan := plan.with_generation(Generation(1)))
    await plans.store.write(await following.handle(happened("clerk")))
    assert await written(plans) == [0]  # it has not looked yet, and has not said that it had
    assert await plans.views(some.name) == {PLACE: 0}
    await plans.store.write(await following.tend())
    assert await plans.views(some.name) == {PLACE: plan.view}
    await plans.store.write(await following.handle(happened("clerk")))
    assert await written(plans) == [0, 1]
    assert await following.tend() == []  # nothing new to say
    following.revoked([PLACE])
    await following.assigned([PLACE])
    assert len(await following.tend()) == 1  # the owner that comes says it for itself


def test_what_readers_come_from_is_written_last() -> None:
    plan = Plan("p").with_generation(Generation(1, whole=True))
    assert plan.order(0) == (1, 0)
    switched = plan.switched(1)
    assert switched.order(switched.switched_at) == (1, 0)
    assert switched.order(switched.switched_at + SETTLED) == (0, 1)
    with pytest.raises(ValueError, match="live"):
        switched.without(1)
    with pytest.raises(ValueError, match="whole"):
        plan.with_generation(Generation(2)).switched(2)
    assert switched.without(0).before == 1


async def test_a_switch_is_seen_and_a_table_of_nobody_is_itself(plans: Generations) -> None:
    live = LiveTables(plans, {some.name: [ROLES]})
    assert await live.current(ROLES) == ROLES
    await plans.put(Plan(some.name).with_generation(Generation(1, whole=True)).switched(1))
    fresh = LiveTables(plans, {some.name: [ROLES]})
    assert await fresh.current(ROLES) == ROLES.generation(1)
    assert await fresh.current(FOREIGN) is FOREIGN
    await live.write([ROLES.put(1, person="x", role="clerk")])  # writes go where they say
    assert await written(plans) == [0]
