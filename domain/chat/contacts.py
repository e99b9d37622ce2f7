"""Whom a person knows and whom they block, and what they let others see."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import blake2b
from uuid import UUID

from domain.kernel import Context, Reason, Rejected
from domain.text import check_line

CONTACTS = 5_000
BLOCKED = 5_000
LABEL = 64  # code points


class Audience(StrEnum):
    """Who may see something of a person."""

    EVERYONE = "everyone"
    CONTACTS = "contacts"
    NOBODY = "nobody"


# Events. The aggregate's id is the person whose contacts these are.


@dataclass(frozen=True, slots=True)
class ContactAdded:
    """Also when only the label changed."""

    person: UUID
    label: str = field(metadata={"personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class ContactRemoved:
    person: UUID


@dataclass(frozen=True, slots=True)
class Blocked:
    person: UUID


@dataclass(frozen=True, slots=True)
class Unblocked:
    person: UUID


@dataclass(frozen=True, slots=True)
class PrivacyChanged:
    last_seen: Audience
    receipts: bool


@dataclass(frozen=True, slots=True)
class ContactsCleared:
    """The person is forgotten: whom they knew and blocked is, too."""


Event = ContactAdded | ContactRemoved | Blocked | Unblocked | PrivacyChanged | ContactsCleared


# Commands, all only by the person whose contacts these are; the last by the system.


@dataclass(frozen=True, slots=True)
class AddContact:
    person: UUID
    label: str = field(metadata={"personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class RemoveContact:
    person: UUID


@dataclass(frozen=True, slots=True)
class Block:
    person: UUID


@dataclass(frozen=True, slots=True)
class Unblock:
    person: UUID


@dataclass(frozen=True, slots=True)
class SetPrivacy:
    last_seen: Audience  # reciprocal: who shows it to nobody sees nobody's
    receipts: bool  # whether others see what was read; reciprocal as well


@dataclass(frozen=True, slots=True)
class ClearContacts:
    pass


Command = AddContact | RemoveContact | Block | Unblock | SetPrivacy | ClearContacts


# State. Of labels only a digest is kept: enough to know a repeat, and no personal data.


@dataclass(frozen=True, slots=True)
class Contacts:
    labels: dict[UUID, bytes] = field(default_factory=dict)
    blocked: tuple[UUID, ...] = ()
    last_seen: Audience = Audience.EVERYONE
    receipts: bool = True


INITIAL = Contacts()


def evolve(contacts: Contacts, event: Event) -> Contacts:
    match event:
        case ContactAdded(person=person, label=label):
            return replace(contacts, labels={**contacts.labels, person: _digest(label)})
        case ContactRemoved(person=person):
            return replace(contacts, labels={who: label for who, label in contacts.labels.items() if who != person})
        case Blocked(person=person):
            return replace(contacts, blocked=(*contacts.blocked, person))
        case Unblocked(person=person):
            return replace(contacts, blocked=tuple(who for who in contacts.blocked if who != person))
        case PrivacyChanged(last_seen=last_seen, receipts=receipts):
            return replace(contacts, last_seen=last_seen, receipts=receipts)
        case ContactsCleared():
            return INITIAL


def decide(contacts: Contacts, command: Command, context: Context) -> list[Event]:
    if isinstance(command, ClearContacts) and context.actor.is_system:
        return [] if contacts == INITIAL else [ContactsCleared()]
    if str(context.actor.person) != context.aggregate_id:
        raise Rejected("not_yours", "You can change only your own contacts.", Reason.FORBIDDEN)
    match command:
        case AddContact(person=person) | Block(person=person) if str(person) == context.aggregate_id:
            raise Rejected("yourself", "Choose somebody other than yourself.", Reason.INVALID)
        case AddContact(person=person, label=label):
            check_line(label, "label", LABEL)
            if person not in contacts.labels and len(contacts.labels) >= CONTACTS:
                raise Rejected("too_many_contacts", f"You have {CONTACTS:,} contacts. Remove some first.")
            return [] if contacts.labels.get(person) == _digest(label) else [ContactAdded(person, label)]
        case RemoveContact(person=person):
            return [ContactRemoved(person)] if person in contacts.labels else []
        case Block(person=person):
            if person not in contacts.blocked and len(contacts.blocked) >= BLOCKED:
                raise Rejected("too_many_blocked", f"You have blocked {BLOCKED:,} people. Unblock some first.")
            return [] if person in contacts.blocked else [Blocked(person)]
        case Unblock(person=person):
            return [Unblocked(person)] if person in contacts.blocked else []
        case SetPrivacy(last_seen=last_seen, receipts=receipts):
            same = (contacts.last_seen, contacts.receipts) == (last_seen, receipts)
            return [] if same else [PrivacyChanged(last_seen, receipts)]
        case ClearContacts():
            raise Rejected("not_yours", "Remove your contacts one by one.", Reason.FORBIDDEN)


def _digest(label: str) -> bytes:
    return blake2b(label.encode(), digest_size=8).digest()
