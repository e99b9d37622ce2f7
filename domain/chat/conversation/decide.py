"""Which commands a conversation accepts, from whom, and what follows."""

from uuid import UUID

from domain.chat.conversation.commands import (
    AddMembers,
    ChangeRole,
    ChangeTitle,
    Command,
    CreateGroup,
    DeleteForMe,
    DeleteMessage,
    EditMessage,
    ImportMessages,
    Leave,
    MarkDelivered,
    MarkRead,
    React,
    RemoveMember,
    SendMessage,
    SetBlocked,
    StartDirect,
    Unreact,
)
from domain.chat.conversation.events import (
    BlockChanged,
    Delivered,
    DirectStarted,
    Event,
    GroupCreated,
    MessageHidden,
    Reacted,
    ReactionWithdrawn,
    Read,
    TitleChanged,
)
from domain.chat.conversation.ids import direct_id
from domain.chat.conversation.imports import import_messages
from domain.chat.conversation.members import (
    add,
    at_most_a_group,
    change_role,
    check_admin,
    check_room,
    leave,
    remove,
)
from domain.chat.conversation.messages import check_not_deleted, check_visible, delete, edit, hidden_from, sent
from domain.chat.conversation.state import Conversation
from domain.ids import check_uuid
from domain.kernel import Context, Reason, Rejected
from domain.text import check_line

TITLE = 100  # code points
EMOJI = 16  # code points


def decide(conversation: Conversation, command: Command, context: Context) -> list[Event]:
    match command:
        case StartDirect():
            return _start_direct(conversation, command, context)
        case CreateGroup():
            return _create_group(conversation, command, context)
        case SetBlocked():
            return _set_blocked(conversation, command, context)

    actor = context.actor.person
    me = conversation.members.get(actor)
    if me is None:
        raise Rejected("not_a_member", "You have no such conversation.", Reason.NOT_FOUND)
    match command:
        case SendMessage():
            return [sent(conversation, command, context, actor, me)]
        case MarkDelivered(up_to=up_to):
            reached = min(up_to, conversation.last_seq)
            return [Delivered(actor, reached)] if reached > me.delivered else []
        case MarkRead(up_to=up_to):
            reached = min(up_to, conversation.last_seq)
            return [Read(actor, reached)] if reached > me.read else []
        case EditMessage():
            return edit(conversation, command, context, actor)
        case DeleteMessage():
            return delete(conversation, command, context, actor, me)
        case DeleteForMe(seq=seq):
            check_visible(conversation, me, seq)
            return [MessageHidden(seq, actor)]
        case React(seq=seq, emoji=emoji):
            check_visible(conversation, me, seq)
            check_not_deleted(conversation, seq)
            check_line(emoji, "emoji", EMOJI)
            return [] if hidden_from(conversation, actor) else [Reacted(seq, actor, emoji)]
        case Unreact(seq=seq):
            check_visible(conversation, me, seq)
            return [ReactionWithdrawn(seq, actor)]
    if not conversation.is_group:
        raise Rejected("not_a_group", "A conversation of two has no members to change, nor a title.")
    match command:
        case AddMembers(people=people):
            return add(conversation, people, actor, me)
        case RemoveMember(person=person) if person != actor:
            return remove(conversation, person, actor, me)
        case Leave() | RemoveMember():
            return leave(conversation, actor, me)
        case ChangeRole():
            return change_role(conversation, command, actor, me)
        case ChangeTitle(title=title):
            check_admin(me)
            check_line(title, "title", TITLE)
            return [] if title == conversation.title else [TitleChanged(title, actor, conversation.last_seq)]
        case ImportMessages():
            return import_messages(conversation, command, context, actor, me)


# Beginning.


def _start_direct(conversation: Conversation, command: StartDirect, context: Context) -> list[Event]:
    me = context.actor.person
    if command.other == me:
        raise Rejected("yourself", "Choose somebody other than yourself.", Reason.INVALID)
    _check_direct_id(context, me, command.other)
    _check_seal(command.seal)
    if conversation.is_group is not None:
        return []
    return [DirectStarted(tuple(sorted((me, command.other))), me, command.seal)]


def _create_group(conversation: Conversation, command: CreateGroup, context: Context) -> list[Event]:
    me = context.actor.person
    check_uuid(context.aggregate_id)
    check_line(command.title, "title", TITLE)
    _check_seal(command.seal)
    if conversation.is_group is not None:
        raise Rejected("conversation_exists", "This conversation was created before.")
    members = tuple(dict.fromkeys((me, *at_most_a_group(command.members))))
    check_room(len(members))
    return [GroupCreated(command.title, members, me, command.seal)]


def _set_blocked(conversation: Conversation, command: SetBlocked, context: Context) -> list[Event]:
    if not context.actor.is_system:
        raise Rejected("not_yours", "Block a person in your contacts.", Reason.FORBIDDEN)
    _check_direct_id(context, command.blocker, command.person)
    if command.blocked == (command.blocker in conversation.blocked_by):
        return []
    return [BlockChanged(command.blocker, command.person, command.blocked)]


def _check_direct_id(context: Context, one: UUID, other: UUID) -> None:
    if context.aggregate_id != str(direct_id(one, other)):
        raise Rejected("wrong_conversation", "This is not the conversation of these two.", Reason.INVALID)


def _check_seal(seal: bytes) -> None:
    if not 16 <= len(seal) <= 64:
        raise Rejected("seal_invalid", "Send a seal of 16 to 64 bytes.", Reason.INVALID)
