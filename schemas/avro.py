"""From a dataclass to its Avro schema: which Python types may be on the wire, and what each of them is there."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from inspect import cleandoc
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.instants import EPOCH, micros

Schema = str | list[Any] | dict[str, Any]  # as the Avro specification writes it in JSON

MICROSECOND = timedelta(microseconds=1)


class Logical(StrEnum):
    """What a value of a simpler Avro type means.

    DURATION, SET and MAP are not of the specification (the last is Iceberg's): others see longs and arrays there.
    """

    INSTANT = "timestamp-micros"
    DAY = "date"
    DURATION = "duration-micros"
    UUID = "uuid"
    SET = "set"  # without repeats, in one order
    MAP = "map"  # of keys that are no strings, as records of key and value, in one order


_SCALARS: dict[object, Schema] = {
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    bytes: "bytes",
    datetime: {"type": "long", "logicalType": Logical.INSTANT},
    date: {"type": "int", "logicalType": Logical.DAY},
    timedelta: {"type": "long", "logicalType": Logical.DURATION},
}
_UUID = "septet.Uuid"


class Unsupported(TypeError):
    """A dataclass that cannot be on the wire; says which field of it, and why."""


def schema_of(message: type, full_name: str, types: Mapping[str, type] | None = None) -> dict[str, Any]:
    """The Avro record of a frozen dataclass; `types` says what fields annotated `Any` hold. Raises Unsupported."""
    namespace, _, name = full_name.rpartition(".")
    return _Record(namespace).define(message, name, types or {})


class _Record:
    """One schema in the making: Avro wants each named type spelled out once and only named from then on."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._classes: dict[str, object] = {}
        self._named: dict[str, dict[str, Any]] = {}

    def define(self, message: type, name: str, types: Mapping[str, type]) -> dict[str, Any]:
        if not (is_dataclass(message) and message.__dataclass_params__.frozen):  # type: ignore[attr-defined]
            raise Unsupported(f"{name} is not a frozen dataclass")
        record = self._name(name, message, {"type": "record", "name": f"{self._namespace}.{name}"})
        if doc := _doc(message):
            record["doc"] = doc
        hints = {**get_type_hints(message), **types}
        parts = [self._field(each, hints[each.name], (name, each.name)) for each in fields(message)]
        record["fields"] = parts  # set last: what names this record before is inside it
        return record

    def _name(self, name: str, owner: object, schema: dict[str, Any]) -> dict[str, Any]:
        full_name = schema["name"]
        if full_name in self._classes:
            raise Unsupported(f"two different types in one message are called {name}")
        self._classes[full_name], self._named[full_name] = owner, schema
        return schema

    def _field(self, field: Field[Any], annotation: object, where: tuple[str, ...]) -> dict[str, Any]:
        if not field.init:
            raise Unsupported(f"{'.'.join(where)} is no parameter of its class")
        schema = self._type(annotation, where)
        written: dict[str, Any] = {"name": field.name, "type": schema}
        value = field.default if field.default_factory is MISSING else field.default_factory()
        if value is not MISSING:
            if isinstance(schema, list) and value is not None:
                schema.reverse()  # a default is of the first branch
            written["default"] = self._default(value, schema, where)
        if "personal" in field.metadata:
            written["personal"] = field.metadata["personal"]
        return written

    def _type(self, annotation: Any, where: tuple[str, ...]) -> Schema:
        if annotation in _SCALARS:
            scalar = _SCALARS[annotation]
            return dict(scalar) if isinstance(scalar, dict) else scalar
        if annotation is UUID:
            return self._uuid()
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin in (Union, UnionType) and len(arguments) == 2 and NoneType in arguments:
            (present,) = (each for each in arguments if each is not NoneType)
            return ["null", self._type(present, where)]
        if origin is tuple and arguments[1:] == (...,):
            return {"type": "array", "items": self._item(arguments[0], where)}
        if origin is frozenset:
            return {"type": "array", "items": self._item(arguments[0], where), "logicalType": Logical.SET}
        if origin is dict:
            return self._dict(arguments[0], arguments[1], where)
        if isinstance(annotation, type) and issubclass(annotation, StrEnum):
            return {"type": "string", "enum": [each.value for each in annotation]}
        if isinstance(annotation, type) and is_dataclass(annotation):
            return self._nested(annotation, where)
        raise Unsupported(f"{'.'.join(where)}: {annotation} has no form on the wire")

    def _uuid(self) -> Schema:
        if _UUID in self._named:
            return _UUID
        return self._name("Uuid", UUID, {"type": "fixed", "name": _UUID, "size": 16, "logicalType": Logical.UUID})

    def _nested(self, annotation: type, where: tuple[str, ...]) -> Schema:
        full_name = f"{self._namespace}.{annotation.__name__}"
        if self._classes.get(full_name) is not annotation:
            return self.define(annotation, annotation.__name__, {})
        if "fields" not in self._named[full_name]:
            raise Unsupported(f"{'.'.join(where)}: {annotation.__name__} contains itself")
        return full_name

    def _item(self, annotation: object, where: tuple[str, ...]) -> Schema:
        item = self._type(annotation, where)
        if self._is_empty(item):
            # Nothing would stop a forged count of them from filling the memory.
            raise Unsupported(f"{'.'.join(where)}: items that take no bytes cannot be counted")
        return item

    def _is_empty(self, schema: Schema) -> bool:
        shape = self._shape(schema)
        return isinstance(shape, dict) and shape["type"] == "record" and all(map(self._is_empty, _types(shape)))

    def _dict(self, key: object, value: object, where: tuple[str, ...]) -> Schema:
        if key is str:
            return {"type": "map", "values": self._type(value, (*where, "value"))}
        name = "".join(part[:1].upper() + part[1:] for each in where for part in each.split("_")) + "Entry"
        entry = self._name(name, None, {"type": "record", "name": f"{self._namespace}.{name}"})
        keys, values = self._type(key, (*where, "key")), self._type(value, (*where, "value"))
        entry["fields"] = [{"name": "key", "type": keys}, {"name": "value", "type": values}]
        if self._is_empty(keys):
            raise Unsupported(f"{'.'.join(where)}: keys that take no bytes cannot be counted")
        return {"type": "array", "items": entry, "logicalType": Logical.MAP}

    def _shape(self, schema: Schema) -> Schema:
        return self._named.get(schema, schema) if isinstance(schema, str) else schema

    def _default(self, value: Any, schema: Schema, where: tuple[str, ...]) -> Any:
        """A default as the specification writes it in JSON: bytes as Latin-1, a union's value as its first branch."""
        schema = self._shape(schema)
        if isinstance(schema, list):
            if (value is None) != (schema[0] == "null"):
                raise Unsupported(f"{'.'.join(where)}: Avro has no such default for a field that may be None")
            return None if value is None else self._default(value, schema[0], where)
        match value:
            case bool() | int() | str():
                return value.value if isinstance(value, StrEnum) else value
            case float() if isfinite(value):
                return value
            case bytes() | UUID():
                return (value.bytes if isinstance(value, UUID) else value).decode("latin-1")
            case datetime():
                return micros(value)
            case date():
                return value.toordinal() - EPOCH.toordinal()
            case timedelta():
                return value // MICROSECOND
        match schema:
            case {"type": "map", "values": values}:
                return {key: self._default(each, values, where) for key, each in sorted(value.items())}
            case {"type": "array"} if not value:
                return []
            case {"type": "array", "items": items} if isinstance(value, tuple):
                return [self._default(each, items, where) for each in value]
            case {"type": "record", "fields": [*parts]}:
                names = [(each["name"], each["type"]) for each in parts]
                return {name: self._default(getattr(value, name), part, where) for name, part in names}
        raise Unsupported(f"{'.'.join(where)}: no way to write the default {value!r}")


def _types(record: dict[str, Any]) -> list[Schema]:
    return [each["type"] for each in record["fields"]]


def _doc(message: type) -> str:
    doc = message.__doc__ or ""
    return "" if doc.startswith(f"{message.__name__}(") else cleandoc(doc)  # dataclass makes one of the signature
