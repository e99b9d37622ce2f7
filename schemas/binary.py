"""Avro's binary form: functions that write and read values of one schema, put together once and then only called.

Writers take what dataclasses hold. Readers give dicts, lists, strings, numbers, datetimes and UUIDs as 16 bytes, of
which msgspec makes the dataclass. Both follow the specification of Avro 1.12, "Binary Encoding"; only the types that
`schemas.avro` uses are known.
"""

from datetime import date, datetime, timedelta
from operator import attrgetter
from struct import Struct
from typing import Any
from uuid import UUID

import msgspec

from domain.instants import EPOCH
from schemas.avro import MICROSECOND, Logical, Schema
from schemas.unrolled import Read, Write, record_reader, record_writer

REMEMBERED = 20_000  # objects of a kind of map: some large states
_LONGEST = 10  # bytes of a 64-bit number
_EIGHT, _CEILING = 1 << 49, 1 << 56  # zigzag numbers of exactly eight bytes; instants from 1978 to 3111 are among them
_LOW_HALF = sum(0x80 << shift for shift in (0, 7, 14, 21))  # the continuation bits of four bytes,
_HIGH_HALF = sum(0x80 << shift for shift in (0, 7, 14))  # and of the last four, where the last has none


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


_SHORT = tuple(_varint(number << 1) for number in range(8192))  # all that take one or two bytes


def _write_long(number: int) -> bytes:
    if 0 <= number < 8192:
        return _SHORT[number]
    zigzag = number << 1 if number >= 0 else ~(number << 1)
    if _EIGHT <= zigzag < _CEILING:
        return bytes(
            (
                zigzag & 0x7F | 0x80,
                zigzag >> 7 & 0x7F | 0x80,
                zigzag >> 14 & 0x7F | 0x80,
                zigzag >> 21 & 0x7F | 0x80,
                zigzag >> 28 & 0x7F | 0x80,
                zigzag >> 35 & 0x7F | 0x80,
                zigzag >> 42 & 0x7F | 0x80,
                zigzag >> 49,
            )
        )
    if zigzag >> 64:
        raise OverflowError(f"{number} does not fit 64 bits")
    return _varint(zigzag)


def _read_long(data: bytes, at: int) -> tuple[int, int]:
    zigzag = shift = 0
    for byte in data[at : at + _LONGEST]:
        at += 1
        if byte < 0x80:
            zigzag |= byte << shift
            if zigzag >> 64:
                break
            return zigzag >> 1 ^ -(zigzag & 1), at
        zigzag |= (byte & 0x7F) << shift
        shift += 7
    raise ValueError(f"no 64-bit number before byte {at}")


def _read_bool(data: bytes, at: int) -> tuple[bool, int]:
    byte = data[at]
    if byte > 1:
        raise ValueError(f"no boolean at byte {at}")
    return byte == 1, at + 1


_DOUBLE = Struct("<d")


def _read_double(data: bytes, at: int) -> tuple[float, int]:
    return _DOUBLE.unpack_from(data, at)[0], at + 8


def _read_size(data: bytes, at: int) -> tuple[int, int]:
    size, at = _read_long(data, at)
    if size < 0:
        raise ValueError(f"a negative size at byte {at}")
    return size, at


def _write_bytes(value: bytes) -> bytes:
    return _write_long(len(value)) + value


def _read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = _read_size(data, at)
    end = at + size  # past the data when the size is forged: who reads the whole message checks where it ends
    return data[at:end], end


def _write_text(value: str) -> bytes:
    encoded = value.encode()
    return _write_long(len(encoded)) + encoded


def _read_text(data: bytes, at: int) -> tuple[str, int]:
    size = data[at]
    if size & 0x81:  # more than one byte, or negative
        size, at = _read_size(data, at)
        end = at + size
    else:
        at += 1
        end = at + (size >> 1)
    return data[at:end].decode(), end


def _write_instant(value: datetime) -> bytes:
    return _write_long((value - EPOCH) // MICROSECOND)


# msgspec makes an aware datetime of MessagePack's timestamp in a fifth of the time that datetime arithmetic takes.
_TIMESTAMP = Struct(">HQ")
_TIMESTAMPS_END = 61  # its 34 bits of seconds last to the year 2514; the eighth byte is 61 from 2513 on
_of_timestamp = msgspec.msgpack.Decoder(datetime).decode


def _read_instant(data: bytes, at: int) -> tuple[datetime, int]:
    end = at + 8
    if end <= len(data):
        a, b, c, d, e, f, g, h = data[at:end]
        if a & b & c & d & e & f & g & 0x80 and h < _TIMESTAMPS_END and not a & 1:  # eight bytes, not negative
            low = a + (b << 7) + (c << 14) + (d << 21) - _LOW_HALF
            high = e + (f << 7) + (g << 14) + (h << 21) - _HIGH_HALF
            second, micro = divmod((high << 28 | low) >> 1, 1_000_000)
            return _of_timestamp(_TIMESTAMP.pack(0xD7FF, micro * 1000 << 34 | second)), end
    micros, end = _read_long(data, at)
    return EPOCH + timedelta(0, 0, micros), end


def _write_day(value: date) -> bytes:
    return _write_long(value.toordinal() - EPOCH.toordinal())


def _read_day(data: bytes, at: int) -> tuple[date, int]:
    days, at = _read_long(data, at)
    return date.fromordinal(days + EPOCH.toordinal()), at


def _write_duration(value: timedelta) -> bytes:
    return _write_long(value // MICROSECOND)


def _read_duration(data: bytes, at: int) -> tuple[timedelta, int]:
    micros, at = _read_long(data, at)
    return timedelta(0, 0, micros), at


_write_identifier = attrgetter("bytes")


def _read_identifier(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 16
    if end > len(data):
        raise IndexError("too few bytes are left")  # here, since a forged count of these would never end
    return data[at:end], end


def _read_uuid(data: bytes, at: int) -> tuple[UUID, int]:
    found, end = _read_identifier(data, at)
    return UUID(bytes=found), end


_WRITERS: dict[str, Write] = {
    "boolean": {False: b"\0", True: b"\1"}.__getitem__,
    "long": _write_long,
    "double": _DOUBLE.pack,
    "string": _write_text,
    "bytes": _write_bytes,
    Logical.INSTANT: _write_instant,
    Logical.DAY: _write_day,
    Logical.DURATION: _write_duration,
}
_READERS: dict[str, Read] = {
    "boolean": _read_bool,
    "long": _read_long,
    "double": _read_double,
    "string": _read_text,
    "bytes": _read_bytes,
    Logical.INSTANT: _read_instant,
    Logical.DAY: _read_day,
    Logical.DURATION: _read_duration,
}


# The same once more as source, for the cases that nearly all fields of records are; the functions do the rest.
_INLINED_WRITERS: dict[Write, str] = {
    _write_identifier: "{value}.bytes",
    _write_long: "SHORT[value] if 0 <= (value := {value}) < 8192 else {write}(value)",
    _write_text: "SHORT[len(value)] + value if len(value := {value}.encode()) < 8192 else BYTES(value)",
    _write_bytes: "SHORT[len(value)] + value if len(value := {value}) < 8192 else {write}(value)",
}
_CONSTANTS = {"SHORT": _SHORT, "BYTES": _write_bytes, "NULL": b"\0", "EMPTY": b"\0"}  # what these name
_WRITE_OPTIONAL = "NULL if (value := {value}) is None else {write}(value)"
_WRITE_MANY = "{write}(value) if len(value := {value}) else EMPTY"
_INLINED_READERS: dict[Read, str] = {
    _read_long: """
{value} = data[at]
if {value} < 0x80:
    {value} = {value} >> 1 ^ -({value} & 1)
    at += 1
else:
    {value}, at = {read}(data, at)
""",
    _read_text: """
{value} = data[at]
if {value} & 0x81:
    {value}, at = {read}(data, at)
else:
    at += 1
    end = at + ({value} >> 1)
    {value} = data[at:end].decode()
    at = end
""",
    _read_identifier: """
{value} = data[at : at + 16]
at += 16
if at > len(data):
    raise IndexError("too few bytes are left")
""",
}


def writer(schema: Schema, named: dict[str, Write] | None = None) -> Write:
    """The function from a value of this schema to its bytes; it raises whatever a value of another type leads to."""
    named = {} if named is None else named
    match schema:
        case str():
            return named[schema] if schema in named else _WRITERS[schema]
        case [first, second]:
            return _optional_writer(writer(first if second == "null" else second, named), second == "null")
        case {"type": "record", "name": name, "fields": fields}:
            parts = []
            for each in fields:
                write = writer(each["type"], named)
                parts.append((each["name"], write, _source(each["type"], write)))
            named[name] = record_writer(parts, _CONSTANTS)
            return named[name]
        case {"type": "fixed", "name": name, "size": 16}:
            named[name] = _write_identifier
            return named[name]
        case {"type": "array", "logicalType": Logical.MAP, "items": {"fields": [key, value]}}:
            return _entries_writer(writer(key["type"], named), _entry_writer(value["type"], named))
        case {"type": "array", "logicalType": Logical.SET, "items": items}:
            return _set_writer(writer(items, named))
        case {"type": "array", "items": items}:
            return _array_writer(writer(items, named))
        case {"type": "map", "values": values}:
            return _entries_writer(_write_text, _entry_writer(values, named))
        case {"type": "string", "enum": members}:
            return _member_writer(frozenset(members))
        case {"type": primitive, **rest}:
            return _WRITERS[str(rest.get("logicalType", primitive))]
    raise ValueError(f"no way to write {schema}")


def _source(schema: Schema, write: Write) -> str:
    """The expression that writes a field: what most values are is done in the record's own function."""
    match schema:
        case ["null", _]:
            return _WRITE_OPTIONAL
        case {"type": "array" | "map"}:
            return _WRITE_MANY
    return _INLINED_WRITERS.get(write, "{write}({value})")


def _optional_writer(present: Write, none_is_last: bool) -> Write:
    none, some = (b"\2", b"\0") if none_is_last else (b"\0", b"\2")

    def write(value: object) -> bytes:
        return none if value is None else some + present(value)

    return write


def _block(items: list[bytes]) -> bytes:
    return b"".join([_write_long(len(items)), *items, b"\0"]) if items else b"\0"


def _array_writer(item: Write) -> Write:
    def write(values: tuple[object, ...]) -> bytes:
        return _block([item(each) for each in values])

    return write


def _set_writer(item: Write) -> Write:
    def write(values: frozenset[object]) -> bytes:
        return _block(sorted([item(each) for each in values]))

    return write


def _entries_writer(key: Write, value: Write) -> Write:
    def write(values: dict[object, object]) -> bytes:
        return _block(sorted([key(each) + value(values[each]) for each in values]))

    return write


def _entry_writer(schema: Schema, named: dict[str, Write]) -> Write:
    is_record = schema in named if isinstance(schema, str) else isinstance(schema, dict) and schema["type"] == "record"
    return _remembering(writer(schema, named)) if is_record else writer(schema, named)


def _remembering(write: Write) -> Write:
    """Writes an object that it has written before from memory: of a large state little changes from batch to batch.

    It is known again by being the same object, which is right because messages and states never change in place.
    """
    known: dict[int, tuple[object, bytes]] = {}  # each object is kept, so that no other one can have its id

    def remembered(value: object) -> bytes:
        found = known.get(id(value))
        if found is not None:
            return found[1]
        written = write(value)
        if len(known) >= REMEMBERED:
            known.clear()
        known[id(value)] = (value, written)
        return written

    return remembered


def _member_writer(members: frozenset[str]) -> Write:
    written = {each: _write_text(each) for each in members}
    return written.__getitem__


def reader(schema: Schema, identifier: type = bytes, named: dict[str, Read] | None = None) -> Read:
    """The function that reads a value of this schema; UUIDs come as `identifier`, bytes or UUID.

    It raises IndexError, ValueError, OverflowError or struct.error where there is no such value. Its end may lie past
    the data: only one that is exactly the data's end says that the value was whole.
    """
    named = {} if named is None else named
    match schema:
        case str():
            return named[schema] if schema in named else _READERS[schema]
        case [first, second]:
            return _optional_reader(reader(first if second == "null" else second, identifier, named), second == "null")
        case {"type": "record", "name": name, "fields": fields}:
            parts = [(each["name"], reader(each["type"], identifier, named)) for each in fields]
            named[name] = record_reader(parts, _INLINED_READERS)
            return named[name]
        case {"type": "fixed", "name": name, "size": 16}:
            named[name] = _read_identifier if identifier is bytes else _read_uuid
            return named[name]
        case {"type": "array", "logicalType": Logical.MAP, "items": {"fields": [key, value]}}:
            return _entries_reader(reader(key["type"], identifier, named), reader(value["type"], identifier, named))
        case {"type": "array", "items": items}:
            return _array_reader(reader(items, identifier, named))
        case {"type": "map", "values": values}:
            return _entries_reader(_read_text, reader(values, identifier, named))
        case {"type": primitive, **rest}:
            return _READERS[str(rest.get("logicalType", primitive))]
    raise ValueError(f"no way to read {schema}")


def _optional_reader(present: Read, none_is_last: bool) -> Read:
    none, some = (2, 0) if none_is_last else (0, 2)

    def read(data: bytes, at: int) -> tuple[Any, int]:
        branch = data[at]
        if branch == some:
            return present(data, at + 1)
        if branch != none:
            raise ValueError(f"no branch of a union at byte {at}")
        return None, at + 1

    return read


def _count(data: bytes, at: int) -> tuple[int, int]:
    count, at = _read_long(data, at)
    if count < 0:  # so written by others: the block's size in bytes follows, for those who want to skip it
        _, at = _read_long(data, at)
    return abs(count), at


def _array_reader(item: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        if not data[at]:
            return items, at + 1
        count, at = _count(data, at)
        while count:
            for _ in range(count):
                value, at = item(data, at)
                items.append(value)
            count, at = _count(data, at)
        return items, at

    return read


def _entries_reader(key: Read, value: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[dict[Any, Any], int]:
        entries: dict[Any, Any] = {}
        if not data[at]:
            return entries, at + 1
        count, at = _count(data, at)
        while count:
            for _ in range(count):
                name, at = key(data, at)
                entries[name], at = value(data, at)
            count, at = _count(data, at)
        return entries, at

    return read
