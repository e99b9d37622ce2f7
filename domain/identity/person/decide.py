"""Which commands an account accepts, from whom, and what follows."""

from domain.identity.person.account import change_name, change_password, change_phone, forget, register
from domain.identity.person.commands import (
    ChangeName,
    ChangePassword,
    ChangePhone,
    Command,
    ExpireSession,
    Forget,
    GrantRole,
    IssueCode,
    OpenSession,
    RefreshSession,
    Register,
    RevokeRole,
    RevokeSession,
)
from domain.identity.person.events import Event, RoleGranted, RoleRevoked, SessionExpired, SessionRevoked
from domain.identity.person.proofs import issue_code
from domain.identity.person.sessions import open_session, refresh_session
from domain.identity.person.state import Person
from domain.identity.person.who import only
from domain.kernel import Context, Reason, Rejected

ROLES = frozenset(("operator",))


def decide(person: Person, command: Command, context: Context) -> list[Event]:
    if isinstance(command, Register):
        return register(person, command, context)
    if isinstance(command, Forget) and person.forgotten:
        only(context, own=True, operator=True)
        return []
    if not person.name_claim:
        raise Rejected("person_unknown", "There is no such account.", Reason.NOT_FOUND)
    match command:
        case ChangeName():
            return change_name(person, command, context)
        case ChangePhone():
            return change_phone(person, command, context)
        case ChangePassword():
            return change_password(person, command, context)
        case Forget():
            return forget(person, command, context)
        case IssueCode():
            return issue_code(person, command, context)
        case OpenSession():
            return open_session(person, command, context)
        case RefreshSession():
            return refresh_session(person, command, context)
        case RevokeSession(session=id):
            only(context, own=True)
            return [SessionRevoked(id, "signed_out")] if person.session(id) else []
        case ExpireSession(session=id, expected_expiry=expected):
            only(context)
            session = person.session(id)
            return [SessionExpired(id)] if session is not None and session.expires_at == expected else []
        case GrantRole(role=role):
            only(context)
            if role not in ROLES:
                raise Rejected("role_unknown", f"Choose one of: {', '.join(sorted(ROLES))}.", Reason.INVALID)
            return [] if role in person.roles else [RoleGranted(role)]
        case RevokeRole(role=role):
            only(context)
            return [RoleRevoked(role)] if role in person.roles else []
