"""Problems: each refusal has its status, and a defect says nothing of itself."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from structlog.testing import capture_logs

from api import problems
from api.problems import Problem
from domain.kernel import Reason, Rejected
from infra.log import LogUnavailable
from infra.tables import TablesUnavailable
from producers.gateway import Busy, Pending
from projections.waiting import Behind
from tests.unit.api.asking import asking


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


def failing(error: Callable[[], Exception]) -> FastAPI:
    """An application whose only path fails like this."""
    app = FastAPI()
    problems.install(app)

    @app.get("/")
    async def fail() -> None:
        raise error()

    @app.post("/")
    async def take(body: Body) -> int:
        return len(body.name.encode())

    return app


STATUS = {
    Reason.FORBIDDEN: 403,
    Reason.NOT_FOUND: 404,
    Reason.CONFLICT: 409,
    Reason.INVALID: 422,
    Reason.TOO_MANY: 429,
    Reason.INTERNAL: 500,
}


@pytest.mark.parametrize("reason", Reason)
async def test_a_refusal_has_the_status_of_its_reason(reason: Reason) -> None:
    async with asking(failing(lambda: Rejected("not_so", "Not so.", reason))) as client:
        answer = await client.get("/")
    assert answer.status_code == STATUS[reason]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank#not_so",
        "title": "Not so",
        "status": STATUS[reason],
        "detail": "Not so.",
        "code": "not_so",
    }
    assert ("retry-after" in answer.headers) == (reason is Reason.TOO_MANY)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (lambda: Rejected("version_conflict", "Changed."), 412, "version_conflict"),
        (lambda: Problem(418, "teapot", "No coffee.", {"Retry-After": "9"}), 418, "teapot"),
        (lambda: Busy("secret-detail"), 503, "busy"),
        (lambda: LogUnavailable("secret-detail"), 503, "unavailable"),
        (lambda: TablesUnavailable("secret-detail"), 503, "unavailable"),
    ],
)
async def test_what_is_no_refusal_has_a_status_too(error: Callable[[], Exception], status: int, code: str) -> None:
    async with asking(failing(error)) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (status, code, status)
    assert "secret-detail" not in answer.text
    assert ("retry-after" in answer.headers) == (code != "version_conflict")


async def test_a_read_model_that_is_behind_says_by_how_much() -> None:
    async with asking(failing(lambda: Behind("people", 17))) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["code"], answer.json()["lag"]) == (504, "behind", 17)


async def test_what_is_accepted_and_not_decided_yet_says_where_to_ask() -> None:
    async with asking(failing(lambda: Pending("chat", "conversation/1", "2"))) as client:
        answer = await client.get("/")
    assert answer.status_code == 202
    assert answer.headers["location"] == answer.json()["location"] == "/commands/chat/conversation/1/2"


@pytest.mark.parametrize("kind", [RuntimeError, KeyError, ValueError, AssertionError, OSError, UnicodeError])
async def test_a_defect_says_nothing_of_itself(kind: type[Exception]) -> None:
    async with asking(failing(lambda: kind("the-password-is-xyzzy"))) as client:
        answer = await client.get("/")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "internal_error"
    told = answer.text + repr(answer.headers)
    for inner in ("xyzzy", "Traceback", kind.__name__, ".py", "line "):
        assert inner not in told


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"name": 1}', b'{"name": "\\ud800"}', b'{"name": "n", "\\ud800": 1}', b"\xff"],
)
async def test_a_body_that_is_not_valid_is_the_callers_fault(content: bytes) -> None:
    async with asking(failing(RuntimeError)) as client:
        answer = await client.post("/", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_a_text_of_ours_that_cannot_be_encoded_is_a_defect_and_not_the_callers_fault() -> None:
    async with asking(failing(lambda: UnicodeEncodeError("latin-1", "ő", 0, 1, "ordinal not in range(256)"))) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


@pytest.mark.parametrize("error", [RuntimeError, lambda: TablesUnavailable("away")])
async def test_no_log_line_says_an_address_in_which_a_secret_may_stand(error: Callable[[], Exception]) -> None:
    app = failing(error)

    @app.get("/feeds/{key}.ics")
    async def feed(key: str) -> None:
        raise error()

    with capture_logs() as lines:
        async with asking(app) as client:
            await client.get("/feeds/hush.ics?key=hush")
    assert [line["route"] for line in lines] == ["/feeds/{key}.ics"]
    assert "hush" not in str(lines)


async def test_unknown_paths_and_methods_are_problems() -> None:
    async with asking(failing(RuntimeError)) as client:
        missing, method = await client.get("/none"), await client.put("/")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in method.headers["allow"] or "POST" in method.headers["allow"]
