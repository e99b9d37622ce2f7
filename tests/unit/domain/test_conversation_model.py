"""A group over time, next to the simplest picture of one: a list of messages, and who could see which."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.chat.conversation import (
    INITIAL,
    AddMembers,
    ChangeRole,
    Command,
    Conversation,
    CreateGroup,
    DeleteMessage,
    Delivered,
    EditMessage,
    Event,
    ExportedMessage,
    ImportMessages,
    Kind,
    Leave,
    MarkDelivered,
    MarkRead,
    MessageDeleted,
    MessageEdited,
    MessageImported,
    MessageSent,
    React,
    Read,
    RemoveMember,
    Role,
    SendMessage,
    decide,
    evolve,
)
from domain.kernel import Actor, Context, Rejected
from tests.scenario import ANN, BOB, CID, DAN, NOON
from tests.unit.domain.conversations import GROUP, SEAL

PEOPLE = (ANN, BOB, CID, DAN)
people = st.sampled_from(PEOPLE)
seqs = st.integers(0, 12)


@dataclass
class Message:
    author: UUID
    id: UUID
    text: str
    deleted: bool = False


@dataclass
class Membership:
    role: Role
    since: int  # how many messages there were
    delivered: int = 0
    read: int = 0


@dataclass
class Picture:
    members: dict[UUID, Membership] = field(default_factory=dict)  # in the order of joining
    messages: list[Message] = field(default_factory=list)
    imported: int = 0

    def join(self, person: UUID, role: Role = Role.MEMBER) -> None:
        now = len(self.messages)
        self.members[person] = Membership(role, now, now, now)

    def leave(self, person: UUID) -> None:
        gone = self.members.pop(person)
        if gone.role is Role.OWNER and self.members:
            admins = [each for each in self.members.values() if each.role is Role.ADMIN]
            (admins or list(self.members.values()))[0].role = Role.OWNER

    def may(self, actor: UUID, *roles: Role) -> bool:
        return actor in self.members and self.members[actor].role in roles

    def sees(self, actor: UUID, seq: int) -> bool:
        return actor in self.members and self.members[actor].since < seq <= len(self.messages)


class Group(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.conversation: Conversation = INITIAL
        self.picture = Picture()
        self.log: list[Event] = []

    def give(self, command: Command, actor: UUID) -> list[Event] | None:
        """The events, or None where the command was rejected."""
        context = Context(NOON, Actor("person", str(actor)), GROUP, len(self.log), "command")
        try:
            events = decide(self.conversation, command, context)
        except Rejected:
            return None
        for event in events:
            self.conversation = evolve(self.conversation, event)
        self.log.extend(events)
        return events

    @initialize(owner=people, others=st.lists(people, unique=True))
    def create(self, owner: UUID, others: list[UUID]) -> None:
        assert self.give(CreateGroup("Hiking", tuple(others), SEAL), owner)
        for person in dict.fromkeys((owner, *others)):
            self.picture.join(person, Role.OWNER if person == owner else Role.MEMBER)

    @rule(actor=people, new=st.lists(people, max_size=3))
    def add(self, actor: UUID, new: list[UUID]) -> None:
        events = self.give(AddMembers(tuple(new)), actor)
        assert (events is not None) == self.picture.may(actor, Role.OWNER, Role.ADMIN)
        if events is not None:
            for person in dict.fromkeys(new):
                if person not in self.picture.members:
                    self.picture.join(person)

    @rule(actor=people, person=people)
    def remove(self, actor: UUID, person: UUID) -> None:
        members = self.picture.members
        may = self.picture.may(actor, Role.OWNER, Role.ADMIN) and (
            person not in members or self.picture.may(actor, Role.OWNER) or self.picture.may(person, Role.MEMBER)
        )
        leaves = actor == person and actor in members
        assert (self.give(RemoveMember(person), actor) is not None) == (may or leaves)
        if (may or leaves) and person in members:
            self.picture.leave(person)

    @rule(actor=people)
    def leave(self, actor: UUID) -> None:
        assert (self.give(Leave(), actor) is not None) == (actor in self.picture.members)
        if actor in self.picture.members:
            self.picture.leave(actor)

    @rule(actor=people, person=people, role=st.sampled_from(Role))
    def change_role(self, actor: UUID, person: UUID, role: Role) -> None:
        members = self.picture.members
        may = self.picture.may(actor, Role.OWNER) and person in members and (actor != person or role is Role.OWNER)
        assert (self.give(ChangeRole(person, role), actor) is not None) == may
        if may and actor != person:
            members[person].role = role
            if role is Role.OWNER:
                members[actor].role = Role.ADMIN

    @rule(actor=people, text=st.text("ab ", max_size=3), reply_to=st.none() | seqs)
    def send(self, actor: UUID, text: str, reply_to: int | None) -> None:
        fine = bool(text.strip()) and (reply_to is None or self.picture.sees(actor, reply_to))
        events = self.give(SendMessage(text, reply_to), actor)
        assert (events is not None) == (actor in self.picture.members and fine)
        if events:
            (event,) = events
            assert isinstance(event, MessageSent)
            self.picture.messages.append(Message(actor, event.message_id, text))

    @rule(actor=people, first=st.integers(1, 5), count=st.integers(0, 4), author=st.none() | people)
    def import_some(self, actor: UUID, first: int, count: int, author: UUID | None) -> None:
        lines = tuple(ExportedMessage(author, "x", NOON, Kind.TEXT, str(first + each)) for each in range(count))
        may = self.picture.may(actor, Role.OWNER) and first <= self.picture.imported + 1
        events = self.give(ImportMessages("export", first, lines), actor)
        assert (events is not None) == may
        for event in events or []:
            assert isinstance(event, MessageImported)
            self.picture.imported += 1
            assert (event.ordinal, event.text) == (self.picture.imported, str(self.picture.imported))
            known = author if author in self.picture.members else None
            assert event.author == known
            self.picture.messages.append(Message(known or actor, event.message_id, event.text))

    @precondition(lambda self: self.picture.messages)
    @rule(actor=people, data=st.data())
    def edit(self, actor: UUID, data: st.DataObject) -> None:
        seq = data.draw(st.integers(1, len(self.picture.messages)))
        message = self.picture.messages[seq - 1]
        may = actor in self.picture.members and actor == message.author and not message.deleted
        events = self.give(EditMessage(seq, message.id, "edited"), actor)
        assert events == ([MessageEdited(seq, message.id, actor, "edited")] if may else None)
        if may:
            message.text = "edited"

    @precondition(lambda self: self.picture.messages)
    @rule(actor=people, data=st.data())
    def delete(self, actor: UUID, data: st.DataObject) -> None:
        seq = data.draw(st.integers(1, len(self.picture.messages)))
        message = self.picture.messages[seq - 1]
        own = actor in self.picture.members and actor == message.author
        may = own or (self.picture.may(actor, Role.OWNER, Role.ADMIN) and self.picture.sees(actor, seq))
        events = self.give(DeleteMessage(seq, message.id), actor)
        assert events == (None if not may else [] if message.deleted else [MessageDeleted(seq, actor)])
        message.deleted = message.deleted or may

    @rule(actor=people, seq=seqs)
    def react(self, actor: UUID, seq: int) -> None:
        may = self.picture.sees(actor, seq) and not self.picture.messages[seq - 1].deleted
        assert (self.give(React(seq, "👍"), actor) is not None) == may

    @rule(actor=people, up_to=seqs)
    def deliver(self, actor: UUID, up_to: int) -> None:
        self._mark(actor, MarkDelivered(up_to))

    @rule(actor=people, up_to=seqs)
    def read(self, actor: UUID, up_to: int) -> None:
        self._mark(actor, MarkRead(up_to))

    def _mark(self, actor: UUID, command: MarkDelivered | MarkRead) -> None:
        events = self.give(command, actor)
        assert (events is not None) == (actor in self.picture.members)
        if events is None:
            return
        me, reached = self.picture.members[actor], min(command.up_to, len(self.picture.messages))
        if isinstance(command, MarkRead):
            assert events == ([Read(actor, reached)] if reached > me.read else [])
            me.read = max(me.read, reached)
        else:
            assert events == ([Delivered(actor, reached)] if reached > me.delivered else [])
        me.delivered = max(me.delivered, reached)

    @invariant()
    def messages_are_counted_without_gaps(self) -> None:
        sent = [each for each in self.log if isinstance(each, MessageSent | MessageImported)]
        assert [each.seq for each in sent] == list(range(1, len(self.picture.messages) + 1))
        assert len({each.message_id for each in sent}) == len(sent)
        assert self.conversation.last_seq == len(sent)

    @invariant()
    def members_roles_and_marks_agree(self) -> None:
        told: dict[UUID, Any] = {
            who: (each.role, each.joined_seq, each.delivered, each.read)
            for who, each in sorted(self.conversation.members.items(), key=lambda item: item[1].order)
        }
        pictured = {who: (m.role, m.since, m.delivered, m.read) for who, m in self.picture.members.items()}
        assert list(told.items()) == list(pictured.items())

    @invariant()
    def there_is_one_owner_while_anybody_is_there(self) -> None:
        owners = [each for each in self.conversation.members.values() if each.role is Role.OWNER]
        assert len(owners) == (1 if self.conversation.members else 0)

    @invariant()
    def marks_stay_between_each_other_and_the_last_message(self) -> None:
        for member in self.conversation.members.values():
            assert 0 <= member.joined_seq <= member.read <= member.delivered <= self.conversation.last_seq


TestGroup = Group.TestCase
TestGroup.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
