"""Handing records over without a task for each: Faust's own way costs several times as much as all else it does.

Faust 0.15.3 waits for each record to be taken with `wait_first`, which makes four tasks. A record is nearly always
taken at once, so its coroutine is begun here as it is, and only where it has to wait does the library's way go on.
"""

from asyncio import iscoroutine
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any

from mode.services import Service, WaitArgT, WaitResults
from mode.utils.times import Seconds


class Prompt(Service):
    """A service that does at once what need not wait."""

    async def wait_first(self, *coros: WaitArgT, timeout: Seconds | None = None) -> WaitResults:  # noqa: ASYNC109
        """Returns when the first of several coroutines is done; the others are not even begun where one is at once."""
        given = [each for each in coros if iscoroutine(each)]
        if timeout is not None or len(given) < len(coros):
            return await super().wait_first(*coros, timeout=timeout)  # type: ignore[arg-type]
        first, *others = given
        try:
            awaited = first.send(None)
        except BaseException as ended:
            for each in others:
                each.close()
            if isinstance(ended, StopIteration):
                return WaitResults([first], [ended.value], False)
            raise
        return await super().wait_first(_go_on(first, awaited), *others)


async def _go_on(begun: Coroutine[Any, Any, Any], awaited: Any) -> Any:
    return await _rest(begun, awaited)


@coroutine
def _rest(begun: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, Any]:
    """Goes on with a coroutine that was begun and now waits for `awaited`."""
    while True:
        try:
            try:
                answer = yield awaited
            except BaseException as error:  # a cancellation, say: it is the coroutine's to answer
                awaited = begun.throw(error)
            else:
                awaited = begun.send(answer)
        except StopIteration as done:
            return done.value
