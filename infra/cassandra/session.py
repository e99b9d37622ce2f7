"""A driver session that asyncio can use: opened when first needed, tried until it succeeds, many requests at once."""

import asyncio
import logging
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import structlog
from cassandra import (
    ConsistencyLevel,
    DriverException,
    OperationTimedOut,
    RequestExecutionException,
    UnresolvableContactPoints,
)
from cassandra.auth import AuthProvider
from cassandra.cluster import (
    EXEC_PROFILE_DEFAULT,
    Cluster,
    ExecutionProfile,
    NoHostAvailable,
    ResponseFuture,
    Session,
)
from cassandra.connection import ConnectionBusy, ConnectionException
from cassandra.policies import (
    DCAwareRoundRobinPolicy,
    ExponentialReconnectionPolicy,
    RoundRobinPolicy,
    TokenAwarePolicy,
)
from cassandra.pool import NoConnectionsAvailable
from cassandra.protocol import IsBootstrappingErrorMessage, OverloadedErrorMessage, ServerError
from cassandra.query import PreparedStatement, Statement, tuple_factory

from infra.tables import TablesUnavailable

T = TypeVar("T")
Cells = tuple[str | int | float | bool | bytes, ...]

log = structlog.get_logger(__name__)
# Its threads report every try with a traceback while a node is away; what an operator needs of that is in our one line.
logging.getLogger("cassandra").setLevel(logging.CRITICAL)

WINDOW = 128  # requests of one write under way at once: more fill the node's queue, not its time
DDL_SECONDS = 60.0  # tables take long to make on a busy machine
_PAUSE = 0.5  # seconds between two tries to connect, whoever asks

_AWAY = (
    NoHostAvailable,
    OperationTimedOut,
    RequestExecutionException,
    UnresolvableContactPoints,
    ConnectionException,
    NoConnectionsAvailable,
    OverloadedErrorMessage,
    IsBootstrappingErrorMessage,
    ServerError,
)


class Asker(Protocol):
    """Who asked; told in its event loop."""

    def settle(self, rows: Sequence[Cells] | None, error: Exception | None) -> None: ...


class _Answers:
    """Brings answers from the driver's thread to one event loop, a whole burst at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrived: deque[tuple[Asker, Sequence[Cells] | None, Exception | None]] = deque()
        self._woken = False

    def expect(self, response: ResponseFuture, asker: Asker) -> None:
        """Has `asker` told of every answer to this request; with several pages, of each."""
        response.add_callbacks(self._rows, self._error, callback_args=(asker,), errback_args=(asker,))

    def _rows(self, rows: Sequence[Cells] | None, asker: Asker) -> None:
        self._arrived.append((asker, rows, None))
        self._wake()

    def _error(self, error: Exception, asker: Asker) -> None:
        self._arrived.append((asker, None, error))
        self._wake()

    def _wake(self) -> None:
        if not self._woken and not self._loop.is_closed():
            self._woken = True
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._woken = False  # first, so that what comes from now on wakes again
        while self._arrived:
            asker, rows, error = self._arrived.popleft()
            asker.settle(rows, error)


class _Page:
    """One awaited answer."""

    def __init__(self) -> None:
        self._future: asyncio.Future[Sequence[Cells]] = asyncio.get_running_loop().create_future()

    def settle(self, rows: Sequence[Cells] | None, error: Exception | None) -> None:
        if self._future.done():  # nobody waits any more
            return
        if error is not None:
            self._future.set_exception(error)
        else:
            self._future.set_result(rows or ())

    async def rows(self) -> Sequence[Cells]:
        """The rows of this page; once, then the next page is awaited."""
        rows = await self._future
        self._future = asyncio.get_running_loop().create_future()
        return rows


class _Window:
    """The requests of one write that are under way."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self._under_way = 0
        self._waiting: tuple[int, asyncio.Future[None]] | None = None

    def started(self) -> None:
        self._under_way += 1

    def settle(self, rows: Sequence[Cells] | None, error: Exception | None) -> None:
        self._under_way -= 1
        self.error = self.error or error
        if self._waiting and self._under_way <= self._waiting[0] and not self._waiting[1].done():
            self._waiting[1].set_result(None)

    async def at_most(self, under_way: int) -> None:
        """Waits until no more than this many are under way."""
        if self._under_way > under_way:
            self._waiting = under_way, asyncio.get_running_loop().create_future()
            await self._waiting[1]
            self._waiting = None


def _is_crowded(error: Exception | None) -> bool:
    """Whether a request was not even sent, because those before it still fill the connections."""
    reasons = error.errors.values() if isinstance(error, NoHostAvailable) else ()
    return bool(reasons) and all(isinstance(each, ConnectionBusy) for each in reasons)


def _learn_replicas(cluster: Cluster, keyspace: str) -> None:
    """Has the driver know which nodes have a partition, so that it asks one of those."""
    try:
        cluster.refresh_keyspace_metadata(keyspace, max_schema_agreement_wait=0)
    except DriverException as error:  # whatever it was, the driver has logged it and kept it to itself
        raise ConnectionException(f"keyspace {keyspace} cannot be read") from error


class CassandraSession:
    """A session with one keyspace, which is made if missing; for any number of event loops and threads.

    `contact_points` are hosts of the cluster, `datacenter` the one to stay in (all, if none is given), `replication`
    the keyspace's settings where it is made here, `seconds` how long a request may take. Whatever comes of a node that
    is away is raised as TablesUnavailable; one line in the log says when that begins and one when it ends.
    """

    def __init__(
        self,
        contact_points: Sequence[str],
        port: int,
        keyspace: str,
        *,
        replication: Mapping[str, str | int],
        datacenter: str | None,
        auth: AuthProvider | None,
        tls: ssl.SSLContext | None,
        seconds: float,
    ) -> None:
        self._contact_points, self._port, self._auth, self._tls = list(contact_points), port, auth, tls
        self._keyspace, self._replication, self._seconds = keyspace, replication, seconds
        self._datacenter = datacenter
        self._blocking = ThreadPoolExecutor(1, thread_name_prefix="cassandra")  # connecting, preparing, DDL: in turn
        self._session: Session | None = None
        self._prepared: dict[str, PreparedStatement] = {}
        self._answers: dict[asyncio.AbstractEventLoop, _Answers] = {}
        self._away = False
        self._failed: tuple[float, Exception] = (-_PAUSE, TablesUnavailable())

    async def prepared(self, cql: str) -> PreparedStatement:
        """The statement as the cluster knows it; asked for once. Raises TablesUnavailable."""
        return self._prepared.get(cql) or await self._block(lambda: self._prepare(cql))

    async def rows(self, statement: Statement) -> AsyncIterator[Sequence[Cells]]:
        """The answer's rows, a page of `statement.fetch_size` at a time. Raises TablesUnavailable."""
        session, page = await self._opened(), _Page()
        response = self._answered(lambda: session.execute_async(statement))
        self._here().expect(response, page)
        while True:
            try:
                rows = await page.rows()
            except _AWAY as error:
                raise self._unavailable(error) from error
            self._back()
            yield rows
            if not response.has_more_pages:
                return
            self._answered(response.start_fetching_next_page)

    async def run(self, statements: Callable[[], Iterable[Statement]]) -> None:
        """Executes all, in any order and some at a time; when it returns or raises, none is under way any more.

        Where they are more bytes than a connection takes at once, all are said again, fewer at a time: they are the
        same statements each time and may be executed twice.
        """
        session, at_once = await self._opened(), WINDOW
        while True:
            window = _Window()
            await self._run(session, statements(), window, at_once)
            if at_once == 1 or not _is_crowded(window.error):
                break
            at_once //= 2
        if isinstance(window.error, _AWAY):
            raise self._unavailable(window.error) from window.error
        if window.error:
            raise window.error
        self._back()

    async def _run(self, session: Session, statements: Iterable[Statement], window: _Window, at_once: int) -> None:
        answers = self._here()
        for statement in statements:
            await window.at_most(at_once - 1)
            if window.error:
                break
            try:
                response = session.execute_async(statement)
            except _AWAY as error:
                window.error = error
                break
            window.started()
            answers.expect(response, window)
        await window.at_most(0)

    async def home(self) -> Callable[[bytes], Hashable]:
        """Which node has the first copy of a partition, by its routing key. Raises TablesUnavailable."""
        metadata = (await self._opened()).cluster.metadata
        if len(metadata.all_hosts()) == 1:
            return lambda _: None
        return lambda key: next(iter(metadata.get_replicas(self._keyspace, key)), None)

    async def define(self, change: Callable[[Session], T]) -> T:
        """Runs a change of the schema, which may block; one at a time. Raises TablesUnavailable."""

        def run() -> T:
            return change(self._open())

        return await self._block(run)

    async def close(self) -> None:
        session = self._session
        if session is not None:
            await asyncio.get_running_loop().run_in_executor(self._blocking, session.cluster.shutdown)
        self._blocking.shutdown(wait=False)

    # What follows runs in any thread.

    async def _opened(self) -> Session:
        return self._session or await self._block(self._open)

    async def _block(self, ask: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._blocking, self._answered, ask)

    def _answered(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except _AWAY as error:
            raise self._unavailable(error) from error

    def _here(self) -> _Answers:
        loop = asyncio.get_running_loop()
        if loop not in self._answers:
            self._answers = {each: found for each, found in self._answers.items() if not each.is_closed()}
            self._answers[loop] = _Answers(loop)
        return self._answers[loop]

    def _prepare(self, cql: str) -> PreparedStatement:
        if cql not in self._prepared:
            prepared = self._open().prepare(cql)
            prepared.is_idempotent = True
            self._prepared[cql] = prepared
        return self._prepared[cql]

    def _open(self) -> Session:
        """The session; connects if there is none. Only in the blocking thread."""
        if self._session is None:
            failed, why = self._failed
            if time.monotonic() - failed < _PAUSE:
                raise self._unavailable(why)
            try:
                self._session = self._connect()
            except _AWAY as error:
                self._failed = time.monotonic(), error
                raise
            self._back()
        return self._session

    def _connect(self) -> Session:
        nearby = DCAwareRoundRobinPolicy(self._datacenter) if self._datacenter else RoundRobinPolicy()
        profile = ExecutionProfile(
            load_balancing_policy=TokenAwarePolicy(nearby),
            consistency_level=ConsistencyLevel.LOCAL_QUORUM,  # of reads and writes: what was written is read
            request_timeout=self._seconds,
            row_factory=tuple_factory,
        )
        cluster = Cluster(
            self._contact_points,
            self._port,
            auth_provider=self._auth,
            ssl_context=self._tls,
            protocol_version=5,
            execution_profiles={EXEC_PROFILE_DEFAULT: profile},
            # A node that comes back is noticed within seconds, however long it was away.
            reconnection_policy=ExponentialReconnectionPolicy(0.25, 4.0, max_attempts=None),
            connect_timeout=self._seconds,
            control_connection_timeout=self._seconds,
            idle_heartbeat_interval=10,
            idle_heartbeat_timeout=self._seconds,
            # Else each process reads every column of every table of the cluster, at its start and at each change.
            schema_metadata_enabled=False,
        )
        try:
            session = cluster.connect()
            session._default_timeout = self._seconds  # of `prepare`, to which profiles do not apply
            there = session.execute(
                "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = %s", [self._keyspace]
            )
            if not list(there):
                # Not where it is there already: the right to make keyspaces is not for everyone.
                settings = ", ".join(f"'{name}': '{value}'" for name, value in self._replication.items())
                cql = f'CREATE KEYSPACE IF NOT EXISTS "{self._keyspace}" WITH replication = {{{settings}}}'
                session.execute(cql, timeout=DDL_SECONDS)
            _learn_replicas(cluster, self._keyspace)
        except BaseException:
            cluster.shutdown()
            raise
        return session

    def _unavailable(self, error: Exception) -> TablesUnavailable:
        if not self._away:
            self._away = True
            log.warning("Cassandra does not answer; trying until it does", hosts=self._contact_points, error=str(error))
        return TablesUnavailable(f"Cassandra does not answer: {error}")

    def _back(self) -> None:
        if self._away:
            self._away = False
            log.info("Cassandra answers again", hosts=self._contact_points)
