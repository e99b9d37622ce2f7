"""A message to a large group whose members are all connected: the time until the last of them has it."""

import asyncio
import time
from pathlib import Path

from bench.installation import Installation, Servers, installation
from bench.load import Meter
from bench.report import Report, console
from bench.town import Device, Town, some_at_once
from bench.usage import Usage
from infra.settings import Engine

MESSAGES = 10
PATIENCE = 15.0  # seconds in which nobody more gets it
PAUSE = 2.0


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    members = 60 if short else 1_000
    report = Report("group", engine.value, f"one message after the other to a group of {members:,} connected members")
    with installation(engine, servers, folder) as septet:
        septet.serve()
        asyncio.run(_measure(septet, report, members))
    return report


async def _measure(septet: Installation, report: Report, members: int) -> None:
    town, meter = Town(septet), Meter()
    console.print(f"  {report.engine}: registering and connecting {members + 1:,} people")
    owner, *others = await town.people(members + 1)
    group = await town.group(owner, others)
    await town.close()
    devices = [Device(each, meter) for each in (owner, *others)]
    await some_at_once(each.connect(septet.url) for each in devices)
    await asyncio.sleep(5.0)
    usage = Usage(septet.pids)
    for number in range(MESSAGES + 1):
        meter.begin(1, copies=members)
        usage.start()
        due = time.monotonic_ns()
        devices[0].say(group, meter.text(0, due), due)
        await meter.complete(PATIENCE)
        p50, last = meter.delivering.percentiles(0.5, 1.0)
        busy = usage.text()
        if number:  # the first makes what is made once
            report.add(
                message=number,
                delivered=len(meter.delivering.values),
                missing=meter.missing,
                refused=meter.refusals,
                p50_ms=p50,
                last_ms=last,
                busy=busy,
            )
        await asyncio.sleep(PAUSE)
    worst = max(float(row["last_ms"] or 0) for row in report.rows)
    report.notes.append(f"the last member had it after {worst:,.0f} ms in the worst of the messages that came")
    if missing := sum(int(row["missing"] or 0) for row in report.rows):
        report.notes.append(f"{missing:,} of {MESSAGES * members:,} copies had not come within {PATIENCE:.0f} s")
    for each in devices:
        each.close()
