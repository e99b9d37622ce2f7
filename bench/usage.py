"""Who was busy: the processor time and memory of processes, from /proc. It says what a figure was limited by."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
SHOWN = 5  # percent of a core: who took less is not named


class Usage:
    """What each named process with those it has started, and the whole machine, did since `start`."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._processes = {"bench": os.getpid(), **processes}
        self.start()

    def start(self) -> None:
        self._began, self._before, self._busy = time.monotonic(), self._seconds(), _machine_seconds()

    def shares(self) -> dict[str, float]:
        """Percent of one core for each process, busiest first; `others` is everything else on the machine."""
        took = max(time.monotonic() - self._began, 1e-6)
        now, before = self._seconds(), self._before
        shares = {name: (now[name] - before[name]) / took * 100 for name in now if name in before}
        shares = dict(sorted(shares.items(), key=lambda each: -each[1]))
        shares["others"] = max(0.0, (_machine_seconds() - self._busy) / took * 100 - sum(shares.values()))
        return shares

    def seconds_of(self, name: str) -> float:
        """Processor seconds of one of them."""
        return self._seconds()[name] - self._before[name]

    def text(self) -> str:
        """Those shares in a table's cell: "api 97 %, kafka 30 % (of 200 %)"."""
        named = ", ".join(f"{name} {share:.0f} %" for name, share in self.shares().items() if share >= SHOWN)
        return f"{named} (of {100 * (os.cpu_count() or 1)} %)"

    def _seconds(self) -> dict[str, float]:
        found = {}
        for name, pid in self._processes.items():
            own = (os.getpid(),) if pid == os.getpid() else (pid, *_children(pid))  # the benchmark's are ours
            seconds = [taken for each in own if (taken := _seconds_of(each)) is not None]
            if seconds:
                found[name] = sum(seconds)
        return found


def _seconds_of(pid: int) -> float | None:
    """Processor seconds of one process; None where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS


def _children(pid: int) -> list[int]:
    """The processes that a process has started itself."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def resident(pid: int) -> int:
    """The bytes of memory a process occupies now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _machine_seconds() -> float:
    """Seconds that all cores together were not idle (user, nice, system, irq, softirq) since the machine started."""
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _waiting, irq, soft = fields[:7]
    return (user + nice + system + irq + soft) / TICKS
