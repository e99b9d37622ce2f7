"""A mail as it travels (RFC 5322, MIME)."""

from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import format_datetime

from infra.outbound import Mail, Refused


class _Unbroken(UnstructuredHeader, BaseHeader):
    """An address on the web: the library would encode one that is longer than a line, and nobody could call it."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Unbroken)
_POLICY = EmailPolicy(header_factory=_HEADERS)


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """The message; a calendar is one of its alternatives, as programs for mail expect it (RFC 6047, 2.4).

    Raises Refused for an address that no mail can go to.
    """
    message = EmailMessage(_POLICY)
    message["From"] = Address("Septet", addr_spec=sender)
    try:
        message["To"] = Address(addr_spec=mail.to)
    except (MessageError, ValueError) as error:
        raise Refused("no mail can go to this address") from error
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{mail.id}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine is to answer it
    if mail.stop:
        message["List-Unsubscribe"] = f"<{mail.stop}>"
        if mail.stop.startswith("https:"):  # one click is for nothing else (RFC 8058, 3.1)
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    if mail.calendar is not None:
        message.add_alternative(
            mail.calendar.data.decode(), subtype="calendar", params={"method": mail.calendar.method}, cte="base64"
        )
    return message
