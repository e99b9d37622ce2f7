"""Export and import: the same read models elsewhere, and life goes on where it was."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from domain.chat.conversation import ChangeTitle, CreateGroup, SendMessage
from domain.kernel import Actor, Head, Position, Snapshot
from infra.keyring import KEYS
from infra.settings import Engine, Settings
from producers.gateway import Decision, Gateway
from projections.chat.inbox import Inbox
from projections.waiting import Waiting
from schemas import topics
from septet import keys
from septet.archive import BrokenArchive, bring_in, check, export
from septet.composition import PROJECTIONS, House, build
from septet.roles import Workers
from tests.unit.septet.town import PARTITIONS

ANN, BOB = uuid4(), uuid4()
SECRET = SecretStr("the same in both installations")
CONSUMERS = ("fanout", "policies", "projection.chat")


@asynccontextmanager
async def opened(folder: Path, partitions: int = PARTITIONS) -> AsyncIterator[House]:
    house = build(Settings(engine=Engine.EMBEDDED, data=folder, partitions=partitions, gateways=2, secret=SECRET))
    await house.prepare()
    try:
        yield house
    finally:
        house.close()
        await house.tables.close()


class Living:
    """An installation in which everything runs, and what one asks of it."""

    def __init__(self, house: House) -> None:
        self._house, self._gateway = house, Gateway(house.catalogue, house.codec, house.log, 0)
        self._workers = Workers(house)
        self._waiting = Waiting(house.tables)

    async def __aenter__(self) -> "Living":
        self._workers.start()
        await self._gateway.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._gateway.close()
        self._workers.stop()

    async def submit(self, command: object, to: UUID, command_id: str = "") -> Decision:
        """Decided, and taken in by every consumer."""
        decision = await self._gateway.submit(command, str(to), Actor("person", str(ANN)), command_id=command_id)
        if decision.position:
            await self.seen(decision)
        return decision

    async def seen(self, decision: Decision) -> None:
        for name in CONSUMERS:
            await self._waiting.passed(name, Position.parse(decision.position))


async def read_models(house: House) -> dict[str, list[str]]:
    """All rows of all of them, as text."""
    return {
        table.name: sorted([repr(row) async for row in house.tables.rows(table)])
        for projection in PROJECTIONS
        for table in projection.tables
    }


async def states(house: House) -> dict[tuple[str, int, bytes], object]:
    """What the state topics say of aggregates and sequences, the last value of each key."""
    found: dict[tuple[str, int, bytes], object] = {}
    for system in house.catalogue.systems:
        for number in range(PARTITIONS):
            reader = house.log.reader({(topics.state(system), number): 0})
            while not reader.level():
                for each in reader.poll(1_000, 0.05):
                    value = house.codec.decode(each.value or b"")
                    # Where the next command lies is each log's own.
                    found[system, number, each.key] = replace(value, next=-1) if isinstance(value, Head) else value
            reader.close()
    return found


async def test_elsewhere_the_read_models_are_equal_and_life_goes_on(tmp_path: Path) -> None:
    groups = [uuid4() for _ in range(6)]
    async with opened(tmp_path / "here") as here:
        async with Living(here) as living:
            for group in groups:
                await living.submit(CreateGroup("a group", (BOB,), b"s" * 32), group)
                last = await living.submit(SendMessage("from here"), group)
            first = await living.submit(ChangeTitle("renamed"), groups[0], command_id="once")
        manifest = await export(here, tmp_path / "archive")
        keys.save(here, tmp_path / "archive.keys")
        models, known = await read_models(here), await states(here)
    assert sum(each.count for each in manifest.files if each.topic == topics.events("chat")) == 13
    async with opened(tmp_path / "there") as there:
        keys.load(there, tmp_path / "archive.keys")
        found = await bring_in(there, tmp_path / "archive")
        assert (found.aggregates, found.same_places) == (6, True)
        assert await states(there) == known
        assert any(isinstance(each, Snapshot) for each in known.values())
        async with Living(there) as living:
            await living.seen(last)
            await living.seen(first)
            assert await read_models(there) == models
            again = await living.submit(ChangeTitle("renamed"), groups[0], command_id="once")
            assert again.position == first.position  # a repeat is known there, too
            sent = await living.submit(SendMessage("from there"), groups[0])
            assert sent.events[0].seq == 2
            assert Position.parse(sent.position).sequence > Position.parse(first.position).sequence
            inbox, entries = Inbox(there.tables), list[str]()
            while not any("from there" in each for each in entries):  # the members are known without a second fan-out
                entries = [data for _, data in await inbox.after(BOB, -1, 10_000, 1_000)]
        assert len([each for each in entries if "from here" in each]) == len(groups)


async def test_an_archive_that_was_touched_or_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path / "here") as here:
        async with Living(here) as living:
            await living.submit(CreateGroup("a group", (BOB,), b"s" * 32), uuid4())
        manifest = await export(here, tmp_path / "archive")
        with pytest.raises(BrokenArchive, match="holds an archive"):
            await export(here, tmp_path / "archive")
        with pytest.raises(BrokenArchive, match="without a past"):
            await bring_in(here, tmp_path / "archive")
    assert check(tmp_path / "archive") == manifest
    async with opened(tmp_path / "other", partitions=PARTITIONS + 1) as other:
        with pytest.raises(BrokenArchive, match="partitions"):
            await bring_in(other, tmp_path / "archive")
    touched = tmp_path / "archive" / next(each.name for each in manifest.files if each.topic and each.count)
    touched.write_bytes(touched.read_bytes()[:-1] + b"?")
    async with opened(tmp_path / "there") as there:
        with pytest.raises(BrokenArchive, match="not as it was written"):
            await bring_in(there, tmp_path / "archive")
        counts = {topic: count for topic, count in there.log.topics().items() if topic != KEYS}
        assert not any(there.log.end((topic, n)) for topic, count in counts.items() for n in range(count))
