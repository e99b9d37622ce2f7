"""The frames of the Centrifuge client protocol (https://centrifugal.dev/docs/transports/client_protocol), JSON."""

import json
from typing import Any

import msgspec
import orjson

Frame = dict[str, Any]

LARGEST = 128 * 1024  # bytes of one frame from a client
COMMANDS = 64  # in one frame


class Failed(Exception):
    """A command that is answered with an error; the connection goes on."""

    def __init__(self, code: int, message: str, temporary: bool = False) -> None:
        super().__init__(code, message)
        self.code, self.message, self.temporary = code, message, temporary


class Close(Exception):
    """The connection ends. Codes below 3500 and from 4000 to 4499 tell the client to come back."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


def unauthorized(message: str = "sign_in_first") -> Failed:
    return Failed(101, message)


def expired() -> Failed:
    return Failed(109, "token_expired", temporary=True)


BAD_REQUEST = Close(3501, "bad request")
SLOW = Close(3008, "slow")
STALE = Close(3007, "stale")
NO_PONG = Close(3012, "no pong")
EXPIRED = Close(3005, "expired")
SIGNED_OUT = Close(3500, "signed out")
SHUTDOWN = Close(3001, "shutdown")


class Connect(msgspec.Struct):
    token: str = ""
    name: str = ""
    version: str = ""
    data: Any = None


class Subscribe(msgspec.Struct):
    channel: str
    recover: bool = False
    epoch: str = ""
    offset: int = 0
    data: "After | None" = None


class After(msgspec.Struct):
    """With a subscription: a position from an answer, so that one's own writes count for it."""

    after: str = ""


class Unsubscribe(msgspec.Struct):
    channel: str


class Rpc(msgspec.Struct):
    method: str = ""
    data: Any = None


class Refresh(msgspec.Struct):
    token: str = ""


class Command(msgspec.Struct):
    """One command of a client; an empty one is its pong. What we do not serve is answered with `not available`."""

    id: int = 0
    connect: Connect | None = None
    subscribe: Subscribe | None = None
    unsubscribe: Unsubscribe | None = None
    rpc: Rpc | None = None
    refresh: Refresh | None = None
    ping: Any = None
    publish: Any = None
    presence: Any = None
    presence_stats: Any = None
    history: Any = None
    sub_refresh: Any = None
    send: Any = None

    def is_pong(self) -> bool:
        return self == PONG


class Halved(Command):
    """A command with half a character in one of its texts; nothing more than its id was read."""


PONG = Command()
_command = msgspec.json.Decoder(Command)


def commands(frame: str | bytes) -> list[Command]:
    """The commands of a frame, one JSON object a line; raises Close for anything else."""
    raw = frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame
    if len(raw) > LARGEST:
        raise Close(3502, "message too large")
    try:
        found = [_decoded(line) for line in raw.split(b"\n") if line.strip()]
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BAD_REQUEST from error
    if not found or len(found) > COMMANDS:
        raise BAD_REQUEST
    return found


def _decoded(line: bytes) -> Command:
    try:
        return _command.decode(line)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # JavaScript writes half a character as "\ud83d": JSON by its grammar, and no text. Not a reason to hang up.
        given = json.loads(line)
        number = given.get("id") if isinstance(given, dict) else None
        if type(number) is not int or number < 1 or not _is_halved(given):
            raise
        return Halved(number)


def _is_halved(given: object) -> bool:
    try:
        json.dumps(given, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def reply(number: int, kind: str, result: Frame) -> str:
    return orjson.dumps({"id": number, kind: result}).decode()


def failure(number: int, failed: Failed) -> str:
    error = {"code": failed.code, "message": failed.message, "temporary": failed.temporary}
    return orjson.dumps({"id": number, "error": error}).decode()


def publication(channel: str, place: int, data: str) -> str:
    """A push with a place in the channel; `data` is JSON already and is not parsed again."""
    return f'{{"push":{{"channel":"{channel}","pub":{{"offset":{place},"data":{data}}}}}}}'


def passing(channel: str, data: Frame) -> str:
    """A push that has no place: who misses it misses it."""
    return orjson.dumps({"push": {"channel": channel, "pub": {"data": data}}}).decode()
