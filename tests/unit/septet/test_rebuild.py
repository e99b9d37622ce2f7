"""Rebuilding beside live traffic: nothing is missing, no read fails or goes back, and the way back is open."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.chat.conversation import MessageSent
from infra.deadletters import DeadLetters
from infra.generations import one_view
from infra.progress import progress_of
from infra.settings import Engine, Settings
from processors import loop, streams
from projections import comparison
from projections.chat.conversations import CONVERSATIONS, MESSAGES, conversations
from projections.comparison import compare
from schemas.envelope import Recorded
from septet import rebuild as building
from septet.composition import House, build, outdated
from septet.rebuild import CannotRebuild, Going, rebuild, roll_back
from septet.shares import ShareFailed
from tests.unit.septet.town import GROUPS, PARTITIONS, Chat, worker

NAME = conversations.name


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(building, "LEFT", 0.5)
    monkeypatch.setattr(comparison, "PAUSES", (0.02, 0.2))
    monkeypatch.setattr(loop, "TENDING", 0.1)
    house = build(Settings(engine=Engine.EMBEDDED, data=tmp_path, partitions=PARTITIONS, gateways=2))
    await house.prepare()
    yield house
    house.close()
    await house.tables.close()


async def level(house: House, name: str = NAME) -> None:
    """Until a consumer has applied all there is."""
    partitions = [(conversations.topics[0], number) for number in range(PARTITIONS)]
    while True:
        reached = await progress_of(house.store, name)
        if all(each in reached and reached[each].place + 1 >= house.log.end(each) for each in partitions):
            return
        await asyncio.sleep(0.02)


async def seen(house: House) -> int:
    """The messages that queries show, as the conversations count them."""
    rows = [await house.tables.get(CONVERSATIONS, conversation=group) for group in GROUPS]
    return sum(row["last_seq"] or 0 for row in rows if row)


async def same(house: House, one: int, other: int) -> bool:
    found = [await compare(house.store, t.generation(one), t.generation(other)) for t in conversations.tables]
    return all(each.same for each in found)


async def test_a_rebuild_under_live_traffic_equals_one_from_zero_and_no_read_goes_back(house: House) -> None:
    chat, stop, steps = Chat(house), threading.Event(), list[str]()
    chat.go_on(800)

    def go_on() -> None:
        while not stop.is_set():
            chat.go_on(20)
            stop.wait(0.01)

    async def look() -> int:
        """Reads all the while: each answer shows at least what the one before has shown."""
        shown = 0
        while not stop.is_set():
            now = await seen(house)
            assert now >= shown
            shown = now
            await asyncio.sleep(0.005)
        return shown

    def told(going: Going) -> None:
        steps.append(going.step)

    with worker(house, NAME):
        await level(house)
        traffic = threading.Thread(target=go_on)
        traffic.start()
        looking = asyncio.create_task(look())
        try:
            found = await rebuild(house, conversations, told=told)
            before = await seen(house)
            await asyncio.sleep(0.5)
        finally:
            stop.set()
            traffic.join()
        assert await looking > before  # it goes on in the new one
        await level(house)
    assert found.switched
    assert found.same
    assert (await house.generations.plan(NAME)).live == found.number == 1
    assert await seen(house) == chat.messages
    assert list(dict.fromkeys(steps))[:3] == ["replay", "waiting for the workers", "catch up"]
    assert await same(house, 0, 1)  # the old one is kept level, so the way back loses nothing
    from_zero = await rebuild(house, conversations)  # no worker runs: nothing but the log counts
    assert from_zero.same
    assert from_zero.compared[0].rows == (chat.messages, chat.messages)


async def test_a_rebuild_in_several_processes_has_the_same_rows(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "MANY", 1)
    chat, steps = Chat(house), list[Going]()
    chat.go_on(800)
    with worker(house, NAME):
        await level(house)
    found = await rebuild(house, conversations, parallel=2, told=steps.append)
    assert found.switched
    assert found.same
    assert found.compared[0].rows == (chat.messages, chat.messages)
    assert [each for each in steps if each.step == "replay"][-1].done == found.records


async def test_a_process_that_ends_early_ends_the_replay_and_the_next_one_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "MANY", 1)
    chat = Chat(house)
    chat.go_on(100)
    with worker(house, NAME):
        await level(house)
    wrong = replace(house, settings=house.settings.model_copy(update={"data": Path("/proc/nowhere")}))
    with pytest.raises(ExceptionGroup) as failed:
        await rebuild(wrong, conversations)
    assert failed.group_contains(ShareFailed)
    found = await rebuild(house, conversations)
    assert found.same


async def test_a_rebuild_that_is_killed_goes_on_where_it_was(house: House, tmp_path: Path) -> None:
    chat = Chat(house)
    chat.go_on(5_000)
    end = sum(house.log.end((conversations.topics[0], number)) for number in range(PARTITIONS))
    own = {"SEPTET_DATA": str(tmp_path), "SEPTET_PARTITIONS": str(PARTITIONS), "SEPTET_GATEWAYS": "2"}
    environment = {**os.environ, **own, "PYTHONPATH": str(Path(__file__).parents[3])}
    words = [sys.executable, "-m", "septet", "rebuild", "chat", "--parallel", "1"]
    quiet = asyncio.subprocess.DEVNULL
    killed = await asyncio.create_subprocess_exec(*words, env=environment, stdout=quiet, stderr=quiet)
    while not (reached := await progress_of(house.store, f"{NAME}@1")):
        assert killed.returncode is None
        await asyncio.sleep(0.005)
    killed.kill()
    await killed.wait()
    reached = await progress_of(house.store, f"{NAME}@1")
    done = sum(each.place + 1 for each in reached.values())
    plan = await house.generations.plan(NAME)
    assert plan.building is not None
    assert not plan.building.whole
    assert plan.live == 0
    with worker(house, NAME):
        await level(house)
        found = await rebuild(house, conversations)
    assert found.records == end - done
    assert found.switched
    assert found.same
    assert await seen(house) == chat.messages


async def test_rolling_back_shows_what_has_come_since_the_switch(house: House) -> None:
    chat = Chat(house)
    chat.go_on(200)
    with worker(house, NAME):
        await level(house)
        assert (await rebuild(house, conversations)).switched
        chat.go_on(200)
        await level(house)
        assert await roll_back(house, conversations) == (1, 0)
        await asyncio.sleep(0.3)  # the moment until every reader knows
        assert await seen(house) == chat.messages
        chat.go_on(200)
        await level(house)
        assert await seen(house) == chat.messages
        await building.drop(house, conversations, 1)
        chat.go_on(200)
        await level(house)
    assert await seen(house) == chat.messages
    assert await DeadLetters(house.store).parked(NAME) == []
    with pytest.raises(CannotRebuild):
        await roll_back(house, conversations)
    with pytest.raises(CannotRebuild):
        await building.drop(house, conversations, 0)


async def test_tables_that_differ_are_not_switched_to_unless_asked(house: House) -> None:
    chat = Chat(house)
    chat.go_on(300)
    with worker(house, NAME):
        await level(house)
        wrong = MESSAGES.put(2**60, conversation=GROUPS[0], bucket=0, seq=1, text="never sent")
        await house.store.write([wrong])
        found = await rebuild(house, conversations)
        assert not found.switched
        assert [(each.table, each.differing) for each in found.compared if not each.same] == [("chat_messages", 1)]
        assert str(GROUPS[0]) in found.compared[0].keys[0]
        chat.go_on(100)
        await level(house)
        again = await rebuild(house, conversations, anyway=True)  # it is there and level: nothing is replayed
    assert (again.records, again.switched, again.number) == (0, True, found.number)
    await asyncio.sleep(0.3)
    row = await house.tables.get(MESSAGES, conversation=GROUPS[0], bucket=0, seq=1)
    assert row is not None
    assert row["text"] == "message 1"


async def test_a_request_reads_one_generation_while_others_see_the_switch(house: House) -> None:
    Chat(house).go_on(10)
    with worker(house, NAME):
        await level(house)
    with one_view():
        before = await house.tables.current(MESSAGES)
        assert (await rebuild(house, conversations)).switched
        await asyncio.sleep(0.3)
        assert await house.tables.current(MESSAGES) == before == MESSAGES
    assert await house.tables.current(MESSAGES) == MESSAGES.generation(1)


async def test_changed_handlers_are_noticed_and_may_make_other_rows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    Chat(house).go_on(300)

    def shouted(event: MessageSent, at: object) -> list[object]:
        return [MESSAGES.put(1, conversation=GROUPS[0], bucket=0, seq=event.seq, text=event.text.upper())]

    with worker(house, NAME):
        await level(house)
    assert outdated(conversations, await house.generations.plan(NAME)) == ""
    monkeypatch.setitem(conversations._when, "chat.conversation.MessageSent", shouted)
    assert "changed" in outdated(conversations, await house.generations.plan(NAME))
    found = await rebuild(house, conversations)
    assert found.changed
    assert not found.same
    assert found.switched
    assert outdated(conversations, await house.generations.plan(NAME)) == ""


async def test_what_the_replay_cannot_handle_waits_with_the_dead_letters(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "PATIENCE", (0.0,))
    Chat(house).go_on(600)
    sent = conversations._when["chat.conversation.MessageSent"]

    def fails(event: MessageSent, at: Recorded) -> object:
        if event.seq == 3 and at.aggregate_id in map(str, GROUPS[:2]):
            raise ArithmeticError("three")
        return sent(event, at)

    with worker(house, NAME):
        await level(house)
        monkeypatch.setitem(conversations._when, "chat.conversation.MessageSent", fails)
        found = await rebuild(house, conversations)
        assert len(found.parked) == 2
        monkeypatch.undo()
        letters = DeadLetters(house.store)
        for lane in found.parked:
            await letters.wish(NAME, lane.key, "retry", "repaired")
        while await letters.parked(NAME):
            await asyncio.sleep(0.05)
    assert await same(house, 0, 1)
