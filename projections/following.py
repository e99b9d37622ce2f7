"""A projection at work: as a live consumer it keeps every generation level, as a replay it fills a single one."""

from collections.abc import Mapping, Sequence

from infra.clock import micros_now
from infra.generations import Generations, Plan, followed
from infra.log import Record, TopicPartition
from infra.tables import Put, Remove, Table, Write, latest
from projections.projection import Projection
from schemas.codec import Codec
from schemas.envelope import Happened


class Following:
    """The live consumer of a projection.

    The plan it works by changes only between batches, and it says so for each of its partitions: from then on all it
    handles is in every generation of that plan before it counts as done.
    """

    awaited = True
    pace = 0.02

    def __init__(self, projection: Projection, generations: Generations) -> None:
        self.name, self.topics = projection.name, projection.topics
        self._projection, self._generations = projection, generations
        self._plan = Plan(projection.name)
        self._targets = _targets(projection, self._plan)
        self._owned: set[TopicPartition] = set()
        self._told: set[TopicPartition] = set()  # those for which the plan's view is known to whoever waits for it

    def read(self, record: Record, codec: Codec) -> Sequence[Happened] | None:
        return self._projection.read(record, codec)

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        await self._look()
        self._owned.update(partitions)
        self._told.difference_update(partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self._owned.difference_update(partitions)

    async def handle(self, batch: Sequence[Sequence[Happened]]) -> Sequence[Write]:
        """Writes the other generations itself, and answers what is to be written of the one that is read."""
        writes = latest(await self._projection.handle(batch))
        *others, last = self._plan.order(micros_now())
        for number in others:
            await self._generations.store.write(_aimed(writes, self._targets[number]))
        return _aimed(writes, self._targets[last])

    async def marks(self) -> Sequence[Write]:
        return ()

    async def tend(self) -> Sequence[Write]:
        await self._look()
        untold = self._owned - self._told
        self._told = set(self._owned)
        return followed(self.name, self._plan.view, sorted(untold))

    async def _look(self) -> None:
        plan = await self._generations.plan(self.name)
        if plan.view != self._plan.view:
            self._plan, self._targets = plan, _targets(self._projection, plan)
            self._told.clear()


class Replay:
    """A consumer that fills one generation from the log and can do nothing else: it has only the writes' tables."""

    awaited = True
    pace = 0.02

    def __init__(self, projection: Projection, number: int) -> None:
        self.name, self.topics = replay_of(projection.name, number), projection.topics
        self.projection, self.number = projection, number
        self._targets = {each.name: each.generation(number) for each in projection.tables}

    def read(self, record: Record, codec: Codec) -> Sequence[Happened] | None:
        return self.projection.read(record, codec)

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Nothing to load."""

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Nothing to forget."""

    async def handle(self, batch: Sequence[Sequence[Happened]]) -> Sequence[Write]:
        return _aimed(latest(await self.projection.handle(batch)), self._targets)

    async def marks(self) -> Sequence[Write]:
        return ()

    async def tend(self) -> Sequence[Write]:
        return ()


def replay_of(projection: str, number: int) -> str:
    """The name of the consumer that fills a generation: its progress and dead letters are its own."""
    return f"{projection}@{number}"


def _targets(projection: Projection, plan: Plan) -> Mapping[int, Mapping[str, Table]]:
    return {
        each.number: {table.name: table.generation(each.number) for table in projection.tables}
        for each in plan.generations
    }


def _aimed(writes: Sequence[Write], targets: Mapping[str, Table]) -> Sequence[Write]:
    """The writes in one generation; raises KeyError for a table that is none of the projection's."""
    return [
        each
        if (target := targets[each.table.name]) is each.table
        else Put(target, each.key, each.values, each.at)
        if isinstance(each, Put)
        else Remove(target, each.key, each.at)
        for each in writes
    ]
