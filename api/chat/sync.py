"""Long polling over the same inbox and cursor as the socket, for clients that hold no connection."""

import asyncio
import time
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
from fastapi import APIRouter, Query, Request, Response

from api.callers import Caller, Have, SignedIn
from api.chat.conversations import Seq
from api.chat.socket.hub import Hub
from api.chat.socket.receipts import Receipts
from api.identity import Body
from api.services import Services

router = APIRouter(tags=["chat"], prefix="/sync")

PAGE = 200  # entries of one answer
STAYS = 60.0  # seconds after its last poll that a device still counts as connected
POLLERS = 20_000  # of one process


class Ack(Body):
    cursor: Seq


class Poller:
    """A device that polls: between two polls it stays in the hub, so that it is told at once."""

    def __init__(self, services: Services, caller: Caller, cursor: int) -> None:
        self.person, self.device, self.connection = caller.person, caller.device, uuid4().hex
        self.cursor = cursor
        self.receipts = Receipts(services.gateway, caller.person)
        self.told = asyncio.Event()
        self.latest = 0  # the last place it was told of
        self.polled = time.monotonic()

    def entry(self, place: int, data: str) -> None:
        """Something has come: the poll looks for itself."""
        self.latest = max(self.latest, place)
        self.told.set()


class Pollers:
    """The devices that poll this process."""

    def __init__(self, services: Services, hub: Hub) -> None:
        self._services, self._hub = services, hub
        self._known: dict[UUID, Poller] = {}

    def of(self, caller: Caller, cursor: int) -> Poller:
        """The caller's device, in the hub from now on; those that poll no more are let go."""
        self._let_go()
        poller = self._known.get(caller.device)
        if poller is None or poller.person != caller.person:
            poller = self._known[caller.device] = Poller(self._services, caller, cursor)
            self._hub.join(poller)
        poller.polled = time.monotonic()
        return poller

    def acknowledged(self, poller: Poller, cursor: int) -> None:
        """The device has everything up to `cursor`; what it had read from before its own cursor is delivered, too."""
        poller.receipts.acknowledged(cursor)
        if cursor > poller.cursor:
            poller.cursor = cursor
            self._hub.say(poller)

    def _let_go(self) -> None:
        now = time.monotonic()
        over = len(self._known) >= POLLERS
        for device, poller in list(self._known.items()):
            if now - poller.polled > STAYS or over:
                self._hub.leave(self._known.pop(device))
                over = False


@router.get("")
async def sync(
    request: Request,
    response: Response,
    caller: SignedIn,
    have: Have,
    since: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    wait: Annotated[float, Query(ge=0, le=60)] = 25,
) -> Response:
    """The entries of one's inbox after a cursor, at once where there are some, else when one comes or `wait` is over.

    Without `since`: after what this device has acknowledged. Nothing is removed by reading; acknowledge to move on.
    """
    hub, pollers = request.app.state.hub, request.app.state.pollers
    known = await have.inbox.cursor(caller.person, caller.device)
    if since is None:
        since = await hub.head(caller.person) if known is None else known
    poller = pollers.of(caller, since if known is None else known)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        poller.told.clear()
        found = await hub.entries(caller.person, since, PAGE)
        left = deadline - loop.time()
        if found or left <= 0:
            break
        if poller.latest > since:  # it was told before the entry is stored: in a moment
            await asyncio.sleep(0.01)
            continue
        try:
            async with asyncio.timeout(left):
                await poller.told.wait()
        except TimeoutError:
            continue
    for place, data in found:
        poller.receipts.given(place, data)
    body: dict[str, Any] = {
        "entries": [orjson.Fragment(data) for _, data in found],
        "cursor": found[-1][0] if found else since,
        "epoch": hub.epoch,
    }
    return Response(orjson.dumps(body), media_type="application/json")


@router.post("/ack", status_code=204)
async def acknowledge(body: Ack, request: Request, caller: SignedIn) -> None:
    """This device has everything up to the cursor: delivery to it is complete so far."""
    pollers: Pollers = request.app.state.pollers
    pollers.acknowledged(pollers.of(caller, 0), body.cursor)
