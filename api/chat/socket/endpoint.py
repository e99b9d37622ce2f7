"""`/chat/socket`: one WebSocket, one connection."""

import asyncio
import contextlib

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api.callers import Callers
from api.chat.socket import protocol
from api.chat.socket.connection import PING, Connection
from api.chat.socket.hub import Hub
from api.services import Services
from infra.log import LogUnavailable
from infra.tables import TablesUnavailable

log = structlog.get_logger(__name__)
router = APIRouter()


@router.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    """Serves a connection until either side ends it."""
    await websocket.accept()
    services: Services = websocket.app.state.services
    callers: Callers = websocket.app.state.callers
    hub: Hub = websocket.app.state.hub
    loop, woken = asyncio.get_running_loop(), asyncio.Event()
    connection = Connection(services, callers, hub, woken.set)
    writing = loop.create_task(_write(websocket, connection, woken))
    beating = loop.create_task(_beat(connection))
    try:
        while connection.closed is None:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                break
            await connection.receive(message.get("text") or message.get("bytes") or "")
    except protocol.Close as close:
        connection.close(close)
    except WebSocketDisconnect:
        pass
    finally:
        beating.cancel()
        connection.end()
        if connection.closed is None:
            writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing


async def _write(websocket: WebSocket, connection: Connection, woken: asyncio.Event) -> None:
    """Sends what waits, many frames as one message; closes at the end."""
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the client is gone: the reader notices, too
        while True:
            await woken.wait()
            woken.clear()
            if frames := connection.take():
                await websocket.send_text(frames)
            if connection.closed is not None:
                await websocket.close(connection.closed.code, connection.closed.reason)
                return


async def _beat(connection: Connection) -> None:
    while True:
        await asyncio.sleep(PING)
        try:
            await connection.beat()
        except (TablesUnavailable, LogUnavailable):
            log.warning("cannot look whether the session stands, trying again at the next beat")
