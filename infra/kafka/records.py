"""From what the client library hands out to the port's records; the hot path of every consumer and reader."""

from collections.abc import Callable

from confluent_kafka import Consumer, Message

from infra.log import Headers, Record

NONE: Headers = {}


def take(client: Consumer, limit: int, timeout: float) -> list[Message]:
    """Waits for a first message, then takes what else is already here: a full batch under load, no wait without."""
    messages: list[Message] = client.consume(1, timeout)
    if messages and limit > 1:
        messages += client.consume(limit - 1, 0)
    return messages


def records_of(messages: list[Message], event: Callable[[Message], None]) -> list[Record]:
    """The records among `messages`; whatever else the client has to say goes to `event`."""
    records: list[Record] = []
    for m in messages:
        if m.error() is not None:
            event(m)
            continue
        try:
            headers = m.headers()
        except (SystemError, UnicodeDecodeError):  # a header's name is not UTF-8: no record of ours
            headers = None
        records.append(
            Record(
                m.topic(),  # type: ignore[arg-type]  # these are None only in messages that are errors
                m.partition(),  # type: ignore[arg-type]
                m.offset(),  # type: ignore[arg-type]
                m.key() or b"",
                m.value(),
                {name: value for name, value in headers if value is not None} if headers else NONE,  # type: ignore[misc, str-unpack]
                m.timestamp()[1] * 1000,
            )
        )
    return records
