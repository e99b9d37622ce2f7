"""The local payment gateway as its own process, over HTTP: its answers, its faults, its news."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import orjson
import pytest

from infra.payment_gateway.over_http import OverHttp, signature
from infra.payments import Declined, GatewayAway, Money

SECRET = "only for tests"
STARTS_WITHIN = 60.0  # seconds
FIVE = Money(500, "EUR")


class Mailbox:
    """Where the news goes."""

    def __init__(self) -> None:
        self.news: list[dict[str, str]] = []
        self.came = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.split("content-length: ")[1].split("\r")[0])
        body = await reader.readexactly(size)
        assert f"signature: {signature(SECRET, body)}" in head
        self.news.append(orjson.loads(body))
        self.came.set()
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def has(self, count: int) -> list[dict[str, str]]:
        while len(self.news) < count:
            self.came.clear()
            await self.came.wait()
        return self.news


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def running(mailbox: Mailbox) -> AsyncIterator[str]:
    """The gateway's address; its news go to the mailbox."""
    server = await asyncio.start_server(mailbox.serve, "127.0.0.1", 0)
    port, webhook = free_port(), f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/news"
    command = [sys.executable, "-m", "infra.payment_gateway", "--port", str(port), "--webhook", webhook]
    process = await asyncio.create_subprocess_exec(*command, "--secret", SECRET)
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(STARTS_WITHIN), httpx.AsyncClient() as client:
            while True:
                try:
                    await client.get(f"{url}/charges")
                    break
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
        yield url
    finally:
        process.terminate()
        await process.wait()
        server.close()


@pytest.fixture
async def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def url(mailbox: Mailbox) -> AsyncIterator[str]:
    async with running(mailbox) as url:
        yield url


async def faults(url: str, **switched: float) -> None:
    async with httpx.AsyncClient() as client:
        (await client.put(f"{url}/faults", json=switched)).raise_for_status()


async def charges(url: str) -> list[dict[str, object]]:
    async with httpx.AsyncClient() as client:
        found: list[dict[str, object]] = (await client.get(f"{url}/charges")).json()
        return found


async def test_what_the_port_promises_with_every_fault(url: str, mailbox: Mailbox) -> None:
    gateway = OverHttp(url, patience=10.0)
    reference = await gateway.authorise("a", "p1", FIVE, "card")
    assert await gateway.authorise("a", "p1", FIVE, "card") == reference
    await gateway.capture("b", reference)
    await gateway.capture("b", reference)
    with pytest.raises(Declined, match="captured_before"):
        await gateway.capture("c", reference)
    await gateway.refund("d", reference, Money(200, "EUR"))
    with pytest.raises(Declined, match="too_much"):
        await gateway.refund("e", reference, Money(301, "EUR"))
    with pytest.raises(Declined, match="reference_unknown"):
        await gateway.capture("f", "ch_0")
    [charge] = await charges(url)
    assert (charge["captured"], charge["refunded"]) == (True, 200)

    part, unused = [await gateway.authorise(key, "p3", FIVE, "card") for key in ("j", "k")]
    await gateway.capture("l", part, Money(120, "EUR"))
    await gateway.release("m", unused)
    await gateway.release("m", unused)
    with pytest.raises(Declined, match="not_authorised"):
        await gateway.capture("n", unused)
    with pytest.raises(Declined, match="too_much"):
        await gateway.refund("o", part, Money(121, "EUR"))
    assert await gateway.pay_out("p4/payout", "ann", FIVE) == await gateway.pay_out("p4/payout", "ann", FIVE)
    found = {each["reference"]: each for each in await charges(url)}
    assert (found[part]["taken"], found[unused]["taken"], found[unused]["released"]) == (120, 0, True)
    before = len(found)

    await faults(url, declines=1)
    with pytest.raises(Declined, match="card_declined"):
        await gateway.authorise("g", "p2", FIVE, "card")
    with pytest.raises(Declined, match="card_declined"):
        await gateway.authorise("g", "p2", FIVE, "card")
    other = await gateway.authorise("h", "p2", FIVE, "card")

    async with asyncio.timeout(60):
        told = len(await mailbox.has(8))  # what was done so far, repetitions with it
    await faults(url, timeouts=1, duplicates=1, late=0.2)
    hasty = OverHttp(url, patience=0.5)
    with pytest.raises(GatewayAway):
        await hasty.capture("i", other)
    await gateway.capture("i", other)  # again: it was charged once
    assert [each["captured"] for each in (await charges(url))[before:]] == [True]
    async with asyncio.timeout(60):
        news = (await mailbox.has(told + 3))[told:]
    assert {(each["type"], each["payment"]) for each in news} == {("captured", "p2")}
    assert len({each["id"] for each in news}) < len(news)  # one of them came twice
    await gateway.close()
    await hasty.close()


async def test_nobody_there() -> None:
    gateway = OverHttp(f"http://127.0.0.1:{free_port()}", patience=1.0)
    with pytest.raises(GatewayAway):
        await gateway.authorise("a", "p", FIVE, "card")
    await gateway.close()
