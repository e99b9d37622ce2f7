"""Reads iCalendar files (RFC 5545) of other calendars: which times are taken in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import recurring_ical_events
from icalendar import Calendar, Component

from domain.kernel import Reason, Rejected
from domain.scheduling.zones import instant_of, wall_of, zone

MOST = 2_000  # times
TOO_OFTEN = frozenset(("SECONDLY", "MINUTELY"))  # nobody's calendar, and more times than anybody has room for


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of an event in another calendar; `uid` says of which."""

    uid: str
    start: datetime
    end: datetime


def taken(text: bytes, zone_name: str, start: datetime, end: datetime) -> list[Occurrence]:
    """The times between `start` and `end` in which the calendar's owner is busy, by their start, at most MOST.

    Repeated events count each time (RRULE, RDATE, without EXDATE, as RECURRENCE-ID changes them). Days and floating
    times are of the given zone. What is transparent or cancelled takes no time. Raises Rejected("calendar_invalid").
    """
    try:
        calendar = Calendar.from_ical(text)
        for event in calendar.walk("VEVENT"):
            _check_rule(event)
        found = recurring_ical_events.of(calendar, skip_bad_series=True).after(start.astimezone(UTC))
        return sorted(_busy(islice(found, 4 * MOST), zone_name, start, end), key=lambda each: each.start)[:MOST]
    except Rejected:
        raise
    except Exception as error:  # whatever a forged file leads to
        detail = "This is no calendar that can be read. Export it as iCalendar (.ics)."
        raise Rejected("calendar_invalid", detail, Reason.INVALID) from error


def _check_rule(event: Component) -> None:
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if TOO_OFTEN & {str(each).upper() for each in rule.get("FREQ", [])}:
            detail = "An event repeats each minute or second. Remove it from the file."
            raise Rejected("calendar_invalid", detail, Reason.INVALID)


def _busy(events: Iterator[Component], zone_name: str, start: datetime, end: datetime) -> Iterator[Occurrence]:
    for event in events:
        begins = _instant(event.decoded("DTSTART"), zone_name)
        if begins >= end:
            return
        ends = _end(event, zone_name, begins)
        opaque = str(event.get("TRANSP", "OPAQUE")).upper() != "TRANSPARENT"
        stands = str(event.get("STATUS", "CONFIRMED")).upper() != "CANCELLED"
        if opaque and stands and begins < ends and ends > start:
            yield Occurrence(str(event.get("UID", "")), begins, ends)


def _end(event: Component, zone_name: str, begins: datetime) -> datetime:
    if "DTEND" in event:
        return _instant(event.decoded("DTEND"), zone_name)
    if "DURATION" in event:
        length: timedelta = event.decoded("DURATION")
        return begins + length
    whole_day = not isinstance(event.decoded("DTSTART"), datetime)
    return begins + timedelta(days=1) if whole_day else begins


def _instant(value: date, zone_name: str) -> datetime:
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value.astimezone(UTC)
        return instant_of(zone(zone_name).begin(wall_of(value.date(), value.hour * 60 + value.minute)))
    return instant_of(zone(zone_name).begin(wall_of(value)))
