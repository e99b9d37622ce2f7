"""The OpenAPI document: seconds of work that nobody else has to wait for."""

import asyncio
import threading
from typing import Any

import pytest
from fastapi import FastAPI

from api import openapi, scheduling
from tests.unit.api.asking import asking


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI(title="Septet", openapi_url=None)

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    return app


async def test_others_are_answered_while_it_is_made_once_on_a_thread_of_its_own(app: FastAPI) -> None:
    begun, go_on, threads = threading.Event(), threading.Event(), list[int]()
    known = app.openapi

    def slowly() -> dict[str, Any]:
        threads.append(threading.get_ident())
        begun.set()
        assert go_on.wait(60)  # on the loop's own thread, nobody could ever tell it to
        return known()

    app.openapi = slowly  # type: ignore[method-assign]
    openapi.install(app)
    async with asking(app) as client:
        asked = [asyncio.create_task(client.get("/openapi.json")) for _ in range(3)]
        await asyncio.to_thread(begun.wait, 60)
        assert (await client.get("/livez")).json() == {"status": "alive"}
        assert not any(each.done() for each in asked)
        go_on.set()
        answers = await asyncio.gather(*asked)
        later = await client.get("/openapi.json")
    assert len(threads) == 1
    assert threads != [threading.get_ident()]
    assert {each.status_code for each in answers} == {200}
    assert {each.content for each in answers} == {later.content}
    assert "/livez" in later.json()["paths"]
    assert "Problem" in later.json()["components"]["schemas"]


async def test_one_who_does_not_wait_for_it_spoils_it_for_nobody(app: FastAPI) -> None:
    begun, go_on = threading.Event(), threading.Event()
    known = app.openapi

    def slowly() -> dict[str, Any]:
        begun.set()
        assert go_on.wait(60)
        return known()

    app.openapi = slowly  # type: ignore[method-assign]
    openapi.install(app)
    async with asking(app) as client:
        first = asyncio.create_task(client.get("/openapi.json"))
        await asyncio.to_thread(begun.wait, 60)
        first.cancel()
        go_on.set()
        assert (await client.get("/openapi.json")).status_code == 200


def test_what_is_asked_by_the_id_of_a_booking_alone_can_wait_until_the_booking_shows() -> None:
    app = FastAPI()
    app.include_router(scheduling.router)
    waiting = {}
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            names = {each["name"] for each in operation.get("parameters", ())}
            if "booking_id" in names and "calendar_id" not in names:
                waiting[f"{method} {path}"] = "after" in names
    assert "post /scheduling/files" in waiting
    assert [each for each, waits in waiting.items() if not waits] == []
