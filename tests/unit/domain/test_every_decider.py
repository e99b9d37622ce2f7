"""What holds for every aggregate of the catalogue, whatever is tried with it."""

from copy import deepcopy
from datetime import timedelta
from functools import reduce
from itertools import chain

import pytest
from hypothesis import assume, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.catalogue import CATALOGUE
from domain.chat.conversation import (
    DeleteForMe,
    EditMessage,
    React,
    SendMessage,
    Unreact,
    message_id,
)
from domain.identity.person import ChangePassword, Forget, IssueCode, OpenSession
from domain.kernel import ANONYMOUS, Actor, Aggregate, Message
from tests.scenario import ANN, Given, fold
from tests.unit.domain.conversations import GROUP, SEAL, group, sent
from tests.unit.domain.histories import history_of
from tests.unit.domain.test_person import CODE, OTHER_HASH, WRONG, ann, by_code, code

each_aggregate = pytest.mark.parametrize("aggregate", CATALOGUE.aggregates, ids=lambda each: each.name)
thorough = settings(max_examples=100, deadline=None)
seeds, steps = st.integers(0, 2**32), st.integers(0, 40)

OWN = message_id(SEAL, GROUP, 1, ANN)
BY_ANN = Actor("person", str(ANN))

# Seeds of histories in which something rare comes up: where to look first, so that the search need not go on for long.
TELLING = {"person": (618,), "lot": (868,), "payment": (224,), "calendar": (167,), "recipient": (471,)}

# Commands that may be repeated to some effect, each with an example. All others add nothing when they come again.
ADDITIVE: dict[type, tuple[Given, Message, Actor]] = {
    # Saying the same twice is two messages. What a device sends again has the same command id.
    SendMessage: (group(), SendMessage("hello"), BY_ANN),
    # The state keeps no messages, so it cannot know what one looks like by now. The events do not add up, they set: a
    # text, a reaction, a mark in the place of the one before. Read models stay as they are.
    EditMessage: (group(sent(1, ANN)), EditMessage(1, OWN, "x"), BY_ANN),
    DeleteForMe: (group(sent(1, ANN)), DeleteForMe(1), BY_ANN),
    React: (group(sent(1, ANN)), React(1, "👍"), BY_ANN),
    Unreact: (group(sent(1, ANN)), Unreact(1), BY_ANN),
    # Failed guesses count: that is what they are recorded for.
    OpenSession: (ann(code()), by_code(WRONG), ANONYMOUS),
    ChangePassword: (ann(), ChangePassword(OTHER_HASH, verified_hash=""), BY_ANN),
    Forget: (ann(), Forget(verified_hash=""), BY_ANN),
    # Each is sent to the person, up to five an hour.
    IssueCode: (ann(), IssueCode(CODE), ANONYMOUS),
}


@each_aggregate
@thorough
@for_all(seeds, steps)
def test_a_command_is_accepted_or_rejected_and_nothing_is_changed_in_place(
    aggregate: Aggregate, seed: int, steps: int
) -> None:
    history = history_of(aggregate, seed, steps, deepcopy)  # any error but a rejection fails in here
    for attempt in history.attempts:
        assert attempt.before == attempt.copy
        assert all(type(event) in aggregate.events for event in attempt.events)


@each_aggregate
@thorough
@for_all(seeds, steps)
def test_a_repeated_command_adds_nothing(aggregate: Aggregate, seed: int, steps: int) -> None:
    history = history_of(aggregate, seed, steps + 1)
    last = history.attempts[-1]
    assume(type(last.command) not in ADDITIVE)
    history.now += timedelta(microseconds=1)
    assert history.attempt(last.command, last.context.actor).events == ()


@each_aggregate
@thorough
@for_all(seeds, steps, st.integers(0, 100))
def test_the_same_events_make_the_same_state_from_any_snapshot_on(
    aggregate: Aggregate, seed: int, steps: int, cut: int
) -> None:
    history = history_of(aggregate, seed, steps)
    assert fold(aggregate, history.events) == history.state
    snapshot = deepcopy(fold(aggregate, history.events[:cut]))
    assert reduce(aggregate.evolve, deepcopy(history.events[cut:]), snapshot) == history.state


@pytest.mark.parametrize("command", ADDITIVE, ids=lambda each: each.__name__)
def test_the_exceptions_are_exceptions(command: type) -> None:
    before, example, actor = ADDITIVE[command]
    once = before.when(example, by=actor)
    again = once.accepted().when(example, by=actor)
    assert once.events
    assert again.events


@each_aggregate
def test_what_is_tried_is_not_in_vain(aggregate: Aggregate) -> None:
    """Every event comes up and every command has an effect, so that the properties above are about something."""
    unseen = {*aggregate.events, *aggregate.commands}
    for seed in chain(TELLING.get(aggregate.name, ()), range(1_000)):
        history = history_of(aggregate, seed, 40)
        unseen -= {type(event) for event in history.events}
        unseen -= {type(each.command) for each in history.attempts if each.events}
        if not unseen:
            return
    pytest.fail(f"never seen: {unseen}")
