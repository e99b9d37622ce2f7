"""People who use Septet over HTTP and over the socket, with a public client of its protocol."""

import asyncio
import itertools
import random
from collections.abc import Callable
from typing import Any, Self
from uuid import uuid4

import httpx
from centrifuge import Client, PublicationContext, SubscriptionEventHandler

PATIENCE = 60.0  # seconds; a busy machine is slow, not wrong
_numbers = itertools.count(random.randrange(10**6))


class Town:
    """Makes people; closes what they opened."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._people: list[Person] = []

    async def person(self, name: str = "ann") -> "Person":
        """Somebody registered and signed in; names are made unique."""
        person = Person(self.url, f"{name}-{uuid4().hex[:8]}", f"+4930{10_000_000 + next(_numbers):d}")
        self._people.append(person)
        await person.register()
        await person.sign_in()
        return person

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for person in self._people:
            await person.close()


class Person:
    """One account with its devices."""

    password = "correct horse"

    def __init__(self, url: str, name: str, phone: str) -> None:
        self.url, self.name, self.phone = url, name, phone
        self.http = httpx.AsyncClient(base_url=url, timeout=PATIENCE)
        self.id = self.token = self.refresh_token = self.session = self.device_id = ""
        self.seen: dict[str, str] = {}  # system: the position of the last thing one did there
        self._devices: list[Device] = []

    async def register(self) -> None:
        body = {"name": self.name, "phone_number": self.phone, "password": self.password}
        self.id = (await self.ask("POST", "/chat/users", 201, json=body))["user_id"]

    async def sign_in(self, device: str = "test") -> None:
        body = {"name": self.name, "password": self.password, "device": device}
        self.remember(await self.ask("POST", "/identity/sessions", 201, json=body))

    def remember(self, tokens: dict[str, Any]) -> None:
        """Uses these tokens from now on."""
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        self.session, self.device_id = tokens["session_id"], tokens["device_id"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    async def ask(self, method: str, path: str, expected: int = 200, **rest: Any) -> Any:
        """The body of the answer, whose status must be the expected one; queries read one's own writes."""
        system = "identity" if path.startswith("/chat/users") else path.split("/")[1]
        if method == "GET" and system in self.seen:
            rest["params"] = {**rest.get("params", {}), "after": self.seen[system]}
        answer = await self.http.request(method, path, **rest)
        assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text}"
        if position := answer.headers.get("Septet-Position"):
            self.seen[position.partition(":")[0]] = position
        return answer.json() if answer.content else None

    def has_seen(self, other: "Person") -> None:
        """Queries from now on show what the other has done, too: one was told of it."""
        for system, position in other.seen.items():
            self.seen[system] = position

    async def chat_with(self, other: "Person") -> str:
        chat: str = (await self.ask("POST", "/chat/chats", 201, json={"user_id": other.id}))["chat_id"]
        return chat

    async def group(self, title: str, *members: "Person") -> str:
        body = {"title": title, "members": [each.id for each in members]}
        group: str = (await self.ask("POST", "/chat/groups", 201, json=body))["group_id"]
        return group

    async def say(self, chat: str, content: str, **more: Any) -> dict[str, Any]:
        body = {"content": content, **more}
        sent: dict[str, Any] = await self.ask("POST", f"/chat/chats/{chat}/messages", 201, json=body)
        return sent

    async def thread(self, chat: str, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.ask("GET", f"/chat/chats/{chat}/messages", params=query)
        return found

    async def device(self, token: str = "") -> "Device":
        """A connected device, by default of this person's session."""
        device = Device(self, token or self.token)
        self._devices.append(device)
        await device.connect()
        return device

    async def close(self) -> None:
        for device in self._devices:
            await device.close()
        await self.http.aclose()


class Device:
    """The official Centrifuge client, unchanged, with the inbox and what it got."""

    def __init__(self, person: Person, token: str) -> None:
        self.person = person
        self.entries: list[dict[str, Any]] = []
        self.offsets: list[int] = []
        self.passing: list[dict[str, Any]] = []
        self._came = asyncio.Event()
        self.client = Client(person.url.replace("http", "ws") + "/chat/socket", token=token)
        self.inbox = self.client.new_subscription(f"inbox:{person.id}", events=_Inbox(self))

    async def connect(self) -> None:
        await self.client.connect()
        await self.inbox.subscribe()
        await self.inbox.ready(PATIENCE)

    async def listen(self, chat: str) -> None:
        """Opens the channel of what passes in a conversation."""
        own = {"after": self.person.seen["chat"]} if "chat" in self.person.seen else {}
        channel = self.client.new_subscription(f"chat:{chat}", events=_Passing(self), data=own)
        await channel.subscribe()
        await channel.ready(PATIENCE)

    async def call(self, method: str, **data: Any) -> Any:
        return (await self.client.rpc(method, data, timeout=PATIENCE)).data

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for what is to come."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._came.clear()
                await self._came.wait()

    def messages(self, chat: str) -> list[dict[str, Any]]:
        return [each for each in self.entries if each["type"] == "message" and each["chat_id"] == chat]

    async def acknowledge(self) -> None:
        """Says that everything so far has come."""
        await self.call("ack", cursor=self.offsets[-1])

    def came(self) -> None:
        self._came.set()

    async def close(self) -> None:
        await self.client.disconnect()


class _Inbox(SubscriptionEventHandler):
    def __init__(self, device: Device) -> None:
        self._device = device

    async def on_publication(self, ctx: PublicationContext) -> None:
        self._device.entries.append(ctx.pub.data)
        self._device.offsets.append(ctx.pub.offset)
        self._device.came()


class _Passing(SubscriptionEventHandler):
    def __init__(self, device: Device) -> None:
        self._device = device

    async def on_publication(self, ctx: PublicationContext) -> None:
        self._device.passing.append(ctx.pub.data)
        self._device.came()
