"""The part of Microsoft Graph that is asked for."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Body, Header, HTTPException, Query, Request

from infra.local_calendars.accounts import Account, Accounts, Item, put, remove, since, within

Token = Annotated[str, Header(alias="Authorization")]
Fields = Annotated[dict[str, Any], Body()]
_WANTED = re.compile(r"ep/value eq '([0-9a-f-]{36})'")


def router_of(accounts: Accounts) -> APIRouter:
    router = APIRouter(prefix="/v1.0/me")

    @router.get("/calendar/calendarView/delta")
    async def delta(
        request: Request,
        authorization: Token,
        start: Annotated[datetime | None, Query(alias="startDateTime")] = None,
        end: Annotated[datetime | None, Query(alias="endDateTime")] = None,
        mark: Annotated[str, Query(alias="$deltatoken")] = "",
        skip: Annotated[int, Query(alias="$skip")] = 0,
    ) -> dict[str, Any]:
        account = accounts.opened(authorization)
        if mark:
            found = since(account, mark)
        elif start and end:
            found = within(account, start, end)
        else:
            raise HTTPException(400, "This request requires a time window")
        size, here = accounts.faults.page, str(request.url).partition("?")[0]
        shown: dict[str, Any] = {"value": [_shown(each) for each in found[skip : skip + size]]}
        if skip + size < len(found):
            known = dict(request.query_params) | {"$skip": str(skip + size)}
            return {**shown, "@odata.nextLink": f"{here}?{urlencode(known)}"}
        return {**shown, "@odata.deltaLink": f"{here}?{urlencode({'$deltatoken': account.changes})}"}

    @router.get("/calendar/events")
    async def found(authorization: Token, wanted: Annotated[str, Query(alias="$filter")]) -> dict[str, Any]:
        account, match = accounts.opened(authorization), _WANTED.search(wanted)
        if match is None:
            raise HTTPException(400)
        known = [each for each in account.items.values() if each.booking == match[1] and not each.deleted]
        return {"value": [{"id": each.id} for each in known]}

    @router.post("/calendar/events", status_code=201)
    async def insert(authorization: Token, body: Fields) -> dict[str, Any]:
        account = accounts.opened(authorization)
        [known] = body["singleValueExtendedProperties"]
        return _shown(put(account, _item(f"AAMk{uuid4().hex}", body, str(known["value"]))))

    @router.patch("/events/{event}")
    async def patch(event: str, authorization: Token, body: Fields) -> dict[str, Any]:
        account = accounts.opened(authorization)
        return _shown(put(account, _item(event, body, _known(account, event).booking)))

    @router.delete("/events/{event}", status_code=204)
    async def delete(event: str, authorization: Token) -> None:
        account = accounts.opened(authorization)
        remove(account, _known(account, event).id)

    return router


def _known(account: Account, event: str) -> Item:
    known = account.items.get(event)
    if known is None or known.deleted:
        raise HTTPException(404)
    return known


def _item(name: str, body: dict[str, Any], booking: str) -> Item:
    start, end = (datetime.fromisoformat(body[each]["dateTime"]).replace(tzinfo=UTC) for each in ("start", "end"))
    title, place = body.get("subject", ""), body.get("location", {}).get("displayName", "")
    return Item(name, start, end, title, place, tentative=body.get("showAs") == "tentative", booking=booking)


def _shown(item: Item) -> dict[str, Any]:
    if item.deleted:
        return {"id": item.id, "@removed": {"reason": "deleted"}}
    return {
        "id": item.id,
        "type": "singleInstance",
        "subject": item.title,
        "location": {"displayName": item.place},
        "showAs": "free" if item.free else "tentative" if item.tentative else "busy",
        "isAllDay": item.whole_days,
        "isCancelled": False,
        "start": {"dateTime": f"{item.start.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"{item.end.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
    }
