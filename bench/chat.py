"""Messages between two people over real WebSockets: accepted by the log, delivered to the other's device."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from bench.installation import Installation, Servers, installation
from bench.load import Meter, climb, outcome
from bench.report import Report, console
from bench.town import Device, Pairs
from bench.usage import Usage
from infra.settings import Engine

ACKNOWLEDGED = 2.0  # seconds between two acknowledgements of a device


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    """Rising rates until the p99 of the delivery is over 250 ms."""
    pairs, seconds, rates = (10, 3.0, 3) if short else (100, 10.0, 14)
    about = f"{pairs} pairs of people, durable messages of 80 bytes, devices acknowledge every {ACKNOWLEDGED:.0f} s"
    report = Report("chat", engine.value, about)
    with installation(engine, servers, folder) as septet:
        septet.serve()
        start = 226 if engine is Engine.EMBEDDED else 56  # near what each holds on two cores
        asyncio.run(load(septet, report, pairs, start, seconds, rates, acknowledging=True))
    return report


async def load(
    septet: Installation,
    report: Report,
    pairs: int,
    start: int,
    seconds: float,
    rates: int,
    *,
    acknowledging: bool,
) -> None:
    """Registers and connects the people, then climbs; each of a pair writes in turn."""
    meter = Meter()
    console.print(f"  {report.engine}: registering and connecting {2 * pairs} people")
    couples = await Pairs.connected(septet, pairs, meter)
    devices = couples.devices
    await asyncio.sleep(2.0)
    acknowledgements = asyncio.create_task(_acknowledge(devices)) if acknowledging else None
    usage = Usage(septet.pids)
    steps = await climb(start, seconds, couples.say, meter, usage, report, rates)
    report.notes.append(outcome(report.engine, steps))
    if lost := sum(not each.connected for each in devices):
        report.notes.append(f"{report.engine}: {lost} of {len(devices)} connections were closed by the server")
    if acknowledgements is not None:
        acknowledgements.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await acknowledgements
    couples.close()


async def _acknowledge(devices: Sequence[Device]) -> None:
    """Each device in its turn, spread over the interval."""
    while True:
        for device in devices:
            if device.connected:
                device.acknowledge()
            await asyncio.sleep(ACKNOWLEDGED / len(devices))
