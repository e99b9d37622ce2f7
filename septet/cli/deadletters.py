"""`septet deadletters list|show|retry|discard`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
import typer

from domain.instants import instant
from infra.deadletters import DeadLetters, Letter, Parked
from projections.journal import Journal
from septet.composition import CONSUMERS, House
from septet.opening import done

cli = typer.Typer()
letters = typer.Typer(no_args_is_help=True, help="Events that a consumer could not handle, and what waits behind them.")
cli.add_typer(letters, name="deadletters")

LOOK, PATIENCE = 0.2, 30.0  # seconds between two looks at what became of a wish, and until it is left to itself

Consumer = Annotated[str, typer.Argument(help=", ".join(CONSUMERS))]
Key = Annotated[str, typer.Argument(help="A parked key, as `list` shows it; all of the consumer where none is given.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the wish.")]


@letters.command("list")
def list_parked() -> None:
    """Every parked key: consumer, key, where, since when, how many events wait, and the error."""
    typer.echo("\n".join(done(parked)) or "Nothing is parked.")


@letters.command()
def show(consumer: Consumer, key: Annotated[str, typer.Argument(help="A parked key.")]) -> None:
    """The letters of a key in order, each as a line of JSON: the event as it is read today, and its error."""
    typer.echo("\n".join(done(lambda house: letters_of(house, consumer, key))) or "No letters.")


@letters.command()
def retry(consumer: Consumer, key: Key = "", reason: Reason = "asked for at the command line") -> None:
    """Have the consumer handle the letters in order; the key goes on when none fails."""
    raise typer.Exit(_told(done(lambda house: wished(house, consumer, key, "retry", reason))))


@letters.command()
def discard(consumer: Consumer, key: Key = "", reason: Reason = "asked for at the command line") -> None:
    """Drop the letters for this consumer; the events themselves stay on the log."""
    raise typer.Exit(_told(done(lambda house: wished(house, consumer, key, "discard", reason))))


async def parked(house: House) -> list[str]:
    """A line for each parked key of every consumer."""
    found = DeadLetters(house.tables)
    return [await _line(found, name, each) for name in CONSUMERS for each in await found.parked(name)]


async def letters_of(house: House, consumer: str, key: str) -> list[str]:
    """A line of JSON for each letter of a key."""
    journal = Journal(house.log, house.codec, house.tables, ())
    return [
        orjson.dumps({"error": each.error, "kept": instant(each.kept), **journal.readable(each.record)}).decode()
        async for each in _letters(DeadLetters(house.tables), consumer, key)
    ]


async def _line(found: DeadLetters, consumer: str, each: Parked) -> str:
    waiting = [one async for one in _letters(found, consumer, each.lane.key) if one.record.topic == each.lane.topic]
    count = sum(one.record.partition == each.lane.number for one in waiting)
    where = f"{each.lane.topic}/{each.lane.number}"
    wish = f" ({each.wish} asked for)" if each.wish else ""
    return f"{consumer}  {each.lane.key}  {where}  {instant(each.since):%F %T}  {count} waiting{wish}  {each.error}"


async def _letters(found: DeadLetters, consumer: str, key: str) -> AsyncIterator[Letter]:
    after = None
    while page := await found.letters(consumer, key, after):
        for each in page:
            yield each
        last = page[-1].record
        after = last.topic, last.partition, last.offset


async def wished(house: House, consumer: str, key: str, wish: str, reason: str) -> tuple[int, list[str]]:
    """Wishes, and waits for what becomes of it; answers how many keys go on, and what is to say of the others."""
    found = DeadLetters(house.tables)
    keys = [key] if key else sorted({each.lane.key for each in await found.parked(consumer)})
    if not sum([await found.wish(consumer, each, wish, reason) for each in keys]):
        return 0, ["That is not parked."]
    waited = 0.0
    while True:
        left = [each for each in await found.parked(consumer) if each.lane.key in keys]
        if not any(each.wish for each in left) or waited > PATIENCE:
            break
        await asyncio.sleep(LOOK)
        waited += LOOK
    problems = []
    for each in left:
        why = "no worker has done it yet; it will as soon as one runs" if each.wish else f"failed again: {each.error}"
        problems.append(f"{each.lane.key} ({each.lane.topic}/{each.lane.number}): {why}")
    return len(keys) - len({each.lane.key for each in left}), problems


def _told(became: tuple[int, list[str]]) -> int:
    """Says what became of a wish; answers the exit status."""
    going, problems = became
    for each in problems:
        typer.echo(each, err=True)
    typer.echo(f"{going} keys go on.")
    return 1 if problems else 0
