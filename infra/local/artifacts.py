"""Java itself and the jars of a server, fetched once from Maven and kept in the user's cache."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

CACHE = Path.home() / ".cache" / "septet"
SETUP = Path(__file__).resolve().parents[1] / "setup.sh"

POM = """<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>septet</groupId> <artifactId>{name}</artifactId> <version>1</version>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""
FEW_CORES = 4
DEPENDENCY = "    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"


class Unavailable(Exception):
    """Java or an artifact is not here and cannot be had."""


def java() -> str:
    """The path of a Java 17, the version both servers support; installs it where no Java is. Raises Unavailable."""
    for candidate in sorted(Path("/usr/lib/jvm").glob("*17*/bin/java")):
        return str(candidate)
    _install_missing("java")
    return str(shutil.which("java"))


def compilation() -> list[str]:
    """Options of a JVM for this machine: on few cores the second compiler takes half of one for many minutes."""
    return ["-XX:TieredStopAtLevel=1"] if (os.cpu_count() or 1) < FEW_CORES else []


def jars(name: str, coordinates: Sequence[str]) -> Path:
    """The folder of `group:artifact:version`s with all they need at run time; fetches them the first time.

    `name` is the folder's name in the cache and must change with the coordinates. Raises Unavailable.
    """
    folder = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once fetch once
        if not folder.exists():
            _fetch(name, coordinates, folder)
    return folder


def _fetch(name: str, coordinates: Sequence[str], folder: Path) -> None:
    _install_missing("mvn")
    with TemporaryDirectory(dir=CACHE) as work:
        pom, libs = Path(work, "pom.xml"), Path(work, "libs")
        dependencies = "\n".join(DEPENDENCY.format(*coordinate.split(":")) for coordinate in coordinates)
        pom.write_text(POM.format(name=name, dependencies=dependencies))
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={libs}"]
        maven = subprocess.run(["mvn", "-q", "-B", "-f", str(pom), *goal], capture_output=True, text=True, check=False)
        if maven.returncode != 0:
            raise Unavailable(f"Maven could not fetch {', '.join(coordinates)}:\n{maven.stdout}{maven.stderr}")
        libs.rename(folder)


def _install_missing(program: str) -> None:
    if shutil.which(program) is None:
        subprocess.run([SETUP, "java"], check=False)
    if shutil.which(program) is None:
        raise Unavailable(f"`{program}` is not installed and could not be; install a Java 17 runtime and Maven.")
