"""One vehicle is one plate, however it is written."""

import pytest

from domain.kernel import Rejected
from domain.parking.plates import check_plate, misread, plate_of


@pytest.mark.parametrize(
    ("text", "country", "plate"),
    [
        ("B-AB 1234", "DE", "DE:BAB1234"),
        ("b ab1234 ", "de", "DE:BAB1234"),
        ("TÜ·X 99E", "DE", "DE:TUX99E"),
        ("А 123 ВС 77", "RU", "RU:A123BC77"),  # Cyrillic А, В, С
        ("1-ABC-234", "BE", "BE:1ABC234"),
    ],
)
def test_spellings_of_a_plate(text: str, country: str, plate: str) -> None:
    assert plate_of(text, country) == plate
    check_plate(plate)


@pytest.mark.parametrize(
    ("text", "country"), [("", "DE"), ("---", "DE"), ("B AB 1", "D"), ("B" * 13, "DE"), ("日本", "JP")]
)
def test_what_is_no_plate(text: str, country: str) -> None:
    with pytest.raises(Rejected, match="plate_invalid"):
        plate_of(text, country)
    with pytest.raises(Rejected, match="plate_invalid"):
        check_plate(f"{country}:{text}".lower())


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        ("DE:BAB123", "DE:BAB123", 0.0),
        ("DE:BAB123", "DE:8AB123", 0.5),
        ("DE:BOB10", "DE:8081O", 2.0),
        ("DE:BAB123", "FR:BAB123", 0.5),
        ("DE:BAB123", "DE:BAB12", 1.0),
        ("DE:BAB123", "DE:XAB1234", 2.0),
    ],
)
def test_how_much_was_misread(one: str, other: str, far: float) -> None:
    assert misread(one, other) == misread(other, one) == far
