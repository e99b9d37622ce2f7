"""Which messages are on the wire, under which names, and which ids their released schemas have for ever."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from domain.kernel import Answer, Catalogue, Head, Inquire, Snapshot
from schemas.avro import Schema, schema_of

HERE = Path(__file__).parent
LOCK = HERE / "lock.json"
KERNEL: tuple[type, ...] = (Answer, Head, Inquire)


class Kind(StrEnum):
    """What a message is for; its schema says so in `kind`."""

    COMMAND = "command"
    EVENT = "event"
    STATE = "state"
    SIGNAL = "signal"
    KERNEL = "kernel"


@dataclass(frozen=True, slots=True)
class Entry:
    """One type of message: `name` is what `ce_type` says, such as `chat.conversation.MessageSent`."""

    name: str
    kind: Kind
    message: type
    state: type | None = None  # what a Snapshot of this name holds

    @property
    def full_name(self) -> str:
        return f"septet.{self.name}"

    def schema(self) -> dict[str, Any]:
        """Its Avro schema; raises Unsupported."""
        schema = schema_of(self.message, self.full_name, {"state": self.state} if self.state else None)
        return {"type": "record", "name": self.full_name, "kind": self.kind.value, **schema}


class Ambiguous(Exception):
    """Two messages that the wire could not tell apart."""


def entries(catalogue: Catalogue) -> tuple[Entry, ...]:
    """Everything that can be on the log, by name; raises Ambiguous."""
    found = sorted(_entries(catalogue), key=lambda entry: entry.name)
    for one, other in pairwise(found):
        if one.name == other.name:
            raise Ambiguous(f"two messages are called {one.name}")
    owners: dict[type, str] = {}
    for entry in found:
        owner = owners.setdefault(entry.state or entry.message, entry.name)
        if owner != entry.name:
            raise Ambiguous(f"{entry.name} and {owner} are the same class")
    return tuple(found)


def _entries(catalogue: Catalogue) -> Iterator[Entry]:
    for kernel in KERNEL:
        yield Entry(f"kernel.{kernel.__name__}", Kind.KERNEL, kernel)
    for signal in catalogue.signals:
        place = signal.__module__.partition(".")[2]
        yield Entry(f"{place}.{signal.__name__}", Kind.SIGNAL, signal)
    for each in catalogue.aggregates:
        yield from (Entry(each.type_name(command), Kind.COMMAND, command) for command in each.commands)
        yield from (Entry(each.type_name(event), Kind.EVENT, event) for event in each.events)
        yield Entry(each.type_name(Snapshot), Kind.STATE, Snapshot, each.state)


def wire(schema: Any) -> Any:
    """A schema without its documentation: two schemas with the same rest are one version."""
    match schema:
        case list():
            return [wire(each) for each in schema]
        case dict():
            return {key: wire(value) if key in _NESTING else value for key, value in schema.items() if key != "doc"}
    return schema


_NESTING = ("fields", "type", "items", "values")


@dataclass(frozen=True, slots=True)
class Version:
    """A released schema: what was once written with its id stays readable for ever."""

    id: int
    schema: dict[str, Any]


class BrokenLock(Exception):
    """A lock file that cannot be what `python -m schemas update` wrote."""


class Lock:
    """The released versions of every message, oldest first, by full name."""

    def __init__(self, versions: Mapping[str, Sequence[Version]] | None = None) -> None:
        self.versions = {name: tuple(each) for name, each in sorted((versions or {}).items())}
        ids = sorted(version.id for each in self.versions.values() for version in each)
        if ids != list(range(1, len(ids) + 1)):
            # A hole is an entry that somebody took out: its id could be given to another schema.
            raise BrokenLock("the ids in the lock are not 1, 2, 3, … with each used once")

    @classmethod
    def load(cls, path: Path = LOCK) -> "Lock":
        """The lock of this release; raises BrokenLock, FileNotFoundError."""
        try:
            stored = msgspec.json.decode(path.read_bytes())
            return cls({name: [Version(**each) for each in versions] for name, versions in stored.items()})
        except (ValueError, TypeError, AttributeError) as error:
            raise BrokenLock(f"{path.name} cannot be read: {error}") from error

    def text(self) -> str:
        """The lock as it is kept: a line for each version, so that a change shows what it adds."""
        blocks = (
            f" {json.dumps(name)}: [\n" + ",\n".join(f"  {_line(version)}" for version in versions) + "\n ]"
            for name, versions in self.versions.items()
        )
        return "{\n" + ",\n".join(blocks) + "\n}\n"

    def released(self, full_name: str, schema: Schema) -> Version | None:
        """The version that this schema was released as, whatever its documentation says."""
        sought = wire(schema)
        return next((each for each in self.versions.get(full_name, ()) if each.schema == sought), None)

    def grown(self, schemas: Sequence[dict[str, Any]]) -> "Lock":
        """This lock with a new version, under the next id, for each schema that was not released before."""
        versions = {name: list(each) for name, each in self.versions.items()}
        latest = sum(map(len, versions.values()))
        for schema in schemas:
            if self.released(schema["name"], schema) is None:
                latest += 1
                versions.setdefault(schema["name"], []).append(Version(latest, wire(schema)))
        return Lock(versions)

    @classmethod
    def of(cls, catalogue: Catalogue) -> "Lock":
        """A lock in which everything is in its first version: for catalogues that were never released, as in tests."""
        return cls().grown([entry.schema() for entry in entries(catalogue)])


def _line(version: Version) -> str:
    return json.dumps({"id": version.id, "schema": version.schema}, ensure_ascii=False)
