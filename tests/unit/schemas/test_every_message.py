"""What holds for every message of the real catalogue: found by registration, so none can be forgotten."""

from contextlib import suppress
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.catalogue import CATALOGUE
from domain.kernel import Snapshot
from schemas.codec import FRAME, Codec, Undecodable
from schemas.registry import HERE, Entry, Lock, Version, entries
from schemas.release import check
from tests.unit.schemas.values import messages

LOCK = Lock.load()
CODEC = Codec(CATALOGUE, LOCK)
ENTRIES = entries(CATALOGUE)
BY_ID = {version.id: version.schema for versions in LOCK.versions.values() for version in versions}
LATEST = len(BY_ID)

# The lock of a release to come, in which every message has one more field.
_ADDED = {"name": "from_the_future", "type": {"type": "map", "values": ["null", "string"]}, "default": {}}
NEWER = {
    entry.full_name: Version(number, {**schema, "fields": [*schema["fields"], _ADDED]})
    for number, entry in enumerate(ENTRIES, LATEST + 1)
    for schema in [LOCK.versions[entry.full_name][-1].schema]
}
TODAY = Codec(CATALOGUE, Lock({name: (*LOCK.versions[name], version) for name, version in NEWER.items()}))

every_message = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
quick = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_classes_schema_files_lock_and_gate_agree() -> None:
    assert check(CATALOGUE) == []


def test_nothing_of_the_catalogue_is_left_out() -> None:
    registered = {message for each in CATALOGUE.aggregates for message in (*each.commands, *each.events, each.state)}
    assert registered | set(CATALOGUE.signals) <= {entry.state or entry.message for entry in ENTRIES}
    for entry in ENTRIES:
        assert entry.full_name in LOCK.versions
        assert HERE.joinpath(*entry.name.split(".")).with_suffix(".avsc").exists()
        if entry.message is not Snapshot:
            assert CODEC.type_name(entry.message) == entry.name
            assert CODEC.class_of(entry.name) is entry.message


@every_message
@quick
@given(data=st.data())
def test_it_comes_back_as_it_was(entry: Entry, data: st.DataObject) -> None:
    message = data.draw(messages(entry))
    encoded = CODEC.encode(message)
    decoded = CODEC.decode(encoded)
    assert decoded == message
    assert CODEC.encode(decoded) == encoded
    assert CODEC.decode_all(encoded) == (message,)


@every_message
@quick
@given(data=st.data())
def test_another_avro_library_reads_and_writes_the_same_bytes(entry: Entry, data: st.DataObject) -> None:
    encoded = CODEC.encode(data.draw(messages(entry)))
    assert encoded[:1] == b"\0"
    schema = fastavro.parse_schema(BY_ID[int.from_bytes(encoded[1:FRAME])])
    body = BytesIO(encoded[FRAME:])
    record: Any = fastavro.schemaless_reader(body, schema, None)
    assert body.tell() == len(encoded) - FRAME
    again = BytesIO()
    fastavro.schemaless_writer(again, schema, record)
    assert again.getvalue() == encoded[FRAME:]


@every_message
@quick
@given(data=st.data())
def test_a_newer_version_with_a_field_that_is_unknown_here_is_read(entry: Entry, data: st.DataObject) -> None:
    message = data.draw(messages(entry))
    unknown = b"\x04" + b"\x02a\x00" + b"\x02b\x02\x04hi" + b"\x00"
    newer = b"\0" + NEWER[entry.full_name].id.to_bytes(4) + CODEC.encode(message)[FRAME:] + unknown
    assert TODAY.decode(newer) == message
    assert TODAY.encode(message) == CODEC.encode(message)


@every_message
@quick
@given(data=st.data())
def test_damaged_bytes_are_undecodable_or_another_message(entry: Entry, data: st.DataObject) -> None:
    encoded = CODEC.encode(data.draw(messages(entry)))
    for size in range(len(encoded)):
        with pytest.raises(Undecodable):
            CODEC.decode(encoded[:size])
    with pytest.raises(Undecodable):
        CODEC.decode(encoded + data.draw(st.binary(min_size=1, max_size=3)))
    damaged = bytearray(encoded)
    for place in data.draw(st.lists(st.integers(0, len(encoded) - 1), max_size=3)):
        damaged[place] = data.draw(st.integers(0, 255))
    with suppress(Undecodable):
        CODEC.encode(CODEC.decode(bytes(damaged)))


@settings(max_examples=500, deadline=None)
@given(number=st.integers(0, LATEST + 2), body=st.binary(max_size=80), noise=st.binary(max_size=8))
def test_any_bytes_at_all_are_undecodable_or_a_message(number: int, body: bytes, noise: bytes) -> None:
    for data in (b"\0" + number.to_bytes(4) + body, noise + body):
        with suppress(Undecodable):
            CODEC.decode(data)
