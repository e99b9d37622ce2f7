"""How an installation is: how far every consumer is behind, who works, what is parked, what is wrong."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from domain.instants import instant
from infra.clock import micros_now
from infra.deadletters import DeadLetters
from infra.log import Log, Record, TopicPartition
from infra.metrics import CONSUMER_LAG, CONSUMER_LAG_SECONDS, PARKED_KEYS, WORKER_SILENT
from infra.progress import Progress, progress_of
from infra.tables import Tables
from infra.workers import Worker, workers_of
from schemas.envelope import from_timestamp

LATE = 10.0  # seconds of lag that are worth a word
READ_WITHIN = 3.0  # seconds one look at the log may take
MEASURED = 5.0  # seconds for which the gauges are fresh
TAIL = 50  # records read for the last sequence of a partition: behind it may be the log's own marks


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a consumer is behind in one partition."""

    consumer: str
    topic: str
    partition: int
    sequence: int  # of the last event it has applied; 0 on topics that have none
    applied: int  # the offset it reads next
    end: int  # the log's
    lag: int  # events that wait
    lag_seconds: float  # since the oldest of them was written
    event_time: datetime | None
    applied_at: datetime | None


@dataclass(frozen=True, slots=True)
class ParkedKeys:
    consumer: str
    keys: int
    oldest: datetime
    error: str  # of the oldest


@dataclass(frozen=True, slots=True)
class Report:
    """All of it; `problems` are sentences for whoever was just woken up."""

    at: datetime
    consumers: tuple[Lag, ...]
    workers: tuple[Worker, ...]
    parked: tuple[ParkedKeys, ...]
    problems: tuple[str, ...]


class Status:
    """Looks at log and tables; needs no worker's answer, so that dead ones are seen, too."""

    def __init__(self, source: Log, tables: Tables, consumers: Mapping[str, Sequence[str]]) -> None:
        self._log, self._tables, self._consumers = source, tables, consumers
        self._measured = -MEASURED

    async def report(self) -> Report:
        """How it is now. Raises LogUnavailable, TablesUnavailable."""
        known = {each: await progress_of(self._tables, each) for each in self._consumers}
        lags = await asyncio.to_thread(self._lags, known)
        letters = DeadLetters(self._tables)
        waiting = {each: sorted(await letters.parked(each), key=lambda one: one.since) for each in self._consumers}
        parked = [
            ParkedKeys(consumer, len(keys), instant(keys[0].since), keys[0].error)
            for consumer, keys in waiting.items()
            if keys
        ]
        workers = tuple(await workers_of(self._tables))
        return Report(
            instant(micros_now()), tuple(lags), workers, tuple(parked), tuple(_problems(lags, workers, parked))
        )

    async def measure(self) -> None:
        """Sets the gauges that tell the same to Prometheus, unless they were set just now or are being set."""
        if monotonic() - self._measured < MEASURED:
            return
        self._measured = monotonic()
        found = await self.report()
        for gauge in (CONSUMER_LAG, CONSUMER_LAG_SECONDS, PARKED_KEYS, WORKER_SILENT):
            gauge.clear()
        for name in self._consumers:
            PARKED_KEYS.labels(name).set(0)
        for each in found.parked:
            PARKED_KEYS.labels(each.consumer).set(each.keys)
        for lag in found.consumers:
            place = lag.consumer, lag.topic, str(lag.partition)
            CONSUMER_LAG.labels(*place).set(lag.lag)
            CONSUMER_LAG_SECONDS.labels(*place).set(lag.lag_seconds)
        now = micros_now()
        for worker in found.workers:
            unheard = (now - worker.seen_at) / 1_000_000
            WORKER_SILENT.labels(worker.role, str(worker.slot)).set(round(worker.silent + unheard, 1))

    def _lags(self, known: Mapping[str, Mapping[TopicPartition, Progress]]) -> list[Lag]:
        counts = self._log.topics()
        partitions = {
            consumer: [(topic, number) for topic in topics for number in range(counts.get(topic, 0))]
            for consumer, topics in self._consumers.items()
        }
        ends = self._log.ends({each for all_ in partitions.values() for each in all_})
        nexts = {
            (consumer, each): known[consumer].get(each, Progress()).place + 1
            for consumer, all_ in partitions.items()
            for each in all_
        }
        behind = {each for (_, each), start in nexts.items() if start < ends[each]}
        tails = self._read({each: max(0, ends[each] - TAIL) for each in behind}, whole=True)
        lags = []
        for consumer, all_ in partitions.items():
            far = {each: nexts[consumer, each] for each in all_ if nexts[consumer, each] < ends[each] - TAIL}
            firsts = self._read(far, whole=False)
            for each in all_:
                start = nexts[consumer, each]
                waiting = firsts.get(each) or [record for record in tails.get(each, ()) if record.offset >= start]
                at = known[consumer].get(each, Progress())
                lags.append(_lag(consumer, each, at, ends[each], waiting, tails.get(each, ())))
        return lags

    def _read(self, starts: Mapping[TopicPartition, int], *, whole: bool) -> dict[TopicPartition, list[Record]]:
        """What follows in each partition: all of it, or at least one record; less where the log is slow."""
        found: dict[TopicPartition, list[Record]] = {}
        if not starts:
            return found
        reader, until = self._log.reader(dict(starts)), monotonic() + READ_WITHIN
        try:
            while not reader.level() and monotonic() < until and (whole or len(found) < len(starts)):
                for record in reader.poll(1_000, 0.1):
                    found.setdefault((record.topic, record.partition), []).append(record)
            return found
        finally:
            reader.close()


def _lag(
    consumer: str, partition: TopicPartition, at: Progress, end: int, waiting: Sequence[Record], tail: Sequence[Record]
) -> Lag:
    """`waiting` begins with the first record that waits; where it is empty, there are only the log's own marks."""
    events, seconds = 0, 0.0
    if waiting:
        last = _sequence((tail or waiting)[-1])
        events = last - at.sequence if last > at.sequence else end - at.place - 1
        seconds = max(0.0, round((micros_now() - _time(waiting[0])) / 1_000_000, 3))
    return Lag(
        consumer,
        *partition,
        sequence=at.sequence,
        applied=at.place + 1,
        end=end,
        lag=events,
        lag_seconds=seconds,
        event_time=instant(at.event_time) if at.event_time else None,
        applied_at=instant(at.applied_at) if at.applied_at else None,
    )


def _problems(lags: Sequence[Lag], workers: Sequence[Worker], parked: Sequence[ParkedKeys]) -> list[str]:
    found = []
    for name in dict.fromkeys(each.consumer for each in lags):
        late = [each for each in lags if each.consumer == name and each.lag_seconds > LATE]
        if late:
            most, events = max(each.lag_seconds for each in late), sum(each.lag for each in late)
            found.append(f"{name} is {events:,} events behind in {len(late)} partitions, by up to {most:,.0f} s")
    heard = {each.role for each in workers if not each.gone}
    roles = ("commands", *dict.fromkeys(each.consumer for each in lags))
    found += [f"no worker of {role} is heard of" for role in roles if role not in heard]
    for each in workers:
        if each.gone:
            found.append(
                f"worker {each.role}.{each.slot} on {each.host} was last heard of at {instant(each.seen_at):%T}"
            )
        elif each.stalled:
            found.append(f"worker {each.role}.{each.slot} on {each.host} has stood still for {each.silent:.0f} s")
    found += [f"{each.keys} keys of {each.consumer} are parked, the first: {each.error}" for each in parked]
    return found


def _sequence(record: Record) -> int:
    found = record.headers.get("ce_sequence", b"")
    return int(found) if found.isdigit() else 0


def _time(record: Record) -> int:
    try:
        return from_timestamp(record.headers["ce_time"])
    except (KeyError, ValueError):
        return record.time
