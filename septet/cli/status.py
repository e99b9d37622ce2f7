"""`septet status`."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import msgspec
import orjson
import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid

from domain.instants import instant
from infra.clock import micros_now
from infra.workers import Worker
from projections.status import Lag, Report, Status
from septet.composition import READING, House, all_outdated
from septet.opening import done

cli = typer.Typer()


@cli.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    partitions: Annotated[bool, typer.Option("--partitions", help="Each partition for itself.")] = False,
) -> None:
    """What lags, what stands still, what is parked, who works. Ends with 1 where something is wrong."""
    found, old = done(_asked)
    problems = [*found.problems, *old]
    if as_json:
        workers = [msgspec.to_builtins(each) for each in found.workers]
        typer.echo(orjson.dumps({**asdict(found), "workers": workers, "problems": problems}))
    else:
        Console(width=None if Console().is_terminal else 160).print(_shown(found, problems, partitions))
    raise typer.Exit(1 if problems else 0)


async def _asked(house: House) -> tuple[Report, list[str]]:
    old = all_outdated(await house.generations.plans())
    report = await Status(house.log, house.tables, READING).report()
    return report, [f"{name}: {problem}" for name, problem in old.items()]


def _shown(found: Report, problems: Sequence[str], partitions: bool) -> RenderableType:
    consumers = Grid("consumer", "topic", "partition", "lag", "seconds", "last applied", title="Consumers")
    for name, topic in dict.fromkeys((each.consumer, each.topic) for each in found.consumers):
        parts = [each for each in found.consumers if (each.consumer, each.topic) == (name, topic)]
        for rows in [[each] for each in parts] if partitions else [parts]:
            consumers.add_row(name, topic, *_lag(rows))
    workers = Grid("worker", "where", "up", "heard", "partitions", "handled", "per s", "last error", title="Workers")
    for worker in found.workers:
        workers.add_row(*_worker(worker))
    parked = Grid("consumer", "keys", "oldest", "error", title="Parked")
    for each in found.parked:
        parked.add_row(each.consumer, str(each.keys), f"{each.oldest:%F %T}", each.error)
    said = "\n".join(f"[red]• {each}[/]" for each in problems) or "[green]Nothing is wrong.[/]"
    return Group(consumers, workers, *([parked] if found.parked else []), said)


def _lag(rows: Sequence[Lag]) -> tuple[str, ...]:
    applied = max((each.applied_at for each in rows if each.applied_at), default=None)
    number = str(rows[0].partition) if len(rows) == 1 else f"all {len(rows)}"
    seconds = max(each.lag_seconds for each in rows)
    return number, f"{sum(each.lag for each in rows):,}", f"{seconds:,.1f}", f"{applied:%F %T}" if applied else "never"


def _worker(each: Worker) -> tuple[str, ...]:
    now = time.time()
    heard = f"{(micros_now() - each.seen_at) / 1_000_000:.0f} s ago" + (" (gone)" if each.gone else "")
    error = f"{instant(each.error_at):%T} {each.error}" if each.error else ""
    return (
        f"{each.role}.{each.slot}",
        f"{each.host} {each.pid}",
        f"{(now - each.started_at / 1_000_000) / 60:.0f} min",
        f"{heard}{', stands still' if each.stalled else ''}",
        str(each.partitions),
        f"{each.handled:,}",
        f"{each.rate:,.1f}",
        error,
    )
