"""The fan-out: who gets which event, also when it is done again, late, or for very many."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from msgspec import structs

from domain.chat.conversation import (
    Delivered,
    GroupCreated,
    MemberLeft,
    MembersAdded,
    MessageDeleted,
    MessageEdited,
    MessageHidden,
    Reacted,
    ReactionWithdrawn,
    Read,
    TitleChanged,
)
from domain.chat.signals import INBOX, PASSING, Entry, Ticked
from domain.notice.recipient import Due
from domain.notice.recipient import Read as NoticeRead
from infra.progress import PROGRESS
from processors import fanout
from processors.fanout import FanOut
from processors.streams import read_event
from projections.chat.audience import Audience
from schemas.envelope import Happened
from tests.scenario import ANN, BOB, CID, DAN, EVE, NOON
from tests.unit.domain.conversations import CREATED, DIRECT, GROUP, SEAL, STARTED, sent
from tests.unit.domain.notices import notice
from tests.unit.past import CODEC
from tests.unit.processors.stage import PARTITIONS, Stage, data_of, home, people_of, staged

EVERYBODY = tuple(UUID(int=number << 64) for number in range(1, 41))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


async def fan_out(stage: Stage) -> None:
    await stage.run(FanOut(stage.log, CODEC, Audience(stage.tables)))


def entries(stage: Stage, start: int = 0) -> list[Entry]:
    return [each for each in stage.messages(INBOX) if each.sequence > start]


def receivers(stage: Stage, kind: str = "message") -> dict[int, set[UUID]]:
    """Who got the entries of a kind, by the event's sequence."""
    found: dict[int, set[UUID]] = {}
    for each in entries(stage):
        if data_of(each)["type"] == kind:
            found.setdefault(each.sequence, set()).update(people_of(each))
    return found


async def test_one_record_for_each_inbox_partition_with_those_who_live_there(stage: Stage) -> None:
    stage.happen(GroupCreated("All", EVERYBODY, EVERYBODY[0], SEAL), GROUP)
    stage.happen(sent(1, EVERYBODY[0]), GROUP)
    await fan_out(stage)
    for number in range(PARTITIONS):
        (entry,) = [each for each in stage.messages(INBOX, number) if each.sequence == 2]
        assert people_of(entry) == [each for each in EVERYBODY if home(each) == number]
        assert (entry.source, entry.seq, entry.large) == (0, 1, False)


async def test_a_repeat_finds_those_who_were_there_then(stage: Stage) -> None:
    for event in (
        CREATED,
        sent(1, ANN),
        MemberLeft(BOB, BOB, 1),
        sent(2, ANN),
        MembersAdded((BOB, DAN), ANN, 2),
        sent(3, ANN),
        MemberLeft(BOB, ANN, 3),
        sent(4, ANN),
        MembersAdded((BOB,), ANN, 4),
        sent(5, ANN),
    ):
        stage.happen(event, GROUP)
    await fan_out(stage)
    once = receivers(stage)
    assert once == {
        2: {ANN, BOB, CID},
        4: {ANN, CID},
        6: {ANN, BOB, CID, DAN},
        8: {ANN, CID, DAN},
        10: {ANN, BOB, CID, DAN},
    }
    count = sum(len(people_of(each)) for each in entries(stage) if data_of(each)["type"] == "message")
    await stage.tables.drop([PROGRESS])
    await stage.tables.create([PROGRESS])
    await fan_out(stage)  # all of it again, with the memberships as they are in the end
    again = sum(len(people_of(each)) for each in entries(stage) if data_of(each)["type"] == "message")
    assert again == 2 * count
    assert receivers(stage) == once


async def test_memberships_are_found_again_after_a_restart(stage: Stage) -> None:
    stage.happen(CREATED, GROUP)
    stage.happen(MemberLeft(CID, CID, 0), GROUP)
    await fan_out(stage)
    stage.happen(sent(1, ANN), GROUP)
    await fan_out(stage)
    assert receivers(stage) == {3: {ANN, BOB}}


async def test_who_left_without_a_message_between_is_gone(stage: Stage) -> None:
    for event in (CREATED, MembersAdded((DAN,), ANN, 0), MemberLeft(DAN, DAN, 0), sent(1, ANN)):
        stage.happen(event, GROUP)
    await fan_out(stage)
    assert receivers(stage) == {4: {ANN, BOB, CID}}


async def test_who_comes_back_at_once_is_there_again(stage: Stage) -> None:
    """Added, left and added again with no message between: one and the same stay goes on."""
    for event in (CREATED, MemberLeft(BOB, BOB, 0), MembersAdded((BOB,), ANN, 0), sent(1, ANN)):
        stage.happen(event, GROUP)
    await fan_out(stage)
    assert receivers(stage) == {4: {ANN, BOB, CID}}
    stage.happen(sent(2, ANN), GROUP)
    await fan_out(stage)  # as found again in the table
    assert receivers(stage)[5] == {ANN, BOB, CID}


async def test_who_blocked_the_sender_gets_nothing(stage: Stage) -> None:
    stage.happen(CREATED, GROUP)
    stage.happen(replace(sent(1, ANN), hidden_from=(BOB,)), GROUP)
    await fan_out(stage)
    assert receivers(stage) == {2: {ANN, CID}}


@pytest.mark.parametrize("restart", [False, True], ids=["in one batch", "after a restart"])
async def test_changes_of_a_hidden_message_do_not_reach_those_it_is_hidden_from(stage: Stage, restart: bool) -> None:
    stage.happen(STARTED, DIRECT)
    stage.happen(sent(1, ANN, DIRECT), DIRECT)
    stage.happen(replace(sent(2, ANN, DIRECT), hidden_from=(BOB,)), DIRECT)
    if restart:
        await fan_out(stage)
    for seq in (1, 2):
        for change in (
            MessageEdited(seq, sent(seq, ANN, DIRECT).message_id, ANN, "x"),
            Reacted(seq, ANN, "👍"),
            ReactionWithdrawn(seq, ANN),
            MessageDeleted(seq, ANN),
        ):
            stage.happen(change, DIRECT)
    await fan_out(stage)
    found = receivers(stage, "edited") | receivers(stage, "reaction") | receivers(stage, "deleted")
    assert found == {**{sequence: {ANN, BOB} for sequence in range(4, 8)}, **{n: {ANN} for n in range(8, 12)}}
    await stage.tables.drop([PROGRESS])
    await stage.tables.create([PROGRESS])
    await fan_out(stage)  # all of it again
    assert receivers(stage, "edited") | receivers(stage, "reaction") | receivers(stage, "deleted") == found


async def test_what_one_event_means_has_parts(stage: Stage) -> None:
    """An event of a retired type can mean several: each is an entry, told apart by its part."""
    stage.happen(CREATED, GROUP)
    for meaning in (sent(1, ANN), sent(2, BOB), TitleChanged("New", ANN, 2)):
        stage.happen(meaning, GROUP)
    created, *meanings = [each for record in stage.past.records for each in read_event(record, CODEC)]
    retired = [Happened(each.event, structs.replace(each.at, sequence=2)) for each in meanings]
    handler = FanOut(stage.log, CODEC, Audience(stage.tables))
    await handler.handle([[created], retired])
    for number in range(PARTITIONS):
        parts = [(each.sequence, each.part, data_of(each)["type"]) for each in stage.messages(INBOX, number)]
        assert parts in ([], [(1, 0, "started"), (2, 0, "message"), (2, 1, "message"), (2, 2, "members")])


async def test_changes_of_a_message_go_to_those_who_had_it(stage: Stage) -> None:
    for event in (CREATED, sent(1, ANN), MembersAdded((DAN,), ANN, 1), MemberLeft(BOB, BOB, 1), sent(2, ANN)):
        stage.happen(event, GROUP)
    for change in (
        MessageEdited(1, sent(1, ANN).message_id, ANN, "x"),
        MessageDeleted(1, ANN),
        Reacted(1, CID, "👍"),
        ReactionWithdrawn(1, CID),
        Reacted(2, CID, "👍"),
    ):
        stage.happen(change, GROUP)
    await fan_out(stage)
    assert receivers(stage, "edited") == {6: {ANN, BOB, CID}}
    assert receivers(stage, "deleted") == {7: {ANN, BOB, CID}}
    assert receivers(stage, "reaction") == {8: {ANN, BOB, CID}, 9: {ANN, BOB, CID}, 10: {ANN, CID, DAN}}


async def test_what_concerns_one_person_or_the_group(stage: Stage) -> None:
    for event in (CREATED, sent(1, ANN), MessageHidden(1, BOB), TitleChanged("New", ANN, 1), MemberLeft(CID, ANN, 1)):
        stage.happen(event, GROUP)
    stage.happen(STARTED, DIRECT, 1)
    await fan_out(stage)
    assert receivers(stage, "removed-for-me") == {3: {BOB}}
    assert receivers(stage, "members") == {4: {ANN, BOB, CID}, 5: {ANN, BOB, CID}}
    started = [each for each in entries(stage) if each.source == 1]
    assert {who for each in started for who in people_of(each)} == {ANN, BOB}
    assert EVE not in {who for each in entries(stage) for who in people_of(each)}


async def test_marks_only_pass(stage: Stage) -> None:
    for event in (CREATED, sent(1, ANN), Delivered(BOB, 1), Read(CID, 1)):
        stage.happen(event, GROUP)
    await fan_out(stage)
    assert {each.sequence for each in entries(stage)} == {1, 2}
    assert stage.messages(PASSING) == [Ticked(UUID(GROUP), BOB, 1, 0), Ticked(UUID(GROUP), CID, 1, 1)]


async def test_large_is_what_has_more_members_than_the_limit(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "LARGE", 3)
    stage.happen(CREATED, GROUP)
    stage.happen(MembersAdded((DAN,), ANN, 0), GROUP)
    stage.happen(sent(1, ANN), GROUP)
    await fan_out(stage)
    assert {each.sequence: each.large for each in entries(stage)} == {1: False, 2: True, 3: True}


async def test_what_somebody_is_told_comes_into_their_inbox_and_repeats_are_known(stage: Stage) -> None:
    stage.happen(Due(notice(1), True, (), NOON), ANN)
    stage.happen(Due(notice(2), False, (), NOON), ANN)  # not wanted in the console
    stage.happen(NoticeRead(UUID(int=1)), ANN)
    await fan_out(stage)
    told, read = entries(stage)
    assert people_of(told) == people_of(read) == [ANN]
    assert (data_of(told)["type"], data_of(told)["subject"]) == ("notice", notice(1).subject)
    assert (data_of(read)["type"], data_of(read)["notice_id"]) == ("notice-read", str(UUID(int=1)))
    assert told.source == read.source == fanout.NOTICES  # no partition of the chat's events
    assert (told.sequence, read.sequence) == (1, 3)
