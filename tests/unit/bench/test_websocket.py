"""The load's own WebSocket client, against a server of another maker."""

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bench.websocket import Refused, WebSocket


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
async def test_texts_of_every_length_class_go_out_and_come_back(size: int) -> None:
    came: asyncio.Queue[bytes] = asyncio.Queue()
    async with serve(_echo, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        client = await WebSocket.connect(f"ws://127.0.0.1:{port}/socket", came.put_nowait)
        client.send(b"x" * size)
        client.send(b"after")
        assert await came.get() == b"x" * size
        assert await came.get() == b"after"
        client.close()


async def test_what_is_no_websocket_is_refused() -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Refused, match="404"):
            await WebSocket.connect(f"ws://127.0.0.1:{port}/socket", lambda _: None)
