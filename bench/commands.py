"""Commands: the round trip through a gateway at three rates, and the most that one processor decides a second."""

import asyncio
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID, uuid4

import uuid_utils
import uvloop

from bench.installation import WORKERS, Installation, Servers, installation
from bench.pace import Times, open_loop
from bench.report import Report, console
from bench.usage import Usage
from domain.catalogue import CATALOGUE
from domain.chat.conversation import CreateGroup, SendMessage
from domain.kernel import Actor, Message, Rejected
from infra.clock import micros_now
from infra.log import LogUnavailable, Producer
from infra.logging import configure
from infra.settings import Engine, Settings
from processors.commands import CommandProcessor
from producers.gateway import Busy, Gateway, Pending
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Command
from schemas.registry import Lock
from septet import roles
from septet.composition import House, all_topics, build

CODEC = Codec(CATALOGUE, Lock.load())
CONVERSATIONS = 1_000
TEXT = "x" * 80
SEAL = b"s" * 32
GATEWAY = 1  # the slot of the benchmark's own gateway; that of the API is 0
RATES = (1, 50, 500)  # commands a second
WARM = 200  # commands a second, before: the brokers' and nodes' virtual machines compile what they run often


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    report = Report("commands", engine.value, "SendMessage to 1,000 groups; every role of the system is running")
    with installation(engine, servers, folder) as septet:
        _round_trips(septet, report, 3.0 if short else 30.0)
    for replies in (False, True):
        with installation(engine, servers, folder, tables=False) as septet:
            _drain(septet, report, 5_000 if short else 200_000, replies)
    return report


# The round trip.


def _round_trips(septet: Installation, report: Report, seconds: float) -> None:
    """Embedded: on threads of this process, as `septet run` has them. In a cluster: a process for each role."""
    house = build(septet.settings)
    roles.prepare(house)
    workers = None
    if septet.engine is Engine.EMBEDDED:
        workers = roles.Workers(house)
        workers.start()
    else:
        for role in WORKERS:
            septet.start(role, ["worker", role])
    try:
        gateway = Gateway(house.catalogue, house.codec, house.log, GATEWAY)
        usage = Usage(septet.pids)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_rates(gateway, usage, report, seconds))
    finally:
        if workers is not None:
            workers.stop()
        house.close()


async def _rates(gateway: Gateway, usage: Usage, report: Report, seconds: float) -> None:
    await gateway.start()
    owner = Actor("person", str(uuid4()))
    groups = [uuid4() for _ in range(100)]
    for group in groups:
        await _patiently(gateway, CreateGroup("a group", (), SEAL), group, owner)
    await _rate(gateway, groups, owner, WARM, seconds)
    for rate in RATES:
        usage.start()
        times, failed = await _rate(gateway, groups, owner, rate, seconds)
        p50, p95, p99, most = times.percentiles(0.5, 0.95, 0.99, 1.0)
        report.add(
            what="round trip",
            offered_per_s=rate,
            commands=len(times.values),
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            slowest_ms=most,
            failed=failed,
            busy=usage.text(),
        )
    await gateway.close()


async def _rate(gateway: Gateway, groups: Sequence[UUID], owner: Actor, rate: int, seconds: float) -> tuple[Times, int]:
    """The round trips of one rate, and how many got no answer."""
    times, failed = Times(), 0
    calls: set[asyncio.Task[None]] = set()

    async def call(number: int, due: int) -> None:
        nonlocal failed
        try:
            await gateway.submit(SendMessage(TEXT), str(groups[number % len(groups)]), owner)
            times.since(due)
        except (Busy, Pending, Rejected):
            failed += 1

    def send(number: int, due: int) -> None:
        task = asyncio.create_task(call(number, due))
        calls.add(task)
        task.add_done_callback(calls.discard)

    await open_loop(rate, seconds, send)
    while calls:
        await asyncio.wait(calls)
    return times, failed


async def _patiently(gateway: Gateway, command: Message, to: UUID, actor: Actor) -> None:
    """The workers may still be starting: the same command again is the same command."""
    command_id = str(uuid4())
    for _ in range(20):
        try:
            await gateway.submit(command, str(to), actor, command_id=command_id)
            return
        except (Pending, Busy):
            continue
    raise RuntimeError("no command processor answers")


# The drain.


@dataclass
class Order:
    """A command for a topic that is being filled."""

    command: Message
    to: UUID
    by: Actor


def fill(codec: Codec, producer: Producer, orders: Iterator[Order], *, gateway: int | None = None) -> int:
    """Puts commands on their topics as a gateway does, asking for an answer where it is given; answers how many."""
    count = 0
    for count, order in enumerate(orders, start=1):
        aggregate = CATALOGUE.of(type(order.command))
        number = str(uuid_utils.uuid7())
        envelope = Command(
            id=number,
            type=codec.type_name(type(order.command)),
            key=aggregate.key(str(order.to)),
            time=micros_now(),
            actor=str(order.by),
            correlation=number,
            causation=number,
            source="/bench",
            reply_to=None if gateway is None else (gateway, f"bench-{count}"),
        )
        body, topic = codec.encode(order.command, str(order.to), order.by.id), topics.commands(aggregate.system)
        while True:
            try:
                producer.send(topic, envelope.key.encode(), body, envelope.headers())
                break
            except LogUnavailable:  # its queue is full
                time.sleep(0.01)
    producer.flush(120)
    return count


def _drain(septet: Installation, report: Report, count: int, replies: bool) -> None:
    """A topic is filled, then one processor, in a process of its own, decides what is in it."""
    house = prepared(septet.settings)
    warm = CONVERSATIONS + count // 10
    with worker_process(decide, septet.settings, warm, CONVERSATIONS + count) as (worker, told):
        told()
        producer = house.log.producer()
        owner, chance = Actor("person", str(uuid4())), random.Random(3)
        groups = [uuid4() for _ in range(CONVERSATIONS)]
        console.print(f"  {septet.engine.value}: filling chat.commands with {count:,} commands")
        fill(house.codec, producer, (Order(CreateGroup("a group", (), SEAL), each, owner) for each in groups))
        messages = (Order(SendMessage(TEXT), chance.choice(groups), owner) for _ in range(count))
        fill(house.codec, producer, messages, gateway=GATEWAY if replies else None)
        producer.close()

        usage = Usage({"worker": worker, **septet.pids})
        told()
        usage.start()
        decided, seconds = told()
        report.add(
            what="decided by one process" + (", with replies" if replies else ""),
            commands=decided,
            per_s=round(decided / seconds),
            per_cpu_s=round(decided / usage.seconds_of("worker")),
            busy=usage.text(),
        )
    events = sum(house.log.end((topics.events("chat"), number)) for number in range(house.settings.partitions))
    house.close()
    if events < CONVERSATIONS + count:
        raise RuntimeError(f"only {events:,} events came of {CONVERSATIONS + count:,} commands")


def prepared(settings: Settings) -> House:
    """An installation that has its topics and keys, and no tables."""
    house = build(settings)
    house.log.ensure(all_topics(settings))
    house.keyring.prepare()
    return house


def decide(pipe: Connection, settings: Settings, *marks: int) -> None:
    """The command processor as its role runs it: waits for a word before each step, and tells what came of it.

    The first step restores every partition; each of the others decides up to a mark. It tells how many commands it
    decided in it, and in how many seconds.
    """
    pipe.recv()
    configure("ERROR", False)
    house = build(settings)
    processor = CommandProcessor(house.catalogue, house.codec, house.log, str(settings.slot))
    consumer = processor.open()
    while processor.owned < len(house.catalogue.systems) * settings.partitions:
        processor.step(consumer)
    pipe.send((processor.decided, 0.0))
    for mark in marks:
        pipe.recv()
        before, started = processor.decided, time.perf_counter()
        while processor.decided < mark:
            processor.step(consumer)
        pipe.send((processor.decided - before, time.perf_counter() - started))
    processor.close(consumer)
    house.close()


@contextmanager
def worker_process(
    work: Callable[..., None], *arguments: object
) -> Iterator[tuple[int, Callable[[], tuple[int, float]]]]:
    """Runs `work(pipe, *arguments)` in a fresh process; gives its id, and a function that says a word to it and waits
    for what it tells."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=work, args=(theirs, *arguments))
    process.start()

    def told() -> tuple[int, float]:
        ours.send(None)
        while not ours.poll(0.5):
            if not process.is_alive():
                raise RuntimeError(f"the process of {work.__name__} ended with {process.exitcode}")
        answer: tuple[int, float] = ours.recv()
        return answer

    try:
        yield process.pid or 0, told
        process.join(30)
    finally:
        process.kill()
        process.join()
