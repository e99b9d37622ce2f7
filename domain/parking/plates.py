"""Number plates in one form, so that one vehicle is one vehicle however its plate was typed or read."""

import unicodedata

from domain.kernel import Reason, Rejected

LONGEST = 12
# Countries whose plates use only those Cyrillic or Greek letters that look like Latin ones
# (Vienna Convention on Road Traffic, annex 2: capital Latin characters).
_ALIKE = str.maketrans("АВЕКМНОРСТУХІΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIABEZHIKMNOPTYX")


def plate_of(text: str, country: str) -> str:
    """The plate as "DE:BAB1234": country (ISO 3166-1 alpha-2), then letters and digits alone, in capitals.

    Umlauts lose their dots, as cameras read them. Raises Rejected("plate_invalid").
    """
    land = country.strip().upper()
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    letters = "".join(each for each in plain.upper().translate(_ALIKE) if each.isascii() and each.isalnum())
    if len(land) != 2 or not (land.isascii() and land.isalpha()) or not 0 < len(letters) <= LONGEST:
        raise Rejected(
            "plate_invalid", "Give a number plate and its country, such as B-AB 1234 and DE.", Reason.INVALID
        )
    return f"{land}:{letters}"


def check_plate(plate: str) -> None:
    """Raises Rejected("plate_invalid") unless it is in the form of `plate_of`."""
    country, _, letters = plate.partition(":")
    if plate_of(letters, country) != plate:
        raise Rejected("plate_invalid", "Give a number plate in its normalised form.", Reason.INVALID)
