"""What happens to an account: stored for ever; names and fields are the wire format."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Method(StrEnum):
    """How somebody proves to be this person."""

    CODE = "code"
    PASSWORD = "password"


class Purpose(StrEnum):
    """What a one-time code is good for."""

    SIGN_IN = "sign_in"
    CHANGE_PASSWORD = "change_password"
    FORGET = "forget"


# The ids of claims are in them, so that a policy can confirm and release without looking anything up.
# `personal` names whose key seals a field on the log: here the person this aggregate is (see schemas/sealing.py). A
# `secret` field is not to be shown to anybody, operators included.


@dataclass(frozen=True, slots=True)
class Registered:
    name: str = field(metadata={"personal": "aggregate_id"})
    phone: str = field(metadata={"personal": "aggregate_id"})
    name_claim: str
    phone_claim: str
    password_hash: str | None = field(metadata={"secret": True, "personal": "aggregate_id"})


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
    password_hash: str = field(metadata={"secret": True, "personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class CodeIssued:
    purpose: Purpose
    code_hash: bytes = field(metadata={"secret": True})
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
    refresh_hash: bytes = field(metadata={"secret": True})
    opened_at: datetime
    expires_at: datetime
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionRefreshed:
    session: UUID
    refresh_hash: bytes = field(metadata={"secret": True})
    expires_at: datetime
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionRevoked:
    session: UUID
    reason: str  # "signed_out", "reused", "replaced", "password_changed", "forgotten"


@dataclass(frozen=True, slots=True)
class SessionExpired:
    session: UUID


@dataclass(frozen=True, slots=True)
class RoleGranted:
    role: str


@dataclass(frozen=True, slots=True)
class RoleRevoked:
    role: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The account is no more: from here on what is personal of them is unreadable, before and after."""

    name_claim: str
    phone_claim: str


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
    | Forgotten
)
