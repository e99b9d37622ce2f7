"""The history of one aggregate: its events, and its state as of a version or a time."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.instants import micros
from domain.kernel import Catalogue, State
from infra.log import Log
from infra.partitioning import partition_of
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Happened
from schemas.history import meaning_of

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Seen:
    """An aggregate as it was; `last` is the event that made it so, None before the first."""

    key: str
    version: int
    state: State
    last: Happened | None
    events: tuple[Happened, ...]  # all up to then


class Histories:
    """Reads the events of one key from the log and folds them: as slow as its partition is long, and always true."""

    def __init__(self, source: Log, codec: Codec, catalogue: Catalogue) -> None:
        self._log, self._codec, self._catalogue = source, codec, catalogue

    async def as_of(self, system: str, name: str, aggregate_id: str, moment: int | datetime | None = None) -> Seen:
        """The aggregate after `moment` events, or at that time, or now. Raises KeyError for an unknown aggregate.

        Raises Undecodable, BrokenEnvelope where one of its events cannot be read.
        """
        return await asyncio.to_thread(self._fold, system, name, aggregate_id, moment)

    def _fold(self, system: str, name: str, aggregate_id: str, moment: int | datetime | None) -> Seen:
        aggregate = self._catalogue.named(system, name)
        key, state, version, last = aggregate.key(aggregate_id), aggregate.initial, 0, None
        seen = []
        for each in self._events(topics.events(system), key):
            if isinstance(moment, int) and each.at.version > moment:
                break
            if isinstance(moment, datetime) and each.at.micros > micros(moment):
                break
            state, version, last = aggregate.evolve(state, each.event), each.at.version, each
            seen.append(each)
        return Seen(key, version, state, last, tuple(seen))

    def _events(self, topic: str, key: str) -> Iterator[Happened]:
        partition = topic, partition_of(key.encode(), self._log.topics()[topic])
        reader, sequence = self._log.reader({partition: 0}), 0
        try:
            while not reader.level():
                for record in reader.poll(BATCH, 0.05):
                    if record.key == key.encode():
                        found = meaning_of(topic, partition[1], record.headers, record.value or b"", self._codec)
                        if found and found[0].at.sequence > sequence:  # an event that was written twice counts once
                            sequence = found[0].at.sequence
                            yield from found
        finally:
            reader.close()


def moment_of(text: str) -> int | datetime | None:
    """A version or a time as people write it; "" is now. Raises ValueError."""
    if not text:
        return None
    if text.isdecimal():
        return int(text)
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time needs its zone, as in 2026-01-31T12:00Z")
    return found


def address_of(text: str) -> tuple[str, str, str]:
    """System, aggregate and id of "chat/conversation/<id>". Raises ValueError."""
    system, name, aggregate_id = text.split("/", 2)
    return system, name, aggregate_id
