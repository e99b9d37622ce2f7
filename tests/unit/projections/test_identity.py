"""People, the handles they are found by, and their sessions, as rows and as answers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.identity.claim import Claimed, Confirmed, Expired, Released
from domain.identity.person import (
    Method,
    PasswordChanged,
    PhoneChanged,
    Registered,
    Renamed,
    RoleGranted,
    RoleRevoked,
    SessionExpired,
    SessionOpened,
    SessionRefreshed,
    SessionRevoked,
)
from domain.instants import instant
from projections.identity import HANDLES, PEOPLE, ROLES, SESSIONS, People, identity
from tests.scenario import ANN, BOB, CID, NOON
from tests.unit.projections.reading import ReadModel, opened

NAME, PHONE, OTHER = "name-0000000000000001", "phone-0000000000000001", "name-0000000000000002"
LAPTOP, MOBILE = UUID(int=1), UUID(int=2)
LATER = NOON + timedelta(days=30)


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[ReadModel]:
    async with opened(identity, tmp_path) as model:
        yield model


@pytest.fixture
def people(model: ReadModel) -> People:
    return People(model.tables)


def registered(password_hash: str | None = None) -> Registered:
    return Registered("Ann", "+4930123456", NAME, PHONE, password_hash)


def session_opened(session: UUID) -> SessionOpened:
    return SessionOpened(session, "Phone", MOBILE, Method.CODE, b"r" * 32, NOON, LATER, ())


async def test_a_person_and_every_change_of_theirs(model: ReadModel, people: People) -> None:
    await model.given(registered(), to=ANN)
    row = {"person": ANN, "name": "Ann", "phone": "+4930123456", "registered_at": instant(model.past.now)}
    await model.then(PEOPLE, row)
    await model.given(Renamed("Anna", OTHER, NAME), PhoneChanged("+4930999", PHONE, PHONE), to=ANN)
    await model.given(PasswordChanged("$argon2id$2"), to=ANN)
    await model.then(PEOPLE, {**row, "name": "Anna", "phone": "+4930999", "password_hash": "$argon2id$2"})
    assert (await people.person(ANN) or {})["name"] == "Anna"
    assert await people.names([ANN, BOB, ANN]) == {ANN: "Anna"}


async def test_a_password_may_come_with_the_registration(model: ReadModel, people: People) -> None:
    await model.given(registered("$argon2id$1"), to=ANN)
    assert (await people.person(ANN) or {})["password_hash"] == "$argon2id$1"


async def test_handles_follow_the_claims(model: ReadModel, people: People) -> None:
    await model.given(Claimed(ANN, LATER), to=NAME)
    assert await people.holder(NAME) == ANN
    await model.given(Expired(ANN), to=NAME)
    assert await people.holder(NAME) is None
    await model.given(Claimed(BOB, None), Released(BOB), Confirmed(CID), to=NAME)
    await model.then(HANDLES, {"claim": NAME, "person": CID})


async def test_sessions_begin_go_on_and_end(model: ReadModel, people: People) -> None:
    await model.given(session_opened(LAPTOP), session_opened(MOBILE), to=ANN)
    row = {"person": ANN, "device": "Phone", "device_id": MOBILE, "method": "code"}
    row |= {"opened_at": NOON, "used_at": NOON, "expires_at": LATER}
    await model.then(SESSIONS, {**row, "session": LAPTOP}, {**row, "session": MOBILE})
    expires = LATER + timedelta(days=1)
    await model.given(SessionRefreshed(MOBILE, b"n" * 32, expires, ()), to=ANN)
    used = instant(model.past.now)
    await model.given(SessionRevoked(LAPTOP, "signed_out"), to=ANN)
    await model.then(SESSIONS, {**row, "session": MOBILE, "used_at": used, "expires_at": expires})
    assert await people.session(ANN, LAPTOP) is None
    assert await people.session(BOB, MOBILE) is None
    await model.given(SessionExpired(MOBILE), to=ANN)
    assert await people.sessions(ANN) == []


async def test_a_late_refresh_of_an_ended_session_is_no_session(model: ReadModel, people: People) -> None:
    await model.given(session_opened(MOBILE), to=ANN)
    refreshed = model.past.happen(SessionRefreshed(MOBILE, b"n" * 32, LATER, ()), ANN)
    await model.given(SessionRevoked(MOBILE, "signed_out"), to=ANN)
    await model.apply(refreshed)
    assert await people.sessions(ANN) == []
    assert await people.session(ANN, MOBILE) is None


async def test_roles(model: ReadModel, people: People) -> None:
    await model.given(RoleGranted("operator"), RoleGranted("support"), RoleRevoked("support"), to=ANN)
    await model.then(ROLES, {"person": ANN, "role": "operator"})
    assert await people.roles(ANN) == ["operator"]
    assert await people.roles(BOB) == []


async def test_a_stranger_is_nobody(model: ReadModel, people: People) -> None:
    await model.given(PasswordChanged("$argon2id$2"), to=BOB)  # all that is left of them
    assert await people.person(ANN) is await people.person(BOB) is None
    assert await people.names([BOB]) == {}


async def test_no_secret_but_the_password_hash_is_in_any_row(model: ReadModel) -> None:
    await model.given(registered(), session_opened(MOBILE), to=ANN)
    await model.given(SessionRefreshed(MOBILE, b"n" * 32, LATER, ()), to=ANN)
    rows = repr([await model.rows(table) for table in identity.tables])
    assert "rrrr" not in rows
    assert "nnnn" not in rows
