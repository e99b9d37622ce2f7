"""`septet forget`, `export-person`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from domain.kernel import Rejected
from producers.gateway import Busy, Pending
from septet import forgetting
from septet.composition import House
from septet.forgetting import Unknown
from septet.opening import done

cli = typer.Typer()
console = Console(stderr=True)

Who = Annotated[str, typer.Argument(help="A person's id or user name.")]


@cli.command()
def forget(
    person: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a person for ever: their account ends, and what is personal of them is unreadable wherever it lies."""
    if not yes:
        typer.confirm(f"Forget {person} for ever? Nothing brings them back.", abort=True)
    try:
        behind = done(lambda house: _forgotten(house, person))
    except Pending:
        console.print("It is on the log, and is done as soon as workers run. The same command shows how far it is.")
        raise typer.Exit(1) from None
    except (Unknown, Rejected, Busy) as problem:
        console.print(f"[red]{problem.detail if isinstance(problem, Rejected) else problem}[/]")
        raise typer.Exit(1) from None
    if behind:
        console.print(f"[yellow]Not followed yet: {', '.join(behind)}. They do when they run.[/]")
    typer.echo("Forgotten. Write the keys of your backups anew (`septet keys`) and delete their old ones.")


@cli.command("export-person")
def export_person(
    person: Who,
    file: Annotated[Path, typer.Argument(help="Where to; what it held before is replaced.")],
) -> None:
    """Write everything the log holds of a person into a JSON file, for them."""
    try:
        count = done(lambda house: _exported(house, person, file))
    except Unknown as problem:
        console.print(f"[red]{problem}[/]")
        raise typer.Exit(1) from None
    typer.echo(f"{count:,} events in {file}.")


async def _forgotten(house: House, who: str) -> list[str]:
    return await forgetting.forget(house, await forgetting.person_of(house, who), console.print)


async def _exported(house: House, who: str, file: Path) -> int:
    person = await forgetting.person_of(house, who)
    with console.status("reading the log") as status:
        return await forgetting.write_data(
            house, person, file, lambda count: status.update(f"reading the log: {count:,} events of theirs")
        )
