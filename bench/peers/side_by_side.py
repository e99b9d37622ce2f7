"""Septet, prosody and Matrix Synapse in one run: durable messages between two people, delivered to the other's
connection; the same texts, pairs, pace and measure for all, none of them sending receipts."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

from bench import chat
from bench.installation import Servers, installation
from bench.load import Meter, climb, outcome
from bench.peers import prosody, synapse
from bench.report import Report, console
from bench.town import some_at_once
from bench.usage import Usage
from infra.settings import Engine

SHORT_RATES, RATES = 2, 12


def run(engines: Sequence[Engine], servers: Servers, folder: Path, short: bool) -> Report:
    pairs, seconds, rates = (3, 2.0, SHORT_RATES) if short else (20, 8.0, RATES)
    total = Report("peers", "side-by-side", f"{pairs} pairs, messages of 80 bytes, no receipts")
    total.notes.append(f"prosody {prosody.version()} (Debian, mod_mam, internal storage: no fsync)")
    total.notes.append(f"Matrix Synapse {synapse.version()} (PyPI, SQLite)")
    for engine in engines:
        report = Report("chat", f"septet {engine.value}", "")
        with installation(engine, servers, folder) as septet:
            septet.serve()
            start = 160 if short else 640
            asyncio.run(chat.load(septet, report, pairs, start, seconds, rates, acknowledging=False))
        _add(total, report)
    for name, load in (("prosody", _prosody), ("synapse", _synapse)):
        console.print(f"[bold]peers[/], {name}")
        report = Report("chat", name, "")
        asyncio.run(load(Path(mkdtemp(prefix=f"{name}-", dir=folder)), report, pairs, seconds, rates, short))
        _add(total, report)
    return total


def _add(total: Report, part: Report) -> None:
    total.rows += part.rows
    total.notes += part.notes


async def _prosody(folder: Path, report: Report, pairs: int, seconds: float, rates: int, short: bool) -> None:
    with prosody.prosody(folder, 2 * pairs) as (port, pid):
        meter = Meter()
        lines = [prosody.Line(number, meter) for number in range(2 * pairs)]
        await some_at_once(each.connect(port) for each in lines)

        def say(number: int, text: str, due: int) -> None:
            turn, pair = divmod(number, pairs)
            sender = 2 * pair + turn % 2
            lines[sender].say(sender ^ 1, text)

        steps = await climb(160 if short else 640, seconds, say, meter, Usage({"prosody": pid}), report, rates)
        report.notes.append(outcome(report.engine, steps))
        for each in lines:
            each.close()


async def _synapse(folder: Path, report: Report, pairs: int, seconds: float, rates: int, short: bool) -> None:
    with synapse.synapse(folder) as (url, pid):
        meter = Meter()
        lines = [synapse.Line(url, number, meter) for number in range(2 * pairs)]
        await some_at_once((each.register() for each in lines), limit=4)
        rooms = await some_at_once((lines[2 * pair].room(lines[2 * pair + 1]) for pair in range(pairs)), limit=2)
        await some_at_once((each.listen() for each in lines), limit=4)

        def say(number: int, text: str, due: int) -> None:
            turn, pair = divmod(number, pairs)
            lines[2 * pair + turn % 2].say(rooms[pair], text, due)

        steps = await climb(5 if short else 14, seconds, say, meter, Usage({"synapse": pid}), report, rates)
        report.notes.append(outcome(report.engine, steps))
        for each in lines:
            await each.close()
