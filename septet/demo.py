"""The demo: people, an exported group chat of thousands of messages, and how to sign in and look at it."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infra.settings import Settings
from producers.chat_export_sample import HIKERS, HOUSE, ZONE, Group, Person, Phone, write_sample
from septet import demo_parking, demo_scheduling

PASSWORD = "septet-demo"  # of everybody in the demo, on one's own machine
STARTS_WITHIN = 60.0  # seconds
console = Console()


def run(settings: Settings, stay: bool) -> None:
    """Loads the demo into the installation that answers at the settings' address, or starts one first.

    With `stay` a server that was started here goes on until Ctrl-C.
    """
    url = f"http://{settings.host}:{settings.port}"
    server = None
    if not _answers(url):
        console.print(f"Nothing answers at {url}: starting Septet there.")
        server = subprocess.Popen([sys.executable, "-m", "septet", "run"])
        _wait(url, server)
    try:
        with httpx.Client(base_url=url, timeout=60.0) as client:
            _load(client)
        _say_how(url)
        if server is not None and stay:
            server.wait()
    except KeyboardInterrupt:
        pass
    finally:
        if server is not None:
            server.terminate()
            server.wait()


def _load(client: httpx.Client) -> None:
    people = {each.name: each for group in (HOUSE, HIKERS) for each in group.people}
    tokens: dict[str, str] = {}
    ids: dict[str, str] = {}
    with _progress() as progress:
        task = progress.add_task("people", total=len(people))
        for person in people.values():
            ids[person.name], tokens[person.name] = _person(client, person)
            progress.advance(task)
        for group, phone, order in ((HOUSE, Phone.ANDROID, "mdy"), (HIKERS, Phone.IPHONE, "dmy")):
            owner = group.people[0]
            for other in group.people[1:]:
                body = {"label": other.name}
                _ask(client, "PUT", f"/chat/contacts/{ids[other.name]}", tokens[owner.name], json=body)
            _import(client, group, phone, order, tokens[owner.name], progress)
    with console.status("calendars"):
        hosts = [(ids[each.name], tokens[each.name]) for each in HOUSE.people]
        demo_scheduling.load(partial(_ask, client), hosts)
    with _progress() as progress:
        day = progress.add_task("a day of a car park", total=None)
        demo_parking.load(
            partial(_ask, client),
            tokens[HOUSE.people[0].name],
            [tokens[each.name] for each in HIKERS.people],
            lambda done, total: progress.update(day, completed=done, total=total),
        )
    first, second = HOUSE.people[0], HOUSE.people[2]
    chat = _ask(client, "POST", "/chat/chats", tokens[first.name], json={"user_id": ids[second.name]})["chat_id"]
    for text in ("Hi Layla! 👋", "The house chat is here now, all of it."):
        _ask(client, "POST", f"/chat/chats/{chat}/messages", tokens[first.name], json={"content": text}, key=text)


def _person(client: httpx.Client, person: Person) -> tuple[str, str]:
    """Registers a person, unless they are there from an earlier demo, and signs them in."""
    body = {"name": person.name, "phone_number": person.phone, "password": PASSWORD}
    client.post("/identity/people", json=body)
    signed = client.post("/identity/sessions", json={"name": person.name, "password": PASSWORD, "device": "demo"})
    signed.raise_for_status()
    return signed.json()["user_id"], signed.json()["access_token"]


def _import(client: httpx.Client, group: Group, phone: Phone, order: str, token: str, progress: Progress) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chat.txt"
        write_sample(path, group, phone, messages=2_500)
        asked = {"title": group.title, "date_order": order, "zone": str(ZONE)}
        with path.open("rb") as file:
            started = _ask(client, "POST", "/chat/imports", token, params=asked, files={"file": file}, key=group.title)
    task = progress.add_task(group.title, total=None)
    while True:
        now = _ask(client, "GET", f"/chat/imports/{started['import_id']}", token)
        progress.update(task, completed=now["done"], total=now["total"] or None)
        if now["state"] == "failed":
            raise typer.Exit(_complain(now["error"]))
        if now["state"] == "finished":
            return
        time.sleep(0.2)


def _ask(
    client: httpx.Client,
    method: str,
    path: str,
    token: str,
    *,
    key: str = "",
    allowed: Sequence[int] = (),
    **rest: object,
) -> dict[str, Any]:
    """What the API answers to the one with this token, or to nobody; `allowed` are refusals to expect."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= {"Idempotency-Key": f"demo {key.encode().hex()[:150]}"} if key else {}
    answer = client.request(method, path, headers=headers, **rest)  # type: ignore[arg-type]
    if answer.is_error and answer.status_code not in allowed:
        raise typer.Exit(_complain(f"{method} {path}: {answer.status_code} {answer.text}"))
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


def _complain(problem: str) -> int:
    console.print(f"[red]The demo could not be loaded.[/] {problem}")
    return 1


def _say_how(url: str) -> None:
    console.print(f"\n[bold]Open {url}[/] and sign in, in two browsers if you like:")
    for person in (HOUSE.people[0], HOUSE.people[2], HIKERS.people[0]):
        console.print(f"  name [bold]{person.name}[/]   password [bold]{PASSWORD}[/]")
    console.print("Their calendars are filled around the next change of the clocks: look under Scheduling.")
    console.print(f"{HOUSE.people[0].name} runs a car park of 1,000 spaces: look under Parking.")
    console.print("To see the live log of everybody: [bold]septet operator 'Ann Becker'[/], then sign in again as she.")


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while not _answers(url):
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            raise typer.Exit(_complain("Septet did not start; its log above says why."))
        time.sleep(0.2)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
