"""Poison in every topic that the real consumers read: its key waits, the chat goes on around it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.chat.conversation import CreateGroup, SendMessage
from domain.kernel import Actor, Position
from infra.deadletters import DeadLetters
from infra.settings import Engine, Settings
from processors import loop, streams
from producers.gateway import Gateway
from projections.chat.inbox import Inbox
from projections.waiting import Waiting
from septet.composition import CONSUMERS, House, build
from septet.roles import Workers
from tests.gapless import envelope

ANN, BOB = uuid4(), uuid4()
NOBODY = b"person/00000000-0000-0000-0000-000000000000"
JUNK = b"\x00\xff\xff\xff\xff no schema has this id"


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(streams, "PATIENCE", (0.0,))
    monkeypatch.setattr(loop, "TENDING", 0.1)
    house = build(Settings(engine=Engine.EMBEDDED, data=tmp_path, partitions=2, gateways=2))
    await house.prepare()
    yield house
    house.close()
    await house.tables.close()


def poison(house: House, topic: str) -> None:
    """Records that are nothing, or only look like an event, in each partition of a topic."""
    producer = house.log.producer()
    for number in range(house.settings.partitions):
        kinds = [
            b"chat.conversation.MessageSent",
            b"identity.claim.Claimed",
            b"chat.contacts.Blocked",
            b"\xff",
            b"no.such",
        ]
        for kind in kinds:
            headers = {**envelope(topic, "conversation/poison", number, 1), "ce_type": kind, "ce_sequence": b"many"}
            producer.send(topic, b"conversation/poison", JUNK, headers, partition=number)
        producer.send(topic, b"\xff\xfe", JUNK, {}, partition=number)
        producer.send(topic, NOBODY, b"", {}, partition=number)
        producer.send(topic, b"", JUNK, {"ce_sequence": b"99999999999"}, partition=number)
    producer.flush(10)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + 120
    while not await true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


@pytest.fixture
async def workers(house: House) -> AsyncIterator[Workers]:
    workers = Workers(house)
    yield workers
    await asyncio.to_thread(workers.stop)


@pytest.mark.parametrize("when", ["before the workers start", "while they run"])
async def test_the_chat_goes_on_around_poison_in_every_topic(house: House, workers: Workers, when: str) -> None:
    read = {name: CONSUMERS[name].topics for name in CONSUMERS}
    if when == "while they run":
        workers.start()
    for topic in {topic for topics in read.values() for topic in topics}:
        poison(house, topic)
    if when == "before the workers start":
        workers.start()
    gateway, waiting, inbox = (
        Gateway(house.catalogue, house.codec, house.log, 0),
        Waiting(house.tables),
        Inbox(house.tables),
    )
    await gateway.start()
    ann, groups = Actor("person", str(ANN)), [str(uuid4()) for _ in range(4)]
    for group in groups:
        await gateway.submit(CreateGroup("a group", (BOB,), b"s" * 32), group, ann)
        decision = await gateway.submit(SendMessage("around the poison"), group, ann)
        for name in ("fanout", "policies", "projection.chat"):
            await waiting.passed(name, Position.parse(decision.position))

    async def entered() -> bool:
        return len(await messages(inbox, BOB)) == len(groups)

    await until(entered)

    letters = DeadLetters(house.tables)
    for name, topics in read.items():
        parked = {each.lane for each in await letters.parked(name)}
        assert {lane.topic for lane in parked} == set(topics), name
        assert not [lane for lane in parked if any(group in lane.key for group in groups)]
        for key in {lane.key for lane in parked}:
            await letters.wish(name, key, "discard", "no events")

    async def nothing_parked() -> bool:
        return not any([await letters.parked(name) for name in CONSUMERS])

    await until(nothing_parked)
    await gateway.close()


async def messages(inbox: Inbox, person: UUID) -> list[str]:
    return [data for _, data in await inbox.after(person, 0, 10_000, 1_000) if '"type":"message"' in data]
