"""Exported group chats that never happened: realistic, of any length, the same for the same seed."""

from datetime import date
from pathlib import Path

from producers.chat_export_sample.conversation import ZONE, Group, Person, conversation
from producers.chat_export_sample.exporting import Phone, export

__all__ = ["HIKERS", "HOUSE", "ZONE", "Group", "Person", "Phone", "conversation", "export", "write_sample"]


def _person(number: int, name: str, called: str, *speaks: str) -> Person:
    return Person(name, called, frozenset(("en", *speaks)), f"+49176040690{number:02}")


ANN = _person(1, "Ann Becker", "Ann", "de")
JONAS = _person(2, "Jonas Weber", "Jonas", "de")
LAYLA = _person(3, "ليلى حداد", "Layla", "ar")
OMAR = _person(4, "عمر الخطيب", "Omar", "ar")
NOA = _person(5, "נועה לוי", "Noa", "he")
EITAN = _person(6, "איתן כהן", "Eitan", "he")
PRIYA = _person(7, "प्रिया शर्मा", "Priya", "hi")
ROHAN = _person(8, "रोहन वर्मा", "Rohan", "hi")
MARIA = _person(9, "María José Ortega", "María José", "es")
TOMASZ = _person(10, "Tomasz Zieliński", "Tomasz")
FREYA = _person(11, "Freya Lindqvist", "Freya")
HENK = _person(12, "+49 176 04069012", "Henk")  # nobody has saved his number

HOUSE = Group(
    title="Kastanienhof 7 🌳",
    former_title="House group: Kastanienhof",
    topics=frozenset({"house", "any"}),
    people=(ANN, JONAS, LAYLA, OMAR, NOA, EITAN, PRIYA, ROHAN, MARIA, TOMASZ, HENK),
    founded=date(2023, 9, 15),
)
HIKERS = Group(
    title="Sunday hikers ⛰️",
    former_title="Walking: who and when",
    topics=frozenset({"trips", "any"}),
    people=(FREYA, EITAN, LAYLA, PRIYA, NOA, OMAR, ROHAN, MARIA, JONAS, HENK),
    founded=date(2023, 9, 24),
)


def write_sample(path: Path, group: Group, phone: Phone, *, messages: int = 2_000, seed: int = 1) -> None:
    """Writes the export of a group's chat: UTF-8, the clock of `ZONE`."""
    said = conversation(group, messages=messages, seed=seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(piece for piece, _ in export(said, group, phone))
