"""Other programs' clients read what is on the log, with what the API tells them of it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

from infra.embedded.log import EmbeddedLog
from tests.e2e.installation import Installation
from tests.e2e.people import Town

TOPIC = "identity.events"
MOST = 60.0  # seconds


def values(septet: Installation) -> Iterator[bytes]:
    """What lies on the topic, read as a program that knows only the log would."""
    if septet.settings["SEPTET_ENGINE"] == "embedded":
        yield from _of_sqlite(septet.folder / "data" / "log.db")
        return
    reader = Consumer(
        {"bootstrap.servers": septet.settings["SEPTET_KAFKA"], "group.id": "stranger", "enable.partition.eof": True}
    )
    try:
        found = reader.list_topics(TOPIC, timeout=MOST).topics[TOPIC].partitions
        reader.assign([TopicPartition(TOPIC, number, 0) for number in found])
        ended = 0
        while ended < len(found):
            message = reader.poll(MOST)
            assert message is not None
            error = message.error()
            ended += error is not None and error.code() == KafkaError._PARTITION_EOF
            if error is None:
                yield message.value() or b""
    finally:
        reader.close()


def _of_sqlite(file: Path) -> Iterator[bytes]:
    log = EmbeddedLog(file)
    reader = log.reader({(TOPIC, number): 0 for number in range(log.topics()[TOPIC])})
    while records := reader.poll(500, 1.0):
        yield from (each.value or b"" for each in records)
    reader.close()
    log.close()


async def test_confluents_own_client_reads_a_topic_by_our_registry(septet: Installation, town: Town) -> None:
    await town.person("reader")
    registry = SchemaRegistryClient({"url": f"{septet.url}/registry"})
    strategy = {"subject.name.strategy": record_subject_name_strategy}
    deserialize = AvroDeserializer(registry, conf=strategy)
    context = SerializationContext(TOPIC, MessageField.VALUE)
    read = [deserialize(value, context) for value in values(septet)]
    names = [each["name"] for each in read if each is not None and each.get("name")]
    assert names
    assert all(name.startswith("sealed:1:") for name in names)  # what is personal says nothing to other programs


async def test_the_registry_answers_as_confluents_does(septet: Installation) -> None:
    registry = SchemaRegistryClient({"url": f"{septet.url}/registry", "basic.auth.user.info": "any:one"})
    subject = "septet.identity.person.Registered"
    assert subject in registry.get_subjects()
    latest = registry.get_latest_version(subject)
    assert registry.get_versions(subject)[-1] == latest.version
    assert registry.get_version(subject, latest.version).schema_id == latest.schema_id
    assert latest.schema_id is not None
    assert registry.get_schema(latest.schema_id).schema_str == latest.schema.schema_str
    assert registry.get_config().compatibility_level == "FULL_TRANSITIVE"
    for asked, status, code in (
        (lambda: registry.get_versions("nobody"), 404, 40401),
        (lambda: registry.get_version(subject, 99), 404, 40402),
        (lambda: registry.get_schema(999_999), 404, 40403),
        (lambda: registry.get_version(subject, 0), 422, 42202),
    ):
        with pytest.raises(SchemaRegistryError) as refused:
            asked()
        assert (refused.value.http_status_code, refused.value.error_code) == (status, code)


def test_the_registry_can_only_be_read(septet: Installation) -> None:
    for path in ("/subjects/x/versions", "/config", "/mode"):
        assert httpx.post(f"{septet.url}/registry{path}", json={}).status_code == 405
        assert httpx.put(f"{septet.url}/registry{path}", json={}).status_code == 405
    answer = httpx.get(f"{septet.url}/registry/mode")
    assert (answer.json(), answer.headers["content-type"]) == (
        {"mode": "READONLY"},
        "application/vnd.schemaregistry.v1+json",
    )


def test_what_the_log_and_the_socket_speak_is_told(septet: Installation) -> None:
    document = httpx.get(f"{septet.url}/asyncapi.json").json()
    assert document["asyncapi"] == "3.0.0"
    assert document["channels"][TOPIC]["bindings"]["kafka"]["partitions"] == 4
    assert document["servers"]["socket"]["host"] == septet.url.removeprefix("http://")
