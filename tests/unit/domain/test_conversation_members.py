from dataclasses import replace
from uuid import UUID

import pytest

from domain.chat.conversation import (
    AddMembers,
    BlockChanged,
    ChangeRole,
    ChangeTitle,
    CreateGroup,
    DirectStarted,
    GroupCreated,
    ImportMessages,
    Leave,
    MemberLeft,
    MembersAdded,
    MessageSent,
    React,
    RemoveMember,
    Role,
    RoleChanged,
    SendMessage,
    SetBlocked,
    StartDirect,
    TitleChanged,
    direct_id,
)
from domain.chat.conversation.members import MEMBERS
from domain.kernel import ANONYMOUS, Actor, Reason
from tests.scenario import ANN, BOB, CID, DAN, EVE, SYSTEM, given
from tests.unit.domain.conversations import CREATED, DIRECT, GROUP, SEAL, STARTED, direct, group, sent

CROWD = tuple(UUID(int=number) for number in range(MEMBERS + 1))


class TestTwoPeople:
    def test_the_id_is_the_same_whoever_asks(self) -> None:
        assert direct_id(ANN, BOB) == direct_id(BOB, ANN)
        assert direct_id(ANN, BOB) != direct_id(ANN, CID)
        assert str(direct_id(ANN, BOB)) == "0f5fdfed-c207-5536-b1df-93454396179f"  # never changes

    def test_whoever_starts_there_is_one_conversation(self) -> None:
        by_ann = given(to=DIRECT).when(StartDirect(BOB, SEAL), by=ANN).then(STARTED)
        by_ann.when(StartDirect(BOB, SEAL), by=ANN).then()
        by_ann.when(StartDirect(ANN, b"another seal of 23 byte"), by=BOB).then()
        given(to=DIRECT).when(StartDirect(ANN, SEAL), by=BOB).then(DirectStarted((ANN, BOB), BOB, SEAL))

    def test_the_id_must_be_that_of_the_two(self) -> None:
        given(to=DIRECT).when(StartDirect(CID, SEAL), by=ANN).rejected("wrong_conversation", Reason.INVALID)
        given(to=DIRECT).when(StartDirect(BOB, SEAL), by=CID).rejected("wrong_conversation", Reason.INVALID)
        given(to=DIRECT.upper()).when(StartDirect(BOB, SEAL), by=ANN).rejected("wrong_conversation", Reason.INVALID)

    def test_nobody_talks_to_themselves(self) -> None:
        given(to=direct_id(ANN, ANN)).when(StartDirect(ANN, SEAL), by=ANN).rejected("yourself", Reason.INVALID)

    def test_one_signs_in_first(self) -> None:
        given(to=DIRECT).when(StartDirect(BOB, SEAL), by=ANONYMOUS).rejected("sign_in_first", Reason.FORBIDDEN)

    @pytest.mark.parametrize("seal", [b"", b"x" * 15, b"x" * 65])
    def test_a_seal_cannot_be_guessed(self, seal: bytes) -> None:
        given(to=DIRECT).when(StartDirect(BOB, seal), by=ANN).rejected("seal_invalid", Reason.INVALID)
        given(to=GROUP).when(CreateGroup("Hiking", (), seal), by=ANN).rejected("seal_invalid", Reason.INVALID)

    @pytest.mark.parametrize(
        "command",
        [
            AddMembers((CID,)),
            RemoveMember(BOB),
            Leave(),
            ChangeRole(BOB, Role.ADMIN),
            ChangeTitle("Us"),
            ImportMessages("export", 1, ()),
        ],
    )
    def test_it_stays_with_these_two(self, command: object) -> None:
        direct().when(command, by=ANN).rejected("not_a_group", Reason.CONFLICT)


class TestBlocking:
    def test_a_blocked_persons_message_is_accepted_and_hidden(self) -> None:
        blocked = direct().when(SetBlocked(BOB, ANN, True), by=SYSTEM).then(BlockChanged(BOB, ANN, True))
        blocked.when(SendMessage("hello"), by=ANN).then(replace(sent(1, ANN, DIRECT), hidden_from=(BOB,)))

    def test_who_blocks_can_still_write(self) -> None:
        direct(BlockChanged(BOB, ANN, True)).when(SendMessage("hello"), by=BOB).then(sent(1, BOB, DIRECT))

    def test_both_can_block(self) -> None:
        both = direct(BlockChanged(BOB, ANN, True), BlockChanged(ANN, BOB, True))
        both.when(SendMessage("hello"), by=BOB).then(replace(sent(1, BOB, DIRECT), hidden_from=(ANN,)))

    def test_it_counts_from_before_the_start(self) -> None:
        early = given(to=DIRECT).when(SetBlocked(BOB, ANN, True), by=SYSTEM).then(BlockChanged(BOB, ANN, True))
        started = early.when(StartDirect(BOB, SEAL), by=ANN).then(STARTED)
        (message,) = started.when(SendMessage("hello"), by=ANN).events
        assert isinstance(message, MessageSent)
        assert message.hidden_from == (BOB,)

    def test_it_ends(self) -> None:
        blocked = direct(BlockChanged(BOB, ANN, True), BlockChanged(ANN, BOB, True))
        free = blocked.when(SetBlocked(BOB, ANN, False), by=SYSTEM).then(BlockChanged(BOB, ANN, False))
        free.when(SetBlocked(BOB, ANN, False), by=SYSTEM).then()
        free.when(SendMessage("hello"), by=ANN).then(sent(1, ANN, DIRECT))
        free.when(SendMessage("hello"), by=BOB).then(replace(sent(1, BOB, DIRECT), hidden_from=(ANN,)))

    def test_it_comes_from_the_contacts_only(self) -> None:
        direct().when(SetBlocked(BOB, ANN, True), by=BOB).rejected("not_yours", Reason.FORBIDDEN)

    def test_it_is_between_these_two(self) -> None:
        direct().when(SetBlocked(BOB, CID, True), by=SYSTEM).rejected("wrong_conversation", Reason.INVALID)


class TestCreatingAGroup:
    def test_the_creator_owns_it(self) -> None:
        created = given(to=GROUP).when(CreateGroup("Hiking", (BOB, CID), SEAL), by=ANN).then(CREATED)
        created.when(ChangeRole(BOB, Role.ADMIN), by=ANN).accepted()

    def test_everybody_is_in_it_once(self) -> None:
        created = given(to=GROUP).when(CreateGroup("Hiking", (BOB, ANN, CID, BOB), SEAL), by=ANN)
        created.then(CREATED)

    def test_one_can_be_alone_at_first(self) -> None:
        created = given(to=GROUP).when(CreateGroup("Hiking", (), SEAL), by=ANN)
        created.then(GroupCreated("Hiking", (ANN,), ANN, SEAL))

    def test_it_is_created_once(self) -> None:
        group().when(CreateGroup("Hiking", (BOB, CID), SEAL), by=ANN).rejected("conversation_exists", Reason.CONFLICT)
        direct().when(CreateGroup("Hiking", (), SEAL), by=ANN).rejected("conversation_exists", Reason.CONFLICT)

    @pytest.mark.parametrize("title", ["", " ", "x" * 101, "two\nlines", "\u202eevil"])
    def test_a_title_is_one_line(self, title: str) -> None:
        given(to=GROUP).when(CreateGroup(title, (), SEAL), by=ANN).rejected("title_invalid", Reason.INVALID)
        group().when(ChangeTitle(title), by=ANN).rejected("title_invalid", Reason.INVALID)

    @pytest.mark.parametrize("id", ["", "hiking", GROUP.upper(), GROUP.replace("-", "")])
    def test_its_id_is_a_uuid(self, id: str) -> None:  # noqa: A002
        given(to=id).when(CreateGroup("Hiking", (), SEAL), by=ANN).rejected("id_invalid", Reason.INVALID)

    def test_one_signs_in_first(self) -> None:
        given(to=GROUP).when(CreateGroup("Hiking", (), SEAL), by=SYSTEM).rejected("sign_in_first", Reason.FORBIDDEN)


class TestNotAMember:
    @pytest.mark.parametrize("stranger", [DAN, Actor("person", str(DAN), frozenset(("operator",)))])
    @pytest.mark.parametrize(
        "command",
        [SendMessage("hello"), AddMembers((DAN,)), Leave(), React(1, "👍"), ChangeTitle("Mine"), RemoveMember(ANN)],
    )
    def test_for_others_it_does_not_exist(self, command: object, stranger: UUID | Actor) -> None:
        for conversation in (given(to=GROUP), group(sent(1, ANN)), direct(sent(1, ANN, DIRECT))):
            conversation.when(command, by=stranger).rejected("not_a_member", Reason.NOT_FOUND)

    def test_nor_for_those_who_left(self) -> None:
        group(MemberLeft(BOB, BOB, 0)).when(SendMessage("hello"), by=BOB).rejected("not_a_member", Reason.NOT_FOUND)

    def test_nor_before_it_began(self) -> None:
        given(to=GROUP).when(SendMessage("hello"), by=ANN).rejected("not_a_member", Reason.NOT_FOUND)


class TestJoining:
    def test_who_is_added_sees_what_comes_later(self) -> None:
        old = group(sent(1, ANN))
        joined = old.when(AddMembers((DAN,)), by=ANN).then(MembersAdded((DAN,), ANN, at_seq=1))
        joined.when(React(1, "👍"), by=DAN).rejected("message_unknown", Reason.NOT_FOUND)
        joined.when(SendMessage("hello", reply_to=1), by=DAN).rejected("message_unknown", Reason.NOT_FOUND)
        later = joined.when(SendMessage("welcome"), by=ANN).accepted()
        later.when(React(2, "👍"), by=DAN).accepted()

    def test_who_is_in_it_already_is_not_added_again(self) -> None:
        group().when(AddMembers((BOB, DAN, DAN)), by=ANN).then(MembersAdded((DAN,), ANN, at_seq=0))
        group().when(AddMembers((BOB, CID)), by=ANN).then()

    def test_admins_add_members_do_not(self) -> None:
        admin = group(RoleChanged(BOB, Role.ADMIN, ANN, 0))
        admin.when(AddMembers((DAN,)), by=BOB).then(MembersAdded((DAN,), BOB, at_seq=0))
        admin.when(AddMembers((DAN,)), by=CID).rejected("not_an_admin", Reason.FORBIDDEN)

    def test_a_group_has_a_limit(self) -> None:
        full = given(GroupCreated("Crowd", CROWD[:MEMBERS], CROWD[0], SEAL), to=GROUP)
        full.when(AddMembers((ANN,)), by=CROWD[0]).rejected("group_full", Reason.CONFLICT)
        full.when(AddMembers(CROWD[:MEMBERS]), by=CROWD[0]).then()
        full.when(AddMembers(CROWD), by=CROWD[0]).rejected("too_many_members", Reason.INVALID)

    def test_the_creator_counts(self) -> None:
        empty = given(to=GROUP)
        empty.when(CreateGroup("Crowd", CROWD[: MEMBERS - 1], SEAL), by=ANN).accepted()
        empty.when(CreateGroup("Crowd", CROWD[:MEMBERS], SEAL), by=CROWD[0]).accepted()
        empty.when(CreateGroup("Crowd", CROWD[:MEMBERS], SEAL), by=ANN).rejected("group_full", Reason.CONFLICT)
        empty.when(CreateGroup("Crowd", CROWD, SEAL), by=ANN).rejected("too_many_members", Reason.INVALID)

    def test_one_can_come_back_as_somebody_new(self) -> None:
        gone = group(RoleChanged(BOB, Role.ADMIN, ANN, 0), sent(1, ANN), MemberLeft(BOB, BOB, 1), sent(2, ANN))
        back = gone.when(AddMembers((BOB,)), by=ANN).then(MembersAdded((BOB,), ANN, at_seq=2))
        back.when(AddMembers((DAN,)), by=BOB).rejected("not_an_admin")
        back.when(React(1, "👍"), by=BOB).rejected("message_unknown")


class TestLeaving:
    def test_a_member_leaves(self) -> None:
        gone = group(sent(1, ANN)).when(Leave(), by=BOB).then(MemberLeft(BOB, BOB, at_seq=1))
        gone.when(Leave(), by=BOB).rejected("not_a_member", Reason.NOT_FOUND)

    def test_removing_oneself_is_leaving(self) -> None:
        group().when(RemoveMember(BOB), by=BOB).then(MemberLeft(BOB, BOB, at_seq=0))

    def test_the_oldest_admin_follows_the_owner(self) -> None:
        admins = (
            RoleChanged(CID, Role.ADMIN, ANN, 0),
            MembersAdded((DAN,), ANN, 0),
            RoleChanged(DAN, Role.ADMIN, ANN, 0),
        )
        group(*admins).when(Leave(), by=ANN).then(RoleChanged(CID, Role.OWNER, ANN, 0), MemberLeft(ANN, ANN, 0))

    def test_without_admins_the_oldest_member_does(self) -> None:
        gone = group().when(Leave(), by=ANN).then(RoleChanged(BOB, Role.OWNER, ANN, 0), MemberLeft(ANN, ANN, 0))
        gone.when(Leave(), by=BOB).then(RoleChanged(CID, Role.OWNER, BOB, 0), MemberLeft(BOB, BOB, 0))

    def test_age_counts_from_the_last_joining(self) -> None:
        back = group(MemberLeft(BOB, BOB, 0), MembersAdded((BOB,), ANN, 0))
        back.when(Leave(), by=ANN).then(RoleChanged(CID, Role.OWNER, ANN, 0), MemberLeft(ANN, ANN, 0))

    def test_the_last_one_leaves_an_empty_group(self) -> None:
        last = group(MemberLeft(BOB, BOB, 0), MemberLeft(CID, CID, 0))
        last.when(Leave(), by=ANN).then(MemberLeft(ANN, ANN, 0)).when(AddMembers((ANN,)), by=ANN).rejected(
            "not_a_member"
        )


class TestRemoving:
    def test_the_owner_removes_anybody(self) -> None:
        admin = group(RoleChanged(BOB, Role.ADMIN, ANN, 0), sent(1, ANN))
        admin.when(RemoveMember(CID), by=ANN).then(MemberLeft(CID, ANN, at_seq=1))
        gone = admin.when(RemoveMember(BOB), by=ANN).then(MemberLeft(BOB, ANN, at_seq=1))
        gone.when(RemoveMember(BOB), by=ANN).then()

    def test_an_admin_removes_members(self) -> None:
        admins = group(
            RoleChanged(BOB, Role.ADMIN, ANN, 0), MembersAdded((DAN,), ANN, 0), RoleChanged(DAN, Role.ADMIN, ANN, 0)
        )
        admins.when(RemoveMember(CID), by=BOB).then(MemberLeft(CID, BOB, at_seq=0))
        admins.when(RemoveMember(DAN), by=BOB).rejected("not_the_owner", Reason.FORBIDDEN)
        admins.when(RemoveMember(ANN), by=BOB).rejected("not_the_owner", Reason.FORBIDDEN)

    def test_a_member_removes_nobody(self) -> None:
        group().when(RemoveMember(CID), by=BOB).rejected("not_an_admin", Reason.FORBIDDEN)


class TestRoles:
    def test_the_owner_makes_and_unmakes_admins(self) -> None:
        made = group().when(ChangeRole(BOB, Role.ADMIN), by=ANN).then(RoleChanged(BOB, Role.ADMIN, ANN, 0))
        made.when(ChangeRole(BOB, Role.ADMIN), by=ANN).then()
        made.when(ChangeRole(BOB, Role.MEMBER), by=ANN).then(RoleChanged(BOB, Role.MEMBER, ANN, 0))

    def test_the_owner_hands_over_and_stays_an_admin(self) -> None:
        handed = group().when(ChangeRole(BOB, Role.OWNER), by=ANN)
        after = handed.then(RoleChanged(BOB, Role.OWNER, ANN, 0), RoleChanged(ANN, Role.ADMIN, ANN, 0))
        after.when(ChangeRole(CID, Role.ADMIN), by=ANN).rejected("not_the_owner", Reason.FORBIDDEN)

    def test_there_is_always_an_owner(self) -> None:
        group().when(ChangeRole(ANN, Role.MEMBER), by=ANN).rejected("owner_needed", Reason.CONFLICT)
        group().when(ChangeRole(ANN, Role.OWNER), by=ANN).then()

    def test_nobody_else_changes_roles(self) -> None:
        admin = group(RoleChanged(BOB, Role.ADMIN, ANN, 0))
        for actor in (BOB, CID):
            admin.when(ChangeRole(CID, Role.ADMIN), by=actor).rejected("not_the_owner", Reason.FORBIDDEN)

    def test_only_members_have_one(self) -> None:
        group().when(ChangeRole(EVE, Role.ADMIN), by=ANN).rejected("member_unknown", Reason.NOT_FOUND)


class TestTitle:
    def test_owner_and_admins_change_it(self) -> None:
        admin = group(RoleChanged(BOB, Role.ADMIN, ANN, 0), sent(1, ANN))
        for actor in (ANN, BOB):
            changed = admin.when(ChangeTitle("Climbing"), by=actor).then(TitleChanged("Climbing", actor, at_seq=1))
            changed.when(ChangeTitle("Climbing"), by=actor).then()
        admin.when(ChangeTitle("Climbing"), by=CID).rejected("not_an_admin", Reason.FORBIDDEN)
