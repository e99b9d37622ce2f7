"""The blobs port: named bytes outside the log, written once."""

from collections.abc import AsyncIterator
from typing import Protocol


class NoSuchBlob(Exception):
    """There is no blob of that name."""


class BlobsUnavailable(Exception):
    """The blob store does not answer now; try again."""


class Blobs(Protocol):
    """A store of blobs; names are slash-separated paths of [a-z0-9._-]."""

    async def put(self, name: str, chunks: AsyncIterator[bytes]) -> int:
        """Stores the whole stream under `name`, all or nothing; answers its size in bytes."""

    async def get(self, name: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from `start` up to, not including, `end`; raises NoSuchBlob."""

    async def size(self, name: str) -> int:
        """Its size in bytes; raises NoSuchBlob."""

    async def delete(self, name: str) -> None:
        """Removes it; removing what is not there is no error."""

    async def close(self) -> None: ...
