"""Command processors that are killed and paused while commands keep coming, on real Kafka and Cassandra."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.chat.conversation import CreateGroup, MessageSent, SendMessage
from domain.kernel import Actor, Position
from infra.log import Log
from infra.settings import Engine, Settings
from producers.gateway import Busy, Decision, Gateway, Pending
from schemas import topics
from schemas.envelope import recorded_of
from septet.composition import House, build
from tests.e2e.installation import Installation, free_port
from tests.services import Service

pytestmark = [pytest.mark.cluster, pytest.mark.chaos]

ANN = Actor("person", str(uuid4()))
GROUPS = 6


@pytest.fixture
def settings(tmp_path: Path, kafka: Service, cassandra: Service) -> dict[str, str]:
    host, _, port = cassandra.address.partition(":")
    return {
        "SEPTET_ENGINE": "cluster",
        "SEPTET_SECRET": "whatever lies on this broker is sealed under it",
        "SEPTET_KAFKA": kafka.address,
        "SEPTET_CASSANDRA": f'["{host}"]',
        "SEPTET_CASSANDRA_PORT": port,
        "SEPTET_CASSANDRA_KEYSPACE": f"chaos_{free_port()}",
        "SEPTET_PARTITIONS": "4",
    }


@pytest.fixture
async def house(tmp_path: Path, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    house = build(Settings(engine=Engine.CLUSTER, data=tmp_path / "test"))
    await house.prepare()
    yield house
    await house.tables.close()
    house.close()


@pytest.fixture
async def gateway(house: House) -> AsyncIterator[Gateway]:
    gateway = Gateway(house.catalogue, house.codec, house.log, slot=3)
    await gateway.start()
    yield gateway
    await gateway.close()


@pytest.fixture
def machines(tmp_path: Path, settings: dict[str, str]) -> Iterator[list[Installation]]:
    """Two machines: each has local stores of its own."""
    found = []
    for name in ("here", "elsewhere"):
        (tmp_path / name).mkdir()
        found.append(Installation(tmp_path / name, settings))
    yield found
    for machine in found:
        for process in machine.processes.values():
            process.kill()
            process.wait()


class Talk:
    """Sends messages into a few groups without a pause and keeps what was answered."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._groups = [uuid4() for _ in range(GROUPS)]
        self._over = False
        self.accepted: dict[str, Decision] = {}

    async def run(self) -> None:
        await asyncio.gather(*(self._speak(group) for group in self._groups))

    async def _speak(self, group: UUID) -> None:
        await self._until_answered(CreateGroup("chaos", (), b"s" * 32), group, str(uuid4()))
        number = 0
        while not self._over:
            number += 1
            command_id = str(uuid4())
            self.accepted[command_id] = await self._until_answered(SendMessage(f"{number}"), group, command_id)

    async def _until_answered(self, command: CreateGroup | SendMessage, group: UUID, command_id: str) -> Decision:
        """Sends the same command until its answer comes: as every careful client does."""
        while True:
            try:
                return await self._gateway.submit(command, str(group), ANN, command_id=command_id)
            except (Busy, Pending):
                await asyncio.sleep(0.05)

    async def until(self, more: int) -> None:
        """Until that many more messages were accepted."""
        goal = len(self.accepted) + more
        async with asyncio.timeout(120):
            while len(self.accepted) < goal:
                await asyncio.sleep(0.02)

    def end(self) -> None:
        self._over = True


def check(log: Log, house: House, talk: Talk) -> None:
    """Nothing lost, nothing doubled, nothing out of order; the answers tell the truth."""
    count = log.topics()[topics.events("chat")]
    reader = log.reader({(topics.events("chat"), number): 0 for number in range(count)})
    by_command: Counter[str] = Counter()
    sequences: dict[int, list[int]] = {}
    seqs: dict[str, list[int]] = {}
    positions: dict[str, str] = {}
    try:
        while not reader.level():
            for record in reader.poll(1_000, 0.2):
                at = recorded_of(record.topic, record.partition, record.headers)
                event = house.codec.decode(record.value or b"")
                sequences.setdefault(at.partition, []).append(at.sequence)
                if isinstance(event, MessageSent) and at.actor == str(ANN):
                    by_command[at.causation] += 1
                    seqs.setdefault(at.key, []).append(event.seq)
                    positions[at.causation] = str(at.position)
    finally:
        reader.close()
    assert set(by_command.values()) == {1}
    assert talk.accepted.keys() <= by_command.keys()
    assert all(positions[each] == decision.position for each, decision in talk.accepted.items())
    assert all(found == list(range(found[0], found[0] + len(found))) for found in sequences.values())
    assert all(found == list(range(1, len(found) + 1)) for found in seqs.values())
    assert all(Position.parse(each.position).system == "chat" for each in talk.accepted.values())


async def test_a_processor_that_is_killed_again_and_again_loses_and_doubles_nothing(
    house: House, gateway: Gateway, machines: list[Installation]
) -> None:
    machine = machines[0]
    machine.start("commands", ["worker", "commands"])
    talk = Talk(gateway)
    talking = asyncio.create_task(talk.run())
    for _ in range(4):
        await talk.until(60)
        machine.kill("commands")
        machine.start("commands", ["worker", "commands"])
    await talk.until(60)
    talk.end()
    await asyncio.wait_for(talking, 120)
    check(house.log, house, talk)


async def test_a_zombie_that_wakes_after_another_took_its_slot_writes_nothing_and_ends(
    house: House, gateway: Gateway, machines: list[Installation]
) -> None:
    here, elsewhere = machines
    here.start("commands", ["worker", "commands"])
    talk = Talk(gateway)
    talking = asyncio.create_task(talk.run())
    await talk.until(60)
    os.kill(here.processes["commands"].pid, signal.SIGSTOP)
    elsewhere.start("commands", ["worker", "commands"])
    await talk.until(60)
    os.kill(here.processes["commands"].pid, signal.SIGCONT)
    await talk.until(60)
    ended = await asyncio.to_thread(here.processes["commands"].wait, 120)
    talk.end()
    await asyncio.wait_for(talking, 120)
    assert ended == 75, here.log("commands")
    check(house.log, house, talk)
