"""Tickets stand in addresses: each opens one stream, within seconds, and nothing else."""

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
import time_machine

from api.callers import Caller, Callers
from api.problems import Problem
from api.secrets import Secrets
from api.services import Services
from api.tickets import LIFE, Tickets
from tests.scenario import ANN, BOB, CID

SECRETS = Secrets(b"a" * 32)
CALLER = Caller(ANN, BOB, CID, "ann", frozenset({"operator"}), int(time.time()) + 3_600)


class Sessions:
    """Who is signed in."""

    def __init__(self) -> None:
        self.open = {BOB}

    async def session(self, person: UUID, session: UUID) -> Any:
        return session if session in self.open else None


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def callers(sessions: Sessions) -> Callers:
    return Callers(cast("Services", SimpleNamespace(secrets=SECRETS, people=sessions)))


@pytest.fixture
def tickets(callers: Callers) -> Tickets:
    return Tickets(SECRETS, callers)


async def refused(tickets: Tickets, ticket: str) -> str:
    with pytest.raises(Problem) as problem:
        await tickets.redeem(ticket)
    assert problem.value.status == 401
    return problem.value.code


async def test_a_ticket_is_good_once(tickets: Tickets) -> None:
    one, other = tickets.issue(CALLER), tickets.issue(CALLER)
    assert await tickets.redeem(one) == await tickets.redeem(other) == CALLER
    assert await refused(tickets, one) == "ticket_expired"


async def test_a_ticket_is_good_for_half_a_minute(tickets: Tickets) -> None:
    ticket = tickets.issue(CALLER)
    with time_machine.travel(time.time() + LIFE + 1):
        assert await refused(tickets, ticket) == "ticket_expired"


async def test_another_process_takes_it(tickets: Tickets, callers: Callers) -> None:
    assert await Tickets(SECRETS, callers).redeem(tickets.issue(CALLER)) == CALLER


async def test_an_access_token_is_no_ticket_and_a_ticket_no_access_token(tickets: Tickets, callers: Callers) -> None:
    assert await refused(tickets, callers.tokens.issue(CALLER)) == "sign_in_first"
    assert await refused(tickets, "") == "sign_in_first"
    with pytest.raises(Problem) as problem:
        await callers.of(tickets.issue(CALLER))
    assert problem.value.code == "sign_in_first"


async def test_a_ticket_of_a_session_that_has_ended_is_refused(
    tickets: Tickets, callers: Callers, sessions: Sessions
) -> None:
    ticket = tickets.issue(CALLER)
    sessions.open.clear()
    callers.forget(CALLER.session)
    assert await refused(tickets, ticket) == "signed_out"


async def test_what_was_used_is_remembered_no_longer_than_it_could_be_used_again(tickets: Tickets) -> None:
    for _ in range(3):
        await tickets.redeem(tickets.issue(CALLER))
    with time_machine.travel(time.time() + LIFE + 1):
        late = replace(CALLER, expires=int(time.time()) + 3_600)
        await tickets.redeem(tickets.issue(late))
        assert len(tickets._used) == 1
