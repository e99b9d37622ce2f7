"""What is secret stays where it belongs: out of log lines, answers to errors, addresses, and other users' reach."""

import json
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.hosts import Host, host_of
from tests.e2e.installation import Installation, embedded
from tests.e2e.people import PATIENCE, Person, Town


async def test_what_lies_on_disk_is_its_owners_alone(septet: Installation, town: Town) -> None:
    """It was started with a umask of 0, which hides nothing."""
    host = await host_of(town)
    start, *_ = await host.slots(host.person)
    booked = await host.person.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(start))
    seen = {"after": host.person.seen["scheduling"]}  # a file is laid beside a booking that shows
    note = {"params": {"booking_id": booked["booking_id"], "name": "a.txt", **seen}, "content": b"a note"}
    await host.person.ask("POST", "/scheduling/files", 201, headers={"Content-Type": "text/plain"}, **note)
    data = septet.folder / "data"
    lying = [data, *data.rglob("*")]
    open_to_others = {str(each.relative_to(data)): oct(mode) for each in lying if (mode := _mode(each)) & 0o077}
    assert open_to_others == {}
    names = {each.relative_to(data).parts[0] for each in lying[1:]}
    if septet.settings["SEPTET_ENGINE"] == "embedded":
        assert names >= {"log.db", "log.db-wal", "log.db-shm", "tables.db", "tables.db-wal", "secret", "blobs"}
    else:
        assert names >= {"stores", "faust", "blobs"}


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except FileNotFoundError:  # a store has just put another file in its place
        return 0


class Phones:
    """A webhook that takes codes for delivery, or will not."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.out_of_order = False


@contextmanager
def phones_served() -> Iterator[tuple[Phones, str]]:
    phones = Phones()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            phones.codes.append(json.loads(body)["code"])
            self.send_response(500 if phones.out_of_order else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """It says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield phones, f"http://127.0.0.1:{server.server_port}/sms"
    finally:
        server.shutdown()
        server.server_close()


async def test_nothing_secret_is_in_a_log_line_or_in_the_answer_to_an_error(tmp_path: Path) -> None:
    secret = secrets.token_urlsafe(32)
    with phones_served() as (phones, url):
        more = {
            "SEPTET_SECRET": secret,
            "SEPTET_CODE_SENDER": url,
            "SEPTET_LOG_LEVEL": "DEBUG",
            "SEPTET_PAYMENTS_SECRET": (signs := secrets.token_urlsafe(32)),
        }
        with embedded(tmp_path, more=more) as septet:
            async with Town(septet.url) as town:
                ann = await town.person("ann")
                known = await _everything_that_can_go_wrong(ann, await town.person("bob"), phones)
                known["addresses"], more_answers = await _addresses(await host_of(town), town)
                known["answers"] += more_answers
            told = "\n".join(known.pop("answers"))
        written = (tmp_path / "run.log").read_text()
        assert "refused" in told or "sign_in_failed" in told
        assert "partitions taken over" in written  # it is the log, and it was not empty
        for name, each in {"secret": [secret], "payments": [signs], "codes": phones.codes, **known}.items():
            assert each, name
            for one in each:
                assert one not in written, f"{name} in the log"
                assert one not in told, f"{name} in an answer"


async def _everything_that_can_go_wrong(ann: Person, bob: Person, phones: Phones) -> dict[str, list[str]]:
    """Signs in, talks and errs in many ways; answers what nobody may find anywhere, and the `answers` to errors."""
    words = [f"{kind} {secrets.token_hex(8)}" for kind in ("said", "too long", "to nobody", "unread", "framed")]
    passwords = [ann.password, *(f"wrong {secrets.token_hex(8)}" for _ in range(3))]
    tokens = [ann.token, ann.refresh_token, bob.token, bob.refresh_token]
    answers: list[str] = []

    async def fail(method: str, path: str, **rest: Any) -> None:
        answer = await ann.http.request(method, path, **rest)
        assert answer.status_code >= 400, (path, answer.text)
        answers.append(answer.text)

    chat = await ann.chat_with(bob)
    await ann.say(chat, words[0])
    path = f"/chat/chats/{chat}/messages"
    await fail("POST", path, json={"content": words[1] * 4_000})
    await fail("POST", path.replace(chat, bob.id), json={"content": words[2]})
    await fail("POST", path, json={"content": words[3], "unknown": words[3]}, headers={"If-Match": ann.token})
    await fail("POST", path, content=f'{{"content": "{words[3]}"'.encode())
    await fail("POST", path, content=b"\xff" + words[3].encode(), headers={"Content-Type": "application/json"})
    for number, wrong in enumerate(passwords[1:]):
        await fail("POST", "/identity/sessions", json={"name": ann.name, "password": wrong, "device": f"a{number}"})
    await fail("POST", "/identity/sessions", json={"name": ann.name, "password": [passwords[1]], "device": "a"})
    await fail("PUT", "/identity/password", json={"old": passwords[2], "new": passwords[3]})
    await fail("PUT", "/identity/password", json={"old": ann.password, "new": [passwords[3]]})
    await fail("POST", "/identity/me/forget", json={"password": passwords[1], "code": "no code"})

    await ann.ask("POST", "/identity/codes", 202, json={"phone_number": ann.phone})
    body = {"phone_number": ann.phone, "code": phones.codes[-1], "device": "by code"}
    by_code = await ann.ask("POST", "/identity/sessions", 201, json=body)
    tokens += [by_code["access_token"], by_code["refresh_token"]]
    await fail("POST", "/identity/sessions", json=body)  # it was used
    phones.out_of_order = True
    await fail("POST", "/identity/codes", json={"phone_number": ann.phone})
    await fail("POST", "/identity/me/forget/code")

    refresh = {"refresh_token": ann.refresh_token}
    renewed = await ann.ask("POST", "/identity/sessions/refresh", json=refresh)
    newest = {"refresh_token": renewed["refresh_token"]}
    again = await ann.ask("POST", "/identity/sessions/refresh", json=newest)
    tokens += [each[kind] for each in (renewed, again) for kind in ("access_token", "refresh_token")]
    await fail("POST", "/identity/sessions/refresh", json=refresh)  # what came of it was used: the session ends
    await fail("POST", "/identity/sessions/refresh", json={"refresh_token": ann.refresh_token[:-2] + "xx"})
    ticket = (await bob.ask("POST", "/log/tickets", 201))["ticket"]
    async with bob.http.stream("GET", "/log/stream", params={"ticket": ticket}) as opened:
        assert opened.status_code == 200
    for broken in ({"ticket": ticket}, {"ticket": bob.token}, {"access_token": bob.token}, {}):
        await fail("GET", "/log/stream", params=broken)
    await fail("GET", f"/nowhere/{bob.token}", params={"access_token": bob.token})
    await fail("GET", "/chat/chats", headers={"Authorization": f"Bearer {bob.token}x"})
    await _break_frames(bob, words[4], answers)
    return {"texts": words, "passwords": passwords, "tokens": [*tokens, ticket], "answers": answers}


async def _addresses(host: Host, town: Town) -> tuple[list[str], list[str]]:
    """What is secret in addresses: a feed's and a guest's key. They are asked with, rightly and wrongly."""
    start, *_ = await host.slots(host.person)
    booked = await host.person.ask("POST", f"{host.path}/bookings", 201, json=host.wanted(start))
    feed, key = (await host.person.ask("GET", f"{host.path}/feed"))["path"], booked["key"]
    seen = {"after": host.person.seen["scheduling"]}
    async with httpx.AsyncClient(base_url=town.url, timeout=PATIENCE) as http:
        own = await http.get(f"/scheduling/bookings/{booked['booking_id']}", params={**seen, "key": key})
        good = [own, await http.get(feed, params=seen)]
        wrong = (f"{feed}/x", feed.replace(".ics", "x.ics"), f"/scheduling/bookings/{host.person.id}?key={key}")
        answers = [(await http.get(path)).text for path in wrong]
    assert [each.status_code for each in good] == [200, 200]
    assert {each.headers["referrer-policy"] for each in good} == {"no-referrer"}
    return [feed.rpartition("/")[2].removesuffix(".ics"), key], answers


async def _break_frames(bob: Person, words: str, answers: list[str]) -> None:
    """Over the socket, signed in: a call that is unknown, one that is refused, and what is no frame at all."""
    async with connect(bob.url.replace("http", "ws") + "/chat/socket") as socket:
        await socket.send(json.dumps({"id": 1, "connect": {"token": bob.token}}))
        assert "connect" in json.loads(await socket.recv())
        for number, (method, data) in enumerate(
            [("nothing", {"content": words}), ("send_message", {"chat_id": bob.id, "content": words})], start=2
        ):
            await socket.send(json.dumps({"id": number, "rpc": {"method": method, "data": data}}))
            answers.append(str(await socket.recv()))
        await socket.send(f'{{"id": 9, "rpc": {{"method": "{words}"')
        with suppress(ConnectionClosed):
            answers += [str(each) async for each in socket]
        answers.append(f"{socket.close_code} {socket.close_reason}")
