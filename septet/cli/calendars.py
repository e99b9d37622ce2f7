"""Keeping a host's calendar in step with one on a CalDAV server, from the command line."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import icalendar
import typer

from infra.settings import Settings
from producers.caldav import Collection, ServerRefused, Synced, push, together

cli = typer.Typer()

PAST, AHEAD = timedelta(days=1), timedelta(days=400)


async def sync(septet: httpx.AsyncClient, calendar: str, source: str, collection: Collection, zone: str) -> Synced:
    """One turn over the API: busy times in, bookings out. `septet` is signed in as the calendar's owner."""
    now = datetime.now(UTC)
    there = await collection.resources(now - PAST, now + AHEAD)
    path = f"/scheduling/calendars/{calendar}"
    read = await septet.put(f"{path}/imports/{source}", content=together(there), params={"zone": zone})
    read.raise_for_status()
    link = await septet.get(f"{path}/feed")
    link.raise_for_status()
    feed = await septet.get(link.json()["path"])
    feed.raise_for_status()
    return await push(icalendar.Calendar.from_ical(feed.content), there, collection)


@cli.command("sync-calendar")
def sync_calendar(
    server: Annotated[str, typer.Argument(help="The address of the calendar on the CalDAV server.")],
    name: Annotated[str, typer.Option(help="Your user name here.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, envvar="SEPTET_PASSWORD")],
    user: Annotated[str, typer.Option(help="Your user name there, where the server asks for one.")] = "",
    secret: Annotated[str, typer.Option(envvar="CALDAV_PASSWORD", help="Your password there.")] = "",
    source: Annotated[str, typer.Option(help="What that calendar is called here.")] = "caldav",
    zone: Annotated[str, typer.Option(help="Of its days, and of times without a zone.")] = "UTC",
    url: Annotated[str, typer.Option(help="Where Septet answers; by default as the settings say.")] = "",
) -> None:
    """Bring your bookings to a CalDAV server, and the times taken there in here. Once: let cron repeat it."""
    settings = Settings()
    here = url or f"http://{settings.host}:{settings.port}"
    try:
        done = asyncio.run(_once(here, name, password, server, (user, secret), source, zone))
    except (httpx.HTTPError, ServerRefused) as error:
        typer.echo(f"The calendars were not brought together: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{done.read} events there; {done.added} added, {done.changed} changed, {done.removed} removed.")


async def _once(
    url: str, name: str, password: str, server: str, there: tuple[str, str], source: str, zone: str
) -> Synced:
    auth = httpx.BasicAuth(*there) if there[0] else None
    async with (
        httpx.AsyncClient(base_url=url, timeout=60) as septet,
        httpx.AsyncClient(auth=auth, timeout=60) as http,
    ):
        body = {"name": name, "password": password, "device": "calendar sync"}
        signed = await septet.post("/identity/sessions", json=body)
        signed.raise_for_status()
        septet.headers["Authorization"] = f"Bearer {signed.json()['access_token']}"
        return await sync(septet, signed.json()["user_id"], source, Collection(http, server), zone)
