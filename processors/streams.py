"""The stream runner: order, repeats, gaps, retries and dead letters around a handler that knows of none of them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import structlog

from infra.deadletters import DeadLetters
from infra.log import Log, LogUnavailable, Record, TopicPartition
from infra.metrics import EVENT_GAPS, EVENTS_HANDLED, EVENTS_PARKED, EVENTS_REPEATED, HANDLER_RETRIES
from infra.progress import Progress, marks, progress_of
from infra.tables import Tables, TablesUnavailable, Write
from schemas.codec import Codec, Undecodable
from schemas.envelope import BrokenEnvelope, Happened, recorded_of

log = structlog.get_logger(__name__)
T = TypeVar("T")
Item = TypeVar("Item")

PATIENCE = (0.05, 0.25, 1.0)  # seconds between the attempts at an event whose handling fails; then its key is parked


class Handler(Protocol[Item]):
    """What a consumer does with its records: all of a batch or an exception; the same batch again changes nothing."""

    name: str  # of the consumer: its group, its progress, its dead letters
    topics: tuple[str, ...]

    def read(self, record: Record, codec: Codec) -> Item | None:
        """What a record says, or None where it is of no interest; raises BrokenEnvelope, Undecodable."""

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Called before the first records of newly owned partitions: the place to load what it remembers of them."""

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Called when partitions have moved to another worker: what it remembers of them is stale."""

    async def handle(self, batch: Sequence[Item]) -> Sequence[Write]:
        """Does its part and answers the table writes that follow from it; these are durable before any progress is."""

    async def marks(self) -> Sequence[Write]:
        """What it remembers of the batches so far: written together with their progress, once they are done."""

    async def tend(self) -> Sequence[Write]:
        """Called about once a second: what is due by the clock rather than by a record."""


class Follower:
    """What a handler is that remembers nothing and has nothing due: every hook but `handle` does nothing."""

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        return None

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        return None

    async def marks(self) -> Sequence[Write]:
        return ()

    async def tend(self) -> Sequence[Write]:
        return ()


class Stream(Generic[Item]):
    """One consumer's way through its partitions, whatever reads them: Faust, a plain loop, or the embedded log.

    Batches of one partition come in order; `handle` returns when everything in them is done for good: handled, or kept
    as dead letters. It waits as long as tables or log are away, and lets no exception out.
    """

    def __init__(self, handler: Handler[Item], codec: Codec, source: Log, tables: Tables) -> None:
        self.handler, self.name = handler, handler.name
        self._codec, self._log, self._tables = codec, source, tables
        self._letters = DeadLetters(tables)
        self._progress: dict[TopicPartition, Progress] = {}
        self._parked: set[str] = set()
        self._lock = asyncio.Lock()  # handling and the retry of letters never overlap

    async def assign(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Takes partitions over from whoever had them; answers the offset each is to be read from."""
        async with self._lock:
            known = await self._patiently(lambda: progress_of(self._tables, self.name))
            self._progress.update((each, known.get(each, Progress())) for each in partitions)
            parked = await self._patiently(lambda: self._letters.parked(self.name))
            self._parked = {each.key for each in parked}
            await self._patiently(lambda: self.handler.assigned(partitions))
            return {partition: self._progress[partition].place + 1 for partition in partitions}

    def revoke(self, partitions: Sequence[TopicPartition]) -> None:
        """Forgets partitions: what this process knows of them is stale from now on."""
        for partition in partitions:
            self._progress.pop(partition, None)
        self.handler.revoked(partitions)

    def progress(self) -> Mapping[TopicPartition, Progress]:
        """How far each owned partition is."""
        return dict(self._progress)

    async def handle(self, records: Sequence[Record]) -> None:
        """Handles a batch for good; see the class."""
        missing = {(each.topic, each.partition) for each in records} - self._progress.keys()
        if missing:
            await self.assign(sorted(missing))
        async with self._lock:
            reached: dict[TopicPartition, Progress] = {}
            await self._apply(await self._next(records, reached))
            if reached:
                done = [*await self.handler.marks(), *marks(self.name, reached)]
                await self._patiently(lambda: self._tables.write(done))
                self._progress.update(reached)

    async def tend(self) -> None:
        """What is due by the clock, and what operators wished for parked keys; call it about once a second."""
        async with self._lock:
            if due := await self._patiently(self.handler.tend):
                await self._patiently(lambda: self._tables.write(due))
            for parked in await self._patiently(lambda: self._letters.parked(self.name)):
                self._parked.add(parked.key)
                if parked.wish and (parked.topic, parked.number) in self._progress:
                    await self._grant(parked.key, parked.wish)

    # One batch.

    async def _next(self, records: Sequence[Record], reached: dict[TopicPartition, Progress]) -> list[Record]:
        """The records that are due: none twice, none missing; notes in `reached` how far they go."""
        due: list[Record] = []
        for record in records:
            partition = (record.topic, record.partition)
            at = reached.get(partition) or self._progress[partition]
            if record.offset <= at.place:
                EVENTS_REPEATED.labels(self.name).inc()
                continue
            sequence = _sequence(record)
            if sequence is not None and sequence != at.sequence + 1:
                if sequence <= at.sequence:
                    EVENTS_REPEATED.labels(self.name).inc()
                    continue
                between = await self._read_again(partition, at.place + 1, record.offset)
                due += between
            reached[partition] = Progress(at.sequence if sequence is None else sequence, record.offset, record.time)
            due.append(record)
        return due

    async def _read_again(self, partition: TopicPartition, start: int, end: int) -> list[Record]:
        """Mends a gap: the records of [start, end) from the log itself."""
        EVENT_GAPS.labels(self.name).inc()
        log.warning("gap in the sequence, reading again", consumer=self.name, partition=partition, start=start, end=end)

        def read() -> list[Record]:
            reader = self._log.reader({partition: start})
            try:
                found: list[Record] = []
                while not (found and found[-1].offset >= end - 1) and not reader.level():
                    found += reader.poll(500, 1.0)
                    if found and found[-1].offset >= end:
                        break
                return [each for each in found if each.offset < end]
            finally:
                reader.close()

        return await self._patiently(lambda: asyncio.to_thread(read))

    async def _apply(self, records: Sequence[Record]) -> None:
        try:
            if not (self._parked and any(each.key.decode(errors="replace") in self._parked for each in records)):
                await self._hand_over(records)
                return
        except Exception as error:  # somewhere in it: each event for itself
            log.warning("batch failed, handling its events one by one", consumer=self.name, error=repr(error))
        for record in records:
            await self._apply_one(record)

    async def _apply_one(self, record: Record) -> None:
        """Handles one event, or keeps it as a letter; a failing one parks its key."""
        key = record.key.decode(errors="replace")
        if key in self._parked:
            await self._keep(key, record, "an earlier event of this key waits")
            return
        for pause in (*PATIENCE, None):
            try:
                await self._hand_over([record])
                return
            except (BrokenEnvelope, Undecodable) as error:
                problem = str(error)  # trying again would not make it readable
                break
            except Exception as error:
                problem = repr(error)
                log.warning("handling failed", consumer=self.name, key=key, offset=record.offset, error=problem)
                if pause is None:
                    log.exception("key parked", consumer=self.name, key=key, offset=record.offset)
                    break
                HANDLER_RETRIES.labels(self.name).inc()
                await asyncio.sleep(pause)
        await self._patiently(lambda: self._letters.park(self.name, key, record, problem))
        self._parked.add(key)
        await self._keep(key, record, problem)

    async def _hand_over(self, records: Sequence[Record]) -> None:
        """Lets the handler do its part and makes its writes durable; waits where a store is away."""
        batch = [found for each in records if (found := self.handler.read(each, self._codec)) is not None]
        if batch:
            writes = await self._patiently(lambda: self.handler.handle(batch))
            if writes:
                await self._patiently(lambda: self._tables.write(writes))
            EVENTS_HANDLED.labels(self.name).inc(len(batch))

    async def _keep(self, key: str, record: Record, error: str) -> None:
        EVENTS_PARKED.labels(self.name).inc()
        await self._patiently(lambda: self._letters.keep(self.name, key, record, error))

    async def _grant(self, key: str, wish: str) -> None:
        """Empties a parked key's letters in order and lets it go on, unless one of them fails again."""
        while letters := await self._letters.letters(self.name, key):
            for letter in letters:
                if wish == "retry":
                    try:
                        await self._hand_over([letter])
                    except Exception as error:
                        log.warning("retry failed", consumer=self.name, key=key, error=repr(error))
                        await self._letters.keep(self.name, key, letter, repr(error))
                        await self._letters.wish(self.name, key, "", "")
                        return
                await self._letters.drop(self.name, key, [letter])
        await self._letters.release(self.name, key)
        self._parked.discard(key)
        log.info("key goes on", consumer=self.name, key=key, wish=wish)

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What `attempt` answers, as soon as the stores it needs are there: an outage is no fault of the event."""
        pause = 0.05
        while True:
            try:
                return await attempt()
            except (TablesUnavailable, LogUnavailable) as error:
                log.warning("store away, waiting for it", consumer=self.name, error=str(error), seconds=pause)
                HANDLER_RETRIES.labels(self.name).inc()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)


def read_event(record: Record, codec: Codec) -> Happened:
    """The event of a record of an events topic; raises BrokenEnvelope, Undecodable."""
    at = recorded_of(record.topic, record.partition, record.headers)
    return Happened(codec.decode(record.value or b""), at)


def _sequence(record: Record) -> int | None:
    """The event's gapless sequence; None on topics that have none, or where the header is broken."""
    try:
        return int(record.headers["ce_sequence"])
    except (KeyError, ValueError):
        return None
