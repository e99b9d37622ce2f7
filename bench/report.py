"""What a benchmark found: a table for people, JSON for programs, both with the machine that it was measured on."""

import json
import os
import platform
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.local import cassandra, kafka

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("confluent-kafka", "cassandra-driver", "faust-streaming", "uvloop", "uvicorn", "websockets", "msgspec")

Cell = str | float | int | None
Row = dict[str, Cell]

console = Console(highlight=False, width=None if sys.stdout.isatty() else 220)


@dataclass
class Report:
    """The rows of one benchmark in one engine; `notes` say what was done and what was the limit."""

    name: str
    engine: str
    about: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, **cells: Cell) -> None:
        """A row; a column that others have and this one has not stays empty."""
        self.rows.append(cells)
        console.print("  " + ", ".join(f"{name.replace('_', ' ')} {_text(cell)}" for name, cell in cells.items()))

    def table(self) -> Table:
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        grid = Table(title=f"{self.name}, {self.engine}: {self.about}", title_justify="left")
        for name in names:
            numeric = all(not isinstance(row.get(name), str) for row in self.rows)
            grid.add_column(name.replace("_", " "), justify="right" if numeric else "left")
        for row in self.rows:
            grid.add_row(*(_text(row.get(name)) for name in names))
        return grid

    def publish(self) -> Path:
        """Prints the table and writes the JSON; answers where."""
        console.print(self.table())
        for note in self.notes:
            console.print(f"  {note}")
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.name}-{self.engine}.json"
        path.write_text(json.dumps({**asdict(self), **surroundings()}, indent=2) + "\n")
        console.print(f"  written to {os.path.relpath(path)}\n")
        return path


def surroundings() -> dict[str, object]:
    """The machine, the versions, the commit and the command: what a figure means nothing without."""
    return {
        "machine": machine(),
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "kafka": kafka.VERSION,
            "cassandra": cassandra.VERSION,
            **{name: version(name) for name in PACKAGES},
        },
        "commit": _git("rev-parse", "--short", "HEAD") + ("+changes" if _git("status", "--porcelain", "-uno") else ""),
        "command": shlex.join(["python", "-m", "bench", *sys.argv[1:]]),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def machine() -> dict[str, object]:
    """Processor, cores, memory and kernel, and how busy it was with other work."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0].partition(": ")[2] if models else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "load_1_minute": round(os.getloadavg()[0], 2),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share (0 to 1) of the sorted `values` lies; raises IndexError where there is none."""
    return values[min(len(values) - 1, int(len(values) * share))]


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=RESULTS.parent, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case float():
            return f"{cell:,.2f}" if abs(cell) < 100 else f"{cell:,.0f}"
        case int():
            return f"{cell:,}"
        case _:
            return cell
