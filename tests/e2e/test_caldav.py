"""Calendars in step with a real CalDAV server, Radicale, in both engines."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import icalendar
import pytest

from producers.caldav import Collection
from septet.cli.calendars import sync
from tests.e2e.hosts import Host, host_of
from tests.e2e.installation import ROOT, free_port
from tests.e2e.people import PATIENCE, Person, Town


@pytest.fixture
def radicale(tmp_path: Path) -> Iterator[str]:
    """A CalDAV server with one empty calendar; its address."""
    port = free_port()
    options = {"server-hosts": f"127.0.0.1:{port}", "storage-filesystem-folder": str(tmp_path), "auth-type": "none"}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    server = subprocess.Popen(
        [sys.executable, "-m", "radicale", "--config", "", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}/ann/work/"
        transport = httpx.HTTPTransport(retries=20)  # waits longer each time until the server listens
        with httpx.Client(transport=transport, timeout=PATIENCE) as http:
            http.request("MKCOL", f"http://127.0.0.1:{port}/ann/").raise_for_status()
            http.request("MKCALENDAR", url).raise_for_status()
        yield url
    finally:
        server.terminate()
        server.wait(30)


async def synced(who: Person, server: str) -> tuple[int, int, int, int]:
    """One turn: how many events were there, and how many were added, changed and removed."""
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        done = await sync(who.http, who.id, "caldav", Collection(http, server), "UTC")
    return done.read, done.added, done.changed, done.removed


async def said(town: Town, who: Person, server: str) -> str:
    """What `septet sync-calendar` says."""
    words = ["sync-calendar", server, "--name", who.name, "--password", who.password, "--url", town.url]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "septet", *words), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    words_said, _ = await process.communicate()
    assert process.returncode == 0, words_said
    return words_said.decode()


async def test_bookings_go_out_and_busy_times_come_in_and_nothing_goes_round_in_circles(
    town: Town, radicale: str
) -> None:
    host, bob = await host_of(town), await town.person("bob")
    first, second, third, *_ = await host.slots(bob)
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        await http.put(f"{radicale}dentist.ics", content=_file("dentist", second))
        made = await bob.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(first))
        await bob.ask("GET", "/scheduling/bookings")  # shown by now
        assert await synced(host.person, radicale) == (1, 1, 0, 0)
        assert second not in await _slots(host, bob)
        assert await synced(host.person, radicale) == (2, 0, 0, 0)
        path = f"{host.path}/bookings/{made['booking_id']}"
        await bob.ask("POST", f"{path}/move", 204, json={"start": third})
        await bob.ask("GET", "/scheduling/bookings")
        assert first in await _slots(host, bob)  # our own event there, at the old time, does not block
        assert await synced(host.person, radicale) == (2, 0, 1, 0)
        assert first in await _slots(host, bob)
        await bob.ask("POST", f"{path}/cancellation", 204, json={"reason": "ill"})
        await bob.ask("GET", "/scheduling/bookings")
        assert await synced(host.person, radicale) == (2, 0, 0, 1)
        await http.delete(f"{radicale}dentist.ics")
        assert "0 events there" in await said(town, host.person, radicale)
    assert {first, second, third} <= set(await _slots(host, bob))


async def _slots(host: Host, bob: Person) -> list[str]:
    """The slots, once everything that was done before shows: the sync itself came by another way."""
    marked = await host.person.ask("POST", f"{host.path}/absences", 201, json=_long_ago())
    await host.person.ask("DELETE", f"{host.path}/absences/{marked['absence_id']}", 204)
    found: list[str] = await host.slots(bob)
    return found


def _long_ago() -> dict[str, str]:
    return {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}


def _file(uid: str, start: str) -> bytes:
    calendar, event = icalendar.Calendar(), icalendar.Event()
    calendar.add("PRODID", "test")
    calendar.add("VERSION", "2.0")
    event.add("UID", uid)
    event.add("DTSTAMP", datetime.fromisoformat(start))
    event.add("DTSTART", datetime.fromisoformat(start))
    event.add("DTEND", datetime.fromisoformat(start) + timedelta(minutes=30))
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content
