"""Devices of people: the socket with a public client, offline and back, receipts, presence, long polling."""

import asyncio
import json
from functools import partial

import httpx
import pytest
import websockets
from centrifuge import ReplyError

from tests.e2e.people import Device, Person, Town


async def test_a_message_reaches_every_device_at_once_and_in_order(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    phone = await bob.device()
    await bob.sign_in("tablet")
    tablet, mine = await bob.device(), await ann.device()
    for number in range(20):
        await mine.call("send", chat_id=chat, content=f"{number}", key=f"{chat}/{number}")
    for device in (phone, tablet, mine):
        await device.until(partial(_has, device, chat, 20))
        assert [each["seq"] for each in device.messages(chat)] == list(range(1, 21))
        assert device.offsets == sorted(set(device.offsets))


def _has(device: Device, chat: str, count: int) -> bool:
    return len(device.messages(chat)) >= count


async def test_what_came_while_a_device_was_away_waits_for_it_and_comes_once_and_in_order(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    device = await bob.device()
    await ann.say(chat, "1")
    await device.until(lambda: len(device.messages(chat)) == 1)
    await device.client.disconnect()
    for number in range(2, 42):
        await ann.say(chat, f"{number}")
    await device.client.connect()  # the client recovers by epoch and offset
    await ann.say(chat, "42")
    await device.until(lambda: len(device.messages(chat)) >= 42)
    assert [each["content"] for each in device.messages(chat)] == [f"{number}" for number in range(1, 43)]


async def test_a_device_without_memory_goes_on_at_what_it_has_acknowledged(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    device = await bob.device()
    await ann.say(chat, "seen")
    await device.until(lambda: len(device.messages(chat)) == 1)
    await device.acknowledge()
    await _acknowledged(bob.http, device.offsets[-1])
    await device.close()
    for number in range(5):
        await ann.say(chat, f"new {number}")
    again = await bob.device()
    await again.until(lambda: len(again.messages(chat)) >= 5)
    assert [each["content"] for each in again.messages(chat)] == [f"new {number}" for number in range(5)]


async def _acknowledged(http: httpx.AsyncClient, cursor: int) -> None:
    """Until the device's cursor is stored: from then on nothing before it is given again."""
    async with asyncio.timeout(60):
        while (await http.get("/chat/sync", params={"wait": 0})).json()["entries"]:
            await asyncio.sleep(0.05)


async def test_receipts_go_from_sent_to_delivered_to_read(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    mine = await ann.device()
    await mine.listen(chat)
    await ann.say(chat, "hello")

    async def marks() -> tuple[int, int]:
        members = (await ann.ask("GET", f"/chat/chats/{chat}"))["members"]
        bobs = next(each for each in members if each["user_id"] == bob.id)
        return bobs["delivered"], bobs["read"]

    async def seen(delivered: int, read: int) -> None:
        """The page follows what the socket has told: it is made by another worker."""
        async with asyncio.timeout(60):
            while await marks() != (delivered, read):
                await asyncio.sleep(0.05)

    assert await marks() == (0, 0)
    theirs = await bob.device()
    await bob.ask("POST", "/chat/sync/ack", 204, json={"cursor": await _polled(bob)})
    await mine.until(lambda: any(each["type"] == "marks" and each["delivered"] == 1 for each in mine.passing))
    await seen(1, 0)
    await theirs.call("mark", chat_id=chat, read=1)
    await mine.until(lambda: any(each["type"] == "marks" and each["read"] == 1 for each in mine.passing))
    await seen(1, 1)


async def test_what_a_device_has_from_before_it_came_is_delivered_once_it_says_so(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    mine = await ann.device()
    await mine.listen(chat)
    await ann.say(chat, "before")
    before = await _polled(bob)
    await bob.sign_in("tablet")
    tablet = await bob.device()  # a new device begins at the end of the inbox
    await ann.say(chat, "after")
    await tablet.until(lambda: len(tablet.messages(chat)) == 1)
    await _polled(bob)
    await bob.ask("POST", "/chat/sync/ack", 204, json={"cursor": before})
    await mine.until(lambda: any(each["type"] == "marks" and each["delivered"] == 1 for each in mine.passing))


async def _polled(person: Person) -> int:
    """The cursor behind all entries from the first one on, once a message is among them."""
    cursor, came = 0, list[str]()
    while "message" not in came:  # the conversation's beginning is an entry as well, and may come alone
        synced = await person.ask("GET", "/chat/sync", params={"since": cursor, "wait": 30})
        cursor, came = synced["cursor"], [*came, *(each["type"] for each in synced["entries"])]
    return cursor


async def test_typing_and_presence_pass_to_those_who_may_see_them(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    mine = await ann.device()
    await mine.listen(chat)
    theirs = await bob.device()
    await theirs.listen(chat)
    await mine.until(lambda: any(each["type"] == "presence" and each["online"] for each in mine.passing))
    await theirs.call("typing", chat_id=chat, on=True)
    await mine.until(lambda: any(each["type"] == "typing" and each["user_id"] == bob.id for each in mine.passing))
    [bobs] = await ann.ask("GET", "/chat/presence", params={"user_id": bob.id})
    assert (bobs["online"], bobs["hidden"]) == (True, False)
    await theirs.close()
    await mine.until(lambda: any(each["type"] == "presence" and not each["online"] for each in mine.passing))
    [bobs] = await ann.ask("GET", "/chat/presence", params={"user_id": bob.id})
    assert bobs["online"] is False
    assert bobs["last_seen"] is not None


async def test_who_hides_their_presence_sees_none(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    await ann.ask("PUT", "/chat/privacy", 204, json={"last_seen": "nobody", "receipts": True})
    assert (await ann.ask("GET", "/chat/privacy"))["last_seen"] == "nobody"
    [bobs] = await ann.ask("GET", "/chat/presence", params={"user_id": bob.id})
    assert bobs["hidden"] is True
    bob.has_seen(ann)
    [anns] = await bob.ask("GET", "/chat/presence", params={"user_id": ann.id})
    assert anns["hidden"] is True


async def test_long_polling_waits_for_what_comes_and_acknowledges(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    start = await bob.ask("GET", "/chat/sync", params={"wait": 0})
    waiting = asyncio.create_task(bob.ask("GET", "/chat/sync", params={"since": start["cursor"], "wait": 50}))
    await asyncio.sleep(0.3)  # so that the poll waits before something comes; right either way
    await ann.say(chat, "hello")
    found: list[dict[str, object]] = []
    cursor = start["cursor"]
    answer = await waiting
    while not any(each["type"] == "message" for each in answer["entries"]):
        cursor = answer["cursor"]
        answer = await bob.ask("GET", "/chat/sync", params={"since": cursor, "wait": 50})
    found += answer["entries"]
    assert [each["content"] for each in found if each["type"] == "message"] == ["hello"]


async def test_a_removed_member_hears_nothing_more(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    group = await ann.group("trip", bob)
    theirs = await bob.device()
    bob.has_seen(ann)
    assert await bob.ask("GET", f"/chat/chats/{group}")
    await theirs.listen(group)
    await ann.ask("DELETE", f"/chat/groups/{group}/members/{bob.id}", 204)
    await theirs.until(lambda: any(each["type"] == "members" and bob.id in each["removed"] for each in theirs.entries))
    await ann.say(group, "secret")
    chat = await ann.chat_with(bob)
    await ann.say(chat, "only for bob")
    await theirs.until(lambda: bool(theirs.messages(chat)))
    assert theirs.messages(group) == []
    with pytest.raises(ReplyError):
        await theirs.call("typing", chat_id=group, on=True)


async def test_foreign_channels_and_methods_are_refused_and_the_connection_goes_on(town: Town) -> None:
    ann, eve = await town.person("ann"), await town.person("eve")
    device = await eve.device()
    with pytest.raises(ReplyError) as refused:
        await device.call("no such method")
    assert refused.value.code == 104
    with pytest.raises(ReplyError) as refused:
        await device.call("send", chat_id=ann.id, content="x")
    assert refused.value.code == 103
    with pytest.raises(ReplyError) as refused:
        await device.call("send", chat_id="no id", content="x")
    assert refused.value.code == 107
    assert await device.call("presence", user_ids=[]) == {"presence": []}


async def test_half_a_character_is_refused_and_the_connection_goes_on(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    async with websockets.connect(town.url.replace("http", "ws") + "/chat/socket", proxy=None) as socket:
        await socket.send(json.dumps({"id": 1, "connect": {"token": ann.token}}))
        assert "connect" in json.loads(await socket.recv())
        for number, text in ((2, "half a \ud83d"), (3, "a whole \U0001f600")):
            call = {"method": "send", "data": {"chat_id": chat, "content": text}}
            await socket.send(json.dumps({"id": number, "rpc": call}))
            answer = json.loads(await socket.recv())
            assert answer["id"] == number
            if number == 2:
                assert answer["error"]["code"] == 107
                assert answer["error"]["message"].startswith("unencodable: ")
            else:
                assert answer["rpc"]["data"]["seq"] == 1


@pytest.mark.parametrize("frame", ["nonsense", "[]", "{}{", '{"id":"x"}', "\x00", '{"id":1,"connect":5}'])
async def test_a_broken_frame_ends_the_connection_with_a_reason(town: Town, frame: str) -> None:
    url = town.url.replace("http", "ws") + "/chat/socket"
    async with websockets.connect(url, proxy=None) as socket:
        await socket.send(frame)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 3501


async def test_a_socket_without_a_token_can_do_nothing(town: Town) -> None:
    url = town.url.replace("http", "ws") + "/chat/socket"
    async with websockets.connect(url, proxy=None) as socket:
        for command in (
            {"subscribe": {"channel": "inbox:x"}},
            {"rpc": {"method": "send"}},
            {"connect": {"token": "x"}},
        ):
            await socket.send(json.dumps({"id": 1, **command}))
            assert json.loads(await socket.recv())["error"]["code"] == 101
