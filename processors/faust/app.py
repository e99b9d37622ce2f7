"""The Faust app of one consumer: one agent per topic, all of them filling one feed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faust
from faust.types import EventT, StreamT
from faust.types.transports import TransportT

from infra.log import Record
from processors.faust.consumer import RepairedTransport
from processors.faust.feed import Feed
from processors.faust.security import credentials_of
from processors.streams import Stream


@dataclass(frozen=True)
class Cluster:
    """Where Kafka is, who this worker is there, and where it may keep files of its own."""

    bootstrap: str  # "host:port,host:port"
    slot: str  # no two workers of a consumer may share one
    folder: Path
    security: dict[str, str] = field(default_factory=dict)  # as for librdkafka: security.protocol, sasl.…, ssl.…


class StreamApp(faust.App):
    """A Faust app and the stream whose progress it starts from and commits."""

    target: Stream[Any]

    def _new_transport(self) -> TransportT:
        return RepairedTransport(self.conf.broker_consumer, self)


def app_of(target: Stream[Any], feed: Feed, cluster: Cluster) -> StreamApp:
    """The app that brings the records of the stream's topics to `feed`; make and start it inside the running loop.

    Every setting here was found necessary: docs/decisions/faust.md.
    """
    folder = cluster.folder / f"{target.name}-{cluster.slot}"
    folder.mkdir(parents=True, exist_ok=True)
    app = StreamApp(
        target.name,  # the consumer group
        broker=";".join(f"kafka://{each.strip()}" for each in cluster.bootstrap.split(",")),
        broker_credentials=credentials_of(cluster.security),
        datadir=str(folder),  # two workers in one would take each other's files
        # A static member: its partitions wait for it to come back instead of moving when it is killed.
        consumer_group_instance_id=f"{target.name}-{cluster.slot}",
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=15.0,
        broker_heartbeat_interval=3.0,
        processing_guarantee="at_least_once",
        stream_wait_empty=True,  # partitions move only when what was begun is done
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        autodiscover=False,
    )
    app.target = target

    async def bring(events: StreamT[Any]) -> None:
        async for event in events.events():
            await feed.add(record_of(event))

    for topic in target.handler.topics:  # one agent each: two on one topic hang each other at a stop
        source = app.topic(topic, key_type=bytes, value_type=bytes, allow_empty=True)
        app.agent(source, name=f"{target.name}.{topic}", concurrency=1)(bring)
    return app


def record_of(event: EventT[Any]) -> Record:
    """A Faust event as the record it was on the log."""
    message = event.message
    headers: dict[str, bytes | None] = dict(message.headers or ())
    return Record(
        message.topic,
        message.partition,
        message.offset,
        message.key or b"",
        message.value,
        {name: value for name, value in headers.items() if value is not None},
        round(message.timestamp * 1000) * 1000,
    )
