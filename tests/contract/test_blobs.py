"""The blobs' contract: what a folder and an S3 bucket both promise."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from infra.blob_store import PART, ObjectBlobs
from infra.blobs import Blobs, BlobsUnavailable, NoSuchBlob
from infra.local.ports import free_port

LARGE = random.Random(1).randbytes(PART * 2 + 12_345)


@dataclass
class Store:
    """One store of blobs, and what of it a test must see from outside."""

    blobs: Blobs
    left_over: Callable[[], Sequence[str]]  # parts or files of puts that never ended
    away: Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def blobs(store: Store) -> Blobs:
    return store.blobs


@pytest.fixture
def folder_store(tmp_path: Path) -> Store:
    folder = tmp_path / "data" / "blobs"

    def left_over() -> list[str]:
        return [path.name for path in folder.rglob("*") if path.is_file() and "#" in path.name]

    @contextmanager
    def away() -> Iterator[None]:
        aside = folder.rename(tmp_path / "aside")
        folder.write_text("the disk is not mounted")
        yield
        folder.unlink()
        aside.rename(folder)

    return Store(ObjectBlobs.in_folder(folder), left_over, away)


class S3:
    """A local S3 server that keeps its objects while it is away."""

    def __init__(self) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    @contextmanager
    def away(self) -> Iterator[None]:
        self.stop()
        yield
        self.start()


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    server = S3()
    yield server
    server.stop()


@pytest.fixture
def s3_store(s3: S3, request: pytest.FixtureRequest) -> Store:
    keys = {"access_key_id": "key", "secret_access_key": "secret"}
    client = boto3.client(
        "s3",
        endpoint_url=s3.endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
    )
    bucket = f"bucket-{abs(hash(request.node.nodeid))}"
    client.create_bucket(Bucket=bucket)

    def left_over() -> list[str]:
        return [upload["Key"] for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]

    blobs = ObjectBlobs.in_bucket(
        bucket, region="us-east-1", endpoint=s3.endpoint, prefix="septet", seconds=5.0, **keys
    )
    return Store(blobs, left_over, s3.away)


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    return stream(*(body[start : start + size] for start in range(0, len(body), size)))


async def refused(blobs: Blobs, name: str) -> None:
    with pytest.raises(NoSuchBlob):
        await blobs.get(name)
    with pytest.raises(NoSuchBlob):
        await blobs.get(name, 1, 2)
    with pytest.raises(NoSuchBlob):
        await blobs.get(name, 3, 3)
    with pytest.raises(NoSuchBlob):
        await blobs.size(name)


@pytest.mark.parametrize(
    "body",
    [b"", b"\0", b"Hello" * 1_000, LARGE[: PART - 1], LARGE[:PART], LARGE[: PART + 1], LARGE],
    ids=["empty", "one byte", "small", "a part less one", "a part", "a part and one", "several parts"],
)
@pytest.mark.parametrize("chunk", [77_777, len(LARGE)])
async def test_what_was_put_is_got(blobs: Blobs, body: bytes, chunk: int) -> None:
    assert await blobs.put("some/blob", pieces(body, chunk)) == len(body)
    assert await blobs.size("some/blob") == len(body)
    assert await blobs.get("some/blob") == body


async def test_chunks_of_any_size_even_none(blobs: Blobs) -> None:
    assert await blobs.put("blob", stream(b"", b"a", b"", b"bc", LARGE, b"", b"d")) == len(LARGE) + 4
    assert await blobs.get("blob") == b"abc" + LARGE + b"d"


RANGES = [
    (0, None),
    (0, 1),
    (5, 12),
    (29, None),
    (30, None),
    (25, 99),
    (30, 99),
    (1_000, 2_000),
    (5, 5),
    (7, 3),
    (0, 0),
]


@pytest.mark.parametrize("size", [0, 30, len(LARGE)])
async def test_a_range_is_what_a_slice_would_be(blobs: Blobs, size: int) -> None:
    await blobs.put("blob", stream(LARGE[:size]))
    for start, end in RANGES:
        assert await blobs.get("blob", start, end) == LARGE[:size][start:end]


@pytest.mark.parametrize(("start", "end"), [(-1, None), (0, -1), (-5, -2)])
async def test_ranges_from_the_end_are_refused(blobs: Blobs, start: int, end: int | None) -> None:
    await blobs.put("blob", stream(b"body"))
    with pytest.raises(ValueError):
        await blobs.get("blob", start, end)


async def test_a_second_put_replaces_the_whole_blob(blobs: Blobs) -> None:
    for body in (LARGE, b"short", LARGE[:PART]):
        await blobs.put("blob", stream(body))
        assert await blobs.get("blob") == body


async def test_a_missing_blob(blobs: Blobs) -> None:
    await refused(blobs, "nothing")
    await refused(blobs, "nothing/here/either")
    await blobs.put("folder/blob", stream(b"x"))
    await refused(blobs, "folder")
    await refused(blobs, "folder/blob/below")


async def test_deleting_again_is_no_error(blobs: Blobs) -> None:
    await blobs.put("a/blob", stream(b"x"))
    await blobs.put("a/other", stream(b"y"))
    for name in ("a/blob", "a/blob", "never", "a", "a/other/below"):
        await blobs.delete(name)
    await refused(blobs, "a/blob")
    assert await blobs.get("a/other") == b"y"
    await blobs.put("a/blob", stream(b"again"))
    assert await blobs.get("a/blob") == b"again"


BAD_NAMES = [
    *("", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "../a", "./a", "a/./b", "A", "a b", "a\\b", "a\0b", "a\n", "ä"),
    *("a#1", "%2e%2e/a", "a?b", "a:b", "~", "x" * 201, "/".join(["x" * 100] * 11), "/etc/passwd"),
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name[:12]))
async def test_a_bad_name_is_refused(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError):
        await blobs.put(name, stream(b"x"))
    with pytest.raises(ValueError):
        await blobs.get(name)
    with pytest.raises(ValueError):
        await blobs.size(name)
    with pytest.raises(ValueError):
        await blobs.delete(name)


@pytest.mark.parametrize("name", ["a", "0", "a.b-c_d/..e/...", "-", "x" * 200, "/".join(["x" * 100] * 9)])
async def test_good_names(blobs: Blobs, name: str) -> None:
    await blobs.put(name, stream(b"x"))
    assert await blobs.get(name) == b"x"
    await blobs.delete(name)
    await refused(blobs, name)


class SourceBroke(ConnectionError):
    """What a client's upload raises when the client goes away."""


@pytest.mark.parametrize("before", [0, 10, PART // 2, len(LARGE)])
async def test_a_put_whose_source_breaks_leaves_nothing(store: Store, before: int) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        for start in range(0, before, 100_000):
            yield LARGE[start : start + 100_000]
        raise SourceBroke

    with pytest.raises(SourceBroke):
        await store.blobs.put("a/blob", breaking())
    await refused(store.blobs, "a/blob")
    assert store.left_over() == []


@pytest.mark.parametrize("before", [10, len(LARGE)])
async def test_a_put_that_is_cancelled_leaves_nothing(store: Store, before: int) -> None:
    waiting = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield LARGE[:before]
        waiting.set()
        await asyncio.Event().wait()

    putting = asyncio.create_task(store.blobs.put("a/blob", endless()))
    await waiting.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await refused(store.blobs, "a/blob")
    assert store.left_over() == []


async def test_a_failed_put_keeps_what_was_there(store: Store) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield LARGE
        raise SourceBroke

    await store.blobs.put("blob", stream(b"before"))
    with pytest.raises(SourceBroke):
        await store.blobs.put("blob", breaking())
    assert await store.blobs.get("blob") == b"before"


async def test_nobody_sees_half_a_blob(blobs: Blobs) -> None:
    more = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield LARGE
        await more.wait()
        yield b"end"

    putting = asyncio.create_task(blobs.put("blob", slowly()))
    for _ in range(10):
        await refused(blobs, "blob")
    more.set()
    assert await putting == len(LARGE) + 3
    assert await blobs.get("blob", len(LARGE)) == b"end"


async def test_many_at_once(blobs: Blobs) -> None:
    await asyncio.gather(*[blobs.put(f"many/{n}", stream(b"%d" % n * n)) for n in range(40)])
    assert await asyncio.gather(*[blobs.get(f"many/{n}") for n in range(40)]) == [b"%d" % n * n for n in range(40)]


async def test_a_store_that_is_away_says_so_and_comes_back_by_itself(store: Store) -> None:
    await store.blobs.put("blob", stream(b"before"))
    with store.away():
        for _ in range(2):
            with pytest.raises(BlobsUnavailable):
                await store.blobs.put("new", stream(b"x"))
            with pytest.raises(BlobsUnavailable):
                await store.blobs.put("large", stream(LARGE))
            with pytest.raises(BlobsUnavailable):
                await store.blobs.get("blob")
            with pytest.raises(BlobsUnavailable):
                await store.blobs.get("blob", 1, 2)
            with pytest.raises(BlobsUnavailable):
                await store.blobs.size("blob")
            with pytest.raises(BlobsUnavailable):
                await store.blobs.delete("blob")
    assert await store.blobs.get("blob") == b"before"
    await store.blobs.put("new", stream(b"x"))
    assert await store.blobs.get("new") == b"x"


async def test_a_missing_bucket_is_an_outage_not_a_missing_blob(s3: S3) -> None:
    keys = {"access_key_id": "key", "secret_access_key": "secret"}
    blobs = ObjectBlobs.in_bucket("no-such-bucket", region="us-east-1", endpoint=s3.endpoint, seconds=2.0, **keys)
    with pytest.raises(BlobsUnavailable):
        await blobs.put("blob", stream(b"x"))
    with pytest.raises(BlobsUnavailable):
        await blobs.put("large", stream(LARGE))
    with pytest.raises(BlobsUnavailable):
        await blobs.get("blob")


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BlobsUnavailable):
        ObjectBlobs.in_folder(tmp_path / "file" / "blobs")


async def test_a_folder_is_its_owner_s_alone_and_holds_plain_files(tmp_path: Path) -> None:
    blobs = ObjectBlobs.in_folder(tmp_path / "blobs")
    await blobs.put("a/b", stream(b"body"))
    assert (tmp_path / "blobs").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "blobs" / "a" / "b").read_bytes() == b"body"


async def test_a_folder_refuses_a_name_below_another_blob(tmp_path: Path) -> None:
    blobs = ObjectBlobs.in_folder(tmp_path / "blobs")
    await blobs.put("a/b", stream(b"body"))
    for name in ("a/b/c", "a"):
        with pytest.raises(ValueError):
            await blobs.put(name, stream(b"x"))
