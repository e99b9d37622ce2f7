"""The rules of importing an exported chat into a group."""

from datetime import timedelta
from uuid import UUID

from domain.chat.conversation.commands import ExportedMessage, ImportMessages
from domain.chat.conversation.events import Event, MessageImported, Role
from domain.chat.conversation.ids import message_id
from domain.chat.conversation.messages import TEXT
from domain.chat.conversation.state import Conversation, Member
from domain.kernel import Context, Reason, Rejected
from domain.text import check_line, utf8_size

IMPORTS = 16  # different exports in one group
BATCH, BATCH_TEXT = 500, 256 * 1024  # messages, and bytes of text, in one command: its answer has to fit one record
SOURCE, AUTHOR_NAME = 64, 100  # code points
FURTHEST_ZONE = timedelta(days=1)  # an export tells the time of day, not of which zone


def import_messages(
    conversation: Conversation, command: ImportMessages, context: Context, actor: UUID, me: Member
) -> list[Event]:
    """The messages not imported before, behind all others; raises Rejected where some before them are missing."""
    if me.role is not Role.OWNER:
        raise Rejected("not_the_owner", "Only the owner of the group can import a chat into it.", Reason.FORBIDDEN)
    check_line(command.source, "source", SOURCE)
    _check_exported(command.messages, context)
    if command.source not in conversation.imports and len(conversation.imports) >= IMPORTS:
        raise Rejected("too_many_imports", f"At most {IMPORTS} chats can be imported into one group.")
    done = conversation.imports.get(command.source, 0)
    if not 0 < command.first <= done + 1:
        raise Rejected("import_gap", f"Continue this import with its message number {done + 1}.")
    new = enumerate(command.messages[done + 1 - command.first :])
    return [_imported(conversation, command.source, done, index, each, context, actor) for index, each in new]


def _imported(
    conversation: Conversation,
    source: str,
    done: int,
    index: int,
    message: ExportedMessage,
    context: Context,
    actor: UUID,
) -> MessageImported:
    seq = conversation.last_seq + 1 + index
    author = message.author if message.author in conversation.members else None  # who left is only named
    return MessageImported(
        seq=seq,
        message_id=message_id(conversation.seal, context.aggregate_id, seq, author or actor),
        source=source,
        ordinal=done + 1 + index,
        by=actor,
        author=author,
        author_name=message.author_name,
        sent_at=message.sent_at,
        kind=message.kind,
        text=message.text,
    )


def _check_exported(messages: tuple[ExportedMessage, ...], context: Context) -> None:
    if len(messages) > BATCH:
        raise Rejected("import_too_large", f"Import at most {BATCH} messages at once.", Reason.INVALID)
    sizes = [utf8_size(each.text) for each in messages]
    if max(sizes, default=0) > TEXT or sum(sizes) > BATCH_TEXT:
        raise Rejected("import_too_large", f"Import at most {BATCH_TEXT // 1024} KiB of text at once.", Reason.INVALID)
    for each in messages:
        utf8_size(each.author_name)
        if len(each.author_name) > AUTHOR_NAME:
            raise Rejected("author_invalid", f"Shorten the author to {AUTHOR_NAME} characters.", Reason.INVALID)
        if each.sent_at.tzinfo is None or each.sent_at > context.now + FURTHEST_ZONE:
            raise Rejected("sent_at_invalid", "A message of the export is from the future.", Reason.INVALID)
