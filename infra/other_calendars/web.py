"""What both providers have in common: OAuth 2 with PKCE, bearer tokens, and how they say no."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx

from infra.calendars import CalendarAway, CalendarRefused, Forgot, LetInAgain, Tokens

PATIENCE = 10.0  # seconds
PAGES = 50  # of one answer: more is no calendar of a person
Json = dict[str, Any]


class Provider:
    """One application at one provider: how it is known there, and where that is."""

    def __init__(self, client: str, secret: str, consent: str, token: str, api: str, scope: str) -> None:
        self._client, self._secret, self._scope = client, secret, scope
        self._consent, self._token, self.api = consent, token, api.rstrip("/")
        self._http: httpx.AsyncClient | None = None

    def consent(self, state: str, challenge: str, back: str, **more: str) -> str:
        """The address of the page where the person says yes."""
        asked = {
            "client_id": self._client,
            "redirect_uri": back,
            "response_type": "code",
            "scope": self._scope,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **more,
        }
        return f"{self._consent}?{urlencode(asked)}"

    async def tokens(self, **asked: str) -> Tokens:
        """Raises CalendarRefused where the grant is good no more."""
        form = {"client_id": self._client, "client_secret": self._secret, **asked}
        answer = await self._sent(self._request("POST", self._token, data=form))
        if answer.status_code in (400, 401, 403):
            raise CalendarRefused(_word(answer, "error") or "refused")
        found = json_of(answer)
        try:
            return Tokens(found["access_token"], found.get("refresh_token", ""), float(found.get("expires_in", 300)))
        except (KeyError, TypeError, ValueError) as error:
            raise CalendarAway("no token came back") from error

    async def call(
        self,
        method: str,
        url: str,
        access: str,
        *,
        body: Json | None = None,
        expected: tuple[int, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """An answer that says yes, or with a status that is expected. Addresses outside the API get no token."""
        if not url.startswith(f"{self.api}/"):
            raise CalendarAway("it leads somewhere else")
        bearer = {"Authorization": f"Bearer {access}", **(headers or {})}
        answer = await self._sent(self._request(method, url, json=body, headers=bearer))
        if answer.is_success or answer.status_code in expected:
            return answer
        match answer.status_code:
            case 401:
                raise LetInAgain
            case 410:
                raise Forgot
            case 403 if _limited(answer):
                raise CalendarAway("too many questions", _after(answer))
            case 400 | 403 | 404:
                raise CalendarRefused(f"{method}: {answer.status_code}")
        raise CalendarAway(f"{method}: {answer.status_code}", _after(answer))

    async def post(self, url: str, **form: str) -> None:
        """A form that is sent whatever comes back."""
        await self._sent(self._request("POST", url, data=form))

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    def _request(self, method: str, url: str, **more: Any) -> httpx.Request:
        if self._http is None:  # it belongs to the event loop of its first call
            self._http = httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False)
        return self._http.build_request(method, url, **more)

    async def _sent(self, request: httpx.Request) -> httpx.Response:
        assert self._http is not None
        try:
            return await self._http.send(request)
        except httpx.HTTPError as error:
            raise CalendarAway(type(error).__name__) from error


def json_of(answer: httpx.Response) -> Json:
    """The object in it; raises CalendarAway for what is none."""
    try:
        found = answer.json()
    except ValueError as error:
        raise CalendarAway(f"{answer.status_code}, and no JSON") from error
    if not answer.is_success or not isinstance(found, dict):
        raise CalendarAway(f"{answer.status_code}", _after(answer))
    return found


def midnight(day: str, zone: str) -> datetime:
    """The instant at which a day ("2026-03-29") begins in a zone; raises ValueError."""
    return datetime.combine(date.fromisoformat(day[:10]), time(), ZoneInfo(zone)).astimezone(UTC)


def in_window(start: datetime, end: datetime) -> bool:
    """Whether it is a time at all."""
    return start < end <= start + timedelta(days=400)


def _word(answer: httpx.Response, name: str) -> str:
    try:
        found = answer.json()
    except ValueError:
        return ""
    word = found.get(name) if isinstance(found, dict) else None
    return word[:60] if isinstance(word, str) else ""


def _limited(answer: httpx.Response) -> bool:
    """Whether a 403 means "later" (Google: rateLimitExceeded, quotaExceeded, userRateLimitExceeded)."""
    return "LimitExceeded" in answer.text or "quotaExceeded" in answer.text


def _after(answer: httpx.Response) -> float:
    wait = answer.headers.get("Retry-After", "")
    return float(wait) if wait.isdecimal() and len(wait) < 6 else 0.0
