"""The ASGI application: every system's face, the console, and what operators and machines ask of a process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api import (
    asyncapi,
    chat,
    commands,
    identity,
    log,
    notice,
    openapi,
    operations,
    parking,
    problems,
    registry,
    scheduling,
)
from api.callers import Callers
from api.chain import Chain
from api.chat.imports import Imports
from api.chat.socket.hub import Hub
from api.chat.sync import Pollers
from api.guard import Guard
from api.limits import Limits
from api.parking.open_data import Published
from api.services import Services
from api.tickets import Tickets
from infra.log import LogUnavailable
from infra.tables import TablesUnavailable

VERSION = "0.1.0"
MEASURED_WITHIN = 5.0  # seconds
WEB = Path(__file__).parent.parent / "web"
Opened = Callable[[], AbstractAsyncContextManager[Services]]


def create_app(opened: Opened, framed_by: str = "") -> FastAPI:
    """The application; `opened` gives it its services for as long as it serves.

    `framed_by`: the sites that may show a host's public pages in a frame, as `frame-ancestors` of the content security
    policy takes them; nobody where it is empty.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        openapi.prepare(app)
        async with opened() as services:
            hub = Hub(services)
            app.state.services, app.state.callers = services, Callers(services)
            app.state.tickets = Tickets(services.secrets, app.state.callers)
            app.state.hub, app.state.pollers, app.state.imports = hub, Pollers(services, hub), Imports()
            app.state.published = Published(services)
            app.state.limits = Limits()
            await hub.start()
            yield
            await hub.close()

    app = FastAPI(
        title="Septet",
        version=VERSION,
        summary="Seven everyday systems on one log.",
        lifespan=lifespan,
        openapi_url=None,  # served by ourselves
    )
    problems.install(app)
    registry.install(app)

    app.add_middleware(Guard, framed_by=framed_by)
    app.add_middleware(Chain)
    app.include_router(identity.router)
    app.include_router(chat.router)
    app.include_router(parking.router)
    app.include_router(scheduling.router)
    app.include_router(notice.router)
    app.include_router(commands.router)
    app.include_router(log.router)
    app.include_router(operations.router)
    app.include_router(registry.router)
    app.include_router(asyncapi.router)
    _machines(app)
    openapi.install(app)
    _console(app)
    return app


def _machines(app: FastAPI) -> None:
    @app.get("/livez", tags=["machines"])
    async def livez() -> dict[str, str]:
        """This process is alive."""
        return {"status": "alive"}

    @app.get("/readyz", tags=["machines"])
    async def readyz(request: Request, response: Response) -> dict[str, str]:
        """This process can serve: it reaches its log and its tables. 503 with what it waits for where it cannot."""
        services: Services = request.app.state.services
        waits = await services.reachable()
        response.status_code = 503 if waits else 200
        return {"status": "waiting", "for": waits} if waits else {"status": "ready"}

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        services: Services = request.app.state.services
        with suppress(LogUnavailable, TablesUnavailable, TimeoutError):  # then the last figures are shown
            async with asyncio.timeout(MEASURED_WITHIN):
                await services.status.measure()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _console(app: FastAPI) -> None:
    if not (WEB / "index.html").exists():
        return
    app.mount("/web", StaticFiles(directory=WEB), name="web")

    @app.get("/", include_in_schema=False)
    @app.get("/ui/{path:path}", include_in_schema=False)
    async def console(path: str = "") -> FileResponse:
        return FileResponse(WEB / "index.html", headers={"Cache-Control": "no-cache"})
