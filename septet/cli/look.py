"""`septet trace`, `show`, `events`."""

import asyncio
from contextlib import aclosing
from typing import Annotated

import orjson
import typer

from domain.instants import instant
from projections.history import Histories, address_of, moment_of
from projections.journal import Journal, Wanted, shown
from projections.tracing import DEPTH, Step, Tracing
from septet.composition import READING, House
from septet.opening import done

cli = typer.Typer()


@cli.command()
def trace(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Of a command, an event, or a whole chain (correlation).")],
    depth: Annotated[int, typer.Option(help="Records of each partition to look through; 0: all.")] = DEPTH,
) -> None:
    """The tree of cause and effect: what followed from what, over all topics, and who has applied it."""
    lines = done(lambda house: traced(house, id_, depth))
    typer.echo("\n".join(lines) or "Nothing of that id is on the log.", err=not lines)
    raise typer.Exit(0 if lines else 1)


@cli.command()
def show(
    aggregate: Annotated[str, typer.Argument(help="As in chat/conversation/<id>.")],
    as_of: Annotated[str, typer.Option(help="A version, or a time with its zone; now where it is not given.")] = "",
    events: Annotated[bool, typer.Option("--events", help="Its events up to then, one a line.")] = False,
) -> None:
    """An aggregate as it was: its state folded from its events. As JSON; secrets are left out."""
    try:
        lines = done(lambda house: seen(house, aggregate, as_of, events))
    except (ValueError, KeyError) as problem:
        raise typer.BadParameter(str(problem)) from problem
    typer.echo("\n".join(lines))


@cli.command("events")
def tail(
    topic: str = "",
    system: str = "",
    key: Annotated[str, typer.Option(help="Or its beginning.")] = "",
    type_: Annotated[str, typer.Option("--type", help="Or its beginning.")] = "",
    actor: str = "",
    correlation: str = "",
    count: Annotated[int, typer.Option("-n", help="How many of the latest.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
) -> None:
    """The latest records that agree with all options, each as a line of JSON."""
    wanted = Wanted(topic, system, key, type_, actor, correlation)

    async def work(house: House) -> None:
        journal = Journal(house.log, house.codec, house.tables, ())
        async with aclosing(journal.tail(wanted)) as coming:
            following = asyncio.ensure_future(anext(coming)) if follow else None
            for each in await journal.latest(wanted, count):
                typer.echo(orjson.dumps(each))
            while following is not None:
                batch, missed = await following
                for each in batch:
                    typer.echo(orjson.dumps(each))
                if missed:
                    typer.echo(f"{missed} more came too fast to be shown", err=True)
                following = asyncio.ensure_future(anext(coming))

    try:
        done(work)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def traced(house: House, wanted: str, depth: int = DEPTH) -> list[str]:
    """The tree as lines."""
    roots = await Tracing(house.log, house.tables, READING).tree(wanted, depth)
    return [_line(depth, step) for root in roots for depth, step in root.walk()]


async def seen(house: House, aggregate: str, as_of: str, events: bool) -> list[str]:
    """Lines of JSON: the events where they are asked for, then the state. Raises ValueError, KeyError."""
    found = await Histories(house.log, house.codec, house.catalogue).as_of(*address_of(aggregate), moment_of(as_of))
    if found.last is None:
        raise ValueError(f"{aggregate} has no events up to then")
    lines = [
        {"version": each.at.version, "time": each.at.time, "type": each.at.type, "actor": each.at.actor}
        | {"id": each.at.id, "event": shown(each.event)}
        for each in found.events
    ]
    state = {"key": found.key, "version": found.version, "time": found.last.at.time, "state": shown(found.state)}
    return [orjson.dumps(each).decode() for each in [*(lines if events else []), state]]


def _line(depth: int, step: Step) -> str:
    record, headers = step.record, {name: value.decode(errors="replace") for name, value in step.record.headers.items()}
    place = f"{record.topic}/{record.partition}@{record.offset}"
    applied = "".join(f" {'+' if there else '-'}{name}" for name, there in sorted(step.applied.items()))
    time = headers.get("ce_time", f"{instant(record.time):%FT%T.%fZ}")
    what = f"{headers.get('ce_type', '?')} {record.key.decode(errors='replace')}"
    return f"{time} {'  ' * depth}{what}  ({place}, {headers.get('ce_id', '-')}){applied}"
