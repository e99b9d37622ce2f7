from dataclasses import replace
from uuid import UUID

import pytest

from domain.chat.conversation import (
    INITIAL,
    BlockChanged,
    DeleteForMe,
    DeleteMessage,
    Delivered,
    EditMessage,
    MarkDelivered,
    MarkRead,
    MemberLeft,
    MembersAdded,
    MessageDeleted,
    MessageEdited,
    MessageHidden,
    React,
    Reacted,
    ReactionWithdrawn,
    Read,
    Role,
    RoleChanged,
    SendMessage,
    Unreact,
    evolve,
    message_id,
)
from domain.chat.conversation.decide import EMOJI
from domain.chat.conversation.messages import MENTIONS, TEXT
from domain.chat.conversation.state import EDITABLE
from domain.kernel import Reason
from tests.scenario import ANN, BOB, CID, DAN
from tests.unit.domain.conversations import CREATED, DIRECT, GROUP, SEAL, direct, group, sent

BOBS = message_id(SEAL, GROUP, 1, BOB)


class TestSending:
    def test_messages_are_counted_from_one(self) -> None:
        first = group().when(SendMessage("hello"), by=ANN).then(sent(1, ANN))
        second = first.when(SendMessage("hello"), by=BOB).then(sent(2, BOB))
        second.when(SendMessage("hello"), by=BOB).then(sent(3, BOB))

    def test_all_its_parts_are_kept(self) -> None:
        message = SendMessage("@Cid look", reply_to=1, mentions=(CID,), forwarded=True)
        expected = replace(sent(2, BOB, text="@Cid look"), reply_to=1, mentions=(CID,), forwarded=True)
        group(sent(1, ANN)).when(message, by=BOB).then(expected)

    @pytest.mark.parametrize("text", ["x" * TEXT, "ü" * (TEXT // 2), " . ", "a\nb\tc", "\u202bשלום", "\U0001fae8"])
    def test_any_visible_text_up_to_64_kib(self, text: str) -> None:
        group().when(SendMessage(text), by=ANN).then(sent(1, ANN, text=text))

    @pytest.mark.parametrize("text", ["x" * (TEXT + 1), "ü" * (TEXT // 2) + "x"])
    def test_more_is_too_long(self, text: str) -> None:
        group().when(SendMessage(text), by=ANN).rejected("text_too_long", Reason.INVALID)

    @pytest.mark.parametrize("text", ["", " \n\t", "\u200b", "\u3000"])
    def test_nothing_to_see_is_nothing_to_send(self, text: str) -> None:
        group().when(SendMessage(text), by=ANN).rejected("text_blank", Reason.INVALID)

    def test_half_a_character_is_no_text(self) -> None:
        group().when(SendMessage("a\ud83d"), by=ANN).rejected("text_invalid", Reason.INVALID)

    @pytest.mark.parametrize("reply_to", [-1, 0, 2, 2**62])
    def test_a_reply_is_to_a_message(self, reply_to: int) -> None:
        message = SendMessage("yes", reply_to=reply_to)
        group(sent(1, ANN)).when(message, by=BOB).rejected("message_unknown", Reason.NOT_FOUND)

    def test_members_are_mentioned_once_and_others_not_at_all(self) -> None:
        message = SendMessage("hello", mentions=(CID, DAN, CID, BOB))
        group().when(message, by=ANN).then(replace(sent(1, ANN), mentions=(CID, BOB)))

    def test_mentions_are_limited(self) -> None:
        group().when(SendMessage("hello", mentions=(BOB,) * MENTIONS), by=ANN).accepted()
        command = SendMessage("hello", mentions=(BOB,) * (MENTIONS + 1))
        group().when(command, by=ANN).rejected("too_many_mentions", Reason.INVALID)


class TestIds:
    def test_an_id_tells_place_and_sender_apart(self) -> None:
        ids = {
            message_id(seal, conversation, seq, sender)
            for seal in (SEAL, b"another seal of tests")
            for conversation in (GROUP, DIRECT)
            for seq in (1, 11, 2**40)
            for sender in (ANN, BOB)
        }
        assert len(ids) == 2 * 2 * 3 * 2

    def test_it_is_a_version_8_uuid_that_never_changes(self) -> None:
        made = message_id(SEAL, GROUP, 1, ANN)
        assert (made.version, made.variant) == (8, "specified in RFC 4122")
        assert str(made) == "8cc7891b-a647-8dc4-9bc6-278262fc6879"


class TestEditing:
    def test_the_author_edits(self) -> None:
        edit = EditMessage(1, BOBS, "better")
        group(sent(1, BOB)).when(edit, by=BOB).then(MessageEdited(1, BOBS, BOB, "better"))

    def test_an_id_that_one_makes_up_does_not_prove_authorship(self) -> None:
        made_up = message_id(b"no seal but a guess", GROUP, 1, CID), message_id(SEAL, GROUP, 2, CID), UUID(int=0)
        for forged in (BOBS, *made_up):
            edit = EditMessage(1, forged, "I owe Cid money")
            group(sent(1, BOB)).when(edit, by=CID).rejected("not_the_author", Reason.FORBIDDEN)

    def test_not_even_the_owner_edits_for_others(self) -> None:
        group(sent(1, BOB)).when(EditMessage(1, BOBS, "x"), by=ANN).rejected("not_the_author", Reason.FORBIDDEN)

    def test_the_same_limits_hold(self) -> None:
        group(sent(1, BOB)).when(EditMessage(1, BOBS, " "), by=BOB).rejected("text_blank", Reason.INVALID)
        group(sent(1, BOB)).when(EditMessage(1, BOBS, "x" * (TEXT + 1)), by=BOB).rejected("text_too_long")

    def test_what_was_not_sent_cannot_be_edited(self) -> None:
        for seq in (-1, 0, 2):
            edit = EditMessage(seq, message_id(SEAL, GROUP, seq, BOB), "x")
            group(sent(1, BOB)).when(edit, by=BOB).rejected("message_unknown", Reason.NOT_FOUND)

    def test_a_deleted_message_stays_deleted(self) -> None:
        gone = group(sent(1, BOB), MessageDeleted(1, BOB))
        gone.when(EditMessage(1, BOBS, "back again"), by=BOB).rejected("message_deleted", Reason.CONFLICT)

    def test_one_s_own_from_an_earlier_stay_can_be_edited(self) -> None:
        back = group(sent(1, BOB), MemberLeft(BOB, BOB, 1), MembersAdded((BOB,), ANN, 1))
        back.when(EditMessage(1, BOBS, "better"), by=BOB).accepted()

    def test_only_the_latest_can_be_edited(self) -> None:
        many = group(*(sent(seq, BOB) for seq in range(1, EDITABLE + 2)))
        many.when(EditMessage(1, BOBS, "x"), by=BOB).rejected("too_old_to_edit", Reason.CONFLICT)
        many.when(EditMessage(2, message_id(SEAL, GROUP, 2, BOB), "x"), by=BOB).accepted()

    def test_an_edit_carries_no_words_past_a_block(self) -> None:
        blocked = direct(sent(1, ANN, DIRECT), BlockChanged(BOB, ANN, True))
        blocked.when(EditMessage(1, message_id(SEAL, DIRECT, 1, ANN), "psst"), by=ANN).then()


class TestDeletingForAll:
    def test_the_author_deletes(self) -> None:
        gone = group(sent(1, BOB)).when(DeleteMessage(1, BOBS), by=BOB).then(MessageDeleted(1, BOB))
        gone.when(DeleteMessage(1, BOBS), by=BOB).then()
        gone.when(DeleteMessage(1, BOBS), by=ANN).then()

    def test_however_old_it_is(self) -> None:
        many = group(*(sent(seq, BOB) for seq in range(1, EDITABLE + 2)))
        many.when(DeleteMessage(1, BOBS), by=BOB).then(MessageDeleted(1, BOB))

    def test_owner_and_admins_of_a_group_delete_anybody_s(self) -> None:
        admin = group(sent(1, BOB), RoleChanged(CID, Role.ADMIN, ANN, 1))
        for actor in (ANN, CID):
            admin.when(DeleteMessage(1, BOBS), by=actor).then(MessageDeleted(1, actor))

    def test_but_not_from_before_they_came(self) -> None:
        new = group(sent(1, BOB), MembersAdded((DAN,), ANN, 1), RoleChanged(DAN, Role.ADMIN, ANN, 1))
        new.when(DeleteMessage(1, BOBS), by=DAN).rejected("message_unknown", Reason.NOT_FOUND)

    def test_others_do_not(self) -> None:
        group(sent(1, BOB)).when(DeleteMessage(1, BOBS), by=CID).rejected("not_the_author", Reason.FORBIDDEN)
        theirs = message_id(SEAL, DIRECT, 1, BOB)
        direct(sent(1, BOB, DIRECT)).when(DeleteMessage(1, theirs), by=ANN).rejected("not_the_author", Reason.FORBIDDEN)

    def test_what_was_not_sent_cannot_be_deleted(self) -> None:
        for seq in (-1, 0, 2):
            group(sent(1, BOB)).when(DeleteMessage(seq, BOBS), by=ANN).rejected("message_unknown", Reason.NOT_FOUND)

    def test_a_blocked_person_may_take_back_what_they_said(self) -> None:
        blocked = direct(sent(1, ANN, DIRECT), BlockChanged(BOB, ANN, True))
        blocked.when(DeleteMessage(1, message_id(SEAL, DIRECT, 1, ANN)), by=ANN).then(MessageDeleted(1, ANN))

    def test_what_is_remembered_of_deletions_is_bounded_and_covers_all_that_can_be_edited(self) -> None:
        state = evolve(INITIAL, CREATED)
        for seq in range(1, EDITABLE + 101):
            state = evolve(evolve(state, sent(seq, BOB)), MessageDeleted(seq, BOB))
        assert state.deleted == tuple(range(101, EDITABLE + 101))
        assert min(state.deleted) == state.last_seq - EDITABLE + 1


class TestDeletingForMe:
    def test_it_is_hidden_from_this_one_person(self) -> None:
        group(sent(1, BOB)).when(DeleteForMe(1), by=CID).then(MessageHidden(1, CID))

    @pytest.mark.parametrize("seq", [0, 2])
    def test_there_has_to_be_one(self, seq: int) -> None:
        group(sent(1, BOB)).when(DeleteForMe(seq), by=CID).rejected("message_unknown", Reason.NOT_FOUND)


class TestReacting:
    def test_a_reaction_is_given_and_withdrawn(self) -> None:
        group(sent(1, BOB)).when(React(1, "👍"), by=CID).then(Reacted(1, CID, "👍"))
        group(sent(1, BOB)).when(Unreact(1), by=CID).then(ReactionWithdrawn(1, CID))

    @pytest.mark.parametrize("command", [React(0, "👍"), React(2, "👍"), Unreact(0), Unreact(2)])
    def test_there_has_to_be_a_message(self, command: React | Unreact) -> None:
        group(sent(1, BOB)).when(command, by=CID).rejected("message_unknown", Reason.NOT_FOUND)

    @pytest.mark.parametrize("emoji", ["👩🏽‍❤️‍💋‍👨🏿", "1️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "❤"])
    def test_emoji_may_be_long(self, emoji: str) -> None:
        assert len(emoji) <= EMOJI
        group(sent(1, BOB)).when(React(1, emoji), by=CID).accepted()

    @pytest.mark.parametrize("emoji", ["", " ", "x" * 17, "\n", "\ud83d"])
    def test_but_not_longer(self, emoji: str) -> None:
        group(sent(1, BOB)).when(React(1, emoji), by=CID).rejected("emoji_invalid", Reason.INVALID)

    def test_not_to_what_was_deleted(self) -> None:
        gone = group(sent(1, BOB), MessageDeleted(1, BOB))
        gone.when(React(1, "👍"), by=CID).rejected("message_deleted", Reason.CONFLICT)
        gone.when(Unreact(1), by=CID).accepted()

    def test_a_blocked_person_s_reaction_is_accepted_silently(self) -> None:
        blocked = direct(sent(1, BOB, DIRECT), BlockChanged(BOB, ANN, True))
        blocked.when(React(1, "👍"), by=ANN).then()


class TestMarks:
    def test_they_rise(self) -> None:
        three = group(*(sent(seq, ANN) for seq in (1, 2, 3)))
        two = three.when(MarkDelivered(2), by=BOB).then(Delivered(BOB, 2))
        two.when(MarkDelivered(2), by=BOB).then()
        two.when(MarkDelivered(1), by=BOB).then()
        two.when(MarkDelivered(3), by=BOB).then(Delivered(BOB, 3))

    def test_what_was_read_was_delivered(self) -> None:
        read = group(sent(1, ANN), sent(2, ANN)).when(MarkRead(2), by=BOB).then(Read(BOB, 2))
        read.when(MarkDelivered(2), by=BOB).then()
        read.when(MarkRead(1), by=BOB).then()

    def test_reading_less_than_was_delivered_keeps_the_delivery(self) -> None:
        read = group(sent(1, ANN), sent(2, ANN), Delivered(BOB, 2)).when(MarkRead(1), by=BOB).then(Read(BOB, 1))
        read.when(MarkDelivered(2), by=BOB).then()
        read.when(MarkRead(2), by=BOB).then(Read(BOB, 2))

    @pytest.mark.parametrize("up_to", [3, 2**62])
    def test_they_end_at_the_last_message(self, up_to: int) -> None:
        two = group(sent(1, ANN), sent(2, ANN))
        two.when(MarkDelivered(up_to), by=BOB).then(Delivered(BOB, 2))
        two.when(MarkRead(up_to), by=BOB).then(Read(BOB, 2))

    @pytest.mark.parametrize("up_to", [0, -1])
    def test_nothing_reaches_nobody(self, up_to: int) -> None:
        group(sent(1, ANN)).when(MarkDelivered(up_to), by=BOB).then()
        group(sent(1, ANN)).when(MarkRead(up_to), by=BOB).then()

    def test_they_are_each_member_s_own(self) -> None:
        group(sent(1, ANN), Read(BOB, 1)).when(MarkRead(1), by=CID).then(Read(CID, 1))

    def test_who_joins_has_nothing_before_to_catch_up_with(self) -> None:
        joined = group(sent(1, ANN), MembersAdded((DAN,), ANN, 1))
        joined.when(MarkRead(1), by=DAN).then()
        joined.when(MarkDelivered(1), by=DAN).then()
