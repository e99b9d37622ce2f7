"""The part of Google Calendar's API that is asked for."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, HTTPException, Query

from infra.local_calendars.accounts import Account, Accounts, Item, put, remove, since, within

Token = Annotated[str, Header(alias="Authorization")]
Fields = Annotated[dict[str, Any], Body()]
ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def router_of(accounts: Accounts) -> APIRouter:
    router = APIRouter(prefix="/calendar/v3/calendars/{calendar}/events")

    @router.get("")
    async def listed(
        calendar: str,
        authorization: Token,
        sync: Annotated[str, Query(alias="syncToken")] = "",
        page: Annotated[int, Query(alias="pageToken")] = 0,
        start: Annotated[datetime | None, Query(alias="timeMin")] = None,
        end: Annotated[datetime | None, Query(alias="timeMax")] = None,
    ) -> dict[str, Any]:
        account = _account(accounts, calendar, authorization)
        if sync and (start or end):
            raise HTTPException(400, "timeMin and timeMax do not go with a syncToken")
        found = since(account, sync) if sync else within(account, start or ALWAYS[0], end or ALWAYS[1])
        size = accounts.faults.page
        shown: dict[str, Any] = {"items": [_shown(each) for each in found[page : page + size]]}
        if page + size < len(found):
            return {**shown, "nextPageToken": str(page + size)}
        return {**shown, "nextSyncToken": str(account.changes)}

    @router.post("")
    async def insert(calendar: str, authorization: Token, body: Fields) -> dict[str, Any]:
        account = _account(accounts, calendar, authorization)
        if body["id"] in account.items:
            raise HTTPException(409, "The requested identifier already exists.")
        return _shown(put(account, _item(str(body["id"]), body)))

    @router.patch("/{event}")
    async def patch(calendar: str, event: str, authorization: Token, body: Fields) -> dict[str, Any]:
        account = _account(accounts, calendar, authorization)
        if event not in account.items:
            raise HTTPException(404)
        return _shown(put(account, _item(event, body)))

    @router.delete("/{event}", status_code=204)
    async def delete(calendar: str, event: str, authorization: Token) -> None:
        account = _account(accounts, calendar, authorization)
        if event not in account.items:
            raise HTTPException(404)
        if not remove(account, event):
            raise HTTPException(410, "Resource has been deleted")

    return router


def _account(accounts: Accounts, calendar: str, authorization: str) -> Account:
    account = accounts.opened(authorization)
    if calendar != "primary":
        raise HTTPException(404)
    return account


def _item(name: str, body: dict[str, Any]) -> Item:
    start, end = (datetime.fromisoformat(body[each]["dateTime"]) for each in ("start", "end"))
    title, place = body.get("summary", ""), body.get("location", "")
    return Item(name, start, end, title, place, tentative=body.get("status") == "tentative", booking=name)


def _shown(item: Item) -> dict[str, Any]:
    if item.deleted:
        return {"id": item.id, "status": "cancelled"}
    name = "date" if item.whole_days else "dateTime"
    return {
        "id": item.id,
        "status": "tentative" if item.tentative else "confirmed",
        "summary": item.title,
        "location": item.place,
        "transparency": "transparent" if item.free else "opaque",
        "start": {name: f"{item.start:%Y-%m-%d}" if item.whole_days else item.start.isoformat()},
        "end": {name: f"{item.end:%Y-%m-%d}" if item.whole_days else item.end.isoformat()},
    }
