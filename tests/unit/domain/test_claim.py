from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.identity.claim import LONGEST_HOLD, Claim, Claimed, Confirm, Confirmed, Expire, Expired, Release, Released
from domain.kernel import ANONYMOUS, Reason
from tests.scenario import ANN, BOB, NOON, SYSTEM, Given, given

SOON = NOON + timedelta(minutes=10)
LATER = NOON + timedelta(minutes=20)


def name(*events: object) -> Given:
    return given(*events, to="name-0123456789abcdef")


def test_what_is_free_can_be_claimed() -> None:
    name().when(Claim(ANN), by=SYSTEM).then(Claimed(ANN, None))
    name().when(Claim(ANN, SOON), by=SYSTEM).then(Claimed(ANN, SOON))


def test_people_claim_for_themselves_only() -> None:
    name().when(Claim(ANN, SOON), by=ANN).then(Claimed(ANN, SOON))
    name().when(Claim(ANN, SOON), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
    name().when(Claim(ANN, SOON), by=ANONYMOUS).rejected("not_yours", Reason.FORBIDDEN)


@pytest.mark.parametrize("held_until", [None, SOON])
def test_what_another_has_is_taken(held_until: datetime | None) -> None:
    name(Claimed(ANN, held_until)).when(Claim(BOB), by=SYSTEM).rejected("taken", Reason.CONFLICT)
    name(Claimed(ANN, held_until)).when(Confirm(BOB), by=SYSTEM).rejected("taken", Reason.CONFLICT)


def test_the_same_owner_claims_twice_and_has_it_once() -> None:
    name(Claimed(ANN, None)).when(Claim(ANN), by=SYSTEM).then()
    name(Claimed(ANN, None)).when(Claim(ANN, SOON), by=SYSTEM).then()
    name(Claimed(ANN, SOON)).when(Claim(ANN, SOON), by=SYSTEM).then()


def test_a_hold_can_be_made_longer_not_shorter() -> None:
    name(Claimed(ANN, SOON)).when(Claim(ANN, LATER), by=SYSTEM).then(Claimed(ANN, LATER))
    name(Claimed(ANN, LATER)).when(Claim(ANN, SOON), by=SYSTEM).then()
    name(Claimed(ANN, SOON)).when(Claim(ANN), by=SYSTEM).then(Claimed(ANN, None))


def test_a_hold_ends_by_itself_even_before_its_deadline_comes() -> None:
    name(Claimed(ANN, SOON)).when(Claim(BOB, LATER), by=SYSTEM, at=SOON).then(Claimed(BOB, LATER))
    name(Claimed(ANN, SOON)).when(Claim(ANN, LATER), by=SYSTEM, at=SOON).then(Claimed(ANN, LATER))


def test_what_was_confirmed_stays() -> None:
    held = name(Claimed(ANN, SOON))
    confirmed = held.when(Confirm(ANN), by=SYSTEM).then(Confirmed(ANN))
    confirmed.when(Confirm(ANN), by=SYSTEM).then()
    confirmed.when(Expire(ANN), by=SYSTEM, at=LATER).then()
    confirmed.when(Claim(BOB), by=SYSTEM, at=LATER).rejected("taken")


def test_a_confirmation_that_comes_late_still_counts_while_nobody_else_has_it() -> None:
    name(Claimed(ANN, SOON)).when(Confirm(ANN), by=SYSTEM, at=LATER).then(Confirmed(ANN))
    name(Claimed(ANN, SOON), Expired(ANN)).when(Confirm(ANN), by=SYSTEM, at=LATER).then(Confirmed(ANN))
    name(Claimed(ANN, SOON), Claimed(BOB, None)).when(Confirm(ANN), by=SYSTEM, at=LATER).rejected("taken")


def test_a_deadline_ends_only_the_hold_it_was_set_for() -> None:
    name(Claimed(ANN, SOON)).when(Expire(ANN), by=SYSTEM, at=SOON).then(Expired(ANN))
    name(Claimed(ANN, LATER)).when(Expire(ANN), by=SYSTEM, at=SOON).then()  # held longer since
    name(Claimed(BOB, SOON)).when(Expire(ANN), by=SYSTEM, at=LATER).then()
    name(Claimed(ANN, SOON), Expired(ANN)).when(Expire(ANN), by=SYSTEM, at=LATER).then()


def test_what_was_released_is_free() -> None:
    released = name(Claimed(ANN, None)).when(Release(ANN), by=SYSTEM).then(Released(ANN))
    released.when(Release(ANN), by=SYSTEM).then()
    released.when(Claim(BOB), by=SYSTEM).then(Claimed(BOB, None))


def test_only_the_owner_s_claim_is_released() -> None:
    name(Claimed(ANN, None)).when(Release(BOB), by=SYSTEM).then()


@pytest.mark.parametrize("command", [Confirm(ANN), Release(ANN), Expire(ANN)])
def test_all_else_is_done_by_the_system(command: object) -> None:
    name(Claimed(ANN, SOON)).when(command, by=ANN).rejected("not_yours", Reason.FORBIDDEN)


def test_a_hold_is_for_a_day_at_most_and_not_over_already() -> None:
    for until in (NOON, NOON + LONGEST_HOLD + timedelta(microseconds=1), SOON.replace(tzinfo=None)):
        name().when(Claim(ANN, until), by=SYSTEM).rejected("hold_invalid", Reason.INVALID)


@pytest.mark.parametrize("claim", ["ann", "name-", "name-ANN", "mail-0123456789abcdef", "name-0123456789abcdef\n"])
def test_an_id_that_tells_the_name_is_refused(claim: str) -> None:
    replace(name(), id=claim).when(Claim(ANN), by=SYSTEM).rejected("claim_invalid", Reason.INVALID)
