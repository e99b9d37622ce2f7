"""The composition root: the only place that reads the settings and knows which adapter stands behind a port."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from domain.catalogue import CATALOGUE
from domain.chat import signals
from domain.kernel import Catalogue
from infra import deadletters, progress
from infra.blob_store import ObjectBlobs
from infra.blobs import Blobs
from infra.log import Log, LogUnavailable, Retention, Topic
from infra.settings import Engine, Settings
from infra.tables import Table, Tables, TablesUnavailable
from processors.deadlines import Deadlines
from processors.delivery import Delivery
from processors.fanout import FanOut
from processors.policies import RULES
from processors.policies.worker import Policies
from processors.streams import Handler, Stream
from projections.chat.audience import Audience
from projections.chat.conversations import conversations
from projections.chat.inbox import Inbox
from projections.identity import identity
from projections.projection import Projection
from schemas import topics
from schemas.codec import Codec
from schemas.registry import Lock

log = structlog.get_logger(__name__)

PROJECTIONS: tuple[Projection, ...] = (identity, conversations)
WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True)
class House:
    """One process's view of an installation: what it decides with, and what it stands on."""

    settings: Settings
    catalogue: Catalogue
    codec: Codec
    log: Log
    tables: Tables
    blobs: Blobs
    secret: bytes

    async def prepare(self) -> None:
        """Makes topics and tables that are missing, waiting for log and tables where they are away.

        Raises WrongTopic where the log is not as it must be.
        """
        while True:
            try:
                self.log.ensure(all_topics(self.settings))
                await self.tables.create(all_tables())
                return
            except (LogUnavailable, TablesUnavailable) as error:
                log.warning("log or tables away, waiting for them", error=str(error))
                await asyncio.sleep(1.0)

    def stream(self, name: str) -> Stream[Any]:
        """The consumer of that name, ready to be fed; raises KeyError for a name there is none of."""
        return Stream(CONSUMERS[name](self), self.codec, self.log, self.tables)

    def close(self) -> None:
        self.log.close()


CONSUMERS: dict[str, Callable[[House], Handler[Any]]] = {
    "fanout": lambda house: FanOut(house.log, house.codec, Audience(house.tables)),
    "delivery": lambda house: Delivery(house.log, house.codec, house.tables, Inbox(house.tables)),
    "policies": lambda house: Policies(house.log, house.codec, house.tables, house.catalogue, RULES),
    **{each.name: lambda house, each=each: each for each in PROJECTIONS},  # type: ignore[misc]
}


def all_topics(settings: Settings) -> list[Topic]:
    """Every topic, with how long it keeps what."""
    count = settings.partitions
    found = [
        Topic(topics.ANSWERS, settings.gateways, timedelta(hours=1)),
        Topic(topics.DEAD_COMMANDS, 1, Retention.FOREVER),
        Topic(signals.INBOX, count, MONTH),
        Topic(signals.SESSIONS, count, Retention.COMPACTED),
        Topic(signals.PASSING, count, timedelta(hours=1)),
    ]
    for system in CATALOGUE.systems:
        found += [
            Topic(topics.commands(system), count, WEEK),
            Topic(topics.events(system), count, Retention.FOREVER),
            Topic(topics.state(system), count, Retention.COMPACTED),
            Topic(topics.answered(system), count, timedelta(hours=25)),
        ]
    return found


def all_tables() -> Sequence[Table]:
    """Every table of every reader."""
    own = [*Inbox.tables, *Audience.tables, *Deadlines.tables, *deadletters.TABLES, progress.PROGRESS]
    return [*own, *(table for each in PROJECTIONS for table in each.tables)]


def build(settings: Settings) -> House:
    """Opens an installation as the settings say; nothing is made or changed before `prepare`."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    codec = Codec(CATALOGUE, Lock.load())
    match settings.engine:
        case Engine.EMBEDDED:
            source, tables = _embedded(settings)
        case Engine.CLUSTER:
            source, tables = _cluster(settings)
    return House(settings, CATALOGUE, codec, source, tables, _blobs(settings), _secret(settings))


def _embedded(settings: Settings) -> tuple[Log, Tables]:
    from infra.embedded.log import EmbeddedLog
    from infra.embedded.tables import EmbeddedTables

    return EmbeddedLog(settings.data / "log.db"), EmbeddedTables(settings.data / "tables.db")


def _cluster(settings: Settings) -> tuple[Log, Tables]:
    from cassandra.auth import PlainTextAuthProvider

    from infra.cassandra.tables import CassandraTables
    from infra.kafka.log import KafkaLog

    source = KafkaLog(
        settings.kafka,
        data_dir=settings.data / "stores",
        security=settings.kafka_security,
        replication=settings.kafka_replication,
    )
    password = settings.cassandra_password.get_secret_value()
    auth = PlainTextAuthProvider(settings.cassandra_user, password) if settings.cassandra_user else None
    tables = CassandraTables(
        settings.cassandra,
        settings.cassandra_port,
        settings.cassandra_keyspace,
        replication=_replication(settings),
        datacenter=settings.cassandra_datacenter or None,
        auth=auth,
    )
    return source, tables


def _replication(settings: Settings) -> Mapping[str, str | int]:
    """One data centre by name where it is set, else wherever the nodes are."""
    if settings.cassandra_datacenter:
        return {"class": "NetworkTopologyStrategy", settings.cassandra_datacenter: settings.cassandra_replication}
    return {"class": "SimpleStrategy", "replication_factor": settings.cassandra_replication}


def _blobs(settings: Settings) -> Blobs:
    if not settings.blobs_bucket:
        return ObjectBlobs.in_folder(settings.data / "blobs")
    return ObjectBlobs.in_bucket(
        settings.blobs_bucket,
        region=settings.blobs_region,
        access_key_id=settings.blobs_key,
        secret_access_key=settings.blobs_secret.get_secret_value(),
        endpoint=settings.blobs_endpoint or None,
    )


def _secret(settings: Settings) -> bytes:
    """The installation's secret: from the settings, else one that was made at the first start."""
    if text := settings.secret.get_secret_value():
        return text.encode()
    path = settings.data / "secret"
    if not path.exists():
        made = settings.data / f"secret.{secrets.token_hex(8)}"
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process was quicker: its secret counts
            path.hardlink_to(made)
        made.unlink()
    return path.read_text().encode()
