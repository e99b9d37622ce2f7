"""What the compatibility gate lets pass and what it refuses, against each version that was released."""

from dataclasses import field, make_dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest

from schemas.avro import schema_of
from schemas.gate import refusals
from schemas.registry import Version, wire


class Role(StrEnum):
    OWNER = "owner"
    MEMBER = "member"


class MoreRoles(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


def inner(name: str = "Inner", **fields: Any) -> type:
    return make_dataclass(name, [_parts(*each) for each in fields.items()], frozen=True)


def _parts(name: str, said: Any) -> Any:
    """A field that is said as its type, or as its type and its default."""
    if not isinstance(said, tuple):
        return name, said
    annotation, default = said
    made = field(default_factory=lambda: default) if isinstance(default, dict) else field(default=default)
    return name, annotation, made


def record(**fields: Any) -> dict[str, Any]:
    schema: dict[str, Any] = wire(schema_of(inner("Thing", **fields), "septet.library.copy.Thing"))
    return schema


TEXT, BYTES = inner(x=str), inner(x=bytes)


def gate(*versions: dict[str, Any]) -> list[str]:
    """The refusals of the last of these versions, after all others were released."""
    *released, new = versions
    return refusals(new, [Version(number, schema) for number, schema in enumerate(released, 1)])


def test_the_first_version_and_the_same_again_pass() -> None:
    thing = record(copy=UUID, at=datetime, notes=dict[UUID, str], role=Role, first=UUID | None)
    assert gate(thing) == []
    assert gate(thing, thing) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (record(a=int), record(a=int, b=(str, ""))),
        (record(a=int, b=(str, "")), record(a=int)),
        (record(a=int), record(a=int, b=(UUID | None, None))),
        (record(a=int), record(a=int, b=(dict[UUID, int], {}))),
        (record(a=int, b=str), record(b=str, a=int)),
        (record(a=int), record(a=(int, 7))),
        (record(a=(int, 7)), record(a=(int, 8))),
        (record(a=Role), record(a=MoreRoles)),
        (record(a=Role | None), record(a=MoreRoles | None)),
        (record(a=Role), record(a=str)),
        (record(a=(int | None, None)), record(a=(int | None, 7))),
        (record(a=inner(x=int)), record(a=inner(x=int, y=(int, 0)))),
        (record(a=tuple[inner(x=int), ...]), record(a=tuple[inner(x=int, y=(int, 0)), ...])),  # type: ignore[misc]
        (record(a=dict[UUID, inner(x=int)]), record(a=dict[UUID, inner(x=int, y=(int, 0))])),  # type: ignore[misc]
        (record(a=UUID, b=UUID), record(b=UUID, a=UUID)),
    ],
)
def test_what_both_sides_can_read_passes(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert gate(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (record(a=int, b=str), record(a=int), "old code cannot read new data: reader field missing default value"),
        (record(a=int), record(a=int, b=str), "new code cannot read old data: reader field missing default value"),
        (record(a=int), record(b=int), "reader field missing default value"),
        (record(a=int), record(a=str), "type mismatch"),
        (record(a=int), record(a=float), "old code cannot read new data: type mismatch"),
        (record(a=int), record(a=int | None), "old code cannot read new data"),
        (record(a=int | None), record(a=int), "new code cannot read old data"),
        (record(a=int), record(a=tuple[int, ...]), "type mismatch"),
        (record(a=dict[str, int]), record(a=dict[UUID, int]), "type mismatch"),
        (record(a=inner(x=int)), record(a=inner("Other", x=int)), "name mismatch"),
        (record(a=inner(x=int)), record(a=inner(x=int, y=int)), "reader field missing default value"),
        # Avro itself would let these pass.
        (record(a=str), record(a=bytes), "Thing.a was string and is now bytes"),
        (record(a=int), record(a=datetime), "Thing.a was a plain long and is now timestamp-micros"),
        (record(a=datetime), record(a=timedelta), "Thing.a was timestamp-micros and is now duration-micros"),
        (record(a=datetime | None), record(a=timedelta | None), "Thing.a was timestamp-micros"),
        (record(a=tuple[int, ...]), record(a=frozenset[int]), "Thing.a was a plain array and is now set"),
        (record(a=dict[str, str]), record(a=dict[str, bytes]), "Thing.a was string and is now bytes"),
        (record(a=MoreRoles), record(a=Role), "Thing.a can no longer be admin"),
        (record(a=tuple[MoreRoles, ...]), record(a=tuple[Role, ...]), "Thing.a can no longer be admin"),
        (record(a=dict[MoreRoles, int]), record(a=dict[Role, int]), "Thing.a.key can no longer be admin"),
        (record(a=inner(x=MoreRoles)), record(a=inner(x=Role)), "Thing.a.x can no longer be admin"),
        (record(b=TEXT, a=TEXT), record(a=BYTES, b=BYTES), "Thing.b.x was string and is now bytes"),
        (record(a=str), record(a=Role), "Thing.a was any text and is now only owner, member"),
    ],
)
def test_what_one_side_cannot_read_is_refused(old: dict[str, Any], new: dict[str, Any], why: str) -> None:
    refused = gate(old, new)
    assert refused
    assert all(reason.startswith("septet.library.copy.Thing against its version of id 1: ") for reason in refused)
    assert any(why in reason for reason in refused), refused


def test_every_released_version_counts_not_only_the_last() -> None:
    first, hidden, third = record(a=int, b=(str, "")), record(a=int), record(a=int, b=(int, 0))
    assert gate(first, hidden) == []
    assert gate(hidden, third) == []
    refused = gate(first, hidden, third)
    assert refused
    assert all("against its version of id 1" in reason for reason in refused)


def test_a_field_may_come_back_as_it_was() -> None:
    assert gate(record(a=int, b=(str, "")), record(a=int), record(a=int, b=(str, ""))) == []
