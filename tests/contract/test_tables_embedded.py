"""What is promised of tables in a SQLite file beside the contract: its mode, other processes, what is really gone."""

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.embedded.tables import EmbeddedTables
from infra.tables import Table, TablesUnavailable

NOTES = Table("notes", {"owner": str}, {"number": int}, {"text": str})
PASSING = Table("passing", {"owner": str}, {"number": int}, {"text": str}, ttl=timedelta(hours=1))

ROOT = Path(__file__).resolve().parents[2]
OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from infra.embedded.tables import EmbeddedTables
from tests.contract.test_tables_embedded import NOTES

async def write():
    tables = EmbeddedTables(Path(sys.argv[1]), patience=60.0)
    await tables.create([NOTES])
    for number in range(200):
        await tables.write([NOTES.put(1, owner=sys.argv[2], number=number, text="x")])
        assert await tables.get(NOTES, owner=sys.argv[2], number=number)
    await tables.close()

asyncio.run(write())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "tables.db"


@pytest.fixture
async def tables(path: Path) -> AsyncIterator[EmbeddedTables]:
    tables = EmbeddedTables(path, patience=60.0)
    await tables.create([NOTES, PASSING])
    yield tables
    await tables.close()


async def other_process(program: str, path: Path, name: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", program, path, name, cwd=ROOT)


def stored(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def test_only_the_owner_may_read_the_files(tables: EmbeddedTables, path: Path) -> None:
    await tables.write([NOTES.put(1, owner="a", number=1, text="secret")])
    files = list(path.parent.iterdir())
    assert {file.name for file in files} >= {"tables.db", "tables.db-wal"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_other_processes_write_at_the_same_time(tables: EmbeddedTables, path: Path) -> None:
    names = [uuid4().hex for _ in range(2)]
    others = [await other_process(OTHER_PROCESS, path, name) for name in names]
    for number in range(200):
        await tables.write([NOTES.put(1, owner="own", number=number, text="x")])
    assert [await other.wait() for other in others] == [0, 0]
    for owner in (*names, "own"):
        assert len(await tables.scan(NOTES, owner=owner, limit=1_000)) == 200


async def test_what_was_written_survives_the_death_of_the_process(path: Path) -> None:
    dies = OTHER_PROCESS.replace("await tables.close()", "import os; os.kill(os.getpid(), 9)")
    assert await (await other_process(dies, path, "name")).wait() == -9
    tables = EmbeddedTables(path)
    assert len(await tables.scan(NOTES, owner="name", limit=1_000)) == 200
    await tables.close()


async def test_commits_are_written_in_order_and_wait_for_no_disk(tables: EmbeddedTables, path: Path) -> None:
    assert stored(path, "PRAGMA journal_mode") == [("wal",)]
    # 1: NORMAL. A power cut may take the last commits, never one of them and not the next: the log brings them back.
    # Asked of the connection that writes, where the setting lives.
    assert tables._writing.execute("PRAGMA synchronous").fetchone() == (1,)


async def test_readers_do_not_wait_for_a_writer(tables: EmbeddedTables, path: Path) -> None:
    await tables.write([NOTES.put(1, owner="a", number=1, text="x")])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM notes")
        assert await tables.get(NOTES, owner="a", number=1) is not None
        other.execute("ROLLBACK")


async def test_removed_and_replaced_values_are_not_kept(tables: EmbeddedTables, path: Path) -> None:
    await tables.write(
        [NOTES.put(1, owner="a", number=1, text="secret"), NOTES.put(1, owner="a", number=2, text="old")]
    )
    await tables.write([NOTES.remove(2, owner="a", number=1), NOTES.put(2, owner="a", number=2, text="new")])
    assert stored(path, "SELECT number, text FROM notes ORDER BY number") == [(1, None), (2, "new")]


async def test_rows_past_their_time_are_swept_in_steps_as_others_come(tables: EmbeddedTables, path: Path) -> None:
    now = time.time_ns() // 1000
    await tables.write([PASSING.put(now, owner="old", number=number, text="x") for number in range(1_000)])
    with closing(sqlite3.connect(path)) as connection:  # an hour later
        connection.execute("UPDATE passing SET put__at = 1, text__at = 1")
        connection.execute("UPDATE passing SET gone__at = 5 WHERE number < 10")
        connection.commit()
    left = []
    for number in range(12):
        await tables.write([PASSING.put(now, owner="new", number=number, text="x")])
        left.append(stored(path, "SELECT count(*) FROM passing WHERE owner = 'old'")[0][0])
    assert left == [*range(900, -1, -100), 0, 0]
    assert len(await tables.scan(PASSING, owner="new", limit=100)) == 12


async def test_a_replay_of_what_is_long_past_writes_nothing(tables: EmbeddedTables, path: Path) -> None:
    await tables.write([PASSING.put(1, owner="a", number=1, text="x"), PASSING.remove(2, owner="a", number=2)])
    assert stored(path, "SELECT count(*) FROM passing") == [(0,)]


async def test_the_ends_of_scans_are_found_by_the_key(tables: EmbeddedTables, path: Path) -> None:
    """A scan reads its part of a partition only, and in order, without sorting."""
    wide = Table("wide", {"a": str, "b": int}, {"c": int, "d": str}, {"text": str})
    await tables.create([wide])
    statements = tables._statements(wide)
    for above, below in ((0, 0), (1, 0), (2, 0), (0, 2), (2, 1)):
        for reverse in (False, True):
            sql = statements.scan(above, below, reverse).replace("?1", "0").replace("?", "1")
            plan = " / ".join(row[3] for row in stored(path, f"EXPLAIN QUERY PLAN {sql}"))
            assert "USING INDEX" in plan
            assert "TEMP B-TREE" not in plan
            assert plan.count("(a=? AND b=?") == 1


async def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TablesUnavailable):
        EmbeddedTables(tmp_path / "file" / "tables.db")
    with pytest.raises(TablesUnavailable):
        EmbeddedTables(tmp_path)


async def test_many_processes_make_the_file_at_once(path: Path) -> None:
    made = await asyncio.gather(*[asyncio.to_thread(EmbeddedTables, path, patience=60.0) for _ in range(8)])
    await asyncio.gather(*[each.create([NOTES]) for each in made])
    await asyncio.gather(*[each.write([NOTES.put(1, owner="a", number=n)]) for n, each in enumerate(made)])
    assert len(await made[0].scan(NOTES, owner="a", limit=100)) == 8
    for each in made:
        await each.close()


async def test_the_disk_is_full(path: Path) -> None:
    tables = EmbeddedTables(path)
    await tables.create([NOTES])
    tables._writing.execute("PRAGMA max_page_count = 20")
    with pytest.raises(TablesUnavailable):
        await tables.write([NOTES.put(1, owner="a", number=n, text="x" * 10_000) for n in range(100)])
    assert await tables.scan(NOTES, owner="a", limit=1_000) == []
    tables._writing.execute("PRAGMA max_page_count = 4294967294")
    await tables.write([NOTES.put(1, owner="a", number=n, text="x" * 10_000) for n in range(100)])
    assert len(await tables.scan(NOTES, owner="a", limit=1_000)) == 100
    await tables.close()
