"""Accounts and sign-in: register, one-time codes, sessions per device, refresh and revoke."""

import asyncio
import secrets as random
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import phonenumbers
import uuid_utils
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from api.callers import Caller, Callers, Desk, Front, Have, Known, Operator, SignedIn, seen_in
from api.limits import Limits, origin
from api.problems import Problem
from api.secrets import id_from
from api.senders import NotSent
from api.services import Services
from domain.identity.claim import Claim, Release
from domain.identity.person import (
    ChangePassword,
    Forget,
    IssueCode,
    OpenSession,
    Purpose,
    RefreshSession,
    Register,
    RevokeSession,
    SessionOpened,
    SessionRefreshed,
    SignInFailed,
)
from domain.kernel import ANONYMOUS, Actor, Position, Rejected
from producers.gateway import Busy

router = APIRouter(prefix="/identity", tags=["identity"])

HOLD = timedelta(minutes=15)  # how long a name waits for its registration to end
SYSTEM = Actor("system", "api")
IDENTITY = "projection.identity"


def e164(text: str) -> str:
    """The number in E.164, such as +4930123456; raises ValueError with what to do."""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException as error:
        raise ValueError("give the number with its country, such as +49 30 123456") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError("no such number is possible; give it with its country, such as +49 30 123456")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


Phone = Annotated[str, Field(max_length=40), AfterValidator(e164)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Password = Annotated[SecretStr, Field(min_length=8, max_length=200)]


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class NewPerson(Body):
    name: Name
    phone_number: Phone
    password: Password | None = None


class Person(BaseModel):
    user_id: UUID
    name: str
    phone_number: str
    roles: list[str] = []


class CodeWanted(Body):
    phone_number: Phone


class SignIn(Body):
    """By phone number and code, or by name or phone number and password."""

    name: Name | None = None
    phone_number: Phone | None = None
    code: Annotated[str | None, Field(pattern=r"^[0-9]{6}$")] = None
    password: Annotated[SecretStr | None, Field(max_length=200)] = None
    device: Annotated[str, Field(min_length=1, max_length=64)]
    device_id: UUID | None = Field(
        None, description="The same device again keeps its inbox cursor; new where left out."
    )


class Refresh(Body):
    refresh_token: Annotated[str, Field(max_length=300)]


class PasswordChange(Body):
    old: SecretStr | None = None
    new: Password


class Farewell(Body):
    """The password; or, where the account has none, a code that `…/forget/code` sends."""

    password: Annotated[SecretStr | None, Field(max_length=200)] = None
    code: Annotated[str | None, Field(pattern=r"^[0-9]{6}$")] = None


class Tokens(BaseModel):
    access_token: str
    refresh_token: str
    token_type: str = "Bearer"
    expires_in: int = Field(description="Seconds.")
    session_id: UUID
    device_id: UUID
    user_id: UUID
    name: str
    roles: list[str]


class Session(BaseModel):
    session_id: UUID
    device: str
    device_id: UUID
    opened_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


async def register(body: NewPerson, desk: Desk, have: Services) -> Person:
    """Claims name and number, then makes the account; what was claimed is given back where that fails."""
    command_id = desk.command_id(ANONYMOUS)
    person = UUID(id_from("person", command_id))
    until = datetime.now(UTC) + HOLD
    password = body.password and body.password.get_secret_value()
    hashed = await asyncio.to_thread(have.secrets.password_hash, password, str(person)) if password else None
    claims = [have.secrets.claim("name", body.name), have.secrets.claim("phone", body.phone_number)]
    claimed: list[str] = []
    try:
        for claim in claims:
            await desk.first(Claim(person, until), claim, SYSTEM)
            claimed.append(claim)
        command = Register(body.name.strip(), body.phone_number, claims[0], claims[1], hashed)
        decision = await desk.submit(command, str(person), ANONYMOUS, command_id)
    except Rejected as refused:
        if refused.code == "taken":
            for claim in claimed:
                await desk.first(Release(person), claim, SYSTEM)
            what = "number" if claimed else "name"
            raise Rejected("taken", f"This {what} is taken already. Choose another one, or sign in.") from refused
        raise
    if decision.position:
        await have.waiting.passed(IDENTITY, Position.parse(decision.position))
    return Person(user_id=person, name=body.name.strip(), phone_number=body.phone_number)


@router.post("/people", status_code=201)
async def register_person(body: NewPerson, desk: Front, have: Have) -> Person:
    """Registers an account. 409 `taken` where the name or the number belongs to somebody."""
    return await register(body, desk, have)


@router.post("/codes", status_code=202)
async def send_code(body: CodeWanted, request: Request, have: Have) -> dict[str, str]:
    """Sends a one-time code to a number. The answer is the same whether or not somebody has that number.

    429 `too_many_codes` after five within an hour.
    """
    limits, claim, whose = limits_of(request), have.secrets.claim("phone", body.phone_number), _origin(request)
    limits.senders.check(whose)
    limits.codes.check(claim)
    limits.senders.count(whose)
    limits.codes.count(claim)
    person = await have.people.holder(claim)
    if person is not None and await have.people.person(person) is not None:
        try:
            await _send_code(have, person, body.phone_number, Purpose.SIGN_IN)
        except Rejected as refused:
            if refused.code != "too_many_codes":
                raise
            # Asked for in other processes, too: a refusal would tell that somebody has this number.
    return {}


@router.post("/sessions", status_code=201)
async def sign_in(body: SignIn, request: Request, desk: Front, have: Have, callers: Known) -> Tokens:
    """Opens a session for a device. 401 `sign_in_failed`, 429 `locked_out` and `too_many_attempts`."""
    if (body.code is None) == (body.password is None) or (body.name is None) == (body.phone_number is None):
        raise Problem(422, "invalid_request", "Send a name or a phone_number, and a code or a password.")
    claim = (
        have.secrets.claim("name", body.name)
        if body.name is not None
        else have.secrets.claim("phone", body.phone_number or "")
    )
    limits, whose = limits_of(request), _origin(request)
    account = f"{claim} {'password' if body.code is None else 'code'}"  # one can be locked out, and the other not
    limits.address.check(whose)
    limits.account.check(account)
    limits.address.count(whose)
    limits.account.count(account)  # before the proof is looked at: so many at once count, too
    tokens = await _opened(body, claim, desk, have, callers)
    limits.address.uncount(whose)
    limits.account.forget(account)
    return tokens


async def _opened(body: SignIn, claim: str, desk: Desk, have: Services, callers: Callers) -> Tokens:
    """The tokens of a new session; raises Problem 401 where the proof is no good, for whatever reason."""
    holder = await have.people.holder(claim)
    row = None if holder is None else await have.people.person(holder)
    if holder is None or row is None:
        await asyncio.to_thread(have.secrets.password_agrees, "", "-")  # as slow as a wrong password
        raise _failed()
    command_id = desk.command_id(ANONYMOUS)
    session, device = UUID(id_from("session", command_id)), body.device_id or UUID(id_from("device", command_id))
    token = have.secrets.refresh_token(holder, session, command_id)
    code_hash = verified = None
    actor = ANONYMOUS
    if body.code is not None:
        code_hash = have.secrets.code_hash(holder, body.code)
    else:
        password, stored = (body.password or SecretStr("")).get_secret_value(), row["password_hash"] or ""
        agrees = await asyncio.to_thread(have.secrets.password_agrees, stored, password)
        verified, actor = stored if agrees else "", SYSTEM
    command = OpenSession(session, body.device, device, have.secrets.token_hash(token), code_hash, verified)
    try:
        decision = await desk.submit(command, str(holder), actor, command_id)
    except Rejected as refused:
        if refused.code in ("locked_out", "code_expired"):
            raise _failed() from refused  # only a real account can be in these states
        raise
    opened = decision.events[-1] if decision.events else None
    if isinstance(opened, SignInFailed) or not isinstance(opened, SessionOpened):
        raise _failed()
    caller = Caller(holder, session, device, row["name"], frozenset(opened.roles), _expiry(have))
    return _tokens(callers, caller, token, have)


@router.post("/sessions/refresh")
async def refresh(body: Refresh, request: Request, desk: Front, have: Have, callers: Known) -> Tokens:
    """Exchanges a refresh token for new tokens; each can be used once. 401 `signed_out` where it is no good.

    Where the answer got lost, the same again within a minute gives the same refresh token, until that one is used.
    """
    limits, whose = limits_of(request), _origin(request)
    limits.address.check(whose)
    limits.address.count(whose)
    tokens = await _refreshed(body, desk, have, callers)
    limits.address.uncount(whose)
    return tokens


async def _refreshed(body: Refresh, desk: Desk, have: Services, callers: Callers) -> Tokens:
    over = Problem(401, "signed_out", "You were signed out. Sign in again.")
    try:
        person, session = (UUID(part) for part in body.refresh_token.split(".")[:2])
    except ValueError:
        raise over from None
    if not have.secrets.is_ours(body.refresh_token):
        raise over
    old, row = have.secrets.token_hash(body.refresh_token), await have.people.person(person)
    device = await have.people.session(person, session)
    token = have.secrets.refresh_token(person, session, old.hex())
    try:
        command = RefreshSession(session, old, have.secrets.token_hash(token))
        # Never the command of an idempotency key: its answer is kept for a day, and would be given to a thief, too.
        decision = await desk.submit(command, str(person), SYSTEM, str(uuid_utils.uuid7()))
    except Rejected as refused:
        raise over from refused
    refreshed = decision.events[-1] if decision.events else None
    if refreshed is not None and not isinstance(refreshed, SessionRefreshed):
        raise over
    if row is None or device is None:  # so new that they did not show yet; the token is exchanged all the same
        if refreshed is None:
            raise Busy("the session does not show yet")
        await have.waiting.passed(IDENTITY, Position.parse(decision.position))
        row, device = await have.people.person(person), await have.people.session(person, session)
    if row is None or device is None:
        raise over
    roles = await have.people.roles(person) if refreshed is None else refreshed.roles
    caller = Caller(person, session, device["device_id"], row["name"], frozenset(roles), _expiry(have))
    return _tokens(callers, caller, token, have)


@router.get("/sessions")
async def sessions(caller: SignedIn, have: Have, ready: Annotated[None, Depends(seen_in(IDENTITY))]) -> list[Session]:
    """The devices that are signed in."""
    return [
        Session(
            session_id=row["session"],
            device=row["device"],
            device_id=row["device_id"],
            opened_at=row["opened_at"],
            last_used_at=row["used_at"],
            expires_at=row["expires_at"],
            current=row["session"] == caller.session,
        )
        for row in await have.people.sessions(caller.person)
    ]


@router.delete("/sessions/{session_id}", status_code=204)
async def sign_out(session_id: UUID, caller: SignedIn, desk: Front, callers: Known) -> None:
    """Ends a session; its access tokens are refused within seconds."""
    await desk.submit(RevokeSession(session_id), str(caller.person), caller.actor)
    callers.forget(session_id)


@router.get("/me")
async def me(caller: SignedIn, have: Have) -> Person:
    """The account of the caller."""
    row = await have.people.person(caller.person)
    if row is None:
        raise Problem(404, "not_found", "There is no such account.")
    roles = await have.people.roles(caller.person)
    return Person(user_id=caller.person, name=row["name"], phone_number=row["phone"], roles=roles)


@router.put("/password", status_code=204)
async def change_password(body: PasswordChange, caller: SignedIn, desk: Front, have: Have) -> None:
    """Sets the password; every other device is signed out. 403 `sign_in_failed` where the old one is wrong."""
    row = await have.people.person(caller.person)
    stored = (row and row["password_hash"]) or ""
    old = "" if body.old is None else body.old.get_secret_value()
    agrees = bool(stored) and await asyncio.to_thread(have.secrets.password_agrees, stored, old)
    hashed = await asyncio.to_thread(
        have.secrets.password_hash, body.new.get_secret_value(), f"{caller.person}/{time.time_ns()}"
    )
    command = ChangePassword(
        hashed, verified_hash=(stored if agrees else "") if stored else None, session=caller.session
    )
    decision = await desk.submit(command, str(caller.person), SYSTEM)
    if decision.events and isinstance(decision.events[-1], SignInFailed):
        raise Problem(403, "sign_in_failed", "The old password is wrong.")


@router.get("/me/data", response_class=StreamingResponse)
async def my_data(caller: SignedIn, have: Have) -> StreamingResponse:
    """Everything the log holds of the caller, as a JSON array of events: account, contacts, messages, bookings, …"""
    headers = {"Content-Disposition": f'attachment; filename="{caller.person}.json"'}
    return StreamingResponse(have.personal.of(caller.person), media_type="application/json", headers=headers)


@router.post("/me/forget/code", status_code=202)
async def send_farewell_code(caller: SignedIn, have: Have) -> dict[str, str]:
    """Sends the caller a code to prove with, in `…/forget`, that it is them."""
    row = await have.people.person(caller.person)
    if row is not None:
        await _send_code(have, caller.person, row["phone"], Purpose.FORGET)
    return {}


@router.post("/me/forget", status_code=202)
async def forget_me(body: Farewell, caller: SignedIn, desk: Front, have: Have) -> dict[str, str]:
    """Ends the account for ever: everybody is signed out, name and number are free, and what is personal is unreadable.

    It begins at once and ends within moments. 403 `sign_in_failed` where the proof is wrong.
    """
    if (body.password is None) == (body.code is None):
        raise Problem(422, "invalid_request", "Send the password or a code.")
    code_hash = verified = None
    if body.code is not None:
        code_hash = have.secrets.code_hash(caller.person, body.code)
    else:
        row = await have.people.person(caller.person)
        password, stored = (
            (body.password or SecretStr("")).get_secret_value(),
            (row and row["password_hash"]) or "",
        )
        verified = stored if await asyncio.to_thread(have.secrets.password_agrees, stored, password) else ""
    decision = await desk.submit(Forget(verified, code_hash), str(caller.person), SYSTEM)
    if decision.events and isinstance(decision.events[-1], SignInFailed):
        raise Problem(403, "sign_in_failed", "The password or the code is wrong.")
    return {}


@router.delete("/people/{person_id}", status_code=202)
async def forget_person(person_id: UUID, caller: Operator, desk: Front) -> dict[str, str]:
    """Ends somebody's account for ever, as an operator: what follows is the same as when they do it."""
    await desk.submit(Forget(), str(person_id), caller.actor)
    return {}


async def _send_code(have: Services, person: UUID, phone: str, purpose: Purpose) -> None:
    code = f"{random.randbelow(1_000_000):06d}"
    await have.gateway.submit(IssueCode(have.secrets.code_hash(person, code), purpose), str(person), ANONYMOUS)
    try:
        await have.sender.send(phone, code)
    except NotSent as error:
        raise Problem(503, "code_not_sent", "The code could not be sent. Ask for it again.") from error


def limits_of(request: Request) -> Limits:
    limits: Limits = request.app.state.limits
    return limits


def _origin(request: Request) -> str:
    return origin(request.client and request.client.host)


def _failed() -> Problem:
    return Problem(401, "sign_in_failed", "Name, number, password or code is wrong.")


def _expiry(have: Services) -> int:
    return int(time.time() + have.access_token_life.total_seconds())


def _tokens(callers: Callers, caller: Caller, refresh_token: str, have: Services) -> Tokens:
    return Tokens(
        access_token=callers.tokens.issue(caller),
        refresh_token=refresh_token,
        expires_in=int(have.access_token_life.total_seconds()),
        session_id=caller.session,
        device_id=caller.device,
        user_id=caller.person,
        name=caller.name,
        roles=sorted(caller.roles),
    )
