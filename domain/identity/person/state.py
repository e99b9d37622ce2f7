"""What decisions need to know of an account: its secrets' hashes, its sessions, how often was guessed."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.identity.person.events import (
    CodeIssued,
    CodeUsed,
    Event,
    Forgotten,
    Method,
    PasswordChanged,
    PhoneChanged,
    Purpose,
    Registered,
    Renamed,
    RoleGranted,
    RoleRevoked,
    SessionExpired,
    SessionOpened,
    SessionRefreshed,
    SessionRevoked,
    SignInFailed,
)

CODES_PER_HOUR = 5  # with 5 attempts each: 25 guesses an hour at a six-digit code, one in 40,000


@dataclass(frozen=True, slots=True)
class Code:
    purpose: Purpose
    hash: bytes = field(metadata={"secret": True})
    expires_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    id: UUID
    device_id: UUID
    refresh_hash: bytes = field(metadata={"secret": True})
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    name: str = field(default="", metadata={"personal": "aggregate_id"})
    name_claim: str = ""  # "": not registered
    phone_claim: str = ""
    password_hash: str | None = field(default=None, metadata={"secret": True, "personal": "aggregate_id"})
    roles: tuple[str, ...] = ()
    code: Code | None = None
    codes_issued: tuple[datetime, ...] = ()  # the latest CODES_PER_HOUR
    password_failures: int = 0
    password_failed_at: datetime | None = None
    sessions: tuple[Session, ...] = ()  # at most 16, the oldest first
    forgotten: bool = False

    def session(self, session: UUID) -> Session | None:
        return next((each for each in self.sessions if each.id == session), None)


INITIAL = Person()


def evolve(person: Person, event: Event) -> Person:
    match event:
        case Registered(name, _, name_claim, phone_claim, password_hash):
            return replace(
                person, name=name, name_claim=name_claim, phone_claim=phone_claim, password_hash=password_hash
            )
        case Renamed(name=name, name_claim=name_claim):
            return replace(person, name=name, name_claim=name_claim)
        case PhoneChanged(phone_claim=phone_claim):
            return replace(person, phone_claim=phone_claim)
        case PasswordChanged(password_hash=password_hash):
            return replace(person, password_hash=password_hash, password_failures=0, password_failed_at=None)
        case CodeIssued(purpose=purpose, code_hash=code_hash, issued_at=issued_at, expires_at=expires_at):
            issued = (*person.codes_issued, issued_at)[-CODES_PER_HOUR:]
            return replace(person, code=Code(purpose, code_hash, expires_at), codes_issued=issued)
        case SignInFailed(method=Method.CODE):
            return person if person.code is None else replace(person, code=_tried(person.code))
        case SignInFailed(failed_at=failed_at):
            return replace(person, password_failures=person.password_failures + 1, password_failed_at=failed_at)
        case CodeUsed():
            return replace(person, code=None)
        case SessionOpened(session=id, device_id=device_id, refresh_hash=refresh_hash, expires_at=expires_at):
            opened = replace(person, sessions=(*person.sessions, Session(id, device_id, refresh_hash, expires_at)))
            if event.method is Method.PASSWORD:
                return replace(opened, password_failures=0, password_failed_at=None)
            return opened
        case SessionRefreshed(session=id, refresh_hash=refresh_hash, expires_at=expires_at):
            return replace(
                person,
                sessions=tuple(
                    replace(each, refresh_hash=refresh_hash, expires_at=expires_at) if each.id == id else each
                    for each in person.sessions
                ),
            )
        case SessionRevoked(session=id) | SessionExpired(session=id):
            return replace(person, sessions=tuple(each for each in person.sessions if each.id != id))
        case RoleGranted(role=role):
            return replace(person, roles=tuple(sorted({*person.roles, role})))
        case RoleRevoked(role=role):
            return replace(person, roles=tuple(each for each in person.roles if each != role))
        case Forgotten():
            return Person(forgotten=True)


def _tried(code: Code) -> Code:
    return replace(code, attempts=code.attempts + 1)
