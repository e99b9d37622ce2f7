"""slot-calculator from npm in node: how it lists, as an independent oracle and for its speed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from bench.peers.server import NotReady, install
from bench.report import console

VERSION = "2.2.1"
HOME = Path.home() / ".cache" / "septet" / f"slot-calculator-{VERSION}"

PROGRAM = """
const { getSlots } = require(`${process.argv[1]}/node_modules/slot-calculator`);
const { rounds, cases } = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(cases.map((asked) => {
  const times = [];
  let found;
  for (let round = 0; round < rounds; round++) {
    const began = process.cpuUsage();
    found = getSlots(asked);
    const { user, system } = process.cpuUsage(began);
    times.push((user + system) / 1000);
  }
  return { starts: found.availableSlots.map((slot) => slot.from), times };
})));
"""


def version() -> str:
    """Installs it where it is not; answers its version and node's. Raises NotReady."""
    node = shutil.which("node")
    if node is None:
        raise NotReady("node is not installed here (Debian: nodejs, npm).")
    if not (HOME / "installed").exists():
        console.print("  installing slot-calculator (npm)")
        HOME.mkdir(parents=True, exist_ok=True)
        install("slot-calculator", ["npm", "install", "--prefix", str(HOME), f"slot-calculator@{VERSION}"])
        (HOME / "installed").touch()
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{VERSION} (npm, node {told})"


def listed(cases: list[dict[str, Any]], rounds: int) -> list[tuple[list[str], list[float]]]:
    """For each case (as its `getSlots` takes it) the starts it finds, and milliseconds of the processor a round."""
    command = ["node", "-e", PROGRAM, str(HOME)]
    asked = json.dumps({"rounds": rounds, "cases": cases})
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReady(done.stderr[-3_000:])
    return [(each["starts"], each["times"]) for each in json.loads(done.stdout)]
