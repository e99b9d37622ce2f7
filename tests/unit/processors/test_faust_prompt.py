"""Handing records over without a task for each ends as Faust's own way does, whether or not it has to wait."""

import asyncio

import pytest
from mode.services import Service
from mode.utils.times import Seconds

from processors.faust.prompt import Prompt


async def at_once(answer: int) -> int:
    return answer


async def later(gate: asyncio.Event, steps: list[str]) -> str:
    steps.append("begun")
    try:
        await gate.wait()
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        steps.append("cancelled")
        raise
    steps.append("done")
    return "later"


async def broken() -> None:
    raise ValueError("no")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Seconds | None]:
    """Notes each use of the library's own way."""
    uses: list[Seconds | None] = []
    original = Service.wait_first

    async def wait_first(self: Service, *coros: object, timeout: Seconds | None = None) -> object:  # noqa: ASYNC109
        uses.append(timeout)
        return await original(self, *coros, timeout=timeout)  # type: ignore[arg-type]

    monkeypatch.setattr(Service, "wait_first", wait_first)
    return uses


async def test_what_need_not_wait_is_done_without_a_task(counted: list[Seconds | None]) -> None:
    steps = list[str]()
    found = await Prompt().wait_first(at_once(7), later(asyncio.Event(), steps))
    assert (found.results, found.stopped, steps, counted) == ([7], False, [], [])


async def test_what_has_to_wait_goes_on_where_it_was(counted: list[Seconds | None]) -> None:
    gate, steps = asyncio.Event(), list[str]()
    asyncio.get_running_loop().call_soon(gate.set)
    found = await Prompt().wait_first(later(gate, steps), asyncio.Event().wait())
    assert (found.results, found.stopped, steps, len(counted)) == (["later"], False, ["begun", "done"], 1)


async def test_another_one_that_is_done_first_ends_the_waiting() -> None:
    gate, steps = asyncio.Event(), list[str]()
    found = await Prompt().wait_first(later(gate, steps), at_once(1))
    await asyncio.sleep(0)
    assert (found.results, steps) == ([1], ["begun", "cancelled"])


async def test_a_failure_comes_out() -> None:
    with pytest.raises(ValueError, match="no"):
        await Prompt().wait_first(broken(), asyncio.Event().wait())


async def test_with_a_time_limit_it_is_the_librarys_way(counted: list[Seconds | None]) -> None:
    found = await Prompt().wait_first(at_once(3), timeout=60.0)
    assert (found.results, counted) == ([3], [60.0])
