"""Webhooks of a calendar: its owner's alone, tested, switched off and on again."""

import pytest

from domain.kernel import Reason
from domain.scheduling.calendar import (
    AddWebhook,
    DisableWebhook,
    EndWebhooks,
    PingWebhook,
    RemoveWebhook,
    WebhookAdded,
    WebhookDisabled,
    WebhookPinged,
    WebhookRemoved,
)
from domain.scheduling.calendar.settings import WEBHOOKS
from tests.scenario import ANN, BOB, SYSTEM
from tests.unit.domain.calendars import ONE, THREE, TWO, calendar

URL = "https://example.org/hook"


def test_only_the_owner_adds_a_few_addresses_on_the_web() -> None:
    calendar().when(AddWebhook(ONE, URL), by=ANN).then(WebhookAdded(ONE, URL))
    calendar().when(AddWebhook(ONE, URL), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    full = calendar(*(WebhookAdded(type(ONE)(int=number), URL) for number in range(100, 100 + WEBHOOKS)))
    full.when(AddWebhook(ONE, URL), by=ANN).rejected("too_many")


@pytest.mark.parametrize("url", ["ftp://example.org", "https://", "https://ann:secret@example.org/", "https://a b/"])
def test_what_is_no_address_on_the_web_is_refused(url: str) -> None:
    calendar().when(AddWebhook(ONE, url), by=ANN).rejected("url_invalid", Reason.INVALID)


def test_a_test_is_asked_for_once_of_one_that_is_on() -> None:
    pinged = calendar(WebhookAdded(ONE, URL)).when(PingWebhook(ONE, TWO), by=ANN).then(WebhookPinged(ONE, TWO))
    pinged.when(PingWebhook(ONE, TWO), by=ANN).then()
    pinged.when(PingWebhook(THREE, TWO), by=ANN).rejected("webhook_unknown", Reason.NOT_FOUND)
    pinged.when(PingWebhook(ONE, THREE), by=BOB).rejected("not_yours", Reason.FORBIDDEN)


def test_one_that_takes_nothing_is_switched_off_until_its_owner_switches_it_on() -> None:
    there = calendar(WebhookAdded(ONE, URL))
    there.when(DisableWebhook(ONE, "gone"), by=ANN).rejected("not_yours", Reason.FORBIDDEN)
    off = there.when(DisableWebhook(ONE, "gone"), by=SYSTEM).then(WebhookDisabled(ONE, "gone", ANN))
    off.when(DisableWebhook(ONE, "gone"), by=SYSTEM).then()
    off.when(PingWebhook(ONE, TWO), by=ANN).rejected("webhook_disabled")
    on = off.when(AddWebhook(ONE, URL), by=ANN).then(WebhookAdded(ONE, URL))
    on.when(PingWebhook(ONE, TWO), by=ANN).then(WebhookPinged(ONE, TWO))
    off.when(RemoveWebhook(ONE), by=ANN).then(WebhookRemoved(ONE))


def test_with_the_account_of_its_owner_all_end() -> None:
    two = calendar(WebhookAdded(ONE, URL), WebhookAdded(TWO, URL))
    ended = two.when(EndWebhooks(), by=SYSTEM).then(WebhookRemoved(ONE), WebhookRemoved(TWO))
    ended.when(EndWebhooks(), by=SYSTEM).then()
