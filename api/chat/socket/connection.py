"""One connection of one device: its commands in, its replies and pushes out, and its place in the inbox."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from uuid import UUID, uuid4

import orjson
import structlog

from api.callers import Caller, Callers
from api.chat.contacts import shows_presence
from api.chat.conversations import CHAT
from api.chat.socket import protocol
from api.chat.socket.hub import Hub
from api.chat.socket.methods import METHODS
from api.chat.socket.protocol import Close, Command, Failed, Frame
from api.chat.socket.receipts import Receipts
from api.problems import Problem
from api.services import Services
from domain.chat.signals import Presence, Ticked, Typing
from domain.instants import instant
from domain.kernel import Position, Rejected
from producers.gateway import Busy, Pending
from projections.waiting import Behind

log = structlog.get_logger(__name__)

PING = 25  # seconds between pings; a client that answers none for as long again is gone
GRACE = 25  # seconds a connection may live on with an expired token
PAGE = 500  # entries of one look into the inbox
WAITING = 1_000_000  # characters that may wait for a slow client
CHANNELS = 512  # of one connection
AT_ONCE = 64  # calls of one connection that are under way; then its next frames wait
WATCHED = 64  # members whose presence a conversation's channel shows


class Connection:
    """Speaks the protocol; knows nothing of the transport but `wake`, called when something is to be sent."""

    def __init__(self, services: Services, callers: Callers, hub: Hub, wake: Callable[[], None]) -> None:
        self.services, self.hub = services, hub
        self._callers, self._wake = callers, wake
        self._out: deque[str] = deque()
        self._waiting = 0
        self._chats: dict[UUID, tuple[UUID, ...]] = {}  # conversations listened to, and who is watched there
        self._readers: dict[UUID, frozenset[UUID]] = {}  # whose read marks are shown there
        self._inbox: _Inbox | None = None
        self._caller: Caller | None = None
        self.connection = uuid4().hex
        self._calls: set[asyncio.Task[None]] = set()
        self.closed: Close | None = None
        self.heard = time.monotonic()

    @property
    def caller(self) -> Caller:
        """Who this is; raises Failed before `connect`."""
        if self._caller is None:
            raise protocol.unauthorized()
        return self._caller

    # Out.

    def send(self, frame: str) -> None:
        """Queues a frame; a client that reads too slowly is told to come back."""
        self._waiting += len(frame)
        if self._waiting > WAITING:
            self.close(protocol.SLOW)
            return
        self._out.append(frame)
        self._wake()

    def take(self) -> str:
        """All frames that wait, as one message."""
        frames = "\n".join(self._out)
        self._out.clear()
        self._waiting = 0
        return frames

    def close(self, reason: Close) -> None:
        """Ends the connection after what is being sent."""
        self.closed = self.closed or reason
        self._wake()

    async def beat(self) -> None:
        """Called every PING seconds: pings, and ends connections that are silent, expired or signed out."""
        if time.monotonic() - self.heard > 2 * PING:
            self.close(protocol.NO_PONG if self._caller else protocol.STALE)
        elif self._caller is not None and self._caller.expires + GRACE < time.time():
            self.close(protocol.EXPIRED)
        elif self._caller is not None:
            self.send("{}")
            if not await self._callers.stands(self._caller):
                self.close(protocol.SIGNED_OUT)

    # In.

    async def receive(self, frame: str | bytes) -> None:
        """Serves the commands of one frame in their order; raises Close where the client cannot be understood."""
        self.heard = time.monotonic()
        for command in protocol.commands(frame):
            if command.id == 0:
                if not command.is_pong() and command.send is None:
                    raise protocol.BAD_REQUEST
                continue
            if command.rpc is None:
                await self._serve(command)
                continue
            # Calls are begun in their order, so their commands are in order on the log; their answers need not wait.
            call = asyncio.create_task(self._serve(command))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
            if len(self._calls) >= AT_ONCE:
                await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)

    async def _serve(self, command: Command) -> None:
        try:
            kind, result = await self._answer(command)
            self.send(protocol.reply(command.id, kind, result))
            if kind == "subscribe" and self._inbox is not None:
                self._inbox.go_on()
        except Failed as failed:
            self.send(protocol.failure(command.id, failed))
        except Rejected as refused:
            self.send(protocol.failure(command.id, Failed(_code_of(refused), f"{refused.code}: {refused.detail}")))
        except Problem as problem:
            code = 109 if problem.code == "token_expired" else 101 if problem.status == 401 else 107
            self.send(protocol.failure(command.id, Failed(code, problem.code, temporary=code == 109)))
        except Pending:
            self.send(protocol.failure(command.id, Failed(100, "pending: it is accepted, ask again", temporary=True)))
        except (Busy, Behind) as busy:
            self.send(protocol.failure(command.id, Failed(100, f"busy: {busy}", temporary=True)))
        except Close:
            raise
        except Exception:
            log.exception("socket command failed")
            self.send(protocol.failure(command.id, Failed(100, "internal_error", temporary=True)))

    async def _answer(self, command: Command) -> tuple[str, Frame]:
        if command.connect is not None:
            return "connect", await self._connect(command.connect)
        caller = self.caller  # everything else is for those who are signed in
        if isinstance(command, protocol.Halved):
            raise Failed(107, "unencodable: a text has half a character in it, which cannot be stored")
        if command.rpc is not None:
            return "rpc", {"data": await self._rpc(command.rpc)}
        if command.subscribe is not None:
            return "subscribe", await self._subscribe(command.subscribe, caller)
        if command.unsubscribe is not None:
            self._unsubscribe(command.unsubscribe.channel)
            return "unsubscribe", {}
        if command.refresh is not None:
            self._caller = await self._callers.of(command.refresh.token)
            return "refresh", {"client": self.connection, "expires": True, "ttl": self._ttl()}
        if command.ping is not None:
            return "ping", {}
        raise Failed(108, "not available")

    async def _connect(self, command: protocol.Connect) -> Frame:
        if self._caller is not None:
            raise protocol.BAD_REQUEST
        self._caller = await self._callers.of(command.token)
        return {
            "client": self.connection,
            "version": "septet",
            "expires": True,
            "ttl": self._ttl(),
            "ping": PING,
            "pong": True,
        }

    def _ttl(self) -> int:
        return max(1, self.caller.expires - int(time.time()))

    async def _rpc(self, command: protocol.Rpc) -> Frame:
        method = METHODS.get(command.method)
        if method is None:
            raise Failed(104, "method not found")
        return await method(self, command.data)

    # Channels.

    async def _subscribe(self, command: protocol.Subscribe, caller: Caller) -> Frame:
        kind, _, name = command.channel.partition(":")
        try:
            wanted = UUID(name)
        except ValueError:
            raise Failed(102, "unknown channel") from None
        if kind == "inbox":
            if wanted != caller.person:
                raise Failed(103, "permission denied")
            if self._inbox is not None:
                raise Failed(105, "already subscribed")
            self._inbox = _Inbox(self, caller, command.channel)
            return await self._inbox.open(command)
        if kind == "chat":
            if command.data is not None and command.data.after:
                await self._seen(command.data.after)
            await self._listen(wanted, caller)
            return {}
        raise Failed(102, "unknown channel")

    async def _seen(self, after: str) -> None:
        try:
            position = Position.parse(after)
        except ValueError:
            raise Failed(107, "invalid_request: after is no position") from None
        if position.system == "chat":
            await self.services.waiting.passed(CHAT, position)

    async def _listen(self, conversation: UUID, caller: Caller) -> None:
        if conversation in self._chats:
            raise Failed(105, "already subscribed")
        if len(self._chats) >= CHANNELS:
            raise Failed(106, "limit exceeded")
        if await self.services.conversations.member(conversation, caller.person) is None:
            raise Failed(103, "permission denied")
        members = (await self.services.conversations.members(conversation))[: WATCHED + 1]
        others = [each.person for each in members if each.person != caller.person]
        shown = await asyncio.gather(*(shows_presence(self.services, each, caller.person) for each in others))
        watching = tuple(each for each, shows in zip(others, shown, strict=True) if shows)
        self._readers[conversation] = await self._shown_readers(caller.person, others)
        self._chats[conversation] = watching
        self.hub.listen(conversation, self, watching)

    async def _shown_readers(self, person: UUID, others: list[UUID]) -> frozenset[UUID]:
        """Whose read marks a person may see: those who show theirs, where they show their own; in small groups only."""
        mine, *theirs = await asyncio.gather(*(self.services.conversations.privacy(each) for each in (person, *others)))
        if not mine.receipts or len(others) > WATCHED:
            return frozenset((person,))
        return frozenset((person, *(each for each, one in zip(others, theirs, strict=True) if one.receipts)))

    def _unsubscribe(self, channel: str) -> None:
        if self._inbox is not None and channel == self._inbox.channel:
            self._inbox.end()
            self._inbox = None
            return
        for conversation in [each for each in self._chats if channel == f"chat:{each}"]:
            self.hub.unlisten(conversation, self, self._chats.pop(conversation))

    def removed_from(self, conversation: UUID) -> None:
        """The person is no member any more: its channel is closed to them."""
        watching = self._chats.pop(conversation, None)
        if watching is not None:
            self.hub.unlisten(conversation, self, watching)
            frame = {"push": {"channel": f"chat:{conversation}", "unsubscribe": {"code": 2000, "reason": "left"}}}
            self.send(orjson.dumps(frame).decode())

    def listens_to(self, conversation: UUID) -> bool:
        """Whether this connection has the channel of a conversation."""
        return conversation in self._chats

    def acknowledge(self, cursor: int) -> None:
        """The device has everything up to `cursor`."""
        if self._inbox is not None:
            self._inbox.acknowledge(cursor)

    def end(self) -> None:
        """The transport is gone."""
        if self._inbox is not None:
            self._inbox.end()
        for conversation, watching in self._chats.items():
            self.hub.unlisten(conversation, self, watching)
        self._chats.clear()

    def hear(self, conversation: UUID, signal: Typing | Presence | Ticked) -> None:
        """What passes in a conversation, for those who have its channel open."""
        match signal:
            case Typing(person=person, until=until):
                if person == self.caller.person:
                    return
                data = {"type": "typing", "user_id": person, "until": instant(until) if until else None}
            case Presence(person=person, online=online, at=at):
                seen = None if online else instant(at)
                data = {"type": "presence", "user_id": person, "online": online, "last_seen": seen}
            case Ticked(person=person, delivered=delivered, read=read):
                read = read if person in self._readers.get(conversation, ()) else 0
                data = {"type": "marks", "user_id": person, "delivered": delivered, "read": read}
        self.send(protocol.passing(f"chat:{conversation}", data))


class _Inbox:
    """The inbox channel of a connection. While it is behind, it reads; once it is level, it is told."""

    def __init__(self, connection: Connection, caller: Caller, channel: str) -> None:
        self.person, self.device, self.connection = caller.person, caller.device, connection.connection
        self.channel, self.cursor = channel, 0
        self._to, self._hub = connection, connection.hub
        self._receipts = Receipts(connection.services.gateway, caller.person)
        self._sent = 0
        self._early: list[tuple[int, str]] | None = []  # told while still reading; None once level
        self._reading: asyncio.Task[None] | None = None
        self._saying: asyncio.TimerHandle | None = None

    async def open(self, command: protocol.Subscribe) -> Frame:
        """Finds where the device is: at the place it names, else at its acknowledged cursor, else at the end."""
        hub = self._hub
        known = await self._to.services.inbox.cursor(self.person, self.device)
        recovering = command.recover and command.epoch in ("", hub.epoch)
        if recovering:
            self.cursor = self._sent = max(0, command.offset)
        elif known is not None:
            self.cursor = self._sent = known
        else:
            self.cursor = self._sent = await hub.head(self.person)
        start = self._sent
        found = await hub.entries(self.person, start, PAGE)
        for place, data in found:
            self._give(place, data)
        publications = [{"offset": place, "data": orjson.Fragment(data)} for place, data in found]
        return {
            "recoverable": True,
            "positioned": True,
            "epoch": hub.epoch,
            "offset": start,  # before the publications: a client that breaks off among them loses none
            "recovered": recovering,
            "was_recovering": command.recover,
            "publications": publications,
        }

    def go_on(self) -> None:
        """After the reply: joins the hub, reads what has come since, then lets what is told through."""
        if self._reading is None:
            self._hub.join(self)
            self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while found := await self._hub.entries(self.person, self._sent, PAGE):
            for place, data in found:
                self._push(place, data)
            await asyncio.sleep(0)
        early, self._early = self._early or [], None
        for place, data in early:
            self._push(place, data)

    def entry(self, place: int, data: str) -> None:
        """Told by the hub. Places only rise: what is not above the last one sent was sent."""
        if self._early is None:
            self._push(place, data)
        elif len(self._early) < PAGE * 10:
            self._early.append((place, data))
        else:
            self._to.close(protocol.SLOW)

    def _push(self, place: int, data: str) -> None:
        if place > self._sent:
            self._give(place, data)
            self._to.send(protocol.publication(self.channel, place, data))

    def _give(self, place: int, data: str) -> None:
        self._sent = place
        self._receipts.given(place, data)
        if '"type":"members"' in data:
            entry = orjson.loads(data)
            if str(self.person) in entry["removed"]:
                self._to.removed_from(UUID(entry["chat_id"]))

    def acknowledge(self, cursor: int) -> None:
        """Moves the device's cursor, never beyond what was sent; says so before long."""
        cursor = min(cursor, self._sent)
        if cursor > self.cursor:
            self.cursor = cursor
            self._receipts.acknowledged(cursor)
            if self._saying is None:
                self._saying = asyncio.get_running_loop().call_later(0.5, self._say)

    def _say(self) -> None:
        self._saying = None
        self._hub.say(self)

    def end(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        if self._saying is not None:
            self._saying.cancel()
        self._hub.leave(self)


def _code_of(refused: Rejected) -> int:
    return {"forbidden": 103, "not_found": 103, "too_many": 111, "internal": 100}.get(refused.reason.value, 107)
