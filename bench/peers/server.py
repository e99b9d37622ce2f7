"""A peer's process: started in a folder of its own, ended with the block."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

STARTS_WITHIN, STOPS_WITHIN = 120.0, 20.0  # seconds


class NotReady(Exception):
    """It ended, or did not answer in time; carries the end of its output."""


@contextmanager
def process(name: str, command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a command; its output goes to a log in `folder`."""
    with (folder / f"{name}.log").open("ab") as log:
        running = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


class Waiting:
    """Asks for a while whether a process answers."""

    def __init__(self, name: str, running: subprocess.Popen[bytes], folder: Path) -> None:
        self._name, self._running, self._log = name, running, folder / f"{name}.log"
        self._deadline = time.monotonic() + STARTS_WITHIN

    def on(self) -> None:
        """Between two attempts. Raises NotReady."""
        if self._running.poll() is not None or time.monotonic() > self._deadline:
            raise NotReady(f"{self._name}:\n{self._log.read_text(errors='replace')[-3_000:]}")
        time.sleep(0.2)


def install(what: str, command: Sequence[str]) -> None:
    """Runs a package manager; raises NotReady with what it said where it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReady(f"{what} cannot be installed:\n{(done.stdout + done.stderr)[-3_000:]}")
