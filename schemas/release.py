"""Brings dataclasses, `.avsc` files, lock and gate to agreement, or says where they disagree."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from domain.kernel import Catalogue
from schemas.gate import refusals
from schemas.registry import HERE, LOCK, Kind, Lock, entries
from schemas.upcasters import UPCASTERS, Upcaster


class Refused(Exception):
    """A change that would make something unreadable; says what, a sentence in each line."""


def update(catalogue: Catalogue, folder: Path = HERE) -> list[str]:
    """Writes the `.avsc` files and adds new versions to the lock; answers what changed, a sentence for each.

    All or nothing: raises Refused, and touches no file, where the gate does not let one of the schemas pass.
    """
    lock, schemas = _lock(folder), _schemas(catalogue)
    if refused := _refused(schemas, lock):
        raise Refused("\n".join(refused))
    grown = lock.grown(list(schemas.values()))
    changes = [
        f"{name} has a new version: id {version.id}"
        for name, versions in grown.versions.items()
        for version in versions[len(lock.versions.get(name, ())) :]
    ]
    wanted = {folder / _place(schema): _text(schema) for schema in schemas.values()}
    for path, text in wanted.items():
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            changes.append(f"{path.relative_to(folder)} is written")
    for path in _stray(wanted, folder):
        path.unlink()
        changes.append(f"{path.relative_to(folder)} is gone with its class; its schemas stay in the lock")
    (folder / LOCK.name).write_text(grown.text())
    return changes


def check(catalogue: Catalogue, folder: Path = HERE, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> list[str]:
    """Where classes, `.avsc` files, lock, gate and upcasters disagree, a sentence for each; none: all is well."""
    lock, schemas = _lock(folder), _schemas(catalogue)
    wanted = {folder / _place(schema): _text(schema) for schema in schemas.values()}
    return [
        *_refused(schemas, lock),
        *(f"{name} is not in the lock as it is now" for name, each in schemas.items() if not lock.released(name, each)),
        *(f"{path.relative_to(folder)} is missing" for path in wanted if not path.exists()),
        *(
            f"{path.relative_to(folder)} is not what its class says"
            for path, text in wanted.items()
            if path.exists() and path.read_text() != text
        ),
        *(f"{path.relative_to(folder)} belongs to no class" for path in _stray(wanted, folder)),
        *_retired(schemas, lock, upcasters),
    ]


def _lock(folder: Path) -> Lock:
    path = folder / LOCK.name
    return Lock.load(path) if path.exists() else Lock()


def _schemas(catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    return {entry.full_name: entry.schema() for entry in entries(catalogue)}


def _refused(schemas: Mapping[str, dict[str, Any]], lock: Lock) -> list[str]:
    return [reason for name, each in schemas.items() for reason in refusals(each, lock.versions.get(name, ()))]


def _place(schema: dict[str, Any]) -> Path:
    return Path(*schema["name"].split(".")[1:]).with_suffix(".avsc")


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _stray(wanted: Collection[Path], folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.avsc")) if path not in wanted]


def _retired(current: Collection[str], lock: Lock, upcasters: Mapping[str, Upcaster]) -> list[str]:
    events = {name for name, versions in lock.versions.items() if versions[-1].schema["kind"] == Kind.EVENT}
    explained = {f"septet.{name}" for name in upcasters}
    return [
        *(f"{name} was retired without an upcaster" for name in sorted(events.difference(current, explained))),
        *(f"{name} has an upcaster and a class" for name in sorted(explained.intersection(current))),
        *(f"{name} has an upcaster and was never released" for name in sorted(explained.difference(lock.versions))),
    ]
