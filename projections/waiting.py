"""Reading one's own writes: a query waits until its read model has passed the position that an answer carried."""

import asyncio
from functools import partial

from domain.kernel import Position
from infra.log import TopicPartition
from infra.progress import Progress, progress_of
from infra.tables import Tables
from schemas import topics

PATIENCE = 5.0  # seconds
FIRST, LONGEST = 0.002, 0.05  # seconds between two looks while somebody waits


class Behind(Exception):
    """The read model has not come as far within the time; says by how many events it lags."""

    def __init__(self, projection: str, lag: int) -> None:
        super().__init__(projection, lag)
        self.projection, self.lag = projection, lag


class Waiting:
    """Waits for read models. However many wait for one, its progress is looked up once at a time."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._known: dict[str, dict[TopicPartition, Progress]] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}

    async def passed(self, projection: str, position: Position) -> None:
        """Returns when `projection` has applied `position`; raises Behind after PATIENCE seconds."""
        if self._reached(projection, position):
            return
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + PATIENCE, FIRST
        while True:
            await self._look(projection)
            if self._reached(projection, position):
                return
            if loop.time() > deadline:
                raise Behind(projection, self._missing(projection, position))
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST)

    async def _look(self, projection: str) -> None:
        task = self._looking.get(projection)
        if task is None:
            task = self._looking[projection] = asyncio.create_task(self._read(projection))
            task.add_done_callback(partial(self._looked, projection))
        await asyncio.shield(task)

    async def _read(self, projection: str) -> None:
        self._known[projection] = await progress_of(self._tables, projection)

    def _looked(self, projection: str, task: asyncio.Task[None]) -> None:
        del self._looking[projection]

    def _reached(self, projection: str, position: Position) -> bool:
        return self._missing(projection, position) <= 0

    def _missing(self, projection: str, position: Position) -> int:
        place = (topics.events(position.system), position.partition)
        known = self._known.get(projection, {}).get(place)
        return position.sequence - (0 if known is None else known.sequence)
