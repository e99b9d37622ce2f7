from contextlib import suppress

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.kernel import Rejected
from domain.text import check_line, is_blank, utf8_size


@pytest.mark.parametrize(
    "line",
    [
        "Ann",
        "Zoë O’Neill",
        "مُحمّد",
        "می‌خواهم",  # with a zero-width non-joiner, as Persian wants it
        "太郎",
        "👩‍👩‍👧",
        "x" * 64,
        "\U0001fae8",  # newer than the Unicode of Python 3.11
    ],
)
def test_a_line_people_write_is_fine(line: str) -> None:
    check_line(line, "name", 64)


@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        "\u200b\u200d",  # nothing of it can be seen
        "x" * 65,
        "two\nlines",
        "two\u2028lines",
        "nul\x00",
        "bell\x07",
        "\u202etxt.exe",  # turns what follows it
        "\ud800",  # half a character
    ],
)
def test_a_line_that_cannot_be_shown_is_refused(line: str) -> None:
    with pytest.raises(Rejected) as refused:
        check_line(line, "name", 64)
    assert refused.value.code == "name_invalid"


def test_blank_is_what_nobody_sees() -> None:
    assert is_blank("")
    assert is_blank(" \t\n\u200b\u3000\ufeff")
    assert not is_blank(" . ")


def test_size_is_counted_in_bytes() -> None:
    assert utf8_size("aé太👍") == 1 + 2 + 3 + 4


def test_half_a_character_has_no_size() -> None:
    with pytest.raises(Rejected) as refused:
        utf8_size("a\udc00")
    assert refused.value.code == "text_invalid"


@for_all(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_text_is_either_fine_or_refused(text: str) -> None:
    with suppress(Rejected):
        check_line(text, "title", 64)
        assert 0 < len(text) <= 64
        assert utf8_size(text) <= 4 * 64
