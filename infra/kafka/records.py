"""From what the client library hands out to the port's records; the hot path of every consumer and reader."""

from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, Message

from infra.log import Headers, Record

NONE: Headers = {}
AT_ONCE, LARGEST = 500, 32 << 20  # messages between two looks at their size; bytes after which it is enough


def take(client: Consumer, limit: int, timeout: float) -> list[Message]:
    """Waits for a first message, then takes what else is already here: a full batch under load, no wait without.

    At most `limit`, and of large ones fewer.
    """
    messages: list[Message] = client.consume(1, timeout)
    size, wanted = 0, len(messages)
    while wanted and len(messages) < limit and size < LARGEST:
        wanted = min(limit - len(messages), AT_ONCE)
        found = client.consume(wanted, 0)
        messages += found
        size += sum(map(len, found))
        wanted = 0 if len(found) < wanted else wanted
    return messages


def records_of(messages: list[Message], event: Callable[[Message], None]) -> list[Record]:
    """The records among `messages`; whatever else the client has to say goes to `event`."""
    records: list[Record] = []
    for m in messages:
        if m.error() is not None:
            event(m)
            continue
        try:
            headers: Any = m.headers()
        except (SystemError, UnicodeDecodeError):  # a header's name is not UTF-8: no record of ours
            headers = None
        if headers:
            headers = dict(headers)
            if None in headers.values():
                headers = {name: value for name, value in headers.items() if value is not None}
        records.append(
            Record(
                m.topic(),  # type: ignore[arg-type]  # these are None only in messages that are errors
                m.partition(),  # type: ignore[arg-type]
                m.offset(),  # type: ignore[arg-type]
                m.key() or b"",
                m.value(),
                headers or NONE,
                m.timestamp()[1] * 1000,
            )
        )
    return records
