"""What a command processor says while it reads back what earlier owners decided."""

from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from domain.catalogue import CATALOGUE
from infra.embedded.log import EmbeddedLog
from processors import commands
from processors.commands import CommandProcessor
from tests.processing import CODEC, prepare


def test_a_partition_whose_restoring_does_not_end_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = LogCapture()
    monkeypatch.setattr(commands, "log", structlog.wrap_logger(None, processors=[said]))
    monkeypatch.setattr(commands, "SILENT", 0.0)
    log = EmbeddedLog(tmp_path / "log.db")
    prepare(log)
    processor = CommandProcessor(CATALOGUE, CODEC, log, "0")
    member = processor.open()
    monkeypatch.setattr(processor._states, "restore", lambda *_: False)  # as where a transaction never ends
    while not said.entries:
        processor.step(member)
    first = processor._restoring[0]
    processor.close(member)
    log.close()
    (told,) = said.entries
    assert told["event"] == "partition is still being restored"
    assert (told["topic"], told["partition"]) == first
