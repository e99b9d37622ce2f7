"""What people notice of a rebuild: those who write meanwhile, and those who read when the generations are switched."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic_ns
from uuid import uuid4

import httpx

from bench.commands import CONVERSATIONS, SEAL, TEXT, Order, fill, prepared
from bench.installation import Failed, Installation, Servers, installation
from bench.load import Meter
from bench.pace import Times, open_loop
from bench.report import Report, console
from bench.town import Pairs, Person
from bench.usage import Usage
from domain.chat.conversation import CreateGroup, SendMessage
from domain.kernel import Actor
from infra.progress import progress_of
from infra.settings import Engine
from projections.chat.conversations import conversations
from schemas import topics
from septet.composition import House, build

PAIRS = 10
RATE = 20  # messages a second
ALONE = 20.0  # seconds without a rebuild, for comparison
CHUNK = 5.0  # seconds of load at a time, until the rebuild has ended
READS = 0.01  # seconds between two reads: one of them meets the switch
LOOKS = 600  # for the history to become rows first, one a second


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    count = 10_000 if short else 100_000
    about = f"{RATE} messages/s between {PAIRS} pairs and reads all the time, while {count:,} events are read again"
    report = Report("rebuild", engine.value, about)
    with installation(engine, servers, folder) as septet:
        house = prepared(septet.settings)
        console.print(f"  {engine.value}: a history of {count:,} messages")
        owner, chance = Actor("person", str(uuid4())), random.Random(5)
        groups = [uuid4() for _ in range(CONVERSATIONS)]
        producer = house.log.producer()
        fill(house.codec, producer, (Order(CreateGroup("a group", (), SEAL), each, owner) for each in groups))
        fill(house.codec, producer, (Order(SendMessage(TEXT), chance.choice(groups), owner) for _ in range(count)))
        producer.close()
        house.close()
        septet.serve()
        asyncio.run(_measure(septet, report, count + CONVERSATIONS))
    return report


async def _measure(septet: Installation, report: Report, history: int) -> None:
    house, meter = build(septet.settings), Meter()
    await _applied(house, history)
    pairs = await Pairs.connected(septet, PAIRS, meter)

    def say(number: int, due: int) -> None:
        pairs.say(number, meter.text(number, due), due)

    usage = Usage(septet.pids)

    async def load(during: str, goes_on: Callable[[], bool]) -> None:
        delivering, reading = Times(), Times()
        reader = asyncio.create_task(_read(septet.url, pairs.people[0], reading))
        usage.start()
        while goes_on():
            meter.begin(round(RATE * CHUNK))
            await open_loop(RATE, CHUNK, say)
            await meter.complete(15.0)
            delivering.values += meter.delivering.values
            if meter.missing:
                report.notes.append(f"{during}: {meter.missing} messages did not come")
        reader.cancel()
        with suppress(asyncio.CancelledError):  # what it failed with, this raises
            await reader
        delivered50, delivered99 = delivering.percentiles(0.5, 0.99)
        read50, read99, read_slowest = reading.percentiles(0.5, 0.99, 1.0)
        report.add(
            during=during,
            messages=len(delivering.values),
            delivered_p50_ms=delivered50,
            delivered_p99_ms=delivered99,
            reads=len(reading.values),
            read_p50_ms=read50,
            read_p99_ms=read99,
            read_slowest_ms=read_slowest,
            busy=usage.text(),
        )

    until = monotonic_ns() + int(ALONE * 1e9)
    await load("nothing else", lambda: monotonic_ns() < until)
    septet.start("rebuild", ["rebuild", conversations.name])
    await load("a rebuild and its switch", lambda: septet.runs("rebuild"))
    said = (septet.folder / "rebuild.log").read_text(errors="replace")
    if "is live" not in said:
        raise Failed(f"the rebuild did not switch:\n{said[-2_000:]}")
    report.notes.append(next(line for line in said.splitlines() if "records in" in line))
    pairs.close()
    await house.tables.close()
    house.close()


async def _read(url: str, person: Person, times: Times) -> None:
    """Asks for the conversations of somebody, again and again."""
    async with httpx.AsyncClient(base_url=url, headers=person.headers(), timeout=60) as http:
        while True:
            due = monotonic_ns()
            (await http.get("/chat/chats")).raise_for_status()
            times.since(due)
            await asyncio.sleep(READS)


async def _applied(house: House, events: int) -> None:
    """Waits until the read model has so many events."""
    for _ in range(LOOKS):
        reached = await progress_of(house.tables, conversations.name)
        if sum(each.sequence for (topic, _), each in reached.items() if topic == topics.events("chat")) >= events:
            return
        await asyncio.sleep(1.0)
    raise Failed(f"{conversations.name} has not applied {events:,} events within {LOOKS} s")
