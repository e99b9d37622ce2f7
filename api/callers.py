"""Who calls and what they ask to happen once: access tokens, idempotency keys, expected versions, positions."""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import uuid_utils
from fastapi import Depends, Header, Query, Request, Response
from fastapi.security import HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from api.problems import Problem
from api.secrets import Secrets, id_from
from api.services import Services
from domain.kernel import ANONYMOUS, Actor, Message, Position
from producers.gateway import Busy, Decision, Pending

FRESH = 15.0  # seconds a new session is believed without a look: its row may not be written yet
BELIEVED = 5.0  # seconds between two looks whether a session was revoked
REMEMBERED = 100_000
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The signed-in person behind a request."""

    person: UUID
    session: UUID
    device: UUID
    name: str
    roles: frozenset[str]
    expires: int  # seconds since 1970

    @property
    def actor(self) -> Actor:
        return Actor("person", str(self.person), self.roles)


class Tokens:
    """Access tokens (JWT, HS256): short-lived, and refused at once when their session ends. Each use has its own."""

    def __init__(self, secrets: Secrets, use: str = "access") -> None:
        self._key = OctKey.import_key(secrets.key(use))

    def issue(self, caller: Caller, number: str = "") -> str:
        """The token that says who the caller is until `expires`; with a number, no two are the same."""
        claims = {
            "sub": str(caller.person),
            "sid": str(caller.session),
            "did": str(caller.device),
            "name": caller.name,
            "roles": sorted(caller.roles),
            "iat": int(time.time()),
            "exp": caller.expires,
            **({"jti": number} if number else {}),
        }
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def read(self, token: str) -> tuple[Caller, int]:
        """The caller and when the token was issued; raises Problem 401 with `token_expired` or `sign_in_first`."""
        try:
            claims: dict[str, Any] = jwt.decode(token, self._key, ["HS256"]).claims
            caller = Caller(
                UUID(claims["sub"]),
                UUID(claims["sid"]),
                UUID(claims["did"]),
                str(claims["name"]),
                frozenset(claims["roles"]),
                int(claims["exp"]),
            )
            issued = int(claims["iat"])
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise unknown_caller() from error
        if caller.expires <= time.time():
            raise Problem(401, "token_expired", "Your access has expired. Refresh it.", _CHALLENGE)
        return caller, issued


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def unknown_caller() -> Problem:
    return Problem(401, "sign_in_first", "Sign in to do this.", _CHALLENGE)


class Callers:
    """Knows callers by their tokens, and looks now and then whether their session still stands."""

    def __init__(self, services: Services) -> None:
        self.tokens = Tokens(services.secrets)
        self._people = services.people
        self._looked: dict[UUID, float] = {}

    async def of(self, token: str) -> Caller:
        """The caller of an access token; raises Problem 401."""
        caller, issued = self.tokens.read(token)
        await self.check(caller, issued)
        return caller

    async def check(self, caller: Caller, issued: int) -> None:
        """Raises Problem 401 where the caller's session has ended."""
        if not await self.stands(caller, issued):
            raise Problem(401, "signed_out", "You were signed out. Sign in again.", _CHALLENGE)

    async def stands(self, caller: Caller, issued: int = 0) -> bool:
        """Whether the caller's session has not ended; looks at most every few seconds."""
        now = time.time()
        looked = self._looked.get(caller.session, issued + FRESH - BELIEVED)
        if now - looked > BELIEVED:
            if await self._people.session(caller.person, caller.session) is None:
                return False
            if len(self._looked) > REMEMBERED:
                self._looked.clear()
            self._looked[caller.session] = now
        return True

    def forget(self, session: UUID) -> None:
        """Looks at once, next time: this session has just been ended."""
        self._looked[session] = -FRESH


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def callers_of(request: Request) -> Callers:
    callers: Callers = request.app.state.callers
    return callers


_bearer = HTTPBearer(bearerFormat="JWT", description="An access token of POST /identity/sessions.", auto_error=False)


async def caller_of(request: Request) -> Caller:
    """The caller of a request; raises Problem 401."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unknown_caller()
    return await callers_of(request).of(token.strip())


async def signed_in(request: Request, _: Annotated[object, Depends(_bearer)]) -> Caller:
    """The same, told in the OpenAPI document."""
    return await caller_of(request)


async def operator_of(caller: Annotated[Caller, Depends(signed_in)]) -> Caller:
    if "operator" not in caller.roles:
        raise Problem(403, "operators_only", "This is for operators. Ask one of them, or sign in again as one.")
    return caller


class Desk:
    """Takes one request's command to the log and tells the client where it stands."""

    def __init__(self, request: Request, response: Response, idempotency_key: str | None, if_match: str | None) -> None:
        self._request, self._response = request, response
        self._key, self._expected = idempotency_key, _version(if_match)
        self._gateway = services_of(request).gateway

    def command_id(self, actor: Actor) -> str:
        """The command's id: from the idempotency key where one was sent, so that a repeat is one; else a new one."""
        if self._key is None:
            return str(uuid_utils.uuid7())
        return id_from(str(actor), self._request.method, self._request.url.path, self._key)

    async def first(self, command: Message, to: str, actor: Actor) -> Decision:
        """Submits what has to be done before the request's own command.

        Where its answer takes too long nothing was promised yet: raises Busy, so that the client sends it all again.
        """
        try:
            return await self._gateway.submit(command, to, actor)
        except Pending as pending:
            raise Busy("a step before it takes too long") from pending

    async def submit(self, command: Message, to: str, actor: Actor = ANONYMOUS, command_id: str = "") -> Decision:
        """Submits and sets the position, version and correlation headers; raises as the gateway does."""
        decision = await self._gateway.submit(
            command,
            to,
            actor,
            command_id=command_id or self.command_id(actor),
            expected_version=self._expected,
            traceparent=_traceparent(self._request),
        )
        headers = self._response.headers
        if decision.position:
            headers["Septet-Position"] = decision.position
        headers["Septet-Correlation"] = decision.correlation
        headers["ETag"] = f'"{decision.version}"'
        return decision


def _version(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    text = if_match.strip().strip('"')
    if not text.isdecimal() or len(text) > 15:
        raise Problem(422, "invalid_request", 'If-Match: give the version of an ETag, such as "3".')
    return int(text)


def _traceparent(request: Request) -> str:
    text = request.headers.get("traceparent", "")
    return text if _TRACEPARENT.fullmatch(text) else ""


After = Annotated[str | None, Query(max_length=80, description="A position from an answer: wait until it shows here.")]


def seen_in(projection: str) -> Callable[[Request, str | None], Awaitable[None]]:
    """A dependency that waits until `projection` shows what the client has done: `after` is an answer's position."""

    async def seen(request: Request, after: After = None) -> None:
        if after:
            try:
                position = Position.parse(after)
            except ValueError:
                detail = "after: send a position as an answer's Septet-Position gave it."
                raise Problem(422, "invalid_request", detail) from None
            services = services_of(request)
            if any(position.system in each.systems for each in services.projections if each.name == projection):
                await services.waiting.passed(projection, position)  # what happened elsewhere never shows here

    return seen


# All `async`: what is not, FastAPI asks for in a thread, and to go there and back takes longer than most answers.


async def _desk(
    request: Request,
    response: Response,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    if_match: Annotated[str | None, Header(max_length=40)] = None,
) -> Desk:
    return Desk(request, response, idempotency_key, if_match)


async def _services(request: Request) -> Services:
    return services_of(request)


async def _callers(request: Request) -> Callers:
    return callers_of(request)


SignedIn = Annotated[Caller, Depends(signed_in)]
Operator = Annotated[Caller, Depends(operator_of)]
Front = Annotated[Desk, Depends(_desk)]
Have = Annotated[Services, Depends(_services)]
Known = Annotated[Callers, Depends(_callers)]
