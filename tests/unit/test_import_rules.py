"""The import table refuses what it does not list."""

import pytest
from grimp import ImportGraph

from tests.import_rules import Room

ROOMS = ["domain", "infra", "api"]


def room(**options: object) -> Room:
    return Room(
        name="a room", session_options={"root_packages": ROOMS, "ports": ["infra.log"]}, contract_options=options
    )


def graph(importer: str, imported: str) -> ImportGraph:
    built = ImportGraph()
    for name in ("domain", "infra", "infra.log", "api"):
        built.add_module(name)
    built.add_import(importer=importer, imported=imported)
    return built


@pytest.mark.parametrize(
    ("imported", "kept"),
    [
        ("domain.shop", True),
        ("dataclasses", True),
        ("whenever", True),
        ("infra.log", False),
        ("infra", False),
        ("random", False),
        ("httpx", False),
    ],
)
def test_a_pure_room(imported: str, kept: bool) -> None:
    pure = room(room="domain", may_import=[], libraries=["whenever"], refused=["random"])
    assert pure.check(graph("domain.chat", imported), verbose=False).kept is kept


@pytest.mark.parametrize(
    ("imported", "kept"), [("infra.log", True), ("infra.kafka", False), ("infra", False), ("httpx", True)]
)
def test_a_port_does_not_open_its_adapters(imported: str, kept: bool) -> None:
    face = room(room="api", may_import=["ports"])
    assert face.check(graph("api.chat", imported), verbose=False).kept is kept
