"""Messages to bytes and back: the frame, one form for equal messages, other versions, and what is refused."""

import tracemalloc
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from io import BytesIO
from typing import Any
from uuid import UUID

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import CATALOGUE
from domain.kernel import Answer, Message, Snapshot
from domain.parking.lot import Lot, Space
from schemas import binary
from schemas.binary import reader, writer
from schemas.codec import FRAME, Codec, NotReleased, Undecodable, Unencodable
from schemas.registry import Lock
from schemas.upcasters import Fields, Upcaster, upcaster
from tests.unit.schemas.library import (
    ANN,
    BOB,
    FULL,
    NOON,
    Catalogued,
    Copy,
    Discard,
    Lend,
    Loan,
    Moved,
    Rang,
    Shelf,
    catalogue,
    message,
)
from tests.unit.schemas.values import values

LOAN = Loan(ANN, date(2026, 1, 1))
LIBRARY = catalogue()
LOCK = Lock.of(LIBRARY)
CODEC = Codec(LIBRARY, LOCK)


def written_as(schema: Any, record: Any) -> bytes:
    """What a program with nothing but fastavro and this schema would put on the wire."""
    body = BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(schema), record)
    return body.getvalue()


@dataclass(frozen=True, slots=True)
class Unknown:
    page: int


# The form on the wire.


def test_a_message_is_framed_as_confluent_does() -> None:
    (version,) = LOCK.versions["septet.library.copy.Lend"]
    assert CODEC.encode(Lend(ANN)) == b"\0" + version.id.to_bytes(4, "big") + ANN.bytes


@pytest.mark.parametrize(
    "sent",
    [FULL, Moved(), Discard(), Rang(7), Snapshot(3, Copy(ANN, (BOB, ANN))), Answer("1", "a", b"", "", 0, (b"x",))],
    ids=lambda sent: type(sent).__name__,
)
def test_every_kind_of_message_comes_back(sent: Message) -> None:
    assert CODEC.decode(CODEC.encode(sent)) == sent


@given(sent=values(Catalogued))
def test_any_value_of_every_kind_comes_back(sent: Catalogued) -> None:
    decoded = CODEC.decode(CODEC.encode(sent))
    assert decoded == sent
    assert type(decoded.topics) is frozenset
    assert type(decoded.shelf) is Shelf
    assert all(type(each) is Loan for each in decoded.loans)


@given(instant=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11, minutes=7))])))
def test_any_instant_is_exact(instant: datetime) -> None:
    decoded = CODEC.decode(CODEC.encode(Moved(at=instant)))
    assert (decoded.at, decoded.at.tzinfo) == (instant, UTC)


@pytest.mark.parametrize(
    "instant",
    [
        datetime.min.replace(tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2513, 3, 1, tzinfo=UTC),
        datetime(2514, 5, 30, 1, 53, 3, 999_999, UTC),
        datetime(2514, 5, 30, 1, 53, 4, tzinfo=UTC),
        datetime(3200, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_instants_where_their_form_changes_are_exact(instant: datetime) -> None:
    assert CODEC.decode(CODEC.encode(Moved(at=instant))).at == instant


@given(number=st.integers(0, 63).flatmap(lambda bits: st.integers(-(1 << bits), (1 << bits) - 1)))
def test_numbers_have_the_bytes_that_another_library_gives_them(number: int) -> None:
    written = writer("long")(number)
    assert written == written_as("long", number)
    assert reader("long")(written, 0) == (number, len(written))


@pytest.mark.parametrize("bits", range(0, 64, 7))
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_numbers_where_they_grow_by_a_byte_have_the_fewest_bytes(bits: int, sign: int, off: int) -> None:
    number = sign * (1 << bits >> 1) + off
    assert writer("long")(number) == written_as("long", number)


def test_another_library_reads_the_values() -> None:
    encoded = CODEC.encode(FULL)
    (version,) = LOCK.versions["septet.library.copy.Catalogued"]
    assert int.from_bytes(encoded[1:FRAME], "big") == version.id
    record: Any = fastavro.schemaless_reader(BytesIO(encoded[FRAME:]), fastavro.parse_schema(version.schema), None)
    assert record == {
        "copy": ANN.bytes,
        "title": "Ein Buch für 🦊",
        "pages": -(1 << 63),
        "weight": 1.5,
        "cover": b"\x00\x01",
        "at": NOON,
        "printed": date(1899, 12, 31),
        "lent_for": -86_399_999_993,
        "shelf": "open",
        "donor": BOB.bytes,
        "authors": ["Bob", "Ann", "Bob"],
        "topics": ["apes", "bees", "owls"],
        "prices": {"EUR": 1250, "USD": 1400},
        "notes": [{"key": ANN.bytes, "value": ""}, {"key": BOB.bytes, "value": "torn"}],
        "editions": [
            {"key": -1, "value": {"reader": BOB.bytes, "due": date(2026, 5, 2), "extended": True}},
            {"key": 3, "value": {"reader": ANN.bytes, "due": date(2026, 5, 1), "extended": False}},
        ],
        "by_shelf": [{"key": "open", "value": [1, 2]}, {"key": "cellar", "value": []}],
        "last": {"reader": BOB.bytes, "due": date(2026, 5, 3), "extended": False},
        "loans": [
            {"reader": BOB.bytes, "due": date(2026, 5, 3), "extended": False},
            {"reader": ANN.bytes, "due": date(2026, 5, 4), "extended": False},
        ],
        "first": None,
    }


def test_equal_messages_have_equal_bytes_whatever_the_order_they_were_made_in() -> None:
    other = replace(
        FULL,
        topics=frozenset(("apes", "owls", "bees")),
        prices=dict(reversed(FULL.prices.items())),
        notes=dict(reversed(FULL.notes.items())),
        editions=dict(reversed(FULL.editions.items())),
    )
    assert other == FULL
    assert CODEC.encode(other) == CODEC.encode(FULL)


def test_blocks_of_an_array_in_all_forms_of_the_specification_are_read() -> None:
    read = reader({"type": "array", "items": "string"})
    sized = b"\x03\x08" + b"\x02a\x02b" + b"\x02" + b"\x02c" + b"\x00"  # two with their size, then one without
    assert read(sized, 0) == (["a", "b", "c"], len(sized))


# Names.


def test_type_names_and_classes() -> None:
    assert CODEC.type_name(Lend) == "library.copy.Lend"
    assert CODEC.type_name(Answer) == "kernel.Answer"
    assert CODEC.class_of("library.copy.Moved") is Moved
    assert CODEC.class_of("unit.schemas.library.Rang") is Rang
    with pytest.raises(KeyError):
        CODEC.type_name(Unknown)
    with pytest.raises(KeyError):
        CODEC.class_of("library.copy.Unknown")


# What a message must not hold: better an error at the writer than at every reader.


@pytest.mark.parametrize("sent", [Unknown(1), "text", None, Snapshot(1, Unknown(1))], ids=repr)
def test_what_is_not_registered_is_refused(sent: Message) -> None:
    with pytest.raises(Unencodable):
        CODEC.encode(sent)


@pytest.mark.parametrize(
    "wrong",
    [
        {"pages": 1 << 63},
        {"pages": -(1 << 63) - 1},
        {"pages": None},
        {"pages": 1.5},
        {"weight": "heavy"},
        {"title": None},
        {"title": b"bytes"},
        {"title": "\ud800"},
        {"cover": "text"},
        {"copy": str(ANN)},
        {"at": NOON.replace(tzinfo=None)},
        {"lent_for": timedelta.max},
        {"shelf": "attic"},
        {"by_shelf": {"attic": ()}},
        {"last": None},
        {"last": ANN},
        {"authors": None},
        {"prices": {1: 1}},
    ],
    ids=repr,
)
def test_a_value_that_the_schema_has_not_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unencodable, match="Catalogued"):
        CODEC.encode(replace(FULL, **wrong))


@pytest.mark.parametrize("wrong", ["no", 2, None])
def test_a_truth_value_is_true_or_false(wrong: Any) -> None:
    with pytest.raises(Unencodable):
        CODEC.encode(replace(FULL, last=Loan(ANN, NOON.date(), wrong)))


def test_a_class_that_was_not_released_is_refused() -> None:
    with pytest.raises(NotReleased, match=r"library\.copy\.Moved .*schemas update"):
        Codec(LIBRARY, Lock.of(catalogue(Catalogued)))


# Other versions.


@dataclass(frozen=True, slots=True)
class Page1:
    """What the first release called Page."""

    number: int
    text: str = ""
    colour: Shelf = Shelf.OPEN


@dataclass(frozen=True, slots=True)
class Page2:
    """What the second release calls Page."""

    number: int
    colour: Shelf = Shelf.OPEN
    readers: tuple[UUID, ...] = ()
    best: Loan | None = LOAN
    seen: dict[UUID, int] = field(default_factory=dict)


Page1.__name__ = Page2.__name__ = "Page"
FIRST = Lock.of(catalogue(Page1))
(PAGE1,) = FIRST.versions["septet.library.copy.Page"]
(PAGE2,) = Lock.of(catalogue(Page2)).versions["septet.library.copy.Page"]
SECOND = FIRST.grown([PAGE2.schema])
OLD_CODE, NEW_CODE = Codec(catalogue(Page1), SECOND), Codec(catalogue(Page2), SECOND)


def test_an_older_version_is_read_with_the_defaults_of_what_it_lacks() -> None:
    old = Codec(catalogue(Page1), FIRST).encode(Page1(7, "text", Shelf.CELLAR))
    assert NEW_CODE.decode(old) == Page2(7, Shelf.CELLAR)


def test_a_newer_version_is_read_without_what_is_unknown() -> None:
    new = NEW_CODE.encode(Page2(7, Shelf.CELLAR, (ANN, BOB), None, {ANN: 1}))
    assert OLD_CODE.decode(new) == Page1(7, "", Shelf.CELLAR)


def test_code_that_is_given_a_newer_lock_goes_on_writing_its_own_version() -> None:
    assert OLD_CODE.encode(Page1(7)) == Codec(catalogue(Page1), FIRST).encode(Page1(7))


def test_an_older_record_of_another_library_is_read() -> None:
    body = written_as(PAGE1.schema, {"number": 1, "text": "x", "colour": "cellar"})
    assert NEW_CODE.decode(b"\0" + PAGE1.id.to_bytes(4) + body) == Page2(1, Shelf.CELLAR)


def test_a_member_of_an_enumeration_that_is_unknown_here_is_undecodable() -> None:
    body = written_as(PAGE1.schema, {"number": 1, "text": "x", "colour": "attic"})
    with pytest.raises(Undecodable, match=rf"library\.copy\.Page, schema {PAGE1.id}.*attic"):
        NEW_CODE.decode(b"\0" + PAGE1.id.to_bytes(4) + body)


# Retired types.


@dataclass(frozen=True, slots=True)
class Shelved:
    copy: UUID
    at: datetime
    loan: Loan | None
    notes: dict[UUID, str]


def retired(function: Upcaster) -> tuple[Codec, Shelved, bytes]:
    """A codec that knows Shelved only from the lock, and one such event."""
    before = catalogue(Shelved, Moved)
    lock = Lock.of(before)
    event = Shelved(ANN, NOON, Loan(BOB, date(2026, 5, 1)), {BOB: "torn"})
    known: dict[str, Upcaster] = {}
    upcaster("library.copy.Shelved", known)(function)
    return Codec(catalogue(Moved), lock, known), event, Codec(before, lock).encode(event)


def test_an_upcaster_is_given_the_retired_event_and_says_what_it_means() -> None:
    given_to: list[Fields] = []

    def function(old: Fields) -> Sequence[Message]:
        given_to.append(old)
        return [Moved(copy=old["copy"], at=old["at"])]

    codec, event, encoded = retired(function)
    assert codec.retired == {"library.copy.Shelved"}
    assert codec.decode(encoded) == Moved(copy=event.copy, at=event.at)
    assert given_to == [
        {
            "copy": ANN,
            "at": NOON,
            "loan": {"reader": BOB, "due": date(2026, 5, 1), "extended": False},
            "notes": {BOB: "torn"},
        }
    ]


@pytest.mark.parametrize("meaning", [[], [Moved(pages=1), Moved(pages=2)]])
def test_an_upcaster_may_make_none_or_several_messages(meaning: list[Message]) -> None:
    codec, _, encoded = retired(lambda old: meaning)
    assert codec.decode_all(encoded) == meaning
    with pytest.raises(Undecodable, match=f"means {len(meaning)} messages"):
        codec.decode(encoded)


def test_a_retired_event_without_an_upcaster_is_undecodable() -> None:
    lock = Lock.of(catalogue(Shelved, Moved))
    encoded = Codec(catalogue(Shelved, Moved), lock).encode(Shelved(ANN, NOON, None, {}))
    with pytest.raises(Undecodable):
        Codec(catalogue(Moved), lock).decode_all(encoded)


def test_an_upcaster_that_fails_makes_its_event_undecodable() -> None:
    codec, _, encoded = retired(lambda old: [old["no such field"]])
    with pytest.raises(Undecodable, match="no such field"):
        codec.decode_all(encoded)


def test_a_type_has_one_upcaster() -> None:
    known: dict[str, Upcaster] = {}
    upcaster("library.copy.Shelved", known)(lambda old: [])
    with pytest.raises(ValueError, match="two upcasters"):
        upcaster("library.copy.Shelved", known)(lambda old: [])


# Hostile bytes.


def test_what_is_no_message_is_undecodable_and_says_why() -> None:
    lend = CODEC.encode(Lend(ANN))
    number = int.from_bytes(lend[1:FRAME], "big")
    for data, why in [
        (b"", "0 bytes are too few"),
        (lend[:4], "4 bytes are too few"),
        (b"\1" + lend[1:], "begins with 0, not 1"),
        (b"{}\r\n\r\n", "begins with 0, not 123"),
        (b"\0\x7f\xff\xff\xff" + lend[FRAME:], "no message has the schema id 2147483647"),
        (lend[:-1], rf"library\.copy\.Lend, schema {number}: .*too few bytes"),
        (lend + b"\0", rf"library\.copy\.Lend, schema {number}: it ends at byte 21, the data at byte 22"),
    ]:
        with pytest.raises(Undecodable, match=why):
            CODEC.decode(data)
        with pytest.raises(Undecodable, match=why):
            CODEC.decode_all(data)


HUGE, NEGATIVE = writer("long")((1 << 63) - 1), writer("long")(-(1 << 63))


@pytest.mark.parametrize("count", [HUGE, NEGATIVE + HUGE, writer("long")(10**12)], ids=["most", "negative", "many"])
@pytest.mark.parametrize(
    "shape",
    [
        tuple[str, ...],
        tuple[bytes, ...],
        tuple[int, ...],
        tuple[float, ...],
        tuple[bool, ...],
        tuple[UUID, ...],
        tuple[datetime, ...],
        tuple[Loan, ...],
        tuple[UUID | None, ...],
        tuple[tuple[UUID, ...], ...],
        frozenset[UUID],
        dict[str, int],
        dict[str, Discard],
        dict[UUID, Discard],
        dict[int, UUID],
    ],
    ids=str,
)
def test_a_forged_count_ends_early_and_takes_no_memory(shape: Any, count: bytes) -> None:
    odd = message("Many", items=shape)
    _ends_early(odd, count + bytes(1000))


@pytest.mark.parametrize("size", [HUGE, NEGATIVE, writer("long")(10**12), b"\xff" * 12])
@pytest.mark.parametrize("shape", [str, bytes, dict[str, int], str | None], ids=str)
def test_a_forged_size_ends_early_and_takes_no_memory(shape: Any, size: bytes) -> None:
    odd = message("Large", text=shape)
    prefix = b"\2" if shape in (dict[str, int], str | None) else b""
    _ends_early(odd, prefix + size + bytes(1000))


def _ends_early(odd: type, body: bytes) -> None:
    library = catalogue(odd)
    lock = Lock.of(library)
    (version,) = lock.versions[f"septet.library.copy.{odd.__name__}"]
    codec = Codec(library, lock)
    tracemalloc.start()
    try:
        with pytest.raises(Undecodable):
            codec.decode(b"\0" + version.id.to_bytes(4) + body)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [tuple[str, ...], tuple[bytes, ...], dict[str, Discard]], ids=str)
def test_sizes_that_lead_backwards_are_refused(shape: Any) -> None:
    # Each item would end where it began: with -1 as its size it takes back the byte that says so.
    _ends_early(message("Backwards", items=shape), writer("long")(10**7) + writer("long")(-1) * 10)


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        (bool, b"\2"),
        (int, b""),
        (int, b"\x80"),
        (int, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
        (float, bytes(7)),
        (str, b"\x02\xff"),
        (date, writer("long")(10**9)),
        (datetime, writer("long")((1 << 63) - 1)),
        (datetime, writer("long")(-(1 << 63))),
        (int | None, b"\4"),
        (Shelf, b"\x02x"),
        (dict[Shelf, int], b"\x02\x02x\x00\x00"),
    ],
    ids=repr,
)
def test_a_value_that_is_none_is_undecodable(shape: Any, body: bytes) -> None:
    odd = message("Odd", value=shape)
    _ends_early(odd, body)


def test_a_class_that_checks_its_values_is_heard() -> None:
    @dataclass(frozen=True)
    class Checked:
        page: int

        def __post_init__(self) -> None:
            if self.page < 0:
                raise KeyError("there is no such page")

    _ends_early(Checked, writer("long")(-1))


@pytest.mark.parametrize("room", [1, 3, 1_000])
def test_an_entry_that_was_written_before_is_written_as_it_is_now(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not it is still remembered; an equal object is as good as the same."""
    monkeypatch.setattr(binary, "REMEMBERED", room)
    spaces = {f"C{number}": Space(f"C{number}", "0") for number in range(5)}
    lot, codec = Lot(spaces=spaces), Codec(CATALOGUE, Lock.load())
    first = codec.encode(Snapshot(1, lot))
    assert codec.encode(Snapshot(1, lot)) == first
    assert codec.encode(Snapshot(1, deepcopy(lot))) == first
    other = replace(lot, spaces={**spaces, "C3": Space("C3", "1")})
    assert codec.decode(codec.encode(Snapshot(1, other))) == Snapshot(1, other)
    assert codec.decode(codec.encode(Snapshot(1, lot))) == Snapshot(1, lot)
