"""The live log: what happens, as it happens. Operators see everything, a person what they did themselves."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api.callers import Caller, Have, Operator, SignedIn
from api.problems import Problem, not_found
from api.tickets import LIFE, Tickets
from projections.history import moment_of
from projections.journal import Wanted, shown

router = APIRouter(prefix="/log", tags=["log"])

Text = Annotated[str, Query(max_length=200)]


async def wanted_of(
    topic: Text = "",
    system: Text = "",
    key: Text = "",
    type_: Annotated[str, Query(alias="type", max_length=200)] = "",
    actor: Text = "",
    correlation: Text = "",
) -> Wanted:
    """The filter of a request; `key` and `type` may be beginnings."""
    return Wanted(topic, system, key, type_, actor, correlation)


Filter = Annotated[Wanted, Depends(wanted_of)]


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


def tickets_of(request: Request) -> Tickets:
    tickets: Tickets = request.app.state.tickets
    return tickets


@router.get("/topics")
async def topics(caller: Operator, have: Have) -> list[dict[str, Any]]:
    """Every topic with the end of each of its partitions."""
    return await have.journal.topics()


@router.get("/records")
async def records(
    caller: SignedIn, have: Have, wanted: Filter, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[dict[str, Any]]:
    """The latest records that agree with the filter, oldest first."""
    return await have.journal.latest(_own(caller, wanted), limit)


@router.get("/trace/{correlation}")
async def trace(correlation: str, caller: SignedIn, have: Have) -> dict[str, Any]:
    """How one message went on: everything recent with this correlation id, and who has applied it."""
    found = await have.journal.trace(correlation)
    if "operator" not in caller.roles:
        mine = [each for each in found["records"] if str(caller.person) in each["actor"]]
        started = any(each["id"] == correlation for each in mine)
        # What follows from one's own command by the system's hand belongs to it; its bodies may be of others.
        rest = [{**each, "body": None, "headers": {}} for each in found["records"] if each not in mine]
        found["records"] = sorted(mine + rest, key=lambda each: each["time"]) if started else mine
    return found


@router.get("/aggregates/{system}/{name}/{aggregate_id:path}")
async def aggregate(
    system: str, name: str, aggregate_id: str, caller: Operator, have: Have, as_of: Text = ""
) -> dict[str, Any]:
    """An aggregate folded from its events, as of a version, a time with its zone, or now; secrets are left out."""
    try:
        found = await have.histories.as_of(system, name, aggregate_id, moment_of(as_of))
    except ValueError as error:
        raise Problem(422, "invalid_request", f"as_of: a version, or a time with its zone: {error}.") from error
    except KeyError as error:
        raise not_found("There is no such kind of aggregate.") from error
    if found.last is None:
        raise not_found("It has no events up to then.")
    state = shown(found.state)
    return {"key": found.key, "version": found.version, "time": found.last.at.time, "state": state}


class Ticket(BaseModel):
    ticket: str
    expires_in: int = Field(description="Seconds.")


@router.post("/tickets", status_code=201)
async def ticket(request: Request, caller: SignedIn) -> Ticket:
    """A ticket for `GET /log/stream`: good once, for half a minute, and for nothing else."""
    return Ticket(ticket=tickets_of(request).issue(caller), expires_in=LIFE)


@router.get("/stream", response_class=EventStream)
async def stream(
    request: Request, have: Have, wanted: Filter, ticket: Annotated[str, Query(max_length=4_000)] = ""
) -> StreamingResponse:
    """Server-sent events: `record` for each record that comes, `rates` each second (records a second by topic).

    EventSource can send no headers, so a ticket of `POST /log/tickets` stands in the address, which may be written
    down on the way, instead of an access token. The stream ends when the access expires that the ticket was got with.
    """
    caller = await tickets_of(request).redeem(ticket)
    return EventStream(
        _events(have, _own(caller, wanted), caller),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(have: Have, wanted: Wanted, caller: Caller) -> AsyncIterator[bytes]:
    counted, since = Counter[str](), asyncio.get_running_loop().time()
    yield b"retry: 1000\n\n"
    tail = have.journal.tail(wanted)
    try:
        async for batch, missed in tail:
            for record in batch:
                counted[record["topic"]] += 1
                yield b"event: record\ndata: " + orjson.dumps(record) + b"\n\n"
            if missed:
                yield b"event: missed\ndata: %d\n\n" % missed
            now = asyncio.get_running_loop().time()
            if now - since >= 1.0:
                rates = {topic: round(count / (now - since), 1) for topic, count in counted.items()}
                yield b"event: rates\ndata: " + orjson.dumps(rates) + b"\n\n"
                counted.clear()
                since = now
            if caller.expires <= time.time():
                return
    finally:
        await tail.aclose()


def _own(caller: Caller, wanted: Wanted) -> Wanted:
    if "operator" in caller.roles:
        return wanted
    person = str(caller.person)
    return Wanted(wanted.topic, wanted.system, wanted.key, wanted.type, person, wanted.correlation)
