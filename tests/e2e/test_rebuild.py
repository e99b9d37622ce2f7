"""Rebuilding the chat's read model from the command line while people write and read."""

import asyncio

from tests.e2e.installation import Installation
from tests.e2e.people import Person, Town


async def test_a_rebuild_and_the_way_back_while_people_write_and_read(septet: Installation, town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    chat = await ann.chat_with(bob)
    for number in range(20):
        await ann.say(chat, f"before {number}")
    stop = asyncio.Event()

    async def write() -> int:
        sent = 20
        while not stop.is_set():
            await ann.say(chat, f"meanwhile {sent}")
            sent += 1
            await asyncio.sleep(0.05)
        return sent

    async def look(who: Person) -> None:
        """No read fails, and none shows less than the one before."""
        shown = 0
        while not stop.is_set():
            head = (await who.thread(chat, limit=1))[0]["seq"]
            assert head >= shown
            shown = head
            await asyncio.sleep(0.02)

    bob.has_seen(ann)
    writing, looking = asyncio.create_task(write()), asyncio.create_task(look(bob))
    try:
        said = await asyncio.to_thread(septet.run, "rebuild", "chat")
        assert "is live" in said
        assert "is live again" in await asyncio.to_thread(septet.run, "rollback", "chat")
    finally:
        stop.set()
    sent = await writing
    await looking
    bob.has_seen(ann)
    thread = await bob.thread(chat, limit=100)
    assert [each["seq"] for each in thread] == list(range(max(0, sent - 100) + 1, sent + 1))
