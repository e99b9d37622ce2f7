"""One request is one trace, from HTTP over the log to the read model, at a collector of OpenTelemetry's protocol."""

from collections.abc import Sequence
from secrets import token_bytes
from typing import Any

from tests.e2e.collector import Collector, Spanned
from tests.e2e.installation import Installation
from tests.e2e.people import Town

WAY = (
    "send chat.conversation.SendMessage",
    "decide chat.conversation.SendMessage",
    "projection.chat process",
    "projection.chat write",
)


async def test_a_message_is_one_trace_from_the_request_to_the_read_model(
    septet: Installation, collector: Collector, town: Town
) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat: dict[str, Any] = await ann.ask("POST", "/chat/chats", 201, json={"user_id": bob.id})
    trace, client = token_bytes(16), token_bytes(8)
    collector.watch(trace)
    path = f"/chat/chats/{chat['chat_id']}/messages"
    headers = {"traceparent": f"00-{trace.hex()}-{client.hex()}-01"}
    await ann.ask("POST", path, 201, json={"content": "hello"}, headers=headers)

    def whole(spans: Sequence[Spanned]) -> bool:
        return {*WAY, "fanout process"} <= {each.name for each in spans}

    spans = collector.wait(trace, whole)
    by_name = {each.name: each for each in spans}
    assert whole(spans), sorted(by_name)
    (request,) = (each for each in spans if each.parent == client)
    assert request.name == "POST /chat/chats/{chat_id}/messages"
    above = request.id
    for name in WAY:  # each follows from the one before it
        assert by_name[name].parent == above, name
        above = by_name[name].id
    services = {each.service for each in spans}
    if septet.settings["SEPTET_ENGINE"] == "cluster":
        assert services >= {"septet-api", "septet-commands", "septet-projection.chat", "septet-fanout"}
    else:
        assert services == {"septet"}


async def test_what_follows_from_an_event_belongs_to_the_trace_of_its_cause(collector: Collector, town: Town) -> None:
    ann, eve = await town.person("ann"), await town.person("eve")
    trace = token_bytes(16)
    collector.watch(trace)
    headers = {"traceparent": f"00-{trace.hex()}-{token_bytes(8).hex()}-01"}
    await ann.ask("PUT", f"/chat/contacts/{eve.id}/block", 204, headers=headers)
    caused = "decide chat.conversation.SetBlocked"
    names = {"decide chat.contacts.Block", "policies process", caused}
    spans = collector.wait(trace, lambda spans: names <= {each.name for each in spans})
    by_name = {each.name: each for each in spans}
    assert set(by_name) >= names
    cause = by_name["decide chat.contacts.Block"].id  # both the policy and what it asks for follow from this decision
    assert by_name["policies process"].parent == by_name[caused].parent == cause
