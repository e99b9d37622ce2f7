"""Prometheus takes the alert rules: its own tool says so."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_promtool_takes_the_alert_rules() -> None:
    beside = Path(sys.executable).parent / "promtool"  # where `make test` puts it
    promtool = str(beside) if beside.exists() else shutil.which("promtool")
    assert promtool, "there is no promtool: run infra/setup.sh promtool"
    rules = ROOT / "infra" / "monitoring" / "alerts.yaml"
    checked = subprocess.run([promtool, "check", "rules", str(rules)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "SUCCESS: 9 rules found" in checked.stdout
