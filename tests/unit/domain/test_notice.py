"""What somebody is told: once, by the channels they chose, not in their quiet hours."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.kernel import Reason
from domain.notice.quiet import Quiet, quiet_until
from domain.notice.recipient import (
    AddWebhook,
    Category,
    Channel,
    Choice,
    Clear,
    Cleared,
    ConfirmEmail,
    Delivered,
    Delivery,
    DeviceSubscribed,
    DeviceUnsubscribed,
    Due,
    EmailConfirmed,
    EmailGiven,
    EnableWebhook,
    EndPushes,
    Failed,
    GiveEmail,
    Held,
    MarkRead,
    NoteDelivered,
    NoteFailed,
    PingWebhook,
    PreferencesSet,
    Read,
    Release,
    SetPreferences,
    StopMails,
    SubscribeDevice,
    Tell,
    WebhookAdded,
    WebhookDisabled,
    WebhookEnabled,
    Withdraw,
    Withdrawn,
)
from tests.scenario import ANN, BOB, CID, NOON, SYSTEM, given
from tests.unit.domain.notices import ENDPOINT, HASH, HOOK, KEYS, notice

HOUR = timedelta(hours=1)
NIGHT = Quiet("Europe/Berlin", 22 * 60, 7 * 60)
ALL = (
    EmailConfirmed("ann@example.org"),
    WebhookAdded(BOB, HOOK),
    DeviceSubscribed(CID, ENDPOINT, KEYS),
)
TOLD = Due(notice(1), True, (), NOON)
MAIL = Delivery(Channel.EMAIL, UUID(int=0), "ann@example.org")
HOOKED = Delivery(Channel.WEBHOOK, BOB, HOOK)
PUSHED = Delivery(Channel.PUSH, CID, ENDPOINT, KEYS)


def test_somebody_is_told_once_by_every_channel_there_is() -> None:
    told = given(*ALL, to=ANN).when(Tell(notice(1)), by=SYSTEM)
    told.then(Due(notice(1), True, (MAIL, HOOKED, PUSHED), NOON)).when(Tell(notice(1)), by=SYSTEM).then()
    given(to=ANN).when(Tell(notice(1)), by=BOB).rejected("not_yours", Reason.FORBIDDEN)


def test_of_each_category_by_the_channels_that_were_chosen() -> None:
    choices = (Choice(Category.BOOKINGS, (Channel.EMAIL,)), Choice(Category.PARKING, ()))
    chosen = given(*ALL, to=ANN).when(SetPreferences(choices, None), by=ANN).then(PreferencesSet(choices, None))
    chosen.when(Tell(notice(1)), by=SYSTEM).then(Due(notice(1), False, (MAIL,), NOON))
    chosen.when(Tell(notice(1, category=Category.PARKING)), by=SYSTEM).then()
    reminder = notice(1, category=Category.REMINDERS)
    chosen.when(Tell(reminder, without=(Channel.EMAIL, Channel.PUSH)), by=SYSTEM).then(
        Due(reminder, True, (HOOKED,), NOON)
    )
    chosen.when(SetPreferences(choices, None), by=ANN).then()
    chosen.when(SetPreferences((choices[0], choices[0]), None), by=ANN).rejected("preferences_invalid")
    chosen.when(SetPreferences((), Quiet("Mars/Base", 0, 1)), by=ANN).rejected("zone_unknown")
    chosen.when(SetPreferences((), Quiet("UTC", 60, 60)), by=ANN).rejected("quiet_invalid")
    chosen.when(SetPreferences((), None), by=BOB).rejected("not_yours", Reason.FORBIDDEN)


def test_a_link_in_a_mail_stops_the_mails_of_its_category_and_nothing_else() -> None:
    chosen = Choice(Category.PARKING, (Channel.EMAIL, Channel.PUSH))
    told = given(*ALL, PreferencesSet((chosen,), NIGHT), to=ANN)
    fewer = Choice(Category.PARKING, (Channel.PUSH,))
    stopped = told.when(StopMails(Category.PARKING), by=SYSTEM).then(PreferencesSet((fewer,), NIGHT))
    stopped.when(StopMails(Category.PARKING), by=SYSTEM).then()
    rest = tuple(each for each in Channel if each is not Channel.EMAIL)
    stopped.when(StopMails(Category.BOOKINGS), by=SYSTEM).then(
        PreferencesSet((fewer, Choice(Category.BOOKINGS, rest)), NIGHT)
    )
    stopped.when(Tell(notice(1)), by=SYSTEM).then(Due(notice(1), True, (MAIL, HOOKED, PUSHED), NOON))
    told.when(StopMails(Category.PARKING), by=BOB).rejected("not_yours", Reason.FORBIDDEN)


def test_a_device_is_pushed_nothing_after_its_session_has_ended() -> None:
    session, other = UUID(int=71), UUID(int=72)
    wanted = given(to=ANN).when(SubscribeDevice(CID, ENDPOINT, KEYS, session), by=ANN)
    device = wanted.then(DeviceSubscribed(CID, ENDPOINT, KEYS, session))
    device.when(SubscribeDevice(CID, ENDPOINT, KEYS, session), by=ANN).then()
    device.when(EndPushes(other), by=SYSTEM).then()
    device.when(EndPushes(session), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    signed_out = device.when(EndPushes(session), by=SYSTEM).then(DeviceUnsubscribed(CID, "signed out"))
    signed_out.when(Tell(notice(1)), by=SYSTEM).then(TOLD)


def test_in_quiet_hours_it_waits_for_their_end_and_what_is_urgent_does_not() -> None:
    late = datetime(2026, 3, 1, 23, tzinfo=UTC)
    morning = datetime(2026, 3, 2, 6, tzinfo=UTC)  # seven in Berlin
    night = given(*ALL, PreferencesSet((), NIGHT), to=ANN)
    held = night.when(Tell(notice(1)), by=SYSTEM, at=late).then(Held(notice(1), morning, ()))
    held.when(Tell(notice(1)), by=SYSTEM, at=late).then()
    held.when(Release(UUID(int=1), morning), by=SYSTEM, at=late).then()  # too early
    held.when(Release(UUID(int=1), morning + HOUR), by=SYSTEM, at=morning + 2 * HOUR).then()  # another one's
    due = held.when(Release(UUID(int=1), morning), by=SYSTEM, at=morning).then(
        Due(notice(1), True, (MAIL, HOOKED, PUSHED), morning)
    )
    due.when(Release(UUID(int=1), morning), by=SYSTEM, at=morning + HOUR).then()
    urgent = notice(2, urgent=True)
    night.when(Tell(urgent), by=SYSTEM, at=late).then(Due(urgent, True, (MAIL, HOOKED, PUSHED), late))


def test_what_is_for_later_can_be_withdrawn_until_then() -> None:
    later = NOON + HOUR
    planned = given(to=ANN).when(Tell(notice(1), later, (Channel.PUSH,)), by=SYSTEM)
    held = planned.then(Held(notice(1), later, (Channel.PUSH,)))
    gone = held.when(Withdraw(UUID(int=1)), by=SYSTEM).then(Withdrawn(UUID(int=1)))
    gone.when(Release(UUID(int=1), later), by=SYSTEM, at=later).then()
    gone.when(Tell(notice(1)), by=SYSTEM).then()
    given(to=ANN).when(Withdraw(UUID(int=1)), by=SYSTEM).then()


def test_what_was_for_later_and_falls_into_quiet_hours_waits_once_more() -> None:
    late, morning = datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 2, 6, tzinfo=UTC)
    held = given(Held(notice(1), late, ()), PreferencesSet((), NIGHT), to=ANN)
    held.when(Release(UUID(int=1), late), by=SYSTEM, at=late).then(Held(notice(1), morning, ()))


def test_what_nobody_wants_any_more_when_its_time_comes_is_dropped() -> None:
    held = given(Held(notice(1), NOON, ()), PreferencesSet((Choice(Category.BOOKINGS, ()),), None), to=ANN)
    held.when(Release(UUID(int=1), NOON), by=SYSTEM).then(Withdrawn(UUID(int=1)))


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        # Over midnight, by the clocks of winter and of summer.
        (NIGHT, "2026-01-10T21:00", "2026-01-11T06:00"),
        (NIGHT, "2026-07-10T20:00", "2026-07-11T05:00"),
        (NIGHT, "2026-07-10T19:59", None),
        (NIGHT, "2026-07-11T05:00", None),  # half-open
        # The night the clocks skip an hour is shorter, the one in which they repeat one is longer.
        (NIGHT, "2026-03-28T21:30", "2026-03-29T05:00"),
        (NIGHT, "2026-10-24T20:30", "2026-10-25T06:00"),
        # An end that is skipped is the instant of the change; one that is shown twice ends at its first.
        (Quiet("Europe/Berlin", 0, 150), "2026-03-29T00:30", "2026-03-29T01:00"),
        (Quiet("Europe/Berlin", 0, 150), "2026-10-25T00:10", "2026-10-25T00:30"),
        (Quiet("Europe/Berlin", 0, 150), "2026-10-25T01:10", None),
        # Half an hour that comes twice, and a day that was never there.
        (Quiet("Australia/Lord_Howe", 60, 120), "2026-04-04T14:30", "2026-04-04T15:30"),
        (Quiet("Pacific/Apia", 22 * 60, 7 * 60), "2011-12-30T09:00", "2011-12-30T10:00"),
        (Quiet("Pacific/Apia", 22 * 60, 7 * 60), "2011-12-30T10:00", "2011-12-30T17:00"),
        (Quiet("UTC", 9 * 60, 17 * 60), "2026-03-01T12:00", "2026-03-01T17:00"),
        (Quiet("UTC", 9 * 60, 17 * 60), "2026-03-01T08:59", None),
    ],
)
def test_quiet_hours_are_those_of_the_wall_clock(quiet: Quiet, now: str, until: str | None) -> None:
    found = quiet_until(quiet, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == (None if until is None else datetime.fromisoformat(until).replace(tzinfo=UTC))


def test_read_once_one_by_one_or_all() -> None:
    two = given(TOLD, Due(notice(2), True, (), NOON), Due(notice(3), False, (), NOON), to=ANN)
    one = two.when(MarkRead(UUID(int=1)), by=ANN).then(Read(UUID(int=1)))
    one.when(MarkRead(UUID(int=1)), by=ANN).then()
    one.when(MarkRead(), by=ANN).then(Read(UUID(int=2))).when(MarkRead(), by=ANN).then()
    two.when(MarkRead(UUID(int=1)), by=BOB).rejected("not_yours", Reason.FORBIDDEN)


def test_an_address_counts_when_its_code_has_come_back() -> None:
    until = NOON + HOUR
    waits = given(to=ANN).when(GiveEmail("ann@example.org", HASH), by=ANN)
    asked = waits.then(EmailGiven("ann@example.org", HASH, until, NOON))
    asked.when(GiveEmail("ann@example.org", HASH), by=ANN).then()  # it is on its way
    asked.when(Tell(notice(1)), by=SYSTEM).then(TOLD)
    asked.when(ConfirmEmail(b"2" * 32), by=ANN).rejected("code_wrong", Reason.FORBIDDEN)
    asked.when(ConfirmEmail(HASH), by=ANN, at=until).rejected("code_wrong", Reason.FORBIDDEN)
    proven = asked.when(ConfirmEmail(HASH), by=ANN).then(EmailConfirmed("ann@example.org"))
    proven.when(Tell(notice(1)), by=SYSTEM).then(Due(notice(1), True, (MAIL,), NOON))
    proven.when(ConfirmEmail(HASH), by=ANN).rejected("code_wrong")
    given(to=ANN).when(GiveEmail("ann at home", HASH), by=ANN).rejected("email_invalid")
    many = given(*(EmailGiven(f"{n}@example.org", HASH, until, NOON) for n in range(5)), to=ANN)
    many.when(GiveEmail("ann@example.org", HASH), by=ANN).rejected("too_many_codes", Reason.TOO_MANY)
    many.when(GiveEmail("ann@example.org", HASH), by=ANN, at=NOON + HOUR).accepted()


def test_what_became_of_a_delivery_is_noted_once() -> None:
    sent = given(*ALL, Due(notice(1), True, (MAIL, HOOKED), NOON), to=ANN)
    noted = NoteDelivered(UUID(int=1), Channel.EMAIL, UUID(int=0), 2)
    done = sent.when(noted, by=SYSTEM).then(Delivered(UUID(int=1), Channel.EMAIL, UUID(int=0), 2))
    done.when(noted, by=SYSTEM).then()
    done.when(NoteFailed(UUID(int=1), Channel.EMAIL, UUID(int=0), 9, "550", gone=False), by=SYSTEM).then()
    sent.when(noted, by=ANN).rejected("not_yours", Reason.FORBIDDEN)


def test_a_webhook_that_keeps_failing_is_switched_off_and_can_be_switched_on_again() -> None:
    sent = given(*ALL, *(Due(notice(n), True, (HOOKED,), NOON) for n in range(1, 7)), to=ANN)
    for number in range(1, 5):
        sent = sent.when(NoteFailed(UUID(int=number), Channel.WEBHOOK, BOB, 9, "500", gone=False), by=SYSTEM).then(
            Failed(UUID(int=number), Channel.WEBHOOK, BOB, 9, "500")
        )
    # One that arrives in between begins the count anew.
    again = sent.when(NoteDelivered(UUID(int=5), Channel.WEBHOOK, BOB, 1), by=SYSTEM).accepted()
    assert len(again.when(NoteFailed(UUID(int=6), Channel.WEBHOOK, BOB, 9, "500", gone=False), by=SYSTEM).events) == 1
    off = sent.when(NoteFailed(UUID(int=5), Channel.WEBHOOK, BOB, 9, "500", gone=False), by=SYSTEM).then(
        Failed(UUID(int=5), Channel.WEBHOOK, BOB, 9, "500"), WebhookDisabled(BOB, "500")
    )
    off.when(Tell(notice(9)), by=SYSTEM).then(Due(notice(9), True, (MAIL, PUSHED), NOON))
    off.when(PingWebhook(BOB, CID), by=ANN).rejected("webhook_disabled")
    on = off.when(EnableWebhook(BOB), by=ANN).then(WebhookEnabled(BOB))
    on.when(EnableWebhook(BOB), by=ANN).then()
    [ping] = on.when(PingWebhook(BOB, CID), by=ANN).events
    assert (ping.in_app, ping.deliveries) == (False, (HOOKED,))
    gone = NoteFailed(UUID(int=1), Channel.WEBHOOK, BOB, 1, "410", gone=True)
    given(*ALL, Due(notice(1), True, (HOOKED,), NOON), to=ANN).when(gone, by=SYSTEM).then(
        Failed(UUID(int=1), Channel.WEBHOOK, BOB, 1, "410"), WebhookDisabled(BOB, "gone")
    )


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "https://",
        "https://ann:secret@example.org/",
        "https://exa mple.org/",
        "https://example.org/\n",
        "javascript:alert(1)",
        "https://example.org/" + "x" * 2_000,
        "http:example.org",
    ],
)
def test_a_webhook_has_an_address_on_the_web(url: str) -> None:
    given(to=ANN).when(AddWebhook(BOB, url), by=ANN).rejected("url_invalid", Reason.INVALID)


def test_there_is_an_end_to_webhooks_and_each_keeps_its_address() -> None:
    ten = given(*(WebhookAdded(UUID(int=n), HOOK) for n in range(10)), to=ANN)
    ten.when(AddWebhook(BOB, HOOK), by=ANN).rejected("too_many_webhooks")
    ten.when(AddWebhook(UUID(int=1), HOOK), by=ANN).then()
    ten.when(AddWebhook(UUID(int=1), f"{HOOK}/other"), by=ANN).rejected("webhook_exists")


def test_a_device_that_is_gone_is_told_nothing_more() -> None:
    pushed = given(*ALL, Due(notice(1), True, (PUSHED,), NOON), to=ANN)
    gone = NoteFailed(UUID(int=1), Channel.PUSH, CID, 1, "410", gone=True)
    left = pushed.when(gone, by=SYSTEM).then(
        Failed(UUID(int=1), Channel.PUSH, CID, 1, "410"), DeviceUnsubscribed(CID, "gone")
    )
    left.when(Tell(notice(2)), by=SYSTEM).then(Due(notice(2), True, (MAIL, HOOKED), NOON))
    left.when(SubscribeDevice(CID, ENDPOINT, KEYS), by=ANN).then(DeviceSubscribed(CID, ENDPOINT, KEYS))
    left.when(SubscribeDevice(CID, ENDPOINT, "short"), by=ANN).rejected("keys_invalid")


def test_whose_account_has_ended_is_told_nothing_and_nothing_is_kept() -> None:
    ended = given(*ALL, TOLD, to=ANN).when(Clear(), by=SYSTEM).then(Cleared())
    ended.when(Tell(notice(2)), by=SYSTEM).then()
    ended.when(Clear(), by=SYSTEM).then()
    ended.when(AddWebhook(BOB, HOOK), by=ANN).rejected("recipient_unknown", Reason.NOT_FOUND)
