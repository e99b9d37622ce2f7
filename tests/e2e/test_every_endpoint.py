"""Every operation of the API against the OpenAPI document: whatever comes in, the answer is one that is documented."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import sampled_from
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.e2e.hosts import Host, host_of
from tests.e2e.installation import embedded
from tests.e2e.lots import Lot, interval, soon
from tests.e2e.people import PATIENCE, Person, Town

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
Operation = APIOperation[Any, Any, Any, Any]
EXAMPLES = {GenerationMode.POSITIVE: 3, GenerationMode.NEGATIVE: 1}  # of each operation: what it takes, and what not


@dataclass(frozen=True)
class Site:
    """Where there is something of each kind, and who comes there."""

    url: str
    there: dict[str, Any]  # by the name of the parameter or field that speaks of it
    callers: list[dict[str, str]]  # by their headers; the last is nobody


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation of its own: whoever tries so many wrong passwords is kept out for a while."""
    with embedded(tmp_path_factory.mktemp("every-endpoint"), more={"SEPTET_ACCESS_TOKEN_LIFE": "24h"}) as septet:
        there, ann, bob = asyncio.run(_inhabited(septet.url))
        septet.run("operator", ann.name)  # from her next sign-in on
        account = {"name": ann.name, "password": ann.password, "device": "an operator's"}
        signed_in = httpx.post(f"{septet.url}/identity/sessions", json=account, timeout=PATIENCE).json()
        tokens = [*[signed_in["access_token"]] * 4, bob.token]
        yield Site(septet.url, there, [*({"Authorization": f"Bearer {token}"} for token in tokens), {}])


@pytest.mark.timeout(1_200)
def test_every_answer_is_a_documented_one_and_no_defect(site: Site) -> None:
    found, counted = [], Counter[int]()
    with requests.Session() as session:
        for operation in operations_of(site.url):
            for mode, examples in EXAMPLES.items():
                try:
                    _ask(operation, mode, examples, site, session, counted)
                except Unsatisfiable:  # it takes nothing, or any text at all
                    assert mode is GenerationMode.NEGATIVE, operation.label
                except (Exception, FailureGroup) as failure:  # all that is wrong is told at once
                    found.append(f"{operation.label} ({mode.value}): {failure}")
    if found:
        pytest.fail("\n\n".join(found))
    accepted = counted[200] + counted[201] + counted[204]
    assert accepted > counted.total() / 8, counted  # it gets past the door


def operations_of(url: str) -> list[Operation]:
    """Every operation of the document that the installation serves."""
    read = schemathesis.openapi.from_dict(requests.get(f"{url}/openapi.json", timeout=PATIENCE).json())
    found: list[Operation] = []
    for each in read.get_all_operations():
        assert isinstance(each, Ok), each
        found.append(each.ok())
    return found


def _ask(
    operation: Operation,
    mode: GenerationMode,
    examples: int,
    site: Site,
    session: requests.Session,
    counted: Counter[int],
) -> None:
    """Sends what the document allows, or what it does not; raises what is wrong with an answer."""

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(mode), sampled_from(site.callers), sampled_from((True, True, False)))
    def asked(case: Case[Any], headers: dict[str, str], of_what_is_there: bool) -> None:
        if of_what_is_there:
            _speak_of_what_is_there(case, site.there)
        if case.path == "/chat/sync":
            case.query = {**(case.query or {}), "wait": 0}  # what it would wait for is not coming
        answer = case.call_and_validate(site.url, session=session, headers=headers, checks=CHECKS, timeout=PATIENCE)
        counted[answer.status_code] += 1
        asks_for_patience = answer.status_code in (503, 504) and "retry-after" in answer.headers  # a busy machine does
        assert answer.status_code < 500 or asks_for_patience, "a defect"
        if not headers and "security" in operation.definition.raw:
            assert answer.status_code >= 400, "nobody is signed in"

    asked()


def _speak_of_what_is_there(case: Case[Any], there: dict[str, Any]) -> None:
    for parameters in (case.path_parameters, case.query, case.body):
        if isinstance(parameters, dict):
            parameters |= {name: there[name] for name in parameters if name in there}


async def _inhabited(url: str) -> tuple[dict[str, Any], Person, Person]:
    """Something of everything, who has it, and another person; somebody else may be forgotten."""
    async with Town(url) as town:
        host = await host_of(town)
        ann, bob, carl = host.person, await town.person("bob"), await town.person("carl")
        chat, group = await ann.chat_with(bob), await ann.group("some", bob, carl)
        said = await ann.say(chat, "a word")
        there = {
            "chat_id": chat,
            "group_id": group,
            "message_id": said["message_id"],
            "seq": said["seq"],
            "user_id": bob.id,
            "person_id": carl.id,
            "username": bob.name,
            **await _parking(ann),
            **await _scheduling(host),
        }
    return there, ann, bob


async def _parking(owner: Person) -> dict[str, Any]:
    lot = await Lot.opened(owner, 3)
    kept = await owner.ask("POST", f"/parking/{lot.id}/reservations", 201, json=interval(soon()))
    inside = await lot.enter("B X 7")
    return {
        "lot_id": lot.id,
        "parking_id": lot.id,
        "reservation_id": kept["reservation_id"],
        "ticket_id": inside["ticket_id"],
        "space": "C0000",
        "pool": "car",
        "level": "0",
    }


async def _scheduling(host: Host) -> dict[str, Any]:
    ann = host.person
    times = await host.slots(ann)
    booked = await ann.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(times[0]))
    team = (await ann.ask("POST", "/scheduling/teams", 201, json={"name": "Sales"}))["team_id"]
    poll = {"title": "When", "event_type": "intro", "options": times[1:3], "until": times[0]}
    return {
        "calendar_id": ann.id,
        "event_type": "intro",
        "slug": "intro",
        "name": "default",
        "booking_id": booked["booking_id"],
        "event_id": booked["booking_id"],
        "team_id": team,
        "poll_id": (await ann.ask("POST", "/scheduling/polls", 201, json=poll))["poll_id"],
    }
