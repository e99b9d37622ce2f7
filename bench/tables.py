"""How fast tables are written and read, in SQLite and in Cassandra: `python -m bench.tables --help`."""

import argparse
import asyncio
import json
import os
import platform
import random
import sqlite3
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from rich.console import Console
from rich.table import Table as Grid

from infra.cassandra.tables import CassandraTables
from infra.embedded.tables import EmbeddedTables
from infra.local import local_cassandra
from infra.tables import Put, Table, Tables

RESULT = Path("artifacts/bench/tables.json")
MESSAGES = Table(
    "bench_messages",
    partition={"conversation": UUID, "bucket": int},
    clustering={"seq": int},
    columns={"body": str, "sender": UUID, "edited": bool},
    descending=True,
)
BODY = "x" * 80  # a short message
CALLS = 500  # of what is timed one by one


@dataclass
class Figure:
    store: str
    what: str
    rate: float  # per second
    per_core: float = 0.0  # per second of processor time of this process: what it would be on a core of its own
    p50: float = 0.0  # milliseconds
    p99: float = 0.0


def puts(count: int, partitions: int) -> list[Put]:
    """So many messages, spread at random over conversations."""
    chance = random.Random(1)
    conversations = [uuid4() for _ in range(partitions)]
    start = time.time_ns() // 1000
    return [
        MESSAGES.put(
            start + number,
            conversation=(conversation := chance.choice(conversations)),
            bucket=0,
            seq=number,
            body=BODY,
            sender=conversation,
            edited=False,
        )
        for number in range(count)
    ]


async def in_batches(store: str, what: str, tables: Tables, writes: Sequence[Put], size: int) -> Figure:
    start, cpu = time.perf_counter(), time.process_time()
    for first in range(0, len(writes), size):
        await tables.write(writes[first : first + size])
    took, busy = time.perf_counter() - start, time.process_time() - cpu
    return Figure(store, what, len(writes) / took, len(writes) / busy)


async def one_by_one(store: str, what: str, call: Callable[[Put], Awaitable[object]], each: Sequence[Put]) -> Figure:
    times: list[float] = []
    for put in each:
        start = time.perf_counter()
        await call(put)
        times.append((time.perf_counter() - start) * 1000)
    percentiles = quantiles(times, n=100)
    return Figure(store, what, len(times) / sum(times) * 1000, p50=percentiles[49], p99=percentiles[98])


async def measure(store: str, tables: Tables, count: int) -> list[Figure]:
    """All figures of one store."""
    await tables.drop([MESSAGES])
    await tables.create([MESSAGES])
    few, many, others = puts(count, 50), puts(count, count), puts(count, 50)
    await tables.write(others[:5_000])

    def put(one: Put) -> Awaitable[object]:
        return tables.write([one])

    def get(one: Put) -> Awaitable[object]:
        return tables.get(MESSAGES, **dict(zip(MESSAGES.keys, one.key, strict=True)))

    def scan(one: Put) -> Awaitable[object]:
        return tables.scan(MESSAGES, conversation=one.key[0], bucket=0, limit=50)

    figures = [
        await in_batches(store, "put, 1,000 a call, 50 partitions", tables, few, 1_000),
        await in_batches(store, "put, 4,000 a call, 50 partitions", tables, others, 4_000),
        await in_batches(store, "put again (repeats), 1,000 a call", tables, few, 1_000),
        await in_batches(store, "put, 1,000 a call, each a partition", tables, many, 1_000),
        await one_by_one(store, "put, 1 a call", put, puts(CALLS, 50)),
        await one_by_one(store, "get", get, few[:CALLS]),
        await one_by_one(store, "scan of the last 50", scan, few[:CALLS]),
    ]
    start, rows = time.perf_counter(), 0
    async for _ in tables.rows(MESSAGES):
        rows += 1
    figures.append(Figure(store, "rows, all of the table", rows / (time.perf_counter() - start)))
    await tables.drop([MESSAGES])
    await tables.close()
    return figures


@contextmanager
def cassandra(address: str | None) -> Iterator[tuple[str, int]]:
    """The node at the address, or one of our own while the block lasts."""
    with TemporaryDirectory(prefix="septet-bench-", ignore_cleanup_errors=True) as directory:
        if address is None:
            with local_cassandra(Path(directory)) as node:
                host, _, port = node.address.partition(":")
                yield host, int(port)
        else:
            host, _, port = address.partition(":")
            yield host, int(port)


def machine() -> dict[str, object]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": model[0].partition(": ")[2] if model else platform.processor(),
        "load": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "cassandra-driver": version("cassandra-driver"),
        "commit": commit.stdout.strip(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="of each measurement in batches")
    parser.add_argument("--cassandra", metavar="HOST:PORT", help="a node; without it one is started")
    parser.add_argument("--embedded-only", action="store_true")
    parser.add_argument("--directory", type=Path, help="where the embedded store lies: on the disk to be measured")
    options = parser.parse_args()
    console, around = Console(), machine()
    console.print(", ".join(f"{name} {value}" for name, value in around.items()))
    with TemporaryDirectory(prefix="septet-bench-", dir=options.directory) as directory:
        figures = asyncio.run(measure("SQLite", EmbeddedTables(Path(directory, "tables.db")), options.rows))
    if not options.embedded_only:
        with cassandra(options.cassandra) as (host, port):
            figures += asyncio.run(measure("Cassandra", CassandraTables([host], port, "bench"), options.rows))
    grid = Grid("store", "what", "per second", "per second of one core", "p50 ms", "p99 ms")
    for each in figures:
        cells = f"{each.rate:,.0f}", f"{each.per_core:,.0f}", f"{each.p50:.2f}", f"{each.p99:.2f}"
        grid.add_row(each.store, each.what, *("" if cell in ("0", "0.00") else cell for cell in cells))
    console.print(grid)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({"machine": around, "figures": [asdict(each) for each in figures]}, indent=2))
    console.print(f"written to {RESULT}")


if __name__ == "__main__":
    main()
