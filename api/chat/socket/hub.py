"""The hub: every device that is connected to this process, and how what the log tells reaches it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from api.services import Services
from domain.chat.signals import Presence, Push, Session, Ticked, Typing
from infra.clock import micros_now
from producers.signals import Passing

REFRESHED = 60.0  # seconds between two words about a device that just stays connected


class Device(Protocol):
    """A connection of a person's device: a socket, or somebody who polls."""

    person: UUID
    device: UUID
    connection: str
    cursor: int

    def entry(self, place: int, data: str) -> None:
        """Hands an inbox entry over."""


class Listener(Protocol):
    """Who hears what passes in a conversation."""

    def hear(self, conversation: UUID, signal: Typing | Presence | Ticked) -> None:
        """Hands a signal over, as far as this listener may have it."""


class Hub:
    """Connections of this gateway by person, listeners by conversation and by the people they look out for."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._devices: defaultdict[UUID, set[Device]] = defaultdict(set)
        self._listeners: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._watched: defaultdict[UUID, dict[tuple[UUID, Listener], None]] = defaultdict(dict)
        self.epoch = services.secrets.key("epoch").hex()[:8]

    async def start(self) -> None:
        """Begins to hear the log."""
        self._services.gateway.on_pushed(self._pushed)
        await self._services.signals.start(self._heard)
        self._refreshing = asyncio.create_task(self._refresh())

    async def close(self) -> None:
        """Says of every device that it is gone, and stops hearing."""
        self._refreshing.cancel()
        for device in [each for devices in self._devices.values() for each in devices]:
            self.leave(device)
        await self._services.signals.close()

    # Devices.

    def join(self, device: Device) -> None:
        """From now on the device gets what comes after its cursor; the delivery is told where it is."""
        self._devices[device.person].add(device)
        self.say(device)

    def leave(self, device: Device) -> None:
        """The connection has ended; the device is gone where it was its last one."""
        devices = self._devices.get(device.person)
        if devices is None or device not in devices:
            return
        devices.discard(device)
        if not devices:
            del self._devices[device.person]
        if not any(each.device == device.device for each in devices):
            self.say(device, connected=False)

    def say(self, device: Device, *, connected: bool = True) -> None:
        """Puts on the log where a device is and what it has; a later word replaces an earlier one."""
        gateway = self._services.gateway.slot if connected else None
        same = [each.cursor for each in self._devices.get(device.person, ()) if each.device == device.device]
        cursor = max([device.cursor, *same])  # by whichever of its connections
        self._services.signals.say(
            Session(device.person, device.device, gateway, device.connection, cursor, micros_now())
        )

    async def entries(self, person: UUID, cursor: int, limit: int) -> list[tuple[int, str]]:
        """Up to `limit` entries of a person's inbox after `cursor`, as far as they are stored now."""
        return await self._services.inbox.after(person, cursor, await self.head(person), limit)

    async def head(self, person: UUID) -> int:
        """The place of the last entry in the inbox partition of a person."""
        return await self._services.inbox.head(self._services.signals.home(person))

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESHED)
            for device in [each for devices in self._devices.values() for each in devices]:
                self.say(device)

    def _pushed(self, pushes: Sequence[Push]) -> None:
        for push in pushes:
            for start in range(0, len(push.people), 16):
                for device in tuple(self._devices.get(UUID(bytes=push.people[start : start + 16]), ())):
                    device.entry(push.place, push.data)

    # What passes.

    def listen(self, conversation: UUID, listener: Listener, watching: Iterable[UUID]) -> None:
        """The listener hears what passes in a conversation, and of the presence of the given people."""
        self._listeners[conversation].add(listener)
        for person in watching:
            self._watched[person][conversation, listener] = None

    def unlisten(self, conversation: UUID, listener: Listener, watching: Iterable[UUID]) -> None:
        """It hears nothing of this conversation any more; `watching` as it was said to `listen`."""
        self._listeners[conversation].discard(listener)
        if not self._listeners[conversation]:
            del self._listeners[conversation]
        for person in watching:
            self._watched[person].pop((conversation, listener), None)
            if not self._watched[person]:
                del self._watched[person]

    def pass_on(self, signal: Typing) -> None:
        """Lets every gateway's listeners hear a signal."""
        self._services.signals.pass_on(signal)

    def _heard(self, signals: Sequence[Passing]) -> None:
        for signal in signals:
            if isinstance(signal, Presence):
                for conversation, listener in tuple(self._watched.get(signal.person, ())):
                    listener.hear(conversation, signal)
            else:
                for listener in tuple(self._listeners.get(signal.conversation, ())):
                    listener.hear(signal.conversation, signal)
