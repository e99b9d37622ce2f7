"""The rules of messages: sending, editing, deleting, reacting."""

from hmac import compare_digest
from uuid import UUID

from domain.chat.conversation.commands import DeleteMessage, EditMessage, SendMessage
from domain.chat.conversation.events import Event, Kind, MessageDeleted, MessageEdited, MessageSent, Role
from domain.chat.conversation.ids import message_id
from domain.chat.conversation.state import EDITABLE, Conversation, Member
from domain.kernel import Context, Reason, Rejected
from domain.text import is_blank, utf8_size

TEXT = 64 * 1024  # bytes in UTF-8
MENTIONS = 50


def sent(conversation: Conversation, command: SendMessage, context: Context, sender: UUID, me: Member) -> MessageSent:
    check_text(command.text)
    if command.reply_to is not None:
        check_visible(conversation, me, command.reply_to)
    if len(command.mentions) > MENTIONS:
        raise Rejected("too_many_mentions", f"Mention at most {MENTIONS} people.", Reason.INVALID)
    seq = conversation.last_seq + 1
    return MessageSent(
        seq=seq,
        message_id=message_id(conversation.seal, context.aggregate_id, seq, sender),
        sender=sender,
        kind=Kind.TEXT,
        text=command.text,
        reply_to=command.reply_to,
        # Who left in the meantime is not mentioned; that is no reason to refuse the message.
        mentions=tuple([who for who in dict.fromkeys(command.mentions) if who in conversation.members]),
        forwarded=command.forwarded,
        hidden_from=hidden_from(conversation, sender),
    )


def edit(conversation: Conversation, command: EditMessage, context: Context, actor: UUID) -> list[Event]:
    check_text(command.text)
    _check_exists(conversation, command.seq)
    if not _is_author(conversation, command.seq, command.message_id, context, actor):
        raise Rejected("not_the_author", "You can edit only your own messages.", Reason.FORBIDDEN)
    check_not_deleted(conversation, command.seq)
    if command.seq <= conversation.last_seq - EDITABLE:
        # So that `deleted` always knows whether it was deleted: an edit would bring the text back.
        raise Rejected("too_old_to_edit", f"Only the latest {EDITABLE:,} messages can be edited. Send a new one.")
    if hidden_from(conversation, actor):
        return []  # accepted silently, as a message would be: an edit must not carry words past a block
    return [MessageEdited(command.seq, command.message_id, actor, command.text)]


def delete(
    conversation: Conversation, command: DeleteMessage, context: Context, actor: UUID, me: Member
) -> list[Event]:
    _check_exists(conversation, command.seq)
    if not _is_author(conversation, command.seq, command.message_id, context, actor):
        if me.role is Role.MEMBER:  # as both of two people are
            raise Rejected(
                "not_the_author", "You can delete only your own messages, or hide one for yourself.", Reason.FORBIDDEN
            )
        check_visible(conversation, me, command.seq)
    return [] if command.seq in conversation.deleted else [MessageDeleted(command.seq, actor)]


def hidden_from(conversation: Conversation, sender: UUID) -> tuple[UUID, ...]:
    """Who of the others has blocked the sender."""
    return tuple([who for who in conversation.blocked_by if who != sender])


def _is_author(conversation: Conversation, seq: int, claimed: UUID, context: Context, actor: UUID) -> bool:
    own = message_id(conversation.seal, context.aggregate_id, seq, actor)
    return compare_digest(own.bytes, claimed.bytes)


def check_text(text: str) -> None:
    if utf8_size(text) > TEXT:
        raise Rejected("text_too_long", f"Send at most {TEXT // 1024} KiB of text at once.", Reason.INVALID)
    if is_blank(text):
        raise Rejected("text_blank", "Write something first.", Reason.INVALID)


def _check_exists(conversation: Conversation, seq: int) -> None:
    if not 0 < seq <= conversation.last_seq:
        raise Rejected("message_unknown", "There is no such message.", Reason.NOT_FOUND)


def check_visible(conversation: Conversation, me: Member, seq: int) -> None:
    if not me.joined_seq < seq <= conversation.last_seq:
        raise Rejected("message_unknown", "There is no such message.", Reason.NOT_FOUND)


def check_not_deleted(conversation: Conversation, seq: int) -> None:
    if seq in conversation.deleted:
        raise Rejected("message_deleted", "This message was deleted.")
