"""`septet cluster` on real Kafka and Cassandra: all is killed while people write; nothing is lost or doubled."""

import asyncio
import itertools
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest

from infra.cassandra.tables import CassandraTables
from infra.local import local_kafka
from infra.progress import progress_of
from infra.tables import TablesUnavailable
from septet.cluster import ROLES
from tests.e2e.installation import Installation, free_port
from tests.e2e.people import Person, Town
from tests.services import Service

pytestmark = [pytest.mark.cluster, pytest.mark.chaos, pytest.mark.timeout(900)]

KEYSPACE = f"septet_{free_port()}"
PATIENCE = 180.0  # seconds; a busy machine is slow, not wrong
AWAY = 5.0  # seconds without a server
READERS = ("fanout", "policies", "projection.chat")  # of the chat's events, each with a progress of its own


class Cluster(Installation):
    """Everything under one `septet cluster`; its output says which process is what."""

    def pids(self, role: str) -> list[int]:
        return [int(pid) for pid in self._said(role, r"started as process (\d+)$")]

    def took_over(self, role: str) -> int:
        """How often a consumer has said that its partitions are its own."""
        return len(self._said(role, ".*(partitions taken over)"))

    def _said(self, role: str, words: str) -> list[str]:
        said = (self.folder / "cluster.log").read_text(errors="replace")
        return re.findall(rf"^{re.escape(role)}\.0 +\| {words}", said, re.MULTILINE)


@pytest.fixture(scope="module")
def septet_cluster(tmp_path_factory: pytest.TempPathFactory, cassandra: Service) -> Iterator[Cluster]:
    """On a broker of its own: other tests' topics have the same names."""
    folder = tmp_path_factory.mktemp("cluster")
    host, _, port = cassandra.address.partition(":")
    with local_kafka(folder / "kafka") as kafka:
        settings = {
            "SEPTET_KAFKA": kafka.address,
            "SEPTET_CASSANDRA": f'["{host}"]',
            "SEPTET_CASSANDRA_PORT": port,
            "SEPTET_CASSANDRA_KEYSPACE": KEYSPACE,
        }
        one = Cluster(folder, settings)
        one.start("cluster", ["cluster"])
        try:
            one.wait_until_ready()
            one.wait_until_working()
            yield one
        finally:
            one.stop()


@pytest.fixture
async def tables(septet_cluster: Cluster, cassandra: Service) -> AsyncIterator[CassandraTables]:
    host, _, port = cassandra.address.partition(":")
    tables = CassandraTables([host], int(port), KEYSPACE)
    yield tables
    await tables.close()


class Chatter:
    """Somebody who writes one message after the other and asks again until each is acknowledged."""

    def __init__(self, person: Person, chat: str) -> None:
        self._person, self._path = person, f"/chat/chats/{chat}/messages"
        self.acknowledged: list[dict[str, Any]] = []
        self.positions: list[str] = []
        self.times: list[float] = []

    async def write(self) -> None:
        for number in itertools.count(1):
            answer = await self._insist(f"message {number}")
            self.acknowledged.append(answer.json() | {"content": f"message {number}"})
            self.positions.append(answer.headers["Septet-Position"])
            self.times.append(time.monotonic())
            await asyncio.sleep(0.02)

    async def _insist(self, content: str) -> httpx.Response:
        key = {"Idempotency-Key": f"{self._path}/{content}"}
        while True:
            try:
                answer = await self._person.http.post(self._path, json={"content": content}, headers=key)
                if answer.status_code == 201:
                    return answer
                assert answer.status_code in (202, 503), answer.text
            except httpx.TransportError:
                pass  # the API is just being started again
            await asyncio.sleep(0.05)

    async def next(self) -> tuple[str, float]:
        """The position of a message that is sent from now on, and when it was acknowledged."""
        count = len(self.acknowledged) + 1  # the one under way may have been decided already
        await until(lambda: len(self.acknowledged) > count)
        return self.positions[count], self.times[count]


async def until(true: Callable[[], bool | Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = true()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@asynccontextmanager
async def writing(person: Person, chat: str) -> AsyncIterator[Chatter]:
    chatter = Chatter(person, chat)
    task = asyncio.create_task(chatter.write())
    try:
        yield chatter
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def inbox_of(person: Person) -> list[int]:
    """The sequence numbers of the messages in somebody's inbox, as their device gets them."""
    found, cursor = list[int](), 0
    while True:
        answer = await person.http.get("/chat/sync", params={"since": cursor, "wait": 0})
        answer.raise_for_status()
        body = answer.json()
        if not body["entries"]:
            return found
        found += [each["seq"] for each in body["entries"] if each["type"] == "message"]
        cursor = body["cursor"]


async def test_all_is_killed_once_and_nothing_is_lost_or_doubled(
    septet_cluster: Cluster, tables: CassandraTables, breakable_cassandra: Service
) -> None:
    """Each role by kill -9, then the node of the tables, while somebody writes."""
    async with Town(septet_cluster.url) as town:
        ann, bob = await town.person("ann"), await town.person("bob")
        chat = await ann.chat_with(bob)
        figures: dict[str, float] = {}
        async with writing(ann, chat) as chatter:
            await until(lambda: len(chatter.acknowledged) > 20)
            for role in ROLES:
                lives, owned = septet_cluster.pids(role), septet_cluster.took_over(role)
                os.kill(lives[-1], signal.SIGKILL)
                killed = time.monotonic()
                await until(lambda: len(septet_cluster.pids(role)) > len(lives))  # noqa: B023
                position, acknowledged = await chatter.next()
                if role == "projection.identity":
                    await until(lambda: registered(ann.http))
                elif role == "delivery":
                    await until(lambda: reached_inbox(bob, len(chatter.acknowledged)))
                elif role in READERS:
                    await until(lambda: passed(tables, role, position))  # noqa: B023
                elif role not in ("api", "commands"):
                    await until(lambda: septet_cluster.took_over(role) > owned)  # noqa: B023
                done = acknowledged if role in ("api", "commands") else time.monotonic()
                figures[role] = done - killed
            await asyncio.to_thread(breakable_cassandra.kill)
            await asyncio.sleep(AWAY)
            await asyncio.to_thread(breakable_cassandra.start)
            back = time.monotonic()
            position, _ = await chatter.next()
            await until(lambda: passed(tables, "projection.chat", position))
            await until(lambda: reached_inbox(bob, len(chatter.acknowledged)))
            figures["cassandra, after it is back"] = time.monotonic() - back
        sent = chatter.acknowledged

        read: list[dict[str, Any]] = []
        while True:
            after = f"after={chatter.positions[-1]}&after_seq={read[-1]['seq'] if read else 0}"
            page = await ann.http.get(f"/chat/chats/{chat}/messages?limit=200&{after}")
            assert page.status_code == 200, page.text
            if not page.json():
                break
            read += page.json()
        # The last one may have been decided while its sender was told to stop.
        assert [each["seq"] for each in read] == list(range(1, len(read) + 1))
        assert len(sent) <= len(read) <= len(sent) + 1
        assert [(each["message_id"], each["seq"], each["content"]) for each in read[: len(sent)]] == [
            (each["message_id"], each["seq"], each["content"]) for each in sent
        ]
        await until(lambda: reached_inbox(bob, len(read)))
        assert await inbox_of(bob) == list(range(1, len(read) + 1))
    print(f"\n{len(sent)} messages; seconds from kill -9 until the work went on:")
    print(", ".join(f"{role} {seconds:.1f}" for role, seconds in figures.items()))


async def registered(http: httpx.AsyncClient) -> bool:
    """Asks for the same registration again and again: answered when the read model shows it."""
    body = {"name": "cid of the cluster", "phone_number": "+493011112222", "password": "long enough"}
    answer = await http.post("/identity/people", json=body, headers={"Idempotency-Key": "cid"})
    assert answer.status_code in (201, 202, 503, 504), answer.text
    return answer.status_code == 201


async def reached_inbox(person: Person, seq: int) -> bool:
    try:
        return (await inbox_of(person))[-1:] >= [seq]
    except httpx.HTTPError:
        return False


async def passed(tables: CassandraTables, consumer: str, position: str) -> bool:
    system, partition, sequence = position.split(":")
    try:
        at = (await progress_of(tables, consumer)).get((f"{system}.events", int(partition)))
    except TablesUnavailable:
        return False
    return at is not None and at.sequence >= int(sequence)
