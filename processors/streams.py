"""The stream runner: order, repeats, gaps, retries and dead letters around a handler that knows of none of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

import structlog

from infra import tracing
from infra.clock import micros_now
from infra.correlation import concerning
from infra.deadletters import DeadLetters, Lane, Letter, Parked
from infra.log import Log, LogUnavailable, Record, TopicPartition
from infra.metrics import EVENT_GAPS, EVENTS_HANDLED, EVENTS_PARKED, EVENTS_REPEATED, HANDLER_RETRIES
from infra.progress import Progress, marks, progress_of
from infra.tables import Tables, TablesUnavailable, Write
from processors.agenda import Agenda
from schemas.codec import Codec, Undecodable
from schemas.envelope import BrokenEnvelope, Happened, recorded_of
from schemas.history import meaning_of

log = structlog.get_logger(__name__)
T = TypeVar("T")
Item = TypeVar("Item")

PATIENCE = (0.05, 0.25, 1.0)  # seconds between the attempts at an event whose handling fails; then its key is parked
MENDED = 500  # records at a time where some are missing
FORGOTTEN = 10.0  # seconds until a worker that has parked nothing looks whether its predecessor has


class Handler(Protocol[Item]):
    """What a consumer does with its records: all of a batch or an exception; the same batch again changes nothing."""

    name: str  # of the consumer: its group, its progress, its dead letters
    topics: tuple[str, ...]
    awaited: bool  # whether somebody waits for its progress, so that it is told at once also where nothing was done
    pace: float  # seconds from one batch to the next, at least: under load they get larger, and the first never waits

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

    awaited = False
    pace = 0.02

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        return None

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        return None

    async def marks(self) -> Sequence[Write]:
        return ()

    async def tend(self) -> Sequence[Write]:
        return ()


class Keeper(Follower):
    """A handler with rows that wait, by the partition of the events they come from; it works off those of its own."""

    pace = 0.1

    def __init__(self) -> None:
        self._agenda = Agenda()  # places like "notice.events:3"

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Takes over what waits."""
        self._agenda.open(f"{topic}:{number}" for topic, number in partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Leaves it to the new owner."""
        self._agenda.close(f"{topic}:{number}" for topic, number in partitions)


@dataclass(slots=True)
class Batch:
    """Records that are due, and how far each of their partitions will be once they are handled."""

    due: list[Record] = field(default_factory=list)
    reached: dict[TopicPartition, Progress] = field(default_factory=dict)

    def add(self, record: Record, sequence: int) -> None:
        self.due.append(record)
        self.pass_over(record, sequence)

    def pass_over(self, record: Record, sequence: int) -> None:
        """Goes on behind a record that needs no handling."""
        self.reached[record.topic, record.partition] = Progress(sequence, record.offset, record.time)


class Stream(Generic[Item]):
    """One consumer's way through its partitions, whatever reads them: Faust, a plain loop, or the embedded log.

    Batches of one partition come in order; `handle` returns when everything in them is done for good: handled, or kept
    as dead letters. It waits as long as tables or log are away. Whatever else breaks it off (a defect, a cancellation)
    loses nothing: its own progress is what counts, not what the feeder believes, and what is missing is read again.
    """

    def __init__(self, handler: Handler[Item], codec: Codec, source: Log, tables: Tables) -> None:
        self.handler, self.name = handler, handler.name
        self.pulse = monotonic()  # when something last went on here, or waited for a store for a known reason
        self.work: asyncio.Task[Any] | None = None  # what is being done, for the watchdog to look at
        self.handled = 0  # events so far
        self.trouble, self.trouble_at = "", 0  # what went wrong last, and when (microseconds)
        self._codec, self._log, self._tables = codec, source, tables
        self._letters = DeadLetters(tables)
        self._progress: dict[TopicPartition, Progress] = {}  # of the partitions that are ours
        self._untold: dict[TopicPartition, Progress] = {}  # where only what is of no interest was passed over
        self._torn: set[TopicPartition] = set()  # those where the next record may not be the one that is next
        self._parked: set[Lane] = set()
        self._looked = monotonic()  # when, for what is parked
        self._idle = False  # whether nothing was done for the batch in work
        self._lock = asyncio.Lock()

    async def assign(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Takes partitions over from whoever had them; answers the offset each is to be read from."""
        async with self._alone():
            known = await self._patiently(lambda: progress_of(self._tables, self.name))
            parked = await self._patiently(lambda: self._letters.parked(self.name))
            await self._patiently(lambda: self.handler.assigned(partitions))
            self._parked = {each.lane for each in parked}
            self._progress.update((each, known.get(each, Progress())) for each in partitions)
            self._torn.update(partitions)
            log.info("partitions taken over", consumer=self.name, partitions=_named(partitions))
            return {partition: self._progress[partition].place + 1 for partition in partitions}

    async def revoke(self, partitions: Sequence[TopicPartition]) -> None:
        """Forgets partitions once the batch in work is done: what this process knows of them is stale from then on."""
        async with self._alone():
            for partition in partitions:
                self._progress.pop(partition, None)
                self._untold.pop(partition, None)
            self.handler.revoked(partitions)

    def wait_for(self, failure: Exception) -> None:
        """Notes that a store is away, which is waited for: no fault of this worker, and no reason to end it."""
        self.pulse = monotonic()
        self._note(f"store away: {failure}")
        HANDLER_RETRIES.labels(self.name).inc()

    def progress(self) -> Mapping[TopicPartition, Progress]:
        """How far each owned partition is."""
        return dict(self._progress)

    async def handle(self, records: Sequence[Record]) -> None:
        """Handles a batch for good; see the class. Records of partitions that are not ours are left to their owner."""
        async with self._alone():
            batch = Batch()
            for record in records:
                partition = (record.topic, record.partition)
                at = batch.reached.get(partition) or self._progress.get(partition)
                if at is None:
                    continue
                sequence = _sequence(record, at.sequence + 1)
                missing = partition in self._torn if sequence is None else sequence > at.sequence + 1
                if missing and record.offset > at.place + 1:
                    await self._finish(batch)
                    batch = Batch()
                    at = await self._mend(partition, record.offset)
                self._sort(batch, record, sequence, at)
            await self._finish(batch)

    async def tend(self) -> None:
        """What is due by the clock, and what operators wished for parked keys; call it about once a second."""
        async with self._alone():
            try:
                due = [*await self._patiently(self.handler.tend), *self._tell({})]
                if due:
                    await self._patiently(lambda: self._tables.write(due))
                if not self._parked and monotonic() - self._looked < FORGOTTEN:
                    return
                self._looked = monotonic()
                for parked in await self._patiently(lambda: self._letters.parked(self.name)):
                    self._parked.add(parked.lane)
                    if parked.wish and (parked.lane.topic, parked.lane.number) in self._progress:
                        await self._grant(parked)
            except Exception as error:
                log.exception("tending failed, trying again in a second", consumer=self.name)
                self._note(f"tending failed: {error!r}")

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Batches, the retry of letters, and changes of what is ours never overlap."""
        async with self._lock:
            self.work = asyncio.current_task()
            try:
                yield
            finally:
                self.work = None
                self.pulse = monotonic()

    # One batch.

    def _sort(self, batch: Batch, record: Record, sequence: int | None, at: Progress) -> None:
        """Adds a record to the batch, or drops it as handled before."""
        if record.offset <= at.place:
            EVENTS_REPEATED.labels(self.name).inc()
        elif sequence is None:  # its topic has none, or it is no event at all: the handler will say so
            batch.add(record, at.sequence)
        elif sequence <= at.sequence:
            EVENTS_REPEATED.labels(self.name).inc()
            batch.pass_over(record, at.sequence)
        else:
            if sequence != at.sequence + 1:
                log.error("the log has a hole", consumer=self.name, **_where(record), last=at.sequence, next=sequence)
            batch.add(record, sequence)

    async def _finish(self, batch: Batch) -> None:
        """Handles what is due in a batch and makes its progress durable, soon where nothing in it was of interest."""
        if not batch.reached:
            return
        self._torn.update(batch.reached)
        self._idle = not self.handler.awaited
        await self._apply(batch.due)
        if self._idle:
            self._untold.update(batch.reached)
        else:
            done = [*await self._patiently(self.handler.marks), *self._tell(batch.reached)]
            await self._patiently(lambda: self._tables.write(done))
        self._progress.update(batch.reached)
        self._torn.difference_update(batch.reached)

    def _tell(self, reached: Mapping[TopicPartition, Progress]) -> list[Write]:
        """The writes of the progress that is not told yet; a restart before it is told only passes over it again."""
        untold, self._untold = {**self._untold, **reached}, {}
        return marks(self.name, untold)

    async def _mend(self, partition: TopicPartition, end: int) -> Progress:
        """Handles what lies between the progress and the offset `end`, read from the log itself; answers the progress.

        What is missing here was lost on the way (a feeder that was cut off), or its batch was broken off.
        """
        EVENT_GAPS.labels(self.name).inc()
        start = self._progress[partition].place + 1
        log.warning(
            "records are missing, reading again",
            consumer=self.name,
            topic=partition[0],
            partition=partition[1],
            start=start,
            end=end,
        )
        reader = await self._patiently(lambda: asyncio.to_thread(self._log.reader, {partition: start}))
        try:
            before = start
            while before < end:
                records = await self._patiently(lambda: asyncio.to_thread(reader.poll, MENDED, 0.2))
                if not records and reader.level():
                    break
                batch = Batch()
                for record in records:
                    before = record.offset + 1
                    if record.offset < end:
                        at = batch.reached.get(partition) or self._progress[partition]
                        self._sort(batch, record, _sequence(record, at.sequence + 1), at)
                await self._finish(batch)
        finally:
            await asyncio.to_thread(reader.close)
        self._torn.discard(partition)
        return self._progress[partition]

    async def _apply(self, records: Sequence[Record]) -> None:
        """Hands records over, all at once where that goes well; those of parked keys become letters."""
        if self._parked:
            waiting = [each for each in records if Lane.of(each) in self._parked]
            if waiting:
                await self._keep(waiting, "an earlier event of this key waits")
                records = [each for each in records if Lane.of(each) not in self._parked]
        try:
            await self._hand_over(records)
        except Exception as error:  # somewhere in it: each event for itself
            if len(records) > 1:
                log.warning("batch failed, handling its events one by one", consumer=self.name, error=repr(error))
            for record in records:
                await self._apply_one(record)
            concerning("")

    async def _apply_one(self, record: Record) -> None:
        """Handles one event, or keeps it as a letter; a failing one parks its key."""
        lane = Lane.of(record)
        concerning(_correlation(record))
        if lane in self._parked:
            await self._keep([record], "an earlier event of this key waits")
            return
        problem = await self._attempt(record)
        if not problem:
            return
        await self._patiently(lambda: self._letters.park(self.name, lane, problem))
        self._parked.add(lane)
        await self._keep([record], problem)

    async def _attempt(self, record: Record) -> str:
        """Tries one event some times; answers why it cannot be handled, "" where it was."""
        for pause in (0.0, *PATIENCE):
            await asyncio.sleep(pause)
            try:
                await self._hand_over([record])
                return ""
            except (BrokenEnvelope, Undecodable) as error:  # trying again would not make it readable
                failure: Exception = error
                break
            except Exception as error:
                failure = error
                HANDLER_RETRIES.labels(self.name).inc()
        log.error("handling failed, key parked", consumer=self.name, **_where(record), exc_info=failure)
        self._note(f"{Lane.of(record).key}: {_problem(failure)}")
        return _problem(failure)

    async def _hand_over(self, records: Sequence[Record]) -> None:
        """Lets the handler do its part and makes its writes durable; waits where a store is away."""
        read = [(each, found) for each in records if (found := self.handler.read(each, self._codec)) is not None]
        if read:
            self._idle = False
            batch = [found for _, found in read]
            with tracing.handling(self.name, [each for each, _ in read]) as traced:
                writes = await self._patiently(lambda: self.handler.handle(batch))
                if writes:
                    with traced.writing():
                        await self._patiently(lambda: self._tables.write(writes))
            EVENTS_HANDLED.labels(self.name).inc(len(batch))
            self.handled += len(batch)

    async def _keep(self, records: Sequence[Record], error: str) -> None:
        self._idle = False
        EVENTS_PARKED.labels(self.name).inc(len(records))
        await self._patiently(lambda: self._letters.keep(self.name, records, error))

    async def _grant(self, parked: Parked) -> None:
        """Empties the letters of a parked key in order and lets it go on, unless one of them fails again."""
        lane = parked.lane
        while letters := await self._patiently(lambda: self._letters.of(self.name, lane)):
            done, problem = await self._answer(letters, parked.wish)
            await self._drop(done)
            if problem:
                failed = letters[len(done)].record
                log.warning("retry failed", consumer=self.name, **_where(failed), error=problem)
                await self._keep([failed], problem)
                await self._patiently(lambda: self._letters.answer(self.name, lane, "", parked.reason))
                return
        await self._patiently(lambda: self._letters.release(self.name, lane))
        self._parked.discard(lane)
        log.info("key goes on", consumer=self.name, **lane._asdict(), wish=parked.wish, reason=parked.reason)

    async def _answer(self, letters: Sequence[Letter], wish: str) -> tuple[Sequence[Letter], str]:
        """The letters that are done with, and why the next one is not."""
        if wish == "retry":
            for count, letter in enumerate(letters):
                try:
                    await self._hand_over([letter.record])
                except Exception as error:
                    return letters[:count], _problem(error)
        return letters, ""

    async def _drop(self, letters: Sequence[Letter]) -> None:
        await self._patiently(lambda: self._letters.drop(self.name, letters))

    def _note(self, trouble: str) -> None:
        self.trouble, self.trouble_at = trouble, micros_now()

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What `attempt` answers, as soon as the stores it needs are there: an outage is no fault of the event."""
        pause = 0.05
        while True:
            try:
                answer = await attempt()
                self.pulse = monotonic()
                return answer
            except (TablesUnavailable, LogUnavailable) as error:
                self.wait_for(error)
                log.warning("store away, waiting for it", consumer=self.name, error=str(error), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)


def read_event(record: Record, codec: Codec, wanted: Container[str] | None = None) -> Sequence[Happened]:
    """The event of a record of an events topic, or what a retired one means today; see `meaning_of`."""
    return meaning_of(record.topic, record.partition, record.headers, record.value or b"", codec, wanted)


def _sequence(record: Record, expected: int) -> int | None:
    """The event's gapless sequence; None on topics that have none, and where a record only looks like an event."""
    found = record.headers.get("ce_sequence")
    if found is None:
        return None
    if found == b"%d" % expected:
        return expected
    try:
        return recorded_of(record.topic, record.partition, record.headers).sequence
    except BrokenEnvelope:
        return None


def _correlation(record: Record) -> str:
    """The id of the chain that a record belongs to; "" where it says none."""
    return record.headers.get("ce_correlationid", b"").decode(errors="replace")


def _problem(error: Exception) -> str:
    """What an operator reads about a failure."""
    return str(error) if isinstance(error, BrokenEnvelope | Undecodable) else repr(error)


def _where(record: Record) -> dict[str, str | int]:
    """A record in a log line."""
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset, "key": Lane.of(record).key}


def _named(partitions: Sequence[TopicPartition]) -> str:
    """Partitions in a log line: "chat.events 0 3 6"."""
    by_topic: dict[str, list[int]] = {}
    for topic, number in sorted(partitions):
        by_topic.setdefault(topic, []).append(number)
    return ", ".join(f"{topic} {' '.join(map(str, numbers))}" for topic, numbers in by_topic.items())
