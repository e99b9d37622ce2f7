"""Policies: what follows from an event is a command to another aggregate, now or later."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from infra.video import NoRooms, VideoRooms
from processors.policies import erasing, notice, video
from processors.policies.chat import RULES as CHAT
from processors.policies.identity import RULES as IDENTITY
from processors.policies.parking import RULES as PARKING
from processors.policies.rules import Rule, Rules, Then
from processors.policies.scheduling import RULES as SCHEDULING
from schemas.envelope import Recorded


def together(*each: Rules) -> Rules:
    """All of them. Where several follow from one event, in this order for ever: the ids of commands count on it."""
    return {event: _one([rules[event] for rules in each if event in rules]) for event in chain(*each)}


def _one(rules: Sequence[Rule]) -> Rule:
    if len(rules) == 1:
        return rules[0]

    def all_of(event: Any, at: Recorded) -> list[Then]:
        return [then for rule in rules for then in rule(event, at)]

    return all_of


def rules_with(rooms: VideoRooms) -> Rules:
    """All rules, with the rooms of this installation."""
    # A new one goes to the end.
    return together(IDENTITY, CHAT, PARKING, SCHEDULING, notice.rules(rooms), video.rules(rooms), erasing.FORGETTING)


RULES = rules_with(NoRooms())
