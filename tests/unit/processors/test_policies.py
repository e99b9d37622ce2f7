"""Policies: which command follows from which event, to whom, and when."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.catalogue import CATALOGUE
from domain.chat.contacts import Blocked, ClearContacts, Unblocked
from domain.chat.conversation import SetBlocked, direct_id
from domain.identity.claim import Claimed, Confirm, Expire, Release
from domain.identity.person import (
    ExpireSession,
    Forgotten,
    Method,
    PhoneChanged,
    Registered,
    Renamed,
    SessionOpened,
    SessionRefreshed,
)
from domain.instants import instant
from domain.kernel import Actor, Message
from domain.notice.recipient import Clear
from domain.scheduling.calendar import EndWebhooks
from domain.scheduling.erasure import AskErasure
from infra.clock import micros_now
from infra.progress import PROGRESS
from processors.policies import RULES, chat, identity
from processors.policies.rules import Then
from processors.policies.worker import Policies
from processors.streams import Stream, read_event
from schemas import topics
from schemas.envelope import command_of
from tests.scenario import ANN, BOB, NOON
from tests.unit.past import CODEC, Past
from tests.unit.processors.stage import Stage, staged

LATER = NOON + timedelta(days=30)
SESSION = UUID(int=7)
OLD_NAME, NAME, OLD_PHONE, PHONE = "name-0", "name-1", "phone-0", "phone-1"
OPENED = SessionOpened(SESSION, "Phone", UUID(int=8), Method.CODE, b"r" * 32, NOON, LATER, ())


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


def follows(event: Message, to: object) -> Sequence[Then]:
    found = read_event(Past().happen(event, to), CODEC)
    assert found is not None
    (happened,) = found
    return RULES[type(event)](happened.event, happened.at)


@pytest.mark.parametrize(
    ("event", "to", "expected"),
    [
        (Blocked(BOB), ANN, [Then(SetBlocked(ANN, BOB, True), str(direct_id(ANN, BOB)))]),
        (Blocked(ANN), BOB, [Then(SetBlocked(BOB, ANN, True), str(direct_id(ANN, BOB)))]),
        (Unblocked(BOB), ANN, [Then(SetBlocked(ANN, BOB, False), str(direct_id(ANN, BOB)))]),
        (Claimed(ANN, None), NAME, []),
        (Claimed(ANN, LATER), NAME, [Then(Expire(ANN), NAME, due=LATER)]),
        (
            Registered("Ann", "+4930123456", NAME, PHONE, None),
            ANN,
            [Then(Confirm(ANN), NAME), Then(Confirm(ANN), PHONE)],
        ),
        (Renamed("Anna", NAME, OLD_NAME), ANN, [Then(Confirm(ANN), NAME), Then(Release(ANN), OLD_NAME)]),
        (Renamed("ANN", NAME, NAME), ANN, []),
        (PhoneChanged("+4930", PHONE, OLD_PHONE), ANN, [Then(Confirm(ANN), PHONE), Then(Release(ANN), OLD_PHONE)]),
        (PhoneChanged("+4930", PHONE, PHONE), ANN, []),
        (OPENED, ANN, [Then(ExpireSession(SESSION, LATER), str(ANN), due=LATER)]),
        (
            SessionRefreshed(SESSION, b"n" * 32, LATER, ()),
            ANN,
            [Then(ExpireSession(SESSION, LATER), str(ANN), due=LATER)],
        ),
        (
            Forgotten(NAME, PHONE),
            ANN,
            [
                Then(Release(ANN), NAME),
                Then(Release(ANN), PHONE),
                Then(ClearContacts(), str(ANN)),
                Then(Clear(), str(ANN)),
                Then(EndWebhooks(), str(ANN)),
                Then(AskErasure(), str(ANN)),
            ],
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_follows(event: Message, to: object, expected: list[Then]) -> None:
    assert follows(event, to) == expected


def test_every_rule_of_the_chat_and_of_identity_is_tested_here() -> None:
    tested = {Blocked, Unblocked, Claimed, Registered, Renamed, PhoneChanged, SessionOpened, SessionRefreshed}
    assert {*chat.RULES, *identity.RULES} == tested | {Forgotten}


async def followed(stage: Stage) -> Stream[object]:
    return await stage.run(Policies(stage.log, CODEC, stage.tables, CATALOGUE, RULES))


async def test_commands_are_sent_as_the_system_with_ids_that_come_from_the_event(stage: Stage) -> None:
    stage.happen(Blocked(BOB), ANN)
    stage.happen(Registered("Ann", "+4930123456", NAME, PHONE, None), ANN, 1)
    for _ in range(2):  # the second time without its progress
        await followed(stage)
        await stage.tables.drop([PROGRESS])
        await stage.tables.create([PROGRESS])
    (block, again) = stage.read(topics.commands("chat"))
    assert CODEC.decode(block.value or b"") == SetBlocked(ANN, BOB, True)
    assert block.key == b"conversation/" + str(direct_id(ANN, BOB)).encode()
    at = command_of(block.headers)
    assert (at.actor, at.correlation, at.causation) == (str(Actor("system", "policies")), "chain-1", "chat-0-1:1")
    assert command_of(again.headers).id == at.id
    confirms = [command_of(each.headers) for each in stage.read(topics.commands("identity"))]
    assert sorted(each.key for each in confirms) == sorted([f"claim/{NAME}", f"claim/{PHONE}"] * 2)
    assert len({each.id for each in confirms}) == 2


async def test_what_is_due_later_waits_and_is_sent_in_its_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    now = micros_now()
    soon, hold = instant(now + 3_600_000_000), instant(now - 1)
    stage.happen(Claimed(ANN, soon), NAME)
    stage.happen(Claimed(BOB, hold), OLD_NAME)  # over already: its command goes out at once
    stream = await followed(stage)

    def sent() -> list[Message]:
        return stage.messages(topics.commands("identity"))

    await stream.tend()
    assert sent() == [Expire(BOB)]
    monkeypatch.setattr("processors.deadlines.micros_now", lambda: now + 3_600_000_001)
    await stream.tend()
    assert sent() == [Expire(BOB), Expire(ANN)]
    await stream.tend()
    assert len(sent()) == 2
