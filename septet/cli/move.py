"""`septet export`, `import`."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from domain.instants import instant
from infra.settings import Engine, Settings
from septet import archive
from septet.archive import BrokenArchive, Imported
from septet.opening import done

cli = typer.Typer()
console = Console(stderr=True)


@cli.command("export")
def export(folder: Annotated[Path, typer.Argument(help="Where to; made where it is missing.")]) -> None:
    """Write the log into checksummed Avro files, also while everything goes on."""
    try:
        found = done(lambda house: archive.export(house, folder, _told))
    except BrokenArchive as problem:
        raise typer.Exit(_complain(problem)) from problem
    records = sum(each.count for each in found.files if each.topic)
    typer.echo(
        f"{records:,} records of {len(found.partitions)} topics as of {instant(found.made_at):%F %T} in {folder}."
    )


@cli.command("import")
def bring_in(
    folder: Annotated[Path, typer.Argument(help="An archive; with --embedded the data folder of an installation.")],
    embedded: Annotated[bool, typer.Option("--embedded", help="Take an embedded installation as it is.")] = False,
) -> None:
    """Read an archive into the installation that the settings name, which has no past yet and does not run."""
    try:
        found = _grown(folder) if embedded else done(lambda house: archive.bring_in(house, folder, _told))
    except BrokenArchive as problem:
        raise typer.Exit(_complain(problem)) from problem
    typer.echo(
        f"{found.records:,} records, {found.aggregates:,} aggregates, {found.rows:,} rows. Start the workers now."
    )
    if not found.same_places:
        typer.echo("Inboxes have other places here: have people sign in on their devices again.")


def _grown(data: Path) -> Imported:
    """Exports an embedded installation and imports it here, with its secret and its blobs."""
    here = Settings()
    there = here.model_copy(update={"engine": Engine.EMBEDDED, "data": data})
    if data.resolve() == here.data.resolve() and here.engine is Engine.EMBEDDED:
        raise BrokenArchive("that is this installation itself")
    with tempfile.TemporaryDirectory(prefix="septet-") as folder:
        path = Path(folder) / "archive"
        done(lambda house: archive.export(house, path, _told), there)
        found = done(lambda house: archive.bring_in(house, path, _told))
    if data.resolve() != here.data.resolve():
        if not here.secret.get_secret_value():
            shutil.copy2(data / "secret", here.data / "secret")
        if not here.blobs_bucket and (data / "blobs").exists():
            shutil.copytree(data / "blobs", here.data / "blobs", dirs_exist_ok=True)
    return found


def _told(name: str, count: int) -> None:
    if count:
        console.print(f"{name}: {count:,}", highlight=False)


def _complain(problem: Exception) -> int:
    console.print(f"[red]{problem}[/]")
    return 1
