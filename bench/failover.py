"""How long partitions stand still when the process that has them is killed: the command processor, a Faust worker."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

from bench.commands import GATEWAY, SEAL, TEXT
from bench.installation import Installation, Servers, installation
from bench.report import Report
from domain.chat.conversation import CreateGroup, SendMessage
from domain.kernel import Actor, Message, Position
from infra.partitioning import partition_of
from infra.progress import progress_of
from infra.settings import Engine
from infra.supervisor import FIRST_PAUSE
from producers.gateway import Busy, Decision, Gateway, Pending
from projections.chat.conversations import conversations
from schemas import topics
from septet.composition import House, build

LOOK = 0.005  # seconds between two looks at a worker's progress
WARM = 200  # events of each partition before the first kill
ANN = Actor("person", str(uuid4()))


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    """Kills and starts again, as `septet cluster` does, and waits for every partition."""
    report = Report("failover", engine.value, "seconds from kill -9 until every partition of the chat serves again")
    if engine is Engine.EMBEDDED:
        report.notes.append("embedded: one process has all the roles, there is nobody to fail over to")
        return report
    with installation(engine, servers, folder) as septet:
        asyncio.run(_measure(septet, report, 2 if short else 7))
    return report


async def _measure(septet: Installation, report: Report, times: int) -> None:
    house = build(septet.settings)
    await house.prepare()
    roles = {"commands": ["worker", "commands"], conversations.name: ["worker", conversations.name]}
    for role, words in roles.items():
        septet.start(role, words)
    gateway = Gateway(house.catalogue, house.codec, house.log, GATEWAY)
    await gateway.start()
    groups = _a_group_for_each(house.log.topics()[topics.commands("chat")])
    for group in groups:
        await _decided(gateway, CreateGroup("a group", (), SEAL), group)
    for _ in range(WARM):
        await _to_all(gateway, groups)
    positions = await _to_all(gateway, groups)
    await _applied(house, positions)

    async def decides() -> None:
        await _to_all(gateway, groups)

    async def follows() -> None:
        await _applied(house, await _to_all(gateway, groups))

    serving: dict[str, Callable[[], Awaitable[None]]] = {"commands": decides, conversations.name: follows}
    for role, serves in serving.items():
        took = []
        for _ in range(times):
            began = time.monotonic()
            septet.kill(role)
            await asyncio.sleep(FIRST_PAUSE)
            septet.start(role, roles[role])
            await serves()
            took.append(time.monotonic() - began)
            await follows()
        took.sort()
        report.add(
            killed=role,
            kills=times,
            partitions=len(groups),
            fastest_s=round(took[0], 2),
            median_s=round(took[len(took) // 2], 2),
            slowest_s=round(took[-1], 2),
        )
    await gateway.close()
    await house.tables.close()
    house.close()


def _a_group_for_each(partitions: int) -> list[UUID]:
    """One group in each partition."""
    found: dict[int, UUID] = {}
    while len(found) < partitions:
        group = uuid4()
        found[partition_of(f"conversation/{group}".encode(), partitions)] = group
    return list(found.values())


async def _to_all(gateway: Gateway, groups: list[UUID]) -> list[Position]:
    """One message to each group, all at once; where they are when all are decided."""
    decided = await asyncio.gather(*(_decided(gateway, SendMessage(TEXT), each) for each in groups))
    return [Position.parse(each.position) for each in decided]


async def _decided(gateway: Gateway, command: Message, group: UUID) -> Decision:
    command_id = str(uuid4())
    while True:
        try:
            return await gateway.submit(command, str(group), ANN, command_id=command_id)
        except (Busy, Pending):
            await asyncio.sleep(LOOK)


async def _applied(house: House, positions: list[Position]) -> None:
    wanted = {(topics.events(each.system), each.partition): each.sequence for each in positions}
    while True:
        done = await progress_of(house.tables, conversations.name)
        if all(place in done and done[place].sequence >= sequence for place, sequence in wanted.items()):
            return
        await asyncio.sleep(LOOK)
