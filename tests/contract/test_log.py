"""The log's contract: what every adapter promises, one test per promise."""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import count

import pytest

from infra.log import (
    Consumer,
    Fenced,
    Log,
    Reader,
    Record,
    Retention,
    Store,
    Topic,
    TopicPartition,
    TransactionAborted,
    WrongTopic,
)
from infra.partitioning import partition_of
from tests.contract.conftest import OpenLog

PATIENCE = 60.0  # seconds until what must happen is held not to happen
QUIET = 0.5  # seconds a test listens to what must stay silent

_numbers = count(1)


def fresh(word: str) -> str:
    """A name nobody has used: adapters may keep topics, groups and slots from one test to the next."""
    return f"{word}.{os.getpid()}.{time.time_ns()}.{next(_numbers)}"


def new_topic(log: Log, partitions: int = 1, retention: Retention | timedelta = Retention.FOREVER) -> str:
    name = fresh("contract")
    log.ensure([Topic(name, partitions, retention)])
    return name


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.005)


def read(source: Consumer | Reader, wanted: int) -> list[Record]:
    """The next `wanted` records, or fewer where no more come."""
    records: list[Record] = []
    deadline = time.monotonic() + PATIENCE
    while len(records) < wanted and time.monotonic() < deadline:
        records += source.poll(wanted - len(records), 0.25)
    return records


def values(records: Iterable[Record]) -> list[bytes | None]:
    return [record.value for record in records]


def send(log: Log, topic: str, *entries: tuple[bytes, bytes | None], partition: int | None = None) -> None:
    """Appends durably, outside transactions."""
    producer = log.producer()
    for key, value in entries:
        producer.send(topic, key, value, {}, partition)
    producer.flush(PATIENCE)
    producer.close()


def reader_of(log: Log, topic: str, partitions: int = 1) -> Reader:
    """Reads all of a topic from its beginning."""
    return log.reader({(topic, partition): 0 for partition in range(partitions)})


def join(log: Log, group: str, topic: str, partitions: int = 1, slot: str | None = None) -> Consumer:
    """The only member of a group, once it owns everything; what was handed to it meanwhile is read again."""
    consumer = log.consumer(group, [topic], slot or fresh("slot"))
    everything = {(topic, partition) for partition in range(partitions)}
    first: dict[TopicPartition, int] = {}

    def owns_everything() -> bool:
        for record in consumer.poll(100, 0.05):
            first.setdefault((record.topic, record.partition), record.offset)
        return consumer.owned() == everything

    eventually(owns_everything, "the member owns every partition")
    for partition, offset in first.items():
        consumer.seek(partition, offset)
    return consumer


def share(consumers: Sequence[Consumer], everything: Collection[TopicPartition]) -> dict[int, list[Record]]:
    """Polls the members until each owns a part and all is owned; answers what was handed to each meanwhile."""
    handed: dict[int, list[Record]] = {member: [] for member in range(len(consumers))}

    def shared() -> bool:
        for member, consumer in enumerate(consumers):
            handed[member] += consumer.poll(100, 0.05)
        parts = [consumer.owned() for consumer in consumers]
        return all(parts) and sum(map(len, parts)) == len(everything) and set().union(*parts) == set(everything)

    eventually(shared, "the members share the partitions")
    return handed


def transact(
    log: Log, entries: Mapping[TopicPartition, Sequence[tuple[bytes, bytes | None]]], slot: str | None = None
) -> None:
    """One committed transaction that consumed nothing."""
    here = new_topic(log)
    consumer = join(log, fresh("group"), here)
    transactor = log.transactor(slot or fresh("slot"))
    transactor.begin()
    for (topic, partition), pairs in entries.items():
        for key, value in pairs:
            transactor.send(topic, partition, key, value, {})
    transactor.commit(consumer, {})
    transactor.close()
    consumer.close()


def restored(store: Store, topic: str, partition: int = 0) -> Store:
    eventually(lambda: store.restore(topic, partition), "the partition is restored")
    return store


class TestOrder:
    def test_records_of_a_key_are_read_in_the_order_they_were_sent(self, log: Log) -> None:
        topic = new_topic(log, 4)
        keys = [b"key/%d" % n for n in range(20)]
        producer = log.producer()
        for n in range(400):
            producer.send(topic, keys[n % 20], b"%d" % n, {})
        producer.flush(PATIENCE)
        producer.close()

        records = read(reader_of(log, topic, 4), 400)

        for i, key in enumerate(keys):
            assert values(r for r in records if r.key == key) == [b"%d" % n for n in range(i, 400, 20)]

    def test_offsets_rise_inside_a_partition(self, log: Log) -> None:
        topic = new_topic(log, 2)
        send(log, topic, *((b"%d" % n, b"v") for n in range(100)))

        records = read(reader_of(log, topic, 2), 100)

        for partition in range(2):
            offsets = [r.offset for r in records if r.partition == partition]
            assert offsets == sorted(set(offsets))

    def test_records_of_a_transaction_keep_their_order(self, log: Log) -> None:
        topic = new_topic(log, 2)
        transact(log, {(topic, p): [(b"k", b"%d" % n) for n in range(200)] for p in range(2)})

        records = read(reader_of(log, topic, 2), 400)

        for partition in range(2):
            assert values(r for r in records if r.partition == partition) == [b"%d" % n for n in range(200)]

    def test_many_threads_may_send_at_once(self, log: Log) -> None:
        topic = new_topic(log, 3)
        producer = log.producer()

        def send_all(key: bytes) -> None:
            for n in range(100):
                producer.send(topic, key, b"%d" % n, {})

        threads = [threading.Thread(target=send_all, args=(b"thread/%d" % n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        producer.flush(PATIENCE)
        producer.close()

        records = read(reader_of(log, topic, 3), 600)

        for n in range(6):
            assert values(r for r in records if r.key == b"thread/%d" % n) == [b"%d" % i for i in range(100)]


class TestPartitioning:
    def test_the_key_chooses_the_partition_every_client_agrees_on(self, log: Log) -> None:
        topic = new_topic(log, 7)
        keys = [f"type/{n}·é".encode() for n in range(200)]
        send(log, topic, *((key, b"") for key in keys))

        records = read(reader_of(log, topic, 7), len(keys))

        assert {r.key: r.partition for r in records} == {key: partition_of(key, 7) for key in keys}

    def test_a_given_partition_is_kept(self, log: Log) -> None:
        topic = new_topic(log, 5)
        other = (partition_of(b"key", 5) + 1) % 5
        send(log, topic, (b"key", b"here"), partition=other)

        assert [(r.partition, r.value) for r in read(reader_of(log, topic, 5), 1)] == [(other, b"here")]


class TestValues:
    @pytest.mark.parametrize("value", [None, b"", b"\x00", bytes(range(256))], ids=["none", "empty", "nul", "binary"])
    def test_a_value_comes_back_as_it_was(self, log: Log, value: bytes | None) -> None:
        topic = new_topic(log)
        send(log, topic, (b"key", value))
        transact(log, {(topic, 0): [(b"key", value)]})

        assert [(r.key, r.value) for r in read(reader_of(log, topic), 2)] == [(b"key", value)] * 2

    def test_a_value_of_one_megabyte_comes_back_whole(self, log: Log) -> None:
        topic = new_topic(log)
        big = os.urandom(1_000_000)
        send(log, topic, (b"key", big))
        transact(log, {(topic, 0): [(b"key", big)]})

        assert values(read(reader_of(log, topic), 2)) == [big, big]

    def test_headers_come_back_as_they_were(self, log: Log) -> None:
        topic = new_topic(log)
        headers = {"ce_id": b"1:0", "binary": bytes(range(256)), "empty": b"", "héader": "ünïcode".encode()}
        producer = log.producer()
        producer.send(topic, b"key", b"value", headers)
        producer.send(topic, b"key", b"value", {})
        producer.flush(PATIENCE)
        producer.close()

        first, second = read(reader_of(log, topic), 2)

        assert dict(first.headers) == headers
        assert dict(second.headers) == {}

    def test_binary_keys_come_back_as_they_were(self, log: Log) -> None:
        topic = new_topic(log)
        keys = [b"", b"\x00", bytes(range(256))]
        send(log, topic, *((key, b"v") for key in keys))

        assert [r.key for r in read(reader_of(log, topic), 3)] == keys

    def test_a_record_bears_the_microsecond_it_was_appended(self, log: Log) -> None:
        topic = new_topic(log)
        now = time.time_ns() // 1000
        send(log, topic, (b"key", b"value"))

        (record,) = read(reader_of(log, topic), 1)

        hour = 3_600_000_000
        assert now - hour < record.time < now + hour


class TestProducer:
    @pytest.mark.parametrize("early", [False, True])
    def test_each_record_is_reported_done_exactly_once(self, log: Log, early: bool) -> None:
        topic = new_topic(log, 2)
        producer = log.producer(early=early)
        done: list[tuple[int, Exception | None]] = []

        def report(n: int) -> Callable[[Exception | None], None]:
            return lambda error: done.append((n, error))

        for n in range(300):
            producer.send(topic, b"%d" % n, b"v", {}, done=report(n))
        producer.flush(PATIENCE)
        eventually(lambda: len(done) >= 300, "every record is reported")
        producer.close()

        assert sorted(done, key=lambda pair: pair[0]) == [(n, None) for n in range(300)]

    def test_what_is_reported_done_can_be_read(self, log: Log) -> None:
        topic = new_topic(log)
        producer, durable = log.producer(), threading.Event()
        producer.send(topic, b"k", b"v", {}, done=lambda error: durable.set())
        assert durable.wait(PATIENCE)

        assert values(read(reader_of(log, topic), 1)) == [b"v"]
        producer.close()

    @pytest.mark.parametrize("early", [False, True])
    def test_after_flush_all_that_was_sent_is_durable(self, open_log: OpenLog, early: bool) -> None:
        log = open_log()
        topic = new_topic(log)
        producer = log.producer(early=early)
        for n in range(100):
            producer.send(topic, b"k", b"%d" % n, {})
        producer.flush(PATIENCE)

        assert values(read(reader_of(open_log(), topic), 100)) == [b"%d" % n for n in range(100)]
        producer.close()

    def test_flush_of_nothing_returns(self, log: Log) -> None:
        producer = log.producer()
        producer.flush(PATIENCE)
        producer.close()


class TestReader:
    def test_a_reader_from_an_offset_starts_there(self, log: Log) -> None:
        topic = new_topic(log)
        send(log, topic, *((b"k", b"%d" % n) for n in range(10)))
        all_of_it = read(reader_of(log, topic), 10)

        assert read(log.reader({(topic, 0): all_of_it[6].offset}), 4) == all_of_it[6:]

    def test_a_reader_from_the_end_sees_only_what_comes_later(self, log: Log) -> None:
        topic = new_topic(log)
        send(log, topic, (b"k", b"before"))
        reader = log.reader({(topic, 0): None})
        send(log, topic, (b"k", b"after"))

        assert values(read(reader, 1)) == [b"after"]

    def test_partitions_start_where_each_was_told_to(self, log: Log) -> None:
        topic = new_topic(log, 3)
        for partition in range(3):
            send(log, topic, (b"k", b"old/%d" % partition), partition=partition)
        reader = log.reader({(topic, 0): 0, (topic, 1): None})
        for partition in range(3):
            send(log, topic, (b"k", b"new/%d" % partition), partition=partition)

        assert sorted(r.value or b"" for r in read(reader, 3)) == [b"new/0", b"new/1", b"old/0"]

    def test_readers_do_not_take_records_from_each_other(self, log: Log) -> None:
        topic = new_topic(log)
        readers = [reader_of(log, topic) for _ in range(3)]
        send(log, topic, *((b"k", b"%d" % n) for n in range(20)))

        for reader in readers:
            assert values(read(reader, 20)) == [b"%d" % n for n in range(20)]

    def test_a_waiting_reader_gets_what_another_process_appends(self, open_log: OpenLog) -> None:
        log, other = open_log(), open_log()
        topic = new_topic(log)
        reader = log.reader({(topic, 0): None})
        for n in range(5):
            send(other, topic, (b"k", b"%d" % n))
            assert values(read(reader, 1)) == [b"%d" % n]

    def test_a_reader_is_level_once_everything_before_it_was_handed_out(self, log: Log) -> None:
        topic = new_topic(log, 2)
        send(log, topic, *((b"%d" % n, b"v") for n in range(50)))
        reader = reader_of(log, topic, 2)
        send(log, topic, (b"later", b"v"))
        records: list[Record] = []
        assert not reader.level()

        while not reader.level():
            assert len(records) <= 51
            records += reader.poll(7, 0.25)

        assert len(records) >= 50

    def test_a_reader_is_level_although_the_last_offsets_are_holes(self, log: Log) -> None:
        topic = new_topic(log)
        send(log, topic, (b"k", b"kept"))
        abort(log, topic, b"aborted")
        reader = reader_of(log, topic)
        records: list[Record] = []

        def level() -> bool:
            records.extend(reader.poll(10, 0.05))
            return reader.level()

        eventually(level, "the reader is level")
        assert values(records) == [b"kept"]

    def test_a_level_reader_goes_on_behind_what_it_has_read(self, log: Log) -> None:
        topic = new_topic(log)
        send(log, topic, *((b"k", b"%d" % n) for n in range(20)))
        abort(log, topic, b"aborted")
        reader, seen = reader_of(log, topic), list[Record]()
        while not reader.level():
            seen += reader.poll(7, 0.05)
        for n in range(20, 25):
            send(log, topic, (b"k", b"%d" % n))
            seen += read(reader, n + 1 - len(seen))

        assert values(seen) == [b"%d" % n for n in range(25)]

    def test_a_reader_of_nothing_is_level(self, log: Log) -> None:
        topic = new_topic(log, 2)
        reader = log.reader({(topic, 0): 0, (topic, 1): None})

        eventually(lambda: reader.poll(1, 0.05) == [] and reader.level(), "the reader is level")

    def test_poll_hands_out_at_most_its_limit(self, log: Log) -> None:
        topic = new_topic(log, 3)
        send(log, topic, *((b"%d" % n, b"v") for n in range(60)))
        reader, seen = reader_of(log, topic, 3), 0

        def all_seen() -> bool:
            nonlocal seen
            records = reader.poll(7, 0.25)
            assert len(records) <= 7
            seen += len(records)
            return seen == 60

        eventually(all_seen, "all 60 records are read")

    def test_the_end_is_the_offset_after_the_last_record(self, log: Log) -> None:
        topic = new_topic(log, 2)
        assert log.end((topic, 0)) == 0
        send(log, topic, *[(b"k", b"v")] * 3, partition=0)

        assert log.end((topic, 0)) == read(reader_of(log, topic, 2), 3)[-1].offset + 1
        assert log.end((topic, 1)) == 0
        both = [(topic, 0), (topic, 1)]
        assert log.ends(both) == {each: log.end(each) for each in both}
        assert log.ends([]) == {}


def abort(log: Log, topic: str, *aborted: bytes) -> None:
    """One aborted transaction."""
    transactor = log.transactor(fresh("slot"))
    transactor.begin()
    for value in aborted:
        transactor.send(topic, 0, b"k", value, {})
    transactor.abort()
    transactor.close()


class TestGroup:
    def test_without_a_committed_offset_a_group_reads_from_the_beginning(self, log: Log) -> None:
        topic = new_topic(log)
        send(log, topic, (b"k", b"1"), (b"k", b"2"))

        assert values(read(log.consumer(fresh("group"), [topic], fresh("slot")), 2)) == [b"1", b"2"]

    def test_a_group_reads_on_from_its_committed_offset_after_reopening(self, open_log: OpenLog) -> None:
        log, group, slot = open_log(), fresh("group"), fresh("slot")
        topic = new_topic(log)
        send(log, topic, *((b"k", b"%d" % n) for n in range(6)))
        consumer = log.consumer(group, [topic], slot)
        records = read(consumer, 4)
        consumer.commit({(topic, 0): records[2].offset + 1})
        consumer.close()
        log.close()

        assert values(read(open_log().consumer(group, [topic], slot), 3)) == [b"3", b"4", b"5"]

    def test_groups_read_independently(self, log: Log) -> None:
        topic = new_topic(log)
        send(log, topic, (b"k", b"1"), (b"k", b"2"))
        for _ in range(2):
            consumer = log.consumer(fresh("group"), [topic], fresh("slot"))
            records = read(consumer, 2)
            consumer.commit({(topic, 0): records[-1].offset + 1})
            assert values(records) == [b"1", b"2"]

    def test_a_member_reads_several_topics(self, log: Log) -> None:
        one, two = new_topic(log, 2), new_topic(log, 2)
        for topic in (one, two):
            for partition in range(2):
                send(log, topic, (b"k", b"v"), partition=partition)
        consumer = log.consumer(fresh("group"), [one, two], fresh("slot"))

        everything = {(topic, partition) for topic in (one, two) for partition in range(2)}
        assert {(r.topic, r.partition) for r in read(consumer, 4)} == everything
        assert consumer.owned() == everything

    def test_poll_hands_out_at_most_its_limit(self, log: Log) -> None:
        topic = new_topic(log, 2)
        send(log, topic, *((b"%d" % n, b"v") for n in range(40)))
        consumer, seen = log.consumer(fresh("group"), [topic], fresh("slot")), 0

        def all_seen() -> bool:
            nonlocal seen
            records = consumer.poll(7, 0.25)
            assert len(records) <= 7
            seen += len(records)
            return seen == 40

        eventually(all_seen, "all 40 records are read")

    def test_seek_reads_again_from_an_offset(self, log: Log) -> None:
        topic = new_topic(log, 2)
        send(log, topic, *((b"k", b"%d" % n) for n in range(6)), partition=1)
        consumer = log.consumer(fresh("group"), [topic], fresh("slot"))
        records = read(consumer, 6)

        consumer.seek((topic, 1), records[2].offset)

        assert read(consumer, 4) == records[2:]

    def test_what_a_member_is_given_is_silent_until_it_is_started(self, log: Log) -> None:
        topic, group = new_topic(log, 2), fresh("group")
        for partition in range(2):
            send(log, topic, *((b"k", b"%d/%d" % (partition, n)) for n in range(4)), partition=partition)
        before = join(log, group, topic, 2)
        offsets = {(r.partition, r.value): r.offset for r in read(before, 8)}
        before.commit({(topic, 1): offsets[1, b"1/3"]})
        before.close()
        given: list[TopicPartition] = []
        member = log.member(group, [topic], fresh("slot"), given.extend)
        eventually(lambda: not member.poll(10, 0.05) and len(given) == 2, "the member owns both partitions")

        member.start((topic, 0), offsets[0, b"0/2"])
        assert values(read(member, 2)) == [b"0/2", b"0/3"]
        assert member.poll(10, QUIET) == []
        member.start((topic, 1), None)
        assert values(read(member, 1)) == [b"1/3"]
        member.seek((topic, 0), offsets[0, b"0/3"])
        assert values(read(member, 1)) == [b"0/3"]

    def test_a_paused_partition_is_silent_until_it_is_resumed(self, log: Log) -> None:
        topic = new_topic(log, 2)
        consumer = join(log, fresh("group"), topic, 2)
        consumer.pause([(topic, 0)])
        for partition in range(2):
            send(log, topic, *((b"k", b"%d/%d" % (partition, n)) for n in range(3)), partition=partition)

        assert values(read(consumer, 3)) == [b"1/0", b"1/1", b"1/2"]
        assert consumer.poll(10, QUIET) == []
        consumer.resume([(topic, 0)])
        assert values(read(consumer, 3)) == [b"0/0", b"0/1", b"0/2"]

    def test_two_members_share_the_partitions(self, log: Log) -> None:
        topic, group = new_topic(log, 6), fresh("group")
        consumers = [log.consumer(group, [topic], fresh("slot")) for _ in range(2)]
        share(consumers, [(topic, partition) for partition in range(6)])
        send(log, topic, *((b"%d" % n, b"%d" % n) for n in range(120)))
        handed: list[list[Record]] = [[], []]

        def all_handed_out() -> bool:
            for member, consumer in enumerate(consumers):
                handed[member] += consumer.poll(50, 0.05)
            return sum(map(len, handed)) >= 120

        eventually(all_handed_out, "all 120 records are read")

        for member, consumer in enumerate(consumers):
            assert {(r.topic, r.partition) for r in handed[member]} <= consumer.owned()
        assert sorted(r.value or b"" for r in handed[0] + handed[1]) == sorted(b"%d" % n for n in range(120))

    def test_a_new_member_reads_on_where_the_former_owner_committed(self, log: Log) -> None:
        topic, group = new_topic(log, 4), fresh("group")
        everything = [(topic, partition) for partition in range(4)]
        for partition in range(4):
            send(log, topic, *((b"k", b"%d/%d" % (partition, n)) for n in range(10)), partition=partition)
        first = log.consumer(group, [topic], fresh("slot"))
        done = read(first, 40)
        assert len(done) == 40
        first.commit({(r.topic, r.partition): r.offset + 1 for r in done})

        second = log.consumer(group, [topic], fresh("slot"))
        handed = share([first, second], everything)
        send(log, topic, *((b"%d" % n, b"late") for n in range(40)))
        late = handed[0] + handed[1]

        def all_handed_out() -> bool:
            late.extend(first.poll(50, 0.05) + second.poll(50, 0.05))
            return len(late) >= 40

        eventually(all_handed_out, "all late records are read")
        assert values(late) == [b"late"] * 40

    def test_when_a_member_closes_another_takes_over_its_partitions(self, log: Log) -> None:
        topic, group = new_topic(log, 4), fresh("group")
        everything = {(topic, partition) for partition in range(4)}
        leaving, staying = (log.consumer(group, [topic], fresh("slot")) for _ in range(2))
        share([leaving, staying], everything)
        send(log, topic, *((b"%d" % n, b"%d" % n) for n in range(200)))
        taken = read(leaving, 5)
        last = {(r.topic, r.partition): r.offset + 1 for r in taken}
        leaving.commit(last)
        leaving.close()

        rest = read(staying, 200 - len(taken))

        assert staying.owned() == everything
        assert sorted(r.value or b"" for r in taken + rest) == sorted(b"%d" % n for n in range(200))
        assert staying.poll(10, QUIET) == []

    def test_callbacks_tell_what_was_assigned_and_revoked(self, log: Log) -> None:
        topic, group = new_topic(log, 4), fresh("group")
        everything = [(topic, partition) for partition in range(4)]
        held: list[set[TopicPartition]] = [set(), set()]

        def assigned(member: int) -> Callable[[Sequence[TopicPartition]], None]:
            def on_assigned(partitions: Sequence[TopicPartition]) -> None:
                assert not held[member] & set(partitions), "assigned twice"
                assert not held[1 - member] & set(partitions), "assigned before the other had let go"
                held[member] |= set(partitions)

            return on_assigned

        def revoked(member: int) -> Callable[[Sequence[TopicPartition]], None]:
            def on_revoked(partitions: Sequence[TopicPartition]) -> None:
                assert held[member] >= set(partitions), "revoked what it did not have"
                held[member] -= set(partitions)

            return on_revoked

        first = log.consumer(group, [topic], fresh("slot"), assigned(0), revoked(0))
        eventually(lambda: first.poll(1, 0.05) == [] and len(first.owned()) == 4, "the first member owns everything")
        assert held[0] == set(everything)
        second = log.consumer(group, [topic], fresh("slot"), assigned(1), revoked(1))
        share([first, second], everything)

        assert held == [set(first.owned()), set(second.owned())]

    def test_a_member_that_returns_to_its_slot_goes_on_where_it_committed(self, open_log: OpenLog) -> None:
        log, group, slot = open_log(), fresh("group"), fresh("slot")
        topic = new_topic(log, 2)
        send(log, topic, *((b"k", b"%d" % n) for n in range(4)), partition=0)
        crashed = log.consumer(group, [topic], slot)
        crashed.commit({(topic, 0): read(crashed, 2)[-1].offset + 1})

        returned = open_log().consumer(group, [topic], slot)

        assert values(read(returned, 2)) == [b"2", b"3"]

    def test_a_member_whose_slot_was_taken_is_fenced(self, open_log: OpenLog) -> None:
        log, group, slot = open_log(), fresh("group"), fresh("slot")
        topic = new_topic(log)
        zombie = join(log, group, topic, slot=slot)
        join(open_log(), group, topic, slot=slot)

        with pytest.raises(Fenced):
            for _ in range(int(PATIENCE / 0.25)):
                zombie.poll(1, 0.25)


class TestTransaction:
    def test_records_of_an_open_transaction_are_invisible_until_it_commits(self, log: Log) -> None:
        topic, reader_topic = new_topic(log), new_topic(log)
        consumer, reader = join(log, fresh("group"), reader_topic), reader_of(log, topic)
        transactor = log.transactor(fresh("slot"))
        transactor.begin()
        transactor.send(topic, 0, b"k", b"staged", {})

        assert reader.poll(10, QUIET) == []
        transactor.commit(consumer, {})
        assert values(read(reader, 1)) == [b"staged"]

    def test_aborted_records_never_appear(self, log: Log) -> None:
        topic = new_topic(log)
        send(log, topic, (b"k", b"before"))
        abort(log, topic, b"aborted", b"aborted too")
        send(log, topic, (b"k", b"after"))

        assert values(read(reader_of(log, topic), 2)) == [b"before", b"after"]
        assert values(read(log.consumer(fresh("group"), [topic], fresh("slot")), 2)) == [b"before", b"after"]

    def test_a_transactor_can_go_on_after_an_abort(self, log: Log) -> None:
        topic, elsewhere = new_topic(log), new_topic(log)
        consumer, transactor = join(log, fresh("group"), elsewhere), log.transactor(fresh("slot"))
        transactor.begin()
        transactor.send(topic, 0, b"k", b"aborted", {})
        transactor.abort()
        for n in range(3):
            transactor.begin()
            transactor.send(topic, 0, b"k", b"%d" % n, {})
            transactor.commit(consumer, {})

        assert values(read(reader_of(log, topic), 3)) == [b"0", b"1", b"2"]

    def test_begin_drops_what_an_unfinished_transaction_left(self, log: Log) -> None:
        topic, elsewhere = new_topic(log), new_topic(log)
        consumer, transactor = join(log, fresh("group"), elsewhere), log.transactor(fresh("slot"))
        for value in (b"unfinished", b"committed"):
            transactor.begin()
            transactor.send(topic, 0, b"k", value, {})
        transactor.commit(consumer, {})

        assert values(read(reader_of(log, topic), 1)) == [b"committed"]

    def test_records_and_consumed_offsets_become_durable_together(self, open_log: OpenLog) -> None:
        log, group, slot = open_log(), fresh("group"), fresh("slot")
        commands, events = new_topic(log, 2), new_topic(log, 2)
        send(log, commands, *((b"k", b"%d" % n) for n in range(5)), partition=1)
        consumer, transactor = log.consumer(group, [commands], slot), log.transactor(slot)
        batch = read(consumer, 3)
        transactor.begin()
        for record in batch:
            transactor.send(events, record.partition, record.key, record.value, {"caused-by": b"command"})
        transactor.commit(consumer, {(commands, 1): batch[-1].offset + 1})
        transactor.close()
        consumer.close()
        log.close()

        again = open_log()
        assert values(read(reader_of(again, events, 2), 3)) == [b"0", b"1", b"2"]
        assert values(read(again.consumer(group, [commands], slot), 2)) == [b"3", b"4"]

    def test_a_crash_inside_a_transaction_leaves_neither_records_nor_offsets(self, open_log: OpenLog) -> None:
        log, group, slot = open_log(), fresh("group"), fresh("slot")
        commands, events = new_topic(log), new_topic(log)
        send(log, commands, (b"k", b"0"), (b"k", b"1"))
        consumer, crashed = log.consumer(group, [commands], slot), log.transactor(slot)
        crashed.begin()
        for record in read(consumer, 2):
            crashed.send(events, 0, record.key, record.value, {})

        after = open_log()
        successor = after.transactor(slot)
        consumer = after.consumer(group, [commands], slot)
        assert values(read(consumer, 2)) == [b"0", b"1"]
        successor.begin()
        successor.send(events, 0, b"k", b"again", {})
        successor.commit(consumer, {})
        assert values(read(reader_of(after, events), 1)) == [b"again"]

    def test_a_second_transactor_of_a_slot_fences_the_first(self, open_log: OpenLog) -> None:
        log, other, slot = open_log(), open_log(), fresh("slot")
        topic, elsewhere = new_topic(log), new_topic(log)
        consumer = join(log, fresh("group"), elsewhere)
        first = log.transactor(slot)
        first.begin()
        first.send(topic, 0, b"k", b"zombie", {})
        second = other.transactor(slot)

        with pytest.raises(Fenced):
            first.commit(consumer, {})
        second.begin()
        second.send(topic, 0, b"k", b"successor", {})
        second.commit(consumer, {})

        assert values(read(reader_of(other, topic), 1)) == [b"successor"]

    def test_a_fenced_transactor_stays_fenced(self, open_log: OpenLog) -> None:
        log, slot = open_log(), fresh("slot")
        topic, elsewhere = new_topic(log), new_topic(log)
        consumer, zombie = join(log, fresh("group"), elsewhere), log.transactor(slot)
        open_log().transactor(slot)
        for _ in range(2):
            with pytest.raises(Fenced):
                zombie.begin()
                zombie.send(topic, 0, b"k", b"zombie", {})
                zombie.commit(consumer, {})
        send(log, topic, (b"k", b"after"))

        assert values(read(reader_of(log, topic), 1)) == [b"after"]

    def test_a_zombie_of_an_ownership_change_cannot_commit(self, open_log: OpenLog) -> None:
        log, other, group, slot = open_log(), open_log(), fresh("group"), fresh("slot")
        commands, events = new_topic(log), new_topic(log)
        zombie, transactor = join(log, group, commands, slot=slot), log.transactor(fresh("slot"))
        send(log, commands, (b"k", b"0"), (b"k", b"1"))
        batch = read(zombie, 2)
        transactor.begin()
        for record in batch:
            transactor.send(events, 0, record.key, b"zombie", {})
        owner = join(other, group, commands, slot=slot)

        with pytest.raises((TransactionAborted, Fenced)):
            transactor.commit(zombie, {(commands, 0): batch[-1].offset + 1})

        assert values(read(owner, 2)) == [b"0", b"1"]
        send(log, events, (b"k", b"after"))
        assert values(read(reader_of(other, events), 1)) == [b"after"]

    def test_consume_decide_produce_is_exactly_once_over_aborts(self, log: Log) -> None:
        commands, events, slot = new_topic(log, 3), new_topic(log, 3), fresh("slot")
        send(log, commands, *((b"key/%d" % (n % 11), b"%d" % n) for n in range(90)))
        consumer, transactor = log.consumer(fresh("group"), [commands], slot), log.transactor(slot)
        done, batches = 0, 0
        while done < 90:
            batch = read(consumer, min(8, 90 - done))
            assert batch, "no more commands come"
            batches += 1
            transactor.begin()
            for record in batch:
                transactor.send(events, record.partition, record.key, record.value, {})
            if batches % 3 == 0:
                transactor.abort()
                for record in reversed(batch):
                    consumer.seek((record.topic, record.partition), record.offset)
            else:
                transactor.commit(consumer, {(r.topic, r.partition): r.offset + 1 for r in batch})
                done += len(batch)

        records = read(reader_of(log, events, 3), 90)
        for n in range(11):
            assert values(r for r in records if r.key == b"key/%d" % n) == [b"%d" % i for i in range(n, 90, 11)]
        assert consumer.poll(10, QUIET) == []


class TestEnsure:
    def test_topics_are_created_once(self, log: Log) -> None:
        wanted = [
            Topic(fresh("events"), 3),
            Topic(fresh("state"), 2, Retention.COMPACTED),
            Topic(fresh("answers"), 1, timedelta(days=2)),
        ]
        log.ensure(wanted)
        send(log, wanted[0].name, (b"k", b"kept"))
        log.ensure(wanted)

        assert {topic.name: topic.partitions for topic in wanted}.items() <= log.topics().items()
        assert values(read(reader_of(log, wanted[0].name, 3), 1)) == [b"kept"]

    def test_another_process_sees_the_topics(self, open_log: OpenLog) -> None:
        log, other = open_log(), open_log()
        topic = new_topic(log, 3)

        eventually(lambda: other.topics().get(topic) == 3, "the other process sees the topic")
        send(other, topic, (b"k", b"v"))
        assert values(read(reader_of(log, topic, 3), 1)) == [b"v"]

    def test_another_partition_count_is_refused(self, log: Log) -> None:
        topic = new_topic(log, 3)
        for partitions in (2, 4):
            with pytest.raises(WrongTopic):
                log.ensure([Topic(topic, partitions)])

    @pytest.mark.parametrize(
        ("existing", "wanted"),
        [
            (timedelta(days=1), Retention.FOREVER),
            (Retention.COMPACTED, Retention.FOREVER),
            (timedelta(days=1), Retention.COMPACTED),
            (timedelta(days=1), timedelta(days=2)),
        ],
        ids=str,
    )
    def test_a_retention_that_would_lose_history_is_refused(
        self, log: Log, existing: Retention | timedelta, wanted: Retention | timedelta
    ) -> None:
        topic = new_topic(log, 1, existing)

        with pytest.raises(WrongTopic):
            log.ensure([Topic(topic, 1, wanted)])

    @pytest.mark.parametrize("name", ["čau", "a b", "a/b", "", ".", "..", "n" * 250])
    def test_a_name_no_broker_takes_is_refused(self, log: Log, name: str) -> None:
        with pytest.raises(WrongTopic):
            log.ensure([Topic(name, 1)])


class TestStore:
    @pytest.mark.parametrize("retention", [Retention.COMPACTED, timedelta(days=2)], ids=["compacted", "time"])
    def test_it_answers_the_last_committed_value_of_each_key(self, log: Log, retention: Retention | timedelta) -> None:
        topic = new_topic(log, 1, retention)
        transact(log, {(topic, 0): [(b"a", b"1"), (b"b", b"1"), (b"a", b"2")]})
        transact(log, {(topic, 0): [(b"b", b"2"), (b"empty", b"")]})

        store = restored(log.store(fresh("slot")), topic)

        assert store.get_many(topic, 0, (b"a", b"b", b"empty", b"unknown")) == [b"2", b"2", b"", None]
        store.close()

    def test_a_removed_key_has_no_value(self, log: Log) -> None:
        topic = new_topic(log, 1, Retention.COMPACTED)
        transact(log, {(topic, 0): [(b"a", b"1"), (b"b", b"1")]})
        transact(log, {(topic, 0): [(b"a", None)]})

        store = restored(log.store(fresh("slot")), topic)

        assert store.get_many(topic, 0, (b"a", b"b")) == [None, b"1"]
        store.close()

    def test_uncommitted_and_aborted_values_are_not_answered(self, log: Log) -> None:
        topic = new_topic(log, 1, Retention.COMPACTED)
        transact(log, {(topic, 0): [(b"k", b"committed")]})
        abort(log, topic, b"aborted")

        store = restored(log.store(fresh("slot")), topic)

        assert store.get_many(topic, 0, [b"k"]) == [b"committed"]
        store.close()

    def test_put_takes_over_what_was_just_committed(self, log: Log) -> None:
        topic = new_topic(log, 1, Retention.COMPACTED)
        transact(log, {(topic, 0): [(b"a", b"1"), (b"b", b"1")]})
        store = restored(log.store(fresh("slot")), topic)
        entries = [(b"a", b"2"), (b"b", None), (b"c", b"1")]
        transact(log, {(topic, 0): entries})

        store.put(topic, 0, entries)

        assert store.get_many(topic, 0, (b"a", b"b", b"c")) == [b"2", None, b"1"]
        store.close()

    def test_partitions_are_apart(self, log: Log) -> None:
        topic = new_topic(log, 2, Retention.COMPACTED)
        transact(log, {(topic, 0): [(b"k", b"zero")], (topic, 1): [(b"k", b"one")]})
        store = log.store(fresh("slot"))
        restored(store, topic, 0)
        restored(store, topic, 1)

        assert (store.get_many(topic, 0, [b"k"]), store.get_many(topic, 1, [b"k"])) == ([b"zero"], [b"one"])
        store.close()

    def test_it_survives_reopening(self, open_log: OpenLog) -> None:
        log, slot = open_log(), fresh("slot")
        topic = new_topic(log, 1, Retention.COMPACTED)
        entries = [(b"key/%d" % n, b"%d" % n) for n in range(300)]
        transact(log, {(topic, 0): entries})
        store = restored(log.store(slot), topic)
        later = [(b"key/0", b"later"), (b"key/1", None)]
        transact(log, {(topic, 0): later})
        store.put(topic, 0, later)
        store.close()
        log.close()

        store = restored(open_log().store(slot), topic)

        assert store.get_many(topic, 0, [b"key/%d" % n for n in range(300)]) == [b"later", None] + [
            b"%d" % n for n in range(2, 300)
        ]
        store.close()

    def test_a_released_partition_comes_back_with_what_others_wrote_meanwhile(self, open_log: OpenLog) -> None:
        log, other = open_log(), open_log()
        topic = new_topic(log, 1, Retention.COMPACTED)
        transact(log, {(topic, 0): [(b"k", b"1"), (b"gone", b"1")]})
        store = restored(log.store(fresh("slot")), topic)
        store.release(topic, 0)
        transact(other, {(topic, 0): [(b"k", b"2"), (b"gone", None)]})

        restored(store, topic)

        assert store.get_many(topic, 0, (b"k", b"gone")) == [b"2", None]
        store.close()

    def test_with_a_retention_what_is_younger_is_answered(self, log: Log) -> None:
        topic = new_topic(log, 1, timedelta(days=2))
        transact(log, {(topic, 0): [(b"k", b"young")]})

        store = restored(log.store(fresh("slot"), timedelta(days=1)), topic)

        assert store.get_many(topic, 0, [b"k"]) == [b"young"]
        store.close()


class TestClose:
    def test_no_thread_is_left(self, open_log: OpenLog) -> None:
        before = set(threading.enumerate())
        log = open_log()
        topic = new_topic(log, 2)
        state = new_topic(log, 1, Retention.COMPACTED)
        producer, consumer = log.producer(), log.consumer(fresh("group"), [topic], fresh("slot"))
        reader, transactor, store = reader_of(log, topic, 2), log.transactor(fresh("slot")), log.store(fresh("slot"))
        producer.send(topic, b"k", b"v", {})
        producer.flush(PATIENCE)
        read(reader, 1)
        read(consumer, 1)
        restored(store, state)

        for opened in (producer, consumer, reader, transactor, store, log):
            opened.close()

        eventually(lambda: not set(threading.enumerate()) - before, "all threads have ended")

    def test_closing_twice_is_closing_once(self, log: Log) -> None:
        topic = new_topic(log)
        producer, consumer = log.producer(), join(log, fresh("group"), topic)
        reader, transactor, store = reader_of(log, topic), log.transactor(fresh("slot")), log.store(fresh("slot"))
        for _ in range(2):
            for opened in (producer, consumer, reader, transactor, store):
                opened.close()
        for _ in range(2):
            log.close()

    def test_what_was_sent_before_closing_a_producer_is_kept(self, log: Log) -> None:
        topic = new_topic(log)
        producer = log.producer()
        for n in range(50):
            producer.send(topic, b"k", b"%d" % n, {})
        producer.close()

        assert values(read(reader_of(log, topic), 50)) == [b"%d" % n for n in range(50)]
