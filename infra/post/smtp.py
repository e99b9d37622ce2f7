"""Mail handed to a server by SMTP (RFC 5321)."""

import asyncio
import smtplib
import ssl
from urllib.parse import unquote, urlsplit

from infra.outbound import Away, Mail, Refused
from infra.post.message import message_of

PATIENCE = 10.0  # seconds
PORTS = {"smtp": 25, "smtps": 465, "submission": 587}


class Smtp:
    """The server of an address: `smtps://user@host` is TLS from the start, `submission://user@host` is STARTTLS and
    never without, `smtp://host` is in the clear, for a server on this machine."""

    def __init__(self, url: str, password: str, sender: str) -> None:
        """Raises ValueError for an address of another kind."""
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is no mail server: give smtp://, smtps:// or submission://host:port")
        self._scheme, self._host = parts.scheme, parts.hostname
        self._port = parts.port or PORTS[parts.scheme]
        self._user, self._password, self._sender = unquote(parts.username or ""), password, sender

    async def send(self, mail: Mail) -> None:
        await asyncio.to_thread(self._send, mail)

    def _send(self, mail: Mail) -> None:
        try:
            with self._connected() as server:
                server.send_message(message_of(mail, self._sender), self._sender, [mail.to])
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = refused.recipients[mail.to]
            raise _error(code, text) from refused
        except smtplib.SMTPAuthenticationError as error:
            raise Away(f"it does not let us in: {error.smtp_code}") from error  # ours to mend, not the receiver's
        except smtplib.SMTPResponseException as error:
            raise _error(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Away(f"{type(error).__name__}: {error}") from error

    def _connected(self) -> smtplib.SMTP:
        if self._scheme == "smtps":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=PATIENCE, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=PATIENCE)
        try:
            if self._scheme == "submission":
                server.starttls(context=ssl.create_default_context())
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _error(code: int, text: bytes | str) -> Refused | Away:
    """5yz is for good, anything else is for now (RFC 5321, 4.2.1)."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    kind = Refused if 500 <= code < 600 else Away
    return kind(f"{code} {said[:200]}")
