"""The rules of sessions: one per device, refreshed with rotating tokens, revocable."""

from collections.abc import Iterable
from datetime import timedelta
from hmac import compare_digest
from uuid import UUID

from domain.identity.person.commands import OpenSession, RefreshSession
from domain.identity.person.events import (
    CodeUsed,
    Event,
    Method,
    Purpose,
    SessionOpened,
    SessionRefreshed,
    SessionRevoked,
    SignInFailed,
)
from domain.identity.person.proofs import check_hash, prove
from domain.identity.person.state import Person, Session
from domain.identity.person.who import only
from domain.kernel import Context, Reason, Rejected
from domain.text import check_line

DEVICE = 64  # code points
SESSIONS = 16
SESSION_LIFE = timedelta(days=30)  # since the last refresh
REPEATABLE = timedelta(seconds=60)  # how long a refresh whose answer got lost may be asked again


def open_session(person: Person, command: OpenSession, context: Context) -> list[Event]:
    only(context, own=command.verified_hash is None, anonymous=command.verified_hash is None)
    check_hash(command.refresh_hash)
    check_line(command.device, "device", DEVICE)
    if person.session(command.session):
        raise Rejected("session_exists", "This session is open already. Refresh it instead.")
    proof = prove(person, Purpose.SIGN_IN, command.code_hash, command.verified_hash, context)
    if isinstance(proof, SignInFailed):
        return [proof]
    kept = [each for each in person.sessions if each.device_id != command.device_id]
    leaving = [each.id for each in person.sessions if each not in kept[-(SESSIONS - 1) :]]
    return [
        *([CodeUsed(Purpose.SIGN_IN)] if proof is Method.CODE else []),
        *revoked(leaving, "replaced"),
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


def refresh_session(person: Person, command: RefreshSession, context: Context) -> list[Event]:
    only(context, own=True)
    check_hash(command.new_refresh_hash)
    session = person.session(command.session)
    if session is None or session.expires_at <= context.now:
        raise Rejected("session_expired", "You were signed out. Sign in again.", Reason.FORBIDDEN)
    if compare_digest(session.refresh_hash, command.new_refresh_hash) and _just_refreshed(session, context):
        return []
    if not compare_digest(session.refresh_hash, command.old_refresh_hash):
        # An old token comes back: either its thief or its owner holds the newer one (RFC 9700, section 4.14.2).
        return [SessionRevoked(session.id, "reused")]
    expires_at = context.now + SESSION_LIFE
    return [SessionRefreshed(session.id, command.new_refresh_hash, expires_at, person.roles)]


def _just_refreshed(session: Session, context: Context) -> bool:
    return timedelta() <= context.now - (session.expires_at - SESSION_LIFE) <= REPEATABLE


def revoked(sessions: Iterable[UUID], reason: str) -> list[Event]:
    return [SessionRevoked(each, reason) for each in sessions]
