from uuid import UUID

import pytest

from domain.chat.contacts import (
    BLOCKED,
    CONTACTS,
    INITIAL,
    AddContact,
    Audience,
    Block,
    Blocked,
    ClearContacts,
    ContactAdded,
    ContactRemoved,
    ContactsCleared,
    PrivacyChanged,
    RemoveContact,
    SetPrivacy,
    Unblock,
    Unblocked,
    evolve,
)
from domain.kernel import ANONYMOUS, Reason
from tests.scenario import ANN, BOB, SYSTEM, Given, given


def contacts(*events: object) -> Given:
    return given(*events, to=ANN)


def test_a_contact_is_added_once() -> None:
    added = contacts().when(AddContact(BOB, "Bob"), by=ANN).then(ContactAdded(BOB, "Bob"))
    added.when(AddContact(BOB, "Bob"), by=ANN).then()


def test_a_label_can_change() -> None:
    known = contacts(ContactAdded(BOB, "Bob"))
    known.when(AddContact(BOB, "Bobby"), by=ANN).then(ContactAdded(BOB, "Bobby"))


def test_a_contact_can_be_removed_and_added_again() -> None:
    removed = contacts(ContactAdded(BOB, "Bob")).when(RemoveContact(BOB), by=ANN).then(ContactRemoved(BOB))
    removed.when(RemoveContact(BOB), by=ANN).then()
    removed.when(AddContact(BOB, "Bob"), by=ANN).then(ContactAdded(BOB, "Bob"))


def test_people_are_blocked_and_unblocked_known_or_not() -> None:
    blocked = contacts().when(Block(BOB), by=ANN).then(Blocked(BOB))
    blocked.when(Block(BOB), by=ANN).then()
    free = blocked.when(Unblock(BOB), by=ANN).then(Unblocked(BOB))
    free.when(Unblock(BOB), by=ANN).then()


def test_privacy_starts_open() -> None:
    contacts().when(SetPrivacy(Audience.EVERYONE, receipts=True), by=ANN).then()


def test_privacy_changes() -> None:
    hidden = contacts().when(SetPrivacy(Audience.NOBODY, receipts=False), by=ANN)
    after = hidden.then(PrivacyChanged(Audience.NOBODY, receipts=False))
    after.when(SetPrivacy(Audience.NOBODY, receipts=False), by=ANN).then()
    after.when(SetPrivacy(Audience.CONTACTS, receipts=False), by=ANN).accepted()


COMMANDS = [AddContact(BOB, "Bob"), RemoveContact(BOB), Block(BOB), Unblock(BOB), SetPrivacy(Audience.NOBODY, True)]


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_else_touches_them(command: object) -> None:
    contacts().when(command, by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    contacts().when(command, by=ANONYMOUS).rejected("sign_in_first", Reason.FORBIDDEN)
    contacts().when(command, by=SYSTEM).rejected("sign_in_first", Reason.FORBIDDEN)


def test_nobody_knows_or_blocks_themselves() -> None:
    contacts().when(AddContact(ANN, "Me"), by=ANN).rejected("yourself", Reason.INVALID)
    contacts().when(Block(ANN), by=ANN).rejected("yourself", Reason.INVALID)


@pytest.mark.parametrize("label", ["", " ", "x" * 65, "two\nlines"])
def test_a_label_is_one_short_line(label: str) -> None:
    contacts().when(AddContact(BOB, label), by=ANN).rejected("label_invalid", Reason.INVALID)


def test_there_is_a_limit_to_contacts_which_does_not_hinder_changing_a_label() -> None:
    full = contacts(*(ContactAdded(UUID(int=number), "x") for number in range(CONTACTS)))
    full.when(AddContact(BOB, "Bob"), by=ANN).rejected("too_many_contacts")
    full.when(AddContact(UUID(int=7), "y"), by=ANN).then(ContactAdded(UUID(int=7), "y"))


def test_there_is_a_limit_to_blocking() -> None:
    full = contacts(*(Blocked(UUID(int=number)) for number in range(BLOCKED)))
    full.when(Block(BOB), by=ANN).rejected("too_many_blocked")
    full.when(Block(UUID(int=7)), by=ANN).then()


def test_whoever_is_forgotten_knows_nobody() -> None:
    known = contacts(ContactAdded(BOB, "Bob"), Blocked(BOB))
    known.when(ClearContacts(), by=SYSTEM).then(ContactsCleared())
    contacts().when(ClearContacts(), by=SYSTEM).then()
    known.when(ClearContacts(), by=ANN).rejected("not_yours", Reason.FORBIDDEN)
    assert evolve(INITIAL, ContactsCleared()) == INITIAL
