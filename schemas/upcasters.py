"""What became of event types that were retired: a function from each to the messages it means today.

A type is retired when its meaning changes in a way that the compatibility gate refuses: the new event gets a new
name, the old class goes, its schemas stay in the lock, and a function here tells every reader what the old one means:

    @upcaster("chat.conversation.OldThing")
    def _(old: Fields) -> Sequence[Message]:
        return [NewThing(person=old["who"])]
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

from domain.kernel import Message

Fields = Mapping[str, Any]  # of the old event as it was written: str, int, UUID, datetime …; nested records are dicts
Upcaster = Callable[[Fields], Sequence[Message]]

UPCASTERS: dict[str, Upcaster] = {}


def upcaster(retired: str, known: MutableMapping[str, Upcaster] = UPCASTERS) -> Callable[[Upcaster], Upcaster]:
    """Registers a function for a retired type, such as `chat.conversation.OldThing`."""

    def register(function: Upcaster) -> Upcaster:
        if retired in known:
            raise ValueError(f"{retired} has two upcasters")
        known[retired] = function
        return function

    return register
