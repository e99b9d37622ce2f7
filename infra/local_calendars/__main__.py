"""`python -m infra.local_calendars --port 8060`: calendars of both shapes as a process of its own."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import uuid4

import orjson
import typer
import uvicorn
from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from infra.local_calendars import google, outlook
from infra.local_calendars.accounts import Accounts, Denied, Faults, Forgotten, Item, Stranger, put, remove

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A calendar of {provider}</title>
<h1>Let Septet into your calendar?</h1>
<p>This stands in for {provider}: it asks for no password, and keeps everything in memory.</p>
<form method="post"><label>Account <input name="account" value="me" required></label>
<button name="answer" value="yes">Allow</button> <button name="answer" value="no">Deny</button></form></html>"""


class NewItem(BaseModel):
    start: datetime
    end: datetime
    free: bool = False
    whole_days: bool = False


class Switches(BaseModel):
    away: int = 0
    page: int = 100
    forget: str = ""  # the account whose marks are good no more
    revoke: str = ""  # the account whose consents are withdrawn


def app_of(life: float) -> FastAPI:
    """Both, each under its name."""
    app = FastAPI(title="Local calendars")
    for name, kind, rotating in (("google", google, False), ("outlook", outlook, True)):
        accounts = Accounts(rotating, life)
        app.include_router(kind.router_of(accounts), prefix=f"/{name}")
        _consent(app, name, accounts)
        _control(app, name, accounts)
        _away(app, name, accounts)

    @app.exception_handler(Denied)
    async def denied(*_: object) -> Response:
        return _json(400, {"error": "invalid_grant"})

    @app.exception_handler(Stranger)
    async def stranger(*_: object) -> Response:
        return _json(401, {"error": {"code": 401}})

    @app.exception_handler(Forgotten)
    async def forgotten(*_: object) -> Response:
        return _json(410, {"error": {"code": 410}})

    return app


def _json(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _consent(app: FastAPI, name: str, accounts: Accounts) -> None:
    """OAuth 2: the page, the code, the tokens."""

    @app.get(f"/{name}/consent", response_class=HTMLResponse)
    async def page() -> str:
        return PAGE.format(provider=name.title())

    @app.post(f"/{name}/consent")
    async def answered(
        request: Request, account: Annotated[str, Form()], answer: Annotated[str, Form()]
    ) -> RedirectResponse:
        asked = request.query_params
        back, told = asked["redirect_uri"], {"state": asked["state"]}
        if answer == "yes" and asked["code_challenge_method"] == "S256":
            told["code"] = accounts.consented(account, asked["code_challenge"], back)
        else:
            told["error"] = "access_denied"
        return RedirectResponse(f"{back}?{urlencode(told)}", 303)

    @app.post(f"/{name}/token")
    async def token(request: Request) -> dict[str, object]:
        form = {key: str(value) for key, value in (await request.form()).items()}
        if form["grant_type"] == "refresh_token":
            return accounts.refresh(form["refresh_token"])
        return accounts.redeem(form["code"], form["code_verifier"], form["redirect_uri"])

    @app.post(f"/{name}/revoke")
    async def revoke(token: Annotated[str, Form()]) -> dict[str, str]:
        accounts.revoke(accounts.owner_of(token))
        return {}


def _control(app: FastAPI, name: str, accounts: Accounts) -> None:
    """What the account's owner does there by other means, and what goes wrong."""

    @app.post(f"/{name}/accounts/{{account}}/items")
    async def add(account: str, body: NewItem) -> dict[str, str]:
        item = put(accounts.account(account), Item(uuid4().hex, **body.model_dump()))
        return {"id": item.id}

    @app.delete(f"/{name}/accounts/{{account}}/items/{{item}}", status_code=204)
    async def delete(account: str, item: str) -> None:
        remove(accounts.account(account), item)

    @app.get(f"/{name}/accounts/{{account}}/items")
    async def items(account: str) -> list[dict[str, Any]]:
        shown = (each for each in accounts.account(account).items.values() if not each.deleted)
        return [{field: getattr(item, field) for field in Item.__slots__} for item in shown]

    @app.put(f"/{name}/faults")
    async def switch(body: Switches) -> dict[str, str]:
        accounts.faults = Faults(body.away, body.page)
        if body.forget:
            account = accounts.account(body.forget)
            account.changes += 1
            account.first = account.changes
        if body.revoke:
            accounts.revoke(body.revoke)
        return {}


def _away(app: FastAPI, name: str, accounts: Accounts) -> None:
    @app.middleware("http")
    async def away(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        is_api = request.url.path.startswith((f"/{name}/calendar/", f"/{name}/v1.0/"))
        if is_api and accounts.faults.away > 0:
            accounts.faults.away -= 1
            return Response(status_code=503, headers={"Retry-After": "1"})
        return await go_on(request)


def main(
    port: Annotated[int, typer.Option(help="On the loopback interface.")] = 8060,
    life: Annotated[float, typer.Option(help="Seconds that an access token is good.")] = 3_600.0,
) -> None:
    """Runs until it is told to stop. It keeps everything in memory, and asks nobody for a password."""
    uvicorn.run(app_of(life), host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    typer.run(main)
