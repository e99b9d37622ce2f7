"""People, the handles they are found by, and their sessions."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from domain.identity.claim import Claimed, Confirmed, Expired, Released
from domain.identity.person import (
    Forgotten,
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
from infra.tables import Row, Table, Tables
from projections.projection import Projection, Writes
from schemas.envelope import Recorded
from schemas.sealing import FORGOTTEN

PEOPLE = Table(
    "identity_people",
    partition={"person": UUID},
    columns={"name": str, "phone": str, "password_hash": str, "registered_at": datetime},
)
HANDLES = Table("identity_handles", partition={"claim": str}, columns={"person": UUID})
SESSIONS = Table(
    "identity_sessions",
    partition={"person": UUID},
    clustering={"session": UUID},
    columns={
        "device": str,
        "device_id": UUID,
        "method": str,
        "opened_at": datetime,
        "used_at": datetime,
        "expires_at": datetime,
    },
)
ROLES = Table("identity_roles", partition={"person": UUID}, clustering={"role": str})

identity = Projection("identity", version=1, systems=["identity"], tables=[PEOPLE, HANDLES, SESSIONS, ROLES])


# Handles follow the claims themselves, not what people's accounts say of them: a handle has one writer.


@identity.on(Claimed)
def claimed(event: Claimed, at: Recorded) -> Writes:
    return [HANDLES.put(at.micros, claim=at.aggregate_id, person=event.owner)]


@identity.on(Confirmed)
def confirmed(event: Confirmed, at: Recorded) -> Writes:
    return [HANDLES.put(at.micros, claim=at.aggregate_id, person=event.owner)]


@identity.on(Released)
def released(event: Released, at: Recorded) -> Writes:
    return [HANDLES.remove(at.micros, claim=at.aggregate_id)]


@identity.on(Expired)
def expired(event: Expired, at: Recorded) -> Writes:
    return [HANDLES.remove(at.micros, claim=at.aggregate_id)]


@identity.on(Registered)
def registered(event: Registered, at: Recorded) -> Writes:
    secret = {} if event.password_hash is None else {"password_hash": event.password_hash}
    person = UUID(at.aggregate_id)
    return [PEOPLE.put(at.micros, person=person, name=event.name, phone=event.phone, registered_at=at.time, **secret)]


@identity.on(Renamed)
def renamed(event: Renamed, at: Recorded) -> Writes:
    return [PEOPLE.put(at.micros, person=UUID(at.aggregate_id), name=event.name)]


@identity.on(PhoneChanged)
def phone_changed(event: PhoneChanged, at: Recorded) -> Writes:
    return [PEOPLE.put(at.micros, person=UUID(at.aggregate_id), phone=event.phone)]


@identity.on(PasswordChanged)
def password_changed(event: PasswordChanged, at: Recorded) -> Writes:
    return [PEOPLE.put(at.micros, person=UUID(at.aggregate_id), password_hash=event.password_hash)]


@identity.on(SessionOpened)
def session_opened(event: SessionOpened, at: Recorded) -> Writes:
    return [
        SESSIONS.put(
            at.micros,
            person=UUID(at.aggregate_id),
            session=event.session,
            device=event.device,
            device_id=event.device_id,
            method=event.method.value,
            opened_at=event.opened_at,
            used_at=event.opened_at,
            expires_at=event.expires_at,
        )
    ]


@identity.on(SessionRefreshed)
def session_refreshed(event: SessionRefreshed, at: Recorded) -> Writes:
    person, expires = UUID(at.aggregate_id), event.expires_at
    return [SESSIONS.put(at.micros, person=person, session=event.session, used_at=at.time, expires_at=expires)]


@identity.on(SessionRevoked)
def session_revoked(event: SessionRevoked, at: Recorded) -> Writes:
    return [SESSIONS.remove(at.micros, person=UUID(at.aggregate_id), session=event.session)]


@identity.on(SessionExpired)
def session_expired(event: SessionExpired, at: Recorded) -> Writes:
    return [SESSIONS.remove(at.micros, person=UUID(at.aggregate_id), session=event.session)]


@identity.on(RoleGranted)
def role_granted(event: RoleGranted, at: Recorded) -> Writes:
    return [ROLES.put(at.micros, person=UUID(at.aggregate_id), role=event.role)]


@identity.on(RoleRevoked)
def role_revoked(event: RoleRevoked, at: Recorded) -> Writes:
    return [ROLES.remove(at.micros, person=UUID(at.aggregate_id), role=event.role)]


@identity.on(Forgotten)
def forgotten(event: Forgotten, at: Recorded) -> Writes:
    """Sessions, roles and handles have gone, or go, by events of their own."""
    gone = {"name": FORGOTTEN, "phone": FORGOTTEN, "password_hash": ""}
    return [PEOPLE.put(at.micros, person=UUID(at.aggregate_id), **gone)]


class People:
    """Queries on people; who may see what is for the face to decide."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def person(self, person: UUID) -> Row | None:
        """The account's row: name, phone, password_hash, registered_at. None for a stranger."""
        row = await self._tables.get(PEOPLE, person=person)
        return row if row and row["name"] is not None else None

    async def names(self, people: Iterable[UUID]) -> dict[UUID, str]:
        """The names of those of these people who have an account."""
        wanted = list(set(people))
        rows = await asyncio.gather(*(self._tables.get(PEOPLE, person=each) for each in wanted))
        return {each: row["name"] for each, row in zip(wanted, rows, strict=True) if row and row["name"] is not None}

    async def holder(self, claim: str) -> UUID | None:
        """Who holds the claim of a name or number."""
        row = await self._tables.get(HANDLES, claim=claim)
        return None if row is None else row["person"]

    async def sessions(self, person: UUID) -> list[Row]:
        """The devices that are signed in."""
        rows = await self._tables.scan(SESSIONS, person=person, limit=100)
        return [row for row in rows if row["opened_at"] is not None]

    async def session(self, person: UUID, session: UUID) -> Row | None:
        """One session; None where it has ended."""
        row = await self._tables.get(SESSIONS, person=person, session=session)
        return row if row and row["opened_at"] is not None else None

    async def roles(self, person: UUID) -> list[str]:
        """What beyond a person's own things they may do."""
        return [row["role"] for row in await self._tables.scan(ROLES, person=person, limit=100)]
