"""Access tokens: ours are believed until they expire, all others are nobody's."""

import base64
import hmac
import json
import time
from dataclasses import replace
from hashlib import sha256, sha512
from typing import Any

import pytest

from api.callers import Caller, Tokens
from api.problems import Problem
from api.secrets import Secrets
from tests.scenario import ANN, BOB, CID

SECRETS = Secrets(b"a" * 32)
TOKENS = Tokens(SECRETS)
CALLER = Caller(ANN, BOB, CID, "ann", frozenset({"operator"}), int(time.time()) + 3_600)


def packed(data: Any) -> str:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def claims() -> dict[str, Any]:
    """What a token of ours says."""
    body = TOKENS.issue(CALLER).split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


def signed(header: Any, body: Any, key: bytes = b"", digest: Any = sha256) -> str:
    """A token by hand, signed with our own key unless another is given."""
    data = f"{packed(header)}.{packed(body)}"
    return f"{data}.{packed(hmac.digest(key or SECRETS.key('access'), data.encode(), digest))}"


def refused(token: str) -> Problem:
    with pytest.raises(Problem) as problem:
        TOKENS.read(token)
    assert problem.value.status == 401
    assert problem.value.headers == {"WWW-Authenticate": "Bearer"}
    return problem.value


def test_our_own_says_who_calls() -> None:
    before = int(time.time())
    caller, issued = TOKENS.read(TOKENS.issue(CALLER))
    assert caller == CALLER
    assert before <= issued <= time.time()


def test_one_by_hand_is_as_good_as_ours() -> None:
    """So that the refusals below are for what they change, and for nothing else."""
    assert TOKENS.read(signed({"alg": "HS256"}, claims()))[0] == CALLER


@pytest.mark.parametrize("ago", [0, 1, 1_000_000])
def test_an_expired_one_is_refused_and_says_so(ago: int) -> None:
    token = TOKENS.issue(replace(CALLER, expires=int(time.time()) - ago))
    assert refused(token).code == "token_expired"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS384", "HS512", "RS256", "hs256", None, 1, ["HS256"]])
def test_another_algorithm_is_refused_with_and_without_a_signature(alg: object) -> None:
    unsigned = f"{packed({'alg': alg})}.{packed(claims())}."
    digest = sha512 if alg == "HS512" else sha256
    for token in (unsigned, signed({"alg": alg}, claims()), signed({"alg": alg}, claims(), digest=digest)):
        assert refused(token).code == "sign_in_first"


@pytest.mark.parametrize("key", [b"b" * 32, b"a" * 32, SECRETS.key("refresh"), SECRETS.key("seal"), b"access"])
def test_one_signed_with_another_key_is_refused(key: bytes) -> None:
    assert refused(signed({"alg": "HS256"}, claims(), key)).code == "sign_in_first"


def test_one_of_another_installation_is_refused() -> None:
    assert refused(Tokens(Secrets(b"b" * 32)).issue(CALLER)).code == "sign_in_first"


def test_claims_cannot_be_changed_under_a_signature() -> None:
    head, _, mark = TOKENS.issue(CALLER).split(".")
    for change in ({"sub": str(BOB)}, {"roles": ["operator", "king"]}, {"exp": CALLER.expires + 1}):
        assert refused(f"{head}.{packed({**claims(), **change})}.{mark}").code == "sign_in_first"


IDS = ("sub", "sid", "did")
BROKEN: list[dict[str, Any]] = [{name: value} for name in (*IDS, "iat", "exp") for value in (None, "x")]
NO_TOKENS = ["", ".", "..", "...", "a.b.c", "a.b.c.d.e", "é.é.é", "\ud800", " ", "x" * 10_000]
HEADS: list[Any] = [[], 1, None, "HS256", {}, b"\xff", b"[" * 50_000]
CRITICAL: list[Any] = [1, ["b64"], [[]], ["exp"]]
BODIES: list[Any] = [[], 1, None, "x", b"\xff", b""]


@pytest.mark.parametrize("change", [*BROKEN, {"roles": None}], ids=str)
def test_one_with_a_broken_claim_is_refused(change: dict[str, Any]) -> None:
    assert refused(signed({"alg": "HS256"}, {**claims(), **change})).code == "sign_in_first"


@pytest.mark.parametrize("name", [*IDS, "name", "roles", "iat", "exp"])
def test_one_that_leaves_a_claim_out_is_refused(name: str) -> None:
    rest = {key: value for key, value in claims().items() if key != name}
    assert refused(signed({"alg": "HS256"}, rest)).code == "sign_in_first"


@pytest.mark.parametrize("token", NO_TOKENS, ids=lambda token: repr(token[:20]))
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token).code == "sign_in_first"


def test_forged_parts_are_refused_and_never_a_defect() -> None:
    forged = [f"{packed(head)}.{packed({})}.{packed(b'x')}" for head in HEADS]
    forged += [signed({"alg": "HS256", "crit": each}, claims()) for each in CRITICAL]
    forged += [signed({"alg": "HS256"}, body) for body in BODIES]
    for token in forged:
        assert refused(token).code == "sign_in_first"
