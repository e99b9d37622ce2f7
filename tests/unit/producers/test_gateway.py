"""The gateway: what a caller is told while the log, the processors or the callers are too many, too slow or away."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.catalogue import CATALOGUE
from domain.chat.conversation import ChangeTitle
from domain.kernel import Answer, Reason, Rejected
from infra.embedded.log import EmbeddedLog
from infra.log import Headers, LogUnavailable, Record, Topic
from producers import gateway as gateways
from producers.gateway import Busy, Decision, Gateway, Pending
from schemas import topics
from schemas.envelope import command_of
from tests.processing import ANN, CODEC

COMMANDS, GROUP, PATIENT = topics.commands("chat"), "a-group", 60.0
Done = Callable[[Exception | None], None] | None


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EmbeddedLog]:
    log = EmbeddedLog(tmp_path / "log.db")
    log.ensure([Topic(COMMANDS, 1), Topic(topics.ANSWERS, 2)])
    yield log
    log.close()


@pytest.fixture
async def gateway(log: EmbeddedLog) -> AsyncIterator[Gateway]:
    gateway = Gateway(CATALOGUE, CODEC, log, 1)
    await gateway.start()
    yield gateway
    await gateway.close()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "PATIENCE", PATIENT)


def sent(gateway: Gateway, title: str = "a title", **more: Any) -> "asyncio.Task[Decision]":
    return asyncio.create_task(gateway.submit(ChangeTitle(title), GROUP, ANN, **more))


async def until(true: Callable[[], bool]) -> None:
    """Returns when it is so; fails a minute later."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.01)


def commands(log: EmbeddedLog) -> list[Record]:
    """What has come onto the topic of commands."""
    reader = log.reader({(COMMANDS, 0): 0})
    found: list[Record] = []
    while not reader.level():
        found += reader.poll(100, 0.1)
    reader.close()
    return found


def reply(log: EmbeddedLog, token: str, answer: Answer, slot: int = 1) -> None:
    """Answers as a processor does."""
    producer = log.producer()
    producer.send(topics.ANSWERS, token.encode(), CODEC.encode(answer), {}, partition=slot)
    producer.flush(30)
    producer.close()


def token_of(record: Record) -> str:
    address = command_of(record.headers).reply_to
    assert address is not None
    assert address[0] == 1
    return address[1]


def answer_to(record: Record, **more: Any) -> Answer:
    command = command_of(record.headers)
    return replace(Answer(command.id, command.actor, b"", "chat:0:7", 3), **more)


async def test_an_answer_comes_back_to_the_one_who_asked(gateway: Gateway, log: EmbeddedLog) -> None:
    one, two = sent(gateway, "one", command_id="1"), sent(gateway, "two", command_id="2")
    await until(lambda: len(commands(log)) == 2)
    first, second = sorted(commands(log), key=lambda each: command_of(each.headers).id)
    reply(log, token_of(second), answer_to(second, version=22))
    reply(log, token_of(first), answer_to(first, version=11))
    assert [(each.command_id, each.version) for each in (await one, await two)] == [("1", 11), ("2", 22)]
    assert (await one).position == "chat:0:7"


@pytest.mark.parametrize("reason", Reason)
async def test_a_refusal_comes_back_with_its_reason(gateway: Gateway, log: EmbeddedLog, reason: Reason) -> None:
    task = sent(gateway)
    await until(lambda: len(commands(log)) == 1)
    [record] = commands(log)
    reply(log, token_of(record), answer_to(record, code="not_so", detail="Not so.", reason=reason.value))
    with pytest.raises(Rejected) as refused:
        await task
    assert (refused.value.code, refused.value.detail, refused.value.reason) == ("not_so", "Not so.", reason)


async def test_above_so_many_waiting_it_is_busy_and_sends_nothing(
    gateway: Gateway, log: EmbeddedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "WAITING", 2)
    accepted = [sent(gateway, command_id=str(n)) for n in range(2)]
    await until(lambda: len(commands(log)) == 2)
    with pytest.raises(Busy):
        await gateway.submit(ChangeTitle("one too many"), GROUP, ANN)
    with pytest.raises(Busy):
        await gateway.inquire("chat", f"conversation/{GROUP}", "0", ANN)
    first, second = commands(log)
    reply(log, token_of(first), answer_to(first))
    await asyncio.wait(accepted, return_when=asyncio.FIRST_COMPLETED)

    third = sent(gateway, command_id="3")  # there is room again
    await until(lambda: len(commands(log)) == 3)
    for record in (second, commands(log)[2]):
        reply(log, token_of(record), answer_to(record))
    assert [(await each).command_id for each in (*accepted, third)] == ["0", "1", "3"]  # what was accepted is kept


async def test_who_gives_up_makes_room(gateway: Gateway, log: EmbeddedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "WAITING", 1)
    first = sent(gateway)
    await until(lambda: len(commands(log)) == 1)
    first.cancel()
    await asyncio.wait([first])
    second = sent(gateway)
    await until(lambda: len(commands(log)) == 2)
    record = commands(log)[1]
    reply(log, token_of(record), answer_to(record))
    assert (await second).version == 3


class Scripted:
    """A producer whose log says what the test wants of each record."""

    def __init__(self, says: Callable[[Done], None]) -> None:
        self._says = says

    def send(
        self,
        topic: str,
        key: bytes,
        value: bytes | None,
        headers: Headers,
        partition: int | None = None,
        done: Done = None,
    ) -> None:
        self._says(done)

    def flush(self, timeout: float) -> None: ...

    def close(self) -> None: ...


def confirms(done: Done) -> None:
    assert done is not None
    done(None)


def never(done: Done) -> None:
    """The log says nothing."""


def fails(done: Done) -> None:
    assert done is not None
    done(LogUnavailable("gone"))


def full(done: Done) -> None:
    raise LogUnavailable("the queue is full")


async def test_what_is_on_the_log_and_not_answered_is_pending(
    log: EmbeddedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "PATIENCE", 0.1)
    monkeypatch.setattr(EmbeddedLog, "producer", lambda _, early: Scripted(confirms))
    gateway = Gateway(CATALOGUE, CODEC, log, 1)
    await gateway.start()
    try:
        with pytest.raises(Pending) as pending:
            await gateway.submit(ChangeTitle("a title"), GROUP, ANN, command_id="mine")
        found = pending.value
        assert (found.system, found.key, found.command_id) == ("chat", f"conversation/{GROUP}", "mine")
        assert not gateway._waiting
    finally:
        await gateway.close()


@pytest.mark.parametrize(("says", "patience"), [(never, 0.1), (fails, PATIENT), (full, PATIENT)])
async def test_what_the_log_has_not_confirmed_is_never_called_pending(
    log: EmbeddedLog, monkeypatch: pytest.MonkeyPatch, says: Callable[[Done], None], patience: float
) -> None:
    monkeypatch.setattr(gateways, "PATIENCE", patience)
    monkeypatch.setattr(EmbeddedLog, "producer", lambda _, early: Scripted(says))
    gateway = Gateway(CATALOGUE, CODEC, log, 1)
    await gateway.start()
    try:
        for _ in range(2):
            with pytest.raises(Busy):
                await gateway.submit(ChangeTitle("a title"), GROUP, ANN)
        assert not gateway._waiting
    finally:
        await gateway.close()


async def test_answers_to_an_earlier_process_of_this_slot_are_not_taken(gateway: Gateway, log: EmbeddedLog) -> None:
    earlier = Gateway(CATALOGUE, CODEC, log, 1)
    await earlier.start()
    old = sent(earlier)
    await until(lambda: len(commands(log)) == 1)
    old.cancel()
    await asyncio.wait([old])
    await earlier.close()

    new = sent(gateway)
    await until(lambda: len(commands(log)) == 2)
    before, after = commands(log)
    assert token_of(before) != token_of(after)  # each the first of its process
    reply(log, token_of(before), answer_to(before, version=1))
    reply(log, token_of(after), answer_to(after, version=2), slot=0)  # for another gateway
    reply(log, token_of(after), answer_to(after, version=3))
    assert (await new).version == 3


async def test_one_unreadable_answer_does_not_stop_the_others(gateway: Gateway, log: EmbeddedLog) -> None:
    task = sent(gateway)
    await until(lambda: len(commands(log)) == 1)
    [record] = commands(log)
    token, good = token_of(record).encode(), CODEC.encode(answer_to(record))
    second = CODEC.encode(answer_to(record, version=9))  # which changes nothing
    arrived = [(token, b"no answer"), (token, None), (b"\xff", good), (token, good), (token, second)]
    gateway._arrived([Record(topics.ANSWERS, 1, n, key, value, {}, 0) for n, (key, value) in enumerate(arrived)])
    assert (await task).version == 3


LONE = "\ud800"  # half of a character: JSON can bring it, UTF-8 has no bytes for it


@pytest.mark.parametrize(
    ("title", "to", "command_id"),
    [(LONE, GROUP, "1"), ("a title", LONE, "1"), ("a title", GROUP, LONE)],
    ids=["in the command", "in whom it is for", "in its id"],
)
async def test_what_cannot_be_stored_is_refused_and_leaves_no_one_waiting(
    gateway: Gateway, log: EmbeddedLog, title: str, to: str, command_id: str
) -> None:
    with pytest.raises(Rejected) as refused:
        await asyncio.wait_for(gateway.submit(ChangeTitle(title), to, ANN, command_id=command_id), 30)
    assert (refused.value.code, refused.value.reason) == ("unencodable", Reason.INVALID)
    assert LONE not in refused.value.detail  # the answer has to be encoded, too
    assert not gateway._waiting
    assert commands(log) == []


@pytest.mark.parametrize(("group", "command_id"), [(LONE, "1"), (GROUP, LONE)])
async def test_an_inquiry_that_cannot_be_stored_is_refused_as_well(
    gateway: Gateway, log: EmbeddedLog, group: str, command_id: str
) -> None:
    with pytest.raises(Rejected) as refused:
        await asyncio.wait_for(gateway.inquire("chat", f"conversation/{group}", command_id, ANN), 30)
    assert (refused.value.code, refused.value.reason) == ("unencodable", Reason.INVALID)
    assert not gateway._waiting
    assert commands(log) == []


async def test_more_than_may_wait_are_refused_and_what_waits_is_not_dropped(
    gateway: Gateway, log: EmbeddedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "WAITING", 2)
    waiting = [sent(gateway, f"title {number}") for number in range(2)]
    await until(lambda: len(commands(log)) == 2)
    with pytest.raises(Busy):
        await sent(gateway, "one too many")
    for record in commands(log):
        reply(log, token_of(record), Answer(command_of(record.headers).id, str(ANN), b"", "", 1))
    assert [each.version for each in await asyncio.gather(*waiting)] == [1, 1]
    assert len(commands(log)) == 2
