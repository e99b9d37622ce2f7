"""The topics and tables that the chat's processors stand on, over one machine's log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from domain.catalogue import CATALOGUE
from domain.chat.signals import INBOX, PASSING, SESSIONS, Entry, Push, Session, person_key
from domain.kernel import Message
from infra import deadletters, progress
from infra.embedded.log import EmbeddedLog
from infra.embedded.tables import EmbeddedTables
from infra.log import Record, Topic
from infra.partitioning import partition_of
from processors.deadlines import Deadlines
from processors.streams import Handler, Stream
from projections.chat.audience import Audience
from projections.chat.inbox import Inbox
from schemas import topics
from tests.unit.past import CODEC, Past, put

PARTITIONS, GATEWAYS = 2, 3


@dataclass
class Stage:
    log: EmbeddedLog
    tables: EmbeddedTables
    past: Past

    def stream(self, handler: Handler[Any]) -> Stream[Any]:
        return Stream(handler, CODEC, self.log, self.tables)

    def happen(self, event: Message, to: object, partition: int = 0) -> None:
        put(self.log, self.past.happen(event, to, partition=partition))

    def send(self, topic: str, key: bytes, message: Message, partition: int) -> None:
        put(self.log, Record(topic, partition, 0, key, CODEC.encode(message), {}, 0))

    def read(self, topic: str, partition: int | None = None) -> list[Record]:
        """All records of a topic, or of one of its partitions."""
        count = self.log.topics()[topic]
        reader = self.log.reader({(topic, n): 0 for n in range(count) if partition in (None, n)})
        found: list[Record] = []
        while not reader.level():
            found += reader.poll(1_000, 0.1)
        reader.close()
        return sorted(found, key=lambda each: (each.partition, each.offset))

    def messages(self, topic: str, partition: int | None = None) -> list[Any]:
        return [CODEC.decode(each.value or b"") for each in self.read(topic, partition)]

    async def run(self, handler: Handler[Any]) -> Stream[Any]:
        """Has a handler take over all its partitions and handle everything that has not been handled yet."""
        stream = self.stream(handler)
        places = [(topic, n) for topic in handler.topics for n in range(self.log.topics()[topic])]
        for topic, number in await stream.assign(places):
            await stream.handle(self.read(topic, number))
        assert await deadletters.DeadLetters(self.tables).parked(handler.name) == []
        return stream


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    log, tables = EmbeddedLog(folder / "log.db"), EmbeddedTables(folder / "tables.db")
    log.ensure([Topic(topics.ANSWERS, GATEWAYS), *(Topic(each, PARTITIONS) for each in (INBOX, SESSIONS, PASSING))])
    kinds = (topics.commands, topics.events)
    log.ensure([Topic(kind(system), PARTITIONS) for system in CATALOGUE.systems for kind in kinds])
    own = [*Inbox.tables, *Audience.tables, *Deadlines.tables, *deadletters.TABLES, progress.PROGRESS]
    await tables.create(own)
    yield Stage(log, tables, Past())
    log.close()
    await tables.close()


def home(person: UUID) -> int:
    return partition_of(person_key(person), PARTITIONS)


def people_of(found: Entry | Push) -> list[UUID]:
    return [UUID(bytes=found.people[n : n + 16]) for n in range(0, len(found.people), 16)]


def data_of(found: Entry | Push) -> dict[str, Any]:
    data: dict[str, Any] = orjson.loads(found.data)
    return data


def session(
    person: UUID, device: int, gateway: int | None, connection: str = "a", cursor: int = 0, at: int = 0
) -> Session:
    return Session(person, UUID(int=device), gateway, connection, cursor, at)
