"""Errors as RFC 9457 problems: a stable code for programs, a sentence for people, and never a stack trace."""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.chain import route_of
from api.headers import headers_for
from domain.kernel import Reason, Rejected
from infra.correlation import current
from infra.log import LogUnavailable
from infra.tables import TablesUnavailable
from producers.gateway import Busy, Pending
from projections.waiting import Behind

log = structlog.get_logger(__name__)

STATUS = {
    Reason.FORBIDDEN: 403,
    Reason.NOT_FOUND: 404,
    Reason.CONFLICT: 409,
    Reason.INVALID: 422,
    Reason.TOO_MANY: 429,
    Reason.INTERNAL: 500,
}
CODES = {"version_conflict": 412}  # those whose status says more than their reason's


class Problem(Exception):
    """An error of a face itself, before or beside any decision."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, code, detail)
        self.status, self.code, self.detail, self.headers = status, code, detail, dict(headers or {})


def not_found(detail: str = "There is no such thing, or it is not for you.") -> Problem:
    """What a stranger gets as well, so that nothing can be learned from it."""
    return Problem(404, "not_found", detail)


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """The response of a problem."""
    body = {"type": f"about:blank#{code}", "title": _title(code), "status": status, "detail": detail, "code": code}
    return Response(orjson.dumps({**body, **more}), status, headers, "application/problem+json")


def status_of(rejected: Rejected) -> int:
    """The HTTP status that a refusal means."""
    return CODES.get(rejected.code, STATUS[rejected.reason])


def install(app: FastAPI) -> None:
    """Makes every error that can leave an endpoint a problem."""

    @app.exception_handler(Rejected)
    async def rejected(request: Request, error: Rejected) -> Response:
        headers = {"Retry-After": "60"} if error.reason is Reason.TOO_MANY else {}
        return problem(status_of(error), error.code, error.detail, headers)

    @app.exception_handler(Problem)
    async def own(request: Request, error: Problem) -> Response:
        return problem(error.status, error.code, error.detail, error.headers)

    @app.exception_handler(Busy)
    async def busy(request: Request, error: Busy) -> Response:
        detail = "Too much is waiting just now. Nothing was done; send it again with the same Idempotency-Key."
        return problem(503, "busy", detail, {"Retry-After": "1"})

    @app.exception_handler(Pending)
    async def pending(request: Request, error: Pending) -> Response:
        where = f"/commands/{error.system}/{error.key}/{error.command_id}"
        detail = "It is accepted and will be done. Ask there what became of it."
        body = {"status": "pending", "detail": detail, "location": where}
        return Response(orjson.dumps(body), 202, {"Location": where, "Retry-After": "1"}, "application/json")

    @app.exception_handler(Behind)
    async def behind(request: Request, error: Behind) -> Response:
        detail = f"What you see here lags by {error.lag} events. Your change is safe; look again in a moment."
        return problem(504, "behind", detail, {"Retry-After": "1"}, lag=error.lag)

    @app.exception_handler(TablesUnavailable)
    @app.exception_handler(LogUnavailable)
    async def away(request: Request, error: Exception) -> Response:
        log.warning("store away", route=route_of(request.scope), error=str(error))
        return problem(503, "unavailable", "A part of the system is away. Try again in a moment.", {"Retry-After": "2"})

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found = [
            {"field": ".".join(str(part) for part in each["loc"][1:]) or str(each["loc"][0]), "message": each["msg"]}
            for each in error.errors()
        ]
        detail = "; ".join(f"{each['field']}: {each['message']}" for each in found[:3]) or "The request is not valid."
        return problem(422, "invalid_request", detail, errors=found)

    @app.exception_handler(UnicodeEncodeError)
    async def unencodable(request: Request, error: UnicodeEncodeError) -> Response:
        if error.reason != "surrogates not allowed":
            raise error
        # JSON can bring half a character ("\ud800"); no text of our own has any.
        return problem(422, "unencodable", "A text has half a character in it, which cannot be stored.")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        return problem(error.status_code, code, str(error.detail), error.headers)

    @app.exception_handler(Exception)
    async def defect(request: Request, error: Exception) -> Response:
        log.error("request failed", route=route_of(request.scope), exc_info=error)
        detail = "Something went wrong on our side. Try again later."
        return problem(
            500, "internal_error", detail, {**headers_for("", "", request.url.scheme), "Septet-Correlation": current()}
        )  # it leaves from outside the guard


def _title(code: str) -> str:
    return code.replace("_", " ").capitalize()
