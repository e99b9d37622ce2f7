"""The dashboard and the alert rules speak of metrics that exist, with labels that they have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from infra import metrics

MONITORING = Path(__file__).parents[3] / "infra" / "monitoring"
WORDS = {"by", "and", "max", "sum", "rate", "increase", "histogram_quantile", "le", "up", "job"}


def known() -> dict[str, tuple[str, ...]]:
    """The labels of each series that is exported."""
    found: dict[str, tuple[str, ...]] = {}
    for each in vars(metrics).values():
        if isinstance(each, Counter | Gauge | Histogram):
            endings = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_count", "_sum")}[type(each)]
            found |= {each._name + ending: tuple(each._labelnames) for ending in endings}
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]:
        yield from ((rule["alert"], rule["expr"]) for rule in group["rules"])
    for panel in json.loads((MONITORING / "grafana.json").read_text())["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])


@pytest.mark.parametrize(("title", "expression"), list(expressions()))
def test_an_expression_speaks_of_what_is_exported(title: str, expression: str) -> None:
    series = known()
    names = set(re.findall(r"[a-z_]{2,}(?=[^\w])|[a-z_]{2,}$", re.sub(r'"[^"]*"|\[\w+\]', "", expression)))
    used = {name for name in names if name.startswith("septet_")}
    assert used <= series.keys(), title
    assert used or "up{" in expression, title
    labels = {label for name in used for label in series[name]}
    assert names - used - WORDS <= labels, title
    assert expression.count("(") == expression.count(")"), title


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    [group] = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names) > 5
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]


def test_the_panels_do_not_lie_on_each_other() -> None:
    panels = json.loads((MONITORING / "grafana.json").read_text())["panels"]
    places = {(each["gridPos"]["x"], each["gridPos"]["y"]) for each in panels}
    assert len(places) == len(panels) == len({each["id"] for each in panels})
