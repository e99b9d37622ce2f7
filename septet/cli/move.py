"""`septet export`, `import`."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from domain.instants import instant
from infra.settings import Engine, Settings
from septet import archive, keys
from septet.archive import BrokenArchive, Imported, Manifest
from septet.composition import House
from septet.keys import BrokenKeys
from septet.opening import done

cli = typer.Typer()
console = Console(stderr=True)


@cli.command("export")
def export(folder: Annotated[Path, typer.Argument(help="Where to; made where it is missing.")]) -> None:
    """Write the log into checksummed Avro files, also while everything goes on; and the keys beside them.

    Without the keys nothing personal in the files can be read. Keep the newest keys only: `septet keys` writes them.
    """
    try:
        found = done(lambda house: _exported(house, folder))
    except BrokenArchive as problem:
        raise typer.Exit(_complain(problem)) from problem
    records = sum(each.count for each in found.files if each.topic)
    typer.echo(
        f"{records:,} records of {len(found.partitions)} topics as of {instant(found.made_at):%F %T} in {folder}."
    )
    typer.echo(f"The keys of what is personal in it are in {keys.beside(folder)}: keep them elsewhere.")


@cli.command("keys")
def carry_keys(
    file: Annotated[Path, typer.Argument(help="Where to; what it held before is replaced.")],
    take: Annotated[
        bool, typer.Option("--take", help="The other way: take the keys of a backup in place of ours.")
    ] = False,
) -> None:
    """Write the keys of personal data into a file of their own: for backups, anew after somebody was forgotten."""
    if take:
        try:
            done(lambda house: asyncio.to_thread(keys.load, house, file))
        except BrokenKeys as problem:
            raise typer.Exit(_complain(problem)) from problem
        typer.echo("These are the keys now.")
        return
    count = done(lambda house: asyncio.to_thread(keys.save, house, file))
    typer.echo(f"{count} seeds in {file}. They are wrapped with the installation's secret, which is not in it.")


@cli.command("import")
def bring_in(
    folder: Annotated[Path, typer.Argument(help="An archive; with --embedded the data folder of an installation.")],
    embedded: Annotated[bool, typer.Option("--embedded", help="Take an embedded installation as it is.")] = False,
    keys_file: Annotated[
        Path | None, typer.Option("--keys", help="The keys of what is personal; beside the archive unless given.")
    ] = None,
) -> None:
    """Read an archive into the installation that the settings name, which has no past yet and does not run."""
    try:
        found = _grown(folder) if embedded else done(lambda house: _brought(house, folder, keys_file))
    except (BrokenArchive, BrokenKeys) as problem:
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
        done(lambda house: _exported(house, path), there)
        if data.resolve() != here.data.resolve() and not here.secret.get_secret_value():
            here.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copy2(data / "secret", here.data / "secret")  # first: the keys are wrapped with it
        found = done(lambda house: _brought(house, path, None))
    if data.resolve() != here.data.resolve() and not here.blobs_bucket and (data / "blobs").exists():
        shutil.copytree(data / "blobs", here.data / "blobs", dirs_exist_ok=True)
    return found


async def _exported(house: House, folder: Path) -> Manifest:
    found = await archive.export(house, folder, _told)
    await asyncio.to_thread(keys.save, house, keys.beside(folder))
    return found


async def _brought(house: House, folder: Path, file: Path | None) -> Imported:
    archive.check_fit(house, folder)
    await asyncio.to_thread(keys.load, house, file or keys.beside(folder))
    return await archive.bring_in(house, folder, _told)


def _told(name: str, count: int) -> None:
    if count:
        console.print(f"{name}: {count:,}", highlight=False)


def _complain(problem: Exception) -> int:
    console.print(f"[red]{problem}[/]")
    return 1
