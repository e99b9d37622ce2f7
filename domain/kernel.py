"""The words every aggregate is written in: context, actor, rejection, answer, position."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import ModuleType
from typing import Any, get_args
from uuid import UUID

State = Any  # each aggregate has its own frozen dataclass; the kernel only carries it
Message = Any  # a command, an event or a state: a frozen dataclass whose fields are its wire format


class Reason(StrEnum):
    """Why a command was refused, in the terms every face can translate (HTTP: 403, 404, 409, 422, 429, 500)."""

    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID = "invalid"
    TOO_MANY = "too_many"
    INTERNAL = "internal"


class Rejected(Exception):
    """A command refused by the rules: `code` is stable and for programs, `detail` is a sentence for a person."""

    def __init__(self, code: str, detail: str, reason: Reason = Reason.CONFLICT) -> None:
        super().__init__(code, detail, reason)
        self.code, self.detail, self.reason = code, detail, reason


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person, or a part of the system (a policy, a deadline, the operator's command line)."""

    kind: str  # "person", "system" or "anonymous"
    name: str = ""  # the person's id, or the name of the part
    roles: frozenset[str] = frozenset()

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    def is_person(self, person: UUID) -> bool:
        return self.kind == "person" and self.name == str(person)

    @property
    def id(self) -> str:
        """The acting person's id as a text; "" for anyone else."""
        return self.name if self.kind == "person" else ""

    @property
    def person(self) -> UUID:
        """The acting person's id; refuses anyone who is not signed in."""
        if self.kind != "person":
            raise Rejected("sign_in_first", "Sign in to do this.", Reason.FORBIDDEN)
        return _id_of(self.name)

    def __str__(self) -> str:
        return "|".join((self.kind, self.name, *sorted(self.roles)))

    @classmethod
    def parse(cls, text: str) -> "Actor":
        kind, name, *roles = text.split("|")
        return cls(kind, name, frozenset(roles))


@lru_cache(maxsize=65_536)
def _id_of(name: str) -> UUID:
    return UUID(name)  # the same people act again and again


ANONYMOUS = Actor("anonymous")


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may know beside its state: the instant, the actor, the aggregate's id and version."""

    now: datetime  # the time its first event will carry; strictly increasing inside a partition
    actor: Actor
    aggregate_id: str
    version: int  # events of this aggregate so far
    command_id: str


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a system's events a decision ended: answers carry it, queries accept it as `after`."""

    system: str
    partition: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.system}:{self.partition}:{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The position a client sent back; raises ValueError where it is none of ours."""
        system, partition, sequence = text.split(":")
        return cls(system, int(partition), int(sequence))


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command. Its events are the framed Avro bytes that were written to the log."""

    command_id: str
    actor: str
    fingerprint: bytes  # of the command's type, key and body: the same id with another body is refused
    position: str  # "" when nothing was written
    version: int
    events: tuple[bytes, ...] = ()
    code: str = ""  # "" when accepted
    detail: str = ""
    reason: str = ""
    time: int = 0  # of its first event, microseconds since 1970; 0 when nothing was written

    @property
    def accepted(self) -> bool:
        return not self.code


@dataclass(frozen=True, slots=True)
class Inquire:
    """Asks what became of an earlier command to the same key; answered with its original answer, never decided."""

    command_id: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one partition's events: what the next event's sequence and time continue from."""

    sequence: int  # of the last event; 0 before the first
    time: int  # of the last event, microseconds since 1970
    next: int = -1  # offset of the first command that is not decided yet; -1 where only the consumer group knows


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An aggregate's state after `version` events: what the state topic keeps, one record type per aggregate."""

    version: int
    state: State


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A unit of decision: `initial`, `decide`, `evolve`, and the messages they speak."""

    system: str
    name: str
    initial: State
    decide: Callable[[State, Message, Context], Sequence[Message]]
    evolve: Callable[[State, Message], State]
    commands: tuple[type, ...]
    events: tuple[type, ...]

    @property
    def state(self) -> type:
        return type(self.initial)

    def key(self, aggregate_id: str) -> str:
        """The Kafka key of one aggregate: `type/id`."""
        return f"{self.name}/{aggregate_id}"

    def type_name(self, message: type) -> str:
        """The stable name of one of its messages on the wire, such as `chat.conversation.MessageSent`."""
        return f"{self.system}.{self.name}.{message.__name__}"


def aggregate(module: ModuleType) -> Aggregate:
    """The aggregate that a module `domain.<system>.<name>` defines by INITIAL, decide, evolve, Command and Event."""
    _, system, name = module.__name__.split(".")
    return Aggregate(
        system=system,
        name=name,
        initial=module.INITIAL,
        decide=module.decide,
        evolve=module.evolve,
        commands=get_args(module.Command) or (module.Command,),
        events=get_args(module.Event) or (module.Event,),
    )


class Catalogue:
    """Every aggregate of the house, found by system and name, or by one of its message types.

    `signals` are the other messages that are on the log: no aggregate's, named after the module they are in.
    """

    def __init__(self, aggregates: Sequence[Aggregate], signals: Sequence[type] = ()) -> None:
        self.aggregates = tuple(aggregates)
        self.signals = tuple(signals)
        self.systems = tuple(sorted({each.system for each in aggregates}))
        self._by_name = {(each.system, each.name): each for each in aggregates}
        self._by_message = {m: each for each in aggregates for m in (*each.commands, *each.events, each.state)}

    def named(self, system: str, name: str) -> Aggregate:
        """The aggregate `system/name`; raises KeyError where there is none."""
        return self._by_name[system, name]

    def of(self, message: type) -> Aggregate:
        """The aggregate that a command, event or state type belongs to; raises KeyError where there is none."""
        return self._by_message[message]
