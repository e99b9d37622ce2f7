"""The process launcher: keeps the programs of a cluster running on one machine, and ends them together."""

import asyncio
import ctypes
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

FIRST_PAUSE, LONGEST_PAUSE = (
    0.1,
    10.0,
)  # seconds until a program that has ended is started again; each time twice as many
STEADY = 10.0  # seconds after which a program counts as running well: its next pause is the first again
GRACE = 10.0  # seconds between SIGTERM and SIGKILL
LAST_WORDS = 1.0  # seconds that what a program has written before its end may take to get here
LONGEST_LINE = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Program:
    """A command that is to run for as long as the supervisor does."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]  # all of it


class Supervisor:
    """Runs programs, each line they write going to `tell` with the program's name; starts again whatever ends."""

    def __init__(self, programs: Sequence[Program], tell: Callable[[str, str], None], grace: float = GRACE) -> None:
        self._programs, self._tell, self._grace = programs, tell, grace
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ends all of them: SIGTERM, and SIGKILL for what is still there `grace` seconds later."""
        self._stop.set()

    async def run(self) -> None:
        """Returns when `stop` was called and all have ended. Where this process dies, they are killed."""
        async with asyncio.TaskGroup() as group:
            for program in self._programs:
                group.create_task(self._keep(program))

    async def _keep(self, program: Program) -> None:
        pause = FIRST_PAUSE
        while True:
            started = monotonic()
            await self._run(program)
            if self._stop.is_set():
                return
            if monotonic() - started > STEADY:
                pause = FIRST_PAUSE
            self._tell(program.name, f"starting again in {pause:.1f} s")
            if await self._stopped_within(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _run(self, program: Program) -> None:
        """One life of a program, and all it says."""
        try:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                env=program.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor, which ends them in good order
                preexec_fn=_die_with_parent,
            )
        except OSError as error:
            self._tell(program.name, f"cannot be started: {error}")
            return
        self._tell(program.name, f"started as process {process.pid}")
        assert process.stdout is not None
        relaying = asyncio.create_task(self._relay(program.name, process.stdout))
        await self._until_ended(process)
        await asyncio.wait([relaying], timeout=LAST_WORDS)
        relaying.cancel()  # whatever it has started may hold the pipe open
        self._tell(program.name, f"process {process.pid} has {_how(process.returncode)}")

    async def _until_ended(self, process: Process) -> None:
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            process.send_signal(signal.SIGTERM)
            await asyncio.wait([ended], timeout=self._grace)
        if not ended.done():
            process.kill()
        await ended

    async def _relay(self, name: str, output: asyncio.StreamReader) -> None:
        line = b""
        while chunk := await output.read(65_536):
            *lines, line = (line + chunk).split(b"\n")
            if len(line) > LONGEST_LINE:
                lines, line = [*lines, line], b""
            for each in lines:
                self._tell(name, each.decode(errors="replace").rstrip("\r"))
        if line:
            self._tell(name, line.decode(errors="replace"))

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True


def _how(status: int | None) -> str:
    if status is not None and status < 0:
        return f"been ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def _die_with_parent() -> None:
    """In the child, before it becomes the program: no supervisor, no programs (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
