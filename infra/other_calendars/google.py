"""Google Calendar, API version 3: incremental by `syncToken`, entries of ours under ids that we choose."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from infra.calendars import CalendarAway, Changes, Entry, Tokens, Window, Written
from infra.other_calendars.web import PAGES, Json, Provider, in_window, json_of, midnight

CONSENT, TOKEN = "https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token"
REVOKE, API = "https://oauth2.googleapis.com/revoke", "https://www.googleapis.com/calendar/v3"
SCOPE = "https://www.googleapis.com/auth/calendar.events"
FIELDS = "nextPageToken,nextSyncToken,items(id,status,transparency,start,end,attendees(self,responseStatus))"


class Google:
    """`at`: another server that speaks as Google does, for where Google cannot be reached."""

    def __init__(self, client: str, secret: str, at: str = "") -> None:
        consent, token, api = (f"{at}/consent", f"{at}/token", f"{at}/calendar/v3") if at else (CONSENT, TOKEN, API)
        self._revoke = f"{at}/revoke" if at else REVOKE
        self._provider = Provider(client, secret, consent, token, api, SCOPE)

    def consent(self, state: str, challenge: str, back: str) -> str:
        # A refresh token comes with `offline` alone, and again only where consent is asked for again.
        return self._provider.consent(state, challenge, back, access_type="offline", prompt="consent")

    async def redeem(self, code: str, verifier: str, back: str) -> Tokens:
        asked = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": back}
        return await self._provider.tokens(**asked)

    async def refresh(self, refresh: str) -> Tokens:
        return await self._provider.tokens(grant_type="refresh_token", refresh_token=refresh)

    async def revoke(self, refresh: str) -> None:
        await self._provider.post(self._revoke, token=refresh)

    async def changes(self, access: str, remote: str, mark: str, window: Window) -> Changes:
        asked = {"singleEvents": "true", "maxResults": "2500", "fields": FIELDS}
        if mark:
            asked["syncToken"] = mark
        else:
            asked |= {"timeMin": window.start.isoformat(), "timeMax": window.end.isoformat()}
        entries: list[Entry] = []
        gone: list[str] = []
        for _ in range(PAGES):
            answer = await self._provider.call("GET", f"{self._events(remote)}?{urlencode(asked)}", access)
            page = json_of(answer)
            for item in page.get("items", []):
                _sort(item, window.zone, entries, gone)
            if "nextSyncToken" in page:
                return Changes(entries, gone, str(page["nextSyncToken"]))
            asked["pageToken"] = str(page.get("nextPageToken", ""))
        raise CalendarAway("its pages have no end")

    async def write(self, access: str, remote: str, what: Written) -> str:
        """The id is the booking's, so that a repeat meets what it made (409) and changes it."""
        body = {
            "id": UUID(what.booking).hex,  # 0-9, a-f: within the base32hex that ids are made of
            "summary": what.title,
            "location": what.place,
            "start": {"dateTime": what.start.isoformat()},
            "end": {"dateTime": what.end.isoformat()},
            "status": "tentative" if what.tentative else "confirmed",
        }
        made = await self._provider.call("POST", self._events(remote), access, body=body, expected=(409,))
        if made.status_code == 409:
            await self._provider.call("PATCH", f"{self._events(remote)}/{body['id']}", access, body=body)
        return str(body["id"])

    async def remove(self, access: str, remote: str, booking: str) -> None:
        url = f"{self._events(remote)}/{UUID(booking).hex}"
        await self._provider.call("DELETE", url, access, expected=(404, 410))

    async def close(self) -> None:
        await self._provider.close()

    def _events(self, remote: str) -> str:
        return f"{self._provider.api}/calendars/{quote(remote, safe='')}/events"


def _sort(item: Json, zone: str, entries: list[Entry], gone: list[str]) -> None:
    """Where it takes time, it is an entry; where it was deleted, is free or was declined, it is gone."""
    name = str(item.get("id", ""))
    mine = [each for each in item.get("attendees", []) if each.get("self")]
    declined = any(each.get("responseStatus") == "declined" for each in mine)
    if item.get("status") == "cancelled" or item.get("transparency") == "transparent" or declined:
        gone.append(name)
        return
    try:
        start, end = (_instant(item[each], zone) for each in ("start", "end"))
    except (KeyError, TypeError, ValueError):
        gone.append(name)  # nothing that has a time
        return
    if in_window(start, end):
        entries.append(Entry(name, start, end))
    else:
        gone.append(name)


def _instant(value: Any, zone: str) -> datetime:
    if "date" in value:
        return midnight(str(value["date"]), zone)
    found = datetime.fromisoformat(str(value["dateTime"]))
    if found.tzinfo is None:
        raise ValueError("a time without its offset")
    return found.astimezone(UTC)
