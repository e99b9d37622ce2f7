"""The sample exports: read back exactly, the same on every machine, and with everything in them that real ones hold."""

import io
import re
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from producers.chat_export import DateOrder, ExportedMessage, Kind, SystemLine, detect, parse, read_export, read_lines
from producers.chat_export_sample import HIKERS, HOUSE, ZONE, Group, Phone, conversation, export, write_sample
from producers.chat_export_sample.scenes import language, load

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"
GROUPS = pytest.mark.parametrize("group", [HOUSE, HIKERS], ids=["house", "hikers"])
PHONES = pytest.mark.parametrize("phone", Phone)


@GROUPS
@PHONES
@pytest.mark.parametrize("seed", [1, 2])
def test_every_entry_is_read_as_it_was_meant(group: Group, phone: Phone, seed: int) -> None:
    pieces, meant = zip(*export(conversation(group, messages=2_000, seed=seed), group, phone), strict=True)
    data = "".join(pieces).encode()
    layout = detect(read_lines(io.BytesIO(data)))
    assert layout.order is (DateOrder.MONTH_FIRST if phone is Phone.ANDROID else DateOrder.DAY_FIRST)
    assert list(parse(read_lines(io.BytesIO(data)), zone=ZONE, layout=layout)) == list(meant)


@GROUPS
@PHONES
def test_what_a_sample_holds(group: Group, phone: Phone, tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    write_sample(path, group, phone)
    entries = list(read_export(path, zone=ZONE))
    said = [entry for entry in entries if isinstance(entry, ExportedMessage)]
    assert len(said) >= 2_000
    assert {message.author for message in said} == {person.name for person in group.people}
    assert sum(isinstance(entry, SystemLine) for entry in entries) >= 10
    kinds = Counter(message.kind for message in said)
    assert kinds[Kind.TEXT] > 1_800
    assert set(kinds) >= ({Kind.TEXT, Kind.MEDIA} if phone is Phone.ANDROID else {*Kind} - {Kind.MEDIA})
    assert sum("\n" in message.text for message in said) >= 5
    directions = Counter(unicodedata.bidirectional(message.text[:1] or " ") for message in said)
    assert min(directions["AL"], directions["R"]) >= 10
    assert any(message.deleted for message in said)
    assert any(message.edited for message in said)
    assert len({entry.key for entry in entries}) == len(entries)
    assert all(earlier.at <= later.at for earlier, later in pairwise(entries))
    assert all(entry.at.astimezone(ZONE).hour >= 6 or entry.at.astimezone(ZONE).hour < 1 for entry in entries)


def test_the_same_seed_tells_the_same_story(tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    write_sample(one, HOUSE, Phone.IPHONE, messages=300)
    write_sample(same, HOUSE, Phone.IPHONE, messages=300)
    write_sample(other, HOUSE, Phone.IPHONE, messages=300, seed=2)
    assert one.read_bytes() == same.read_bytes() != other.read_bytes()


@GROUPS
def test_every_scene_can_be_played(group: Group) -> None:
    words, scenes = load()
    spoken = Counter(tongue for person in group.people[:-1] for tongue in person.speaks)
    for scene in scenes:
        if scene.topic in group.topics:
            needed = Counter(language(role) or "en" for role in scene.roles)
            assert all(spoken[tongue] >= number for tongue, number in needed.items()), scene
            for line in scene.lines:
                for wording in line.wordings:
                    assert wording.format_map(dict.fromkeys((*words, *scene.roles), "x"))


@pytest.mark.parametrize(
    ("name", "group", "phone"), [("house-android", HOUSE, "android"), ("hikers-iphone", HIKERS, "iphone")]
)
def test_samples_in_the_documentation_are_current(name: str, group: Group, phone: str, tmp_path: Path) -> None:
    path = tmp_path / name
    write_sample(path, group, Phone(phone), messages=200)
    assert (SAMPLES / f"{name}.txt").read_bytes() == path.read_bytes()


def test_the_example_in_the_documentation(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    documentation = SAMPLES.parent / "importing.md"
    (example,) = re.findall(r"```python\n(.*?)```", documentation.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(documentation.parents[1])
    exec(compile(example, documentation, "exec"), {})
    assert capsys.readouterr().out.startswith("2023-09-16 ")
