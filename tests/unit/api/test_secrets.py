"""Secrets: what hangs on them is only ours, and good for one use only."""

from uuid import UUID, uuid4

import argon2
import pytest

from api.secrets import Secrets, id_from
from tests.scenario import ANN, BOB, CID

OURS, THEIRS = Secrets(b"a" * 32), Secrets(b"b" * 32)


def test_a_refresh_token_of_ours_is_known_and_the_same_each_time() -> None:
    token = OURS.refresh_token(ANN, BOB, "sign-in")
    assert OURS.is_ours(token)
    assert Secrets(b"a" * 32).is_ours(token)  # after a restart
    assert token == OURS.refresh_token(ANN, BOB, "sign-in")
    assert token.startswith(f"{ANN}.{BOB}.")


def test_refresh_tokens_differ_by_person_session_and_occasion() -> None:
    made = {OURS.refresh_token(p, s, o) for p in (ANN, BOB) for s in (ANN, BOB) for o in ("one", "two")}
    assert len(made) == len({OURS.token_hash(each) for each in made}) == 8


def test_a_refresh_token_that_others_made_or_changed_is_not_ours() -> None:
    token = OURS.refresh_token(ANN, BOB, "sign-in")
    assert not THEIRS.is_ours(token)
    parts = token.split(".")
    other = OURS.refresh_token(ANN, CID, "sign-in").split(".")
    for n in range(4):
        assert not OURS.is_ours(".".join([*parts[:n], other[n] if n else str(BOB), *parts[n + 1 :]]))
        assert not OURS.is_ours(".".join(parts[:n] + parts[n + 1 :]))
    for n in range(len(token)):
        assert not OURS.is_ours(token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :])
        assert not OURS.is_ours(token[:n])
    assert not OURS.is_ours(token + ".")


@pytest.mark.parametrize("token", ["", ".", "...", "é", f"{ANN}.{BOB}.x.", f"{ANN}.{BOB}.x.é"], ids=repr)
def test_what_is_no_refresh_token_is_not_ours(token: str) -> None:
    assert not OURS.is_ours(token)


def test_a_password_agrees_with_its_own_hash_whatever_hashing_takes_today() -> None:
    cheap, cheaper = Secrets(b"a" * 32, 128), Secrets(b"a" * 32, 64)
    stored = cheap.password_hash("correct horse", "ann")
    assert "m=128," in stored
    assert cheaper.password_agrees(stored, "correct horse")
    assert not cheaper.password_agrees(stored, "wrong horse")


def test_no_password_agrees_where_none_is_stored_and_that_takes_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets, asked = Secrets(b"a" * 32, 128), list[str]()
    verify = argon2.PasswordHasher.verify

    def noted(self: argon2.PasswordHasher, stored: str, password: str) -> bool:
        asked.append(stored)
        return verify(self, stored, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", noted)
    assert not secrets.password_agrees("", "-")
    assert argon2.extract_parameters(asked[0]) == argon2.extract_parameters(secrets.password_hash("x", "ann"))


USES = ["access", "seal", "code", "refresh", "token", "mark", "salt", "name", "phone"]


def test_each_use_has_a_key_of_its_own() -> None:
    keys = [each.key(use) for each in (OURS, THEIRS) for use in USES]
    assert len(set(keys)) == len(keys)
    assert all(len(each) == 32 for each in keys)


def test_hashes_of_the_same_thing_differ_by_use_and_by_installation() -> None:
    def hashes(secrets: Secrets, person: UUID) -> list[str]:
        text = person.bytes.decode("latin-1")
        found = [secrets.seal(person), secrets.code_hash(person, ""), secrets.token_hash(str(person))]
        names = [secrets.claim(kind, str(person)).partition("-")[2] for kind in ("name", "phone")]
        return [*(each.hex()[:32] for each in found), *names, secrets.token_hash(text).hex()[:32]]

    made = hashes(OURS, ANN) + hashes(THEIRS, ANN) + hashes(OURS, BOB)
    assert len(set(made)) == len(made)


def test_a_code_is_hashed_for_one_person() -> None:
    assert OURS.code_hash(ANN, "123456") == OURS.code_hash(ANN, "123456")
    assert len({OURS.code_hash(ANN, "123456"), OURS.code_hash(BOB, "123456"), OURS.code_hash(ANN, "123457")}) == 3


@pytest.mark.parametrize(
    ("one", "other"), [("ann", "Ann"), ("ann", " ANN\n"), ("straße", "STRASSE"), ("Σίσυφος", "ΣΊΣΥΦΟΣ")]
)
def test_names_that_differ_by_case_only_are_one_claim(one: str, other: str) -> None:
    assert OURS.claim("name", one) == OURS.claim("name", other)


@pytest.mark.parametrize(
    ("one", "other"), [("ann", "anne"), ("ann", "a nn"), ("ann", "änn"), ("ann", "аnn"), ("", "a")]
)
def test_other_names_are_other_claims(one: str, other: str) -> None:
    assert OURS.claim("name", one) != OURS.claim("name", other)


def test_a_claim_says_its_kind_and_hides_its_name() -> None:
    claim = OURS.claim("phone", "+3612345678")
    kind, _, rest = claim.partition("-")
    assert (kind, len(rest)) == ("phone", 32)
    assert int(rest, 16)
    assert "3612345678" not in claim
    assert claim != OURS.claim("name", "+3612345678").replace("name", "phone")


def test_a_password_agrees_with_its_own_hash_only() -> None:
    stored = OURS.password_hash("correct horse", "occasion")
    assert stored.startswith("$argon2id$")
    assert OURS.password_agrees(stored, "correct horse")
    assert not OURS.password_agrees(stored, "Correct horse")
    assert not OURS.password_agrees("no hash", "correct horse")
    assert stored == OURS.password_hash("correct horse", "occasion")
    assert stored != OURS.password_hash("correct horse", "another occasion")


def test_the_same_request_is_the_same_id_and_any_other_another() -> None:
    assert id_from("a", "b") == id_from("a", "b")
    assert str(UUID(id_from("a", "b"))) == id_from("a", "b")
    asked = [("a", "b"), ("ab",), ("ab", ""), ("", "ab"), ("a", "b", ""), ("b", "a"), (str(uuid4()), "b")]
    assert len({id_from(*each) for each in asked}) == len(asked)
