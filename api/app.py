"""The ASGI application: every system's face, the console, and what operators and machines ask of a process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, ORJSONResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api import commands, identity, problems
from api.callers import Callers
from api.services import Services

LARGEST = 300_000  # bytes of a request body; uploads have limits of their own
WEB = Path(__file__).parent.parent / "web"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
Opened = Callable[[], AbstractAsyncContextManager[Services]]


def create_app(opened: Opened) -> FastAPI:
    """The application; `opened` gives it its services for as long as it serves."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened() as services:
            app.state.services, app.state.callers = services, Callers(services)
            yield

    app = FastAPI(
        title="Septet",
        version="0.1.0",
        summary="Seven everyday systems on one log.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        default_response_class=ORJSONResponse,
    )
    problems.install(app)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length", "0")
        if not request.url.path.startswith("/chat/imports") and (not length.isdecimal() or int(length) > LARGEST):
            return problems.problem(413, "too_large", f"Send at most {LARGEST:,} bytes.")
        response = await call_next(request)
        response.headers.update(SECURITY)
        return response

    app.include_router(identity.router)
    app.include_router(commands.router)
    _machines(app)
    _console(app)
    return app


def _machines(app: FastAPI) -> None:
    @app.get("/livez", tags=["machines"])
    async def livez() -> dict[str, str]:
        """This process is alive."""
        return {"status": "alive"}

    @app.get("/readyz", tags=["machines"])
    async def readyz(request: Request, response: Response) -> dict[str, str]:
        """This process can serve; 503 with what it waits for where it cannot."""
        waits = request.app.state.services.ready()
        response.status_code = 503 if waits else 200
        return {"status": "waiting", "for": waits} if waits else {"status": "ready"}

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _console(app: FastAPI) -> None:
    if not (WEB / "index.html").exists():
        return
    app.mount("/web", StaticFiles(directory=WEB), name="web")

    @app.get("/", include_in_schema=False)
    @app.get("/ui/{path:path}", include_in_schema=False)
    async def console(path: str = "") -> FileResponse:
        return FileResponse(WEB / "index.html", headers={"Cache-Control": "no-cache"})
