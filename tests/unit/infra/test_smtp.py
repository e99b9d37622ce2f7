"""Mail that nobody on the way can read: TLS from the start or by STARTTLS, to a server whose certificate is trusted."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from infra.outbound import Away, Mail
from infra.post.smtp import Smtp
from tests.certificates import Certificates, certificates

SENDER = "septet@example.org"
MAIL = Mail("1@example.org", "ann@example.org", "Booked", "Noon, room 1.\n")
PASSWORD = "only for this test"


pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # these servers are careless on purpose


@dataclass
class Server:
    """A real one that wants a name and a password. `heard`: how each mail came, and who had signed in by then."""

    heard: list[tuple[bool, str]] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.heard.append((session.ssl is not None, str(session.auth_data)))
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return "250 OK"

    def knows(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: object) -> AuthResult:
        assert isinstance(login, LoginPassword)
        good = (login.login, login.password) == (b"septet@mail", PASSWORD.encode())
        return AuthResult(success=good, handled=False, auth_data=login.login.decode())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusted(made: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))


@asynccontextmanager
async def serving(server: Server, made: Certificates | None, *, from_the_start: bool = False) -> AsyncIterator[int]:
    """The port of it; without certificates it offers no STARTTLS."""
    tls = None
    if made is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(made.server)

    def session() -> SMTP:
        starts = tls is not None and not from_the_start
        return SMTP(
            server,
            hostname="localhost",
            tls_context=tls if starts else None,
            require_starttls=starts,
            authenticator=server.knows,
            auth_require_tls=starts,
            auth_required=True,
        )

    inside = tls if from_the_start else None
    async with await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=inside) as listening:
        yield listening.sockets[0].getsockname()[1]


def sender(scheme: str, port: int, password: str = PASSWORD) -> Smtp:
    return Smtp(f"{scheme}://septet%40mail@127.0.0.1:{port}", password, SENDER)


@pytest.mark.usefixtures("trusted")
async def test_by_starttls_the_password_and_the_mail_are_sent_encrypted(made: Certificates) -> None:
    server = Server()
    async with serving(server, made) as port:
        await sender("submission", port).send(MAIL)
    assert server.heard == [(True, "septet@mail")]
    assert b"Noon, room 1." in server.mails[0]


@pytest.mark.usefixtures("trusted")
async def test_tls_from_the_start_is_spoken_as_well(made: Certificates) -> None:
    server = Server()
    async with serving(server, made, from_the_start=True) as port:
        await sender("smtps", port).send(MAIL)
    assert len(server.mails) == 1


@pytest.mark.parametrize("from_the_start", [False, True])
async def test_nothing_is_said_to_a_server_whose_certificate_nobody_vouches_for(
    made: Certificates, from_the_start: bool
) -> None:
    server = Server()
    async with serving(server, made, from_the_start=from_the_start) as port:
        with pytest.raises(Away, match="CERTIFICATE_VERIFY_FAILED"):
            await sender("smtps" if from_the_start else "submission", port).send(MAIL)
    assert server.heard == []


async def test_a_server_without_starttls_is_never_told_anything_in_the_clear() -> None:
    server = Server()
    async with serving(server, None) as port:
        with pytest.raises(Away, match="STARTTLS"):
            await sender("submission", port).send(MAIL)
    assert server.heard == []


@pytest.mark.usefixtures("trusted")
async def test_a_wrong_password_is_ours_to_mend_and_the_mail_waits(made: Certificates) -> None:
    server = Server()
    async with serving(server, made) as port:
        with pytest.raises(Away, match="does not let us in: 535"):
            await sender("submission", port, "another").send(MAIL)
    assert server.mails == []
