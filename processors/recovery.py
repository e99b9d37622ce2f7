"""What a state topic should say, told by the events: the way back from a value that nobody can read.

Slow, as all events of the partition are read, and right: state is only a shortcut to folding them. It heals by itself,
because the next decision writes the value anew.
"""

from collections.abc import Iterator
from contextlib import suppress

from domain.kernel import Aggregate, Head, Snapshot
from infra.log import Log
from schemas.codec import Codec
from schemas.envelope import BrokenEnvelope, Recorded, recorded_of

AT_ONCE, WITHIN = 1_000, 0.5  # events read at a time, and seconds waited for them


def last_head(source: Log, topic: str, partition: int) -> Head:
    """Where the events of a partition end."""
    head = Head(0, 0)
    for at, _ in _events(source, topic, partition):
        head = Head(at.sequence, at.micros)
    return head


def folded(source: Log, codec: Codec, topic: str, partition: int, key: bytes, aggregate: Aggregate) -> Snapshot:
    """The state that the events of one key lead to."""
    snapshot = Snapshot(0, aggregate.initial)
    for at, value in _events(source, topic, partition):
        if at.key.encode() == key:
            state = snapshot.state
            for event in codec.decode_all(value):
                state = aggregate.evolve(state, event)
            snapshot = Snapshot(at.version, state)
    return snapshot


def _events(source: Log, topic: str, partition: int) -> Iterator[tuple[Recorded, bytes]]:
    reader = source.reader({(topic, partition): 0})
    try:
        while True:
            records = reader.poll(AT_ONCE, WITHIN)
            for record in records:
                with suppress(BrokenEnvelope):  # no event: whoever wrote it was not a command processor
                    yield recorded_of(topic, partition, record.headers), record.value or b""
            if not records and reader.level():
                return
    finally:
        reader.close()
