"""The chat's signals on the log: where devices are, and what only passes, such as typing."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from uuid import UUID

import structlog

from domain.chat.signals import INBOX, PASSING, SESSIONS, Presence, Session, Ticked, Typing, person_key
from infra.log import Log, LogUnavailable, Reader
from infra.partitioning import partition_of
from schemas.codec import Codec, Undecodable

log = structlog.get_logger(__name__)

Passing = Typing | Presence | Ticked


class Signals:
    """One process's signals. What passes is heard by every process; a device's session by the owner of its inbox."""

    def __init__(self, source: Log, codec: Codec) -> None:
        self._log, self._codec = source, codec
        self._partitions = source.topics()[INBOX]
        self._producer = source.producer()
        self._stop = threading.Event()

    async def start(self, heard: Callable[[Sequence[Passing]], None]) -> None:
        """Begins to hear what passes; `heard` is called on this event loop."""
        loop = asyncio.get_running_loop()
        reader = self._log.reader({(PASSING, number): None for number in range(self._partitions)})
        self._thread = threading.Thread(target=self._listen, args=(reader, loop, heard), name="passing", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        self._stop.set()
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._producer.close)

    def home(self, person: UUID) -> int:
        """The inbox partition a person lives in."""
        return partition_of(person_key(person), self._partitions)

    def say(self, session: Session) -> None:
        """Puts on the log where a device is and what it has; a later word replaces an earlier one."""
        key = b"%b/%b" % (person_key(session.person), str(session.device).encode())
        body, home = self._codec.encode(session), self.home(session.person)
        with contextlib.suppress(LogUnavailable):  # it is said again before long
            self._producer.send(SESSIONS, key, body, {}, partition=home)

    def pass_on(self, signal: Typing) -> None:
        """Lets everybody hear a signal; one that is lost is no loss."""
        key = b"chat/%b" % str(signal.conversation).encode()
        with contextlib.suppress(LogUnavailable):
            self._producer.send(PASSING, key, self._codec.encode(signal), {})

    def _listen(
        self, reader: Reader, loop: asyncio.AbstractEventLoop, heard: Callable[[Sequence[Passing]], None]
    ) -> None:
        while not self._stop.is_set():
            try:
                records = reader.poll(1_000, 0.1)
            except LogUnavailable as error:
                log.warning("passing signals away, waiting for them", error=str(error))
                self._stop.wait(0.5)
                continue
            signals = []
            for record in records:
                try:
                    signals.append(self._codec.decode(record.value or b""))
                except Undecodable as error:
                    log.warning("unreadable signal", offset=record.offset, error=str(error))
            if signals:
                loop.call_soon_threadsafe(heard, signals)
        reader.close()
