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


# Letters and digits that cameras and people take for each other.
_CONFUSED = [frozenset(each) for each in ("0ODQ", "1IL", "2Z", "5S", "6G", "8B", "UV", "VY", "MN", "EF", "CG", "PR")]


def misread(one: str, other: str) -> float:
    """How much has to be misread for one plate to be taken for another: 0 for the same, 1 for each letter.

    An edit distance (Levenshtein) in which letters that look alike, and another country, count a half.
    """
    land, _, here = one.partition(":")
    other_land, _, there = other.partition(":")
    row = [float(place) for place in range(len(there) + 1)]
    for number, mine in enumerate(here, start=1):
        previous, row = row, [float(number)]
        for place, theirs in enumerate(there, start=1):
            swap = 0.0 if mine == theirs else 0.5 if any({mine, theirs} <= each for each in _CONFUSED) else 1.0
            row.append(min(previous[place] + 1, row[place - 1] + 1, previous[place - 1] + swap))
    return row[-1] + (0.5 if land != other_land else 0.0)
