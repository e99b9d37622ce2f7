"""The process launcher: what ends is started again, what is told to stop does, and nothing outlives it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra import supervisor
from infra.supervisor import Program, Supervisor

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


def program(script: str, name: str = "one", **environment: str) -> Program:
    return Program(name, [sys.executable, "-c", script], {**os.environ, **environment})


class Running:
    """A supervisor, and the lines it told."""

    def __init__(self, *programs: Program, grace: float = 30.0) -> None:
        self.lines: list[tuple[str, str]] = []
        self.supervisor = Supervisor(programs, lambda name, line: self.lines.append((name, line)), grace)

    def pids(self, name: str = "one") -> list[int]:
        start = "started as process "
        return [int(line.removeprefix(start)) for each, line in self.lines if each == name and line.startswith(start)]

    def said(self, line: str) -> int:
        return sum(line in each for _, each in self.lines)

    async def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not true():
            assert time.monotonic() < deadline, self.lines
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*programs: Program, grace: float = 30.0) -> AsyncIterator[Running]:
    run = Running(*programs, grace=grace)
    task = asyncio.create_task(run.supervisor.run())
    yield run
    run.supervisor.stop()
    await asyncio.wait_for(task, 60)
    assert not [pid for name in {name for name, _ in run.lines} for pid in run.pids(name) if alive(pid)]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_every_line_has_its_programs_name() -> None:
    script = "import os, sys; print(os.environ['WHO']); print('to the left', file=sys.stderr); print('no end', end='')"
    async with running(program(script, "a", WHO="ann"), program(script, "b", WHO="bob")) as run:
        await run.until(lambda: run.said("has ended with status 0") >= 2)
    for name, who in (("a", "ann"), ("b", "bob")):
        assert {(name, who), (name, "to the left"), (name, "no end")} <= set(run.lines)


async def test_what_is_killed_is_started_again_and_the_others_go_on() -> None:
    async with running(program(SLEEPER, "a"), program(SLEEPER, "b")) as run:
        await run.until(lambda: run.said("up") == 2)
        os.kill(run.pids("a")[0], signal.SIGKILL)
        await run.until(lambda: run.said("up") == 3)
        assert len(run.pids("a")) == 2
        assert len(run.pids("b")) == 1
    assert ("a", f"process {run.pids('a')[0]} has been ended by SIGKILL") in run.lines


async def test_what_keeps_ending_is_started_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.04)
    async with running(program("raise SystemExit(75)")) as run:
        await run.until(lambda: run.said("starting again") >= 5)
    pauses = [line for _, line in run.lines if line.startswith("starting again")]
    assert pauses[:5] == [f"starting again in {pause:.1f} s" for pause in (0.01, 0.02, 0.04, 0.04, 0.04)]
    assert run.said("has ended with status 75") >= 5


async def test_what_has_run_well_is_started_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STEADY", 0.0)
    async with running(program("pass")) as run:
        await run.until(lambda: run.said("starting again") >= 3)
    assert {line for _, line in run.lines if line.startswith("starting again")} == {"starting again in 0.1 s"}


async def test_sigterm_lets_a_program_end_in_good_order() -> None:
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(0)))\n"
        "print('up', flush=True); time.sleep(600)"
    )
    async with running(program(script)) as run:
        await run.until(lambda: run.said("up") == 1)
    assert [line for _, line in run.lines][-2:] == ["bye", f"process {run.pids()[0]} has ended with status 0"]


async def test_a_program_that_does_not_listen_is_killed() -> None:
    async with running(program(DEAF), grace=0.2) as run:
        await run.until(lambda: run.said("up") == 1)
    assert run.said("has been ended by SIGKILL") == 1


async def test_a_stop_while_a_program_waits_to_be_started_again_is_immediate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 600.0)
    async with running(program("pass")) as run:
        await run.until(lambda: run.said("starting again") == 1)
    assert len(run.pids()) == 1


async def test_a_command_that_does_not_exist_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    async with running(Program("one", ["/nowhere/to/be/found"], {})) as run:
        await run.until(lambda: run.said("cannot be started") >= 2)


async def test_a_line_without_end_is_cut_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_LINE", 1000)
    async with running(program("print('x' * 200_000, flush=True); import time; time.sleep(600)")) as run:
        await run.until(lambda: sum(line.count("x") for _, line in run.lines if "exit" not in line) >= 200_000)
    assert max(len(line) for _, line in run.lines) <= 70_000


PARENT = """
import asyncio, os, sys
from infra.supervisor import Program, Supervisor
script = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
child = Program("child", [sys.executable, "-c", script], dict(os.environ))
asyncio.run(Supervisor([child], lambda name, line: print(line, flush=True)).run())
"""


def test_no_program_outlives_a_supervisor_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert "started as process" in parent.stdout.readline()
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)
