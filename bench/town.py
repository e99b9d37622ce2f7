"""People to put load on a Septet with: registered over HTTP, signed in with tokens made here, connected by sockets.

Tokens are made with the installation's secret and sessions put into their table, as a sign-in would leave them: that
one costs 50 ms of password hashing by intention, and it is not what is measured.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import orjson

from api.callers import Caller, Tokens
from api.secrets import Secrets
from bench.installation import SECRET, Installation
from bench.load import Meter
from bench.websocket import WebSocket
from projections.identity import SESSIONS
from septet.composition import build

AT_ONCE = 16  # requests under way
DAY = timedelta(days=1)
T = TypeVar("T")

_tokens = Tokens(Secrets(SECRET.encode()))
_numbers = itertools.count(10_000_000)


@dataclass
class Person:
    id: UUID
    name: str
    device: UUID = field(default_factory=uuid4)
    session: UUID = field(default_factory=uuid4)

    def token(self) -> str:
        """A new access token, good for a day."""
        expires = int(time.time() + DAY.total_seconds())
        caller = Caller(self.id, self.session, self.device, self.name, frozenset(), expires)
        return _tokens.issue(caller)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}"}


class Town:
    """The people of one installation, and the HTTP requests that are needed before a load can begin."""

    def __init__(self, septet: Installation) -> None:
        self._septet = septet
        self._http = httpx.AsyncClient(base_url=septet.url, timeout=60)

    async def close(self) -> None:
        await self._http.aclose()

    async def people(self, count: int) -> list[Person]:
        """Registers so many, each signed in on one device."""
        people = await some_at_once(self._register() for _ in range(count))
        await self._sign_in(people)
        return people

    async def _sign_in(self, people: Sequence[Person]) -> None:
        house, now = build(self._septet.settings), datetime.now(UTC)
        about = {"device": "benchmark", "method": "password", "opened_at": now, "used_at": now, "expires_at": now + DAY}
        await house.tables.write(
            [
                SESSIONS.put(
                    time.time_ns() // 1_000, person=each.id, session=each.session, device_id=each.device, **about
                )
                for each in people
            ]
        )
        await house.tables.close()
        house.close()

    async def _register(self) -> Person:
        number = next(_numbers)
        body = {"name": f"person {number}", "phone_number": f"+4930{number}"}
        return Person(UUID((await self._post("/chat/users", body))["user_id"]), body["name"])

    async def chat(self, one: Person, other: Person) -> str:
        """Starts a conversation of two; answers its id."""
        chat: str = (await self._post("/chat/chats", {"user_id": str(other.id)}, one))["chat_id"]
        return chat

    async def group(self, owner: Person, others: Iterable[Person]) -> str:
        body = {"title": "everybody", "members": [str(each.id) for each in others]}
        group: str = (await self._post("/chat/groups", body, owner))["group_id"]
        return group

    async def _post(self, path: str, body: Any, by: Person | None = None) -> Any:
        """Tries again where it was too early: read models follow the log, and workers have just been started."""
        headers = {"Idempotency-Key": str(uuid4()), **(by.headers() if by else {})}  # it may have been done after all
        for pause in (0.1, 0.3, 1.0, 3.0, 5.0, 10.0, 20.0, 40.0, None):
            try:
                answer = await self._http.post(path, json=body, headers=headers)
            except httpx.TransportError:  # an idle connection that was just closed
                if pause is None:
                    raise
                await asyncio.sleep(pause)
                continue
            if answer.status_code < 300:
                return answer.json()
            if answer.status_code not in (404, 429, 503, 504) or pause is None:
                break
            await asyncio.sleep(pause)
        raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text}")


async def some_at_once(calls: Iterable[Awaitable[T]], limit: int = AT_ONCE) -> list[T]:
    """The answers of all calls in order, of which only so many are under way at a time."""
    gate = asyncio.Semaphore(limit)

    async def one(call: Awaitable[T]) -> T:
        async with gate:
            return await call

    return await asyncio.gather(*(one(each) for each in calls))


class Device:
    """A connected device: sends over the Centrifuge protocol, and hands what arrives to the meter."""

    def __init__(self, person: Person, meter: Meter) -> None:
        self.person, self._meter = person, meter
        self._mine = b'"sender_id":"%b"' % str(person.id).encode()
        self._ids = itertools.count(10)
        self._due: dict[int, int] = {}  # calls without an answer: when each was due
        self._ready = asyncio.Event()
        self._offset = self._acknowledged = 0

    async def connect(self, url: str) -> None:
        """Opens the socket and the inbox. Raises what WebSocket.connect does, and TimeoutError."""
        self._socket = await WebSocket.connect(url.replace("http", "ws") + "/chat/socket", self._heard)
        self._ask(1, connect={"token": self.person.token()})
        self._ask(2, subscribe={"channel": f"inbox:{self.person.id}"})
        async with asyncio.timeout(60):
            await self._ready.wait()

    def say(self, chat: str, text: str, due: int) -> None:
        """Sends a message; `text` must need no escapes."""
        number = next(self._ids)
        self._due[number] = due
        frame = f'{{"id":{number},"rpc":{{"method":"send","data":{{"chat_id":"{chat}","content":"{text}"}}}}}}'
        self._socket.send(frame.encode())

    def acknowledge(self) -> None:
        """Says that everything so far has come, as an app does now and then."""
        if self._offset > self._acknowledged:
            self._acknowledged = self._offset
            self._ask(3, rpc={"method": "ack", "data": {"cursor": self._offset}})

    @property
    def connected(self) -> bool:
        return self._socket.open

    def close(self) -> None:
        self._socket.close()

    def _ask(self, number: int, **command: Any) -> None:
        self._socket.send(orjson.dumps({"id": number, **command}))

    def _heard(self, message: bytes) -> None:
        for line in message.split(b"\n"):
            if line.startswith(b'{"push"'):
                self._pushed(line)
            elif line.startswith(b'{"id":'):
                self._answered(line)
            elif line == b"{}":
                self._socket.send(b"{}")

    def _pushed(self, line: bytes) -> None:
        if (at := line.find(b'"offset":')) > 0:
            self._offset = int(line[at + 9 : line.find(b",", at)])
        if b'"type":"message"' in line and self._mine not in line:
            at = line.find(b'"content":"') + 11
            self._meter.delivered(line[at : line.find(b'"', at)])

    def _answered(self, line: bytes) -> None:
        number, failed = int(line[6 : line.find(b",")]), line.startswith(b'"error"', line.find(b",") + 1)
        if number == 2 and not failed:
            self._offset = self._acknowledged = int(line[(at := line.find(b'"offset":') + 9) : line.find(b",", at)])
            self._ready.set()
        elif number < 10:
            if failed:
                raise RuntimeError(f"the server refused: {line.decode()}")
        elif failed:
            self._due.pop(number)
            self._meter.refused(line)
        else:
            self._meter.accepted(self._due.pop(number))


class Pairs:
    """Couples of people, each with one device that is connected; of a couple, each writes in turn."""

    def __init__(self, people: Sequence[Person], chats: Sequence[str], devices: Sequence[Device]) -> None:
        self.people, self.devices, self._chats = people, devices, chats

    @classmethod
    async def connected(cls, septet: Installation, pairs: int, meter: Meter) -> "Pairs":
        """Registers so many couples, has each begin a conversation, and connects all."""
        town = Town(septet)
        people = await town.people(2 * pairs)
        couples = zip(people[::2], people[1::2], strict=True)
        chats = await some_at_once(town.chat(*each) for each in couples)
        devices = [Device(each, meter) for each in people]
        await some_at_once(each.connect(septet.url) for each in devices)
        await town.close()
        return cls(people, chats, devices)

    def say(self, number: int, text: str, due: int) -> None:
        """Sends the message of this number: to the couples in turn, by the one of the two whose turn it is."""
        round_, pair = divmod(number, len(self._chats))
        self.devices[2 * pair + round_ % 2].say(self._chats[pair], text, due)

    def close(self) -> None:
        for each in self.devices:
            each.close()
