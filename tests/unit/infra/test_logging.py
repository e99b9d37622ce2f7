"""Log lines: one JSON object each where it is set, about the chain that is worked on, and without local variables."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from infra import correlation
from infra.logging import configure


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    before = structlog.get_config()
    root, handlers = logging.getLogger(), logging.getLogger().handlers[:]
    root.handlers.clear()
    out = io.StringIO()
    configure("INFO", as_json=True, to=out)
    yield out
    root.handlers[:] = handlers
    structlog.configure(**before)
    correlation.concerning("")


def test_a_line_carries_the_id_of_what_is_worked_on(lines: io.StringIO) -> None:
    log = structlog.get_logger("fresh")
    log.info("before")
    correlation.concerning("c-1")
    log.info("during")
    log.info("its own", correlation="c-2")
    correlation.concerning("")
    log.info("after")
    found = [json.loads(line).get("correlation") for line in lines.getvalue().splitlines()]
    assert found == [None, "c-1", "c-2", None]


def test_a_failure_shows_where_but_no_local_variable(lines: io.StringIO) -> None:
    password = "correct horse"
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger("other").exception("failed")
    (line,) = lines.getvalue().splitlines()
    assert "test_a_failure_shows_where" in json.loads(line)["exception"]
    assert password not in line.replace('password = "correct horse"', "")


def test_what_a_library_says_is_a_json_object_too(lines: io.StringIO) -> None:
    correlation.concerning("c-3")
    logging.getLogger("librdkafka").warning("a %s", "warning")
    line = json.loads(lines.getvalue())
    assert (line["event"], line["logger"], line["level"], line["correlation"]) == (
        "a warning",
        "librdkafka",
        "warning",
        "c-3",
    )
