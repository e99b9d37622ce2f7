"""The same cluster in containers: infra/compose.yaml through whichever Compose this machine has."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COMPOSE_FILE = Path(__file__).resolve().parents[1] / "compose.yaml"


@dataclass(frozen=True, slots=True)
class Compose:
    """The cluster's containers; `settings` fill the variables of the compose file."""

    command: tuple[str, ...]
    settings: Mapping[str, str]

    def up(self, *services: str) -> bool:
        """Starts these services, fetching images where needed; answers whether that worked."""
        return self._run("up", "--detach", *services)

    def down(self) -> bool:
        """Removes the containers of all services and keeps their volumes; answers whether that worked."""
        return self._run("--profile", "septet", "down")

    def running(self) -> list[str]:
        """The names of the containers that run."""
        query = ["docker", "ps", "--filter", "label=com.docker.compose.project=septet", "--format", "{{.Names}}"]
        return sorted(subprocess.run(query, capture_output=True, text=True, check=True).stdout.split())

    def _run(self, *arguments: str) -> bool:
        command = [*self.command, "--project-name", "septet", "--file", str(COMPOSE_FILE), *arguments]
        return subprocess.run(command, env={**os.environ, **self.settings}, check=False).returncode == 0


def find_compose(settings: Mapping[str, str]) -> Compose | str:
    """How to reach the containers, or, as a sentence, why that cannot be."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    if not _succeeds("docker", "info"):
        return "no Docker engine answers"
    for command in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]) and _succeeds(*command, "version"):
            return Compose(command, settings)
    return "Docker Compose is not installed"


def can_be_had(image: str) -> bool:
    """Whether the engine has the image or gets it now."""
    return _succeeds("docker", "image", "inspect", image) or _succeeds("docker", "pull", "--quiet", image, seconds=900)


def _succeeds(*command: str, seconds: float = 20) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=seconds, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
