"""The command line: `septet --help`. Each command imports what only it needs: a worker starts without the web."""

import asyncio
import sys
from typing import Annotated

import typer

from infra import tracing
from infra.settings import Engine, Settings
from septet import cluster, roles
from septet.composition import CONSUMERS
from septet.loading import loading
from septet.opening import opened, unprepared

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@cli.command()
def run() -> None:
    """Serve API and console with every worker in this one process (the embedded engine)."""
    with loading():
        from septet import serving

    house = opened()
    tracing.export(house.settings.otlp, "septet", house.settings.slot)
    workers = roles.Workers(house)
    workers.start()
    typer.echo(f"Septet is at http://{house.settings.host}:{house.settings.port}  (Ctrl-C ends it)")
    try:
        serving.serve(house)
    finally:
        workers.stop()
        house.close()


@cli.command()
def api() -> None:
    """Serve API and console; the workers are other processes."""
    with loading():
        from septet import serving

    house = opened()
    tracing.export(house.settings.otlp, "septet-api", house.settings.slot)
    serving.serve(house)


@cli.command()
def worker(
    role: Annotated[str, typer.Argument(help=f"commands, {', '.join(CONSUMERS)}")],
    plain: Annotated[bool, typer.Option("--plain", help="Read with a plain loop instead of Faust.")] = False,
) -> None:
    """Run one worker: the command processor or one of the consumers."""
    house = unprepared()
    with roles.waiting(house):
        roles.prepare(house)
    tracing.export(house.settings.otlp, f"septet-{role}", house.settings.slot)
    if role == "commands":
        roles.until_told(lambda stop: roles.commands(house, stop))
    elif role in CONSUMERS:
        roles.until_told(lambda stop: roles.stream(house, role, stop, plain))
    else:
        raise typer.BadParameter(f"choose one of: commands, {', '.join(CONSUMERS)}")


@cli.command("cluster")
def start_cluster(
    role: Annotated[
        list[str] | None,
        typer.Argument(help=f"Role or role=processes, all where none is given: {', '.join(cluster.ROLES)}"),
    ] = None,
) -> None:
    """Run roles as processes on Kafka and Cassandra, starting again what dies."""
    counts = {}
    for each in role or cluster.ROLES:
        name, _, count = each.partition("=")
        if name not in cluster.ROLES or not (count or "1").isdigit():
            raise typer.BadParameter(f"{each}: give roles of {', '.join(cluster.ROLES)}, as in fanout=2")
        counts[name] = int(count or "1")
    settings = Settings(engine=Engine.CLUSTER)
    house = opened(settings)  # makes what is missing once, before many start at the same time
    asyncio.run(house.tables.close())
    house.close()
    cluster.run(cluster.programs(settings, counts))


@cli.command("demo")
def load_demo(stay: Annotated[bool, typer.Option(help="Go on serving afterwards.")] = True) -> None:
    """Import two exported group chats and say how to sign in and look at them."""
    from septet import demo

    demo.run(Settings(), stay)


@cli.command()
def operator(name: Annotated[str, typer.Argument(help="The user name of somebody who is registered.")]) -> None:
    """Let a person see the whole log, the dead letters and the status."""
    from septet import operators

    house = opened()
    typer.echo(asyncio.run(operators.grant(house, name)))
    house.close()


def run_command() -> None:
    """Runs what the arguments of this process say."""
    if sys.argv[1:2] not in (["run"], ["api"], ["worker"], ["cluster"]):
        _add_tools()
    cli()


def _add_tools() -> None:
    """The commands that serve nobody; what does serve is to start at once, and needs nothing of them."""
    from septet.cli import calendars, deadletters, forget, look, move, rebuild, status

    for each in (rebuild, deadletters, status, look, move, calendars, forget):
        cli.add_typer(each.cli)
