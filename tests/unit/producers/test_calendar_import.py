"""Busy times out of iCalendar files, as other programs write them."""

from datetime import UTC, datetime

import pytest

from domain.kernel import Rejected
from producers.calendar_import import taken

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)


def file(*events: str) -> bytes:
    parts = "".join(f"BEGIN:VEVENT\nUID:{number}\n{each}\nEND:VEVENT\n" for number, each in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{parts}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def times(*events: str, zone: str = "Europe/Berlin") -> list[tuple[str, str]]:
    found = taken(file(*events), zone, START, END)
    return [(f"{each.start:%m-%dT%H:%M}", f"{each.end:%m-%dT%H:%M}") for each in found]


def test_a_single_event_of_a_zone_and_one_in_utc() -> None:
    assert times(
        "DTSTART;TZID=America/New_York:20260309T100000\nDTEND;TZID=America/New_York:20260309T110000",
        "DTSTART:20260308T100000Z\nDURATION:PT45M",
    ) == [("03-08T10:00", "03-08T10:45"), ("03-09T14:00", "03-09T15:00")]


def test_a_weekly_event_stays_at_its_wall_time_when_the_clocks_change() -> None:
    begins = "DTSTART;TZID=Europe/Berlin:20260322T100000\nDTEND;TZID=Europe/Berlin:20260322T110000"
    assert times(f"{begins}\nRRULE:FREQ=WEEKLY;COUNT=2") == [
        ("03-22T09:00", "03-22T10:00"),
        ("03-29T08:00", "03-29T09:00"),
    ]


def test_exceptions_and_changes_of_single_times() -> None:
    daily = "DTSTART:20260310T100000Z\nDTEND:20260310T110000Z\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE:20260311T100000Z"
    moved = "DTSTART:20260312T150000Z\nDTEND:20260312T160000Z\nRECURRENCE-ID:20260312T100000Z"
    text = file(daily, moved).replace(b"UID:1", b"UID:0")
    found = [f"{each.start:%dT%H}" for each in taken(text, "UTC", START, END)]
    assert found == ["10T10", "12T15", "13T10"]


def test_whole_days_and_floating_times_are_of_the_given_zone() -> None:
    assert times("DTSTART;VALUE=DATE:20260329\nDTEND;VALUE=DATE:20260330") == [("03-28T23:00", "03-29T22:00")]
    assert times("DTSTART;VALUE=DATE:20260310") == [("03-09T23:00", "03-10T23:00")]
    floating = "DTSTART:20260310T100000\nDTEND:20260310T110000"
    assert times(floating) == [("03-10T09:00", "03-10T10:00")]
    assert times(floating, zone="Asia/Kathmandu") == [("03-10T04:15", "03-10T05:15")]


def test_what_is_transparent_cancelled_or_empty_takes_no_time() -> None:
    at = "DTSTART:20260310T100000Z\nDTEND:20260310T110000Z"
    assert times(f"{at}\nTRANSP:TRANSPARENT", f"{at}\nSTATUS:CANCELLED", "DTSTART:20260310T100000Z") == []
    assert len(times(f"{at}\nTRANSP:OPAQUE", f"{at}\nSTATUS:TENTATIVE")) == 2


def test_an_endless_event_is_read_as_far_as_asked_for() -> None:
    daily = "DTSTART:20200101T100000Z\nDTEND:20200101T110000Z\nRRULE:FREQ=DAILY"
    assert len(times(daily)) == 61


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"\xff\xfe",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n",
        file("DTSTART:20260310T100000Z\nDTEND:20260310T100001Z\nRRULE:FREQ=SECONDLY"),
        file("DTSTART:20260310T100000Z\nDTEND:20260310T100001Z\nRRULE:FREQ=MINUTELY"),
    ],
)
def test_what_is_no_calendar_is_said_to_be_none(text: bytes) -> None:
    with pytest.raises(Rejected, match="calendar_invalid"):
        taken(text, "UTC", START, END)
