"""A storm over `septet cluster` on real Kafka and Cassandra while people write; then a checker reads everything.

SEPTET_CHAOS_SEED repeats the choices of a run; SEPTET_CHAOS_MINUTES makes it the long form (`make chaos`), to which a
second storm belongs, over the brokers of a Kafka of three.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from rich.console import Console
from rich.table import Table

from domain.catalogue import CATALOGUE
from domain.chat.conversation import MessageSent
from infra.settings import Engine, Settings
from projections.status import Status
from schemas import topics
from schemas.envelope import recorded_of
from septet.composition import PROJECTIONS, READING, House, build
from septet.rebuild import rebuild
from tests.chaos.checker import Event, Evidence, Said, faults
from tests.chaos.site import BROKER_FAULTS, FAULTS, Fault, Site, Writer, site, until
from tests.e2e.people import Person, Town
from tests.services import Service

MINUTES = float(os.environ.get("SEPTET_CHAOS_MINUTES", "0"))  # 0: each fault once
SEED = int(os.environ.get("SEPTET_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
AWAY = (20.0, 30.0) if MINUTES else (4.0, 5.0)  # seconds a server is away or a process stands still; sessions last 10
CALM = 3.0  # seconds at most between two faults, in the long form
ZOMBIE = (12.0, 14.0)  # seconds: longer than a session, so that others take over what a frozen process owns

pytestmark = [pytest.mark.cluster, pytest.mark.chaos, pytest.mark.timeout(1_200 + 3 * 60 * MINUTES)]


@pytest.fixture(params=[1, 3] if MINUTES else [1], ids="{} brokers".format)
def breakable_site(request: pytest.FixtureRequest, tmp_path: Path, breakable_cassandra: Service) -> Iterator[Site]:
    with site(tmp_path, breakable_cassandra, request.param) as one:
        yield one


@pytest.fixture
async def house(breakable_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    for name, value in {**breakable_site.settings, "SEPTET_PARTITIONS": "4"}.items():
        monkeypatch.setenv(name, value)
    # The cluster's data: keys that are kept there belong to the installation, not to a process.
    house = build(Settings(engine=Engine.CLUSTER, data=tmp_path / "data", slot=9))
    yield house
    await house.tables.close()
    house.close()


async def test_nothing_is_lost_doubled_or_reordered_in_a_storm_and_the_read_models_equal_a_rebuild(
    breakable_site: Site, house: House
) -> None:
    print(f"\nSEPTET_CHAOS_SEED={SEED} SEPTET_CHAOS_MINUTES={MINUTES:g}")
    async with Town(breakable_site.cluster.url) as town:
        people = [await town.person(name) for name in ("ann", "bob", "cid", "dee")]
        ann, bob, cid, dee = people
        members = {
            await ann.chat_with(bob): [ann, bob],
            await cid.chat_with(dee): [cid, dee],
            await ann.group("all", bob, cid, dee): people,
        }
        writers = breakable_site.writers
        writers += [Writer(who, chat) for chat, those in members.items() for who in those[:2]]
        writing = [asyncio.create_task(each.write()) for each in writers]
        await breakable_site.next()
        report = await _storm(breakable_site)
        for each in writers:
            each.over = True
        await asyncio.gather(*writing)
        try:
            evidence = await _evidence(house, members, writers)
        except AssertionError:  # of what is still lacking after the longest patience
            _tell_faults(report)
            print(await Status(house.log, house.tables, READING).report())
            raise
    found = faults(evidence)
    _tell(report, evidence, found)
    assert found == []
    assert len(evidence.acknowledged) > 50


@dataclass(frozen=True)
class Past:
    """A fault that is over; all in seconds."""

    fault: str
    lasted: float
    recovered: float  # until everybody's next message
    stood_still: float  # the longest that somebody waited for an acknowledgement, from its begin on


async def _storm(where: Site) -> list[Past]:
    """Each fault once in an order of chance, or faults by chance for so many minutes."""
    chance, report, began = random.Random(SEED), list[Past](), time.monotonic()
    possible, left = FAULTS if len(where.kafka) == 1 else BROKER_FAULTS, list[Fault]()
    while left or not report or time.monotonic() - began < MINUTES * 60:
        if not left:
            left = chance.sample(possible, len(possible))
        fault, started = left.pop(), time.monotonic()
        if report and MINUTES and time.monotonic() - began > MINUTES * 60:
            break
        await fault.happen(where, chance, ZOMBIE if fault.name.startswith("freeze") else AWAY)
        over = time.monotonic()
        await where.next()
        stood_still = max(each.longest_pause(started) for each in where.writers)
        report.append(Past(fault.name, over - started, time.monotonic() - over, stood_still))
        if MINUTES:
            await asyncio.sleep(chance.uniform(0, CALM))
    return report


async def _evidence(house: House, members: Mapping[str, Sequence[Person]], writers: Sequence[Writer]) -> Evidence:
    """Reads everything, once what was acknowledged has arrived everywhere."""
    events = await asyncio.to_thread(_log_of, house)
    heads = {chat: max(each.said.seq for each in events if each.said and each.said.chat == chat) for chat in members}
    shown = {chat: await _shown(those[0], chat, heads[chat]) for chat, those in members.items()}
    people = {each.id: each for those in members.values() for each in those}
    inboxes = {
        name: await _inbox_of(each, {(chat, heads[chat]) for chat, those in members.items() if each in those})
        for name, each in people.items()
    }
    await until(lambda: _level(house))
    rebuilt: dict[str, int] = {}
    for each in PROJECTIONS if MINUTES else [each for each in PROJECTIONS if each.name == "projection.chat"]:
        built = await rebuild(house, each)
        rebuilt |= {compared.table: compared.differing for compared in built.compared}
    return Evidence(
        [each for writer in writers for each in writer.acknowledged],
        events,
        shown,
        inboxes,
        {chat: frozenset(each.id for each in those) for chat, those in members.items()},
        rebuilt,
    )


async def _level(house: House) -> bool:
    """Whether nothing waits for any consumer, by what `septet status` shows."""
    report = await Status(house.log, house.tables, READING).report()
    return not report.parked and not any(each.lag for each in report.consumers)


def _log_of(house: House) -> list[Event]:
    counts, found = house.log.topics(), list[Event]()
    names = [topics.events(system) for system in CATALOGUE.systems]
    reader = house.log.reader({(name, number): 0 for name in names for number in range(counts[name])})
    try:
        while not reader.level():
            for record in reader.poll(1_000, 0.2):
                at = recorded_of(record.topic, record.partition, record.headers)
                event = house.codec.decode(record.value or b"")
                chat = at.key.partition("/")[2]
                said = (
                    Said(chat, event.seq, str(event.message_id), event.text) if isinstance(event, MessageSent) else None
                )
                found.append(Event(record.topic, at.partition, at.sequence, at.micros, at.key, at.version, said))
    finally:
        reader.close()
    return found


async def _shown(person: Person, chat: str, head: int) -> list[Said]:
    """The conversation as it is read, once the read model is level."""
    read: list[Said] = []
    while not read or read[-1].seq < head:
        answer = await _get(person, f"/chat/chats/{chat}/messages?limit=200&after_seq={read[-1].seq if read else 0}")
        read += [Said(chat, each["seq"], str(UUID(each["message_id"])), each["content"]) for each in answer.json()]
        if not answer.json():
            await asyncio.sleep(0.2)
    return read


async def _inbox_of(person: Person, last: set[tuple[str, int]]) -> list[tuple[str, int]]:
    """The messages in an inbox as a device gets them, once the last ones of each conversation are there."""
    found, cursor = list[tuple[str, int]](), 0

    async def complete() -> bool:
        nonlocal cursor
        body = (await _get(person, f"/chat/sync?since={cursor}&wait=1")).json()
        found.extend((each["chat_id"], each["seq"]) for each in body["entries"] if each["type"] == "message")
        cursor = body["cursor"]
        return not body["entries"] and last <= set(found)

    await until(complete, lambda: f"{person.name} never got {last - set(found)}, the last are {found[-5:]}")
    return found


async def _get(person: Person, path: str) -> httpx.Response:
    answer = await person.http.get(path)
    answer.raise_for_status()
    return answer


def _tell_faults(report: Sequence[Past]) -> None:
    columns = ("fault", "lasted s", "until everybody's next message s", "longest pause s")
    table = Table(*columns, title=f"storm of seed {SEED}")
    for each in report:
        table.add_row(each.fault, f"{each.lasted:.1f}", f"{each.recovered:.1f}", f"{each.stood_still:.1f}")
    Console(width=100).print(table)


def _tell(report: Sequence[Past], evidence: Evidence, found: Sequence[str]) -> None:
    _tell_faults(report)
    console = Console(width=100)
    console.print(
        f"{len(evidence.acknowledged)} messages acknowledged, {len(evidence.events)} events on the log, "
        f"{sum(map(len, evidence.inboxes.values()))} entries in inboxes, tables rebuilt: {', '.join(evidence.rebuilt)}"
    )
    console.print("\n".join(found) or "nothing lost, doubled or reordered")
