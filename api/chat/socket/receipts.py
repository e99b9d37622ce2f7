"""Receipts of a device: what it has acknowledged becomes the member's `delivered` mark, a few at a time."""

import asyncio
from collections import deque
from uuid import UUID

import orjson
import structlog

from domain.chat.conversation import MarkDelivered
from domain.kernel import Actor, Rejected
from producers.gateway import Busy, Gateway, Pending

log = structlog.get_logger(__name__)

PAUSE = 0.5  # seconds between two marks of a connection: one says all that came meanwhile
KEPT = 5_000  # entries on their way; older ones are marked when a later one of their conversation is


class Receipts:
    """Follows which entries a connection has been given and which it has acknowledged."""

    def __init__(self, gateway: Gateway, person: UUID) -> None:
        self._gateway, self._person = gateway, person
        self._given: deque[tuple[int, str]] = deque(maxlen=KEPT)
        self._due: dict[str, int] = {}  # conversation: up to which message
        self._task: asyncio.Task[None] | None = None

    def given(self, place: int, data: str) -> None:
        """An entry has gone out to the device."""
        if '"type":"message"' in data:
            self._given.append((place, data))

    def acknowledged(self, cursor: int) -> None:
        """The device has everything up to `cursor`: its messages are delivered."""
        while self._given and self._given[0][0] <= cursor:
            entry = orjson.loads(self._given.popleft()[1])
            if entry["sender_id"] != str(self._person):
                self._due[entry["chat_id"]] = max(entry["seq"], self._due.get(entry["chat_id"], 0))
        if self._due and self._task is None:
            self._task = asyncio.create_task(self._mark())

    async def _mark(self) -> None:
        try:
            while self._due:
                due, self._due = self._due, {}
                await asyncio.gather(*(self._delivered(chat, seq) for chat, seq in due.items()))
                await asyncio.sleep(PAUSE)
        finally:
            self._task = None

    async def _delivered(self, conversation: str, seq: int) -> None:
        try:
            await self._gateway.submit(MarkDelivered(seq), conversation, Actor("person", str(self._person)))
        except Rejected as refused:  # has left the conversation meanwhile, say
            log.debug("no receipt", conversation=conversation, code=refused.code)
        except (Busy, Pending):
            self._due[conversation] = max(seq, self._due.get(conversation, 0))
