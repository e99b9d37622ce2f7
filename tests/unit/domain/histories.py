"""Histories of any aggregate, made of its commands' types; a new one needs at most a line in IDS or SENSIBLE."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from random import Random
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.chat.conversation import direct_id
from domain.kernel import ANONYMOUS, Actor, Aggregate, Context, Message, Rejected, State
from tests.scenario import ANN, BOB, CID, NOON, SYSTEM
from tests.unit.domain import bookables, lots, notices

PEOPLE = (ANN, BOB, CID)
ACTORS = (*(Actor("person", str(who)) for who in PEOPLE), SYSTEM, ANONYMOUS)
CLAIMS = tuple(f"{kind}-{digit * 16}" for kind in ("name", "phone") for digit in "12")
IDS = {
    "claim": (CLAIMS[0],),
    "conversation": (str(ANN), str(direct_id(ANN, BOB))),
    "ledger": (f"{ANN}.2026",),
}  # others: a UUID
STEPS = (timedelta(microseconds=1), timedelta(minutes=6), timedelta(hours=1), timedelta(days=31))
STRINGS = ("ann", "Hiking with Bob", "👍", "", "\x00", "x" * 300, "\ud800", *CLAIMS)
INTEGERS = (1, 2, 3, 0, -1, 2**63 - 1)
BYTES = (b"1" * 32, b"2" * 32, b"")
# What a history begins with, or with some of it, where hardly anything can happen before.
BEGINNINGS: dict[str, tuple[tuple[Message, Actor], ...]] = {
    "lot": lots.BEGINNING,
    "calendar": bookables.BEGINNING,
    "meeting": bookables.MEETING,
    "recipient": notices.RECIPIENT,
    "invitation": notices.INVITATION,
}
SENSIBLE: dict[str, object] = {  # what would hardly be found by chance, by the name of the field
    "name": "ann",
    "phone": "+4930123456",
    "name_claim": CLAIMS[0],
    "phone_claim": CLAIMS[2],
    "password_hash": "$argon2id$",
    "verified_hash": "$argon2id$",
    "role": "operator",
    "device": "Phone",
    **lots.SENSIBLE,
}
SENSIBLE_IN: dict[str, dict[str, object]] = {  # in one system alone
    "parking": {**SENSIBLE, **lots.OWN},
    "scheduling": {**SENSIBLE, **bookables.SENSIBLE},
    "notice": {**SENSIBLE, **notices.SENSIBLE},
}
EXAMPLES = {**bookables.EXAMPLES, **notices.EXAMPLES}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A command that somebody gave, and what came of it."""

    command: Message
    context: Context
    before: State
    copy: State  # of the state before, made before the decision; the state itself where none is made
    events: tuple[Message, ...]
    after: State


@dataclass(slots=True)
class History:
    """What was tried with one aggregate, step by step."""

    aggregate: Aggregate
    id: str
    now: datetime = NOON
    copied: Callable[[State], State] = lambda state: state  # what an attempt keeps of the state before it
    events: list[Message] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.attempts[-1].after if self.attempts else self.aggregate.initial

    def attempt(self, command: Message, actor: Actor) -> Attempt:
        """Decides the command and goes on from there; a rejection leaves all as it was, any other error is a defect."""
        before = after = self.state
        copy = self.copied(before)
        context = Context(self.now, actor, self.id, len(self.events), f"command {len(self.attempts)}")
        events = self._decided(command, context)
        for event in events:
            after = self.aggregate.evolve(after, event)
        self.events.extend(events)
        attempt = Attempt(command, context, before, copy, events, after)
        self.attempts.append(attempt)
        return attempt

    def would_add(self, command: Message, actor: Actor) -> bool:
        """Whether anything would come of it now."""
        return bool(self._decided(command, Context(self.now, actor, self.id, len(self.events), "a try")))

    def _decided(self, command: Message, context: Context) -> tuple[Message, ...]:
        try:
            return tuple(self.aggregate.decide(self.state, command, context))
        except Rejected:
            return ()


def history_of(
    aggregate: Aggregate, seed: int, steps: int, copied: Callable[[State], State] = lambda state: state
) -> History:
    """What people and the system may try with one aggregate, sensible or not: the same for the same seed.

    A generator of our own, since drawing every value through hypothesis is a hundred times slower; hypothesis picks
    the seed and finds the fewest steps that fail.
    """
    chance = Random(seed)
    ids = IDS.get(aggregate.name, (str(ANN),))
    history = History(aggregate, chance.choice(ids) if chance.random() < 0.9 else "no id", copied=copied)
    beginning = BEGINNINGS.get(aggregate.name, ()) if steps else ()
    for command, actor in beginning[: chance.randrange(2 * len(beginning) + 1)]:
        history.attempt(command, actor)
    for _ in range(steps):
        history.now += chance.choice(STEPS)
        for _ in range(chance.randrange(60)):  # most of what chance tries is refused: look for something that is not
            command, actor = _command(history, chance), chance.choice(ACTORS)
            if history.would_add(command, actor):
                break
        else:
            command, actor = _command(history, chance), chance.choice(ACTORS)
        history.attempt(command, actor)
    return history


def _command(history: History, chance: Random) -> Message:
    command = chance.choice(history.aggregate.commands)
    if command in EXAMPLES and chance.random() < 0.7:
        return EXAMPLES[command](history.now, chance)
    values = _values(command, history.now, chance)
    if history.events and chance.random() < 0.7:
        # It speaks of something that happened: the same message, the same session, the same code.
        event = chance.choice(history.events)
        known = {each.name: getattr(event, each.name) for each in fields(event)}
        for name, value in values.items():
            alike = [each for each in known.values() if type(each) is type(value) in VALUES]
            if name in known or (alike and chance.random() < 0.3):
                values[name] = known[name] if name in known else chance.choice(alike)
    return command(**values)


def _values(message: type, now: datetime, chance: Random) -> dict[str, object]:
    sensible = SENSIBLE_IN.get(message.__module__.split(".")[1], SENSIBLE)
    return {
        name: sensible[name] if name in sensible and chance.random() < 0.6 else _value(annotation, now, chance)
        for name, annotation in hints(message).items()
    }


def _value(annotation: Any, now: datetime, chance: Random) -> object:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _value(chance.choice(arguments), now, chance)
    if origin is tuple:
        return tuple(_value(arguments[0], now, chance) for _ in range(chance.randrange(4)))
    if origin is dict:
        return {}
    if annotation in EXAMPLES and chance.random() < 0.9:
        return EXAMPLES[annotation](now, chance)
    if is_dataclass(annotation):
        return cast(type, annotation)(**_values(cast(type, annotation), now, chance))
    if issubclass(annotation, StrEnum):
        return chance.choice(list(annotation))
    return VALUES[annotation](now, chance)


def _moment(time: datetime, chance: Random) -> datetime:
    """Often a whole hour, as people choose them."""
    return time.replace(minute=0, second=0, microsecond=0) if chance.random() < 0.5 else time


VALUES: dict[type, Callable[[datetime, Random], object]] = {
    NoneType: lambda now, chance: None,
    UUID: lambda now, chance: chance.choice(PEOPLE),
    str: lambda now, chance: chance.choice(STRINGS),
    int: lambda now, chance: chance.choice(INTEGERS),
    bool: lambda now, chance: chance.random() < 0.5,
    bytes: lambda now, chance: chance.choice(BYTES),
    float: lambda now, chance: chance.choice((0.0, 52.5, -180.0, 1e9)),
    timedelta: lambda now, chance: chance.choice((*STEPS, -STEPS[1])),
    date: lambda now, chance: now.date(),
    datetime: lambda now, chance: _moment(now + chance.choice((-1, 1)) * chance.choice(STEPS), chance),
}
hints = cache(get_type_hints)
