"""What `python -m schemas update` and `check` do to the lock and the schema files."""

import json
from dataclasses import make_dataclass
from pathlib import Path
from typing import Any

import pytest

from domain.kernel import Catalogue, Message
from schemas.__main__ import main
from schemas.codec import Codec, NotReleased
from schemas.registry import Ambiguous, BrokenLock, Lock, entries
from schemas.release import Refused, check, update
from schemas.upcasters import Fields
from tests.unit.schemas.library import Catalogued, Discard, Lend, Moved, catalogue, message

NOTE = "library/copy/Note.avsc"


def note(*fields: Any) -> Catalogue:
    """The library with one event, Note, of these fields."""
    return catalogue(make_dataclass("Note", fields, frozen=True))


ONE = note(("text", str))
TWO = note(("text", str), ("page", int, 0))
BROKEN = note(("words", str))


def ids(folder: Path) -> dict[str, list[int]]:
    return {name: [each.id for each in versions] for name, versions in Lock.load(folder / "lock.json").versions.items()}


def test_update_writes_schemas_and_lock_and_check_is_content(tmp_path: Path) -> None:
    changes = update(ONE, tmp_path)
    assert "septet.library.copy.Note has a new version: id 6" in changes
    assert f"{NOTE} is written" in changes
    assert json.loads((tmp_path / NOTE).read_text())["name"] == "septet.library.copy.Note"
    assert (tmp_path / "kernel/Answer.avsc").exists()
    assert (tmp_path / "library/copy/Snapshot.avsc").exists()
    assert check(ONE, tmp_path) == []
    assert update(ONE, tmp_path) == []


def test_a_compatible_change_adds_a_version_under_the_next_id(tmp_path: Path) -> None:
    update(ONE, tmp_path)
    before = ids(tmp_path)
    assert "septet.library.copy.Note is not in the lock as it is now" in check(TWO, tmp_path)
    assert f"{NOTE} is not what its class says" in check(TWO, tmp_path)
    update(TWO, tmp_path)
    assert check(TWO, tmp_path) == []
    highest = max(each for versions in before.values() for each in versions)
    assert ids(tmp_path) == {**before, "septet.library.copy.Note": [6, highest + 1]}


def test_a_change_that_the_gate_refuses_touches_nothing(tmp_path: Path) -> None:
    update(ONE, tmp_path)
    before = {path: path.read_text() for path in tmp_path.rglob("*.*")}
    with pytest.raises(Refused, match=r"septet\.library\.copy\.Note against its version of id 6"):
        update(BROKEN, tmp_path)
    assert {path: path.read_text() for path in tmp_path.rglob("*.*")} == before
    assert any("against its version of id 6" in problem for problem in check(BROKEN, tmp_path))


def test_going_back_to_a_released_form_needs_no_new_version(tmp_path: Path) -> None:
    update(ONE, tmp_path)
    update(TWO, tmp_path)
    before = ids(tmp_path)
    update(ONE, tmp_path)
    assert ids(tmp_path) == before
    assert check(ONE, tmp_path) == []


def test_documentation_is_no_new_version(tmp_path: Path) -> None:
    update(ONE, tmp_path)
    before = ids(tmp_path)
    documented = make_dataclass("Note", [("text", str)], frozen=True, namespace={"__doc__": "What a reader wrote."})
    assert update(catalogue(documented), tmp_path) == [f"{NOTE} is written"]
    assert ids(tmp_path) == before


def test_a_retired_event_keeps_its_schemas_and_needs_an_upcaster(tmp_path: Path) -> None:
    both, rest = catalogue(Catalogued, Moved), catalogue(Moved)
    update(both, tmp_path)
    before = ids(tmp_path)
    update(rest, tmp_path)
    assert ids(tmp_path) == before
    assert not (tmp_path / "library/copy/Catalogued.avsc").exists()
    assert check(rest, tmp_path) == ["septet.library.copy.Catalogued was retired without an upcaster"]

    def meaning(old: Fields) -> list[Message]:
        return [Moved(copy=old["copy"])]

    assert check(rest, tmp_path, {"library.copy.Catalogued": meaning}) == []
    assert check(both, tmp_path, {}) == ["library/copy/Catalogued.avsc is missing"]
    update(both, tmp_path)
    assert check(both, tmp_path, {"library.copy.Catalogued": meaning, "library.copy.Lost": meaning}) == [
        "septet.library.copy.Catalogued has an upcaster and a class",
        "septet.library.copy.Lost has an upcaster and was never released",
    ]


def test_a_schema_file_without_a_class_is_found_and_removed(tmp_path: Path) -> None:
    update(ONE, tmp_path)
    (tmp_path / "library/copy/Old.avsc").write_text("{}")
    assert check(ONE, tmp_path) == ["library/copy/Old.avsc belongs to no class"]
    assert update(ONE, tmp_path) == ["library/copy/Old.avsc is gone with its class; its schemas stay in the lock"]


def test_ids_go_on_where_they_ended_whatever_is_retired() -> None:
    lock = Lock.of(catalogue(Catalogued))
    grown = lock.grown([entry.schema() for entry in entries(ONE)])
    used = [version.id for versions in lock.versions.values() for version in versions]
    (added,) = grown.versions["septet.library.copy.Note"]
    assert added.id == len(used) + 1


def test_the_lock_is_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    lock = Lock.of(catalogue())
    (tmp_path / "lock.json").write_text(lock.text())
    assert Lock.load(tmp_path / "lock.json").versions == lock.versions
    assert len(lock.text().splitlines()) == 2 + 3 * len(lock.versions)  # a line for each version


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"septet.a.B": [{"id": 2, "schema": {}}]}',
        '{"septet.a.B": [{"id": 1, "schema": {}}, {"id": 1, "schema": {}}]}',
        '{"septet.a.B": [{"id": 1, "schema": {}}], "septet.a.C": [{"id": 3, "schema": {}}]}',
        '{"septet.a.B": [{"id": 1}]}',
        '{"septet.a.B": 7}',
    ],
)
def test_a_lock_that_was_tampered_with_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_text(text)
    with pytest.raises(BrokenLock):
        Lock.load(tmp_path / "lock.json")


def test_code_does_not_start_with_a_lock_that_lacks_its_messages() -> None:
    with pytest.raises(NotReleased):
        Codec(TWO, Lock.of(ONE))


def test_messages_that_the_wire_could_not_tell_apart_are_refused() -> None:
    with pytest.raises(Ambiguous, match=r"two messages are called library\.copy\.Discard"):
        entries(catalogue(message("Discard", page=int)))
    with pytest.raises(Ambiguous, match="called"):
        entries(catalogue(Discard))
    with pytest.raises(Ambiguous, match="same class"):
        entries(Catalogue(catalogue().aggregates, signals=(Lend,)))


def test_the_command_line_checks_and_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "All agree.\n"
    assert main(["chekc"]) == 2
    assert "schemas update" in capsys.readouterr().err
