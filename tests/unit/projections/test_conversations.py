"""Conversations as rows, and as their members see them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.chat.contacts import (
    Audience,
    Blocked,
    ContactAdded,
    ContactRemoved,
    PrivacyChanged,
    Unblocked,
)
from domain.chat.conversation import (
    Delivered,
    Kind,
    MemberLeft,
    MembersAdded,
    MessageDeleted,
    MessageEdited,
    MessageHidden,
    MessageImported,
    Reacted,
    ReactionWithdrawn,
    Read,
    Role,
    RoleChanged,
    TitleChanged,
    message_id,
)
from domain.instants import instant
from projections.chat import conversations as declared
from projections.chat import queries
from projections.chat.conversations import (
    CONTACTS,
    CONVERSATIONS,
    HIDDEN,
    MEMBERS,
    MESSAGES,
    MINE,
    PRIVACY,
    REACTIONS,
    conversations,
)
from projections.chat.queries import Contact, Conversations, Member, Message, Privacy
from tests.scenario import ANN, BOB, CID, DAN, EVE, NOON
from tests.unit.domain.conversations import CREATED, DIRECT, GROUP, SEAL, STARTED, sent
from tests.unit.projections.reading import ReadModel, opened

HIKING, PAIR = UUID(GROUP), UUID(DIRECT)


@pytest.fixture(autouse=True)
def _small_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declared, "BUCKET", 4)
    monkeypatch.setattr(queries, "BUCKET", 4)


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[ReadModel]:
    async with opened(conversations, tmp_path) as model:
        yield model


@pytest.fixture
def ask(model: ReadModel) -> Conversations:
    return Conversations(model.tables)


async def seqs(
    ask: Conversations,
    person: UUID = ANN,
    *,
    limit: int = 100,
    before: int | None = None,
    after: int | None = None,
    joined_seq: int = 0,
    last_seq: int = 14,
) -> list[int]:
    found: list[Message] = await ask.messages(
        HIKING, person, limit=limit, before=before, after=after, joined_seq=joined_seq, last_seq=last_seq
    )
    return [each.seq for each in found]


# Rows.


async def test_a_conversation_of_two(model: ReadModel) -> None:
    await model.given(STARTED, to=DIRECT)
    at, begin = instant(model.past.now), {"joined_seq": 0, "delivered": 0, "read": 0}
    await model.then(
        CONVERSATIONS,
        {"conversation": PAIR, "is_group": False, "title": "", "last_seq": 0, "created_at": at, "last_at": at},
    )
    await model.then(
        MINE,
        {"person": ANN, "conversation": PAIR, "other": BOB, **begin},
        {"person": BOB, "conversation": PAIR, "other": ANN, **begin},
    )
    await model.then(
        MEMBERS, *({"conversation": PAIR, "person": each, "role": "member", **begin} for each in (ANN, BOB))
    )


async def test_a_group_its_roles_and_its_title(model: ReadModel) -> None:
    await model.given(
        CREATED,
        sent(1, ANN),
        TitleChanged("Climbing", ANN, 1),
        RoleChanged(BOB, Role.ADMIN, ANN, 1),
        MembersAdded((DAN,), ANN, 1),
        MemberLeft(CID, CID, 1),
        to=GROUP,
    )
    (head,) = await model.rows(CONVERSATIONS)
    assert (head["title"], head["is_group"], head["last_seq"]) == ("Climbing", True, 1)
    roles = {row["person"]: (row["role"], row["joined_seq"]) for row in await model.rows(MEMBERS)}
    assert roles == {ANN: ("owner", 0), BOB: ("admin", 0), DAN: ("member", 1)}
    assert {row["person"] for row in await model.rows(MINE)} == {ANN, BOB, DAN}


async def test_who_comes_back_starts_anew_as_a_member(model: ReadModel, ask: Conversations) -> None:
    await model.given(
        CREATED,
        RoleChanged(BOB, Role.ADMIN, ANN, 0),
        sent(1, ANN),
        Read(BOB, 1),
        MemberLeft(BOB, ANN, 1),
        sent(2, ANN),
        MembersAdded((BOB,), ANN, 2),
        to=GROUP,
    )
    assert await ask.member(HIKING, BOB) == Member(BOB, "member", 2, 2, 2)


async def test_a_message_with_all_that_may_be_in_it(model: ReadModel) -> None:
    full = replace(sent(5, ANN), reply_to=3, mentions=(BOB,), forwarded=True, hidden_from=(CID,))
    await model.given(full, to=GROUP)
    await model.then(
        MESSAGES,
        {
            "conversation": HIKING,
            "bucket": 1,
            "seq": 5,
            "message_id": full.message_id,
            "sender": ANN,
            "sent_at": instant(model.past.now),
            "kind": "text",
            "text": "hello",
            "reply_to": 3,
            "mentions": f'["{BOB}"]',
            "forwarded": True,
            "hidden_from": f'["{CID}"]',
        },
    )


async def test_an_imported_message_has_its_own_time_and_author(model: ReadModel, ask: Conversations) -> None:
    long_ago = NOON - timedelta(days=900)
    imported = MessageImported(
        1, message_id(SEAL, GROUP, 1, ANN), "a", 1, ANN, None, "Zoe", long_ago, Kind.NOTICE, "Zoe left"
    )
    await model.given(CREATED, imported, to=GROUP)
    (message,) = await ask.messages(HIKING, BOB, limit=5, joined_seq=0, last_seq=1)
    assert (message.sender, message.author_name, message.sent_at, message.kind) == (None, "Zoe", long_ago, "notice")


async def test_edited_and_deleted(model: ReadModel, ask: Conversations) -> None:
    one, two = sent(1, ANN), sent(2, ANN)
    await model.given(CREATED, one, two, MessageEdited(1, one.message_id, ANN, "better"), to=GROUP)
    edited_at = instant(model.past.now)
    await model.given(Reacted(2, BOB, "👍"), MessageDeleted(2, ANN), to=GROUP)
    first, second = await ask.messages(HIKING, BOB, limit=5, joined_seq=0, last_seq=2)
    assert (first.text, first.edited_at, first.deleted) == ("better", edited_at, False)
    assert (second.text, second.deleted, second.reactions) == ("", True, {})
    assert "hello" not in repr(await model.rows(MESSAGES))


async def test_marks_stand_with_the_conversation_and_with_the_person(model: ReadModel, ask: Conversations) -> None:
    await model.given(STARTED, sent(1, ANN), sent(2, ANN), Delivered(BOB, 2), Read(BOB, 1), to=DIRECT)
    assert await ask.member(PAIR, BOB) == Member(BOB, "member", 0, 2, 1)
    thread = await ask.thread(PAIR, BOB)
    assert thread is not None
    assert (thread.delivered, thread.read, thread.other) == (2, 1, ANN)


async def test_reading_delivers(model: ReadModel, ask: Conversations) -> None:
    """Who has read a message without its delivery being told before has had it delivered, as `evolve` says."""
    await model.given(STARTED, sent(1, ANN), sent(2, ANN), Read(BOB, 2), to=DIRECT)
    assert await ask.member(PAIR, BOB) == Member(BOB, "member", 0, 2, 2)
    await model.given(sent(3, ANN), Delivered(BOB, 3), sent(4, ANN), to=DIRECT)
    assert await ask.member(PAIR, BOB) == Member(BOB, "member", 0, 3, 2)


async def test_hidden_and_reactions_have_rows_by_bucket(model: ReadModel) -> None:
    await model.given(MessageHidden(9, BOB), Reacted(9, ANN, "👍"), Reacted(9, BOB, "x"), to=GROUP)
    await model.given(Reacted(9, ANN, "🎉"), ReactionWithdrawn(9, BOB), to=GROUP)
    await model.then(HIDDEN, {"person": BOB, "conversation": HIKING, "bucket": 2, "seq": 9})
    await model.then(REACTIONS, {"conversation": HIKING, "bucket": 2, "seq": 9, "person": ANN, "emoji": "🎉"})


async def test_contacts_and_blocks_are_apart(model: ReadModel, ask: Conversations) -> None:
    await model.given(ContactAdded(BOB, "Bobby"), Blocked(BOB), Blocked(CID), to=ANN)
    assert set(await ask.contacts(ANN)) == {Contact(BOB, "Bobby", True, True), Contact(CID, "", False, True)}
    await model.given(ContactRemoved(BOB), Unblocked(CID), to=ANN)
    assert await ask.contacts(ANN) == [Contact(BOB, "", False, True)]
    assert await ask.contact(ANN, CID) == await ask.contact(BOB, CID) == Contact(CID, "", False, False)
    assert {row["person"] for row in await model.rows(CONTACTS)} == {ANN}


async def test_privacy(model: ReadModel, ask: Conversations) -> None:
    assert await ask.privacy(ANN) == Privacy("everyone", True)
    await model.given(PrivacyChanged(Audience.NOBODY, False), to=ANN)
    assert await ask.privacy(ANN) == Privacy("nobody", False)
    await model.then(PRIVACY, {"person": ANN, "last_seen": "nobody", "receipts": False})


# Queries.


@pytest.fixture
async def fourteen(model: ReadModel) -> None:
    """14 messages: four buckets, none of them begins or ends with a page."""
    await model.given(CREATED, *(sent(seq, ANN) for seq in range(1, 15)), to=GROUP)


@pytest.mark.usefixtures("fourteen")
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 9, 20])
async def test_pages_both_ways_meet_every_message_once(ask: Conversations, limit: int) -> None:
    back: list[int] = []
    while page := await seqs(ask, limit=limit, before=back[0] if back else None):
        assert len(page) == limit or page[0] == 1
        back = page + back
    forth: list[int] = []
    while page := await seqs(ask, limit=limit, after=forth[-1] if forth else 0):
        assert len(page) == limit or page[-1] == 14
        forth += page
    assert back == forth == list(range(1, 15))


@pytest.mark.usefixtures("fourteen")
async def test_any_page_of_any_window(ask: Conversations) -> None:
    for edge in range(16):
        for joined in (0, 3, 4, 7):
            expected = list(range(joined + 1, 15))
            before = await seqs(ask, before=edge, limit=3, joined_seq=joined)
            assert before == [each for each in expected if each < edge][-3:]
            after = await seqs(ask, after=edge, limit=3, joined_seq=joined)
            assert after == [each for each in expected if each > edge][:3]


@pytest.mark.usefixtures("fourteen")
async def test_what_is_hidden_leaves_no_short_page(model: ReadModel, ask: Conversations) -> None:
    await model.given(*(MessageHidden(seq, BOB) for seq in (3, 4, 5, 6, 7, 8, 14)), to=GROUP)
    assert await seqs(ask, BOB, limit=3) == [11, 12, 13]
    assert await seqs(ask, BOB, limit=3, before=10) == [1, 2, 9]
    assert await seqs(ask, BOB, limit=3, after=1) == [2, 9, 10]
    assert await seqs(ask, ANN) == list(range(1, 15))


async def test_who_blocked_the_sender_never_sees_it(model: ReadModel, ask: Conversations) -> None:
    await model.given(CREATED, sent(1, ANN), replace(sent(2, ANN), hidden_from=(BOB, CID)), sent(3, ANN), to=GROUP)
    assert [await seqs(ask, each, last_seq=3) for each in (ANN, BOB, CID)] == [[1, 2, 3], [1, 3], [1, 3]]
    assert await seqs(ask, BOB, limit=2, last_seq=3) == [1, 3]


@pytest.mark.usefixtures("fourteen")
async def test_reactions_come_with_their_message(model: ReadModel, ask: Conversations) -> None:
    await model.given(Reacted(3, ANN, "👍"), Reacted(3, BOB, "👍"), Reacted(4, CID, "🎉"), to=GROUP)
    found = await ask.messages(HIKING, BOB, limit=3, before=6, joined_seq=0, last_seq=14)
    assert [each.reactions for each in found] == [{"👍": [ANN, BOB]}, {"🎉": [CID]}, {}]


async def test_threads_come_with_the_latest_first(model: ReadModel, ask: Conversations) -> None:
    await model.given(STARTED, to=DIRECT)
    await model.given(CREATED, to=GROUP)
    assert [each.conversation for each in await ask.threads(ANN)] == [HIKING, PAIR]
    await model.given(sent(1, ANN, DIRECT), to=DIRECT)
    assert [each.conversation for each in await ask.threads(ANN)] == [PAIR, HIKING]
    assert [each.conversation for each in await ask.threads(CID)] == [HIKING]
    assert [(each.title, each.is_group, each.other) for each in await ask.threads(BOB)] == [
        ("", False, ANN),
        ("Hiking", True, None),
    ]


async def test_strangers_and_those_who_left_have_nothing(model: ReadModel, ask: Conversations) -> None:
    await model.given(CREATED, sent(1, ANN), Read(CID, 1), MemberLeft(CID, ANN, 1), sent(2, ANN), to=GROUP)
    for stranger in (CID, EVE):
        assert await ask.member(HIKING, stranger) is None
        assert await ask.thread(HIKING, stranger) is None
        assert await ask.threads(stranger) == []
    assert [each.person for each in await ask.members(HIKING)] == [ANN, BOB]
    assert await ask.thread(PAIR, ANN) is None


async def test_a_late_mark_of_who_has_left_is_no_membership(model: ReadModel, ask: Conversations) -> None:
    await model.given(CREATED, to=GROUP)
    mark = model.past.happen(Delivered(CID, 0), GROUP)
    await model.given(MemberLeft(CID, CID, 0), to=GROUP)
    await model.apply(mark)
    assert await ask.member(HIKING, CID) is None
    assert await ask.threads(CID) == []
