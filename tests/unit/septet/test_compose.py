"""The compose file runs what a cluster is made of."""

from pathlib import Path
from typing import Any

import yaml

from septet.cluster import ROLES

INFRA = Path(__file__).parents[3] / "infra"
COMPOSE_FILE, DOCKERFILE = INFRA / "compose.yaml", INFRA / "images" / "Dockerfile"


def services() -> dict[str, Any]:
    """Those that run Septet's own image."""
    found = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
    return {name: each for name, each in found.items() if "septet" in each.get("profiles", ())}


def test_every_role_has_a_service_of_its_name_and_no_service_is_of_a_role_that_is_gone() -> None:
    commands = {name: each["command"] for name, each in services().items()}
    assert commands == {role.replace(".", "-"): [role] if role == "api" else ["worker", role] for role in ROLES}


def test_all_are_one_installation() -> None:
    environments = [each["environment"] for each in services().values()]
    assert all(each == environments[0] for each in environments)
    assert environments[0]["SEPTET_ENGINE"] == "cluster"


def test_one_process_makes_topics_tables_and_keys_and_all_others_begin_after_it() -> None:
    after = {name: set(each["depends_on"]) for name, each in services().items()}
    assert after.pop("api") == {"kafka", "cassandra"}
    assert all(each == {"api"} for each in after.values())
    assert all("/readyz" in each["healthcheck"]["test"][-1] for each in services().values())


def test_the_image_runs_as_somebody_without_rights() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001:10001"]
