"""Rebuilding a read model beside the live one: replay, catch up, compare, switch; and the way back."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import structlog
from msgspec.structs import replace

from infra.clock import micros_now
from infra.deadletters import DeadLetters, Lane
from infra.generations import Builder, Generation, Generations, Plan
from infra.tables import TablesUnavailable
from infra.workers import workers_of
from processors.replay import partitions_of, places_of, replay
from projections.comparison import Compared, compare
from projections.fingerprint import fingerprint
from projections.following import Replay
from projections.projection import Projection
from septet.composition import House
from septet.shares import replay_apart

log = structlog.get_logger(__name__)

BEAT = 3.0  # seconds between two signs of life of a builder
SILENT = 15_000_000  # microseconds after which a builder counts as dead
LEFT = 10.0  # seconds until no reader is left in a generation that is no longer live
MANY = 100_000  # records from which on processes of their own are worth their start
LOOK = 0.2  # seconds between two looks at what the workers say


class CannotRebuild(Exception):
    """What was asked cannot be done now; says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Going:
    """How far a rebuild is: records read of records there are."""

    step: str  # "replay", "waiting for the workers", "catch up", "compare chat_messages"
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What became of it."""

    projection: str
    number: int
    records: int  # read by this run
    seconds: float  # of the replay
    compared: tuple[Compared, ...]
    changed: bool  # whether the handlers are others than those of the live generation: then tables may differ
    parked: tuple[Lane, ...]  # keys with events that could not be handled
    switched: bool

    @property
    def same(self) -> bool:
        return all(each.same for each in self.compared)


Told = Callable[[Going], None]


async def rebuild(
    house: House, projection: Projection, *, parallel: int = 2, anyway: bool = False, told: Told = lambda _: None
) -> Rebuilt:
    """Builds the next generation, or goes on with one that was broken off, and switches to it.

    It does not switch where tables differ although the handlers are the same, unless `anyway`; the generation stays
    and is kept level. Raises CannotRebuild where another process builds it.
    """
    generations = house.generations
    async with _building(generations, projection.name):
        plan = await _planned(house, projection)
        generation = plan.find(plan.last)
        handler = Replay(projection, generation.number)
        records = 0
        began = time.monotonic()
        if not generation.whole:
            records = await _replay(house, handler, parallel, "replay", told)
            told(Going("waiting for the workers"))
            await _followed(house, projection, plan.view)
            records += await _replay(house, handler, parallel, "catch up", told)
            plan = plan.with_generation(replace(generation, whole=True))
            await generations.put(plan)
        seconds = time.monotonic() - began
        compared = await _compared(house, projection, plan, generation.number, told)
        parked = tuple(each.lane for each in await DeadLetters(house.store).parked(handler.name))
        changed = plan.find(plan.live).handlers != generation.handlers
        switched = anyway or changed or all(each.same for each in compared)
        if switched:
            await _hand_over(house, projection, handler.name, parked)
            await generations.put(plan.switched(generation.number))
            for each in plan.generations:
                if each.number not in (plan.live, generation.number):
                    await _drop(house, projection, each.number, plan.switched_at)
            log.info("switched", projection=projection.name, generation=generation.number, before=plan.live)
        return Rebuilt(projection.name, generation.number, records, seconds, compared, changed, parked, switched)


async def cancel(house: House, projection: Projection) -> int:
    """Drops the generation that is being built or was not switched to; answers its number."""
    async with _building(house.generations, projection.name):
        found = (await house.generations.plan(projection.name)).building
        if found is None:
            raise CannotRebuild(f"nothing is being built for {projection.name}")
        await _drop(house, projection, found.number)
        return found.number


async def roll_back(house: House, projection: Projection) -> tuple[int, int]:
    """Switches back to the generation before; answers the one that was live and the one that is."""
    plan = await house.generations.plan(projection.name)
    if plan.before == plan.live:
        raise CannotRebuild(f"{projection.name} has no generation to go back to")
    await house.generations.put(plan.switched(plan.before))
    return plan.live, plan.before


async def drop(house: House, projection: Projection, number: int) -> None:
    """Drops a generation that is not live, once nobody writes or reads it any more. Raises CannotRebuild."""
    async with _building(house.generations, projection.name):
        await _drop(house, projection, number)


async def _drop(house: House, projection: Projection, number: int, left_at: int | None = None) -> None:
    """Drops a generation that was live until `left_at`; where that is not given, until the last switch."""
    plan = await house.generations.plan(projection.name)
    try:
        plan.find(number)
        smaller = plan.without(number)
    except (KeyError, ValueError) as error:
        raise CannotRebuild(f"{projection.name}: generation {number} cannot be dropped: {error}") from error
    was_read = left_at is not None or number == plan.before
    left = LEFT - (micros_now() - (left_at or plan.switched_at)) / 1_000_000
    if was_read and left > 0:
        await asyncio.sleep(left)
    await house.generations.put(smaller)
    await _followed(house, projection, smaller.view)
    await house.store.drop([each.generation(number) for each in projection.tables])


async def _planned(house: House, projection: Projection) -> Plan:
    """The plan with a generation to build or to go on with; its tables are there."""
    generations, handlers = house.generations, fingerprint(projection)
    plan = await generations.plan(projection.name)
    building = plan.building
    if building is not None and (building.version, building.handlers) != (projection.version, handlers):
        log.warning("the handlers have changed since, beginning anew", projection=projection.name)
        await _drop(house, projection, building.number)
        plan, building = await generations.plan(projection.name), None
    number = plan.last + 1 if building is None else building.number
    await house.store.create([each.generation(number) for each in projection.tables])
    if building is None:
        plan = plan.with_generation(Generation(number, projection.version, handlers, micros_now()))
        await generations.put(plan)
    return plan


@asynccontextmanager
async def _building(generations: Generations, projection: str) -> AsyncIterator[None]:
    """One builder at a time: the others are told who is at work."""
    me, other = f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex}", await generations.builder(projection)
    if _lives(other):
        raise CannotRebuild(f"{other.name.rpartition('/')[0]} is at work on {projection}")

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT)
            with suppress(TablesUnavailable):
                await generations.beat(projection, me)

    await generations.beat(projection, me)
    if (await generations.builder(projection)).name != me:
        raise CannotRebuild(f"another process has just begun with {projection}")
    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        with suppress(TablesUnavailable):
            await generations.beat(projection, "")


def _lives(builder: Builder) -> bool:
    """Whether a builder is at work: it was heard of lately, and is no dead process of this machine."""
    if not builder.name or micros_now() - builder.pulse > SILENT:
        return False
    host, pid, _ = builder.name.split("/")
    return host != socket.gethostname() or Path(f"/proc/{pid}").exists()


async def _replay(house: House, handler: Replay, parallel: int, step: str, told: Told) -> int:
    """Reads to the log's end; answers how many records that were."""
    places = dict(await places_of(house.log, house.store, handler.name, handler.topics))
    starts = {each: start for each, (start, _) in places.items()}
    total, done = sum(max(0, end - start) for start, end in places.values()), 0
    told(Going(step, 0, total))

    def come(partition: tuple[str, int], offset: int) -> None:
        nonlocal done
        done += max(0, offset - starts[partition])
        starts[partition] = max(offset, starts[partition])
        told(Going(step, min(done, total), total))

    if parallel > 1 and total >= MANY:
        await replay_apart(house, handler, parallel, come)
    else:
        await replay(handler, house.log, house.codec, house.store, parallel, come)
    told(Going(step, total, total))
    return done


async def _followed(house: House, projection: Projection, view: int) -> None:
    """Waits until no worker handles anything by an older view of the plan.

    A partition's owner has said so, or no worker of this projection is alive: the next one begins with this view.
    """
    partitions = partitions_of(house.log, projection.topics)
    while True:
        known = await house.generations.views(projection.name)
        if all(known.get(each, -1) >= view for each in partitions):
            return
        alive = [each for each in await workers_of(house.store) if each.role == projection.name and not each.gone]
        if not alive:
            return
        await asyncio.sleep(LOOK)


async def _compared(house: House, projection: Projection, plan: Plan, number: int, told: Told) -> tuple[Compared, ...]:
    found = []
    for table in projection.tables:
        told(Going(f"compare {table.name}"))
        found.append(await compare(house.store, table.generation(plan.live), table.generation(number)))
    return tuple(found)


async def _hand_over(house: House, projection: Projection, replaying: str, parked: Sequence[Lane]) -> None:
    """What the replay could not handle waits from now on with the live consumer's dead letters."""
    letters = DeadLetters(house.store)
    known = {each.lane for each in await letters.parked(projection.name)}
    for lane in parked:
        while found := await letters.of(replaying, lane):
            if lane not in known:
                await letters.keep(projection.name, [each.record for each in found], found[0].error)
            await letters.drop(replaying, found)
        if lane not in known:
            await letters.park(projection.name, lane, "could not be handled in the rebuild")
        await letters.release(replaying, lane)
