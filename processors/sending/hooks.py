"""Calls of webhooks, signed as Standard Webhooks says (standardwebhooks.com, 1.0.0)."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from domain.notice.recipient import Notice
from schemas.envelope import timestamp


@dataclass(frozen=True, slots=True)
class Call:
    """An address on the web, and what it is sent."""

    url: str
    headers: dict[str, str]
    body: bytes


def webhook_call(url: str, key: bytes, notice: Notice, told_at: int, now: int) -> Call:
    """The id is the notice's, also when it is sent again; `now` (microseconds) is signed, so that no call can be
    played again later."""
    return signed_call(url, key, str(notice.notice), notice.kind, _data(notice), told_at, now)


def signed_call(url: str, key: bytes, name: str, kind: str, data: Mapping[str, Any], told_at: int, now: int) -> Call:
    """The same of anything; `name` is its id."""
    body = orjson.dumps({"type": kind, "timestamp": timestamp(told_at).decode(), "data": data})
    seconds = str(now // 1_000_000)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": seconds,
        "webhook-signature": signature(key, name, seconds, body),
    }
    return Call(url, headers, body)


def signature(key: bytes, name: str, seconds: str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of id, time and body, in Base64."""
    signed = b".".join((name.encode(), seconds.encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, sha256)).decode()}"


def _data(notice: Notice) -> dict[str, Any]:
    return {
        "notice_id": notice.notice,
        "category": notice.category,
        "subject": notice.subject,
        "text": notice.text,
        "link": notice.link,
        "urgent": notice.urgent,
        **({"about": notice.about} if notice.about else {}),
    }
