"""The memory of a command processor that meets a million aggregates."""

import random
from pathlib import Path
from uuid import uuid4

from bench.commands import SEAL, Order, decide, fill, prepared, worker_process
from bench.installation import Servers, installation
from bench.report import Report
from bench.usage import resident
from domain.chat.conversation import CreateGroup
from domain.kernel import Actor
from infra.settings import Engine

MIB = 2**20


def run(engine: Engine, servers: Servers, folder: Path, short: bool) -> Report:
    """Each command makes a new aggregate; what the process occupies is told ten times on the way."""
    part = 2_000 if short else 100_000
    report = Report("memory", engine.value, f"one command processor, {10 * part:,} new aggregates")
    owner, chance = Actor("person", str(uuid4())), random.Random(5)
    with installation(engine, servers, folder, tables=False) as septet:
        house = prepared(septet.settings)
        producer = house.log.producer()
        marks = [part * number for number in range(1, 11)]
        with worker_process(decide, septet.settings, *marks) as (worker, told):
            told()
            for mark in marks:
                fill(
                    house.codec,
                    producer,
                    (Order(CreateGroup(f"group {chance.random()}", (), SEAL), uuid4(), owner) for _ in range(part)),
                )
                told()
                report.add(aggregates=mark, rss_mib=round(resident(worker) / MIB, 1))
        producer.close()
        house.close()
    first, last = report.rows[4]["rss_mib"], report.rows[-1]["rss_mib"]
    report.notes.append(f"second half: from {first} to {last} MiB")
    return report
