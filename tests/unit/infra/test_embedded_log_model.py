"""Whatever is sent, committed, aborted and reopened in whatever order: the embedded log reads back as lists do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.embedded.log import EmbeddedLog
from infra.log import Consumer, Reader, Retention, Topic, TopicPartition, Transactor

WAIT = 60.0
COMMANDS = 20
TOPICS = [
    Topic("commands", 1),
    Topic("events", 2),
    Topic("state", 2, Retention.COMPACTED),
    Topic("answers", 2, timedelta(days=1)),
]


class Entry(NamedTuple):
    topic: str
    partition: int
    key: bytes
    value: bytes | None


class Send(NamedTuple):
    entries: list[Entry]


class Stage(NamedTuple):
    member: int
    entries: list[Entry]


class Commit(NamedTuple):
    member: int
    offset: int


class Abort(NamedTuple):
    member: int


class Read(NamedTuple):
    topic: str
    partition: int
    limit: int


class Reopen(NamedTuple):
    pass


Step = Send | Stage | Commit | Abort | Read | Reopen

topics, partitions, members = st.sampled_from(["events", "state", "answers"]), st.integers(0, 1), st.integers(0, 1)
some_bytes = st.binary(max_size=3) | st.just(b"x" * 70_000)  # more than one run holds
entries = st.lists(
    st.builds(Entry, topics, partitions, st.sampled_from([b"a", b"b", b""]), st.none() | some_bytes), max_size=6
)
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Send, entries),
    st.builds(Stage, members, entries),
    st.builds(Commit, members, st.integers(0, COMMANDS - 1)),
    st.builds(Abort, members),
    st.builds(Read, topics, partitions, st.integers(1, 5)),
    st.builds(Reopen),
)


class Opened(NamedTuple):
    """The log with two members, each the only one of its group and with a transactor, and a tail of every partition."""

    log: EmbeddedLog
    members: list[tuple[Consumer, Transactor]]
    tails: Mapping[TopicPartition, Reader]


def opened(path: Path) -> Opened:
    log = EmbeddedLog(path)
    log.ensure(TOPICS)
    pairs: list[tuple[Consumer, Transactor]] = []
    for group in ("0", "1"):
        consumer = log.consumer(group, ["commands"], "slot")
        consumer.poll(1, 0)
        pairs.append((consumer, log.transactor(group)))
    tails = {(each.name, n): log.reader({(each.name, n): 0}) for each in TOPICS for n in range(each.partitions)}
    return Opened(log, pairs, tails)


@contextmanager
def directory() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=30))
def test_it_reads_back_as_lists_do(sequence: list[Step]) -> None:
    lists: dict[TopicPartition, list[tuple[bytes, bytes | None]]] = {
        (topic, n): [] for topic in ("events", "state", "answers") for n in range(2)
    }
    staged: list[list[Entry]] = [[], []]
    consumed = [0, 0]
    read = dict.fromkeys(lists, 0)  # the offset each tail has come to

    def kept(partition: TopicPartition) -> list[tuple[int, bytes, bytes | None]]:
        last = {key: offset for offset, (key, _) in enumerate(lists[partition])}
        compacted = partition[0] == "state"
        return [(n, k, v) for n, (k, v) in enumerate(lists[partition]) if not compacted or last[k] == n]

    with directory() as path:
        log, pairs, tails = opened(path / "log.db")
        producer = log.producer()
        for n in range(COMMANDS):
            producer.send("commands", b"k", b"%d" % n, {})
        for transactor in (pair[1] for pair in pairs):
            transactor.begin()

        for step in sequence:
            match step:
                case Send(sent):
                    for entry in sent:
                        producer.send(entry.topic, entry.key, entry.value, {}, entry.partition)
                        lists[entry.topic, entry.partition].append((entry.key, entry.value))
                    producer.flush(WAIT)
                case Stage(member, new):
                    for entry in new:
                        pairs[member][1].send(entry.topic, entry.partition, entry.key, entry.value, {})
                    staged[member] += new
                case Commit(member, offset):
                    consumer, transactor = pairs[member]
                    transactor.commit(consumer, {("commands", 0): offset})
                    transactor.begin()
                    for entry in staged[member]:
                        lists[entry.topic, entry.partition].append((entry.key, entry.value))
                    consumed[member], staged[member] = offset, []
                case Abort(member):
                    pairs[member][1].abort()
                    pairs[member][1].begin()
                    staged[member] = []
                case Read(topic, number, limit):
                    name = (topic, number)
                    expected = [each for each in kept(name) if each[0] >= read[name]]
                    got = [(r.offset, r.key, r.value) for r in tails[name].poll(limit, 0)]
                    # A tail may have read ahead what compaction has removed since; what it reads is in order.
                    if topic != "state":
                        assert got == expected[:limit]
                    assert all(lists[name][offset] == (key, value) for offset, key, value in got)
                    assert [each[0] for each in got] == sorted({each[0] for each in got})
                    read[name] = got[-1][0] + 1 if got else read[name]
                case Reopen():
                    log.close()
                    log, pairs, tails = opened(path / "log.db")
                    producer = log.producer()
                    for transactor in (pair[1] for pair in pairs):
                        transactor.begin()
                    staged, read = [[], []], dict.fromkeys(lists, 0)

        log.close()
        log = EmbeddedLog(path / "log.db")
        store = log.store("slot")
        for name, records in lists.items():
            reader, found = log.reader({name: 0}), list[tuple[int, bytes, bytes | None]]()
            while not reader.level():
                found += [(r.offset, r.key, r.value) for r in reader.poll(4, WAIT)]
            assert found == kept(name)
            assert log.end(name) == len(records)
            while not store.restore(*name):
                pass
            last = dict(records)
            assert dict(zip(last, store.get_many(*name, list(last)), strict=True)) == last
        for group, offset in enumerate(consumed):
            (first,) = log.consumer(str(group), ["commands"], "slot").poll(1, WAIT)
            assert first.offset == offset
        log.close()
