"""Which Avro schema a dataclass has."""

from dataclasses import dataclass, field, make_dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import fastavro
import pytest

from schemas.avro import Unsupported, schema_of
from schemas.registry import entries
from tests.unit.schemas.library import Catalogued, Copy, Discard, Loan, Moved, Shelf, catalogue, message

UUID_TYPE = {"type": "fixed", "name": "septet.Uuid", "size": 16, "logicalType": "uuid"}
SHELF = {"type": "string", "enum": ["open", "cellar"]}


def of(found: type) -> dict[str, Any]:
    return schema_of(found, f"septet.library.copy.{found.__name__}")


def types(found: type) -> dict[str, Any]:
    return {each["name"]: each["type"] for each in of(found)["fields"]}


def test_each_python_type_has_its_avro_type() -> None:
    loan = {
        "type": "record",
        "name": "septet.library.copy.Loan",
        "fields": [
            {"name": "reader", "type": "septet.Uuid"},
            {"name": "due", "type": {"type": "int", "logicalType": "date"}},
            {"name": "extended", "type": "boolean", "default": False},
        ],
    }

    def entry(name: str, key: Any, value: Any) -> dict[str, Any]:
        parts = [{"name": "key", "type": key}, {"name": "value", "type": value}]
        items = {"type": "record", "name": f"septet.library.copy.Catalogued{name}Entry", "fields": parts}
        return {"type": "array", "items": items, "logicalType": "map"}

    assert types(Catalogued) == {
        "copy": UUID_TYPE,
        "title": "string",
        "pages": "long",
        "weight": "double",
        "cover": "bytes",
        "at": {"type": "long", "logicalType": "timestamp-micros"},
        "printed": {"type": "int", "logicalType": "date"},
        "lent_for": {"type": "long", "logicalType": "duration-micros"},
        "shelf": SHELF,
        "donor": ["null", "septet.Uuid"],
        "authors": {"type": "array", "items": "string"},
        "topics": {"type": "array", "items": "string", "logicalType": "set"},
        "prices": {"type": "map", "values": "long"},
        "notes": entry("Notes", "septet.Uuid", "string"),
        "editions": entry("Editions", "long", loan),
        "by_shelf": entry("ByShelf", SHELF, {"type": "array", "items": "long"}),
        "last": "septet.library.copy.Loan",
        "loans": {"type": "array", "items": "septet.library.copy.Loan"},
        "first": ["null", "septet.library.copy.Loan"],
    }


def test_a_default_of_the_dataclass_is_the_default_of_the_field() -> None:
    assert {each["name"]: each["default"] for each in of(Moved)["fields"]} == {
        "copy": "\0\0\0\0\0\0\x70\0\x80\0\0\0\0\0\0\x0a",
        "title": "é",
        "pages": -1,
        "weight": 0.5,
        "cover": "\x00\xff",
        "at": 1_777_636_800_123_456,
        "printed": -1,
        "lent_for": 21 * 86_400_000_000,
        "shelf": "cellar",
        "donor": None,
        "keeper": "\0\0\0\0\0\0\x70\0\x80\0\0\0\0\0\0\x0b",
        "authors": ["Ann", "Bob"],
        "topics": [],
        "prices": {"EUR": 1250},
        "notes": [],
        "last": {"reader": "\0\0\0\0\0\0\x70\0\x80\0\0\0\0\0\0\x0b", "due": 1, "extended": False},
    }
    assert types(Moved)["donor"] == ["null", "septet.Uuid"]
    assert types(Moved)["keeper"] == ["septet.Uuid", "null"]  # a default is of the first branch
    assert all("default" not in each for each in of(Catalogued)["fields"])


def test_other_libraries_accept_the_schemas() -> None:
    for entry in entries(catalogue()):
        fastavro.parse_schema(entry.schema())


def test_names_documentation_and_marks_are_carried() -> None:
    schema = of(Catalogued)
    assert schema["name"] == "septet.library.copy.Catalogued"
    assert schema["doc"] == "A copy came into the library.\n\nAll that is known of it."
    assert "doc" not in of(Loan)
    assert [each["name"] for each in schema["fields"] if each.get("personal") == "copy"] == ["title"]


def test_a_registered_message_has_its_name_and_kind() -> None:
    found = {entry.name: entry for entry in entries(catalogue())}
    assert {name: entry.kind for name, entry in found.items()} == {
        "kernel.Answer": "kernel",
        "kernel.Head": "kernel",
        "kernel.Inquire": "kernel",
        "library.copy.Catalogued": "event",
        "library.copy.Discard": "command",
        "library.copy.Lend": "command",
        "library.copy.Moved": "event",
        "library.copy.Snapshot": "state",
        "unit.schemas.library.Rang": "signal",
    }
    schema = found["library.copy.Snapshot"].schema()
    assert (schema["name"], schema["kind"]) == ("septet.library.copy.Snapshot", "state")
    version, state = schema["fields"]
    assert version == {"name": "version", "type": "long"}
    assert state == {"name": "state", "type": schema_of(Copy, "septet.library.copy.Copy")}


@dataclass
class Unfrozen:
    page: int


@dataclass(frozen=True)
class Nested:
    inner: Unfrozen


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    BIG = 1


@dataclass(frozen=True)
class Itself:
    children: tuple["Itself", ...]


@dataclass(frozen=True)
class Hidden:
    made: int = field(init=False, default=0)


@dataclass(frozen=True)
class Outer:
    nothing: tuple[Discard, ...]


@dataclass(frozen=True)
class Sparse:
    reader: UUID | None = None


@dataclass(frozen=True)
class Unwritable:
    sparse: Sparse = Sparse(UUID(int=1))


def with_default(annotation: Any, default: Any) -> type:
    return make_dataclass("Odd", [("odd", annotation, default)], frozen=True)


@pytest.mark.parametrize(
    "odd",
    [
        int,
        Unfrozen,
        Nested,
        Itself,
        Hidden,
        Outer,
        Unwritable,
        message("Odd", odd=object),
        message("Odd", odd=Any),
        message("Odd", odd=Decimal),
        message("Odd", odd=Colour),
        message("Odd", odd=Size),
        message("Odd", odd=list[int]),
        message("Odd", odd=set[int]),
        message("Odd", odd=tuple[int, str]),
        message("Odd", odd=tuple[int]),
        message("Odd", odd=int | str),
        message("Odd", odd=int | str | None),
        message("Odd", odd=dict[Discard, int]),
        message("Odd", odd=frozenset[Discard]),
        with_default(float, float("nan")),
        with_default(float, float("inf")),
        with_default(frozenset[int], frozenset((1,))),
    ],
    ids=lambda odd: f"{odd.__name__} {getattr(odd, '__annotations__', '')}",
)
def test_what_has_no_form_on_the_wire_is_refused(odd: type) -> None:
    with pytest.raises(Unsupported):
        of(odd)


def test_two_types_of_one_name_are_refused() -> None:
    with pytest.raises(Unsupported, match="called Loan"):
        of(message("Both", one=Loan, other=message("Loan", page=int)))


def test_an_enumeration_lists_its_members_and_stays_a_string() -> None:
    assert types(message("Odd", odd=Shelf))["odd"] == SHELF
