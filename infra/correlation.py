"""What this task or thread works on just now: every log line written meanwhile carries its correlation id."""

from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

_current: ContextVar[str] = ContextVar("correlation", default="")


def concerning(correlation: str) -> None:
    """From here on, in this task or thread, log lines are about the chain with that id; "" ends it."""
    _current.set(correlation)


def current() -> str:
    """The id of the chain that is worked on; "" where there is none."""
    return _current.get()


def correlated(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds the id to a log line that names none (a processor of structlog)."""
    if correlation := _current.get():
        line.setdefault("correlation", correlation)
    return line
