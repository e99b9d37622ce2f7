"""A broker that is away: how often Faust's client asks for it, and how often it says so."""

import asyncio
import logging
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from infra import deadletters, progress
from infra.embedded.tables import EmbeddedTables
from infra.metrics import HANDLER_RETRIES
from processors import faust
from processors.faust.patience import COMPLAINTS, LONGEST, QUIET, Quiet, patient
from processors.streams import Follower, Stream
from tests.unit.processors.streaming import CODEC


class Nobody(Follower):
    """A handler to which no record comes."""

    name, topics = "nobody", ("a.events",)


async def test_a_broker_that_is_away_is_asked_for_more_and_more_slowly_and_at_once_after_it_was_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses, there = list[float](), dict[int, object]()

    async def pausing(seconds: float) -> None:
        pauses.append(seconds)

    async def connect(node_id: int, **hints: Any) -> object:
        assert hints == {"group": "coordination"}
        return there.get(node_id)

    monkeypatch.setattr(asyncio, "sleep", pausing)
    get = patient(connect)
    assert [await get(1, group="coordination") for _ in range(6)] == [None] * 6
    assert pauses == [0.1, 0.2, 0.4, 0.8, LONGEST, LONGEST]
    there[2] = there[1] = object()
    assert [await get(number, group="coordination") for number in (1, 2)] == [there[1], there[2]]
    assert len(pauses) == 6  # who is there is reached at once
    del there[1]
    await get(1, group="coordination")
    assert pauses[6:] == [0.1]


async def test_a_worker_that_starts_while_no_broker_answers_waits_and_says_so_and_can_be_ended(tmp_path: Path) -> None:
    tables, stop, ended = EmbeddedTables(tmp_path / "tables.db"), threading.Event(), list[BaseException]()
    await tables.create([progress.PROGRESS, *deadletters.TABLES])
    stream: Stream[Any] = Stream(Nobody(), CODEC, None, tables)  # type: ignore[arg-type]

    def work() -> None:
        try:
            faust.run(stream, faust.Cluster("127.0.0.1:1", "0", tmp_path / "faust"), stop)
        except BaseException as error:
            ended.append(error)

    worker = threading.Thread(target=work)
    with capture_logs() as lines:
        worker.start()
        asked = HANDLER_RETRIES.labels("nobody")._value.get
        while asked() < 5:
            assert worker.is_alive()
            await asyncio.sleep(0.05)
        stop.set()
        await asyncio.to_thread(worker.join)
    assert ended == []
    assert stream.trouble.startswith("store away: KafkaConnectionError")
    assert [each["consumer"] for each in lines if each["event"] == "log away, waiting for it"] == ["nobody"]
    await tables.close()


def test_a_silence_is_told_once_in_ten_seconds_and_everything_else_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    quiet = Quiet()

    def told(logger: str, line: str) -> bool:
        return bool(quiet.filter(logging.LogRecord(logger, logging.ERROR, __file__, 1, line, (), None)))

    complaints = [(logger, line) for logger, lines in COMPLAINTS.items() for line in lines]
    assert [told(*each) for each in complaints] == [True] + [False] * (len(complaints) - 1)
    assert told("aiokafka", "Sending username and password in the clear")
    now = QUIET
    assert [told(*each) for each in complaints].count(True) == 1


def test_what_the_client_says_of_it_goes_through_the_filter() -> None:
    for logger in COMPLAINTS:
        assert any(isinstance(each, Quiet) for each in logging.getLogger(logger).filters)
