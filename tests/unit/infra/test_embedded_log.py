"""What the embedded log promises beyond the contract: one file, several processes, faults of the disk."""

import errno
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from infra.embedded.log import EmbeddedLog, storage, writer
from infra.log import Fenced, LogUnavailable, Record, Retention, Topic, TransactionAborted, WrongTopic

PATIENCE = 60.0
HOUR, DAY = 3_600_000_000, 86_400_000_000  # microseconds


class Clock:
    """A time that only the test moves, in microseconds."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(path: Path, clock: Clock) -> Iterator[EmbeddedLog]:
    log = EmbeddedLog(path, patience=0.2, clock=clock)
    yield log
    log.close()


def send(log: EmbeddedLog, topic: str, *entries: tuple[bytes, bytes | None]) -> None:
    producer = log.producer()
    for key, value in entries:
        producer.send(topic, key, value, {}, 0)
    producer.close()


def read_all(log: EmbeddedLog, topic: str, partition: int = 0) -> list[Record]:
    reader = log.reader({(topic, partition): 0})
    records: list[Record] = []
    while not reader.level():
        records += reader.poll(1000, 1)
    reader.close()
    return records


def values(records: Sequence[Record]) -> list[bytes | None]:
    return [record.value for record in records]


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.005)


class Disk:
    """What `fdatasync` does: waits for `works`, and fails where it is `broken`."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.works, self.broken, self.synced = threading.Event(), False, 0
        patch.setattr(os, "fdatasync", self)

    def __call__(self, _: int) -> None:
        assert self.works.wait(PATIENCE)
        self.synced += 1
        if self.broken:
            raise OSError(errno.EIO, "no")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_what_is_sent_early_is_read_before_it_is_durable_and_done_only_then(log: EmbeddedLog, disk: Disk) -> None:
    log.ensure([Topic("commands", 1)])
    producer, done = log.producer(early=True), threading.Event()
    producer.send("commands", b"k", b"v", {}, 0, lambda error: done.set())
    eventually(lambda: values(read_all(log, "commands")) == [b"v"], "it is read")
    assert not done.is_set()
    disk.works.set()
    assert done.wait(PATIENCE)
    producer.close()


def test_a_later_commit_makes_durable_what_was_sent_early(
    log: EmbeddedLog, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SYNC_AFTER", PATIENCE)
    log.ensure([Topic("commands", 1), Topic("events", 1)])
    producer, done = log.producer(early=True), threading.Event()
    producer.send("commands", b"k", b"v", {}, 0, lambda error: done.set())
    eventually(lambda: values(read_all(log, "commands")) == [b"v"], "it is read")
    send(log, "events", (b"k", b"v"))
    assert done.wait(PATIENCE)
    assert disk.synced == 0
    disk.works.set()
    producer.close()


def test_what_was_sent_early_and_may_be_lost_is_said_to_be(log: EmbeddedLog, disk: Disk) -> None:
    log.ensure([Topic("commands", 1)])
    producer, told = log.producer(early=True), list[Exception | None]()
    disk.broken = True
    disk.works.set()
    producer.send("commands", b"k", b"v", {}, 0, told.append)
    eventually(lambda: bool(told), "it is told")
    assert isinstance(told[0], LogUnavailable)
    disk.broken = False
    with pytest.raises(LogUnavailable):
        producer.flush(PATIENCE)


class TestFile:
    def test_only_its_owner_can_read_it(self, log: EmbeddedLog, path: Path) -> None:
        log.ensure([Topic("events", 1)])
        log.consumer("group", ["events"], "slot").poll(1, 0)
        send(log, "events", (b"k", b"v"))

        files = list(path.parent.iterdir())

        assert len(files) == 4  # the file, its write-ahead log and index, the mark of this process
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    def test_closing_leaves_the_one_file(self, path: Path) -> None:
        log = EmbeddedLog(path)
        log.ensure([Topic("events", 1)])
        log.consumer("group", ["events"], "slot").poll(1, 0)
        log.close()

        assert [file.name for file in path.parent.iterdir()] == ["log.db"]

    def test_a_path_that_cannot_be_opened_is_told(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(LogUnavailable, match="cannot be opened"):
            EmbeddedLog(path)

    def test_another_file_is_not_touched(self, path: Path) -> None:
        path.write_bytes(b"somebody's letter " * 100)
        with pytest.raises(LogUnavailable, match="not a database"):
            EmbeddedLog(path)

        assert path.read_bytes() == b"somebody's letter " * 100

    def test_another_format_is_refused(self, path: Path) -> None:
        db = sqlite3.connect(path)
        db.execute("PRAGMA user_version = 99")
        db.close()
        with pytest.raises(LogUnavailable, match="format 99"):
            EmbeddedLog(path)


class TestReading:
    def test_large_records_are_read_a_few_at_a_time(
        self, log: EmbeddedLog, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(storage, "FETCHED_BYTES", 1000)
        log.ensure([Topic("events", 1)])
        sizes = [10, 5000, 5000, 400, 400, 400, 10, 70_000]
        for size in sizes:
            send(log, "events", (b"k", b"x" * size))
        reads: list[int] = []
        found = storage.Storage(path, 1.0)
        topic, offset = found.topic("events"), 0
        while records := found.read(topic, 0, offset):
            reads.append(len(records))
            offset = records[-1].offset + 1
        found.close()

        assert reads == [2, 1, 3, 2]
        assert [len(r.value or b"") for r in read_all(log, "events")] == sizes

    @pytest.mark.parametrize("start", range(7))
    def test_a_reader_starts_inside_a_run_or_in_a_hole(self, log: EmbeddedLog, start: int) -> None:
        log.ensure([Topic("events", 1), Topic("state", 1, Retention.COMPACTED)])
        send(log, "events", *((b"k", b"%d" % n) for n in range(6)))
        for n in range(6):
            send(log, "state", (b"%d" % (n % 2 or n), b"%d" % n))
        events, state = log.reader({("events", 0): start}), log.reader({("state", 0): start})

        assert [r.offset for r in events.poll(10, 0)] == list(range(start, 6))
        assert [r.offset for r in state.poll(10, 0)] == [n for n in (0, 2, 4, 5) if n >= start]


class TestFaults:
    def test_a_locked_file_is_unavailable_and_nothing_is_half_written(self, log: EmbeddedLog, path: Path) -> None:
        log.ensure([Topic("commands", 1), Topic("events", 2)])
        send(log, "commands", (b"k", b"1"))
        consumer, transactor = log.consumer("group", ["commands"], "slot"), log.transactor("slot")
        assert values(consumer.poll(1, PATIENCE)) == [b"1"]
        blocker = sqlite3.connect(path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")

        transactor.begin()
        transactor.send("events", 0, b"k", b"lost", {})
        transactor.send("events", 1, b"k", b"lost", {})
        with pytest.raises(LogUnavailable):
            transactor.commit(consumer, {("commands", 0): 1})
        failures: list[Exception | None] = []
        producer = log.producer()
        producer.send("events", b"k", b"lost", {}, 0, done=failures.append)
        with pytest.raises(LogUnavailable):
            producer.flush(PATIENCE)
        assert [type(failure) for failure in failures] == [LogUnavailable]

        blocker.execute("ROLLBACK")
        blocker.close()
        assert log.end(("events", 0)) == log.end(("events", 1)) == 0
        transactor.begin()
        transactor.send("events", 0, b"k", b"kept", {})
        transactor.commit(consumer, {("commands", 0): 1})
        assert values(read_all(log, "events")) == [b"kept"]

    def test_a_full_disk_is_unavailable_and_nothing_is_half_written(self, log: EmbeddedLog, path: Path) -> None:
        log.ensure([Topic("commands", 1), Topic("events", 2), Topic("state", 1, Retention.COMPACTED)])
        send(log, "commands", (b"k", b"1"))
        send(log, "events", (b"k", b"before"))
        consumer, transactor = log.consumer("group", ["commands"], "slot"), log.transactor("slot")
        consumer.poll(1, PATIENCE)

        def commit(value: bytes) -> None:
            transactor.begin()
            for partition in range(2):
                transactor.send("events", partition, b"k", value, {})
            transactor.send("state", 0, b"k", value, {})
            transactor.commit(consumer, {("commands", 0): 1})

        # No file of this process may grow: to SQLite it is a disk on which writing fails.
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        wal = path.with_name("log.db-wal")
        resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size, hard))
        try:
            with pytest.raises(LogUnavailable):
                commit(os.urandom(500_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

        assert (log.end(("events", 0)), log.end(("events", 1)), log.end(("state", 0))) == (1, 0, 0)
        commit(b"after")
        assert values(read_all(log, "events")) == [b"before", b"after"]
        assert values(read_all(log, "events", 1)) == values(read_all(log, "state")) == [b"after"]

    def test_a_full_queue_refuses_and_what_it_took_is_kept(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writer, "QUEUED_REQUESTS", 100)
        log = EmbeddedLog(path, patience=PATIENCE)
        log.ensure([Topic("events", 1)])
        producer, taken = log.producer(), 0
        blocker = sqlite3.connect(path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        refused = False
        while not refused:
            try:
                producer.send("events", b"k", b"%d" % taken, {})
                taken += 1
            except LogUnavailable:
                refused = True
        blocker.execute("ROLLBACK")
        blocker.close()
        producer.flush(PATIENCE)

        assert taken == 100
        assert values(read_all(log, "events")) == [b"%d" % n for n in range(taken)]
        producer.send("events", b"k", b"goes on", {})
        log.close()

    def test_a_callback_that_fails_hurts_nobody(self, log: EmbeddedLog) -> None:
        def broken(error: Exception | None) -> None:
            raise RuntimeError("broken")

        log.ensure([Topic("events", 1)])
        producer = log.producer()
        producer.send("events", b"k", b"1", {}, done=broken)
        producer.send("events", b"k", b"2", {})
        producer.flush(PATIENCE)

        assert values(read_all(log, "events")) == [b"1", b"2"]

    def test_an_unknown_topic_or_partition_is_refused(self, log: EmbeddedLog) -> None:
        log.ensure([Topic("events", 2)])
        with pytest.raises(WrongTopic):
            log.producer().send("unknown", b"k", b"v", {})
        with pytest.raises(WrongTopic):
            log.consumer("group", ["unknown"], "slot")
        with pytest.raises(ValueError, match="no partition 2"):
            log.producer().send("events", b"k", b"v", {}, partition=2)


class TestRetention:
    def test_a_compacted_topic_keeps_the_last_record_of_a_key_in_order(self, log: EmbeddedLog) -> None:
        log.ensure([Topic("state", 1, Retention.COMPACTED)])
        tail = log.reader({("state", 0): 0})
        for entry in [(b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"c", b"1"), (b"b", None), (b"a", b"3")]:
            send(log, "state", entry)
        kept = read_all(log, "state")

        assert [(r.offset, r.key, r.value) for r in kept] == [(3, b"c", b"1"), (4, b"b", None), (5, b"a", b"3")]
        assert tail.poll(10, PATIENCE) == kept
        send(log, "state", (b"c", b"2"))
        assert [(r.offset, r.value) for r in tail.poll(10, PATIENCE)] == [(6, b"2")]

    def test_a_removed_key_is_forgotten_after_a_day(self, log: EmbeddedLog, clock: Clock) -> None:
        log.ensure([Topic("state", 1, Retention.COMPACTED)])
        send(log, "state", (b"removed", b"1"), (b"kept", b"1"))
        send(log, "state", (b"removed", None))
        send(log, "state", (b"later", b"1"), (b"removed last", None))
        clock.now += DAY - 1
        assert log.prune() == 0
        clock.now += 2

        assert log.prune() == 1
        assert [r.key for r in read_all(log, "state")] == [b"kept", b"later", b"removed last"]
        assert log.end(("state", 0)) == 5

    def test_what_is_past_its_retention_goes_step_by_step(self, log: EmbeddedLog, clock: Clock) -> None:
        log.ensure([Topic("answers", 1, timedelta(hours=2)), Topic("history", 1)])
        store = log.store("slot")
        store.restore("answers", 0)
        for n in range(150):
            send(log, "answers", (b"%d" % n, b"old"))
            send(log, "history", (b"k", b"%d" % n))
        clock.now += HOUR
        send(log, "answers", (b"0", b"young"), (b"200", b"young"))
        assert log.prune() == 0
        clock.now += HOUR + 1

        removed = [log.prune() for _ in range(5)]

        assert sum(removed) == 150
        assert max(removed) < 100
        assert [r.key for r in read_all(log, "answers")] == [b"0", b"200"]
        assert store.get_many("answers", 0, (b"0", b"1", b"149", b"200")) == [
            b"young",
            None,
            None,
            b"young",
        ]
        assert len(read_all(log, "history")) == 150

    def test_offsets_go_on_after_everything_has_expired(self, path: Path, clock: Clock) -> None:
        log = EmbeddedLog(path, clock=clock)
        log.ensure([Topic("answers", 1, timedelta(hours=1))])
        for n in range(10):
            send(log, "answers", (b"k", b"%d" % n))
        clock.now += DAY
        while log.prune():
            pass
        log.close()
        log = EmbeddedLog(path, clock=clock)
        send(log, "answers", (b"k", b"new"))

        assert [r.offset for r in read_all(log, "answers")][-1] == 10
        log.close()

    def test_the_writer_prunes_by_itself(self, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writer, "SWEEP", 0.01)
        log = EmbeddedLog(path, clock=clock)
        log.ensure([Topic("answers", 1, timedelta(hours=1))])
        for n in range(100):
            send(log, "answers", (b"k", b"%d" % n))
        clock.now += DAY

        eventually(lambda: len(read_all(log, "answers")) == 1, "the old answers are removed")
        log.close()


class TestStore:
    @pytest.mark.parametrize("retention", [Retention.FOREVER, timedelta(days=2)], ids=["forever", "time"])
    def test_a_topic_that_had_records_before_is_indexed_in_slices(
        self, log: EmbeddedLog, retention: Retention | timedelta
    ) -> None:
        log.ensure([Topic("topic", 1, retention)])
        for n in range(200):
            send(log, "topic", (b"%d" % (n % 150), b"%d" % n))
        store, calls = log.store("slot"), 1
        while not store.restore("topic", 0):
            calls += 1
            send(log, "topic", (b"new", b"while restoring"), (b"1", b"newer"))

        assert 2 <= calls <= 10
        assert store.get_many("topic", 0, (b"0", b"1", b"60", b"149", b"new", b"unknown")) == [
            b"150", b"newer", b"60", b"149", b"while restoring", None
        ]  # fmt: skip


class TestProcesses:
    def test_a_waiting_reader_wakes_by_a_commit(self, log: EmbeddedLog) -> None:
        log.ensure([Topic("events", 1)])
        reader, got = log.reader({("events", 0): None}), list[Record]()
        thread = threading.Thread(target=lambda: got.extend(reader.poll(1, PATIENCE)))
        thread.start()
        send(log, "events", (b"k", b"v"))
        thread.join()

        assert values(got) == [b"v"]

    def test_closing_ends_the_waiting(self, path: Path) -> None:
        log = EmbeddedLog(path)
        log.ensure([Topic("events", 1)])
        reader, errors = log.reader({("events", 0): None}), list[Exception]()

        def wait() -> None:
            try:
                reader.poll(1, PATIENCE)
            except LogUnavailable as error:
                errors.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        log.close()
        thread.join()

        assert len(errors) == 1

    def test_two_processes_append_to_one_partition(self, log: EmbeddedLog, path: Path) -> None:
        log.ensure([Topic("events", 1)])
        others = [EmbeddedLog(path, patience=PATIENCE) for _ in range(2)]

        def append(each: EmbeddedLog, name: bytes) -> None:
            for n in range(50):
                send(each, "events", (name, b"%d" % n))

        threads = [threading.Thread(target=append, args=(each, b"%d" % n)) for n, each in enumerate(others)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        records = read_all(log, "events")

        assert [r.offset for r in records] == list(range(100))
        for name in (b"0", b"1"):
            assert values([r for r in records if r.key == name]) == [b"%d" % n for n in range(50)]
        for each in others:
            each.close()

    def test_a_partition_handed_over_cannot_be_committed_by_its_former_owner(self, log: EmbeddedLog) -> None:
        log.ensure([Topic("commands", 2), Topic("events", 1)])
        former, transactor = log.consumer("group", ["commands"], "a"), log.transactor("a")
        former.poll(1, 0)
        successor = log.consumer("group", ["commands"], "b")
        while len(successor.owned()) != 1:
            former.poll(1, 0.01)
            successor.poll(1, 0.01)
        (moved,) = successor.owned()

        transactor.begin()
        transactor.send("events", 0, b"k", b"zombie", {})
        with pytest.raises(TransactionAborted):
            transactor.commit(former, {moved: 1})
        with pytest.raises(TransactionAborted):
            former.commit({moved: 1})
        assert log.end(("events", 0)) == 0

    def test_a_member_whose_slot_was_taken_is_told_to_end(self, log: EmbeddedLog) -> None:
        log.ensure([Topic("commands", 1), Topic("events", 1)])
        zombie, transactor = log.consumer("group", ["commands"], "a"), log.transactor("a")
        log.consumer("group", ["commands"], "a")

        transactor.begin()
        transactor.send("events", 0, b"k", b"zombie", {})
        for offsets in ({("commands", 0): 1}, {}):
            with pytest.raises(Fenced):
                zombie.commit(offsets)
        with pytest.raises(Fenced):
            transactor.commit(zombie, {})
        assert log.end(("events", 0)) == 0

    def test_a_closed_member_cannot_commit(self, log: EmbeddedLog) -> None:
        log.ensure([Topic("commands", 1)])
        consumer = log.consumer("group", ["commands"], "a")
        consumer.poll(1, 0)
        consumer.close()
        with pytest.raises(TransactionAborted):
            consumer.commit({("commands", 0): 1})

    def test_a_killed_process_leaves_whole_transactions_and_its_partitions(self, log: EmbeddedLog, path: Path) -> None:
        log.ensure([Topic("commands", 2), Topic("events", 2), Topic("state", 2, Retention.COMPACTED)])
        for n in range(2000):
            log.producer().send("commands", b"%d" % n, b"%d" % n, {}, n % 2)
        log.producer().flush(PATIENCE)
        program = dedent(
            """
            import sys
            from infra.embedded.log import EmbeddedLog
            log = EmbeddedLog(sys.argv[1])
            consumer, transactor = log.consumer("group", ["commands"], "killed"), log.transactor("killed")
            while True:
                transactor.begin()
                offsets = {}
                for record in consumer.poll(3, 1):
                    transactor.send("events", record.partition, record.key, record.value, {})
                    transactor.send("state", record.partition, b"last", record.value, {})
                    offsets[record.topic, record.partition] = record.offset + 1
                transactor.commit(consumer, offsets)
                print("committed", flush=True)
            """
        )
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        assert process.stdout is not None
        for _ in range(20):
            assert process.stdout.readline() == b"committed\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

        survivor = log.consumer("group", ["commands"], "survivor")
        rest: dict[int, list[bytes | None]] = {0: [], 1: []}

        def all_read() -> bool:
            for record in survivor.poll(500, 0.1):
                rest[record.partition].append(record.value)
            return all(each and each[-1] in (b"1998", b"1999") for each in rest.values())

        eventually(all_read, "the survivor has read to the end")
        store = log.store("slot")
        for partition in range(2):
            done = values(read_all(log, "events", partition))
            assert done
            assert done + rest[partition] == [b"%d" % n for n in range(partition, 2000, 2)]
            assert store.get_many("state", partition, [b"last"]) == [done[-1]]
