"""An installation of its own, with a past that goes on: conversations whose events a test lets happen."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from uuid import UUID

from domain.chat.conversation import Delivered, GroupCreated, MessageSent, Read
from domain.chat.conversation.events import Kind
from septet import roles
from septet.composition import House
from tests.unit.past import Past, put

GROUPS = [UUID(int=number + 1) for number in range(40)]
ANN, BOB = UUID(int=1001), UUID(int=1002)
PARTITIONS = 4


class Chat:
    """Forty groups of two who write, receive and read."""

    def __init__(self, house: House) -> None:
        self._log, self._past, self._chance = house.log, Past(), Random(7)
        self._seq = dict.fromkeys(GROUPS, 0)
        for group in GROUPS:
            self._happen(GroupCreated("a group", (ANN, BOB), ANN, b"s" * 32), group)
        self._put()

    @property
    def messages(self) -> int:
        """How many were ever sent."""
        return sum(self._seq.values())

    def go_on(self, events: int) -> None:
        """That many more events, of which eight in ten are messages."""
        for _ in range(events):
            group = self._chance.choice(GROUPS)
            kind, seq = self._chance.random(), self._seq[group]
            if kind < 0.1 and seq:
                self._happen(Delivered(BOB, seq), group)
            elif kind < 0.2 and seq:
                self._happen(Read(BOB, seq), group)
            else:
                self._seq[group] = seq + 1
                text = MessageSent(seq + 1, UUID(int=seq), ANN, Kind.TEXT, f"message {seq + 1}", None, (), False, ())
                self._happen(text, group)
        self._put()

    def _happen(self, event: object, group: UUID) -> None:
        self._past.happen(event, group, partition=group.int % PARTITIONS)

    def _put(self) -> None:
        put(self._log, *self._past.records)
        self._past.records.clear()


@contextmanager
def worker(house: House, name: str) -> Iterator[None]:
    """A live consumer, as a worker process runs it."""
    stop = threading.Event()
    thread = threading.Thread(target=roles.stream, args=(house, name, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
