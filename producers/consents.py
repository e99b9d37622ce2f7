"""What the consent of a person to let us into their calendar hangs on: nothing of it is stored, it is made again."""

import base64
import hmac
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import msgspec


class Wish(msgspec.Struct, frozen=True):
    """What a person has begun, as it comes back with the answer of the other side."""

    person: UUID
    calendar: UUID
    connection: UUID
    provider: str
    remote: str
    writes: bool
    zone: str
    until: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Consents:
    key: bytes

    def state(self, wish: Wish) -> str:
        """The wish, signed: whoever brings it back has it from us (RFC 6749, 10.12)."""
        body = msgspec.json.encode(wish)
        return f"{_text(body)}.{_text(hmac.digest(self.key, b'state' + body, sha256))}"

    def read(self, state: str, now: float) -> Wish | None:
        """The wish; None where it is not of ours, or too old."""
        text, _, mark = state.partition(".")
        try:
            body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            if not hmac.compare_digest(mark.encode(), _text(hmac.digest(self.key, b"state" + body, sha256)).encode()):
                return None
            wish = msgspec.json.decode(body, type=Wish)
        except (ValueError, msgspec.MsgspecError):
            return None
        return wish if now < wish.until else None

    def verifier(self, connection: UUID) -> str:
        """What proves that who redeems the code is who asked for it (RFC 7636, 4.1)."""
        return _text(hmac.digest(self.key, b"verifier" + connection.bytes, sha256))

    def challenge(self, connection: UUID) -> str:
        """What is said of it beforehand: S256."""
        return _text(sha256(self.verifier(connection).encode()).digest())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
