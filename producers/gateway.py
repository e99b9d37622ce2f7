"""The gateway: puts commands on their topic and brings each answer back to the one who asked."""

import asyncio
import itertools
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
import uuid_utils

from domain.chat.signals import Push
from domain.instants import instant
from domain.kernel import Actor, Answer, Catalogue, Inquire, Message, Reason, Rejected
from infra import tracing
from infra.clock import micros_now
from infra.correlation import concerning
from infra.log import Log, LogUnavailable, Reader, Record
from infra.metrics import GATEWAY_SECONDS, GATEWAY_WAITING
from schemas import topics
from schemas.codec import Codec, Undecodable, Unencodable
from schemas.envelope import Command, actor_of

log = structlog.get_logger(__name__)

PATIENCE = 5.0  # seconds until a caller is told to ask for the answer later
WAITING = 10_000  # commands without an answer: above it new ones are refused, what was accepted is never dropped


class Busy(Exception):
    """Too many commands wait for their answer, or the log is away. Nothing is promised; repeat it with the same id."""


class Pending(Exception):
    """The command is on the log and its answer has not come yet: it will be decided, and never twice."""

    def __init__(self, system: str, key: str, command_id: str) -> None:
        super().__init__(system, key, command_id)
        self.system, self.key, self.command_id = system, key, command_id


@dataclass(frozen=True, slots=True)
class Decision:
    """An accepted command: what happened, and where it stands in the log (`position` is "" where nothing was new)."""

    command_id: str
    correlation: str
    events: tuple[Message, ...]
    position: str
    version: int
    time: datetime  # of the first event; where nothing was new, of the answer


class Gateway:
    """One process's way to the log. Lives on one event loop; owns one partition of the answers topic."""

    def __init__(self, catalogue: Catalogue, codec: Codec, source: Log, slot: int) -> None:
        self._catalogue, self._codec, self._log, self.slot = catalogue, codec, source, slot
        self._source = f"/septet/gateway/{slot}"
        self._incarnation = secrets.token_hex(4)  # answers to an earlier process of this slot are not ours
        self._tokens = itertools.count()
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._deadlines: deque[tuple[float, str]] = deque()  # all have the same patience: the first is the earliest
        self._stop = threading.Event()
        self._pushed: Callable[[list[Push]], None] = lambda pushes: None

    def on_pushed(self, pushed: Callable[[list[Push]], None]) -> None:
        """Has `pushed` called, on the event loop, with what the delivery hands to this gateway's devices."""
        self._pushed = pushed

    async def start(self) -> None:
        """Begins to listen for answers."""
        self._loop = asyncio.get_running_loop()
        self._producer = self._log.producer(early=True)
        reader = self._log.reader({(topics.ANSWERS, self.slot): None})
        self._thread = threading.Thread(target=self._listen, args=(reader,), name="answers", daemon=True)
        self._thread.start()
        self._sweeper = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        self._sweeper.cancel()
        self._stop.set()
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._producer.close)

    async def submit(
        self,
        command: Message,
        to: str,
        actor: Actor,
        *,
        command_id: str = "",
        expected_version: int | None = None,
        correlation: str = "",
        causation: str = "",
        traceparent: str = "",
    ) -> Decision:
        """Sends `command` to the aggregate with id `to` and waits for what was decided.

        The same `command_id` always gets the same answer and is decided once. Raises Rejected with the decider's
        reason, Busy where nothing was accepted, Pending where the answer takes longer than PATIENCE seconds.
        """
        aggregate = self._catalogue.of(type(command))
        command_id = command_id or str(uuid_utils.uuid7())
        envelope = Command(
            id=command_id,
            type=self._codec.type_name(type(command)),
            key=aggregate.key(to),
            time=micros_now(),
            actor=str(actor),
            correlation=correlation or command_id,
            causation=causation or command_id,
            source=self._source,
            expected_version=expected_version,
            traceparent=traceparent,
        )
        concerning(envelope.correlation)
        about = {"septet.key": envelope.key, "septet.correlation": envelope.correlation}
        with tracing.span(f"send {envelope.type}", tracing.PRODUCER, traceparent, about) as carried:
            answer = await self._call(aggregate.system, envelope.carrying(carried), command)
        return self._decision(answer, envelope.correlation)

    async def inquire(self, system: str, key: str, command_id: str, actor: Actor) -> Decision:
        """The answer to a command that was sent earlier, by the one who sent it; raises as `submit` does."""
        envelope = Command(
            id=str(uuid_utils.uuid7()),
            type=self._codec.type_name(Inquire),
            key=key,
            time=micros_now(),
            actor=str(actor),
            correlation=command_id,
            causation=command_id,
            source=self._source,
        )
        answer = await self._call(system, envelope, Inquire(command_id))
        return self._decision(answer, command_id)

    def _decision(self, answer: Answer, correlation: str) -> Decision:
        events = tuple(event for each in answer.events for event in self._codec.decode_all(each))
        time = instant(answer.time or micros_now())
        return Decision(answer.command_id, correlation, events, answer.position, answer.version, time)

    async def _call(self, system: str, command: Command, message: Message) -> Answer:
        if len(self._waiting) >= WAITING:
            raise Busy("too many commands are waiting")
        started = time.perf_counter()
        token = f"{self._incarnation}-{next(self._tokens)}"
        try:
            body = self._codec.encode(message, command.aggregate_id, actor_of(command.actor.encode()).id)
            key, headers = command.key.encode(), command.headers()
        except (Unencodable, UnicodeEncodeError) as error:
            raise Rejected("unencodable", f"This cannot be stored: {error}.", Reason.INVALID) from error
        headers["ce_replyto"] = f"{self.slot}/{token}".encode()
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting[token] = future
        self._deadlines.append((self._loop.time() + PATIENCE, token))
        acknowledged = False

        def written(error: Exception | None) -> None:
            nonlocal acknowledged
            if error is None:
                acknowledged = True
            else:
                self._loop.call_soon_threadsafe(self._fail, token, Busy(f"the log does not answer: {error}"))

        try:
            self._producer.send(topics.commands(system), key, body, headers, done=written)
            answer = await future
        except LogUnavailable as error:
            raise Busy(str(error)) from error
        except TimeoutError:
            if not acknowledged:
                raise Busy("the log has not confirmed it") from None
            raise Pending(system, command.key, command.id) from None
        finally:
            self._waiting.pop(token, None)
        GATEWAY_SECONDS.observe(time.perf_counter() - started)
        if answer.code:
            raise Rejected(answer.code, answer.detail, Reason(answer.reason))
        return answer

    def _fail(self, token: str, error: Exception) -> None:
        future = self._waiting.get(token)
        if future is not None and not future.done():
            future.set_exception(error)

    async def _sweep(self) -> None:
        """Ends the waiting of those whose patience is over."""
        while True:
            await asyncio.sleep(0.1)
            now = self._loop.time()
            while self._deadlines and self._deadlines[0][0] <= now:
                self._fail(self._deadlines.popleft()[1], TimeoutError())
            GATEWAY_WAITING.set(len(self._waiting))

    def _listen(self, reader: Reader) -> None:
        while not self._stop.is_set():
            try:
                records = reader.poll(1_000, 0.1)
            except LogUnavailable as error:
                log.warning("answers away, waiting for them", error=str(error))
                self._stop.wait(0.5)
                continue
            if records:
                self._loop.call_soon_threadsafe(self._arrived, records)
        reader.close()

    def _arrived(self, records: list[Record]) -> None:
        pushes = []
        for record in records:
            try:
                message = self._codec.decode(record.value or b"")
            except Undecodable as error:
                log.warning("unreadable answer", offset=record.offset, error=str(error))
                continue
            if isinstance(message, Push):
                pushes.append(replace(message, data=self._codec.opened(message.data)))
            elif isinstance(message, Answer):
                future = self._waiting.get(record.key.decode(errors="replace"))
                if future is not None and not future.done():
                    future.set_result(message)
        if pushes:
            self._pushed(pushes)
