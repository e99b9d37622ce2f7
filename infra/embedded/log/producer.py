"""Appends records outside transactions."""

from collections.abc import Callable
from threading import Event

from infra.embedded.log.commit import Commit, Entry
from infra.embedded.log.storage import Storage, encode
from infra.embedded.log.writer import Writer
from infra.log import Headers, LogUnavailable
from infra.partitioning import partition_of

LAST_FLUSH = 30.0  # seconds a closing producer waits for what it has sent


class Append:
    """One record of a producer."""

    __slots__ = ("_done", "_entry", "_producer", "size")

    def __init__(self, entry: Entry, producer: "EmbeddedProducer", done: Callable[[Exception | None], None] | None):
        self._entry, self._producer, self._done = entry, producer, done
        self.size = len(entry.encoded) + 1

    @property
    def early(self) -> bool:
        return self._producer.early

    def stage(self, commit: Commit) -> None:
        commit.append(self._entry)

    def settle(self, error: Exception | None) -> None:
        if error is not None:
            self._producer.failure = error
        if self._done is not None:
            self._done(error)


class Barrier:
    """Hears when all that was handed over before is settled: the writer keeps the order."""

    size, early = 0, False

    def __init__(self) -> None:
        self.passed = Event()

    def stage(self, commit: Commit) -> None:
        """Has nothing to write."""

    def settle(self, error: Exception | None) -> None:
        self.passed.set()


class EmbeddedProducer:
    def __init__(self, storage: Storage, writer: Writer, early: bool) -> None:
        self._storage, self._writer, self.early = storage, writer, early
        self._closed = False
        self.failure: Exception | None = None  # of a record sent since the last flush

    def send(
        self,
        topic: str,
        key: bytes,
        value: bytes | None,
        headers: Headers,
        partition: int | None = None,
        done: Callable[[Exception | None], None] | None = None,
    ) -> None:
        if self._closed:
            raise LogUnavailable("the producer is closed")
        found = self._storage.topic(topic)
        place = found.place(partition_of(key, found.partitions) if partition is None else partition)
        entry = Entry(place, key, encode(key, value, headers), found.compacted, value is None)
        self._writer.submit(Append(entry, self, done))

    def flush(self, timeout: float) -> None:
        barrier = Barrier()
        self._writer.submit(barrier)
        if not barrier.passed.wait(timeout):
            raise LogUnavailable(f"not everything was written within {timeout} s")
        failure, self.failure = self.failure, None
        if failure is not None:
            raise LogUnavailable("not everything that was sent could be written") from failure

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.flush(LAST_FLUSH)
