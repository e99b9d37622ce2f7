"""Limits: so many tries and no more, the same for what exists and what does not, in bounded memory."""

import pytest

from api import limits
from api.limits import Limit, Limits, Tries, origin
from api.problems import Problem

THREE = Limit(3, 60.0, "enough", "Wait.")


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refused(tries: Tries, name: str = "ann") -> Problem:
    with pytest.raises(Problem) as problem:
        tries.check(name)
    return problem.value


def test_so_many_tries_and_no_more_and_then_one_for_each_part_of_the_period(clock: Clock) -> None:
    tries = Tries(THREE, clock)
    for _ in range(3):
        tries.check("ann")
        tries.count("ann")
    problem = refused(tries)
    assert (problem.status, problem.code, problem.headers) == (429, "enough", {"Retry-After": "20"})
    tries.check("bob")
    clock.now += 20
    tries.check("ann")
    tries.count("ann")
    refused(tries)
    clock.now += 60
    tries.check("ann")


def test_a_success_makes_up_for_the_failures_before_it(clock: Clock) -> None:
    tries = Tries(THREE, clock)
    for _ in range(3):
        tries.count("ann")
    tries.forget("ann")
    tries.check("ann")


def test_no_more_names_are_remembered_than_there_is_room_for(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMEMBERED", 10)
    tries = Tries(THREE, clock)
    for number in range(1_000):
        tries.count(str(number))
    assert len(tries._full) == 10


def test_after_ten_failures_an_account_waits_a_quarter_of_an_hour_at_most(clock: Clock) -> None:
    account = Limits(clock).account
    for _ in range(10):
        account.check("ann")
        account.count("ann")
    assert 0 < int(refused(account).headers["Retry-After"]) <= 900


@pytest.mark.parametrize(
    ("host", "whose"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        (None, "nowhere"),
        ("a name", "nowhere"),
    ],
)
def test_an_address_stands_for_one_customer(host: str | None, whose: str) -> None:
    assert origin(host) == whose
