"""`septet rebuild`, `generations`, `rollback`, `drop`."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from domain.instants import instant
from projections.projection import Projection
from septet import rebuild as building
from septet.composition import PROJECTIONS, House, outdated
from septet.opening import done
from septet.rebuild import CannotRebuild, Going, Rebuilt

cli = typer.Typer()
console = Console(stderr=True)

Name = Annotated[str, typer.Argument(help=", ".join(each.name.partition(".")[2] for each in PROJECTIONS))]


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s", style="progress.data.speed")


def named(name: str) -> Projection:
    """The projection of that name, with or without "projection." before it."""
    for each in PROJECTIONS:
        if name in (each.name, each.name.partition(".")[2]):
            return each
    raise typer.BadParameter(f"choose one of: {', '.join(each.name for each in PROJECTIONS)}")


@cli.command()
def rebuild(
    projection: Annotated[str, typer.Argument(help="Which read model.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All read models, one after the other.")] = False,
    parallel: Annotated[
        int, typer.Option(min=1, max=64, help="Partitions that are read at once; processes where there is much.")
    ] = 2,
    anyway: Annotated[bool, typer.Option("--anyway", help="Switch although the tables differ.")] = False,
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Drop the old one after the switch.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Drop what was built and not switched to.")] = False,
) -> None:
    """Build a read model anew beside the live one, and switch to it. Ctrl-C breaks off; the same command goes on."""
    if everything == bool(projection):
        raise typer.BadParameter("name one read model, or give --all")
    for each in PROJECTIONS if everything else [named(projection)]:
        try:
            if cancel:
                number = done(lambda house, each=each: building.cancel(house, each))  # type: ignore[misc]
                typer.echo(f"{each.name}: generation {number} is dropped.")
                continue
            found = done(lambda house, each=each: _shown(house, each, parallel, anyway, drop_old))  # type: ignore[misc]
        except CannotRebuild as problem:
            raise typer.Exit(_complain(str(problem))) from problem
        except (KeyboardInterrupt, asyncio.CancelledError):
            again = f"`septet rebuild {each.name}` goes on, with --cancel it drops what is there"
            raise typer.Exit(_complain(f"broken off: {again}")) from None
        if not found.switched:
            raise typer.Exit(_complain("not switched; look at the rows above, then give --anyway or --cancel"))


@cli.command()
def generations() -> None:
    """List the builds of every read model."""
    typer.echo(done(_listed))


@cli.command()
def rollback(projection: Name) -> None:
    """Switch a read model back to the generation before."""
    try:
        old, new = done(lambda house: building.roll_back(house, named(projection)))
    except CannotRebuild as problem:
        raise typer.Exit(_complain(str(problem))) from problem
    typer.echo(f"{named(projection).name}: generation {new} is live again, {old} is kept level.")


@cli.command()
def drop(projection: Name, generation: Annotated[int, typer.Argument(help="Its number.")]) -> None:
    """Drop a generation that is not live."""
    try:
        done(lambda house: building.drop(house, named(projection), generation))
    except CannotRebuild as problem:
        raise typer.Exit(_complain(str(problem))) from problem
    typer.echo(f"{named(projection).name}: generation {generation} is dropped.")


async def _shown(house: House, projection: Projection, parallel: int, anyway: bool, drop_old: bool) -> Rebuilt:
    before = (await house.generations.plan(projection.name)).live
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(projection.name, total=None)

        def told(going: Going) -> None:
            total = going.total or None
            progress.update(task, description=f"{projection.name}: {going.step}", completed=going.done, total=total)

        found = await building.rebuild(house, projection, parallel=parallel, anyway=anyway, told=told)
    typer.echo(_said(found, before))
    if found.switched and drop_old:
        await building.drop(house, projection, before)
        typer.echo(f"Generation {before} is dropped.")
    return found


def _said(found: Rebuilt, before: int) -> str:
    rate = f"{found.records:,} records in {found.seconds:.1f} s"
    lines = [f"{found.projection}: generation {found.number}, {rate}."]
    for each in found.compared:
        one, other = each.digests if not each.same else (each.digests[1], each.digests[1])
        said = f"{each.rows[1]:,} rows, digest {other}"
        lines.append(f"  {each.table}: {said}" + ("" if each.same else f"; live {each.rows[0]:,} rows, digest {one}"))
        lines += [f"    differs: {key}" for key in each.keys[:3]]
        lines += [f"    and {each.differing - 3:,} more"] if each.differing > 3 else []
    if found.parked:
        lines.append(
            f"{len(found.parked)} keys could not be handled: {', '.join(each.key for each in found.parked[:5])}"
        )
    if found.changed:
        lines.append("The handlers have changed, so tables may differ.")
    if found.switched:
        name = found.projection.partition(".")[2]
        lines.append(f"Generation {found.number} is live. {before} is kept level: `septet rollback {name}` goes back,")
        lines.append(f"`septet drop {name} {before}` drops it.")
    return "\n".join(lines)


async def _listed(house: House) -> str:
    plans, lines = await house.generations.plans(), []
    for each in PROJECTIONS:
        plan = plans[each.name]
        for one in plan.generations:
            state = "live" if one.number == plan.live else "kept level" if one.whole else "being built"
            note = outdated(each, plan) if one.number == plan.live else ""
            made = f"{instant(one.made_at):%Y-%m-%d %H:%M:%S}"
            facts = f"{each.name:22} {one.number:4} {state:12} version {one.version:<4} made {made} {one.handlers}"
            lines.append(f"{facts}  {note}".rstrip())
    return "\n".join(lines)


def _complain(problem: str) -> int:
    console.print(f"[red]{problem}[/]")
    return 1
