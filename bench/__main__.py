"""`python -m bench [NAMES] [--short] [--engine embedded|cluster]`: each prints a table and writes JSON."""

import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from bench import calendars, chat, commands, connections, failover, group, memory, parking, rebuild, replay, scheduling
from bench.installation import Servers
from bench.peers import appointments, side_by_side
from bench.report import Report, console, machine
from infra.logging import configure
from infra.settings import Engine

Benchmark = Callable[[Engine, Servers, Path, bool], Report]

OURS: dict[str, Benchmark] = {
    "commands": commands.run,
    "chat": chat.run,
    "replay": replay.run,
    "rebuild": rebuild.run,
    "group": group.run,
    "memory": memory.run,
    "connections": connections.run,
    "failover": failover.run,
    "parking": parking.run,
    "scheduling": scheduling.run,
    "calendars": calendars.run,
}
SideBySide = Callable[[Sequence[Engine], Servers, Path, bool], Report]
PEERS: dict[str, SideBySide] = {"peers": side_by_side.run, "appointments": appointments.run}
QUIET = 3.0  # the load above which figures say more about the other work than about us


class Engines(StrEnum):
    BOTH = "both"
    EMBEDDED = "embedded"
    CLUSTER = "cluster"


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join([*OURS, *PEERS])}; all by default.")] = None,
    short: Annotated[bool, typer.Option(help="Small and quick: shows that all works, not how fast.")] = False,
    engine: Annotated[Engines, typer.Option(help="Which of ours.")] = Engines.BOTH,
) -> None:
    """Measures Septet, and its peers side by side. Uses only the loopback interface; ends all it has started."""
    chosen = names or [*OURS, *PEERS]
    if unknown := [each for each in chosen if each not in (*OURS, *PEERS)]:
        raise typer.BadParameter(f"there is no benchmark {unknown[0]}; choose of {', '.join([*OURS, *PEERS])}")
    engines = list(Engine) if engine is Engines.BOTH else [Engine(engine.value)]
    configure("ERROR", False)
    sys.setswitchinterval(0.001)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    console.print(", ".join(f"{name} {value}" for name, value in machine().items()))
    if os.getloadavg()[0] > QUIET:
        console.print("[yellow]The machine is busy with other work: these figures will be too low.[/]")
    began = time.monotonic()
    with (
        TemporaryDirectory(prefix="septet-bench-", ignore_cleanup_errors=True) as folder,
        Servers(Path(folder)) as servers,
    ):
        for name in chosen:
            if name in PEERS:
                PEERS[name](engines, servers, Path(folder), short).publish()
                continue
            for each in engines:
                console.print(f"[bold]{name}[/], {each.value}")
                OURS[name](each, servers, Path(folder), short).publish()
    console.print(f"{(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    typer.run(main)
