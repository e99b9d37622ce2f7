"""Cause and effect: everything that followed from one command, over all topics, as a tree."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from infra.log import Log, Record, TopicPartition
from infra.progress import Progress, progress_of
from infra.tables import Tables
from schemas import topics

DEPTH = 100_000  # records of each partition that are looked through, from its end
BATCH = 5_000


@dataclass(slots=True)
class Step:
    """One record, what followed from it, and who has applied it."""

    record: Record
    applied: dict[str, bool] = field(default_factory=dict)  # of an event: by consumer
    effects: list["Step"] = field(default_factory=list)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, "Step"]]:
        """This step and all below it, each with its depth."""
        yield depth, self
        for each in self.effects:
            yield from each.walk(depth + 1)


class Tracing:
    """Finds chains on the log by the ids in the headers; nothing is decoded."""

    def __init__(self, source: Log, tables: Tables, consumers: Mapping[str, Sequence[str]]) -> None:
        self._log, self._tables, self._consumers = source, tables, consumers

    async def tree(self, wanted: str, depth: int = DEPTH) -> list[Step]:
        """The steps that nothing here led to, with all that followed; `wanted` is the id of any command or event.

        Looks through the last `depth` records of each partition; 0: through all.
        """
        found = await asyncio.to_thread(self._chain, wanted, depth)
        reached = {name: await progress_of(self._tables, name) for name in self._consumers}
        return _tree([Step(record, self._applied(record, reached)) for record in found])

    def _chain(self, wanted: str, depth: int) -> list[Record]:
        """All records of the chain that an id belongs to, in the order of their times."""
        name = wanted.encode()
        correlation, found = name, self._scan(name, depth)
        for record in found:
            if record.headers.get("ce_id") == name and (of := record.headers.get("ce_correlationid")) not in (
                None,
                name,
            ):
                correlation = of or name
        if correlation != name:
            found = self._scan(correlation, depth)
        return sorted(found, key=_time)

    def _scan(self, name: bytes, depth: int) -> list[Record]:
        partitions = self._partitions()
        starts = {each: max(0, end - depth) if depth else 0 for each, end in self._log.ends(partitions).items()}
        reader = self._log.reader(dict(starts))
        found: list[Record] = []
        try:
            while not reader.level():
                for record in reader.poll(BATCH, 0.05):
                    headers = record.headers
                    if name in (headers.get("ce_correlationid"), headers.get("ce_id")):
                        found.append(record)
        finally:
            reader.close()
        return found

    def _partitions(self) -> list[TopicPartition]:
        """All but those topics that only repeat others."""
        counts = self._log.topics()
        return [
            (name, number)
            for name, count in counts.items()
            if name != topics.ANSWERS and not name.endswith((topics.STATE, topics.ANSWERED))
            for number in range(count)
        ]

    def _applied(self, record: Record, reached: dict[str, dict[TopicPartition, Progress]]) -> dict[str, bool]:
        place = record.topic, record.partition
        return {
            name: place in reached[name] and reached[name][place].place >= record.offset
            for name, read in self._consumers.items()
            if record.topic in read
        }


def _tree(steps: Sequence[Step]) -> list[Step]:
    known: dict[bytes, Step] = {}
    for step in steps:
        known.setdefault(step.record.headers.get("ce_id", b""), step)  # a command that was repeated: the first
    roots, below = [], defaultdict[int, list[Step]](list)
    for step in steps:
        headers = step.record.headers
        cause = known.get(headers.get("ce_causationid", b""))
        if cause is None or cause is step or headers.get("ce_id") == headers.get("ce_causationid"):
            roots.append(step)
        else:
            below[id(cause)].append(step)
    for step in steps:
        step.effects = below[id(step)]
    return roots


def _time(record: Record) -> tuple[bytes, int]:
    return record.headers.get("ce_time", b""), record.time
