"""How a person proves to be it: one-time codes and passwords, and what guessing leads to."""

from datetime import timedelta
from hmac import compare_digest

from domain.identity.person.commands import IssueCode
from domain.identity.person.events import CodeIssued, Event, Method, Purpose, SignInFailed
from domain.identity.person.state import CODES_PER_HOUR, Person
from domain.identity.person.who import only
from domain.kernel import Context, Reason, Rejected

CODE_LIFE = timedelta(minutes=10)
CODE_ATTEMPTS = 5
PASSWORD_FAILURES = 10  # in a row; then password sign-in rests, while a code still signs in
LOCK_OUT = timedelta(minutes=15)  # after the tenth failure and after each further one


def issue_code(person: Person, command: IssueCode, context: Context) -> list[Event]:
    only(context, own=True, anonymous=True)
    check_hash(command.code_hash)
    now = context.now
    recent = [each for each in person.codes_issued if each > now - timedelta(hours=1)]
    if len(recent) >= CODES_PER_HOUR:
        raise Rejected(
            "too_many_codes",
            f"You asked for {CODES_PER_HOUR} codes within an hour. Use the latest one, or ask again later.",
            Reason.TOO_MANY,
        )
    return [CodeIssued(command.purpose, command.code_hash, now, now + CODE_LIFE)]


def prove(
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
    agreed = bool(stored) and compare_digest(stored.encode(), (verified_hash or "").encode(errors="replace"))
    return Method.PASSWORD if agreed else SignInFailed(Method.PASSWORD, context.now)


def check_hash(value: bytes) -> None:
    if not 16 <= len(value) <= 64:
        raise Rejected("hash_invalid", "Send a hash of 16 to 64 bytes.", Reason.INVALID)
