"""Whether a process that opened the log still lives: it holds a lock on a file of its own until it ends."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

# The kernel lets go of the lock however the process ends, so that the partitions of one that was killed are free at
# once and those of one that only stands still never are.


class Presence:
    """The mark of one opened log. It is made when it is first asked for: a mere reader leaves none."""

    def __init__(self, path: Path) -> None:
        self._path, self._process = path, uuid4().hex
        self._held: int | None = None

    def process(self) -> str:
        """This process's mark, held from now on. Raises OSError."""
        if self._held is None:
            held = os.open(self._file(self._process), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._held = held
        return self._process

    def is_own(self, process: str) -> bool:
        return process == self._process

    def gone(self, process: str) -> bool:
        """Whether the process with this mark has ended; clears its mark away."""
        if process == self._process:
            return False
        try:
            other = os.open(self._file(process), os.O_RDWR)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                self._file(process).unlink()
            return True
        except BlockingIOError:
            return False
        finally:
            os.close(other)

    def close(self) -> None:
        if self._held is not None:
            with suppress(FileNotFoundError):
                self._file(self._process).unlink()
            os.close(self._held)
            self._held = None

    def _file(self, process: str) -> Path:
        return self._path.with_name(f"{self._path.name}-process-{process}")
