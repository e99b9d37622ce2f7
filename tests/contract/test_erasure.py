"""What was forgotten is nowhere in the broker's own files, once it has cleaned them."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # most are only not marked as exported
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from infra.kafka.log import KafkaLog
from infra.keyring import TOPIC, Keyring
from infra.local import KafkaBroker
from infra.local.ports import free_port

pytestmark = pytest.mark.cluster

PATIENCE = 180.0  # seconds; it takes two or three where nothing else happens
# What the topic has anyway, with minutes instead of moments.
SOON = {"segment.ms": "200", "max.compaction.lag.ms": "200", "file.delete.delay.ms": "200"}


class TidyBroker(KafkaBroker):
    """One whose cleaner looks for work all the time instead of every 15 seconds."""

    def prepare(self) -> list[str]:
        command, properties = super().prepare(), self.directory / "server.properties"
        properties.write_text(properties.read_text() + "log.cleaner.backoff.ms=200\n")
        return command

    def stored(self, topic: str) -> bytes:
        """Everything in the files of the topic's only partition, whatever they are called."""
        return b"".join(self._files(topic))

    def _files(self, topic: str) -> Iterator[bytes]:
        for each in (self.directory / "data" / f"{topic}-0").iterdir():
            try:
                yield each.read_bytes()
            except FileNotFoundError:  # it has just been cleaned away
                continue


def test_a_deleted_key_is_nowhere_in_kafkas_files(tmp_path: Path) -> None:
    with TidyBroker(tmp_path / "kafka", free_port(), free_port()) as broker:
        log = KafkaLog(broker.address, data_dir=tmp_path / "stores")
        log.ensure([TOPIC])
        keys = Keyring(log, b"a secret of this test")
        keys.prepare()
        before = set(keys.carried().values())
        keys.forget(["ann"])
        after = set(keys.carried().values())
        gone = before - after
        assert gone
        assert all(each in broker.stored(TOPIC.name) for each in gone)
        _hurry(broker.address)
        deadline = time.monotonic() + PATIENCE
        while any(each in broker.stored(TOPIC.name) for each in gone):
            assert time.monotonic() < deadline, "it has not been cleaned away"
            keys.turn()  # as the role `forgetting` does: it closes the segment before it
            time.sleep(0.3)
        assert all(each in broker.stored(TOPIC.name) for each in after)
        keys.close()
        fresh = Keyring(log, b"a secret of this test")
        assert (fresh.is_forgotten("ann"), fresh.is_forgotten("bob")) == (True, False)
        assert set(fresh.carried().values()) == after
        fresh.close()
        log.close()


def _hurry(bootstrap: str) -> None:
    changes = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in SOON.items()]
    resource = ConfigResource(ResourceType.TOPIC, TOPIC.name, incremental_configs=changes)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(30)
