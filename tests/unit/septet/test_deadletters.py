"""Dead letters as operators handle them: a poison event in each system's stream, seen, tried again and let go."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from infra.settings import Engine, Settings
from processors import loop, streams
from projections.projection import Projection
from schemas import topics
from septet.cli.deadletters import letters_of, parked, wished
from septet.composition import PROJECTIONS, House, build
from tests.gapless import envelope
from tests.unit.septet.town import PARTITIONS, worker

KEY, JUNK = "poison/1", b"\x00\xff\xff\xff\xff no schema has this id"
EACH = [(projection, system) for projection in PROJECTIONS for system in projection.systems]


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(streams, "PATIENCE", (0.0,))
    monkeypatch.setattr(loop, "TENDING", 0.1)
    house = build(Settings(engine=Engine.EMBEDDED, data=tmp_path, partitions=PARTITIONS))
    await house.prepare()
    yield house
    house.close()
    await house.tables.close()


@pytest.mark.parametrize(("projection", "system"), EACH, ids=lambda each: getattr(each, "name", each))
async def test_a_poison_event_is_seen_tried_again_and_let_go(house: House, projection: Projection, system: str) -> None:
    name, topic = projection.name, topics.events(system)
    kind = next(each for each in sorted(projection.handlers) if each.startswith(f"{system}."))
    producer = house.log.producer()
    for sequence in (1, 2):
        headers = {**envelope(topic, KEY, 0, sequence), "ce_type": kind.encode()}
        producer.send(topic, KEY.encode(), JUNK, headers, partition=0)
    producer.flush(5)
    assert await parked(house) == []
    with worker(house, name):
        async with asyncio.timeout(60):
            while not (found := [each for each in await parked(house) if "2 waiting" in each]):
                await asyncio.sleep(0.02)
        assert found[0].startswith(f"{name}  {KEY}  {topic}/0")
        letters = [orjson.loads(line) for line in await letters_of(house, name, KEY)]
        assert [(each["key"], each["type"], each["sequence"]) for each in letters] == [(KEY, kind, 1), (KEY, kind, 2)]
        assert "schema" in letters[0]["error"]
        going, problems = await wished(house, name, KEY, "retry", "perhaps now")
        assert going == 0
        assert "failed again" in problems[0]
        assert await wished(house, name, "", "discard", "never was an event") == (1, [])
    assert await parked(house) == []
    assert await wished(house, name, KEY, "retry", "again") == (0, ["That is not parked."])
