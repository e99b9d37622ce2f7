"""The AsyncAPI document agrees with the standard's own schema, and leaves out nothing that is on the log."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from api.asyncapi import whole
from api.chat.socket.methods import METHODS
from domain.catalogue import CATALOGUE
from infra.settings import Settings
from schemas import asyncapi
from schemas.registry import entries
from septet.composition import all_topics

# From the npm package @asyncapi/specs 6.11.1; Apache-2.0, its licence lies beside it.
OFFICIAL = json.loads((Path(__file__).parent / "vendor" / "asyncapi" / "3.0.0.json").read_text())
TOPICS = [asyncapi.Stored(each.name, each.partitions) for each in all_topics(Settings())]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return whole(asyncapi.described(CATALOGUE, TOPICS, "1.2.3"), encrypted=True, host="septet.example.org")


def test_it_is_valid(document: dict[str, Any]) -> None:
    found = [
        (list(each.instance_path), each.message[:200])
        for each in jsonschema_rs.validator_for(OFFICIAL).iter_errors(document)
    ]
    assert not found


def test_each_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(part: Any) -> Any:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for each in part.values():
                yield from references(each)
        elif isinstance(part, list):
            for each in part:
                yield from references(each)

    found = set(references(document))
    assert len(found) > len(TOPICS)
    for reference in found:
        at: Any = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]
        assert at


def test_every_topic_is_a_channel_and_every_message_is_on_one(document: dict[str, Any]) -> None:
    channels = document["channels"]
    assert {each.name for each in TOPICS} == channels.keys() - {"socket"}
    on_the_log = {name for topic in TOPICS for name in channels[topic.name]["messages"]}
    assert {each.name for each in entries(CATALOGUE)} == on_the_log
    assert channels["chat.events"]["messages"].keys() >= {"chat.conversation.MessageSent"}
    assert not any(name.startswith("identity.") for name in channels["chat.events"]["messages"])


def test_what_is_asked_is_received_and_answered_what_happened_is_sent(document: dict[str, Any]) -> None:
    operations = document["operations"]
    for system in CATALOGUE.systems:
        assert operations[f"{system}.commands"]["action"] == "receive"
        assert operations[f"{system}.commands"]["reply"]["channel"] == {"$ref": "#/channels/answers"}
        assert operations[f"{system}.events"]["action"] == "send"


def test_the_socket_is_there_with_each_of_its_methods(document: dict[str, Any]) -> None:
    assert document["servers"]["socket"] == {
        **document["servers"]["socket"],
        "host": "septet.example.org",
        "protocol": "wss",
    }
    messages = document["channels"]["socket"]["messages"].keys()
    assert {f"socket.rpc.{name}" for name in METHODS} <= messages


def test_a_document_that_breaks_the_standard_is_noticed(document: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(OFFICIAL)
    assert not validator.is_valid({**document, "asyncapi": "2.0.0"})
    assert not validator.is_valid(
        {**document, "operations": {"x": {"action": "shout", "channel": {"$ref": "#/channels/answers"}}}}
    )
