"""The guard: no body is too large for it, and no answer leaves without its headers."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from api import guard, problems
from api.guard import Guard
from api.headers import HEADERS, headers_for
from tests.unit.api.asking import asking

MOST, UPLOAD = 100, 300
CHUNK = 10


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "LARGEST", MOST)
    monkeypatch.setattr(guard, "UPLOADS", {"/upload": UPLOAD})


class Kept:
    """An application that reads bodies in three ways, and what it got to see."""

    def __init__(self) -> None:
        self.app, self.seen = FastAPI(), 0
        problems.install(self.app)
        self.app.add_middleware(Guard)

        @self.app.post("/whole")
        @self.app.post("/upload")
        async def whole(request: Request) -> int:
            self.seen = len(await request.body())
            return self.seen

        @self.app.post("/careless")
        async def careless(request: Request) -> str:
            try:
                await request.body()
            except Exception:
                return "never mind"
            return "read"

        @self.app.post("/json")
        async def parsed(body: list[int]) -> int:
            return sum(body)

        @self.app.get("/defect")
        async def defect() -> None:
            raise RuntimeError("broken")

        @self.app.get("/loose")
        async def loose() -> Response:
            return Response("x", headers={"Content-Security-Policy": "default-src *"})


@pytest.fixture
def kept() -> Kept:
    return Kept()


class Chunks:
    """A body whose length nobody declares; it counts what was taken of it."""

    def __init__(self, size: int) -> None:
        self.size, self.taken = size, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.taken < self.size:
            self.taken += CHUNK
            yield b"1" * CHUNK


@pytest.mark.parametrize(("path", "most"), [("/whole", MOST), ("/upload", UPLOAD)])
async def test_a_body_may_be_as_large_as_its_path_says(kept: Kept, path: str, most: int) -> None:
    async with asking(kept.app) as client:
        for body in (b"x" * most, Chunks(most)):
            answer = await client.post(path, content=body)
            assert (answer.status_code, answer.json(), kept.seen) == (200, most, most)


@pytest.mark.parametrize(
    ("path", "most"), [("/whole", MOST), ("/json", MOST), ("/careless", MOST), ("/upload", UPLOAD)]
)
@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
async def test_a_larger_one_is_refused(kept: Kept, path: str, most: int, chunked: bool) -> None:
    body = Chunks(most + CHUNK) if chunked else b"1" * (most + 1)
    async with asking(kept.app) as client:
        answer = await client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "too_large"
    assert str(most) in answer.json()["detail"]
    assert kept.seen == 0
    assert HEADERS.items() <= {name: answer.headers.get(name) for name in HEADERS}.items()


async def test_one_that_declares_less_than_it_brings_is_refused_as_well(kept: Kept) -> None:
    async with asking(kept.app) as client:
        answer = await client.post("/whole", content=Chunks(2 * MOST), headers={"Content-Length": "10"})
    assert (answer.status_code, kept.seen) == (413, 0)


async def test_the_rest_of_a_large_body_is_not_kept(kept: Kept) -> None:
    taken = 0

    async def receive() -> dict[str, object]:
        nonlocal taken
        taken += CHUNK
        return {"type": "http.request", "body": b"x" * CHUNK, "more_body": True}  # for ever

    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/whole", "headers": [], "query_string": b""}
    await kept.app(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 413
    assert taken == MOST + CHUNK


@pytest.mark.parametrize(("path", "status"), [("/loose", 200), ("/none", 404), ("/whole", 405), ("/defect", 500)])
async def test_every_answer_has_the_strict_headers(kept: Kept, path: str, status: int) -> None:
    async with asking(kept.app) as client:
        answer = await client.get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get_list(name) for name in HEADERS} == {n: [value] for n, value in HEADERS.items()}


async def test_browsers_that_came_by_tls_are_told_to_stay_there(kept: Kept) -> None:
    transport = httpx.ASGITransport(kept.app, raise_app_exceptions=False)
    for scheme, told in (("https", "max-age=31536000"), ("http", None)):
        async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://septet") as client:
            for path in ("/loose", "/none", "/defect"):
                answer = await client.get(path)
                assert answer.headers.get("Strict-Transport-Security") == told, path


def test_the_headers_let_no_foreign_script_run_and_no_one_frame_the_console() -> None:
    policy = dict(each.strip().split(" ", 1) for each in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert HEADERS["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "framed_by", "expected"),
    [
        ("/ui/book/1/intro", "", "'none'"),
        ("/ui/book/1/intro", "https://a.example https://b.example", "https://a.example https://b.example"),
        ("/ui/book", "*", "'none'"),
        ("/ui/chat", "*", "'none'"),
        ("/ui/bookkeeping", "*", "'none'"),
        ("/scheduling/ui/book/1", "*", "'none'"),
    ],
)
def test_only_public_booking_pages_can_be_framed_and_only_by_the_sites_that_were_named(
    path: str, framed_by: str, expected: str
) -> None:
    headers = headers_for(path, framed_by)
    policy = dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"] == expected
    assert {**headers, "Content-Security-Policy": ""} == {**HEADERS, "Content-Security-Policy": ""}
