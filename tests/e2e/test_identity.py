"""Registration, sign-in, sessions: what holds for everybody's account."""

import re
from uuid import uuid4

import httpx

from tests.e2e.installation import Installation
from tests.e2e.people import PATIENCE, Person, Town


async def test_a_taken_name_or_number_is_refused_and_gives_back_what_was_claimed(town: Town) -> None:
    ann = await town.person("ann")
    other = Person(town.url, f"free-{uuid4().hex[:8]}", ann.phone)
    problem = await other.ask(
        "POST", "/identity/people", 409, json={"name": other.name, "phone_number": ann.phone, "password": "long enough"}
    )
    assert (problem["code"], "number" in problem["detail"]) == ("taken", True)
    body = {"name": ann.name.upper(), "phone_number": f"+4934{uuid4().int % 10**8:08d}"}
    problem = await other.ask("POST", "/identity/people", 409, json=body)
    assert "name" in problem["detail"]
    other.phone = f"+4931{uuid4().int % 10**8:08d}"
    await other.register()  # the name that was claimed with the taken number is free again
    await other.close()


async def test_registering_again_with_the_same_key_is_one_account(town: Town) -> None:
    person = Person(town.url, f"once-{uuid4().hex[:8]}", f"+4932{uuid4().int % 10**8:08d}")
    body = {"name": person.name, "phone_number": person.phone, "password": "long enough"}
    key = {"Idempotency-Key": str(uuid4())}
    first, again = [await person.ask("POST", "/identity/people", 201, json=body, headers=key) for _ in "ab"]
    assert first == again
    await person.close()


async def test_a_wrong_password_is_refused_as_an_unknown_name_is(town: Town) -> None:
    ann = await town.person("ann")
    wrong = {"name": ann.name, "password": "wrong password", "device": "x"}
    unknown = {"name": "nobody at all", "password": "wrong password", "device": "x"}
    problems = [await ann.ask("POST", "/identity/sessions", 401, json=each) for each in (wrong, unknown)]
    assert problems[0] == problems[1]


async def test_sessions_are_listed_revoked_and_then_refused(town: Town) -> None:
    ann = await town.person("ann")
    first = ann.session
    old = dict(ann.http.headers)["authorization"]
    await ann.sign_in("tablet")
    sessions = await ann.ask("GET", "/identity/sessions")
    assert {each["device"] for each in sessions} == {"test", "tablet"}
    assert [each["current"] for each in sessions if each["session_id"] == ann.session] == [True]
    await ann.ask("DELETE", f"/identity/sessions/{first}", 204)
    assert len(await ann.ask("GET", "/identity/sessions")) == 1
    for _ in range(300):  # within seconds
        answer = await ann.http.get("/identity/me", headers={"authorization": old})
        if answer.status_code == 401:
            break
    assert (answer.status_code, answer.json()["code"]) == (401, "signed_out")


async def test_a_refresh_token_works_once_and_its_second_use_ends_the_session(town: Town) -> None:
    ann = await town.person("ann")
    stolen = ann.refresh_token
    ann.remember(await ann.ask("POST", "/identity/sessions/refresh", json={"refresh_token": stolen}))
    ann.remember(await ann.ask("POST", "/identity/sessions/refresh", json={"refresh_token": ann.refresh_token}))
    await ann.ask("POST", "/identity/sessions/refresh", 401, json={"refresh_token": stolen})
    await ann.ask("POST", "/identity/sessions/refresh", 401, json={"refresh_token": ann.refresh_token})


async def test_a_refresh_whose_answer_got_lost_gives_the_same_again_until_its_token_is_used(town: Town) -> None:
    ann = await town.person("ann")
    old, key = {"refresh_token": ann.refresh_token}, {"Idempotency-Key": str(uuid4())}
    first, again = [await ann.ask("POST", "/identity/sessions/refresh", json=old, headers=key) for _ in "ab"]
    assert {**first, "access_token": ""} == {**again, "access_token": ""}
    ann.remember(again)
    await ann.ask("GET", "/identity/me")
    ann.remember(await ann.ask("POST", "/identity/sessions/refresh", json={"refresh_token": ann.refresh_token}))
    await ann.ask("POST", "/identity/sessions/refresh", 401, json=old, headers=key)
    await ann.ask("POST", "/identity/sessions/refresh", 401, json={"refresh_token": ann.refresh_token})


async def test_a_made_up_refresh_token_ends_nobodys_session(town: Town) -> None:
    ann = await town.person("ann")
    forged = f"{ann.id}.{ann.session}.AAAA.AAAA"
    await ann.ask("POST", "/identity/sessions/refresh", 401, json={"refresh_token": forged})
    ann.remember(await ann.ask("POST", "/identity/sessions/refresh", json={"refresh_token": ann.refresh_token}))


async def test_a_one_time_code_signs_in_once(town: Town, septet: Installation) -> None:
    ann = await town.person("ann")
    await ann.ask("POST", "/identity/codes", 202, json={"phone_number": ann.phone})
    await ann.ask("POST", "/identity/codes", 202, json={"phone_number": "+4930555555"})  # nobody's: the same answer
    log = septet.log("api" if "api" in septet.processes else "run")
    code = re.findall(r"code=\D*(\d{6}).*phone=\S*" + re.escape(ann.phone), re.sub(r"\x1b\[[0-9;]*m", "", log))[-1]
    body = {"phone_number": ann.phone, "code": code, "device": "phone"}
    wrong = {**body, "code": f"{(int(code) + 1) % 10**6:06d}"}
    await ann.ask("POST", "/identity/sessions", 401, json=wrong)
    ann.remember(await ann.ask("POST", "/identity/sessions", 201, json=body))
    problem = await ann.ask("POST", "/identity/sessions", 401, json=body)
    assert problem["code"] == "sign_in_failed"  # as where there is no such account


async def test_a_name_is_changed_and_the_old_one_is_free_again(town: Town) -> None:
    ann = await town.person("ann")
    old, new = ann.name, f"new-{uuid4().hex[:8]}"
    await ann.ask("PUT", f"/chat/users/{ann.id}", json={"name": new})
    assert (await ann.ask("GET", f"/chat/users/{ann.id}"))["name"] == new
    heir = Person(town.url, old, f"+4933{uuid4().int % 10**8:08d}")
    for _ in range(300):  # a policy gives the old name back, a moment later
        body = {"name": heir.name, "phone_number": heir.phone, "password": "long enough"}
        answer = await heir.http.post("/identity/people", json=body)
        if answer.status_code == 201:
            break
    assert answer.status_code == 201
    await heir.close()


async def test_after_ten_failures_everybody_is_locked_out_alike_whether_or_not_there_is_such_an_account(
    septet: Installation, town: Town
) -> None:
    ann = await town.person("ann")
    async with httpx.AsyncClient(base_url=septet.url, timeout=PATIENCE) as http:
        said = []
        for name in (ann.name, f"nobody-{ann.name}"):
            body = {"name": name, "password": "wrong", "device": "test"}
            answers = [await http.post("/identity/sessions", json=body) for _ in range(12)]
            said.append([(each.status_code, each.json()["code"], each.json()["detail"]) for each in answers])
            assert 0 < int(answers[-1].headers["Retry-After"]) <= 900
    assert said[0] == said[1]
    assert [status for status, _, _ in said[0]] == [401] * 10 + [429] * 2


async def test_how_often_a_code_can_be_asked_for_tells_nothing_of_whose_the_number_is(
    septet: Installation, town: Town
) -> None:
    ann = await town.person("ann")
    async with httpx.AsyncClient(base_url=septet.url, timeout=PATIENCE) as http:
        said = []
        for number in (ann.phone, "+49302345678"):
            answers = [await http.post("/identity/codes", json={"phone_number": number}) for _ in range(6)]
            said.append([(each.status_code, each.content if each.status_code == 202 else b"") for each in answers])
    assert said[0] == said[1]
    assert [status for status, _ in said[0]] == [202] * 5 + [429]
