"""Generations: builds of a projection's tables that lie side by side, and which of them is read."""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import msgspec

from infra.clock import micros_now
from infra.log import TopicPartition
from infra.tables import Row, Table, Tables, Value, Write

# One row says all of one projection, so whoever reads it sees the state before a change or after it, never between.
PLANS = Table(
    "generation_plans",
    partition={"scope": str},
    clustering={"projection": str},
    columns={"plan": str, "builder": str, "pulse": int},
)
FOLLOWERS = Table(
    "generation_followers",
    partition={"projection": str},
    clustering={"topic": str, "number": int},
    columns={"view": int},
)
TABLES = (PLANS, FOLLOWERS)
SCOPE, MOST = "all", 10_000

FRESH = 0.25  # seconds a reader goes on with the plans it knows
PINNED = 5.0  # seconds for which the reads of one request stay with the same generation
SETTLED = 10_000_000  # microseconds after a switch, when no reader is left in the generation before


class Generation(msgspec.Struct, frozen=True):
    """One build: which handlers it began with, and whether it has everything."""

    number: int
    version: int = 0  # of the projection
    handlers: str = ""  # their fingerprint
    made_at: int = 0  # microseconds
    whole: bool = False


class Plan(msgspec.Struct, frozen=True):
    """What a projection's workers write (every generation here) and what its readers read (the live one)."""

    projection: str
    generations: tuple[Generation, ...] = (Generation(0, whole=True),)
    live: int = 0
    before: int = 0  # what was live before the last switch
    switched_at: int = 0  # microseconds
    view: int = 0  # rises with every change
    last: int = 0  # the highest number ever given

    def find(self, number: int) -> Generation:
        """Raises KeyError where there is no such generation."""
        found = {each.number: each for each in self.generations}
        return found[number]

    @property
    def building(self) -> Generation | None:
        """The generation that will replace the live one, whole or not."""
        later = [each for each in self.generations if each.number > max(self.live, self.before)]
        return later[-1] if later else None

    def order(self, now: int) -> tuple[int, ...]:
        """The generations in the order of their writes: the one that readers come from last.

        So a reader who changes over never misses what it has seen.
        """
        last = self.before if now < self.switched_at + SETTLED else self.live
        numbers = [each.number for each in self.generations]
        return tuple(sorted(numbers, key=lambda number: (number == last, number)))

    def with_generation(self, generation: Generation) -> "Plan":
        """Adds a generation, or replaces the one of its number."""
        others = [each for each in self.generations if each.number != generation.number]
        found = tuple(sorted((*others, generation), key=lambda each: each.number))
        return msgspec.structs.replace(
            self, generations=found, view=self.view + 1, last=max(self.last, generation.number)
        )

    def without(self, number: int) -> "Plan":
        """Takes a generation away; raises ValueError for the live one."""
        if number == self.live:
            raise ValueError(f"generation {number} of {self.projection} is live")
        rest = tuple(each for each in self.generations if each.number != number)
        before = self.live if self.before == number else self.before
        return msgspec.structs.replace(self, generations=rest, before=before, view=self.view + 1)

    def switched(self, number: int) -> "Plan":
        """Makes another generation the live one; raises ValueError where it has not everything."""
        if not self.find(number).whole:
            raise ValueError(f"generation {number} of {self.projection} is not whole")
        return msgspec.structs.replace(
            self, live=number, before=self.live, switched_at=micros_now(), view=self.view + 1
        )


@dataclass(frozen=True, slots=True)
class Builder:
    """Who builds a generation, and when it was last heard of (microseconds)."""

    name: str = ""
    pulse: int = 0


class Generations:
    """The plans of all projections, as durable as the tables they are about. Only operators' commands change them."""

    def __init__(self, store: Tables) -> None:
        self.store = store

    async def plans(self) -> dict[str, Plan]:
        """The plans that were ever made, by projection."""
        rows = await self.store.scan(PLANS, scope=SCOPE, limit=MOST)
        return {row["projection"]: _plan(row) for row in rows if row["plan"] is not None}

    async def plan(self, projection: str) -> Plan:
        """One projection's plan; generation 0 alone where nothing was ever planned."""
        row = await self.store.get(PLANS, scope=SCOPE, projection=projection)
        return Plan(projection) if row is None or row["plan"] is None else _plan(row)

    async def put(self, plan: Plan) -> None:
        """Makes a plan the one that counts: seen by readers within FRESH, by workers at their next look."""
        # A first plan is no news: whatever was changed since, wherever, counts more.
        at = micros_now() if plan.view else 1
        text = msgspec.json.encode(plan).decode()
        await self.store.write([PLANS.put(at, scope=SCOPE, projection=plan.projection, plan=text)])

    async def builder(self, projection: str) -> Builder:
        """Who builds, or has built last."""
        row = await self.store.get(PLANS, scope=SCOPE, projection=projection)
        return Builder(row["builder"] or "", row["pulse"] or 0) if row else Builder()

    async def beat(self, projection: str, builder: str) -> None:
        """Says that a builder is at work; "" that none is."""
        now = micros_now()
        await self.store.write([PLANS.put(now, scope=SCOPE, projection=projection, builder=builder, pulse=now)])

    async def views(self, projection: str) -> dict[TopicPartition, int]:
        """Which view of the plan the owner of each partition works by, as it last said."""
        rows = await self.store.scan(FOLLOWERS, projection=projection, limit=MOST)
        return {(row["topic"], row["number"]): row["view"] for row in rows}


def followed(projection: str, view: int, partitions: Sequence[TopicPartition]) -> list[Write]:
    """The writes that say: whatever is handled of these partitions from now on goes where this view says."""
    now = micros_now()
    return [
        FOLLOWERS.put(now, projection=projection, topic=topic, number=number, view=view) for topic, number in partitions
    ]


@dataclass(slots=True)
class _Pin:
    live: Mapping[str, int] | None = None
    until: float = 0.0


_pin: ContextVar[_Pin | None] = ContextVar("pinned_generations", default=None)


@contextmanager
def one_view() -> Iterator[None]:
    """All reads in the block are of the same generations, for up to PINNED seconds."""
    token = _pin.set(_Pin())
    try:
        yield
    finally:
        _pin.reset(token)


def as_it_is(text: str) -> str:
    return text


class LiveTables:
    """Tables as queries see them: what is read of a projection's table is read of its live generation.

    Texts are sealed in the tables as they are on the log: `opened` makes what a query shows of them.

    Writes go to exactly the tables they name. Safe to use from several threads, each with a loop of its own.
    """

    def __init__(
        self,
        generations: Generations,
        families: Mapping[str, Sequence[Table]],
        opened: Callable[[str], str] = as_it_is,
    ) -> None:
        self.store = generations.store
        self._opened = opened
        self._texts: dict[str, tuple[str, ...]] = {}
        self._generations = generations
        self._family = {table.name: name for name, tables in families.items() for table in tables}
        self._live: Mapping[str, int] = {}
        self._looked = 0.0
        self._named: dict[tuple[str, int], tuple[Table, Table]] = {}

    async def create(self, tables: Sequence[Table]) -> None:
        await self.store.create(tables)

    async def drop(self, tables: Sequence[Table]) -> None:
        await self.store.drop(tables)

    async def write(self, writes: Sequence[Write]) -> None:
        await self.store.write(writes)

    async def get(self, table: Table, **key: Value) -> Row | None:
        row = await self.store.get(await self.current(table), **key)
        return None if row is None else self._shown(table, row)

    async def scan(
        self,
        table: Table,
        *,
        limit: int,
        above: tuple[Value, ...] | None = None,
        below: tuple[Value, ...] | None = None,
        reverse: bool = False,
        **partition: Value,
    ) -> list[Row]:
        found = await self.current(table)
        rows = await self.store.scan(found, limit=limit, above=above, below=below, reverse=reverse, **partition)
        return [self._shown(table, row) for row in rows]

    async def rows(self, table: Table) -> AsyncIterator[Row]:
        async for row in self.store.rows(await self.current(table)):
            yield row

    def _shown(self, table: Table, row: Row) -> Row:
        texts = self._texts.get(table.name)
        if texts is None:
            kinds = {**table.clustering, **table.columns}
            texts = self._texts[table.name] = tuple([name for name, kind in kinds.items() if kind is str])
        for name in texts:
            if text := row[name]:
                row[name] = self._opened(text)
        return row

    async def close(self) -> None:
        await self.store.close()

    async def current(self, table: Table) -> Table:
        """The table that this one is just now."""
        family = self._family.get(table.name)
        if family is None:
            return table
        number = (await self._numbers()).get(family, 0)
        if number == 0:
            return table
        known = self._named.get((table.name, number))
        if known is None or known[0] is not table:
            known = self._named[table.name, number] = table, table.generation(number)
        return known[1]

    async def _numbers(self) -> Mapping[str, int]:
        pin, now = _pin.get(), time.monotonic()
        if pin is not None and pin.live is not None and now < pin.until:
            return pin.live
        if now - self._looked > FRESH:
            before, self._looked = self._looked, now  # others go on with what is known meanwhile
            try:
                plans = await self._generations.plans()
            except BaseException:
                self._looked = before
                raise
            self._live = {name: plan.live for name, plan in plans.items()}
        if pin is not None:
            pin.live, pin.until = self._live, now + PINNED
        return self._live


def _plan(row: Row) -> Plan:
    return msgspec.json.decode(row["plan"], type=Plan)
