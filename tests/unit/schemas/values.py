"""Any value that a message's annotations allow: what the properties of the codec are tried with."""

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st

from domain.kernel import Message, Snapshot
from schemas.registry import Entry

SMALL = 3  # of collections

_CENTURIES = timedelta(days=100_000)
_SCALARS: dict[object, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.one_of(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-300, 300)),
    float: st.floats(allow_nan=False),
    str: st.text(max_size=30),
    bytes: st.binary(max_size=40),
    datetime: st.datetimes(timezones=st.just(UTC)),
    date: st.dates(),
    timedelta: st.timedeltas(-_CENTURIES, _CENTURIES),
    UUID: st.uuids(),
}


@cache
def messages(entry: Entry) -> st.SearchStrategy[Message]:
    """Any message of this type."""
    if entry.state is not None:
        return st.builds(Snapshot, version=_SCALARS[int], state=values(entry.state))
    return values(entry.message)


@cache
def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value of this type."""
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return st.one_of(*(st.none() if each is NoneType else values(each) for each in arguments))
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=SMALL).map(tuple)
    if origin is frozenset:
        return st.frozensets(values(arguments[0]), max_size=SMALL)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=SMALL)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return st.sampled_from(annotation)
    if isinstance(annotation, type) and is_dataclass(annotation):
        hints = get_type_hints(annotation)
        return st.builds(annotation, **{each.name: values(hints[each.name]) for each in fields(annotation)})
    raise NotImplementedError(annotation)
