"""A Faust worker for the storm: notes in a file what it handles, and when."""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from infra.embedded.tables import EmbeddedTables
from infra.kafka.log import KafkaLog
from infra.log import Record
from infra.logging import configure
from infra.tables import Write
from processors import faust
from processors.streams import Follower, Stream
from processors.watchdog import Watchdog
from schemas.codec import Codec
from tests.unit.processors.streaming import CODEC


class Journal(Follower):
    """Appends a line for each event: nanoseconds, partition, sequence, key, its number among those of its key."""

    topics: tuple[str, ...]

    def __init__(self, topic: str, path: Path) -> None:
        self.name, self.topics = topic, (topic,)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def read(self, record: Record, codec: Codec) -> str:
        sequence, text = record.headers["ce_sequence"].decode(), (record.value or b"").decode()
        return f"{record.partition} {sequence} {record.key.decode()} {text}"

    async def handle(self, batch: Sequence[str]) -> Sequence[Write]:
        now = time.time_ns()
        os.write(self._file, "".join(f"{now} {each}\n" for each in batch).encode())
        return ()


def main(bootstrap: str, topic: str, slot: str, folder: Path) -> None:
    configure("INFO", as_json=False)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log, tables = KafkaLog(bootstrap, data_dir=folder), EmbeddedTables(folder / "tables.db", patience=60.0)
    stream: Stream[str] = Stream(Journal(topic, folder / "journal"), CODEC, log, tables)
    with Watchdog(stream, log, 60.0).watching():
        faust.run(stream, faust.Cluster(bootstrap, slot, folder / "faust"), stop)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
