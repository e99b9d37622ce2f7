"""The compatibility gate: what a schema must not change, measured against every version that was ever released.

FULL_TRANSITIVE as schema registries call it: new code reads everything in the log, and old code, still running or
brought back, reads what new code writes. The official Avro library judges the schemas; the rest here is what it does
not look at, the meaning our codec and readers give to a type. Only for tests and `python -m schemas`.
"""

import json
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from avro import schema as avro_schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.errors import IgnoredLogicalType

from schemas.avro import Schema
from schemas.registry import Version


def refusals(schema: dict[str, Any], released: Sequence[Version]) -> list[str]:
    """Why this schema may not follow these versions, a sentence for each reason; none: it may."""
    return [
        f"{schema['name']} against its version of id {version.id}: {reason}"
        for version in released
        for reason in dict.fromkeys([*_unreadable(schema, version.schema), *_changed(schema, version.schema)])
    ]


def _unreadable(new: dict[str, Any], old: dict[str, Any]) -> Iterator[str]:
    for whose, reader, writer in (
        ("new code cannot read old data", new, old),
        ("old code cannot read new data", old, new),
    ):
        checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
        result = checker.get_compatibility(_parsed(reader), _parsed(writer))
        if result.compatibility is not SchemaCompatibilityType.compatible:
            kinds = sorted({each.name.replace("_", " ") for each in result.incompatibilities})
            places = sorted(result.messages | result.locations - {"/"})
            yield f"{whose}: {', '.join(kinds)} ({', '.join(places)})"


def _parsed(schema: dict[str, Any]) -> avro_schema.Schema:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IgnoredLogicalType)  # ours, and the UUIDs of 16 bytes that came with Avro 1.12
        return avro_schema.parse(json.dumps(schema))


def _changed(new: dict[str, Any], old: dict[str, Any]) -> Iterator[str]:
    yield from _Meanings(_definitions(new), _definitions(old)).differences(new, old, new["name"].rpartition(".")[2])


class _Meanings:
    """Walks two schemas side by side, as far as both have the same; what Avro itself refuses is not said again."""

    def __init__(self, new_types: dict[str, Schema], old_types: dict[str, Schema]) -> None:
        self._new_types, self._old_types = new_types, old_types

    def differences(self, new: Schema, old: Schema, where: str) -> Iterator[str]:
        new, old = _plain(new, self._new_types), _plain(old, self._old_types)
        if new.get("logicalType") != old.get("logicalType"):
            yield f"{where} was {_meaning(old)} and is now {_meaning(new)}"
        elif {new["type"], old["type"]} == {"string", "bytes"}:
            yield f"{where} was {old['type']} and is now {new['type']}"  # Avro allows it, our readers do not convert
        elif new["type"] == old["type"]:
            yield from self._inside(new, old, where)

    def _inside(self, new: dict[str, Any], old: dict[str, Any], where: str) -> Iterator[str]:
        match new["type"]:
            case "record":
                then = {field["name"]: field["type"] for field in old["fields"]}
                for field in new["fields"]:
                    if field["name"] in then:
                        yield from self.differences(field["type"], then[field["name"]], f"{where}.{field['name']}")
            case "array":
                yield from self.differences(new["items"], old["items"], where)
            case "map":
                yield from self.differences(new["values"], old["values"], where)
            case "string" if "enum" in new:
                if "enum" not in old:
                    yield f"{where} was any text and is now only {', '.join(new['enum'])}"
                elif lost := [each for each in old["enum"] if each not in new["enum"]]:
                    yield f"{where} can no longer be {', '.join(lost)}"


def _plain(schema: Schema, types: dict[str, Schema]) -> dict[str, Any]:
    """The schema in its long form: by name, and what a field that may be null holds otherwise."""
    if isinstance(schema, list):
        schema = next(each for each in schema if each != "null")
    if isinstance(schema, str):
        schema = types.get(schema, {"type": schema})
    return schema if isinstance(schema, dict) else _plain(schema, types)


def _definitions(schema: Schema) -> dict[str, Schema]:
    """Every named type inside a schema, by full name."""
    match schema:
        case list():
            return {name: found for each in schema for name, found in _definitions(each).items()}
        case {"type": "record", "name": name, "fields": [*fields]}:
            inside = {key: found for each in fields for key, found in _definitions(each["type"]).items()}
            return {name: schema, **inside}
        case {"type": "fixed", "name": name}:
            return {name: schema}
        case {"items": inner} | {"values": inner}:
            return _definitions(inner)
    return {}


def _meaning(schema: dict[str, Any]) -> str:
    return str(schema.get("logicalType", f"a plain {schema['type']}"))
