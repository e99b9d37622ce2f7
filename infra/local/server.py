"""A server as a process of this machine, with everything a test may do to it: start, stop, kill, pause, resume."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

START_SECONDS, STOP_SECONDS = 180, 30
GUARD = 'read _; grep -aqsF -- "$2" "/proc/$1/cmdline" && kill -9 "$1"'


class NotReady(Exception):
    """A server ended, or did not answer a client in time; carries the end of its log."""


class Server(ABC):
    """One process over one directory: its data, configuration, `server.log` and `server.pid`.

    The data survive every way to end it. The process outlives its maker only where `detached`; otherwise it is killed
    when the maker dies, however that happens. One thread at a time.
    """

    name: str

    def __init__(self, directory: Path, *, detached: bool = False) -> None:
        self.directory = directory.resolve()
        self._detached = detached
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def address(self) -> str:
        """Where clients find it, `host:port`."""

    @abstractmethod
    def prepare(self) -> list[str]:
        """Writes the configuration and answers the command line; must leave existing data alone."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a real client gets an answer now; takes at most a few seconds."""

    def launch(self) -> None:
        """Starts it and does not wait for it; nothing happens where it runs. Raises NotReady."""
        if self.pid is None:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._launch(self.prepare())

    def start(self) -> None:
        """Starts it and waits until a client gets an answer; where it runs, only waits. Raises NotReady."""
        self.launch()
        self.until_it_answers(alive=lambda: self.pid is not None)

    def until_it_answers(self, alive: Callable[[], bool] = lambda: True) -> None:
        """Waits until a client gets an answer from it; raises NotReady as soon as it is no longer `alive`."""
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if not alive():
                raise NotReady(f"{self.name} ended at its start.\n{self._log_end()}")
            if time.monotonic() > deadline:
                raise NotReady(f"{self.name} did not answer within {START_SECONDS} s.\n{self._log_end()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ends it in good order, or by force where that takes too long."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        if not self._wait(STOP_SECONDS):
            self.kill()
        self._forget()

    def kill(self) -> None:
        """Ends it as a power cut would (SIGKILL)."""
        self._signal(signal.SIGKILL)
        self._wait(STOP_SECONDS)
        self._forget()

    def restart(self) -> None:
        """Ends it in good order and starts it again. Raises NotReady."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freezes it (SIGSTOP): connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on after a pause (SIGCONT)."""
        self._signal(signal.SIGCONT)

    @property
    def pid(self) -> int | None:
        """Its process id, None where it does not run."""
        if self._process is not None:
            return self._process.pid if self._process.poll() is None else None
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            pid = int(self._pid_file.read_text())
            # The number may have gone to another process since: ours names its directory.
            if str(self.directory).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        return None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _pid_file(self) -> Path:
        return self.directory / "server.pid"

    def _launch(self, command: list[str]) -> None:
        with (self.directory / "server.log").open("ab") as log:
            # A session of its own: Ctrl-C in the terminal reaches us, and we end it in good order.
            self._process = subprocess.Popen(
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._pid_file.write_text(str(self._process.pid))
        if not self._detached:
            # The shell waits on a pipe that only we hold open; it ends with us, whatever ends us. By then the number
            # may have gone to another process: ours names its directory.
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", GUARD, "guard", str(self._process.pid), str(self.directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.pid is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _forget(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
        self._process = self._guard = None
        self._pid_file.unlink(missing_ok=True)

    def _log_end(self) -> str:
        log = self.directory / "server.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join([*lines[-30:], f"(the end of {log})"])
