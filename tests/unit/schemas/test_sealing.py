"""What is personal on the wire: sealed for its subject, opened with the key, forgotten without it."""

import json
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from domain.catalogue import CATALOGUE
from infra import keytree
from schemas.avro import Unsupported
from schemas.registry import Kind, entries
from schemas.sealing import FORGOTTEN, MARK, OTHERS, Around, Seals

ANN, BOB = str(UUID(int=1)), str(UUID(int=2))


class Keys:
    """A tree of keys in memory."""

    def __init__(self) -> None:
        self.seeds = {keytree.ROOT: b"r" * keytree.SEED}

    def place(self, subject: str) -> bytes:
        return keytree.place_of(subject)

    def cipher(self, place: bytes) -> AESSIV | None:
        node = keytree.above(self.seeds, place)
        return None if node is None else AESSIV(keytree.key_of(node, self.seeds[node], place))

    def forget(self, subject: str) -> None:
        place = keytree.place_of(subject)
        if node := keytree.above(self.seeds, place):
            self.seeds.update(keytree.beside(node, self.seeds.pop(node), place))


@dataclass(frozen=True, slots=True)
class Inner:
    name: str = field(metadata={"personal": "owner|aggregate_id"})
    owner: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    title: str
    sender: UUID
    text: str | None = field(metadata={"personal": "sender"})
    inner: Inner
    more: tuple[Inner, ...] = ()
    addresses: tuple[str, ...] = field(default=(), metadata={"personal": "inner.owner|actor"})
    answers: dict[str, str] = field(default_factory=dict, metadata={"personal": "sender"})
    counts: dict[str, int] = field(default_factory=dict, metadata={"personal": "sender"})


@dataclass(frozen=True, slots=True)
class Lost:
    text: str = field(metadata={"personal": "nobody_here"})


@dataclass(frozen=True, slots=True)
class NoText:
    count: int = field(metadata={"personal": "aggregate_id"})


WHOLE = Outer(
    "a title",
    UUID(ANN),
    "a text",
    Inner("inside", UUID(BOB)),
    (Inner("of the aggregate"),),
    ("a@example.org",),
    {"question": "answer"},
    {"counted": 1},
)
AROUND = Around(ANN, BOB)


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def seals(keys: Keys) -> Seals:
    seals = Seals(keys)
    seals.learn(Outer)
    return seals


def test_a_message_comes_back_and_says_nothing_meanwhile(seals: Seals) -> None:
    sealed = seals.seal_all(WHOLE, AROUND)
    for word in ("a text", "inside", "of the aggregate", "example", "answer'", "counted"):
        assert word not in repr(sealed)
    assert (sealed.title, list(sealed.answers)) == ("a title", ["question"])
    assert sealed == seals.seal_all(WHOLE, AROUND)  # a repeated command is the same bytes
    assert seals.open_all(sealed) == WHOLE
    assert seals.open_all(WHOLE) == WHOLE  # what was written before anything was sealed
    assert seals.subjects(WHOLE, AROUND) == {ANN, BOB}


def test_what_is_forgotten_is_of_one_person_alone_and_for_ever(seals: Seals, keys: Keys) -> None:
    sealed = seals.seal_all(WHOLE, AROUND)
    keys.forget(ANN)
    opened = seals.open_all(sealed)
    assert (opened.text, opened.answers, opened.counts) == (FORGOTTEN, {"question": FORGOTTEN}, {FORGOTTEN: 1})
    assert (opened.inner, opened.addresses) == (WHOLE.inner, WHOLE.addresses)
    assert opened.more == (Inner(FORGOTTEN),)
    assert seals.seal_all(WHOLE, AROUND).text == FORGOTTEN  # who writes late writes nothing
    for number in range(50):
        keys.forget(str(number))
        assert seals.open(sealed.inner.name) == "inside"
        assert seals.open(sealed.text) == FORGOTTEN


def test_nothing_and_nobodys_is_left_as_it_is(seals: Seals) -> None:
    empty = Outer("", UUID(ANN), None, Inner(""))
    assert seals.seal_all(empty, Around()) == empty
    nobodys = Outer("", UUID(ANN), "", Inner("no subject"))
    assert seals.seal_all(nobodys, Around()) == nobodys


def test_json_is_opened_string_by_string(seals: Seals) -> None:
    text = 'she said "no"\n'
    token = seals.seal(text, ANN)
    assert token.startswith(MARK)
    assert json.loads(seals.open_within(json.dumps({"content": token, "seq": 1}))) == {"content": text, "seq": 1}
    assert seals.open_within(token) == text
    nested = seals.seal(token, BOB)
    assert seals.open_within(nested) == token  # once: what somebody wrote is not taken for ours
    for made_up in (MARK, f"{MARK}x", f"{MARK}{'A' * 40}", f"text {MARK}"):
        assert seals.open_within(made_up) in (made_up, FORGOTTEN)


def test_a_person_sees_what_is_theirs(seals: Seals) -> None:
    seen = seals.only_of(ANN, WHOLE, AROUND)
    assert (seen.text, seen.inner.name, seen.addresses) == ("a text", OTHERS, (OTHERS,))


@pytest.mark.parametrize("kind", [Lost, NoText])
def test_a_mark_that_cannot_be_kept_is_refused(seals: Seals, kind: type) -> None:
    with pytest.raises(Unsupported, match=kind.__name__):
        seals.learn(kind)


def test_every_mark_of_the_catalogue_can_be_kept(keys: Keys) -> None:
    seals = Seals(keys)
    for each in entries(CATALOGUE):
        seals.learn(each.state or each.message)
    assert any(each.kind is Kind.EVENT for each in entries(CATALOGUE))
