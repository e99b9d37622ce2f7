"""Blobs in a folder or in an S3 bucket, both through obstore."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Self, TypeVar

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from infra.blobs import BlobsUnavailable, NoSuchBlob

T = TypeVar("T")

_NAME = re.compile(r"[a-z0-9._-]{1,200}(/[a-z0-9._-]{1,200})*")
_LONGEST = 1_000  # S3 takes 1,024 bytes, prefix included
PART = 5 * 1024 * 1024  # bytes; a blob that is longer goes up in parts of this size (S3's least), a few at a time
_PARTS_AT_ONCE = 4
_MISSING = (NotFoundError, FileNotFoundError)
_FAILED = (BaseError, OSError)
_NOT_A_FILE = ("(os error 20)", "(os error 21)")  # a folder where a file should be, or the other way round


class Abandoned(Exception):
    """The caller of a put was cancelled, so its stream ends here."""


class ObjectBlobs:
    """Blobs as the objects of a store. A put of the same name again replaces the whole blob."""

    def __init__(self, store: LocalStore | S3Store, folder: Path | None = None) -> None:
        self._store, self._folder = store, folder

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Blobs as files under `folder`, made if missing. Of `a` and `a/b` it holds only the first: ValueError."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(LocalStore(folder), folder)
        except _FAILED as error:
            raise BlobsUnavailable(f"the folder of blobs cannot be made: {error}") from error

    @classmethod
    def in_bucket(
        cls,
        bucket: str,
        *,
        region: str,
        access_key_id: str,
        secret_access_key: str,
        endpoint: str | None = None,
        prefix: str | None = None,
        seconds: float = 30.0,
    ) -> Self:
        """Blobs as objects of an existing bucket, under `prefix`. `endpoint`: of another S3 than Amazon's.

        `seconds`: how long one request may take, and how long a failing one is tried again.
        """
        limit = timedelta(seconds=seconds)
        return cls(
            S3Store(
                bucket,
                prefix=prefix,
                endpoint=endpoint,
                region=region,
                access_key_id=access_key_id,
                secret_access_key=secret_access_key,
                client_options={"allow_http": True, "timeout": limit, "connect_timeout": limit / 3},
                retry_config={"max_retries": 3, "retry_timeout": limit},
            )
        )

    async def put(self, name: str, chunks: AsyncIterator[bytes]) -> int:
        self._check(name)
        stream = _Stream(chunks)
        start = await stream.take(PART + 1)
        if len(start) <= PART:
            upload = obstore.put_async(self._store, name, start, use_multipart=False)
        else:
            stream.put_back(start)
            upload = obstore.put_async(self._store, name, stream, chunk_size=PART, max_concurrency=_PARTS_AT_ONCE)
        sending = asyncio.ensure_future(upload)
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError:
            # Dropped, it would leave its parts behind; a stream that breaks makes it clear them away.
            stream.abandon()
            with suppress(Exception):
                await sending
            raise
        except Exception as error:
            if stream.failed is not None:
                raise stream.failed from None
            if any(sign in str(error) for sign in _NOT_A_FILE):
                raise ValueError(f"another blob's name begins like {name}, up to a slash") from error
            if isinstance(error, _FAILED):
                raise _unavailable(error) from error
            raise
        if self._folder is not None:
            await asyncio.to_thread(_onto_disk, self._folder, name)
        return stream.size

    async def get(self, name: str, start: int = 0, end: int | None = None) -> bytes:
        if start < 0 or (end is not None and end < 0):
            raise ValueError(f"a range of bytes begins at 0: {start} to {end}")
        if end is not None and end <= start:
            await self.size(name)  # there is nothing to read, but the blob must be there
            return b""
        try:
            return await self._ask(name, lambda: self._read(name, start, end))
        except BlobsUnavailable:
            # Perhaps only because the range begins past the end: stores refuse that, where a slice would be empty.
            with suppress(NoSuchBlob):
                if (start or end is not None) and start >= await self.size(name):
                    return b""
            raise

    async def _read(self, name: str, start: int, end: int | None) -> bytes:
        if end is not None:
            return (await obstore.get_range_async(self._store, name, start=start, end=end)).to_bytes()
        found = await obstore.get_async(self._store, name, options={"range": {"offset": start}} if start else None)
        return (await found.bytes_async()).to_bytes()

    async def size(self, name: str) -> int:
        return (await self._ask(name, lambda: obstore.head_async(self._store, name)))["size"]

    async def delete(self, name: str) -> None:
        with suppress(NoSuchBlob):
            await self._ask(name, lambda: obstore.delete_async(self._store, name))

    async def close(self) -> None:
        """Nothing to end: obstore closes what it holds when it is forgotten."""

    def _check(self, name: str) -> None:
        if not _NAME.fullmatch(name) or len(name) > _LONGEST or {".", ".."} & set(name.split("/")):
            raise ValueError(f"not a blob's name: {name[:100]!r}")
        if self._folder is not None and not self._folder.is_dir():  # its disk is gone: a put would make it elsewhere
            raise BlobsUnavailable(f"the folder of blobs is not there: {self._folder}")

    async def _ask(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        self._check(name)
        try:
            return await ask()
        except _MISSING as error:
            if "NoSuchBucket" in str(error):
                raise _unavailable(error) from error
            raise NoSuchBlob(name) from error
        except _FAILED as error:
            if any(sign in str(error) for sign in _NOT_A_FILE):
                raise NoSuchBlob(name) from error
            raise _unavailable(error) from error


class _Stream:
    """The chunks of a put: counted, and breakable from outside."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self.size = 0
        self.failed: BaseException | None = None  # the source's own failure, which is its caller's to see
        self._chunks = chunks
        self._ahead = b""
        self._next: asyncio.Future[bytes] | None = None
        self._abandoned = False

    async def take(self, size: int) -> bytes:
        """At least `size` bytes from the start of the stream, or all of it where it is shorter."""
        taken = bytearray()
        async for chunk in self._chunks:
            taken += chunk
            self.size += len(chunk)
            if len(taken) >= size:
                break
        return bytes(taken)

    def put_back(self, chunk: bytes) -> None:
        """Makes `chunk` the next one, though it was counted already."""
        self._ahead = chunk

    def abandon(self) -> None:
        self._abandoned = True
        if self._next is not None:
            self._next.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._ahead:
            chunk, self._ahead = self._ahead, b""
            return chunk
        try:
            self._next = asyncio.ensure_future(anext(self._chunks))
            if self._abandoned:
                self._next.cancel()
            chunk = await self._next
        except StopAsyncIteration:
            raise
        except BaseException as error:
            self.failed = Abandoned() if self._abandoned else error
            raise self.failed from None
        self.size += len(chunk)
        return chunk


def _unavailable(error: Exception) -> BlobsUnavailable:
    return BlobsUnavailable(f"the blob store does not answer: {str(error).splitlines()[0]}")


def _onto_disk(folder: Path, name: str) -> None:
    """Makes a new file and its place in its folders durable."""
    path = folder / name
    for each in (path, *list(path.parents)[: name.count("/") + 1]):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
