"""What an idle connection costs: sockets that are connected and subscribed to their inbox, and nothing else."""

import asyncio
from pathlib import Path

from bench.installation import Installation, Servers, installation
from bench.load import Meter
from bench.report import Report
from bench.town import Device, Town, some_at_once
from bench.usage import resident
from infra.settings import Engine

SETTLED = 5.0  # seconds
KIB = 1024


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    report = Report("connections", engine.value, "memory of the process that holds the sockets")
    with installation(engine, servers, folder) as septet:
        septet.serve()
        asyncio.run(_measure(septet, report, 50 if short else 1_000))
    return report


async def _measure(septet: Installation, report: Report, count: int) -> None:
    """Twice the same number: what the first ones cost contains what is made once, the second ones tell."""
    town = Town(septet)
    people = await town.people(2 * count)
    await town.close()
    holder = septet.pids["septet" if septet.engine is Engine.EMBEDDED else "api"]
    await asyncio.sleep(SETTLED)
    devices: list[Device] = []
    before = resident(holder)
    for part in (people[:count], people[count:]):
        fresh = [Device(each, Meter()) for each in part]
        await some_at_once(each.connect(septet.url) for each in fresh)
        devices += fresh
        await asyncio.sleep(SETTLED)
        now = resident(holder)
        report.add(
            sockets=len(devices), rss_mib=round(now / KIB**2, 1), kib_per_socket=round((now - before) / KIB / count, 1)
        )
        before = now
    report.notes.append(f"{sum(each.connected for each in devices):,} of {len(devices):,} still connected at the end")
    for each in devices:
        each.close()
