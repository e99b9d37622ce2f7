"""Times in headers: what was written is read, and no other form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import from_timestamp, timestamp


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
