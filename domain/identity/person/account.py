"""The rules of an account's name, phone number and password."""

import re

from domain.identity.claim import is_claim
from domain.identity.person.commands import ChangeName, ChangePassword, ChangePhone, Forget, Register
from domain.identity.person.events import (
    CodeUsed,
    Event,
    Forgotten,
    Method,
    PasswordChanged,
    PhoneChanged,
    Purpose,
    Registered,
    Renamed,
    RoleRevoked,
    SignInFailed,
)
from domain.identity.person.proofs import prove
from domain.identity.person.sessions import revoked
from domain.identity.person.state import Person
from domain.identity.person.who import is_operator, only
from domain.ids import check_uuid
from domain.kernel import Context, Reason, Rejected
from domain.text import check_line

NAME = 64  # code points
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164: at most 15 digits


def register(person: Person, command: Register, context: Context) -> list[Event]:
    only(context, anonymous=True)
    check_uuid(context.aggregate_id)
    _check_name(command.name, command.name_claim)
    _check_phone(command.phone, command.phone_claim)
    _check_password_hash(command.password_hash)
    if person.name_claim or person.forgotten:
        raise Rejected("already_registered", "This account exists already. Sign in instead.")
    return [
        Registered(command.name, command.phone, command.name_claim, command.phone_claim, command.password_hash),
    ]


def change_name(person: Person, command: ChangeName, context: Context) -> list[Event]:
    only(context, own=True)
    _check_name(command.name, command.name_claim)
    if (command.name, command.name_claim) == (person.name, person.name_claim):
        return []
    return [Renamed(command.name, command.name_claim, person.name_claim)]


def change_phone(person: Person, command: ChangePhone, context: Context) -> list[Event]:
    only(context, own=True)
    _check_phone(command.phone, command.phone_claim)
    if command.phone_claim == person.phone_claim:  # one number in E.164 has one claim
        return []
    return [PhoneChanged(command.phone, command.phone_claim, person.phone_claim)]


def change_password(person: Person, command: ChangePassword, context: Context) -> list[Event]:
    only(context, own=True)
    _check_password_hash(command.password_hash)
    if command.password_hash == person.password_hash:
        return []
    events: list[Event] = []
    if person.password_hash is not None:
        proof = prove(person, Purpose.CHANGE_PASSWORD, command.code_hash, command.verified_hash, context)
        if isinstance(proof, SignInFailed):
            return [proof]
        if proof is Method.CODE:
            events.append(CodeUsed(Purpose.CHANGE_PASSWORD))
    others = (each.id for each in person.sessions if each.id != command.session)
    return [*events, PasswordChanged(command.password_hash), *revoked(others, "password_changed")]


def forget(person: Person, command: Forget, context: Context) -> list[Event]:
    only(context, own=True, operator=True)
    if not is_operator(context):
        proof = prove(person, Purpose.FORGET, command.code_hash, command.verified_hash, context)
        if isinstance(proof, SignInFailed):
            return [proof]
    sessions = revoked((each.id for each in person.sessions), "forgotten")
    roles = [RoleRevoked(each) for each in person.roles]
    return [*sessions, *roles, Forgotten(person.name_claim, person.phone_claim)]


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
    if not is_claim(claim, kind):
        raise Rejected("claim_invalid", f"The {kind} was not claimed. Try again.", Reason.INVALID)


def _check_password_hash(password_hash: str | None) -> None:
    if password_hash is not None and not (0 < len(password_hash) <= 256 and password_hash.isascii()):
        raise Rejected("password_invalid", "Choose another password.", Reason.INVALID)
