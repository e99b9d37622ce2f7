"""What operators ask: how far every consumer is, what is parked and why, and what to do about it."""

import os
import time
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field

from api.callers import Have, Operator
from api.identity import Body
from api.problems import not_found
from domain.instants import instant
from infra.workers import Worker

router = APIRouter(tags=["operations"])

STARTED = time.time()
SYSTEMS = {
    "chat": "Chat",
    "cache": "Cache",
    "health": "Health",
    "parking": "Parking",
    "scheduling": "Scheduling",
    "shop": "Shop",
    "mail": "Mail",
}


class Reason(Body):
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@router.get("/console/systems")
async def systems(have: Have) -> list[dict[str, Any]]:
    """The seven systems, and which of them this installation has."""
    return [{"name": name, "title": title, "available": name in have.systems} for name, title in SYSTEMS.items()]


@router.get("/status")
async def status(caller: Operator, have: Have) -> dict[str, Any]:
    """How far each consumer is behind in each partition, which workers there are, and what is wrong, in sentences."""
    found, old = await have.status.report(), have.outdated(await have.generations.plans())
    process = {"pid": os.getpid(), "role": "api", "up_seconds": round(time.time() - STARTED)}
    return {
        "engine": have.engine,
        "problems": [*found.problems, *(f"{name}: {problem}" for name, problem in old.items())],
        "processes": [process, *map(_worker, found.workers)],
        "consumers": [asdict(each) for each in found.consumers],
        "parked": [asdict(each) for each in found.parked],
    }


def _worker(worker: Worker) -> dict[str, Any]:
    """A worker as operators read it: with times, and without what is empty."""
    said = msgspec.to_builtins(worker)
    times = {name: instant(said.pop(name)) for name in ("started_at", "seen_at", "error_at") if said[name]}
    return {name: value for name, value in {**said, **times}.items() if value not in ("", 0)}


@router.get("/projections")
async def projections(caller: Operator, have: Have) -> list[dict[str, Any]]:
    """Every read model: its version, its generations, its tables, and how far it is."""
    found, plans = await have.status.report(), await have.generations.plans()
    old = have.outdated(plans)
    return [
        {
            "name": each.name,
            "version": each.version,
            "generation": plans[each.name].live,
            "generations": msgspec.to_builtins(plans[each.name].generations),
            "outdated": old.get(each.name, ""),
            "tables": [table.name for table in each.tables],
            "partitions": [asdict(at) for at in found.consumers if at.consumer == each.name],
        }
        for each in have.projections
    ]


@router.get("/deadletters")
async def dead_letters(caller: Operator, have: Have) -> list[dict[str, Any]]:
    """What is parked: the consumer, the key, the error, and how many events wait behind it (counted to 500)."""
    found = []
    for consumer in have.consumers:
        for parked in await have.letters.parked(consumer):
            letters = await have.letters.of(consumer, parked.lane)
            found.append(
                {
                    "consumer": consumer,
                    "key": parked.lane.key,
                    "topic": parked.lane.topic,
                    "partition": parked.lane.number,
                    "error": parked.error,
                    "since": instant(parked.since),
                    "wish": parked.wish,
                    "letters": len(letters),
                    "first": have.journal.readable(letters[0].record) if letters else None,
                }
            )
    return found


@router.get("/deadletters/letters")
async def letters(
    caller: Operator, have: Have, consumer: Annotated[str, Query()], key: Annotated[str, Query()]
) -> list[dict[str, Any]]:
    """The letters of one key, in order."""
    found = await have.letters.letters(consumer, key)
    return [
        {"error": each.error, "kept": instant(each.kept), "record": have.journal.readable(each.record)}
        for each in found
    ]


@router.post("/deadletters/{consumer}/{key:path}/retry", status_code=202)
async def retry(consumer: str, key: str, body: Reason, caller: Operator, have: Have) -> dict[str, int]:
    """Has the consumer handle the letters of a key in order; the key goes on when none fails."""
    return await _wish(have, consumer, key, "retry", f"{caller.name}: {body.reason}")


@router.post("/deadletters/{consumer}/{key:path}/discard", status_code=202)
async def discard(consumer: str, key: str, body: Reason, caller: Operator, have: Have) -> dict[str, int]:
    """Drops the letters of a key for this consumer; the events themselves stay on the log."""
    return await _wish(have, consumer, key, "discard", f"{caller.name}: {body.reason}")


async def _wish(have: Have, consumer: str, key: str, wish: str, reason: str) -> dict[str, int]:
    parked = await have.letters.wish(consumer, key, wish, reason)
    if not parked:
        raise not_found("This key is not parked.")
    return {"partitions": parked}
