"""Between messages and bytes: Confluent's frame (0, the schema's id in four bytes), then Avro's binary form."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from msgspec import convert
from msgspec.json import Decoder

from domain.kernel import Catalogue, Message, Snapshot
from schemas.avro import Schema
from schemas.binary import reader, writer
from schemas.registry import Entry, Lock, Version, entries
from schemas.sealing import Around, Keys, Seals
from schemas.unrolled import Write
from schemas.upcasters import UPCASTERS, Upcaster

Made = TypeVar("Made")
Built = TypeVar("Built")
Key = TypeVar("Key")

FRAME = 5  # bytes before the message: zero and the id


class Undecodable(Exception):
    """Bytes that are no message of ours; says what they are and why they cannot be read."""


class Unencodable(Exception):
    """A message that has no form on the wire: a value its schema has not, or a type that nobody registered."""


class NotReleased(Exception):
    """A dataclass whose schema is not in the lock: `python -m schemas update` was forgotten."""


class Codec:
    """Encodes the messages of a catalogue and decodes all that was ever released. Safe to use from any thread.

    With keys, what is personal is sealed on the wire (see schemas/sealing.py). `sealed` is this codec without them: it
    leaves what is sealed as it is, for who only hands it on.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        lock: Lock,
        upcasters: Mapping[str, Upcaster] = UPCASTERS,
        keys: Keys | None = None,
    ) -> None:
        """Raises NotReleased, Unsupported, Ambiguous."""
        found = entries(catalogue)
        self.seals: Seals | None = None
        self._names = {entry.message: entry.name for entry in found if entry.state is None}
        self._classes = {name: message for message, name in self._names.items()}
        self._writers: dict[type, Write] = {Snapshot: self._write_snapshot}
        self._snapshot_writers: dict[type, Write] = {}
        self._decoders: dict[bytes, Callable[[bytes], Message]] = {}
        self._upcasting: dict[bytes, Callable[[bytes], Sequence[Message]]] = {}
        self.retired = frozenset(upcasters)  # type names whose events tell only when decoded what they are today
        for entry in found:
            # Has msgspec learn the class now, in one thread: were it to do so in two, for `convert`, it can crash.
            Decoder(entry.state or entry.message)
            self._add(entry, lock)
        for name, upcaster in upcasters.items():
            for version in lock.versions.get(f"septet.{name}", ()):
                _put(self._upcasting, _frame(version), partial(_decoder, name, version, _meaning, upcaster, UUID))
        self.sealed = self
        if keys is not None:
            self.sealed, self.seals = copy(self), Seals(keys)
            for entry in found:
                self.seals.learn(entry.state or entry.message)

    def _add(self, entry: Entry, lock: Lock) -> None:
        schema = entry.schema()
        current = lock.released(entry.full_name, schema)
        if current is None:
            raise NotReleased(f"{entry.name} is not as it was released. Run `python -m schemas update`.")
        writers = self._writers if entry.state is None else self._snapshot_writers
        _put(writers, entry.state or entry.message, partial(_writer, _frame(current), schema))
        for version in lock.versions[entry.full_name]:
            _put(
                self._decoders,
                _frame(version),
                partial(_decoder, entry.name, version, _snapshot, entry.state)
                if entry.state
                else partial(_decoder, entry.name, version, convert, entry.message),
            )

    def type_name(self, message: type) -> str:
        """What `ce_type` says of a command, event, signal or kernel message; raises KeyError for any other class."""
        return self._names[message]

    def class_of(self, type_name: str) -> type:
        """The class of a type name; raises KeyError for one that is unknown or retired."""
        return self._classes[type_name]

    def encode(self, message: Message, aggregate_id: str = "", actor: str = "") -> bytes:
        """The framed bytes of a message, the same for equal messages; raises Unencodable.

        Whose its personal fields are may hang on the aggregate it is addressed to and on the acting person's id.
        """
        write = self._writers.get(type(message))
        if write is None:
            raise Unencodable(f"{type(message).__name__} is not in the catalogue")
        try:
            return write(message if self.seals is None else self.seals.seal_all(message, Around(aggregate_id, actor)))
        except Exception as error:  # whatever a value of another type leads to
            raise Unencodable(f"{type(message).__name__} holds what its schema has not: {error}") from error

    def _write_snapshot(self, snapshot: Snapshot) -> bytes:
        return self._snapshot_writers[type(snapshot.state)](snapshot)

    def decode(self, data: bytes) -> Message:
        """The one message of these bytes; raises Undecodable, also where an upcaster makes none or several of it."""
        decode = self._decoders.get(data[:FRAME])
        if decode is not None:
            message = decode(data)
            return message if self.seals is None else self.seals.open_all(message)
        messages = self._upcast(data)
        if len(messages) != 1:
            raise Undecodable(f"a retired event that means {len(messages)} messages today, where one is wanted")
        return messages[0]

    def decode_all(self, data: bytes) -> Sequence[Message]:
        """What these bytes mean today: one message, or those an upcaster made of a retired one; raises Undecodable."""
        decode = self._decoders.get(data[:FRAME])
        return self._upcast(data) if decode is None else (self.decode(data),)

    def opened(self, text: str) -> str:
        """What a text shows that is sealed, or is JSON with sealed strings in it."""
        return text if self.seals is None else self.seals.open_within(text)

    def _upcast(self, data: bytes) -> Sequence[Message]:
        frame = data[:FRAME]
        upcast = self._upcasting.get(frame)
        if upcast is not None:
            found = upcast(data)
            return found if self.seals is None else [self.seals.open_all(each) for each in found]
        if len(frame) < FRAME:
            raise Undecodable(f"{len(frame)} bytes are too few for a message")
        if frame[0]:
            raise Undecodable(f"a message begins with 0, not {frame[0]}")
        raise Undecodable(f"no message has the schema id {int.from_bytes(frame[1:])}")


def _frame(version: Version) -> bytes:
    return b"\0" + version.id.to_bytes(FRAME - 1)


def _put(functions: dict[Key, Callable[[Any], Built]], key: Key, make: Callable[[], Callable[[Any], Built]]) -> None:
    """Has the function of a key made when it is first called: of the hundreds there are, a process uses a few."""

    def first(given: Any) -> Built:
        functions[key] = made = make()
        return made(given)

    functions[key] = first


def _writer(frame: bytes, schema: Schema) -> Write:
    write = writer(schema)
    return lambda message: frame + write(message)


def _snapshot(fields: dict[str, Any], state: type) -> Snapshot:
    return Snapshot(fields["version"], convert(fields["state"], state))


def _meaning(fields: dict[str, Any], upcaster: Upcaster) -> Sequence[Message]:
    return upcaster(fields)


def _decoder(
    name: str, version: Version, build: Callable[[dict[str, Any], Made], Built], made: Made, identifier: type = bytes
) -> Callable[[bytes], Built]:
    """Reads what was written with this version, and builds of it what `made` makes today.

    Fields are matched by name: what the class no longer has is left out, what the version did not have yet gets its
    default. The compatibility gate lets no other differences pass.
    """
    read = reader(version.schema, identifier)

    def decode(data: bytes) -> Built:
        try:
            fields, end = read(data, FRAME)
            if end == len(data):
                return build(fields, made)
        except Exception as error:  # whatever forged bytes lead to, a class's own checks included
            # Not its repr: that of a broken text quotes all of it, and this is shown to people.
            raise Undecodable(f"{name}, schema {version.id}: {type(error).__name__}: {error}") from error
        raise Undecodable(f"{name}, schema {version.id}: it ends at byte {end}, the data at byte {len(data)}")

    return decode
