"""What a policy answers: commands to send now, and commands that are due at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.kernel import Message
from schemas.envelope import Recorded


@dataclass(frozen=True, slots=True)
class Then:
    """A command that follows from an event. Its id comes from the event's, so a repeat is decided once."""

    command: Message
    to: str  # the aggregate's id
    due: datetime | None = None  # a deadline; the aggregate ignores one that is stale by then


Rule = Callable[[Any, Recorded], Sequence[Then]]
Rules = Mapping[type, Rule]  # by event type
