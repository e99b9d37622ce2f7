"""The chat as its users have it, in both engines: the core rows of its specification."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from tests.e2e.people import Town


async def test_two_people_get_one_conversation_whoever_starts_and_however_often(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chats = await asyncio.gather(*(one.chat_with(other) for one, other in [(ann, bob), (bob, ann)] * 5))
    assert len(set(chats)) == 1
    assert [each["chat_id"] for each in await bob.ask("GET", "/chat/chats")] == [chats[0]]


async def test_messages_have_one_gapless_order_for_everybody(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    sent = await asyncio.gather(*(who.say(chat, f"{n}") for n in range(20) for who in (ann, bob)))
    assert sorted(each["seq"] for each in sent) == list(range(1, 41))
    last = await ann.say(chat, "last")
    bob.has_seen(ann)
    mine, theirs = await ann.thread(chat, limit=100), await bob.thread(chat, limit=100)
    assert mine == theirs
    assert [each["seq"] for each in mine] == list(range(1, last["seq"] + 1))
    by_id = {each["message_id"]: each["seq"] for each in mine}
    assert all(by_id[each["message_id"]] == each["seq"] for each in sent)


async def test_a_thread_is_paged_both_ways_and_around_a_message(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    for number in range(12):
        await ann.say(chat, f"{number}")
    assert [each["seq"] for each in await ann.thread(chat, limit=3)] == [10, 11, 12]
    assert [each["seq"] for each in await ann.thread(chat, limit=3, before=10)] == [7, 8, 9]
    assert [each["seq"] for each in await ann.thread(chat, limit=3, after_seq=7)] == [8, 9, 10]
    assert [each["seq"] for each in await ann.thread(chat, limit=5, around=6)] == [4, 5, 6, 7, 8, 9]
    answer = await ann.http.get(f"/chat/chats/{chat}/messages?limit=3")
    assert 'rel="prev"' in answer.headers["Link"]


async def test_a_message_is_replied_to_edited_reacted_to_and_deleted(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    first = await ann.say(chat, "helo")
    await bob.say(chat, "hi", reply_to=1, mentions=[ann.id])
    path = f"/chat/chats/{chat}/messages"
    await ann.ask("PATCH", f"{path}/1", json={"message_id": first["message_id"], "content": "hello"})
    await bob.ask("PUT", f"{path}/1/reaction", 204, json={"emoji": "👍"})
    await bob.ask("PATCH", f"{path}/1", 403, json={"message_id": first["message_id"], "content": "mine now"})
    ann.has_seen(bob)
    one, two = await ann.thread(chat)
    assert (one["content"], one["reactions"], one["edited_at"] is not None) == ("hello", {"👍": [bob.id]}, True)
    assert (two["reply_to"], two["mentions"]) == (1, [ann.id])
    await bob.ask("DELETE", f"{path}/2", 204, params={"scope": "me"})
    assert [each["seq"] for each in await bob.thread(chat)] == [1]
    await ann.ask("DELETE", f"{path}/1", 204, params={"message_id": first["message_id"]})
    one = (await ann.thread(chat))[0]
    assert (one["content"], one["deleted"], one["reactions"]) == ("", True, {})


async def test_a_group_has_roles_and_shows_each_member_only_what_was_sent_while_they_were_in(town: Town) -> None:
    ann, bob, eve = await town.person("ann"), await town.person("bob"), await town.person("eve")
    group = await ann.group("trip", bob)
    await ann.say(group, "before eve")
    await bob.ask("POST", f"/chat/groups/{group}/members", 403, json={"user_id": eve.id})
    await ann.ask("POST", f"/chat/groups/{group}/members", 201, json={"user_id": eve.id})
    await ann.say(group, "hello eve")
    eve.has_seen(ann)
    assert [each["content"] for each in await eve.thread(group)] == ["hello eve"]
    await ann.ask("PUT", f"/chat/groups/{group}/members/{bob.id}/role", 204, json={"role": "admin"})
    await bob.ask("DELETE", f"/chat/groups/{group}/members/{eve.id}", 204)
    await bob.say(group, "without eve")
    eve.has_seen(bob)
    await eve.ask("GET", f"/chat/chats/{group}/messages", 404)
    await eve.ask("POST", f"/chat/chats/{group}/messages", 404, json={"content": "let me in"})
    ann.has_seen(bob)
    members = await ann.ask("GET", f"/chat/groups/{group}/members")
    assert [(each["name"], each["role"]) for each in members] == [(ann.name, "owner"), (bob.name, "admin")]


async def test_strangers_learn_nothing_and_change_nothing(town: Town) -> None:
    ann, bob, eve = await town.person("ann"), await town.person("bob"), await town.person("eve")
    chat = await ann.chat_with(bob)
    sent = await ann.say(chat, "private")
    for method, path, body in [
        ("GET", f"/chat/chats/{chat}", None),
        ("GET", f"/chat/chats/{chat}/messages", None),
        ("POST", f"/chat/chats/{chat}/messages", {"content": "x"}),
        ("PATCH", f"/chat/chats/{chat}/messages/1", {"message_id": sent["message_id"], "content": "x"}),
        ("PUT", f"/chat/chats/{chat}/messages/1/reaction", {"emoji": "👍"}),
        ("POST", f"/chat/chats/{chat}/marks", {"read": 1}),
        ("POST", f"/chat/chats/{uuid4()}/messages", {"content": "x"}),
    ]:
        problem = await eve.ask(method, path, 404, **({"json": body} if body else {}))
        assert problem["code"] in ("not_found", "not_a_member")
    await eve.ask("PUT", f"/chat/users/{ann.id}", 403, json={"name": "eve owns this"})
    assert (await eve.ask("GET", f"/chat/users/{ann.id}"))["phone_number"] is None


async def test_a_blocked_person_is_answered_as_always_and_reaches_nobody(town: Town) -> None:
    ann, eve = await town.person("ann"), await town.person("eve")
    chat = await ann.chat_with(eve)
    await eve.say(chat, "before")
    device = await ann.device()
    await ann.ask("PUT", f"/chat/contacts/{eve.id}/block", 204)
    for attempt in range(200):  # the block reaches the conversation by a policy, a moment later
        await eve.say(chat, f"attempt {attempt}")
        ann.has_seen(eve)
        shown = [each["content"] for each in await ann.thread(chat, limit=200)]
        if f"attempt {attempt}" not in shown:
            break
    sent = await eve.say(chat, "silence")
    assert sent["seq"] > 1
    await ann.say(chat, "can you hear me?")
    ann.has_seen(eve)
    assert "silence" not in [each["content"] for each in await ann.thread(chat, limit=200)]
    assert "silence" in [each["content"] for each in await eve.thread(chat, limit=200)]
    await device.until(lambda: any(each["content"] == "can you hear me?" for each in device.messages(chat)))
    assert "silence" not in [each["content"] for each in device.messages(chat)]


async def test_the_same_key_is_one_message_and_another_body_under_it_is_refused(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    key = {"Idempotency-Key": f"key {uuid4()}"}
    path = f"/chat/chats/{chat}/messages"
    first, again = [await ann.ask("POST", path, 201, json={"content": "x"}, headers=key) for _ in "ab"]
    assert first == again
    problem = await ann.ask("POST", f"/chat/chats/{chat}/messages", 422, json={"content": "y"}, headers=key)
    assert problem["code"] == "idempotency_key_reused"
    assert len(await ann.thread(chat)) == 1


async def test_an_expected_version_that_is_over_is_refused(town: Town) -> None:
    ann = await town.person("ann")
    group = await ann.group("one")
    await ann.ask("PATCH", f"/chat/groups/{group}", json={"title": "two"}, headers={"If-Match": '"1"'})
    problem = await ann.ask("PATCH", f"/chat/groups/{group}", 412, json={"title": "three"}, headers={"If-Match": '"1"'})
    assert problem["code"] == "version_conflict"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"content": "x" * 70_000}, 422),
        ({"content": "   "}, 422),
        ({"content": 5}, 422),
        ({"content": "x", "unknown": True}, 422),
        ({"content": "x", "reply_to": 999}, 404),
        ({}, 422),
    ],
)
async def test_bad_input_gets_a_clear_problem(town: Town, body: dict[str, object], status: int) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    answer = await ann.http.post(f"/chat/chats/{chat}/messages", json=body)
    assert answer.status_code in (status, 404, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code"} <= answer.json().keys()
    assert await ann.thread(chat) == []


async def test_an_oversize_body_is_refused_before_it_is_read(town: Town) -> None:
    ann = await town.person("ann")
    answer = await ann.http.post("/chat/groups", content=b"x" * 400_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 10_000

    answer = await ann.http.post("/chat/groups", content=endless())
    assert answer.status_code == 413


async def test_the_articles_oldest_endpoints_send_and_read_by_name(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    form = {"sender": ann.name, "recipient": bob.name, "message": "hello bob"}
    await ann.ask("POST", "/chat/send_message", 201, data=form)
    problem = await bob.ask("POST", "/chat/send_message", 403, data=form)
    assert problem["code"] == "not_yours"
    bob.has_seen(ann)
    assert await bob.ask("GET", "/chat/chats")
    found = await bob.ask("GET", f"/chat/get_messages/{bob.name}")
    assert [(each["sender"], each["message"]) for each in found] == [(ann.name, "hello bob")]
    await bob.ask("GET", f"/chat/get_messages/{ann.name}", 403)


async def test_nobody_gets_in_without_a_token(town: Town) -> None:
    async with httpx.AsyncClient(base_url=town.url) as stranger:
        for path in ("/chat/chats", "/identity/me", "/chat/contacts", "/log/records", "/status"):
            answer = await stranger.get(path)
            assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_first")
