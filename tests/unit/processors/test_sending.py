"""What leaves the house: once, until it is taken or given up, to real servers of the other side."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

import http_ece
import icalendar
import orjson
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from domain.catalogue import CATALOGUE
from domain.instants import micros
from domain.kernel import ANONYMOUS, Message
from domain.notice.invitation import Announce, Announced, Change, Open, SetFurther, reader
from domain.notice.recipient import (
    Channel,
    Delivery,
    Due,
    EmailGiven,
    NoteDelivered,
    NoteFailed,
)
from domain.scheduling.calendar import Cancelled, DisableWebhook, WebhookAdded, WebhookPinged, WebhookRemoved
from infra.outbound import Away, Mail, Refused
from infra.post.folder import Folder
from infra.post.message import message_of
from infra.post.smtp import Smtp
from infra.post.web import Http
from processors.sending import worker
from processors.sending.hooks import signature
from processors.sending.mails import Mails
from processors.sending.push import Vapid
from processors.sending.worker import OUTGOING, PAUSES, TOO_OLD, Outside, Sending
from producers.notice_keys import NoticeKeys
from projections.scheduling.hooks import Hooks
from tests.receiver import receiving
from tests.scenario import ANN, BOB, CID, NOON, SYSTEM, given
from tests.unit.domain.calendars import ONE, TEN, book, calendar
from tests.unit.domain.notices import INTRO, notice
from tests.unit.past import CODEC
from tests.unit.processors.stage import Stage, staged

KEYS = NoticeKeys(b"c" * 32, b"w" * 32, b"s" * 32)
VAPID = Vapid(b"v" * 32, "septet@example.org")
SENDER = "septet@example.org"
MAILS = Mails(KEYS, SENDER, "https://septet.example.org", "mark")
NOW = micros(NOON) + 60_000_000
MAIL = Delivery(Channel.EMAIL, UUID(int=0), "ann@example.org")


@dataclass
class Clock:
    now: int = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(worker, "micros_now", clock)
    monkeypatch.setattr("infra.embedded.tables.expired_at", lambda _: 0)  # rows of that time live on
    return clock


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        await stage.tables.create([*Sending.tables, *Hooks.tables])
        yield stage


@dataclass
class Mailbox:
    """A real SMTP server that keeps what it takes; each word of `says` is what it answers instead, once."""

    taken: list[EmailMessage] = field(default_factory=list)
    says: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.says:
            return self.says.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        assert envelope.rcpt_tos == [str(message["To"])]
        self.taken.append(message)
        return "250 OK"


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, str]]:
    box = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box, hostname="localhost"), "127.0.0.1", 0)
    async with server:
        yield box, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def sending(stage: Stage, post: Smtp | Folder, *, private: bool = True) -> Sending:
    outside = Outside(post, Http(private), MAILS, KEYS, VAPID, Hooks(stage.tables))
    return Sending(stage.log, CODEC, stage.tables, CATALOGUE, outside)


def commands(stage: Stage) -> list[Message]:
    return stage.messages("notice.commands")


async def tend(stage: Stage, handler: Sending) -> None:
    await stage.tables.write(await handler.tend())


async def waiting(stage: Stage) -> int:
    return len([row async for row in stage.tables.rows(OUTGOING)])


async def test_a_mail_is_handed_to_a_server_once(
    stage: Stage, clock: Clock, mailbox: tuple[Mailbox, str], tmp_path: Path
) -> None:
    box, url = mailbox
    stage.happen(Due(notice(1), True, (MAIL,), NOON), ANN)
    handler = sending(stage, Smtp(url, "", SENDER))
    await stage.run(handler)
    assert not box.taken  # nothing is sent where events are handled
    await tend(stage, handler)
    [mail] = box.taken
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "Septet <septet@example.org>",
        "ann@example.org",
        "Booked: Introduction",
    )
    assert "https://septet.example.org/ui/scheduling" in mail.get_content()
    assert commands(stage) == [NoteDelivered(UUID(int=1), Channel.EMAIL, UUID(int=0), 1)]
    # The same events once more, as after a crash before the progress was noted: what was sent does not come back.
    records = [found for each in stage.read("notice.events") if (found := handler.read(each, CODEC)) is not None]
    await stage.tables.write(await handler.handle(records))
    await tend(stage, handler)
    assert (len(box.taken), await waiting(stage)) == (1, 0)


async def test_a_mail_says_how_to_stop_its_kind_in_one_click_and_in_words(
    stage: Stage, clock: Clock, mailbox: tuple[Mailbox, str]
) -> None:
    box, url = mailbox
    stage.happen(Due(notice(1), True, (MAIL,), NOON), ANN)
    handler = sending(stage, Smtp(url, "", SENDER))
    await stage.run(handler)
    await tend(stage, handler)
    [mail] = box.taken
    mark = KEYS.stop(str(ANN), "bookings")
    assert mail["List-Unsubscribe"] == f"<https://septet.example.org/notice/stop-mails/{ANN}/bookings/{mark}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"https://septet.example.org/ui/stop-mails/{ANN}/bookings#{mark}" in mail.get_content().splitlines()[-1]
    assert len({KEYS.stop(str(who), kind) for who in (ANN, BOB) for kind in ("bookings", "parking")}) == 4


async def test_a_reminder_to_a_guest_says_how_to_stop_them_and_what_the_booking_needs_does_not(
    stage: Stage, clock: Clock, mailbox: tuple[Mailbox, str]
) -> None:
    box, url = mailbox
    begun = given(to=CID).when(Open(ANN, None, INTRO, "guest@example.org", ()), by=SYSTEM).accepted()
    soon = begun.when(Announce(Change.REMINDER, INTRO.start, offset=60), by=SYSTEM).accepted()
    for each in (event for event in soon.events if isinstance(event, Announced)):
        stage.happen(each, CID)
    handler = sending(stage, Smtp(url, "", SENDER))
    await stage.run(handler)
    await tend(stage, handler)
    booked, reminder = sorted(box.taken, key=lambda mail: mail["Subject"])
    about = f"{CID}/{reader(str(CID), 'guest@example.org')}"
    mark = KEYS.stop(about, "reminders")
    assert reminder["List-Unsubscribe"] == f"<https://septet.example.org/notice/stop-reminders/{about}/{mark}>"
    assert f"https://septet.example.org/ui/stop-reminders/{about}#{mark}" in reminder.get_content().splitlines()[-1]
    assert booked["List-Unsubscribe"] is None


@pytest.mark.parametrize(("address", "headers"), [("http://here.example/x", 1), ("", 0)])
def test_one_click_is_promised_only_where_it_goes_by_tls(address: str, headers: int) -> None:
    message = message_of(Mail("1@example.org", "ann@example.org", "Subject", "Text", stop=address), SENDER)
    assert len([name for name in message if name.startswith("List-")]) == headers


def test_a_long_address_in_a_header_stays_one_word() -> None:
    address = f"https://{'a' * 60}.example.org/{'b' * 150}"
    made = message_of(Mail("1@example.org", "ann@example.org", "Subject", "Text", stop=address), SENDER)
    assert f"List-Unsubscribe: <{address}>\r\n".encode() in made.as_bytes(policy=made.policy.clone(linesep="\r\n"))


async def test_a_mail_that_is_not_taken_is_tried_again_with_the_same_id_and_given_up_for_all_to_see(
    stage: Stage, clock: Clock, mailbox: tuple[Mailbox, str]
) -> None:
    box, url = mailbox
    box.says = ["451 greylisted"]
    stage.happen(Due(notice(1), True, (MAIL,), NOON), ANN)
    handler = sending(stage, Smtp(url, "", SENDER))
    await stage.run(handler)
    await tend(stage, handler)
    await tend(stage, handler)  # it is not time yet
    assert (box.taken, commands(stage)) == ([], [])
    clock.now += PAUSES[0] * 1_000_000
    another = sending(stage, Smtp(url, "", SENDER))  # another worker takes over what waits
    await another.assigned([("notice.events", 0)])
    await tend(stage, another)
    assert [each["Message-ID"] for each in box.taken] == [f"<{UUID(int=1)}.email.{UUID(int=0)}@example.org>"]
    assert commands(stage) == [NoteDelivered(UUID(int=1), Channel.EMAIL, UUID(int=0), 2)]

    box.says = ["550 no such person"]
    stage.happen(Due(notice(2), True, (MAIL,), NOON), ANN)
    await stage.run(handler)
    await tend(stage, handler)
    assert commands(stage)[1:] == [
        NoteFailed(UUID(int=2), Channel.EMAIL, UUID(int=0), 1, "550 no such person", gone=False)
    ]
    assert await waiting(stage) == 0


async def test_one_that_cannot_be_sent_at_all_keeps_no_other_waiting(
    stage: Stage, clock: Clock, mailbox: tuple[Mailbox, str]
) -> None:
    box, url = mailbox
    for number, address in enumerate(("x@y@example.org", "<>@example.org", "ann@example.org"), 1):
        stage.happen(Due(notice(number), True, (Delivery(Channel.EMAIL, UUID(int=0), address),), NOON), ANN)
    handler = sending(stage, Smtp(url, "", SENDER))
    await stage.run(handler)
    await tend(stage, handler)
    assert [str(each["To"]) for each in box.taken] == ["ann@example.org"]
    assert len(commands(stage)) == 3
    assert await waiting(stage) == 0


async def test_a_server_that_stays_away_is_given_up_in_the_end(stage: Stage, clock: Clock) -> None:
    stage.happen(Due(notice(1), True, (MAIL,), NOON), ANN)
    handler = sending(stage, Smtp("smtp://127.0.0.1:1", "", SENDER))
    await stage.run(handler)
    for pause in (*PAUSES, 0):
        assert commands(stage) == []
        await tend(stage, handler)
        clock.now += pause * 1_000_000
    [failed] = commands(stage)
    assert (failed.attempts, failed.gone) == (len(PAUSES) + 1, False)


async def test_what_is_no_news_any_more_is_not_sent(stage: Stage, clock: Clock, mailbox: tuple[Mailbox, str]) -> None:
    """A worker that begins anew on an old log mails nobody."""
    box, url = mailbox
    stage.happen(Due(notice(1), True, (MAIL,), NOON), ANN)
    clock.now += TOO_OLD + 10_000_000
    handler = sending(stage, Smtp(url, "", SENDER))
    await stage.run(handler)
    await tend(stage, handler)
    assert box.taken == []
    assert [each.why for each in commands(stage)] == ["too old to be news"]


async def test_a_code_comes_by_mail_and_is_the_one_that_is_expected(stage: Stage, clock: Clock, tmp_path: Path) -> None:
    code_hash = KEYS.code_hash(KEYS.code(str(ANN), "ann@example.org"))
    stage.happen(EmailGiven("ann@example.org", code_hash, NOON, NOON), ANN)
    folder = tmp_path / "mail"
    handler = sending(stage, Folder(folder, SENDER))
    await stage.run(handler)
    await tend(stage, handler)
    [file] = folder.glob("*.eml")
    assert file.stat().st_mode & 0o077 == 0
    message = message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    typed = next(line for line in message.get_content().splitlines() if line.count("-") == 3)
    assert KEYS.code_hash(f" {typed.lower()} ") == code_hash
    assert KEYS.code_hash(KEYS.code(str(BOB), "ann@example.org")) != code_hash


async def test_guests_are_mailed_the_booking_as_a_scheduling_message(
    stage: Stage, clock: Clock, mailbox: tuple[Mailbox, str]
) -> None:
    box, url = mailbox
    booking = given(to=CID).when(Open(ANN, None, INTRO, "guest@example.org", ("dan@example.org",)), by=SYSTEM)
    moved = booking.accepted().when(Announce(Change.MOVED, NOON, 1, by_host=True, reason="rain"), by=SYSTEM)
    fewer = moved.accepted().when(SetFurther(None, (), 2), by=SYSTEM)
    gone = fewer.accepted().when(Announce(Change.CANCELLED, sequence=3), by=SYSTEM).accepted()
    for event in gone.events:
        stage.happen(event, CID)
    handler = sending(stage, Smtp(url, "", SENDER))
    await stage.run(handler)
    await tend(stage, handler)
    found = []
    for mail in sorted(box.taken, key=lambda each: str(each["Message-ID"])):
        [part] = [each for each in mail.walk() if each.get_content_type() == "text/calendar"]
        [event] = icalendar.Calendar.from_ical(str(part.get_content())).walk("VEVENT")
        assert part.get_param("method") in ("REQUEST", "CANCEL")
        assert event["UID"] == f"{CID}@mark.septet"
        assert event["ATTENDEE"] == f"mailto:{mail['To']}"  # and nobody else's address
        found.append((str(mail["To"]), str(part.get_param("method")), int(str(event["SEQUENCE"]))))
    assert sorted(found) == [
        ("dan@example.org", "CANCEL", 2),
        ("dan@example.org", "REQUEST", 0),
        ("dan@example.org", "REQUEST", 1),
        ("guest@example.org", "CANCEL", 3),
        ("guest@example.org", "REQUEST", 0),
        ("guest@example.org", "REQUEST", 1),
    ]


async def test_a_webhook_is_called_with_a_signature_that_its_owner_can_check(
    stage: Stage, clock: Clock, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        receiver.statuses = [500, 302]
        hook = Delivery(Channel.WEBHOOK, BOB, f"{receiver.url}/hook")
        stage.happen(Due(notice(1), True, (hook,), NOON), ANN)
        handler = sending(stage, Folder(tmp_path / "mail", SENDER))
        await stage.run(handler)
        for pause in PAUSES[:3]:  # a redirect is followed by nobody
            await tend(stage, handler)
            clock.now += pause * 1_000_000
    assert commands(stage) == [NoteDelivered(UUID(int=1), Channel.WEBHOOK, BOB, 3)]
    shown = base64.b64decode(KEYS.shown(BOB).removeprefix("whsec_"))
    assert len(receiver.requests) == 3
    for headers, body in receiver.requests:
        seconds = headers["webhook-timestamp"]
        assert headers["webhook-id"] == str(UUID(int=1))
        assert headers["webhook-signature"] == signature(shown, headers["webhook-id"], seconds, body)
        assert b'"type":"booking.booked"' in body
    first, *_, last = [int(headers["webhook-timestamp"]) for headers, _ in receiver.requests]
    assert last > first


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of its reference libraries."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_who_asks_to_be_left_alone_for_a_while_is(stage: Stage, clock: Clock, tmp_path: Path) -> None:
    async with receiving() as receiver:
        receiver.statuses = [429]  # with Retry-After: 60
        stage.happen(Due(notice(1), True, (Delivery(Channel.WEBHOOK, BOB, receiver.url),), NOON), ANN)
        handler = sending(stage, Folder(tmp_path / "mail", SENDER))
        await stage.run(handler)
        await tend(stage, handler)
        clock.now += 59_000_000
        await tend(stage, handler)
        assert len(receiver.requests) == 1
        clock.now += 1_000_000
        await tend(stage, handler)
        assert len(receiver.requests) == 2


async def test_a_webhook_that_is_gone_is_not_tried_again(stage: Stage, clock: Clock, tmp_path: Path) -> None:
    async with receiving() as receiver:
        receiver.statuses = [410]
        stage.happen(Due(notice(1), True, (Delivery(Channel.WEBHOOK, BOB, receiver.url),), NOON), ANN)
        handler = sending(stage, Folder(tmp_path / "mail", SENDER))
        await stage.run(handler)
        await tend(stage, handler)
    assert commands(stage) == [NoteFailed(UUID(int=1), Channel.WEBHOOK, BOB, 1, "410", gone=True)]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://10.1.2.3/",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[2002:a00:1::]/",
        "http://[fd00::1]/",
        "http://2130706433/",
        "http://224.0.0.1/",
        "file:///etc/passwd",
    ],
)
async def test_an_address_that_is_not_public_is_not_called(url: str) -> None:
    web = Http(private=False)
    with pytest.raises(Refused):
        await web.post(url, {}, b"")
    await web.close()


async def test_who_says_nothing_is_away() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    web = Http(private=True, patience=0.2)
    async with server:
        with pytest.raises(Away):
            await web.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", {}, b"x")
        await web.close()


async def test_a_push_can_be_read_by_the_browser_alone_and_says_who_sends_it(
    stage: Stage, clock: Clock, tmp_path: Path
) -> None:
    browser = ec.generate_private_key(ec.SECP256R1())
    point = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    auth = b"a" * 16
    keys = ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in (point, auth))
    async with receiving() as service:
        service.statuses = [201]
        device = Delivery(Channel.PUSH, CID, f"{service.url}/device", keys)
        stage.happen(Due(notice(1, urgent=True), True, (device,), NOON), ANN)
        handler = sending(stage, Folder(tmp_path / "mail", SENDER))
        await stage.run(handler)
        await tend(stage, handler)
    [(headers, body)] = service.requests
    assert b"Introduction" not in body
    read = http_ece.decrypt(body, private_key=browser, auth_secret=auth, version="aes128gcm")
    assert b"Booked: Introduction" in read
    assert (headers["content-encoding"], headers["urgency"]) == ("aes128gcm", "high")
    token, _, key = headers["authorization"].removeprefix("vapid t=").partition(", k=")
    assert key == VAPID.public
    raw = base64.urlsafe_b64decode(key + "=")
    known = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    claims = jwt.decode(token, ECKey.import_key(known), ["ES256"]).claims
    assert (claims["aud"], claims["sub"]) == (service.url, "mailto:septet@example.org")
    assert commands(stage) == [NoteDelivered(UUID(int=1), Channel.PUSH, CID, 1)]


async def test_keys_that_are_none_are_refused_and_a_device_that_is_gone_is_noted(
    stage: Stage, clock: Clock, tmp_path: Path
) -> None:
    async with receiving() as service:
        service.statuses = [404]
        good = f"{VAPID.public}.{base64.urlsafe_b64encode(b'a' * 16).decode()}"
        devices = tuple(Delivery(Channel.PUSH, who, service.url, keys) for who, keys in ((BOB, "x.y"), (CID, good)))
        stage.happen(Due(notice(1), True, devices, NOON), ANN)
        handler = sending(stage, Folder(tmp_path / "mail", SENDER))
        await stage.run(handler)
        await tend(stage, handler)
    assert {each.target: each.gone for each in commands(stage)} == {BOB: False, CID: True}


def test_a_mail_server_has_an_address_of_a_known_kind() -> None:
    with pytest.raises(ValueError, match="no mail server"):
        Smtp("http://example.org", "", SENDER)


# Webhooks of calendars.


def booking(stage: Stage, *changes: Message) -> None:
    """Ann's calendar, with a booking and what became of it."""
    booked = calendar().when(book(), by=ANONYMOUS).accepted()
    for event in (*booked.events[-1:], *changes):
        stage.happen(event, ANN)


async def calls(stage: Stage, webhook: UUID = BOB) -> list[tuple[str, str, int, str]]:
    found = await Hooks(stage.tables).calls(webhook, 100)
    return [(each["kind"], each["state"], each["attempts"], each["why"]) for each in found]


async def test_a_program_of_a_calendar_is_told_what_becomes_of_its_bookings(
    stage: Stage, clock: Clock, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        stage.happen(WebhookAdded(CID, f"{receiver.url}/other"), BOB)  # of another calendar
        stage.happen(WebhookAdded(BOB, receiver.url), ANN)
        booking(stage, Cancelled(ONE, TEN, None, False, "ill", 1))
        stage.happen(WebhookPinged(BOB, CID), ANN)
        handler = sending(stage, Folder(tmp_path / "mail", SENDER))
        await stage.run(handler)
        receiver.statuses = [500]
        for _ in range(2):
            await tend(stage, handler)
            clock.now += PAUSES[0] * 1_000_000
        # The same events once more, as after a crash before the progress was noted.
        records = [found for each in stage.read("scheduling.events") if (found := handler.read(each, CODEC))]
        await stage.tables.write(await handler.handle(records))
        await tend(stage, handler)
    assert len(receiver.requests) == 4
    key, told = KEYS.webhook(BOB), {}
    for headers, body in receiver.requests:
        name, seconds = headers["webhook-id"], headers["webhook-timestamp"]
        assert headers["webhook-signature"] == signature(key, name, seconds, body)
        message = orjson.loads(body)
        told[message["type"]] = name, message["data"]
    assert told["booking.booked"][1]["guest"]["email"] == "bob@example.org"
    name, data = told["booking.cancelled"]
    assert (data["booking_id"], data["reason"], data["by_host"]) == (str(ONE), "ill", False)
    assert told["ping"] == (str(CID), {"calendar_id": str(ANN), "webhook_id": str(BOB)})
    assert len({name for name, _ in told.values()}) == 3
    assert sorted((kind, state) for kind, state, *_ in await calls(stage)) == [
        ("booking.booked", "delivered"),
        ("booking.cancelled", "delivered"),
        ("ping", "delivered"),
    ]
    assert (commands(stage), stage.messages("scheduling.commands"), await waiting(stage)) == ([], [], 0)


async def test_what_was_removed_is_called_no_more_and_what_stays_away_is_switched_off(
    stage: Stage, clock: Clock, tmp_path: Path
) -> None:
    handler = sending(stage, Folder(tmp_path / "mail", SENDER))
    async with receiving() as receiver:
        stage.happen(WebhookAdded(BOB, receiver.url), ANN)
        stage.happen(WebhookAdded(CID, "http://127.0.0.1:1/"), ANN)
        booking(stage)
        await stage.run(handler)
        stage.happen(WebhookRemoved(BOB), ANN)
        await stage.run(handler)
        for pause in (*PAUSES, 0):
            assert stage.messages("scheduling.commands") == []
            await tend(stage, handler)
            clock.now += pause * 1_000_000
    assert receiver.requests == []
    assert await calls(stage) == [("booking.booked", "failed", 1, "it was removed or switched off")]
    [(_, state, attempts, _)] = await calls(stage, CID)
    assert (state, attempts) == ("failed", len(PAUSES) + 1)
    [off] = stage.messages("scheduling.commands")
    assert isinstance(off, DisableWebhook)
    assert off.webhook == CID


async def test_a_program_is_told_nothing_of_days_ago(stage: Stage, clock: Clock, tmp_path: Path) -> None:
    stage.happen(WebhookAdded(BOB, "http://127.0.0.1:1/"), ANN)
    booking(stage)
    clock.now += TOO_OLD + 10_000_000
    await stage.run(sending(stage, Folder(tmp_path / "mail", SENDER)))
    assert (await waiting(stage), await calls(stage)) == (0, [])
