"""Somebody leaves for ever: nobody can sign in as them, their name is free, and what they said reads as forgotten."""

import asyncio

from schemas.sealing import FORGOTTEN
from tests.e2e.people import PATIENCE, Person, Town


async def test_whoever_leaves_takes_their_words_along_and_leaves_their_name_behind(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    device = await bob.device()
    chat = await ann.chat_with(bob)
    await ann.say(chat, "meet me at the bridge")
    await bob.say(chat, "which bridge?")
    await device.until(lambda: len(device.messages(chat)) == 2)
    assert [each["content"] for each in device.messages(chat)] == ["meet me at the bridge", "which bridge?"]
    answer = await ann.http.get("/identity/me/data")
    assert answer.status_code == 200
    assert {each["type"] for each in answer.json()} >= {"identity.person.Registered", "chat.conversation.MessageSent"}
    assert (ann.name in answer.text, "the bridge" in answer.text, "which bridge?" in answer.text) == (True, True, False)

    problem = await ann.ask("POST", "/identity/me/forget", 403, json={"password": "wrong password"})
    assert problem["code"] == "sign_in_failed"
    await bob.ask("DELETE", f"/identity/people/{ann.id}", 403)
    await ann.ask("POST", "/identity/me/forget", 202, json={"password": ann.password})

    async with asyncio.timeout(PATIENCE):
        while [each["content"] for each in await bob.thread(chat)] != [FORGOTTEN, "which bridge?"]:
            await asyncio.sleep(0.1)
        for path in ("/identity/me", "/identity/me/data"):
            while (await ann.http.get(path)).status_code != 401:
                await asyncio.sleep(0.1)
        while True:  # the name is given back by a policy
            other = Person(town.url, ann.name, ann.phone)
            body = {"name": other.name, "phone_number": other.phone, "password": other.password}
            registered = await other.http.post("/identity/people", json=body)
            if registered.status_code == 201:
                break
            await other.close()
            await asyncio.sleep(0.1)
    other.id = registered.json()["user_id"]
    assert other.id != ann.id
    await other.sign_in()
    assert (await other.http.get(f"/chat/chats/{chat}/messages")).status_code == 404
    await other.close()
