"""Tables in one SQLite file: for one machine, any number of threads and processes."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import TypeVar
from weakref import WeakSet

from infra.embedded.table_statements import Statements
from infra.embedded.wal import into_wal
from infra.table_values import (
    Plain,
    check_declaration,
    expired_at,
    plain_bound,
    plain_key,
    plain_partition,
)
from infra.tables import Put, Row, Table, TablesUnavailable, Value, Write

T = TypeVar("T")

_PAGE = 200  # rows that `rows` holds at once
_ROWS_AT_ONCE = (64, 8, 1)  # rows of one statement
_SWEPT_PER_WRITE = 2  # rows past their time to live removed for each one written: faster than they come
_SWEPT_AT_LEAST = 100
# Seconds between looks for the write lock. SQLite by itself sleeps up to 100 ms, and then a rebuild in another process,
# which takes the lock again and again, is hardly ever met without it.
_LOOK_AGAIN = 0.001

# Not the statement's fault: another process holds the file, the disk is full or broken, the file cannot be opened.
_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
}


class _Reading:
    """One thread's read connection; it goes with the thread."""

    def __init__(self, path: Path, patience: float) -> None:
        self.connection = _connect(path, patience)
        self.connection.execute("PRAGMA query_only = ON")


class _Batch:
    """The writes of one call that share a statement, as its parameters."""

    def __init__(self, statements: Statements, write: Write) -> None:
        self.statements = statements
        change = statements.put(tuple(write.values)) if isinstance(write, Put) else statements.remove
        self.read, self.statement = change
        self.expired = expired_at(statements.table)
        self.rows: list[list[Plain]] = []


class EmbeddedTables:
    """All tables of an installation in the file at `path`, made if missing and readable by its owner only.

    Reads run at once, in the caller's thread; writes run one after the other in a thread of their own, each call in one
    transaction. `patience`: seconds to wait for another process's transaction before TablesUnavailable.
    """

    def __init__(self, path: Path, *, patience: float = 5.0) -> None:
        self._path, self._patience = path, patience
        self._known: dict[str, Statements] = {}
        self._local = threading.local()
        self._readings: WeakSet[_Reading] = WeakSet()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="tables")  # its queue is the writers' lock
        self._writing = _answered(lambda: _open_for_writing(path, patience))

    async def create(self, tables: Sequence[Table]) -> None:
        for table in tables:
            check_declaration(table)
        await self._change(self._create, [self._statements(table) for table in tables])

    async def drop(self, tables: Sequence[Table]) -> None:
        await self._change(self._drop, [self._statements(table) for table in tables])

    async def write(self, writes: Sequence[Write]) -> None:
        if batches := self._batches(writes):
            await self._change(self._apply, batches)

    async def get(self, table: Table, **key: Value) -> Row | None:
        statements = self._statements(table)
        found = self._query(statements.get, [expired_at(table), *plain_key(table, key)])
        return statements.read_row(found[0]) if found else None

    async def scan(
        self,
        table: Table,
        *,
        limit: int,
        above: tuple[Value, ...] | None = None,
        below: tuple[Value, ...] | None = None,
        reverse: bool = False,
        **partition: Value,
    ) -> list[Row]:
        statements = self._statements(table)
        values = [expired_at(table), *plain_partition(table, partition)]
        lower = plain_bound(table, above) if above is not None else []
        upper = plain_bound(table, below) if below is not None else []
        sql = statements.scan(len(lower), len(upper), reverse)
        return [statements.read_row(each) for each in self._query(sql, [*values, *lower, *upper, max(limit, 0)])]

    async def rows(self, table: Table) -> AsyncIterator[Row]:
        statements = self._statements(table)
        last: tuple[Plain, ...] = ()
        while True:
            page = self._query(statements.page(first=not last), [expired_at(table), *last, _PAGE])
            for each in page:
                yield statements.read_row(each)
            if len(page) < _PAGE:
                return
            last = page[-1][: len(table.keys)]
            await asyncio.sleep(0)  # others' turn: a page is read at one go

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.shutdown)
        self._writing.close()
        for reading in list(self._readings):
            reading.connection.close()

    def _statements(self, table: Table) -> Statements:
        known = self._known.get(table.name)
        if known is None or (known.table is not table and known.table != table):
            known = self._known[table.name] = Statements(table)
        return known

    def _query(self, sql: str, values: Sequence[Plain]) -> list[tuple[Plain, ...]]:
        """Reads in this thread, on its own connection: some 20 µs, less than any hand-over."""

        def query() -> list[tuple[Plain, ...]]:
            reading: _Reading | None = getattr(self._local, "reading", None)
            if reading is None:
                reading = self._local.reading = _Reading(self._path, self._patience)
                self._readings.add(reading)
            return reading.connection.execute(sql, values).fetchall()

        return _answered(query)

    async def _change(self, change: Callable[[T], None], parts: Iterable[T]) -> None:
        """Makes all parts of a change in the writer's thread as one transaction."""

        def transaction() -> None:
            with self._writing:  # commits, or rolls back what failed
                self._begin()
                for part in parts:
                    change(part)

        await asyncio.get_running_loop().run_in_executor(self._writer, _answered, transaction)

    def _begin(self) -> None:
        """Takes the file's write lock, as soon as another process lets go of it."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                self._writing.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(_LOOK_AGAIN)

    def _create(self, statements: Statements) -> None:
        table, wanted = statements.table, statements.columns()
        info = self._writing.execute(f"PRAGMA table_info({statements.name})").fetchall()
        made = self._writing.execute("SELECT sql FROM sqlite_master WHERE name = ?", [table.name]).fetchone()
        there = {name: kind for _, name, kind, *_ in info}
        key = [name for place, name in sorted((place, name) for _, name, *_, place in info) if place]
        if made is None:
            self._writing.execute(statements.create())
        elif (
            key != list(table.keys)
            or f" {statements.partitioning} " not in made[0]
            or any(wanted[name].split()[0] != there[name] for name in wanted.keys() & there)
        ):
            raise ValueError(f"table {table.name} exists with another key or other types; declare it under a new name")
        else:
            for name in wanted.keys() - there.keys():
                self._writing.execute(statements.add(name))
        if table.ttl is not None:
            self._writing.execute(statements.create_age_index())

    def _drop(self, statements: Statements) -> None:
        self._writing.execute(statements.drop())

    def _batches(self, writes: Iterable[Write]) -> list[_Batch]:
        batches: dict[tuple[object, ...], _Batch] = {}
        for write in writes:
            columns = write.values if isinstance(write, Put) else (None,)
            shape = (id(write.table), *columns)  # the writes keep their tables alive, so none shares another's id
            batch = batches.get(shape)
            if batch is None:
                batch = batches[shape] = _Batch(self._statements(write.table), write)
            row = batch.read(write)
            if write.at > batch.expired:  # else its life is over, and that of all it could hide
                row.append(write.at)
                batch.rows.append(row)
        return list(batches.values())

    def _apply(self, batch: _Batch) -> None:
        done = 0
        for count in _ROWS_AT_ONCE:
            statement = batch.statement(count)
            while len(batch.rows) - done >= count:
                self._writing.execute(statement, list(chain.from_iterable(batch.rows[done : done + count])))
                done += count
        if batch.expired:
            most = max(_SWEPT_AT_LEAST, _SWEPT_PER_WRITE * len(batch.rows))
            self._writing.execute(batch.statements.sweep, (batch.expired, most))


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    # Each connection serves one thread at a time, but is closed by whoever closes the tables.
    connection = sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    # Not FULL: a power cut takes the last commits, rows and progress alike, and the log brings both back from there.
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _open_for_writing(path: Path, patience: float) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its other files the same mode
    connection = _connect(path, patience)
    connection.execute("PRAGMA page_size = 8192")  # takes effect before the first table
    into_wal(connection, patience)
    connection.execute("PRAGMA busy_timeout = 0")  # `_begin` waits, and in WAL nothing behind it has to
    connection.execute("PRAGMA cache_size = -32768")  # 32 MiB
    connection.execute("PRAGMA wal_autocheckpoint = 4000")  # every 32 MiB: checkpoints are most of a replay's disk time
    return connection


def _answered(ask: Callable[[], T]) -> T:
    """What SQLite answers to `ask`; raises TablesUnavailable where it cannot answer now."""
    try:
        return ask()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _AWAY:  # the low byte; the others say more exactly why
            raise TablesUnavailable(f"the tables' file does not answer: {error}") from error
        raise
    except OSError as error:
        raise TablesUnavailable(f"the tables' file cannot be opened: {error}") from error
