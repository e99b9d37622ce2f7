"""Calendars of Microsoft over Graph, version 1.0: incremental by `deltaLink`, entries of ours found by a property."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from infra.calendars import CalendarAway, Changes, Entry, Tokens, Window, Written
from infra.other_calendars.web import PAGES, Json, Provider, in_window, json_of, midnight

SIGN_IN = "https://login.microsoftonline.com/common/oauth2/v2.0"
API = "https://graph.microsoft.com/v1.0"
SCOPE = "offline_access Calendars.ReadWrite"
# Under which name an entry knows its booking; the GUID is ours, as Graph wants one for names that an application makes.
BOOKING = "String {6b2f0a52-3f0d-4c0e-9a35-8f3f0a6f5c11} Name SeptetBooking"
UTC_TIMES = {"Prefer": 'outlook.timezone="UTC", odata.maxpagesize=200'}


class Outlook:
    """`at`: another server that speaks as Microsoft's do, for where those cannot be reached."""

    def __init__(self, client: str, secret: str, at: str = "") -> None:
        consent, token = (f"{at}/consent", f"{at}/token") if at else (f"{SIGN_IN}/authorize", f"{SIGN_IN}/token")
        self._provider = Provider(client, secret, consent, token, f"{at}/v1.0" if at else API, SCOPE)

    def consent(self, state: str, challenge: str, back: str) -> str:
        return self._provider.consent(state, challenge, back, response_mode="query")

    async def redeem(self, code: str, verifier: str, back: str) -> Tokens:
        asked = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": back}
        return await self._provider.tokens(**asked, scope=SCOPE)

    async def refresh(self, refresh: str) -> Tokens:
        """Each use gives a new refresh token; the one of before ends."""
        return await self._provider.tokens(grant_type="refresh_token", refresh_token=refresh, scope=SCOPE)

    async def revoke(self, refresh: str) -> None:
        """Microsoft has no way to: the person removes the application from their account."""

    async def changes(self, access: str, remote: str, mark: str, window: Window) -> Changes:
        asked = {"startDateTime": window.start.isoformat(), "endDateTime": window.end.isoformat()}
        url = mark or f"{self._calendar(remote)}/calendarView/delta?{urlencode(asked)}"
        items: list[Json] = []
        for _ in range(PAGES):
            page = json_of(await self._provider.call("GET", url, access, headers=UTC_TIMES))
            items += page.get("value", [])
            if "@odata.deltaLink" in page:
                return _sorted(items, window.zone, str(page["@odata.deltaLink"]))
            url = str(page.get("@odata.nextLink", ""))
        raise CalendarAway("its pages have no end")

    async def write(self, access: str, remote: str, what: Written) -> str:
        """Found by the booking's id where it was made before, else made; `transactionId` lets no repeat make two."""
        body: Json = {
            "subject": what.title,
            "location": {"displayName": what.place},
            "start": {"dateTime": _plain(what.start), "timeZone": "UTC"},
            "end": {"dateTime": _plain(what.end), "timeZone": "UTC"},
            "showAs": "tentative" if what.tentative else "busy",
        }
        for known in await self._found(access, remote, what.booking):
            await self._provider.call("PATCH", f"{self._provider.api}/me/events/{quote(known)}", access, body=body)
            return known
        body |= {
            "transactionId": what.booking,
            "singleValueExtendedProperties": [{"id": BOOKING, "value": what.booking}],
        }
        made = await self._provider.call("POST", f"{self._calendar(remote)}/events", access, body=body)
        return str(json_of(made).get("id", ""))

    async def remove(self, access: str, remote: str, booking: str) -> None:
        for known in await self._found(access, remote, booking):
            url = f"{self._provider.api}/me/events/{quote(known)}"
            await self._provider.call("DELETE", url, access, expected=(404, 410))

    async def close(self) -> None:
        await self._provider.close()

    async def _found(self, access: str, remote: str, booking: str) -> list[str]:
        wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{BOOKING}' and ep/value eq '{booking}')"
        query = urlencode({"$filter": wanted, "$select": "id"})
        page = json_of(await self._provider.call("GET", f"{self._calendar(remote)}/events?{query}", access))
        return [str(each["id"]) for each in page.get("value", []) if "id" in each]

    def _calendar(self, remote: str) -> str:
        one = "calendar" if remote == "primary" else f"calendars/{quote(remote, safe='')}"
        return f"{self._provider.api}/me/{one}"


def _sorted(items: list[Json], zone: str, mark: str) -> Changes:
    """Occurrences of a series come without its settings: whether they take time is the series' to say."""
    entries: list[Entry] = []
    gone: list[str] = []
    masters = {str(each.get("id")): each for each in items if each.get("type") == "seriesMaster"}
    for item in items:
        name = str(item.get("id", ""))
        told = {**masters.get(str(item.get("seriesMasterId")), {}), **item}
        free = told.get("showAs") in ("free", "workingElsewhere") or told.get("isCancelled")
        declined = (told.get("responseStatus") or {}).get("response") == "declined"
        if "@removed" in item or free or declined or item.get("type") == "seriesMaster":
            gone.append(name)
            continue
        try:
            start, end = (_instant(told, each, zone) for each in ("start", "end"))
        except (KeyError, TypeError, ValueError):
            gone.append(name)  # nothing that has a time
            continue
        if in_window(start, end):
            entries.append(Entry(name, start, end))
        else:
            gone.append(name)
    return Changes(entries, gone, mark)


def _instant(item: Json, which: str, zone: str) -> datetime:
    text = str(item[which]["dateTime"])
    if item.get("isAllDay"):
        return midnight(text, zone)
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)  # seven digits of a second, as Graph writes them


def _plain(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
