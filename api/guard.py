"""What every request passes: a bound on its body, and headers that keep browsers strict."""

from collections.abc import Mapping
from contextlib import suppress

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.headers import headers_for
from api.problems import problem

LARGEST = 300_000  # bytes of a body
UPLOADS = {"/chat/imports": 256_000_000, "/scheduling/files": 10_000_000}  # bytes, where a path takes files


class TooLarge(Exception):
    """More bytes came than this path takes."""


class Guard:
    """Wraps the application; plain ASGI, since it is on the way of every request."""

    def __init__(self, app: ASGIApp, framed_by: str = "") -> None:
        self._app, self._framed_by = app, framed_by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = headers_for(scope["path"], self._framed_by, scope.get("scheme", "http"))
        most, come = UPLOADS.get(scope["path"], LARGEST), 0
        begun = False
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > most:
            await problem(413, "too_large", f"Send at most {most:,} bytes.")(scope, receive, _strict(send, headers))
            return

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise TooLarge
            return message

        async def answered(message: Message) -> None:
            nonlocal begun
            if come > most and not begun:
                return  # whatever the application makes of a body that broke off, the answer is ours
            begun = True
            await send(message)

        with suppress(TooLarge):
            await self._app(scope, counted, _strict(answered, headers))
        if come > most and not begun:
            await problem(413, "too_large", f"Send at most {most:,} bytes.")(scope, receive, _strict(send, headers))


def _strict(send: Send, headers: Mapping[str, str]) -> Send:
    async def strict(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return strict
