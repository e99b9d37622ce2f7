"""A person's account: name and phone number, password and one-time codes, and the devices signed in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from uuid import UUID

from domain.kernel import Context, Reason, Rejected
from domain.text import check_line

NAME, DEVICE = 64, 64  # code points
CODE_LIFE = timedelta(minutes=10)
CODE_ATTEMPTS = 5
CODES_PER_HOUR = 5  # with 5 attempts each: 25 guesses an hour at a six-digit code, one in 40,000
PASSWORD_FAILURES = 10  # in a row; then password sign-in rests, while a code still signs in
LOCK_OUT = timedelta(minutes=15)  # after the tenth failure and after each further one
SESSION_LIFE = timedelta(days=30)  # since the last refresh
SESSIONS = 16
ROLES = frozenset(("operator",))

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164: at most 15 digits
_CLAIM = re.compile(r"(name|phone)-[0-9a-f]{8,128}")


class Method(StrEnum):
    """How somebody proves to be this person."""

    CODE = "code"
    PASSWORD = "password"


class Purpose(StrEnum):
    """What a one-time code is good for."""

    SIGN_IN = "sign_in"
    CHANGE_PASSWORD = "change_password"


# Events. The ids of claims are in them, so that a policy can confirm and release without looking anything up.
# `personal` names whose key encrypts a field on the log: here the person this aggregate is.


@dataclass(frozen=True, slots=True)
class Registered:
    name: str = field(metadata={"personal": "aggregate_id"})
    phone: str = field(metadata={"personal": "aggregate_id"})
    name_claim: str
    phone_claim: str
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class Renamed:
    name: str = field(metadata={"personal": "aggregate_id"})
    name_claim: str
    old_name_claim: str  # the same where only the spelling changed


@dataclass(frozen=True, slots=True)
class PhoneChanged:
    phone: str = field(metadata={"personal": "aggregate_id"})
    phone_claim: str
    old_phone_claim: str


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    password_hash: str


@dataclass(frozen=True, slots=True)
class CodeIssued:
    purpose: Purpose
    code_hash: bytes
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """A wrong code or password was given: recorded because attempts count."""

    method: Method
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class CodeUsed:
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class SessionOpened:
    session: UUID
    device: str = field(metadata={"personal": "aggregate_id"})
    device_id: UUID
    method: Method
    refresh_hash: bytes
    opened_at: datetime
    expires_at: datetime
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionRefreshed:
    session: UUID
    refresh_hash: bytes
    expires_at: datetime
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionRevoked:
    session: UUID
    reason: str  # "signed_out", "reused", "replaced", "password_changed"


@dataclass(frozen=True, slots=True)
class SessionExpired:
    session: UUID


@dataclass(frozen=True, slots=True)
class RoleGranted:
    role: str


@dataclass(frozen=True, slots=True)
class RoleRevoked:
    role: str


Event = (
    Registered
    | Renamed
    | PhoneChanged
    | PasswordChanged
    | CodeIssued
    | SignInFailed
    | CodeUsed
    | SessionOpened
    | SessionRefreshed
    | SessionRevoked
    | SessionExpired
    | RoleGranted
    | RoleRevoked
)


# Commands. Hashes are made outside: of a password with argon2, of codes and tokens with a keyed hash.


@dataclass(frozen=True, slots=True)
class Register:
    """By somebody not signed in, or the system; both claims are held for this person already."""

    name: str
    phone: str
    name_claim: str
    phone_claim: str
    password_hash: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeName:
    name: str
    name_claim: str


@dataclass(frozen=True, slots=True)
class ChangePhone:
    phone: str
    phone_claim: str


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """By the person. Who has a password proves the old one or gives a code; a failure answers with SignInFailed."""

    password_hash: str
    verified_hash: str | None = None  # as in OpenSession
    code_hash: bytes | None = None
    session: UUID | None = None  # stays signed in; all others are revoked


@dataclass(frozen=True, slots=True)
class IssueCode:
    """By the person, somebody not signed in, or the system."""

    code_hash: bytes
    purpose: Purpose = Purpose.SIGN_IN


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Sign in with exactly one proof. The answer's last event is SessionOpened, or SignInFailed."""

    session: UUID
    device: str
    device_id: UUID
    refresh_hash: bytes
    code_hash: bytes | None = None
    verified_hash: str | None = None  # by the system: the stored hash that the password agreed with, "" for none


@dataclass(frozen=True, slots=True)
class RefreshSession:
    """By the person or the system, after the face has checked that the old token is one of ours."""

    session: UUID
    old_refresh_hash: bytes
    new_refresh_hash: bytes


@dataclass(frozen=True, slots=True)
class RevokeSession:
    session: UUID


@dataclass(frozen=True, slots=True)
class ExpireSession:
    """A deadline; does nothing when the session was refreshed since."""

    session: UUID
    expected_expiry: datetime


@dataclass(frozen=True, slots=True)
class GrantRole:
    role: str


@dataclass(frozen=True, slots=True)
class RevokeRole:
    role: str


Command = (
    Register
    | ChangeName
    | ChangePhone
    | ChangePassword
    | IssueCode
    | OpenSession
    | RefreshSession
    | RevokeSession
    | ExpireSession
    | GrantRole
    | RevokeRole
)


# State.


@dataclass(frozen=True, slots=True)
class Code:
    purpose: Purpose
    hash: bytes
    expires_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    id: UUID
    device_id: UUID
    refresh_hash: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    name: str = field(default="", metadata={"personal": "aggregate_id"})
    name_claim: str = ""  # "": not registered
    phone_claim: str = ""
    password_hash: str | None = None
    roles: tuple[str, ...] = ()
    code: Code | None = None
    codes_issued: tuple[datetime, ...] = ()  # the latest CODES_PER_HOUR
    password_failures: int = 0
    password_failed_at: datetime | None = None
    sessions: tuple[Session, ...] = ()  # at most SESSIONS, the oldest first

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


def _tried(code: Code) -> Code:
    return replace(code, attempts=code.attempts + 1)


def decide(person: Person, command: Command, context: Context) -> list[Event]:
    if isinstance(command, Register):
        return _register(person, command, context)
    if not person.name_claim:
        raise Rejected("person_unknown", "There is no such account.", Reason.NOT_FOUND)
    match command:
        case ChangeName():
            return _change_name(person, command, context)
        case ChangePhone():
            return _change_phone(person, command, context)
        case ChangePassword():
            return _change_password(person, command, context)
        case IssueCode():
            return _issue_code(person, command, context)
        case OpenSession():
            return _open_session(person, command, context)
        case RefreshSession():
            return _refresh_session(person, command, context)
        case RevokeSession(session=id):
            _only(context, own=True)
            return [SessionRevoked(id, "signed_out")] if person.session(id) else []
        case ExpireSession(session=id, expected_expiry=expected):
            _only(context)
            session = person.session(id)
            return [SessionExpired(id)] if session is not None and session.expires_at == expected else []
        case GrantRole(role=role):
            _only(context)
            if role not in ROLES:
                raise Rejected("role_unknown", f"Choose one of: {', '.join(sorted(ROLES))}.", Reason.INVALID)
            return [] if role in person.roles else [RoleGranted(role)]
        case RevokeRole(role=role):
            _only(context)
            return [RoleRevoked(role)] if role in person.roles else []


# Who may do it.


def _only(context: Context, *, own: bool = False, anonymous: bool = False) -> None:
    """The system may; the person this account belongs to only where `own`, somebody not signed in where `anonymous`."""
    actor = context.actor
    if actor.is_system or (anonymous and actor.kind == "anonymous"):
        return
    if not (own and actor.kind == "person" and actor.name == context.aggregate_id):
        raise Rejected("not_yours", "You can do this only with your own account.", Reason.FORBIDDEN)


# Name, phone, password.


def _register(person: Person, command: Register, context: Context) -> list[Event]:
    _only(context, anonymous=True)
    _check_name(command.name, command.name_claim)
    _check_phone(command.phone, command.phone_claim)
    _check_password_hash(command.password_hash)
    if person.name_claim:
        raise Rejected("already_registered", "This account exists already. Sign in instead.")
    return [
        Registered(command.name, command.phone, command.name_claim, command.phone_claim, command.password_hash),
    ]


def _change_name(person: Person, command: ChangeName, context: Context) -> list[Event]:
    _only(context, own=True)
    _check_name(command.name, command.name_claim)
    if (command.name, command.name_claim) == (person.name, person.name_claim):
        return []
    return [Renamed(command.name, command.name_claim, person.name_claim)]


def _change_phone(person: Person, command: ChangePhone, context: Context) -> list[Event]:
    _only(context, own=True)
    _check_phone(command.phone, command.phone_claim)
    if command.phone_claim == person.phone_claim:  # one number in E.164 has one claim
        return []
    return [PhoneChanged(command.phone, command.phone_claim, person.phone_claim)]


def _change_password(person: Person, command: ChangePassword, context: Context) -> list[Event]:
    _only(context, own=True)
    _check_password_hash(command.password_hash)
    if command.password_hash == person.password_hash:
        return []
    events: list[Event] = []
    if person.password_hash is not None:
        proof = _prove(person, Purpose.CHANGE_PASSWORD, command.code_hash, command.verified_hash, context)
        if isinstance(proof, SignInFailed):
            return [proof]
        if proof is Method.CODE:
            events.append(CodeUsed(Purpose.CHANGE_PASSWORD))
    others = (each.id for each in person.sessions if each.id != command.session)
    return [*events, PasswordChanged(command.password_hash), *_revoked(others, "password_changed")]


def _check_name(name: str, claim: str) -> None:
    check_line(name, "name", NAME)
    if name != name.strip():
        raise Rejected("name_invalid", "Remove the spaces around the name.", Reason.INVALID)
    _check_claim(claim, "name")


def _check_phone(phone: str, claim: str) -> None:
    if not _PHONE.fullmatch(phone):
        raise Rejected("phone_invalid", "Give the phone number with its country, such as +4930123456.", Reason.INVALID)
    _check_claim(claim, "phone")


def _check_claim(claim: str, kind: str) -> None:
    if not (_CLAIM.fullmatch(claim) and claim.startswith(kind)):
        raise Rejected("claim_invalid", f"The {kind} was not claimed. Try again.", Reason.INVALID)


def _check_password_hash(password_hash: str | None) -> None:
    if password_hash is not None and not (0 < len(password_hash) <= 256 and password_hash.isascii()):
        raise Rejected("password_invalid", "Choose another password.", Reason.INVALID)


# Codes and proofs.


def _issue_code(person: Person, command: IssueCode, context: Context) -> list[Event]:
    _only(context, own=True, anonymous=True)
    _check_hash(command.code_hash)
    now = context.now
    recent = [each for each in person.codes_issued if each > now - timedelta(hours=1)]
    if len(recent) >= CODES_PER_HOUR:
        raise Rejected(
            "too_many_codes",
            f"You asked for {CODES_PER_HOUR} codes within an hour. Use the latest one, or ask again later.",
            Reason.TOO_MANY,
        )
    return [CodeIssued(command.purpose, command.code_hash, now, now + CODE_LIFE)]


def _prove(
    person: Person, purpose: Purpose, code_hash: bytes | None, verified_hash: str | None, context: Context
) -> Method | SignInFailed:
    """By which of the two it is proven, or the failure to record; raises Rejected where neither can be tried."""
    if (code_hash is None) == (verified_hash is None):
        raise Rejected("proof_missing", "Give either the password or a code.", Reason.INVALID)
    if code_hash is not None:
        code = person.code
        if code is None or code.purpose is not purpose or code.expires_at <= context.now:
            raise Rejected("code_expired", "This code is not valid any more. Ask for a new one.", Reason.FORBIDDEN)
        if code.attempts >= CODE_ATTEMPTS:
            raise Rejected("code_expired", "This code was tried too often. Ask for a new one.", Reason.FORBIDDEN)
        return Method.CODE if compare_digest(code.hash, code_hash) else SignInFailed(Method.CODE, context.now)
    failed_at = person.password_failed_at
    if failed_at is not None and person.password_failures >= PASSWORD_FAILURES and context.now < failed_at + LOCK_OUT:
        raise Rejected(
            "locked_out",
            "The password was wrong too often. Wait a quarter of an hour, or sign in with a code.",
            Reason.TOO_MANY,
        )
    stored = person.password_hash or ""
    agreed = bool(stored) and compare_digest(stored.encode(), (verified_hash or "").encode())
    return Method.PASSWORD if agreed else SignInFailed(Method.PASSWORD, context.now)


def _check_hash(value: bytes) -> None:
    if not 16 <= len(value) <= 64:
        raise Rejected("hash_invalid", "Send a hash of 16 to 64 bytes.", Reason.INVALID)


# Sessions.


def _open_session(person: Person, command: OpenSession, context: Context) -> list[Event]:
    _only(context, own=command.verified_hash is None, anonymous=command.verified_hash is None)
    _check_hash(command.refresh_hash)
    check_line(command.device, "device", DEVICE)
    if person.session(command.session):
        raise Rejected("session_exists", "This session is open already. Refresh it instead.")
    proof = _prove(person, Purpose.SIGN_IN, command.code_hash, command.verified_hash, context)
    if isinstance(proof, SignInFailed):
        return [proof]
    kept = [each for each in person.sessions if each.device_id != command.device_id]
    leaving = [each.id for each in person.sessions if each not in kept[-(SESSIONS - 1) :]]
    return [
        *([CodeUsed(Purpose.SIGN_IN)] if proof is Method.CODE else []),
        *_revoked(leaving, "replaced"),
        SessionOpened(
            session=command.session,
            device=command.device,
            device_id=command.device_id,
            method=proof,
            refresh_hash=command.refresh_hash,
            opened_at=context.now,
            expires_at=context.now + SESSION_LIFE,
            roles=person.roles,
        ),
    ]


def _refresh_session(person: Person, command: RefreshSession, context: Context) -> list[Event]:
    _only(context, own=True)
    _check_hash(command.new_refresh_hash)
    session = person.session(command.session)
    if session is None or session.expires_at <= context.now:
        raise Rejected("session_expired", "You were signed out. Sign in again.", Reason.FORBIDDEN)
    if compare_digest(session.refresh_hash, command.new_refresh_hash):
        return []
    if not compare_digest(session.refresh_hash, command.old_refresh_hash):
        # An old token comes back: either its thief or its owner holds the newer one (RFC 9700, section 4.14.2).
        return [SessionRevoked(session.id, "reused")]
    expires_at = context.now + SESSION_LIFE
    return [SessionRefreshed(session.id, command.new_refresh_hash, expires_at, person.roles)]


def _revoked(sessions: Iterable[UUID], reason: str) -> list[Event]:
    return [SessionRevoked(each, reason) for each in sessions]
