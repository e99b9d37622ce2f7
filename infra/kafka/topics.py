"""Which settings a topic is created with, and which existing ones are refused because they would lose history."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from infra.log import Retention, Topic

LEGAL = re.compile(r"[a-zA-Z0-9._-]{1,249}")  # org.apache.kafka.common.internals.Topic
LARGEST_BATCH = 1_048_588  # bytes: the broker's default, said aloud so that a broker set otherwise still takes ours

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000  # milliseconds

# How long a removed key stays visible as removed to someone who was away (see `store.STALE`).
TOMBSTONES_KEPT = timedelta(days=1)


def is_legal(name: str) -> bool:
    """Whether the brokers take this as the name of a topic."""
    return LEGAL.fullmatch(name) is not None and name not in (".", "..")


def milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


def settings_of(topic: Topic, replication: int) -> dict[str, str]:
    """The explicit settings of a topic: nothing that keeps or loses records is left to the broker's defaults."""
    common = {
        "message.timestamp.type": "LogAppendTime",  # retention goes by the broker's clock, not by the senders'
        "max.message.bytes": str(LARGEST_BATCH),
        "min.insync.replicas": "2" if replication > 2 else "1",
        "retention.bytes": "-1",
    }
    match topic.retention:
        case Retention.FOREVER:
            return common | {"cleanup.policy": "delete", "retention.ms": "-1"}
        case Retention.COMPACTED:
            return common | {
                "cleanup.policy": "compact",
                "retention.ms": "-1",
                # The newest segment is never compacted: small ones keep the topic near one record a key.
                "segment.bytes": str(64 * 1024 * 1024),
                "segment.ms": str(_HOUR),
                "min.cleanable.dirty.ratio": "0.2",
                "max.compaction.lag.ms": str(_DAY),
                "delete.retention.ms": str(milliseconds(TOMBSTONES_KEPT)),
            }
        case Retention.ERASED:
            return common | {
                "cleanup.policy": "compact",
                "retention.ms": "-1",
                # What was replaced is cleaned away once its segment is closed, which the next record after this time
                # does: a forgotten person's key above all. The least dirt is reason enough.
                "segment.ms": str(10 * _MINUTE),
                "max.compaction.lag.ms": str(10 * _MINUTE),
                "min.cleanable.dirty.ratio": "0.001",
                "delete.retention.ms": str(milliseconds(TOMBSTONES_KEPT)),
            }
        case timedelta() as kept:
            return common | {
                "cleanup.policy": "delete",
                "retention.ms": str(milliseconds(kept)),
                # Only whole segments are deleted: this bounds how much longer than asked a record stays.
                "segment.ms": str(max(_MINUTE, min(7 * _DAY, milliseconds(kept) // 8))),
            }


def faults_of(topic: Topic, partitions: int, found: Mapping[str, str], bootstrap: str) -> Iterator[str]:
    """What is wrong with an existing topic, each with what to do about it."""
    if partitions != topic.partitions:
        yield (
            f"{topic.name} has {partitions} partitions, not {topic.partitions}. A key must never change its partition: "
            f"configure {partitions}, or copy the records to a new log."
        )
    for name, value in settings_of(topic, 1).items():
        if name in ("cleanup.policy", "retention.ms", "retention.bytes") and _loses(name, value, found.get(name, "")):
            yield (
                f"{topic.name} has {name}={found.get(name)}, which would lose records; it must be {value}. Correct it: "
                f"kafka-configs.sh --bootstrap-server {bootstrap} --entity-type topics --entity-name {topic.name} "
                f"--alter --add-config {name}={value}"
            )


def _loses(name: str, wanted: str, found: str) -> bool:
    if name == "cleanup.policy":
        return wanted != found
    if found == "-1":
        return False
    return wanted == "-1" or int(found) < int(wanted)
