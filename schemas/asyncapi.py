"""What lies on the log, as an AsyncAPI 3.0 document: a channel for each topic, with every message that can be on it."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.chat import signals
from domain.kernel import Answer, Catalogue, Head, Inquire
from schemas import topics
from schemas.registry import Entry, Kind, entries

Document = dict[str, Any]

AVRO = "application/vnd.apache.avro;version=1.9.0"
ON_TOPICS: Mapping[str, Sequence[type]] = {  # what is on those that are no system's
    topics.ANSWERS: (Answer, signals.Push),
    signals.INBOX: (signals.Entry,),
    signals.SESSIONS: (signals.Session,),
    signals.PASSING: (signals.Typing, signals.Presence, signals.Ticked),
}
KEYS = {
    topics.STATE: "`aggregate/id`; `~head` for the end of the partition",
    topics.ANSWERED: "the command's id",
}
OF_SYSTEMS = {
    topics.COMMANDS: (Kind.COMMAND, (Inquire,), "What is asked of {}."),
    topics.EVENTS: (Kind.EVENT, (), "What has happened in {}: the truth, in order for each key."),
    topics.STATE: (Kind.STATE, (Head,), "The last state of each aggregate of {}."),
    topics.ANSWERED: (None, (Answer,), "The answers to recent commands of {}, for repeats."),
}
_TEXT = {"type": "string"}
_NUMBER = {"type": "string", "pattern": "^[0-9]+$"}
_CLOUDEVENT = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": {**_TEXT, "description": "Of a command: what makes a repeat a repeat. Of an event: that, and an index."},
    "ce_type": {**_TEXT, "description": "The message's name."},
    "ce_source": {"type": "string", "format": "uri-reference"},
    "ce_subject": {**_TEXT, "description": "The key: `aggregate/id`."},
    "ce_time": {"type": "string", "format": "date-time"},
    "content-type": {"type": "string", "const": "application/avro"},
    "ce_actor": {**_TEXT, "description": "Who acts."},
    "ce_correlationid": {**_TEXT, "description": "The id of the first command of the whole chain."},
    "ce_causationid": {**_TEXT, "description": "The id of what led to it."},
    "traceparent": {**_TEXT, "description": "W3C Trace Context, where the request is traced."},
}
_OPTIONAL = ("traceparent", "ce_expectedversion", "ce_replyto")
HEADERS = {
    Kind.COMMAND: {
        **_CLOUDEVENT,
        "ce_expectedversion": {**_NUMBER, "description": "Of the aggregate; refused where it has another."},
        "ce_replyto": {**_TEXT, "description": "Partition of `answers`, `/`, and the key that the answer will have."},
    },
    Kind.EVENT: {
        **_CLOUDEVENT,
        "ce_sequence": {**_NUMBER, "description": "Of its partition, without a hole."},
        "ce_version": {**_NUMBER, "description": "Of its aggregate, without a hole."},
    },
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A topic as it is made."""

    name: str
    partitions: int
    configuration: Mapping[str, Any] = field(default_factory=dict)


def described(catalogue: Catalogue, stored: Sequence[Stored], version: str) -> Document:
    """The document of an installation with these topics. One that nobody here knows the messages of says so."""
    known = entries(catalogue)
    names = {entry.message: entry.name for entry in known if entry.state is None}
    channels, operations = {}, {}
    for topic in stored:
        channel, operation = _channel(topic, known, names)
        channels[topic.name], operations[topic.name] = channel, operation
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Septet",
            "version": version,
            "description": "Commands, events and answers of Septet on its log, and the socket of the chat.",
        },
        "defaultContentType": "application/avro",
        "servers": {
            "log": {
                "host": "{brokers}",
                "protocol": "kafka",
                "description": "The log. Of an installation on the embedded engine: the same records, in SQLite.",
                "variables": {"brokers": {"default": "localhost:9092", "description": "`SEPTET_KAFKA`"}},
                "bindings": {"kafka": {"schemaRegistryVendor": "confluent", "bindingVersion": "0.5.0"}},
            }
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {entry.name: _message(entry) for entry in known},
            "schemas": {f"{kind.value}-headers": _headers(kind) for kind in HEADERS},
        },
    }


def _channel(topic: Stored, known: Sequence[Entry], names: Mapping[type, str]) -> tuple[Document, Document]:
    """A topic, and what Septet does with it."""
    ending = topic.name.removeprefix(topics.system_of(topic.name))
    if ending in OF_SYSTEMS and topic.name not in ON_TOPICS:
        kind, more, text = OF_SYSTEMS[ending]
        system = topics.system_of(topic.name)
        found = [each.name for each in known if each.kind is kind and each.name.startswith(f"{system}.")]
        found += [names[each] for each in more]
        description = text.format(system)
    else:
        found = [names[each] for each in ON_TOPICS.get(topic.name, ())]
        description = "Septet's own." if found else "Septet's own; no message here is for others."
    channel = {
        "address": topic.name,
        "description": description,
        "servers": [{"$ref": "#/servers/log"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in found},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": dict(topic.configuration),
                "bindingVersion": "0.5.0",
            }
        },
    }
    receives = ending == topics.COMMANDS and topic.name not in ON_TOPICS and topic.name != topics.DEAD_COMMANDS
    operation: Document = {
        "action": "receive" if receives else "send",
        "channel": _reference(topic.name),
        "summary": description,
    }
    if receives:
        operation["reply"] = {
            "address": {"location": "$message.header#/ce_replyto", "description": "Partition, `/`, key."},
            "channel": _reference(topics.ANSWERS),
        }
    return channel, operation


def _reference(topic: str) -> Document:
    return {"$ref": f"#/channels/{topic}"}


def _message(entry: Entry) -> Document:
    about = inspect.getdoc(entry.state or entry.message) or ""
    # A dataclass without a docstring is given its signature as one.
    summary = "" if about.startswith(entry.message.__name__ + "(") else about.partition("\n\n")[0].replace("\n", " ")
    message: Document = {
        "name": entry.name,
        "title": entry.name.rpartition(".")[2],
        "contentType": "application/avro",
        "payload": {"schemaFormat": AVRO, "schema": _split(entry.schema())},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": KEYS.get(f".{entry.kind.value}", "`aggregate/id`")},
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "schemaLookupStrategy": "RecordNameStrategy",
                "bindingVersion": "0.5.0",
            }
        },
    }
    if summary:
        message["summary"] = summary
    if entry.kind in HEADERS:
        message["headers"] = {"$ref": f"#/components/schemas/{entry.kind.value}-headers"}
        message["correlationId"] = {"location": "$message.header#/ce_correlationid"}
    return message


def _split(schema: Any) -> Any:
    """The same Avro schema with each full name as a name and its namespace: AsyncAPI takes no other form."""
    match schema:
        case list():
            return [_split(each) for each in schema]
        case dict():
            rest = {
                key: _split(value) if key in ("fields", "type", "items", "values") else value
                for key, value in schema.items()
            }
            namespace, _, name = str(schema.get("name", "")).rpartition(".")
            return {**rest, "namespace": namespace, "name": name} if namespace else rest
    return schema


def _headers(kind: Kind) -> Document:
    return {"type": "object", "properties": HEADERS[kind], "required": list(_required(kind))}


def _required(kind: Kind) -> Iterator[str]:
    return (name for name in HEADERS[kind] if name not in _OPTIONAL)
