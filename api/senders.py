"""How one-time codes reach people."""

from typing import Protocol

import httpx
import structlog

log = structlog.get_logger(__name__)


class NotSent(Exception):
    """The code could not be handed over; asking again is fine."""


class CodeSender(Protocol):
    async def send(self, phone: str, code: str) -> None:
        """Hands a code over for delivery; raises NotSent."""


class LogSender:
    """For development: the code is shown in the log of this process, to whoever runs it."""

    async def send(self, phone: str, code: str) -> None:
        log.warning("one-time code (shown because SEPTET_CODE_SENDER is `log`)", phone=phone, code=code)


class WebhookSender:
    """Posts `{"phone": …, "code": …}` to a gateway that sends text messages."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=5.0)

    async def send(self, phone: str, code: str) -> None:
        try:
            answer = await self._client.post(self._url, json={"phone": phone, "code": code})
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise NotSent(str(error)) from error


def sender_of(setting: str) -> CodeSender:
    """The sender that a setting names: `log`, or the URL of a webhook."""
    return LogSender() if setting == "log" else WebhookSender(setting)
