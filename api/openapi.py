"""The OpenAPI document, made whole: how to sign in, and every problem and delay that any operation can answer with."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.routing import iter_route_contexts

Document = dict[str, Any]

PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457): `code` is stable and for programs, `detail` is a sentence for a person.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "lag": {"type": "integer", "description": "Of `behind`: how many events."},
    },
}
PENDING = {
    "type": "object",
    "description": "The command is on the log and will be done; its answer has not come yet.",
    "required": ["status", "detail", "location"],
    "properties": {
        "status": {"type": "string", "const": "pending"},
        "detail": {"type": "string"},
        "location": {"type": "string", "format": "uri-reference", "description": "Where to ask what became of it."},
    },
}
PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "`sign_in_first`, `token_expired`, `signed_out`; or what was asked with has a secret that is no good.",
    "403": "Not for this caller.",
    "404": "There is no such thing, or it is not for this caller.",
    "409": "It does not go with how things stand.",
    "412": "`version_conflict`: it has changed since the version in `If-Match`.",
    "413": "`too_large`.",
    "422": "`invalid_request`, or a rule that the request breaks.",
    "429": "Too often; `Retry-After` says how many seconds to wait.",
    "500": "`internal_error`: a defect on our side.",
    "503": "`busy` or `unavailable`: nothing was done; send it again with the same `Idempotency-Key`.",
    "504": "`behind`: what is read lags; it was not shown within five seconds.",
}
WRITING = ("post", "put", "patch", "delete")


def install(app: FastAPI) -> None:
    """Has the application serve the whole document at `/openapi.json` instead of what FastAPI knows.

    It takes seconds of a processor to make, nearly all of it in FastAPI and pydantic. So it is made at the first
    request, once, on a thread, and everybody else is answered meanwhile.
    """
    made: Callable[[], Document] = app.openapi
    making: asyncio.Task[bytes] | None = None

    def whole() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _whole(made())
        return app.openapi_schema

    async def served(request: Request) -> Response:
        nonlocal making
        if making is None:
            making = asyncio.create_task(asyncio.to_thread(lambda: orjson.dumps(app.openapi())))
        return Response(await asyncio.shield(making), media_type="application/json")

    app.openapi = whole  # type: ignore[method-assign]
    app.add_route("/openapi.json", served, include_in_schema=False)


def prepare(app: FastAPI) -> None:
    """Has FastAPI make its routes now, under whose locks it would else do so in the middle of the first requests."""
    for _ in iter_route_contexts(app.routes):
        pass


def _whole(document: Document) -> Document:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= {"Problem": PROBLEM, "Pending": PENDING}
    for unused in ("HTTPValidationError", "ValidationError"):  # no answer of ours looks like FastAPI's own
        schemas.pop(unused, None)
    components["responses"] = {
        status: {"description": text, "content": {"application/problem+json": _to("Problem")}}
        for status, text in PROBLEMS.items()
    }
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    return document


def _complete(method: str, operation: Document) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for status in PROBLEMS:
        responses.setdefault(status, {"$ref": f"#/components/responses/{status}"})
    if method in WRITING:
        pending = {"description": PENDING["description"], "content": {"application/json": _to("Pending")}}
        responses.setdefault("202", pending)


def _to(schema: str) -> Document:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}}
