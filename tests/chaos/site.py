"""A cluster with all its servers, that a storm can break in every way, and people who go on writing in it."""

import asyncio
import itertools
import os
import random
import re
import signal
import time
from bisect import bisect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx
from confluent_kafka.admin import AdminClient

from infra.local import KafkaBroker, local_brokers, local_kafka
from septet.cluster import ROLES
from tests.chaos.checker import Said
from tests.e2e.installation import Installation, free_port
from tests.e2e.people import Person
from tests.services import Service

PATIENCE = 240.0  # seconds; a busy machine is slow, not wrong
CLOCKS = Path(__file__).parent / "clocks"
ASTRAY = 50 * 60  # seconds by which a clock is wrong at most
PAIRED = ("commands", "fanout")  # of these there are two: what one loses, the other takes over


class Cluster(Installation):
    """Everything under one `septet cluster`; its output says which process is what."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._clocks = folder / "clocks"
        self._clocks.mkdir()
        for slot in range(2):
            self.set_clock(slot, 0)
        super().__init__(folder, {**settings, "SEPTET_CHAOS_CLOCKS": str(self._clocks)})
        self._environment["PYTHONPATH"] += f":{CLOCKS}"

    def set_clock(self, slot: int, seconds: float) -> None:
        """Puts the clock of a command processor forward, or back."""
        file = os.open(self._clocks / f"{slot}", os.O_WRONLY | os.O_CREAT)  # in place: the processor has it open
        os.pwrite(file, f"{seconds * 1e9:.0f}".rjust(32).encode(), 0)
        os.close(file)

    def names(self, role: str) -> list[str]:
        return [f"{role}.{slot}" for slot in range(2 if role in PAIRED else 1)]

    def lives(self, name: str) -> list[int]:
        """The processes that have been this slot of a role, the present one last."""
        said = (self.folder / "cluster.log").read_text(errors="replace")
        return [int(each) for each in re.findall(rf"^{re.escape(name)} +\| started as process (\d+)$", said, re.M)]


@dataclass(frozen=True)
class Site:
    cluster: Cluster
    kafka: Sequence[KafkaBroker]
    cassandra: Service
    settings: dict[str, str]
    writers: list["Writer"] = field(default_factory=list)

    async def next(self) -> None:
        """Until a message of everybody that is sent from now on is acknowledged."""
        await asyncio.gather(*(each.next() for each in self.writers))


@contextmanager
def site(folder: Path, cassandra: Service, brokers: int) -> Iterator[Site]:
    """On brokers of its own: other tests' topics have the same names."""
    host, _, port = cassandra.address.partition(":")
    with ExitStack() as running:
        if brokers == 1:
            kafka = [running.enter_context(local_kafka(folder / "kafka"))]
        else:
            kafka = running.enter_context(local_brokers(folder / "kafka", brokers))
        settings = {
            "SEPTET_KAFKA": ",".join(each.address for each in kafka),
            "SEPTET_KAFKA_REPLICATION": str(brokers),
            "SEPTET_CASSANDRA": f'["{host}"]',
            "SEPTET_CASSANDRA_PORT": port,
            "SEPTET_CASSANDRA_KEYSPACE": f"septet_{free_port()}",
            "SEPTET_ACCESS_TOKEN_LIFE": "24h",  # longer than any storm
        }
        one = Cluster(folder, settings)
        one.start("cluster", ["cluster", *(f"{role}=2" if role in PAIRED else role for role in ROLES)])
        try:
            one.wait_until_ready()
            one.wait_until_working()
            yield Site(one, kafka, cassandra, settings)
        finally:
            one.stop()


@dataclass
class Writer:
    """Somebody who writes one message after the other and asks again until each is acknowledged."""

    person: Person
    chat: str
    acknowledged: list[Said] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)  # of the acknowledgements, on the monotonic clock
    position: str = ""  # of the last
    over: bool = False

    async def write(self) -> None:
        for number in itertools.count(1):
            if self.over:
                return
            await self._insist(f"{self.person.name} says {number}")
            await asyncio.sleep(0.05)

    async def _insist(self, text: str) -> None:
        path, key = f"/chat/chats/{self.chat}/messages", {"Idempotency-Key": f"{self.chat}/{text}"}
        while True:
            try:
                answer = await self.person.http.post(path, json={"content": text}, headers=key)
                if answer.status_code == 201:
                    body = answer.json()
                    self.acknowledged.append(Said(self.chat, body["seq"], body["message_id"], text))
                    self.moments.append(time.monotonic())
                    self.position = answer.headers["Septet-Position"]
                    return
                assert answer.status_code in (202, 503), answer.text
            except httpx.TransportError:
                pass  # the API is just being started again
            await asyncio.sleep(0.1)

    async def next(self) -> None:
        """Until a message that is sent from now on is acknowledged."""
        goal = len(self.acknowledged) + 2  # the one under way may have been decided already
        await until(lambda: len(self.acknowledged) >= goal)

    def longest_pause(self, since: float) -> float:
        """Seconds between two acknowledgements, at most, from the last one before `since` on."""
        first = max(0, bisect(self.moments, since) - 1)
        return max((after - before for before, after in pairwise(self.moments[first:])), default=0.0)


async def until(true: Callable[[], bool | Awaitable[bool]], lacking: Callable[[], str] = lambda: "") -> None:
    """Until it is so; if that takes too long, the failure says what is `lacking`."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = true()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline, lacking()
        await asyncio.sleep(0.05)


# What can happen. Each returns when the fault is over, not when the system has recovered.


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong; `seconds` is how long what can be away or frozen is, at least and at most."""

    name: str
    happen: Callable[[Site, random.Random, tuple[float, float]], Awaitable[None]]


async def _kill(site: Site, chance: random.Random, role: str) -> None:
    name = chance.choice(site.cluster.names(role))
    lives = site.cluster.lives(name)
    os.kill(lives[-1], signal.SIGKILL)
    await until(lambda: len(site.cluster.lives(name)) > len(lives))


async def _freeze(site: Site, chance: random.Random, role: str, seconds: tuple[float, float]) -> None:
    """A zombie: it believes that it still owns what its session has lost meanwhile."""
    pid = site.cluster.lives(chance.choice(site.cluster.names(role)))[-1]
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(chance.uniform(*seconds))
    finally:
        os.kill(pid, signal.SIGCONT)


async def _jump(site: Site, chance: random.Random, _: tuple[float, float]) -> None:
    site.cluster.set_clock(chance.randrange(2), chance.uniform(-ASTRAY, ASTRAY))


async def _kill_kafka(site: Site, chance: random.Random, seconds: tuple[float, float]) -> None:
    [kafka] = site.kafka
    await asyncio.to_thread(kafka.kill)
    await asyncio.sleep(chance.uniform(0, seconds[0]))
    await asyncio.to_thread(kafka.start)


async def _kill_cassandra(site: Site, chance: random.Random, seconds: tuple[float, float]) -> None:
    await asyncio.to_thread(site.cassandra.kill)
    await asyncio.sleep(chance.uniform(*seconds))
    await asyncio.to_thread(site.cassandra.start)


async def _without_a_broker(
    site: Site, chance: random.Random, away: Callable[[KafkaBroker], None], back: Callable[[KafkaBroker], None]
) -> None:
    """One of several brokers is away until everybody has written without it, and then until it has what it missed."""
    broker = chance.choice(site.kafka)
    await asyncio.to_thread(away, broker)
    try:
        await site.next()
    finally:
        await asyncio.to_thread(back, broker)
    asked = AdminClient({"bootstrap.servers": site.settings["SEPTET_KAFKA"], "log_level": 0})
    await until(lambda: asyncio.to_thread(_in_sync, asked))


def _in_sync(asked: AdminClient) -> bool:
    found = asked.list_topics(timeout=30).topics.values()
    return all(len(each.isrs) == len(each.replicas) for topic in found for each in topic.partitions.values())


FAULTS: Sequence[Fault] = [
    *(Fault(f"kill -9 {role}", lambda site, chance, _, role=role: _kill(site, chance, role)) for role in ROLES),  # type: ignore[misc]
    *(
        Fault(f"freeze {role}", lambda site, chance, seconds, role=role: _freeze(site, chance, role, seconds))  # type: ignore[misc]
        for role in PAIRED
    ),
    Fault("a clock jumps", _jump),
    Fault("a clock jumps again", _jump),
    Fault("kill -9 kafka", _kill_kafka),
    Fault("kill -9 cassandra", _kill_cassandra),
]

# With three brokers, each of which can be missed.
BROKER_FAULTS: Sequence[Fault] = [
    Fault(
        "kill -9 a broker",
        lambda site, chance, _: _without_a_broker(site, chance, KafkaBroker.kill, KafkaBroker.start),
    ),
    Fault(
        "freeze a broker",
        lambda site, chance, _: _without_a_broker(site, chance, KafkaBroker.pause, KafkaBroker.resume),
    ),
    Fault(
        "stop a broker",
        lambda site, chance, _: _without_a_broker(site, chance, KafkaBroker.stop, KafkaBroker.start),
    ),
    *(each for each in FAULTS if each.name in [f"kill -9 {role}" for role in PAIRED]),
]
