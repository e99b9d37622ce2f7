"""What hangs on the installation's secret: tokens, the hashes that hide names in keys, seals and codes."""

import base64
import hmac
from hashlib import sha256
from uuid import UUID, uuid5

import argon2

PASSES, LANES = 3, 4  # of Argon2id (RFC 9106, section 4, the second recommended option with 64 MiB)
_IDS = UUID("7d2f7a52-4a0e-5a8c-8f38-5a0a3cf0c2f3")  # never changes: ids made of idempotency keys hang on it


class Secrets:
    """Keyed hashes (HMAC-SHA256), each use with a key of its own, so that none can stand in for another."""

    def __init__(self, secret: bytes, password_memory: int = 65_536) -> None:
        """`password_memory`: KiB that hashing a password takes."""
        self._secret = secret
        self._passwords = argon2.PasswordHasher(PASSES, password_memory, LANES)
        self._nobodys = f"$argon2id$v=19$m={password_memory},t={PASSES},p={LANES}${_NOBODYS}"

    def key(self, use: str) -> bytes:
        """The key of one use."""
        return hmac.digest(self._secret, use.encode(), sha256)

    @property
    def calendar_mark(self) -> str:
        """What says in the UID of a booking that it is of this installation."""
        return self.key("calendar uid").hex()[:16]

    def claim(self, kind: str, text: str) -> str:
        """The id of the claim of a user name or phone number; names differ only by more than case."""
        folded = text.strip().casefold().encode()
        return f"{kind}-{hmac.digest(self.key(kind), folded, sha256).hex()[:32]}"

    def seal(self, conversation: UUID) -> bytes:
        """What keeps a conversation's message ids from being made by others."""
        return hmac.digest(self.key("seal"), conversation.bytes, sha256)

    def code_hash(self, person: UUID, code: str) -> bytes:
        return hmac.digest(self.key("code"), person.bytes + code.encode(), sha256)

    def token_hash(self, token: str) -> bytes:
        return hmac.digest(self.key("refresh"), token.encode(), sha256)

    def refresh_token(self, person: UUID, session: UUID, occasion: str) -> str:
        """A refresh token that only this installation can make; a repeated request gets the same one."""
        secret = hmac.digest(self.key("token"), f"{person}/{session}/{occasion}".encode(), sha256)
        token = f"{person}.{session}.{_text(secret)}"
        return f"{token}.{self._mark(token)}"

    def is_ours(self, refresh_token: str) -> bool:
        """Whether this installation made the token, used up or not: a made-up one must not end anybody's session."""
        token, _, mark = refresh_token.rpartition(".")
        return hmac.compare_digest(mark.encode(), self._mark(token).encode())

    def _mark(self, token: str) -> str:
        return _text(hmac.digest(self.key("mark"), token.encode(), sha256)[:16])

    def password_hash(self, password: str, occasion: str) -> str:
        """Argon2id (RFC 9106). The salt hangs on `occasion`, so that a repeated request gives the same hash."""
        salt = hmac.digest(self.key("salt"), occasion.encode(), sha256)[:16]
        return self._passwords.hash(password, salt=salt)

    def password_agrees(self, stored: str, password: str) -> bool:
        """Whether the password is the one that was hashed; slow by intention, so call it off the event loop.

        Where nothing is `stored`, it agrees with none and is just as slow: nobody learns from that whom there is.
        """
        try:
            return self._passwords.verify(stored or self._nobodys, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False


_NOBODYS = "MDAwMDAwMDAwMDAwMDAwMA$z3pWzQ5nUu0sTBE2cU4ZhuSZeWc1mkZQ2sQGxLhnWzs"  # a salt, and what no password gives


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def id_from(*parts: str) -> str:
    """A UUID that hangs on all parts: the same request again is the same command."""
    return str(uuid5(_IDS, "\x1f".join(parts)))
