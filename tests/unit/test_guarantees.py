"""The promises of docs/guarantees.md name tests that exist; docs/operations.md knows every setting and metric."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram

from infra import metrics
from infra.settings import Settings
from septet.cluster import ROLES

ROOT = Path(__file__).parents[2]
GUARANTEES = (ROOT / "docs" / "guarantees.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()

TESTS = {int(number): test for number, test in re.findall(r"^(\d+)\. `(tests/.+)`$", GUARANTEES, re.MULTILINE)}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in GUARANTEES.splitlines()
    if re.match(r"\| (?!promise \|)", line)
]


@cache
def defined_in(file: str) -> frozenset[str]:
    """The tests of a file as pytest names them: `test_…`, or `Test…::test_…`."""
    found = set()
    for node in ast.parse((ROOT / file).read_text()).body:
        inner = [(f"{node.name}::", each) for each in node.body] if isinstance(node, ast.ClassDef) else [("", node)]
        found |= {
            prefix + each.name for prefix, each in inner if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        }
    return frozenset(found)


def test_every_promise_says_what_holds_where_and_names_its_tests() -> None:
    assert len(ROWS) > 50
    for row in ROWS:
        promise, embedded, cluster, tests = row
        assert promise
        assert embedded
        assert cluster
        assert re.fullmatch(r"\[\d+\](, \[\d+\])*", tests), f"{promise} names no test"


def test_every_number_is_a_test_of_the_list_and_each_is_used() -> None:
    used = {int(number) for row in ROWS for number in re.findall(r"\d+", row[-1])}
    assert used == TESTS.keys()
    assert len(set(TESTS.values())) == len(TESTS)


@pytest.mark.parametrize("test", TESTS.values())
def test_every_named_test_exists(test: str) -> None:
    file, _, name = test.partition("::")
    assert name.rpartition("::")[2].startswith("test_")
    assert name in defined_in(file)


DEFAULTS = json.loads(Settings.model_construct().model_dump_json())


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_explained_with_its_default(name: str) -> None:
    assert f"\n| `SEPTET_{name.upper()}` | `{json.dumps(DEFAULTS[name])}` | " in OPERATIONS


def test_no_setting_is_explained_that_is_gone() -> None:
    explained = re.findall(r"^\| `SEPTET_(\w+)` \|", OPERATIONS, re.MULTILINE)
    assert sorted(explained) == sorted(name.upper() for name in Settings.model_fields)


def test_every_metric_is_explained_by_the_name_it_is_served_under() -> None:
    served = [each for each in vars(metrics).values() if isinstance(each, Counter | Gauge | Histogram)]
    assert served
    for metric in served:
        (described,) = metric.describe()
        name = f"{described.name}_total" if isinstance(metric, Counter) else described.name
        assert f"\n| `{name}` | " in OPERATIONS


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_explained(role: str) -> None:
    assert re.search(rf"^\| `{re.escape(role)}` \|", OPERATIONS, re.MULTILINE)
