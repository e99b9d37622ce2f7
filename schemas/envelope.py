"""What surrounds a message on the wire: CloudEvents attributes (Kafka binding, binary mode) and our extensions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.instants import instant, micros
from domain.kernel import Actor, Position

SPECVERSION, CONTENT_TYPE = b"1.0", b"application/avro"


class BrokenEnvelope(Exception):
    """A record whose headers are not those of a command or an event; says which one and why."""


@lru_cache(maxsize=256)
def _to_the_second(second: int) -> bytes:
    return instant(second * 1_000_000).strftime("%Y-%m-%dT%H:%M:%S").encode()


@lru_cache(maxsize=256)
def _of_the_second(text: bytes) -> int:
    if (text[4:5], text[7:8], text[10:11], text[13:14], text[16:17]) != (b"-", b"-", b"T", b":", b":"):
        raise ValueError(f"not a time to the second: {text!r}")
    # Not strptime, which takes a hundred times as long: most of what a replay of quiet days would do.
    return micros(datetime.fromisoformat(text.decode()).replace(tzinfo=UTC))


def timestamp(micros: int) -> bytes:
    """RFC 3339 with microseconds in UTC, as CloudEvents' `time` wants it; formats each second only once."""
    second, rest = divmod(micros, 1_000_000)
    return b"%s.%06dZ" % (_to_the_second(second), rest)


def from_timestamp(text: bytes) -> int:
    """The microseconds of what `timestamp` wrote; raises ValueError for any other form."""
    if len(text) != 27 or text[19:20] != b"." or text[26:] != b"Z":
        raise ValueError(f"not a timestamp with microseconds in UTC: {text!r}")
    return _of_the_second(text[:19]) + int(text[20:26])


def id_of(key: bytes) -> str:
    """The aggregate's id in the key of a record."""
    return key.decode().partition("/")[2]


@lru_cache(maxsize=65_536)
def actor_of(text: bytes) -> Actor:
    """The actor of a header; the same few people act again and again."""
    return Actor.parse(text.decode())


class Command(msgspec.Struct, frozen=True, gc=False):
    """A command's attributes. Its `id` is what makes a repeat a repeat."""

    id: str
    type: str
    key: str  # "conversation/<id>"
    time: int  # when it was submitted, microseconds
    actor: str
    correlation: str  # the id of the first command of the whole chain
    causation: str  # the id of the event or request that led to it
    source: str
    expected_version: int | None = None
    reply_to: tuple[int, str] | None = None  # the gateway's partition on the answers topic, its word for this call
    traceparent: str = ""

    @property
    def aggregate_id(self) -> str:
        return self.key.partition("/")[2]

    @classmethod
    def following(cls, at: "Recorded", by: str, *, command_id: str, type_name: str, key: str, time: int) -> "Command":
        """What a part of the system sends because of an event: it belongs to the event's chain, and is caused by it."""
        return cls(
            id=command_id,
            type=type_name,
            key=key,
            time=time,
            actor=str(Actor("system", by)),
            correlation=at.correlation,
            causation=at.id,
            source=f"/septet/{by}",
            traceparent=at.traceparent,
        )

    def carrying(self, traceparent: str) -> "Command":
        """The same with what its trace has come to."""
        return self if traceparent == self.traceparent else replace(self, traceparent=traceparent)

    def headers(self) -> dict[str, bytes]:
        headers = {
            "ce_specversion": SPECVERSION,
            "ce_id": self.id.encode(),
            "ce_type": self.type.encode(),
            "ce_source": self.source.encode(),
            "ce_subject": self.key.encode(),
            "ce_time": timestamp(self.time),
            "content-type": CONTENT_TYPE,
            "ce_actor": self.actor.encode(),
            "ce_correlationid": self.correlation.encode(),
            "ce_causationid": self.causation.encode(),
        }
        if self.expected_version is not None:
            headers["ce_expectedversion"] = b"%d" % self.expected_version
        if self.reply_to is not None:
            headers["ce_replyto"] = b"%d/%s" % (self.reply_to[0], self.reply_to[1].encode())
        if self.traceparent:
            headers["traceparent"] = self.traceparent.encode()
        return headers


def command_of(headers: Mapping[str, bytes]) -> Command:
    """The attributes of a command record; raises BrokenEnvelope."""
    try:
        expected, reply = headers.get("ce_expectedversion"), headers.get("ce_replyto")
        return Command(
            id=headers["ce_id"].decode(),
            type=headers["ce_type"].decode(),
            key=headers["ce_subject"].decode(),
            time=from_timestamp(headers["ce_time"]),
            actor=headers["ce_actor"].decode(),
            correlation=headers["ce_correlationid"].decode(),
            causation=headers["ce_causationid"].decode(),
            source=headers["ce_source"].decode(),
            expected_version=None if expected is None else int(expected),
            reply_to=None if reply is None else _reply_address(reply),
            traceparent=headers["traceparent"].decode() if "traceparent" in headers else "",
        )
    except (KeyError, ValueError) as error:
        raise BrokenEnvelope(f"this record is no command: {error!r}") from error


def _reply_address(text: bytes) -> tuple[int, str]:
    gateway, _, token = text.partition(b"/")
    return int(gateway), token.decode()


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event's attributes, as every handler sees them beside the event itself."""

    id: str  # "<command id>:<index>"
    type: str  # "chat.conversation.MessageSent"
    system: str
    partition: int
    sequence: int  # gapless inside (system, partition)
    key: str  # "conversation/<id>"
    version: int  # gapless inside its aggregate
    micros: int  # event time, strictly increasing inside (system, partition)
    actor: str
    correlation: str
    causation: str
    traceparent: str = ""

    @property
    def aggregate_id(self) -> str:
        return self.key.partition("/")[2]

    @property
    def time(self) -> datetime:
        return instant(self.micros)

    @property
    def position(self) -> Position:
        return Position(self.system, self.partition, self.sequence)

    def headers(self) -> dict[str, bytes]:
        headers = {
            "ce_specversion": SPECVERSION,
            "ce_id": self.id.encode(),
            "ce_type": self.type.encode(),
            "ce_source": _source_of(self.system),
            "ce_subject": self.key.encode(),
            "ce_time": timestamp(self.micros),
            "content-type": CONTENT_TYPE,
            "ce_sequence": b"%d" % self.sequence,
            "ce_version": b"%d" % self.version,
            "ce_actor": self.actor.encode(),
            "ce_correlationid": self.correlation.encode(),
            "ce_causationid": self.causation.encode(),
        }
        if self.traceparent:
            headers["traceparent"] = self.traceparent.encode()
        return headers


@lru_cache(maxsize=256)
def _source_of(system: str) -> bytes:
    return b"/septet/" + system.encode()


def event_headers(
    system: str,
    type_name: bytes,
    command: Mapping[str, bytes],
    index: int,
    sequence: int,
    version: int,
    micros: int,
    traceparent: str,
) -> dict[str, bytes]:
    """The headers of a command's event with this index: those of `Recorded`, put together from the command's own.

    For the command processor, which would else decode each of them only to encode it again.
    """
    number = command["ce_id"]
    headers = {
        "ce_specversion": SPECVERSION,
        "ce_id": b"%b:%d" % (number, index),
        "ce_type": type_name,
        "ce_source": _source_of(system),
        "ce_subject": command["ce_subject"],
        "ce_time": timestamp(micros),
        "content-type": CONTENT_TYPE,
        "ce_sequence": b"%d" % sequence,
        "ce_version": b"%d" % version,
        "ce_actor": command["ce_actor"],
        "ce_correlationid": command["ce_correlationid"],
        "ce_causationid": number,
    }
    if traceparent:
        headers["traceparent"] = traceparent.encode()
    return headers


def recorded_of(topic: str, partition: int, headers: Mapping[str, bytes]) -> Recorded:
    """The attributes of an event record of `<system>.events`; raises BrokenEnvelope."""
    try:
        return Recorded(
            id=headers["ce_id"].decode(),
            type=headers["ce_type"].decode(),
            system=topic.removesuffix(".events"),
            partition=partition,
            sequence=int(headers["ce_sequence"]),
            key=headers["ce_subject"].decode(),
            version=int(headers["ce_version"]),
            micros=from_timestamp(headers["ce_time"]),
            actor=headers["ce_actor"].decode(),
            correlation=headers["ce_correlationid"].decode(),
            causation=headers["ce_causationid"].decode(),
            traceparent=headers["traceparent"].decode() if "traceparent" in headers else "",
        )
    except (KeyError, ValueError) as error:
        raise BrokenEnvelope(f"this record is no event: {error!r}") from error


class Happened(msgspec.Struct, frozen=True):
    """An event together with its attributes: what stream handlers are given."""

    event: Any  # one of the domain's event dataclasses
    at: Recorded
