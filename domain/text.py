"""What people type, checked: how long it may be and which characters it may hold."""

import re
import unicodedata

from domain.kernel import Reason, Rejected

# Would turn the text around it: https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings and _Overrides.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e")
_UNSEEN = frozenset(("Cc", "Cf", "Zl", "Zp", "Zs"))
_NEVER_IN_A_LINE = frozenset(("Cc", "Cs", "Zl", "Zp"))

_EMAIL = 254  # code points (RFC 5321, 4.5.3.1.3)
_LONGEST = 2_000  # characters of an address on the web
_URL = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?([/?#][!-~]*)?")  # no user, no password


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen: only spaces, control and format characters."""
    return all(char.isspace() or unicodedata.category(char) in _UNSEEN for char in text)


def check_line(text: str, what: str, most: int) -> None:
    """Raises Rejected("<what>_invalid") unless it is one visible line of at most `most` code points."""
    if not text or len(text) > most or is_blank(text):
        raise Rejected(f"{what}_invalid", f"Give a {what} of 1 to {most} characters.", Reason.INVALID)
    if any(char in _TURNING or unicodedata.category(char) in _NEVER_IN_A_LINE for char in text):
        raise Rejected(
            f"{what}_invalid", f"The {what} holds characters that cannot be shown. Remove them.", Reason.INVALID
        )


def utf8_size(text: str) -> int:
    """Its length in bytes; raises Rejected("text_invalid") where it holds half a character (a lone surrogate)."""
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise Rejected("text_invalid", "The text holds half a character. Remove it.", Reason.INVALID) from error


def check_email(email: str) -> None:
    """Raises Rejected("email_invalid") for what nobody could be reached at."""
    name, _, host = email.rpartition("@")
    if not name or "." not in host or len(email) > _EMAIL or not email.isascii() or any(each <= " " for each in email):
        raise Rejected("email_invalid", "Give an e-mail address such as ann@example.org.", Reason.INVALID)


def check_url(url: str) -> None:
    """Raises Rejected("url_invalid") for what is no address on the web. Where it leads is checked by who calls it."""
    if len(url) > _LONGEST or not _URL.fullmatch(url):
        raise Rejected("url_invalid", "Give an address such as https://example.org/hook.", Reason.INVALID)
