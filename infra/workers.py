"""Which worker processes there are, as each of them last said: what an operator looks at, and a rebuild counts on."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from infra.clock import micros_now
from infra.tables import Table, Tables

WORKERS = Table(
    "workers",
    partition={"scope": str},
    clustering={"role": str, "slot": int},
    columns={"said": str},
    ttl=timedelta(days=1),
)
SCOPE, MOST = "all", 10_000
TABLES = (WORKERS,)
LEASE = 15.0  # seconds without a word, after which a worker counts as gone


class Worker(msgspec.Struct, frozen=True):
    """What a worker says of itself; times in microseconds since 1970."""

    role: str  # "commands", or the name of a consumer
    slot: int
    host: str
    pid: int
    started_at: int
    seen_at: int
    handled: int = 0  # commands or events since its start
    rate: float = 0.0  # a second, lately
    silent: float = 0.0  # seconds since anything went on in it
    stalled: bool = False
    partitions: int = 0  # that it owns
    error: str = ""  # the last one
    error_at: int = 0
    metrics_port: int = 0

    @property
    def gone(self) -> bool:
        """Whether it has not been heard of for longer than its lease."""
        return micros_now() - self.seen_at > LEASE * 1_000_000


async def workers_of(tables: Tables) -> Sequence[Worker]:
    """All workers that were heard of within a day, by role and slot."""
    rows = await tables.scan(WORKERS, scope=SCOPE, limit=MOST)
    return [msgspec.json.decode(row["said"], type=Worker) for row in rows if row["said"] is not None]


async def say(tables: Tables, worker: Worker) -> None:
    """Makes known what a worker says of itself."""
    text = msgspec.json.encode(worker).decode()
    await tables.write([WORKERS.put(worker.seen_at, scope=SCOPE, role=worker.role, slot=worker.slot, said=text)])


async def leave(tables: Tables, role: str, slot: int) -> None:
    """Says that a worker has ended in good order."""
    await tables.write([WORKERS.remove(micros_now(), scope=SCOPE, role=role, slot=slot)])
