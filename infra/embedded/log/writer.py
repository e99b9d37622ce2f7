"""The one thread that writes: what many threads ask for becomes durable in one commit of SQLite."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Generic, Protocol, TypeVar

import structlog

from infra.embedded.log import groups, housekeeping
from infra.embedded.log.commit import Commit, View
from infra.embedded.log.presence import Presence
from infra.embedded.log.storage import PAGE, WRITE_CACHE, connect
from infra.embedded.log.tail import Tail
from infra.log import Fenced, LogUnavailable, TransactionAborted, WrongTopic

log = structlog.get_logger(__name__)

GROUPED = 500  # requests per commit
QUEUED_REQUESTS, QUEUED_BYTES = 20_000, 64 << 20  # what producers may have waiting; more is refused
TICK = 0.025  # seconds until the idle writer looks whether another process has written
SYNC_AFTER = 0.005  # seconds that what was committed early waits for a later commit to make it durable
CHECKPOINT, CHECKPOINT_IDLE = 16 << 20, 4 << 20  # bytes in the write-ahead log until it is copied into the file
WAL_KEPT = 64 << 20  # bytes the write-ahead log may keep on disk
LOOK_AROUND = 1.0  # seconds between looking for processes that have ended
SWEEP, SWEEP_ON = 10.0, 0.05  # seconds between looking for what is past its retention, and between steps once found

REFUSALS = (Fenced, TransactionAborted, WrongTopic)
Answered = TypeVar("Answered")


class Request(Protocol):
    """Something that shares a commit with others."""

    @property
    def size(self) -> int:
        """The bytes it takes of the bounded queue; 0 where its own thread waits for it anyway."""

    @property
    def early(self) -> bool:
        """Whether others may read it before it is durable."""

    def stage(self, commit: Commit) -> None:
        """Adds itself to the commit; or raises one of REFUSALS and adds nothing."""

    def settle(self, error: Exception | None) -> None:
        """Hears, on the writer's thread, that it is durable, or why nothing of it is."""


class Task(Generic[Answered]):
    """Something rare, such as a change of a group: it has a commit of its own."""

    def __init__(self, work: Callable[[sqlite3.Connection], Answered]) -> None:
        self.work = work
        self.answer: Answered
        self.error: Exception | None = None
        self.done = Event()


class Writer:
    def __init__(self, path: Path, patience: float, tail: Tail, presence: Presence, clock: Callable[[], int]) -> None:
        self._path, self._patience, self._tail, self._presence, self._clock = path, patience, tail, presence, clock
        self._queue: SimpleQueue[Request | Task[Any] | None] = SimpleQueue()
        self._lock = Lock()
        self._waiting_requests = self._waiting_bytes = 0
        self._closed = self._failing = False
        self._last_time = 0
        self._appended = 0  # bytes since the last checkpoint
        self._early = False  # whether SQLite leaves commits to a later one to make durable
        self._unsynced: list[tuple[Request, Exception | None]] = []  # committed early; not durable yet,
        self._unsynced_since = 0.0  # the first of them since then
        self._look_around_at = time.monotonic() + LOOK_AROUND
        self._sweep_at = time.monotonic() + SWEEP
        try:
            self._db = connect(path, patience, WRITE_CACHE)
            self._db.execute("PRAGMA wal_autocheckpoint = 0")  # `_checkpoint` does it while nobody waits
            self._db.execute(f"PRAGMA journal_size_limit = {WAL_KEPT}")
            self._seen, self._view = self._look()
        except sqlite3.Error as error:
            raise LogUnavailable(f"{path} cannot be opened: {error}") from error
        self._thread = Thread(target=self._run, name="embedded-log", daemon=True)
        self._thread.start()

    # Called from any thread.

    def submit(self, request: Request) -> None:
        """Hands a request over; raises LogUnavailable when the queue is full or the log is closed."""
        with self._lock:
            if self._closed:
                raise LogUnavailable("the log is closed")
            if request.size:
                if self._waiting_requests >= QUEUED_REQUESTS or self._waiting_bytes >= QUEUED_BYTES:
                    raise LogUnavailable("too much waits to be written")
                self._waiting_requests += 1
                self._waiting_bytes += request.size
            self._queue.put(request)

    def call(self, work: Callable[[sqlite3.Connection], Answered]) -> Answered:
        """What `work` answers, once what it changed is durable. Raises what it raises, or LogUnavailable."""
        task = Task(work)
        with self._lock:
            if self._closed:
                raise LogUnavailable("the log is closed")
            self._queue.put(task)
        task.done.wait()
        if task.error is not None:
            raise task.error
        return task.answer

    def close(self) -> None:
        """Writes what was handed over before, then ends the thread."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    # Called on the writer's thread.

    def _run(self) -> None:
        running = True
        while running:
            requests: list[Request] = []
            for each in self._next():
                if each is None:
                    running = False
                elif isinstance(each, Task):
                    self._commit(requests)
                    requests = []
                    self._perform(each)
                else:
                    requests.append(each)
            self._commit(requests)
            if self._unsynced and (not running or time.monotonic() - self._unsynced_since >= SYNC_AFTER):
                self._sync()
            try:
                self._tend()
            except sqlite3.Error as error:
                self._fail(error)
        with suppress(sqlite3.Error):
            self._db.close()

    def _next(self) -> list[Request | Task[Any] | None]:
        found: list[Request | Task[Any] | None] = []
        try:
            found.append(self._queue.get(timeout=SYNC_AFTER if self._unsynced else TICK))
            while len(found) < GROUPED:
                found.append(self._queue.get_nowait())
        except Empty:
            pass
        return found

    def _commit(self, requests: list[Request]) -> None:
        if not requests:
            return
        early, synced = all(request.early for request in requests), False
        outcomes: list[Exception | None]
        try:
            self._begin(early)
            changes = self._db.total_changes
            commit = Commit(self._view, self._now())
            outcomes = [_refusal(request, commit) for request in requests]
            commit.write(self._db)
            self._db.execute("COMMIT")
        except Exception as error:
            self._fail(error)
            outcomes = [LogUnavailable(f"nothing was written: {error}") for _ in requests]
            early = False
        else:
            synced = not early and self._db.total_changes != changes
            self._failing = False
            self._appended += commit.size
            self._view.ends.update(commit.ends)
            self._tail.publish(commit.ends, {})
        settled = list(zip(requests, outcomes, strict=True))
        if early:
            self._unsynced_since = self._unsynced_since if self._unsynced else time.monotonic()
            self._unsynced += settled
            return
        if synced:  # and with it all that was committed before: it lies in the same write-ahead log
            settled = [*self._unsynced, *settled]
            self._unsynced = []
        elif self._unsynced:
            self._sync()
        self._settle(settled)

    def _sync(self) -> None:
        """Makes durable what was committed early and was followed by no other commit."""
        try:
            wal = os.open(f"{self._path}-wal", os.O_RDONLY)
            try:
                os.fdatasync(wal)
            finally:
                os.close(wal)
        except OSError as error:
            lost = LogUnavailable(f"it may not be durable: {error}")
            self._unsynced = [(request, lost) for request, _ in self._unsynced]
        unsynced, self._unsynced = self._unsynced, []
        self._settle(unsynced)

    def _settle(self, settled: list[tuple[Request, Exception | None]]) -> None:
        with self._lock:
            self._waiting_requests -= sum(1 for request, _ in settled if request.size)
            self._waiting_bytes -= sum(request.size for request, _ in settled)
        for request, outcome in settled:
            try:
                request.settle(outcome)
            except Exception:
                log.exception("a callback of the log failed")

    def _perform(self, task: Task[Answered]) -> None:
        try:
            self._begin()
            changes = self._db.total_changes
            task.answer = task.work(self._db)
            self._db.execute("COMMIT")
            if self._db.total_changes != changes:
                self._seen, self._view = self._look()
        except (*REFUSALS, LogUnavailable) as refusal:
            self._roll_back()
            task.error = refusal
        except Exception as error:
            self._fail(error)
            task.error = LogUnavailable(f"nothing was written: {error}")
        task.done.set()

    def _begin(self, early: bool = False) -> None:
        """Takes the file's write lock and learns what other processes have written since."""
        if early is not self._early:
            self._db.execute(f"PRAGMA synchronous = {'NORMAL' if early else 'FULL'}")
            self._early = early
        self._db.execute("BEGIN IMMEDIATE")
        if self._version() != self._seen:
            self._seen, self._view = self._look()

    def _version(self) -> int:
        """Changes when another connection has committed (SQLite: PRAGMA data_version)."""
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _look(self) -> tuple[int, View]:
        """Reads the view anew, tells those who wait for what has changed, and answers the version it was read at."""
        alone = not self._db.in_transaction
        if alone:
            self._db.execute("BEGIN")
        version, view = self._version(), View(self._db)
        if alone:
            self._db.execute("COMMIT")
        self._tail.publish(view.ends, view.generations)
        return version, view

    def _now(self) -> int:
        self._last_time = max(self._last_time, self._clock())
        return self._last_time

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, sqlite3.Error):
            log.exception("the log's writer failed")
        elif not self._failing:
            log.error("the log cannot be written now", error=str(error))
        self._failing = True
        self._seen = -1  # whatever was believed of the file is read again
        self._roll_back()

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")

    def _tend(self) -> None:
        """What has to be done now and then, and does not keep anybody waiting for long."""
        idle = self._queue.empty()
        if idle and self._version() != self._seen:
            self._seen, self._view = self._look()
        if self._appended >= (CHECKPOINT_IDLE if idle else CHECKPOINT):
            self._checkpoint()
        now = time.monotonic()
        if now >= self._look_around_at:
            self._look_around_at = now + LOOK_AROUND
            if any(self._presence.gone(process) for process in set(self._view.members.values())):
                self._perform(Task(lambda db: groups.bury(db, self._presence)))
        if now >= self._sweep_at:
            sweep = Task(lambda db: housekeeping.prune(db, self._now()))
            self._perform(sweep)
            self._sweep_at = now + (SWEEP_ON if sweep.error is None and sweep.answer else SWEEP)

    def _checkpoint(self) -> None:
        """Copies the write-ahead log into the file; where readers keep it growing, waits a moment for a gap."""
        _, pages, _ = self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages * PAGE > WAL_KEPT:
            self._db.execute("PRAGMA busy_timeout = 50")
            self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
            self._db.execute(f"PRAGMA busy_timeout = {round(self._patience * 1000)}")
        self._appended = 0


def _refusal(request: Request, commit: Commit) -> Exception | None:
    try:
        request.stage(commit)
    except REFUSALS as refusal:
        return refusal
    return None
