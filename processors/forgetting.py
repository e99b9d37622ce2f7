"""Forgetting: whoever's account has ended loses the key of their data, and with it all that was sealed with it."""

import asyncio
import time
from collections.abc import Sequence
from itertools import chain

import structlog

from domain.identity.person import Forgotten
from infra.keyring import Keyring
from infra.log import Record
from infra.tables import Write
from processors.streams import Follower, read_event
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Happened

log = structlog.get_logger(__name__)

TURN = 660.0  # seconds between two turns: more than a segment of the keys stays open
TURNS = 3  # after somebody was forgotten, and after a start, so that none is left out


class Forgetting(Follower):
    """Follows people's accounts. A key that was deleted is deleted again without any effect."""

    name = "forgetting"
    topics: tuple[str, ...] = (topics.events("identity"),)

    def __init__(self, keyring: Keyring, codec: Codec) -> None:
        self._keyring = keyring
        self._wanted = frozenset((codec.type_name(Forgotten),))
        self._turns, self._turned = TURNS, time.monotonic()

    def read(self, record: Record, codec: Codec) -> Sequence[Happened] | None:
        """The end of an account."""
        return read_event(record, codec, self._wanted) or None

    async def handle(self, batch: Sequence[Sequence[Happened]]) -> Sequence[Write]:
        """Deletes the keys; returns when no process can make them any more."""
        people = [happened.at.aggregate_id for happened in chain.from_iterable(batch)]
        await asyncio.to_thread(self._keyring.forget, people)
        log.info("forgotten", people=len(people))
        self._turns, self._turned = TURNS, time.monotonic()
        return ()

    async def tend(self) -> Sequence[Write]:
        """Has the broker clean away what was deleted: it does so only with what lies before a later record."""
        if self._turns and time.monotonic() - self._turned > TURN:
            await asyncio.to_thread(self._keyring.turn)
            self._turns, self._turned = self._turns - 1, time.monotonic()
        return ()
