"""What the documents tell one to do works as it stands."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.e2e.installation import ROOT, Installation, embedded

COPIED = ("domain", "schemas", "producers", "processors", "projections", "api", "infra", "septet", "web")


def test_the_conversation_of_the_readme(septet: Installation) -> None:
    text = (ROOT / "README.md").read_text()
    conversation = text[text.index("## A conversation") :]
    assert '"content":"Hello Bob!"' in said(conversation, septet)


@pytest.mark.parametrize(
    ("system", "signs"),
    [
        ("parking", ('"available_spaces":1', '"kind":"invoice"', '"status":"CANCELED"')),
        (
            "scheduling",
            ('"time":"15:45"', '"status":"confirmed"', '"status":409', '"minutes":60', '"has_calendar":true'),
        ),
    ],
)
def test_the_articles_endpoints_are_walked_through(
    embedded_septet: Installation, system: str, signs: tuple[str, ...]
) -> None:
    text = (ROOT / "docs" / f"{system}.md").read_text()
    told = said(text[text.index("## Try it") :].partition("\n## ")[0], embedded_septet)
    assert [sign for sign in signs if sign not in told] == [], told


def said(text: str, septet: Installation) -> str:
    """What the only script of a text prints, run as it stands."""
    [script] = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    # Names and numbers are unique in an installation that other tests use, too.
    mark = uuid4().hex[:8]
    script = script.replace('"Ann"', f'"Ann {mark}"').replace('"Bob"', f'"Bob {mark}"')
    script = script.replace("30 9018", f"3{uuid4().int % 10**5:05d}9")
    done = subprocess.run(
        ["bash", "-euc", script],
        env={"URL": septet.url, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def guide() -> str:
    return (ROOT / "docs" / "eighth-system.md").read_text()


def test_the_guide_is_as_short_as_it_says(guide: str) -> None:
    code = "".join(re.findall(r"```(?:python|sh)[^\n]*\n(.*?)```", guide, re.DOTALL))
    assert len([line for line in code.splitlines() if line.strip()]) < 150


def test_the_guide_adds_a_system_that_works(guide: str, tmp_path: Path) -> None:
    copy = tmp_path / "septet"
    for name in COPIED:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, code in re.findall(r"```python file=(\S+)\n(.*?)```", guide, re.DOTALL):
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text(code)
    [registration] = re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)
    python = str(Path(sys.executable).parent)
    subprocess.run(
        ["bash", "-euc", registration], cwd=copy, env={"PATH": f"{python}:/usr/bin:/bin"}, check=True, timeout=120
    )
    with embedded(tmp_path, root=copy) as septet, httpx.Client(base_url=septet.url, timeout=60) as client:
        for name, number in (("ann", "+4930123450"), ("bob", "+4930123451")):
            body = {"name": name, "phone_number": number, "password": "correct horse"}
            client.post("/identity/people", json=body).raise_for_status()
        ann, bob = _signed_in(client, "ann"), _signed_in(client, "bob")
        lent = client.post("/library/copies/moby-dick-1/loan", headers=ann)
        assert lent.json() == {"became": "lent"}
        assert client.post("/library/copies/moby-dick-1/loan", headers=bob).json() == {"became": "reserved"}
        assert client.delete("/library/copies/moby-dick-1/loan", headers=bob).json()["code"] == "not_the_holder"
        after = {"after": lent.headers["Septet-Position"]}
        [loan] = client.get("/library/loans", params=after, headers=ann).json()
        assert loan["copy"] == "moby-dick-1"


def _signed_in(client: httpx.Client, name: str) -> dict[str, str]:
    body = {"name": name, "password": "correct horse", "device": "test"}
    return {"Authorization": f"Bearer {client.post('/identity/sessions', json=body).json()['access_token']}"}
