"""Keeps a calendar here and one on a CalDAV server (RFC 4791) in step: busy times come in, bookings go out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urljoin
from xml.etree import ElementTree

import httpx
import icalendar

_NAMES = {"d": "DAV:", "c": "urn:ietf:params:xml:ns:caldav"}
_QUERY = """<?xml version="1.0" encoding="utf-8"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
  <d:prop><d:getetag/><c:calendar-data/></d:prop>
  <c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">
    <c:time-range start="{start:%Y%m%dT%H%M%SZ}" end="{end:%Y%m%dT%H%M%SZ}"/>
  </c:comp-filter></c:comp-filter></c:filter>
</c:calendar-query>"""


class ServerRefused(Exception):
    """The CalDAV server did not do what it was asked; says what, and its status."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One file of the collection."""

    href: str
    etag: str
    calendar: icalendar.Calendar

    def events(self) -> Iterator[icalendar.Component]:
        return iter(self.calendar.walk("VEVENT"))


@dataclass(frozen=True, slots=True)
class Synced:
    """What one turn did, in numbers of events."""

    read: int
    added: int
    changed: int
    removed: int


class Collection:
    """A calendar on a CalDAV server; `http` knows its address and how to sign in there."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http, self._url = http, url if url.endswith("/") else f"{url}/"

    async def resources(self, start: datetime, end: datetime) -> list[Resource]:
        """The files with events between two instants in UTC (7.8). Raises ServerRefused."""
        headers = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
        content = _QUERY.format(start=start, end=end).encode()
        answer = await self._asked("REPORT", self._url, {207}, content=content, headers=headers)
        found = []
        for response in ElementTree.fromstring(answer.content).findall("d:response", _NAMES):
            href, etag = response.findtext("d:href", "", _NAMES), response.findtext(".//d:getetag", "", _NAMES)
            data = response.findtext(".//c:calendar-data", "", _NAMES)
            if data:
                found.append(Resource(urljoin(self._url, href), etag, icalendar.Calendar.from_ical(data)))
        return found

    async def put(self, name: str, calendar: icalendar.Calendar, before: Resource | None) -> bool:
        """Writes a file unless somebody else has changed it meanwhile; answers whether it did (5.3.2)."""
        url = before.href if before else urljoin(self._url, f"{quote(name)}.ics")
        condition = {"If-Match": before.etag} if before else {"If-None-Match": "*"}
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        answer = await self._asked("PUT", url, {200, 201, 204, 412}, content=calendar.to_ical(), headers=headers)
        return answer.status_code != 412

    async def delete(self, before: Resource) -> bool:
        """Removes a file unless somebody else has changed it meanwhile; answers whether it did."""
        headers = {"If-Match": before.etag}
        answer = await self._asked("DELETE", before.href, {200, 204, 404, 412}, headers=headers)
        return answer.status_code != 412

    async def _asked(
        self, method: str, url: str, expected: set[int], *, headers: dict[str, str], content: bytes = b""
    ) -> httpx.Response:
        answer = await self._http.request(method, url, headers=headers, content=content)
        if answer.status_code not in expected:
            raise ServerRefused(f"{method} {url}: {answer.status_code}")
        return answer


def together(resources: list[Resource]) -> bytes:
    """All their events, and the zones they are in, as one file."""
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//Septet//CalDAV//EN")
    calendar.add("VERSION", "2.0")
    for resource in resources:
        for component in resource.calendar.subcomponents:
            calendar.add_component(component)
    content: bytes = calendar.to_ical()
    return content


async def push(own: icalendar.Calendar, there: list[Resource], collection: Collection) -> Synced:
    """Brings our events, as our feed has them, to the server: what is new, what has changed, what is cancelled."""
    known = {str(event.get("UID", "")): resource for resource in there for event in resource.events()}
    added = changed = removed = 0
    for event in own.walk("VEVENT"):
        uid = str(event["UID"])
        before = known.get(uid)
        gone = str(event.get("STATUS", "")) == "CANCELLED"
        if gone:
            removed += before is not None and await collection.delete(before)
        elif before is None:
            added += await collection.put(uid, _alone(event), None)
        elif any(_differs(event, other) for other in before.events()):
            changed += await collection.put(uid, _alone(event), before)
    return Synced(sum(1 for each in there for _ in each.events()), added, changed, removed)


def _alone(event: icalendar.Component) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//Septet//CalDAV//EN")
    calendar.add("VERSION", "2.0")
    calendar.add_component(event)
    return calendar


def _differs(one: icalendar.Component, other: icalendar.Component) -> bool:
    return any(str(one.get(name)) != str(other.get(name)) for name in ("SEQUENCE", "STATUS")) or any(
        one.decoded(name) != other.decoded(name) for name in ("DTSTART", "DTEND")
    )
