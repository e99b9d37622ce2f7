"""Headers: a time that was written is read, and no other form; an event's are the same in both ways to make them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Command, Recorded, event_headers, from_timestamp, recorded_of, timestamp


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_time_comes_back_to_the_microsecond(micros: int) -> None:
    assert from_timestamp(timestamp(micros)) == micros


@pytest.mark.parametrize(
    "text",
    [
        b"2026-03-01T12:00:00Z",
        b"2026-03-01T12:00:00.0000000",
        b"2026-03-01 12:00:00.000000Z",
        b"2026-W09-7T12:00:00.000000Z",
        b"2026-13-01T12:00:00.000000Z",
        b"2026-03-01T12:00:6x.000000Z",
        b"2026-03-01T12-00-00.000000Z",
        b"",
    ],
)
def test_another_form_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        from_timestamp(text)


@pytest.mark.parametrize("traceparent", ["", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
def test_an_event_s_headers_are_put_together_from_its_command_s(traceparent: str) -> None:
    command = Command(
        id="number",
        type="library.copy.Lend",
        key="copy/größe",
        time=1,
        actor="person|ann",
        correlation="first",
        causation="before",
        source="/somebody",
        traceparent=traceparent,
    )
    headers = event_headers("library", b"library.copy.Lent", command.headers(), 2, 30, 4, 5_000_000, traceparent)
    at = Recorded(
        id="number:2",
        type="library.copy.Lent",
        system="library",
        partition=7,
        sequence=30,
        key="copy/größe",
        version=4,
        micros=5_000_000,
        actor="person|ann",
        correlation="first",
        causation="number",
        traceparent=traceparent,
    )
    assert headers == at.headers()
    assert recorded_of("library.events", 7, headers) == at
