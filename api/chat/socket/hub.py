"""The hub: every device that is connected to this process, and how what the log tells reaches it."""

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

import structlog

from api.services import Services
from domain.chat.signals import INBOX, PASSING, SESSIONS, Presence, Push, Session, Ticked, Typing, person_key
from infra.log import LogUnavailable, Reader, Record
from infra.partitioning import partition_of
from infra.progress import progress_of
from schemas.codec import Undecodable
from schemas.envelope import micros_now

log = structlog.get_logger(__name__)

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
        self._partitions = services.log.topics()[INBOX]
        self._producer = services.log.producer()
        self._stop = threading.Event()
        self.epoch = services.secrets.key("epoch").hex()[:8]

    async def start(self) -> None:
        """Begins to hear the log."""
        self._loop = asyncio.get_running_loop()
        self._services.gateway.on_told(self._told)
        reader = self._services.log.reader({(PASSING, number): None for number in range(self._partitions)})
        self._thread = threading.Thread(target=self._listen, args=(reader,), name="passing", daemon=True)
        self._thread.start()
        self._refreshing = asyncio.create_task(self._refresh())

    async def close(self) -> None:
        """Says of every device that it is gone, and stops hearing."""
        self._refreshing.cancel()
        for device in [each for devices in self._devices.values() for each in devices]:
            self.leave(device)
        self._stop.set()
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._producer.close)

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
        session = Session(device.person, device.device, gateway, device.connection, device.cursor, micros_now())
        key = b"%b/%b" % (person_key(device.person), str(device.device).encode())
        home = partition_of(person_key(device.person), self._partitions)
        with contextlib.suppress(LogUnavailable):  # it is said again before long
            self._producer.send(SESSIONS, key, self._services.codec.encode(session), {}, partition=home)

    async def entries(self, person: UUID, cursor: int, limit: int) -> list[tuple[int, str]]:
        """Up to `limit` entries of a person's inbox after `cursor`, as far as they are stored now."""
        return await self._services.inbox.after(person, cursor, await self.head(person), limit)

    async def head(self, person: UUID) -> int:
        """The place of the last entry in the inbox partition of a person."""
        known = (await progress_of(self._services.tables, "delivery")).get((INBOX, self._home(person)))
        return 0 if known is None else known.place + 1

    def _home(self, person: UUID) -> int:
        return partition_of(person_key(person), self._partitions)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESHED)
            for device in [each for devices in self._devices.values() for each in devices]:
                self.say(device)

    def _told(self, records: list[Record]) -> None:
        for record in records:
            push = self._services.codec.decode(record.value or b"")
            if isinstance(push, Push):
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
        key = b"chat/%b" % str(signal.conversation).encode()
        self._producer.send(PASSING, key, self._services.codec.encode(signal), {})

    def _listen(self, reader: Reader) -> None:
        while not self._stop.is_set():
            try:
                records = reader.poll(1_000, 0.1)
            except LogUnavailable as error:
                log.warning("passing signals away", error=str(error))
                self._stop.wait(0.5)
                continue
            if records:
                self._loop.call_soon_threadsafe(self._passed, records)
        reader.close()

    def _passed(self, records: list[Record]) -> None:
        for record in records:
            try:
                signal = self._services.codec.decode(record.value or b"")
            except Undecodable as error:
                log.warning("unreadable signal", error=str(error))
                continue
            if isinstance(signal, Presence):
                for conversation, listener in tuple(self._watched.get(signal.person, ())):
                    listener.hear(conversation, signal)
            elif isinstance(signal, Typing | Ticked):
                for listener in tuple(self._listeners.get(signal.conversation, ())):
                    listener.hear(signal.conversation, signal)
