"""Tables in Cassandra: for any number of processes and machines."""

import ssl
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from cassandra.auth import AuthProvider
from cassandra.cluster import Session
from cassandra.query import BatchStatement, BatchType, BoundStatement, PreparedStatement, Statement

from infra.cassandra.session import DDL_SECONDS, CassandraSession
from infra.cassandra.table_statements import Change, Statements, routing_key
from infra.table_values import check_declaration, expired_at, plain_bound, plain_key, plain_partition
from infra.tables import Put, Row, Table, Value, Write

_PAGE, _SCAN_PAGE = 200, 1000  # rows that the node sends at once: for `rows`, which holds no more, and for `scan`
_BATCH_ROWS, _BATCH_BYTES = 100, 128 * 1024  # of one partition in one request
# Of several in one request: as much as a node with its default settings takes without a warning in its log. To the node
# a cell is larger than its value by these many bytes.
_SHARED_PARTITIONS, _SHARED_BYTES, _CELL_BYTES = 10, 5_000, 24
_SIMPLE: Mapping[str, str | int] = {"class": "SimpleStrategy", "replication_factor": 1}

_Cells = tuple[str, list[bytes]]  # a statement and its parameters
_Partitions = dict[tuple[str, bytes], list[_Cells]]  # what is written, by table and partition
_Prepared = Mapping[str, PreparedStatement]


class _Column(NamedTuple):
    """A column that is there."""

    name: str
    kind: str
    position: int
    type: str


class CassandraTables:
    """All tables of an installation in one keyspace, which is made if missing.

    Connects when first used; as long as no node answers, every call raises TablesUnavailable. `datacenter` is the one
    to stay in; `seconds` how long a request may take.
    """

    def __init__(
        self,
        contact_points: Sequence[str],
        port: int = 9042,
        keyspace: str = "septet",
        *,
        replication: Mapping[str, str | int] = _SIMPLE,
        datacenter: str | None = None,
        auth: AuthProvider | None = None,
        tls: ssl.SSLContext | None = None,
        seconds: float = 5.0,
    ) -> None:
        self._keyspace = keyspace
        self._known: dict[str, Statements] = {}
        self._session = CassandraSession(
            contact_points,
            port,
            keyspace,
            replication=replication,
            datacenter=datacenter,
            auth=auth,
            tls=tls,
            seconds=seconds,
        )

    async def create(self, tables: Sequence[Table]) -> None:
        for table in tables:
            check_declaration(table)
        await self._session.define(partial(_create, self._keyspace, [self._statements(each) for each in tables]))

    async def drop(self, tables: Sequence[Table]) -> None:
        for table in tables:
            await self._session.define(partial(_execute, self._statements(table).drop()))

    async def write(self, writes: Sequence[Write]) -> None:
        changes: dict[tuple[object, ...], tuple[Change, int]] = {}
        partitions = _Partitions()
        for write in writes:
            columns = write.values if isinstance(write, Put) else (None,)
            shape = (id(write.table), *columns)  # the writes keep their tables alive, so none shares another's id
            known = changes.get(shape)
            if known is None:
                known = changes[shape] = self._statements(write.table).change(write), expired_at(write.table)
            change, expired = known
            partition, cells = change(write, expired)
            if write.at > expired:  # else its life is over, and that of all it could hide
                partitions.setdefault((write.table.name, partition), []).append((change.cql, cells))
        prepared = {change.cql: await self._session.prepared(change.cql) for change, _ in changes.values()}
        home = await self._session.home()
        while partitions:
            now, partitions = _fitting(partitions)
            await self._session.run(partial(_requests, now, prepared, home))

    async def get(self, table: Table, **key: Value) -> Row | None:
        statements = self._statements(table)
        cells = statements.cells(table.keys, plain_key(table, key))
        statement = await self._bound(statements.get, cells, len(table.partition))
        found = [each async for page in self._session.rows(statement) for each in page]
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
        values = plain_partition(table, partition)
        lower = plain_bound(table, above) if above is not None else []
        upper = plain_bound(table, below) if below is not None else []
        if limit <= 0:
            return []
        clustering = list(table.clustering)
        names = [*table.partition, *clustering[: len(lower)], *clustering[: len(upper)]]
        cells = [*statements.cells(names, [*values, *lower, *upper]), limit.to_bytes(4)]
        statement = await self._bound(statements.scan(len(lower), len(upper), reverse), cells, len(table.partition))
        statement.fetch_size = _SCAN_PAGE
        return [statements.read_row(each) async for page in self._session.rows(statement) for each in page]

    async def rows(self, table: Table) -> AsyncIterator[Row]:
        statements = self._statements(table)
        statement = await self._bound(statements.rows, [], 0)
        statement.fetch_size = _PAGE
        async for page in self._session.rows(statement):
            for each in page:
                yield statements.read_row(each)

    async def close(self) -> None:
        await self._session.close()

    async def _bound(self, cql: str, cells: list[bytes], keys: int) -> BoundStatement:
        """A read, sent to a node that has the partition: its first `keys` cells."""
        return _bound(await self._session.prepared(cql), cells, routing_key(cells[:keys]) if keys else None)

    def _statements(self, table: Table) -> Statements:
        known = self._known.get(table.name)
        if known is None or (known.table is not table and known.table != table):
            known = self._known[table.name] = Statements(self._keyspace, table)
        return known


def _requests(
    partitions: _Partitions,
    prepared: _Prepared,
    home: Callable[[bytes], Hashable],
) -> Iterator[Statement]:
    """The fewest requests that say what fits into one of each partition: unlogged batches, some of a few small ones.

    Writes may be applied in any order and more than once, so a batch need be no transaction; a request for each row
    would take several times as long. `home` answers the node of a partition.
    """
    shared: dict[Hashable, tuple[int, int, list[BoundStatement]]] = {}
    for (_, partition), rows in partitions.items():
        size = sum([len(cell) + _CELL_BYTES for _, cells in rows for cell in cells])
        if size > _SHARED_BYTES:
            yield _request([_bound(prepared[cql], cells, partition) for cql, cells in rows])
            continue
        node = home(partition)
        taken, several, statements = shared.pop(node, (0, 0, []))
        if statements and (several == _SHARED_PARTITIONS or taken + size > _SHARED_BYTES):
            yield _request(statements)
            taken, several, statements = 0, 0, []
        statements += [_bound(prepared[cql], cells, partition) for cql, cells in rows]
        shared[node] = taken + size, several + 1, statements
    for _, _, statements in shared.values():
        yield _request(statements)


def _request(statements: Sequence[BoundStatement]) -> Statement:
    if len(statements) == 1:
        return statements[0]
    batch = BatchStatement(BatchType.UNLOGGED)
    batch.is_idempotent = True
    for statement in statements:
        batch.add(statement)
    return batch


def _fitting(partitions: _Partitions) -> tuple[_Partitions, _Partitions]:
    """Of each partition what fits into one request, and what may only follow when that is there: readers see no gap."""
    now, later = _Partitions(), _Partitions()
    for partition, rows in partitions.items():
        end = size = 0
        for _, cells in rows[:_BATCH_ROWS]:
            size += sum(map(len, cells))
            if end and size > _BATCH_BYTES:
                break
            end += 1
        now[partition] = rows[:end]
        if end < len(rows):
            later[partition] = rows[end:]
    return now, later


def _bound(prepared: PreparedStatement, cells: list[bytes], partition: bytes | None) -> BoundStatement:
    statement = BoundStatement(prepared, routing_key=partition)
    statement.values = cells  # bytes already: `bind` would make them again from values
    return statement


def _execute(cql: str, session: Session) -> None:
    session.execute(cql, timeout=DDL_SECONDS)


def _create(keyspace: str, wanted: Sequence[Statements], session: Session) -> None:
    """Makes the tables, or adds what they lack; another process may do the same at the same time."""
    there: dict[str, list[_Column]] = {}
    columns = "SELECT table_name, column_name, kind, position, type FROM system_schema.columns WHERE keyspace_name = %s"
    for table, *column in session.execute(columns, [keyspace]):
        there.setdefault(table, []).append(_Column(*column))
    for statements in wanted:
        if found := there.get(statements.table.name):
            _complete(statements, found, session)
        else:
            _execute(statements.create(), session)


def _complete(statements: Statements, there: Sequence[_Column], session: Session) -> None:
    table, wanted = statements.table, statements.columns()
    types = {each.name: each.type for each in there}
    partition, clustering = (
        [each.name for each in sorted(there, key=lambda each: each.position) if each.kind == kind]
        for kind in ("partition_key", "clustering")
    )
    if (
        partition != list(table.partition)
        or clustering != list(table.clustering)
        or any(types[name] != wanted[name] for name in wanted.keys() & types)
    ):
        raise ValueError(f"table {table.name} exists with another key or other types; declare it under a new name")
    for name in wanted.keys() - types:
        _execute(statements.add(name), session)
