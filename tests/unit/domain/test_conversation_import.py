from dataclasses import replace
from datetime import timedelta

import pytest

from domain.chat.conversation import (
    DeleteMessage,
    ExportedMessage,
    ImportMessages,
    Kind,
    MemberLeft,
    MessageDeleted,
    MessageImported,
    Role,
    RoleChanged,
    SendMessage,
    message_id,
)
from domain.chat.conversation.imports import BATCH, BATCH_TEXT, IMPORTS
from domain.chat.conversation.messages import TEXT
from domain.kernel import Reason
from tests.scenario import ANN, BOB, DAN, NOON
from tests.unit.domain.conversations import GROUP, SEAL, group, sent

LONG_AGO = NOON - timedelta(days=900)
HELLO = ExportedMessage(BOB, "Bob 🏔", LONG_AGO, Kind.TEXT, "hello")
PHOTO = ExportedMessage(None, "+49 30 123456", LONG_AGO, Kind.PHOTO, "")
NOTICE = ExportedMessage(None, "", LONG_AGO, Kind.NOTICE, "Bob created this group")


def imported(seq: int, ordinal: int, message: ExportedMessage, source: str = "summer") -> MessageImported:
    author = message.author or ANN
    return MessageImported(
        seq=seq,
        message_id=message_id(SEAL, GROUP, seq, author),
        source=source,
        ordinal=ordinal,
        by=ANN,
        author=message.author,
        author_name=message.author_name,
        sent_at=message.sent_at,
        kind=message.kind,
        text=message.text,
    )


def test_an_exported_chat_keeps_its_order_times_and_authors() -> None:
    command = ImportMessages("summer", 1, (NOTICE, HELLO, PHOTO))
    done = group().when(command, by=ANN).then(imported(1, 1, NOTICE), imported(2, 2, HELLO), imported(3, 3, PHOTO))
    done.when(SendMessage("hello"), by=ANN).then(sent(4, ANN))


def test_the_same_file_again_adds_nothing() -> None:
    command = ImportMessages("summer", 1, (NOTICE, HELLO, PHOTO))
    group().when(command, by=ANN).accepted().when(command, by=ANN).then()


def test_batches_follow_each_other_and_may_overlap() -> None:
    first = group().when(ImportMessages("summer", 1, (NOTICE, HELLO)), by=ANN).accepted()
    first.when(ImportMessages("summer", 3, (PHOTO,)), by=ANN).then(imported(3, 3, PHOTO))
    first.when(ImportMessages("summer", 2, (HELLO, PHOTO)), by=ANN).then(imported(3, 3, PHOTO))
    first.when(ImportMessages("summer", 3, ()), by=ANN).then()


@pytest.mark.parametrize("first", [-1, 0, 4])
def test_none_is_left_out(first: int) -> None:
    begun = group(imported(1, 1, NOTICE), imported(2, 2, HELLO))
    begun.when(ImportMessages("summer", first, (PHOTO,)), by=ANN).rejected("import_gap", Reason.CONFLICT)


def test_a_longer_export_adds_what_is_new_behind_what_was_said_since() -> None:
    used = group(imported(1, 1, NOTICE), sent(2, BOB))
    used.when(ImportMessages("summer", 1, (NOTICE, HELLO)), by=ANN).then(imported(3, 2, HELLO))


def test_two_exports_do_not_disturb_each_other() -> None:
    one = group(imported(1, 1, NOTICE))
    both = one.when(ImportMessages("winter", 1, (HELLO,)), by=ANN).then(imported(2, 1, HELLO, "winter"))
    both.when(ImportMessages("summer", 2, (PHOTO,)), by=ANN).then(imported(3, 2, PHOTO))


def test_an_author_who_is_no_member_is_only_named() -> None:
    stranger = replace(HELLO, author=DAN)
    group().when(ImportMessages("summer", 1, (stranger,)), by=ANN).then(imported(1, 1, replace(HELLO, author=None)))
    gone = group(MemberLeft(BOB, BOB, 0)).when(ImportMessages("summer", 1, (HELLO,)), by=ANN)
    gone.then(imported(1, 1, replace(HELLO, author=None)))


def test_a_member_may_delete_what_was_imported_in_their_name() -> None:
    done = group(imported(1, 1, HELLO))
    done.when(DeleteMessage(1, message_id(SEAL, GROUP, 1, BOB)), by=BOB).then(MessageDeleted(1, BOB))


def test_only_the_owner_imports() -> None:
    admin = group(RoleChanged(BOB, Role.ADMIN, ANN, 0))
    admin.when(ImportMessages("summer", 1, (HELLO,)), by=BOB).rejected("not_the_owner", Reason.FORBIDDEN)


def test_a_batch_fits_one_record() -> None:
    group().when(ImportMessages("summer", 1, (HELLO,) * BATCH), by=ANN).accepted()
    group().when(ImportMessages("summer", 1, (HELLO,) * (BATCH + 1)), by=ANN).rejected("import_too_large")
    most, longer = replace(HELLO, text="x" * TEXT), replace(HELLO, text="x" * (TEXT + 1))
    group().when(ImportMessages("summer", 1, (longer,)), by=ANN).rejected("import_too_large", Reason.INVALID)
    fitting = (most,) * (BATCH_TEXT // TEXT)
    group().when(ImportMessages("summer", 1, fitting), by=ANN).accepted()
    group().when(ImportMessages("summer", 1, (*fitting, HELLO)), by=ANN).rejected("import_too_large")


@pytest.mark.parametrize("source", ["", "x" * 65, "a\nb"])
def test_a_source_has_a_short_name(source: str) -> None:
    group().when(ImportMessages(source, 1, (HELLO,)), by=ANN).rejected("source_invalid", Reason.INVALID)


@pytest.mark.parametrize("sent_at", [NOON + timedelta(days=1, microseconds=1), LONG_AGO.replace(tzinfo=None)])
def test_what_was_not_sent_yet_cannot_be_imported(sent_at: object) -> None:
    message = ExportedMessage(None, "Bob", sent_at, Kind.TEXT, "hello")  # type: ignore[arg-type]
    group().when(ImportMessages("summer", 1, (message,)), by=ANN).rejected("sent_at_invalid", Reason.INVALID)


@pytest.mark.parametrize(("name", "code"), [("x" * 101, "author_invalid"), ("\ud800", "text_invalid")])
def test_an_author_has_a_short_name(name: str, code: str) -> None:
    message = replace(HELLO, author_name=name)
    group().when(ImportMessages("summer", 1, (message,)), by=ANN).rejected(code, Reason.INVALID)


def test_what_is_remembered_of_imports_is_bounded() -> None:
    full = group(*(imported(number, 1, HELLO, f"export {number}") for number in range(1, IMPORTS + 1)))
    full.when(ImportMessages("one more", 1, (HELLO,)), by=ANN).rejected("too_many_imports", Reason.CONFLICT)
    full.when(ImportMessages("export 1", 1, (HELLO, PHOTO)), by=ANN).then(imported(17, 2, PHOTO, "export 1"))
