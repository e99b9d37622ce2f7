"""What can be asked of an account."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.identity.person.events import Purpose

# Hashes are made outside: of a password with argon2, of codes and tokens with a keyed hash.


@dataclass(frozen=True, slots=True)
class Register:
    """By somebody not signed in, or the system; both claims are held for this person already."""

    name: str = field(metadata={"personal": "aggregate_id"})
    phone: str = field(metadata={"personal": "aggregate_id"})
    name_claim: str
    phone_claim: str
    password_hash: str | None = field(default=None, metadata={"secret": True, "personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class ChangeName:
    name: str = field(metadata={"personal": "aggregate_id"})
    name_claim: str


@dataclass(frozen=True, slots=True)
class ChangePhone:
    phone: str = field(metadata={"personal": "aggregate_id"})
    phone_claim: str


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """By the person. Who has a password proves the old one or gives a code; a failure answers with SignInFailed."""

    password_hash: str = field(metadata={"secret": True, "personal": "aggregate_id"})
    verified_hash: str | None = field(
        default=None, metadata={"secret": True, "personal": "aggregate_id"}
    )  # as in OpenSession
    code_hash: bytes | None = field(default=None, metadata={"secret": True})
    session: UUID | None = None  # stays signed in; all others are revoked


@dataclass(frozen=True, slots=True)
class IssueCode:
    """By the person, somebody not signed in, or the system."""

    code_hash: bytes = field(metadata={"secret": True})
    purpose: Purpose = Purpose.SIGN_IN


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Sign in with exactly one proof. The answer's last event is SessionOpened, or SignInFailed."""

    session: UUID
    device: str = field(metadata={"personal": "aggregate_id"})
    device_id: UUID
    refresh_hash: bytes = field(metadata={"secret": True})
    code_hash: bytes | None = field(default=None, metadata={"secret": True})
    verified_hash: str | None = field(
        default=None, metadata={"secret": True, "personal": "aggregate_id"}
    )  # by the system: the stored hash that the password agreed with, "" for none


@dataclass(frozen=True, slots=True)
class RefreshSession:
    """By the person or the system, after the face has checked that the old token is one of ours.

    The answer's last event is SessionRefreshed, or SessionRevoked; there is none where it is a repeat that is in time.
    """

    session: UUID
    old_refresh_hash: bytes = field(metadata={"secret": True})
    new_refresh_hash: bytes = field(metadata={"secret": True})


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


@dataclass(frozen=True, slots=True)
class Forget:
    """For ever. By an operator; or by the person, who proves it as in ChangePassword: a failure is SignInFailed."""

    verified_hash: str | None = field(default=None, metadata={"secret": True, "personal": "aggregate_id"})
    code_hash: bytes | None = field(default=None, metadata={"secret": True})


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
    | Forget
)
