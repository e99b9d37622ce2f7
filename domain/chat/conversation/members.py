"""The rules of a group: who joins, who leaves, who may do what."""

from uuid import UUID

from domain.chat.conversation.commands import ChangeRole
from domain.chat.conversation.events import Event, MemberLeft, MembersAdded, Role, RoleChanged
from domain.chat.conversation.state import Conversation, Member
from domain.kernel import Reason, Rejected

MEMBERS = 1_024


def add(conversation: Conversation, people: tuple[UUID, ...], actor: UUID, me: Member) -> list[Event]:
    check_admin(me)
    new = tuple(who for who in dict.fromkeys(at_most_a_group(people)) if who not in conversation.members)
    check_room(len(conversation.members) + len(new))
    return [MembersAdded(new, actor, conversation.last_seq)] if new else []


def remove(conversation: Conversation, person: UUID, actor: UUID, me: Member) -> list[Event]:
    check_admin(me)
    them = conversation.members.get(person)
    if them is None:
        return []
    if me.role is not Role.OWNER and them.role is not Role.MEMBER:
        raise Rejected("not_the_owner", "Only the owner can remove an admin.", Reason.FORBIDDEN)
    return [MemberLeft(person, actor, conversation.last_seq)]


def leave(conversation: Conversation, actor: UUID, me: Member) -> list[Event]:
    at_seq = conversation.last_seq
    left = MemberLeft(actor, actor, at_seq)
    others = {who: member for who, member in conversation.members.items() if who != actor}
    if me.role is not Role.OWNER or not others:
        return [left]
    heir = min(others, key=lambda who: (others[who].role is not Role.ADMIN, others[who].order))
    return [RoleChanged(heir, Role.OWNER, actor, at_seq), left]


def change_role(conversation: Conversation, command: ChangeRole, actor: UUID, me: Member) -> list[Event]:
    if me.role is not Role.OWNER:
        raise Rejected("not_the_owner", "Only the owner can change what others may do.", Reason.FORBIDDEN)
    person, role, at_seq = command.person, command.role, conversation.last_seq
    them = conversation.members.get(person)
    if them is None:
        raise Rejected("member_unknown", "This person is not in the group. Add them first.", Reason.NOT_FOUND)
    if them.role is role:
        return []
    if person == actor:
        raise Rejected("owner_needed", "Make somebody else the owner first.")
    changed = RoleChanged(person, role, actor, at_seq)
    return [changed, RoleChanged(actor, Role.ADMIN, actor, at_seq)] if role is Role.OWNER else [changed]


def check_admin(me: Member) -> None:
    if me.role is Role.MEMBER:
        raise Rejected("not_an_admin", "Ask an admin of the group to do this.", Reason.FORBIDDEN)


def at_most_a_group(people: tuple[UUID, ...]) -> tuple[UUID, ...]:
    if len(people) > MEMBERS:
        raise Rejected("too_many_members", f"Name at most {MEMBERS:,} people.", Reason.INVALID)
    return people


def check_room(members: int) -> None:
    if members > MEMBERS:
        raise Rejected("group_full", f"A group has at most {MEMBERS:,} members.")
