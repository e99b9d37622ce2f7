"""The ids of conversations and messages."""

from hashlib import blake2b
from uuid import UUID, uuid5

_DIRECT = UUID("6f0a3f0e-6c0b-5a9e-9a0e-3d1f5b7c2a41")  # never changes: the ids of all direct conversations hang on it


def direct_id(one: UUID, other: UUID) -> UUID:
    """The id of the conversation of these two, the same whoever asks."""
    return uuid5(_DIRECT, "/".join(sorted((str(one), str(other)))))


def message_id(seal: bytes, conversation: str, seq: int, sender: UUID) -> UUID:
    """The id of a message (a version 8 UUID, RFC 9562): a keyed hash of where it stands and who sent it.

    Nobody without the conversation's seal can make one. So the id that comes with a change proves the authorship of
    a message of any age, and the state needs to keep no messages.
    """
    place = b"%b/%d/%b" % (conversation.encode(), seq, sender.bytes)
    number = int.from_bytes(blake2b(place, key=seal, digest_size=16).digest())
    return UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62)
