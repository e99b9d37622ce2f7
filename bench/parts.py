"""`python -m bench.parts`: the processor time that a message between two people costs in each part it passes.

Counted by the processor's clock, one part after the other on the embedded engine: other work on the machine makes it
last longer, and changes these figures by what it takes of the caches only.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

from bench.commands import SEAL, TEXT
from bench.report import Report, console, machine
from domain.chat.conversation import DirectStarted, MessageSent
from domain.chat.conversation.events import Kind
from domain.chat.signals import SESSIONS, Session
from infra.clock import micros_now
from infra.log import Headers, Record
from infra.settings import Settings
from schemas import topics
from schemas.envelope import Recorded
from septet.composition import CONSUMERS, House, build

PAIRS, MESSAGES = 100, 8_000
BATCH = 20  # messages of a batch, as at 1,000 a second


class Recorder:
    """A producer that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Record] = []

    def send(
        self,
        topic: str,
        key: bytes,
        value: bytes | None,
        headers: Headers,
        partition: int | None = None,
        done: Callable[[Exception | None], None] | None = None,
    ) -> None:
        self.sent.append(Record(topic, partition or 0, len(self.sent), key, value, headers, micros_now()))

    def flush(self, timeout: float) -> None:
        """Nothing is under way."""

    def close(self) -> None:
        """Nothing is open."""


async def measure(house: House, report: Report) -> None:
    await house.prepare()
    producer = Recorder()
    house.log.producer = lambda *, early=False: producer  # type: ignore[method-assign]
    people = [(uuid4(), uuid4()) for _ in range(PAIRS)]
    chats = [uuid4() for _ in people]
    started = [
        _event(house, chat, 1, DirectStarted(pair, pair[0], SEAL)) for chat, pair in zip(chats, people, strict=True)
    ]
    messages = []
    for number in range(MESSAGES):
        turn, place = divmod(number, PAIRS)
        sent = MessageSent(turn + 1, uuid4(), people[place][turn % 2], Kind.TEXT, TEXT, None, (), False, ())
        messages.append(_event(house, chats[place], turn + 2, sent))

    await _through(house, "fanout", started)
    producer.sent.clear()
    with _counted(report, "fan-out: who gets it"):
        await _through(house, "fanout", messages)
    entries = list(producer.sent)
    delivery = CONSUMERS["delivery"].make(house)
    for person in [each for pair in people for each in pair]:
        session = Session(person, uuid4(), 0, uuid4().hex, 0, micros_now())
        await delivery.handle([(Record(SESSIONS, 0, 0, b"", b"", {}, 0), session)])
    producer.sent.clear()
    with _counted(report, "delivery: two inbox rows, two pushes"):
        await _handled(house, delivery, entries)
    pushes = list(producer.sent)
    with _counted(report, "the pushes, read again by the API"):
        for each in pushes:
            house.codec.decode(each.value or b"")
    with _counted(report, "read model: two rows"):
        await _through(house, "projection.chat", messages)
    with _counted(report, "policies: of no interest to them"):
        await _through(house, "policies", messages)


async def _through(house: House, consumer: str, records: Sequence[Record]) -> None:
    await _handled(house, CONSUMERS[consumer].make(house), records)


async def _handled(house: House, handler: Any, records: Sequence[Record]) -> None:
    """As a stream does it, with batches of one size."""
    for start in range(0, len(records), BATCH):
        batch = [handler.read(each, house.codec) for each in records[start : start + BATCH]]
        if wanted := [each for each in batch if each is not None]:
            await house.tables.write(await handler.handle(wanted))


@contextmanager
def _counted(report: Report, part: str) -> Iterator[None]:
    thread, process = time.thread_time(), time.process_time()
    yield
    own, whole = time.thread_time() - thread, time.process_time() - process
    report.add(part=part, python_us=round(own / MESSAGES * 1e6, 1), with_sqlite_us=round(whole / MESSAGES * 1e6, 1))


def _event(house: House, chat: UUID, version: int, event: Any) -> Record:
    key, place, name = f"conversation/{chat}", micros_now(), house.codec.type_name(type(event))
    at = Recorded(f"{uuid4()}:1", name, "chat", 0, place, key, version, place, f"person|{chat}", f"{chat}", f"{chat}")
    return Record(topics.events("chat"), 0, place, key.encode(), house.codec.encode(event), at.headers(), place)


def main() -> None:
    console.print(", ".join(f"{name} {value}" for name, value in machine().items()))
    report = Report("parts", "embedded", f"microseconds of a processor for a message of 80 bytes, batches of {BATCH}")
    with TemporaryDirectory(prefix="septet-bench-", ignore_cleanup_errors=True) as folder:
        house = build(Settings(_env_file=None, data=Path(folder)))
        asyncio.run(measure(house, report))
        asyncio.run(house.tables.close())
        house.close()
    report.publish()


if __name__ == "__main__":
    main()
