"""What operators type, on an installation that people use."""

import asyncio

import orjson

from tests.e2e.installation import Installation
from tests.e2e.people import Town


async def test_an_operator_looks_at_what_happened(septet: Installation, town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    group = await ann.group("before", bob)
    await ann.ask("PATCH", f"/chat/groups/{group}", json={"title": "after"})
    await ann.say(group, "hello")
    await ann.thread(group)  # its read model has applied it
    key = f"conversation/{group}"

    async def typed(*words: str) -> list[str]:
        return (await asyncio.to_thread(septet.run, *words)).splitlines()

    records = [orjson.loads(line) for line in await typed("events", "--system", "chat", "--key", key)]
    sent = next(each for each in records if each["type"].endswith(".MessageSent"))
    assert sent["body"]["text"] == "hello"
    tree = await typed("trace", sent["id"])
    assert "chat.conversation.SendMessage" in tree[0]
    assert "  chat.conversation.MessageSent" in tree[1]
    assert "+projection.chat" in tree[1]
    [now] = await typed("show", f"chat/{key}")
    [then] = await typed("show", f"chat/{key}", "--as-of", "1")
    assert (orjson.loads(now)["state"]["title"], orjson.loads(then)["state"]["title"]) == ("after", "before")
    assert orjson.loads(now)["version"] > 1
    await typed("operator", ann.name)
    await ann.sign_in()
    path = f"/log/aggregates/chat/{key}"
    seen = await ann.ask("GET", path, params={"as_of": "1"})
    assert (seen["version"], seen["state"]["title"]) == (1, "before")
    await ann.ask("GET", path, 422, params={"as_of": "yesterday"})
    await ann.ask("GET", f"{path}0", 404)
    await bob.ask("GET", path, 403)
    status = await ann.ask("GET", "/status")
    assert {each["role"] for each in status["processes"]} >= {"api", "commands", "projection.chat"}
    assert all(each["lag_seconds"] >= 0 for each in status["consumers"])
    assert not [each for each in status["problems"] if "heard of" in each]
    assert "septet_consumer_lag_events" in (await ann.http.get("/metrics")).text
