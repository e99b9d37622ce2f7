"""The tables' contract: what every store promises, one test per promise."""

import asyncio
import random
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.tables import Put, Remove, Row, Table, Tables, TablesUnavailable, Write

if TYPE_CHECKING:
    from tests.contract.tables_fixtures import Store

pytest_plugins = ["tests.contract.tables_fixtures"]

PATIENCE = 60.0  # seconds until what must happen is held not to happen

NOTES = Table(
    "notes",
    partition={"owner": UUID},
    clustering={"number": int},
    columns={"text": str, "count": int, "ratio": float, "seen": bool, "body": bytes, "author": UUID, "time": datetime},
)
EVERY_KIND = {"a": str, "b": int, "c": float, "d": bool, "e": bytes, "f": UUID, "g": datetime}
ORDERED = Table("ordered", {"owner": UUID}, {"place": int, "word": str, "id": UUID}, {"text": str})
DESCENDING = Table("descending_order", {"owner": UUID}, {"place": int, "word": str}, {"text": str}, descending=True)
LOOSE = Table("loose", {"owner": UUID, "kind": str}, {}, {"text": str})
PASSING = Table("passing", {"owner": UUID}, {"number": int}, {"text": str, "seen": bool}, ttl=timedelta(hours=1))


@pytest.fixture(scope="module", autouse=True)
def created(tables: Tables) -> None:
    asyncio.run(tables.create([NOTES, ORDERED, DESCENDING, LOOSE, PASSING]))


@pytest.fixture
def owner() -> UUID:
    """A partition that nobody else writes."""
    return uuid4()


def new_table(partition: dict[str, type], clustering: dict[str, type], columns: dict[str, type]) -> Table:
    return Table(f"t{uuid4().hex}", partition, clustering, columns)


def note(owner: UUID, number: int = 1, **values: Any) -> Row:
    """A row of NOTES as it is read: what was not put is None."""
    return {"owner": owner, "number": number} | dict.fromkeys(NOTES.columns) | values


async def get(tables: Tables, owner: UUID, number: int = 1) -> Row | None:
    return await tables.get(NOTES, owner=owner, number=number)


async def everything(tables: Tables, table: Table) -> list[Row]:
    return [row async for row in tables.rows(table)]


def micros_now() -> int:
    return time.time_ns() // 1000


# Rows and values.


async def test_what_was_put_is_read(tables: Tables, owner: UUID) -> None:
    values: dict[str, Any] = {
        "text": "Hello",
        "count": -3,
        "ratio": 0.1,
        "seen": False,
        "body": b"\0\xff",
        "author": uuid4(),
        "time": datetime(2026, 2, 28, 23, 59, 59, 123_457, UTC),
    }
    await tables.write([NOTES.put(7, owner=owner, number=1, **values)])
    assert await get(tables, owner) == note(owner, **values)
    assert await tables.scan(NOTES, owner=owner, limit=10) == [note(owner, **values)]


async def test_a_missing_row_is_none(tables: Tables, owner: UUID) -> None:
    assert await get(tables, owner) is None
    assert await tables.scan(NOTES, owner=owner, limit=10) == []


async def test_a_put_without_columns_makes_the_row_exist(tables: Tables, owner: UUID) -> None:
    await tables.write([NOTES.put(1, owner=owner, number=1)])
    assert await get(tables, owner) == note(owner)


async def test_every_kind_of_value_serves_as_partition_clustering_and_column(tables: Tables) -> None:
    table = new_table(
        {f"p{name}": kind for name, kind in EVERY_KIND.items()},
        {f"c{name}": kind for name, kind in EVERY_KIND.items()},
        {f"v{name}": kind for name, kind in EVERY_KIND.items()},
    )
    await tables.create([table])
    values = ["ä", -(2**63), -0.5, True, b"\0", UUID(int=2**128 - 1), datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)]
    names = (*table.keys, *table.columns)
    row = dict(zip(names, values * 3, strict=True))
    await tables.write([table.put(1, **row)])
    assert await tables.get(table, **{name: row[name] for name in table.keys}) == row
    assert await everything(tables, table) == [row]
    found = await everything(tables, table)
    assert {name: type(value) for name, value in found[0].items()} == {name: type(row[name]) for name in row}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "👩‍👩‍👧‍👦 🏳️‍🌈",
        "שלום עולם \u202eعكس\u202c",
        "日本語 ไทย हिन्दी",
        "line\nline\ttab 'quote' \"double\" ; -- %s ?1 \\ {}",
        "e\u0301 stays what it is",
        "x" * 1_000_000,
        "😀" * 250_000,
        "😀" * 1024 * 1024,
    ],
    ids=["empty", "emoji", "right-to-left", "scripts", "quotes", "combining", "1 MB", "1 MB of emoji", "4 MiB of them"],
)
async def test_text_comes_back_as_it_was(tables: Tables, owner: UUID, text: str) -> None:
    await tables.write([NOTES.put(1, owner=owner, number=1, text=text)])
    await tables.write([NOTES.put(1, owner=owner, number=2, body=text.encode())])
    assert await get(tables, owner) == note(owner, text=text)
    assert await get(tables, owner, 2) == note(owner, 2, body=text.encode())


async def test_text_keys_of_any_script(tables: Tables, owner: UUID) -> None:
    for word in ("", "👩‍👩‍👧‍👦", "עולם", "'; DROP", "x" * 2_000):
        await tables.write([ORDERED.put(1, owner=owner, place=1, word=word, id=owner, text=word)])
        assert await tables.get(ORDERED, owner=owner, place=1, word=word, id=owner) is not None
    assert len(await tables.scan(ORDERED, owner=owner, limit=10)) == 5


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, -(2**63)])
async def test_whole_numbers_of_64_bits(tables: Tables, owner: UUID, number: int) -> None:
    await tables.write([NOTES.put(1, owner=owner, number=number, count=number)])
    assert await get(tables, owner, number) == note(owner, number, count=number)


@pytest.mark.parametrize("ratio", [0.0, -0.0, 1e308, -1e-308, float("inf"), float("-inf"), 3])
async def test_numbers(tables: Tables, owner: UUID, ratio: float) -> None:
    await tables.write([NOTES.put(1, owner=owner, number=1, ratio=ratio)])
    row = await get(tables, owner)
    assert row is not None
    assert repr(row["ratio"]) == repr(ratio + 0.0)  # of the two zeros there is but one


@pytest.mark.parametrize(
    "instant",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1899, 12, 31, 23, 59, 59, 1, UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
        datetime(2026, 3, 29, 2, 30, 0, 999_001, timezone(timedelta(hours=5, minutes=45))),
    ],
)
async def test_instants_keep_their_microseconds_and_come_back_in_utc(
    tables: Tables, owner: UUID, instant: datetime
) -> None:
    await tables.write([NOTES.put(1, owner=owner, number=1, time=instant)])
    row = await get(tables, owner)
    assert row is not None
    assert row["time"] == instant
    assert row["time"].utcoffset() == timedelta(0)


async def test_any_word_can_name_a_column(tables: Tables) -> None:
    words = ("to", "select", "token", "limit_to", "key", "primary", "values", "group", "ttl", "writetime", "rowid")
    table = new_table({"from": str}, {"order": int}, dict.fromkeys(words, str))
    await tables.create([table])
    row: Row = {"from": "a", "order": 1} | {word: word for word in words}
    await tables.write([table.put(1, **row)])
    partition: dict[str, Any] = {"from": "a"}
    assert await tables.scan(table, limit=5, **partition) == [row]


BAD_VALUES: list[tuple[str, dict[str, Any], type[Exception]]] = [
    ("None in a column", {"text": None}, TypeError),
    ("another type", {"text": 3}, TypeError),
    ("bytes for text", {"text": b"x"}, TypeError),
    ("text for bytes", {"body": "x"}, TypeError),
    ("a bool for a number", {"count": True}, TypeError),
    ("a number for a bool", {"seen": 1}, TypeError),
    ("a float for a whole number", {"count": 1.0}, TypeError),
    ("a whole number of 65 bits", {"count": 2**63}, ValueError),
    ("not a number", {"ratio": float("nan")}, ValueError),
    ("text for an id", {"author": str(UUID(int=1))}, TypeError),
    ("an instant of nowhere", {"time": datetime(2026, 1, 1)}, ValueError),  # noqa: DTZ001
    ("half a character", {"text": "\ud83d"}, ValueError),
    ("more than 4 MiB of text", {"text": "ä" * (2 * 1024 * 1024 + 1)}, ValueError),
    ("more than 4 MiB of bytes", {"body": bytes(4 * 1024 * 1024 + 1)}, ValueError),
    ("an unknown column", {"colour": "red"}, TypeError),
    ("None in the key", {"number": None}, TypeError),
    ("no such time", {"at": 0}, ValueError),
]


@pytest.mark.parametrize(("values", "error"), [each[1:] for each in BAD_VALUES], ids=[each[0] for each in BAD_VALUES])
async def test_a_bad_value_is_refused_and_nothing_of_its_call_is_written(
    tables: Tables, owner: UUID, values: dict[str, Any], error: type[Exception]
) -> None:
    good = NOTES.put(1, owner=owner, number=1, text="good")
    arguments: dict[str, Any] = {"at": 1, "owner": owner, "number": 2} | values
    bad = NOTES.put(**arguments)
    with pytest.raises(error):
        await tables.write([good, bad])
    assert await tables.scan(NOTES, owner=owner, limit=10) == []
    await tables.write([good])  # the store is none the worse for it
    assert await get(tables, owner) == note(owner, text="good")


@pytest.mark.parametrize("key", [{"name": ""}, {"name": "x" * 8_001}, {"name": "ä" * 4_001}, {"name": 1}, {}, {"x": 1}])
async def test_a_bad_key_is_refused(tables: Tables, key: dict[str, Any]) -> None:
    table = Table("bad_keys", {"name": str}, {}, {"text": str})
    await tables.create([table])
    with pytest.raises((ValueError, TypeError)):
        await tables.get(table, **key)
    with pytest.raises((ValueError, TypeError)):
        await tables.scan(table, limit=1, **key)
    if "name" in key:
        with pytest.raises((ValueError, TypeError)):
            await tables.write([table.put(1, **key)])
        with pytest.raises((ValueError, TypeError)):
            await tables.write([table.remove(1, **key)])


# Which write wins.


async def test_columns_are_last_write_wins_one_by_one(tables: Tables, owner: UUID) -> None:
    await tables.write([NOTES.put(20, owner=owner, number=1, text="new", count=20)])
    await tables.write([NOTES.put(10, owner=owner, number=1, text="old", seen=True)])
    assert await get(tables, owner) == note(owner, text="new", count=20, seen=True)
    await tables.write([NOTES.put(30, owner=owner, number=1, count=30)])
    assert await get(tables, owner) == note(owner, text="new", count=30, seen=True)


async def test_a_removal_hides_what_was_written_up_to_its_time(tables: Tables, owner: UUID) -> None:
    put = NOTES.put(10, owner=owner, number=1, text="x")
    for early in (put, NOTES.remove(10, owner=owner, number=1)):
        await tables.write([early])
    assert await get(tables, owner) is None
    await tables.write([put, NOTES.put(9, owner=owner, number=1, count=9)])
    assert await get(tables, owner) is None
    assert await tables.scan(NOTES, owner=owner, limit=10) == []


async def test_a_later_put_revives_only_what_it_sets(tables: Tables, owner: UUID) -> None:
    await tables.write([NOTES.put(10, owner=owner, number=1, text="x", count=1)])
    await tables.write([NOTES.remove(20, owner=owner, number=1)])
    await tables.write([NOTES.put(21, owner=owner, number=1, count=2)])
    assert await get(tables, owner) == note(owner, count=2)
    await tables.write([NOTES.put(19, owner=owner, number=1, text="late")])
    assert await get(tables, owner) == note(owner, count=2)


async def test_a_late_removal_leaves_what_is_newer(tables: Tables, owner: UUID) -> None:
    await tables.write([NOTES.put(10, owner=owner, number=1, text="x", seen=True)])
    await tables.write([NOTES.put(30, owner=owner, number=1, count=3)])
    await tables.write([NOTES.remove(20, owner=owner, number=1)])
    assert await get(tables, owner) == note(owner, count=3)


async def test_removing_what_was_never_there(tables: Tables, owner: UUID) -> None:
    await tables.write([NOTES.remove(10, owner=owner, number=1)])
    assert await get(tables, owner) is None
    await tables.write([NOTES.put(10, owner=owner, number=1, text="too early")])
    assert await get(tables, owner) is None


def cell_bytes(value: Any) -> bytes:
    """A value as its bytes on Cassandra's wire: the greater ones win between writes of the same time."""
    match value:
        case bool():
            return bytes([value])
        case int():
            return struct.pack(">q", value)
        case float():
            return struct.pack(">d", value)
        case str():
            return value.encode()
        case UUID():
            return value.bytes
        case datetime():
            return cell_bytes((value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
    assert isinstance(value, bytes)
    return value


def what_remains(owner: UUID, writes: Iterable[Write]) -> list[Row]:
    """The rows that a set of writes means, without any order of application: the whole promise in a few lines."""
    rows: list[Row] = []
    for number in sorted({write.key[1] for write in writes}):
        own = [write for write in writes if write.key[1] == number]
        gone = max((write.at for write in own if isinstance(write, Remove)), default=0)
        puts = [write for write in own if isinstance(write, Put) and write.at > gone]
        won = {
            name: max(
                (put.at, cell_bytes(value), value) for put in puts for each, value in put.values.items() if each == name
            )
            for name in NOTES.columns
            if any(name in put.values for put in puts)
        }
        if puts:
            rows.append(note(owner, number, **{name: value for name, (_, _, value) in won.items()}))
    return rows


VALUES = {
    "text": st.sampled_from(["", "a", "aa", "ä", "z", "😀"]),
    "count": st.sampled_from([-(2**63), -2, -1, 0, 1, 2, 256, 2**63 - 1]),
    "ratio": st.sampled_from([-2.0, -1.5, 0.0, 0.5, 3.0, float("inf"), float("-inf")]),
    "seen": st.booleans(),
    "body": st.sampled_from([b"", b"\0", b"\x7f", b"\x80", b"\xff"]),
    "author": st.sampled_from([UUID(int=0), UUID(int=1), UUID(int=2**127), UUID(int=2**128 - 1)]),
    "time": st.sampled_from([datetime(1969, 12, 31, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 0, 1, UTC)]),
}
AT, NUMBER = st.integers(1, 5), st.integers(1, 3)
PUT = st.tuples(st.just("put"), AT, NUMBER, st.fixed_dictionaries({}, optional=VALUES))
REMOVE: st.SearchStrategy[Any] = st.tuples(st.just("remove"), AT, NUMBER, st.just({}))
SOME_WRITES = st.lists(PUT | PUT | PUT | REMOVE, min_size=1, max_size=14)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=SOME_WRITES, order=st.randoms(use_true_random=False), size=st.integers(1, 8))
async def test_order_and_repeats_change_nothing(
    tables: Tables, drawn: Sequence[tuple[str, int, int, dict[str, Any]]], order: random.Random, size: int
) -> None:
    owner = uuid4()
    writes: list[Write] = [
        NOTES.put(at, owner=owner, number=number, **values)
        if kind == "put"
        else NOTES.remove(at, owner=owner, number=number)
        for kind, at, number, values in drawn
    ]
    applied = writes + order.choices(writes, k=len(writes) // 2)
    order.shuffle(applied)
    for start in range(0, len(applied), size):
        await tables.write(applied[start : start + size])
    assert await tables.scan(NOTES, owner=owner, limit=10) == what_remains(owner, writes)


# Many at once.


async def test_one_call_writes_to_many_tables_partitions_and_columns(tables: Tables) -> None:
    owners = [uuid4() for _ in range(300)]
    writes: list[Write] = []
    for number in range(3_000):
        owner = owners[number % 300 if number < 1_500 else 0]  # few rows in many partitions, many rows in one
        writes.append(NOTES.put(1, owner=owner, number=number, count=number))
        writes.append(NOTES.put(2, owner=owner, number=number, text=str(number)))
        if number % 3 == 0:
            writes.append(LOOSE.put(1, owner=owner, kind=str(number), text="loose"))
        if number % 5 == 0:
            writes.append(NOTES.remove(1, owner=owner, number=number))
    random.Random(7).shuffle(writes)
    await tables.write(writes)
    for place, owner in enumerate(owners):
        numbers = [n for n in range(3_000) if (n % 300 if n < 1_500 else 0) == place]
        expected = [note(owner, n, text=str(n), **({} if n % 5 == 0 else {"count": n})) for n in numbers]
        assert await tables.scan(NOTES, owner=owner, limit=5_000) == expected
    assert await tables.get(LOOSE, owner=owners[3], kind="3") == {"owner": owners[3], "kind": "3", "text": "loose"}


async def test_one_call_writes_many_large_values(tables: Tables, owner: UUID) -> None:
    body = random.Random(1).randbytes(1_000_000)
    await tables.write([NOTES.put(1, owner=owner, number=number, body=body) for number in range(20)])
    rows = await tables.scan(NOTES, owner=owner, limit=30)
    assert [(row["number"], row["body"] == body) for row in rows] == [(number, True) for number in range(20)]


async def test_a_reader_finds_no_gap_in_what_is_being_written_to_a_partition(tables: Tables, owner: UUID) -> None:
    writing = asyncio.create_task(
        tables.write([NOTES.put(1, owner=owner, number=n, text="x" * 400) for n in range(900)])
    )
    reads = list[list[int]]()
    while not writing.done() or not reads:
        reads.append([row["number"] for row in await tables.scan(NOTES, owner=owner, limit=1_000)])
        await asyncio.sleep(0.001)
    await writing
    assert [found for found in reads if found != list(range(len(found)))] == []


async def test_writing_nothing(tables: Tables) -> None:
    await tables.write([])


async def test_a_write_is_seen_by_everybody_at_once(store: "Store", tables: Tables, owner: UUID) -> None:
    other = store.open()
    for number in range(20):
        await tables.write([NOTES.put(1, owner=owner, number=number, text="here")])
        assert await get(other, owner, number) == note(owner, number, text="here")
        await other.write([NOTES.remove(2, owner=owner, number=number)])
        assert await get(tables, owner, number) is None


async def test_several_threads_write_and_read_at_once(store: "Store", tables: Tables, owner: UUID) -> None:
    other = store.open()
    failures: list[BaseException] = []

    async def work(own: Tables, first: int) -> None:
        for number in range(first, first + 20):
            await own.write([NOTES.put(at, owner=owner, number=number, count=at) for at in (2, 1)])
            row = await get(own, owner, number)
            assert row == note(owner, number, count=2)
            assert len(await own.scan(NOTES, owner=owner, limit=1_000)) >= number - first + 1

    def run(own: Tables, first: int) -> None:
        try:
            asyncio.run(work(own, first))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=((tables, other)[n % 2], n * 100)) for n in range(6)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*[asyncio.to_thread(thread.join) for thread in threads])
    assert not failures
    rows = await tables.scan(NOTES, owner=owner, limit=1_000)
    assert [row["number"] for row in rows] == [n * 100 + m for n in range(6) for m in range(20)]


async def test_an_abandoned_call_leaves_the_store_usable(tables: Tables, owner: UUID) -> None:
    writes = [NOTES.put(1, owner=owner, number=number, text="x" * 1_000) for number in range(2_000)]
    call = asyncio.create_task(tables.write(writes))
    await asyncio.sleep(0.001)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await tables.write(writes)
    assert len(await tables.scan(NOTES, owner=owner, limit=5_000)) == 2_000


# Scans.

PLACES, WORDS = [-5, -1, 0, 3, 2**40], ["", "Z", "a", "aa", "ä", "😀"]
IDS = [UUID("018f3a00-0000-7000-8000-000000000000"), UUID("f18f3a00-0000-4000-8000-000000000000"), UUID(int=5)]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("table", [ORDERED, DESCENDING], ids=["ascending", "descending"])
async def test_a_scan_is_in_clustering_order_within_exclusive_bounds(
    tables: Tables, owner: UUID, table: Table, reverse: bool
) -> None:
    keys: list[tuple[Any, ...]] = [(place, word) for place in PLACES for word in WORDS]
    if table is ORDERED:
        keys = [(*key, each) for key in keys for each in IDS]
    writes = [table.put(1, owner=owner, **dict(zip(table.clustering, key, strict=True))) for key in keys]
    random.Random(3).shuffle(writes)
    await tables.write(writes)
    await tables.write([table.put(1, owner=uuid4(), **dict(zip(table.clustering, keys[0], strict=True)))])
    in_order = sorted(keys, key=lambda key: [cell.encode() if isinstance(cell, str) else cell for cell in key])

    async def scan(**options: Any) -> list[tuple[Any, ...]]:
        rows = await tables.scan(table, owner=owner, reverse=reverse, **options)
        return [tuple(row[name] for name in table.clustering) for row in rows]

    def expected(within: Callable[[tuple[Any, ...]], bool], limit: int = 1_000) -> list[tuple[Any, ...]]:
        found = [key for key in in_order if within(key)]
        return (found[::-1] if table.descending != reverse else found)[:limit]

    assert await scan(limit=1_000) == expected(lambda key: True)
    assert await scan(limit=7) == expected(lambda key: True, 7)
    assert await scan(limit=1_000, above=(0,)) == expected(lambda key: key[0] > 0)
    assert await scan(limit=4, above=(-1,)) == expected(lambda key: key[0] > -1, 4)
    assert await scan(limit=1_000, below=(0,)) == expected(lambda key: key[0] < 0)
    assert await scan(limit=1_000, above=(-5,), below=(3,)) == expected(lambda key: -5 < key[0] < 3)
    assert await scan(limit=1_000, above=(3,), below=(-5,)) == []
    assert await scan(limit=1_000, above=(2**40,)) == []
    assert await scan(limit=1_000, above=(0, "a")) == expected(lambda key: key[:2] > (0, "a"))
    assert await scan(limit=1_000, below=(0, "a")) == expected(lambda key: key[:2] < (0, "a"))
    assert await scan(limit=1_000, above=(0,), below=(3, "a")) == expected(
        lambda key: key[0] > 0 and key[:2] < (3, "a")
    )
    whole = in_order[len(in_order) // 2]
    assert await scan(limit=1_000, above=whole) == expected(lambda key: in_order.index(key) > in_order.index(whole))
    assert await scan(limit=5, below=whole) == expected(lambda key: in_order.index(key) < in_order.index(whole), 5)
    assert await scan(limit=0) == []


@pytest.mark.parametrize("kind", [float, bool, bytes, datetime])
async def test_every_kind_has_its_order(tables: Tables, kind: type) -> None:
    values: dict[type, list[Any]] = {
        float: [float("-inf"), -2.5, -0.1, 0.0, 0.1, 10.0, float("inf")],
        bool: [False, True],
        bytes: [b"", b"\0", b"\0\0", b"\x7f", b"\x80", b"\xff"],
        datetime: [datetime(1969, 1, 1, tzinfo=UTC), *(datetime(2026, 1, 1, 0, 0, 0, n, UTC) for n in (0, 1, 999_999))],
    }
    table = new_table({"one": int}, {"each": kind}, {})
    await tables.create([table])
    await tables.write([table.put(1, one=1, each=value) for value in reversed(values[kind])])
    rows = await tables.scan(table, one=1, limit=100)
    assert [row["each"] for row in rows] == values[kind]
    rows = await tables.scan(table, one=1, limit=100, above=(values[kind][0],))
    assert [row["each"] for row in rows] == values[kind][1:]


async def test_paging_through_a_partition_meets_every_row_once(tables: Tables, owner: UUID) -> None:
    await tables.write([NOTES.put(1, owner=owner, number=number, text="x") for number in range(2_345)])
    seen: list[int] = []
    while page := await tables.scan(NOTES, owner=owner, limit=500, above=(seen[-1],) if seen else None):
        seen += [row["number"] for row in page]
    assert seen == list(range(2_345))
    assert [row["number"] for row in await tables.scan(NOTES, owner=owner, limit=10_000)] == seen


async def test_removed_rows_do_not_count_for_the_limit(tables: Tables, owner: UUID) -> None:
    await tables.write([NOTES.put(1, owner=owner, number=number) for number in range(20)])
    await tables.write([NOTES.remove(2, owner=owner, number=number) for number in range(15)])
    assert [row["number"] for row in await tables.scan(NOTES, owner=owner, limit=3)] == [15, 16, 17]


async def test_a_table_without_clustering_has_one_row_a_partition(tables: Tables, owner: UUID) -> None:
    await tables.write([LOOSE.put(1, owner=owner, kind=kind, text=kind) for kind in ("", "a", "b")])
    assert await tables.scan(LOOSE, owner=owner, kind="a", limit=10) == [{"owner": owner, "kind": "a", "text": "a"}]
    assert await tables.get(LOOSE, owner=owner, kind="") == {"owner": owner, "kind": "", "text": ""}


@pytest.mark.parametrize("bound", [(), (1, 2), ("x",), (None,)])
async def test_a_bad_bound_is_refused(tables: Tables, owner: UUID, bound: tuple[Any, ...]) -> None:
    with pytest.raises((ValueError, TypeError)):
        await tables.scan(NOTES, owner=owner, limit=1, above=bound)
    with pytest.raises((ValueError, TypeError)):
        await tables.scan(NOTES, owner=owner, limit=1, below=bound)


async def test_rows_meets_every_row_once_in_little_memory(tables: Tables) -> None:
    table = new_table({"p": int, "q": str}, {"c": int}, {"body": bytes})
    await tables.create([table])
    size, most = 10_000, 6_000
    for start in range(0, most, 500):
        await tables.write(
            [table.put(1, p=n % 7, q=str(n % 3), c=n, body=bytes(size)) for n in range(start, start + 500)]
        )
    await tables.write([table.remove(2, p=0, q="0", c=0)])
    seen: list[int] = []
    tracemalloc.start()
    async for row in tables.rows(table):
        assert len(row["body"]) == size
        seen.append(row["c"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sorted(seen) == list(range(1, most))
    assert peak < size * most / 3
    await tables.drop([table])


# Tables.


async def test_creating_again_keeps_rows_and_adds_columns(tables: Tables) -> None:
    old = new_table({"p": int}, {"c": int}, {"a": str})
    await tables.create([old, old])
    await tables.write([old.put(1, p=1, c=1, a="a")])
    await tables.create([old])
    new = Table(old.name, old.partition, old.clustering, {"b": datetime, "a": str, "d": bool})
    await tables.create([new])
    await tables.create([new])
    assert await tables.get(new, p=1, c=1) == {"p": 1, "c": 1, "a": "a", "b": None, "d": None}
    await tables.write([new.put(2, p=1, c=1, d=True)])
    assert await tables.get(new, p=1, c=1) == {"p": 1, "c": 1, "a": "a", "b": None, "d": True}
    await tables.create([old])  # an older process: nothing is dropped
    assert await tables.get(old, p=1, c=1) == {"p": 1, "c": 1, "a": "a"}
    await tables.write([old.remove(3, p=1, c=1)])
    assert await tables.get(new, p=1, c=1) is None


async def test_several_processes_create_at_once(store: "Store") -> None:
    table = new_table({"p": int}, {}, {"a": str})
    wider = Table(table.name, table.partition, table.clustering, {"a": str, "b": str})
    several = [store.open() for _ in range(3)]
    await asyncio.gather(*[each.create([table]) for each in several])
    await asyncio.gather(*[each.create([wider]) for each in several])
    await several[0].write([wider.put(1, p=1, b="b")])
    assert await several[2].get(wider, p=1) == {"p": 1, "a": None, "b": "b"}


@pytest.mark.parametrize(
    "other",
    [
        Table("changing", {"p": int}, {"d": int}, {"a": str}),
        Table("changing", {"c": int}, {"p": int}, {"a": str}),
        Table("changing", {"p": int, "c": int}, {}, {"a": str}),
        Table("changing", {"p": int}, {"c": int}, {"a": int}),
        Table("changing", {"p": str}, {"c": int}, {"a": str}),
    ],
    ids=["another name in the key", "another order", "no clustering", "another type", "another type in the key"],
)
async def test_a_changed_key_or_type_is_refused(tables: Tables, other: Table) -> None:
    table = Table("changing", {"p": int}, {"c": int}, {"a": str})
    await tables.create([table])
    with pytest.raises(ValueError, match="changing"):
        await tables.create([other])


@pytest.mark.parametrize(
    "table",
    [
        Table("Capital", {"p": int}),
        Table("x; DROP TABLE notes", {"p": int}),
        Table("", {"p": int}),
        Table("x" * 49, {"p": int}),
        Table("x", {}),
        Table("x", {"p": int}, {"p": int}),
        Table("x", {"p": int}, {}, {"p": int}),
        Table("x", {"p": int}, {}, {"a__at": int}),
        Table("x", {"p": int}, {}, {'a"b': int}),
        Table("x", {"p": int}, {}, {"a": list}),
    ],
    ids=lambda table: repr(table.name[:8]),
)
async def test_a_bad_declaration_is_refused(tables: Tables, table: Table) -> None:
    with pytest.raises(ValueError):
        await tables.create([table])


async def test_a_dropped_table_is_gone_and_can_be_made_anew(tables: Tables) -> None:
    table = new_table({"p": int}, {"c": int}, {"a": str})
    await tables.create([table])
    await tables.write([table.put(1, p=1, c=1, a="a"), table.remove(9, p=1, c=2)])
    await tables.drop([table])
    await tables.drop([table])
    other = Table(table.name, {"p": str}, {}, {"b": int})
    await tables.create([other])
    assert await everything(tables, other) == []
    await tables.write([other.put(1, p="1", b=1)])
    assert await everything(tables, other) == [{"p": "1", "b": 1}]
    await tables.drop([other])
    await tables.create([table])
    await tables.write([table.put(5, p=1, c=2, a="not hidden by the old table's removal")])
    assert len(await everything(tables, table)) == 1


async def test_a_generation_is_a_table_of_its_own(tables: Tables, owner: UUID) -> None:
    second = LOOSE.generation(2)
    await tables.create([second])
    await tables.write(
        [LOOSE.put(1, owner=owner, kind="k", text="live"), second.put(1, owner=owner, kind="k", text="new")]
    )
    live, new = [await tables.get(each, owner=owner, kind="k") for each in (LOOSE, second)]
    assert (live, new) == (
        {"owner": owner, "kind": "k", "text": "live"},
        {"owner": owner, "kind": "k", "text": "new"},
    )
    await tables.drop([second])
    assert await tables.get(LOOSE, owner=owner, kind="k") == live


# Time to live: counted from the write's `at`, so that a replay brings nothing back.


async def test_what_outlived_its_time_is_not_there(tables: Tables, owner: UUID) -> None:
    hour, now = 3_600_000_000, micros_now()
    await tables.write(
        [
            PASSING.put(now - hour - 1_000_000, owner=owner, number=1, text="too old"),
            PASSING.put(now - hour // 2, owner=owner, number=2, text="young"),
            PASSING.put(now - 2 * hour, owner=owner, number=3, text="old"),
            PASSING.put(now, owner=owner, number=3, seen=True),
        ]
    )
    expected = [
        {"owner": owner, "number": 2, "text": "young", "seen": None},
        {"owner": owner, "number": 3, "text": None, "seen": True},
    ]
    assert await tables.get(PASSING, owner=owner, number=1) is None
    assert await tables.scan(PASSING, owner=owner, limit=10) == expected
    assert [row for row in await everything(tables, PASSING) if row["owner"] == owner] == expected


async def test_values_and_rows_leave_when_their_time_comes(tables: Tables, owner: UUID) -> None:
    almost = micros_now() - 3_600_000_000 + 2_500_000
    await tables.write([PASSING.put(almost, owner=owner, number=1, text="soon gone", seen=True)])
    await tables.write([PASSING.put(micros_now(), owner=owner, number=1, seen=False)])
    await tables.write([PASSING.put(almost, owner=owner, number=2, text="soon gone")])
    deadline = time.monotonic() + PATIENCE
    while await tables.scan(PASSING, owner=owner, limit=10) != [
        {"owner": owner, "number": 1, "text": None, "seen": False}
    ]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert await tables.get(PASSING, owner=owner, number=2) is None


async def test_the_other_rules_hold_with_a_time_to_live(tables: Tables, owner: UUID) -> None:
    now = micros_now()
    await tables.write([PASSING.put(now, owner=owner, number=1, text="new", seen=True)])
    await tables.write([PASSING.put(now - 5, owner=owner, number=1, text="old")])
    await tables.write([PASSING.remove(now - 1, owner=owner, number=1)])
    assert await tables.scan(PASSING, owner=owner, limit=10) == [
        {"owner": owner, "number": 1, "text": "new", "seen": True}
    ]
    await tables.write([PASSING.remove(now, owner=owner, number=1)])
    assert await tables.scan(PASSING, owner=owner, limit=10) == []
    await tables.write([PASSING.put(now + 1, owner=owner, number=1, text="again")])
    assert await tables.get(PASSING, owner=owner, number=1) == {
        "owner": owner,
        "number": 1,
        "text": "again",
        "seen": None,
    }


# Away.


async def test_a_store_that_is_away_says_so_and_comes_back_by_itself(store: "Store", owner: UUID) -> None:
    tables = store.open()
    await tables.write([NOTES.put(1, owner=owner, number=0)])
    writes = [NOTES.put(1, owner=owner, number=number) for number in range(300)]
    with store.away():
        for _ in range(3):
            with pytest.raises(TablesUnavailable):
                await tables.write(writes)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            await tables.write(writes)
            break
        except TablesUnavailable:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
    assert len(await tables.scan(NOTES, owner=owner, limit=1_000)) == 300
