"""Each request begins a chain: a correlation id for log lines and the answer, and a span where requests are traced."""

import uuid_utils
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra import tracing
from infra.correlation import concerning, current

CORRELATION = "Septet-Correlation"
_PARENT = b"traceparent"


class Chain:
    """Wraps the application; plain ASGI, since it is on the way of every request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        concerning(str(uuid_utils.uuid7()))  # until it sends a command: then that one's chain
        status = 500

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).setdefault(CORRELATION, current())
            await send(message)

        if not tracing.traced():
            await self._app(scope, receive, answered)
            return
        before = next((value for name, value in scope["headers"] if name == _PARENT), b"").decode("latin-1")
        about = {"http.request.method": scope["method"]}  # not the path: secrets stand in some
        with tracing.span(scope["method"], tracing.SERVER, before, about) as carried:
            # What the request leads to follows from this span, not from the one before it.
            rest = [pair for pair in scope["headers"] if pair[0] != _PARENT]
            scope = {**scope, "headers": [*rest, (_PARENT, carried.encode())]}
            try:
                await self._app(scope, receive, answered)
            finally:
                route = route_of(scope)
                tracing.note(
                    f"{scope['method']} {route}".rstrip(), {"http.route": route, "http.response.status_code": status}
                )


def route_of(scope: Scope) -> str:
    """The whole template of the path, for log lines and traces: secrets stand in some paths, and none in a template.

    The route of an included router has only its own part of it.
    """
    whole = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return getattr(whole, "path", "")
