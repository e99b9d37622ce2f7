"""The local database of a store: one RocksDB with the values of each partition and the checkpoint they belong to."""

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import msgspec
import structlog
from rocksdict import AccessType, BlockBasedOptions, Cache, Options, Rdict, WriteBatch

from infra.log import LogUnavailable, TopicPartition

log = structlog.get_logger(__name__)

MiB = 1024 * 1024
BLOCKS = 32 * MiB  # cached
WRITES = 16 * MiB  # not yet flushed, of which there are up to two
CLEARED = 10_000  # values removed at a time

_CHECKPOINT = b"checkpoint"
_KEY = b"="  # before each key, so that none is the checkpoint's


class Checkpoint(msgspec.Struct, frozen=True):
    """Up to where the log is contained in a database."""

    offset: int  # the next one to apply
    topic: str  # the broker's id of the topic, which no later topic of the same name has
    time: float  # when this was so, seconds since 1970


# What earlier releases kept inside the folder of today's database: one of their own for each partition.
_SINGLE = re.compile(r"[a-z]+\.(state|answered)-[0-9]{1,4}")
_FILES = {"CURRENT", "IDENTITY"}  # in every database

_to_bytes = msgspec.json.Encoder().encode
_to_checkpoint = msgspec.json.Decoder(Checkpoint).decode


class Database:
    """Opens, and where it is damaged empties, the database at `path`; with a retention, older values vanish.

    It is one for all partitions, because to open one takes 30 ms, and a process that takes over has hundreds.
    """

    def __init__(self, path: Path, retention: timedelta | None) -> None:
        self._path, self._retention = path, retention
        try:
            self._open()
        except Exception as damage:  # the library has no exceptions of its own
            if "lock" in str(damage).lower():
                raise LogUnavailable(f"{path} is in use by another process") from damage
            if not str(damage).startswith(("Corruption", "Invalid argument")):
                raise
            log.warning("local store is damaged, rebuilding it", path=str(path), error=str(damage))
            shutil.rmtree(path)
            self._open()
        _remove_singles(path)

    def part(self, partition: TopicPartition) -> "Part":
        """Where the values of one partition are."""
        return Part(self._values, b"%b\0%d\0" % (partition[0].encode(), partition[1]))

    def close(self) -> None:
        self._values.close()

    def _open(self) -> None:
        self._path.mkdir(parents=True, exist_ok=True)
        if self._retention is None:
            self._values = Rdict(str(self._path), _options())
            return
        seconds = max(1, int(self._retention.total_seconds()))
        self._values = Rdict(str(self._path), _options(), access_type=AccessType.with_ttl(seconds))
        # Old values vanish when their file is compacted: this makes every file's turn come.
        self._values.set_options({"periodic_compaction_seconds": str(max(60, seconds // 4))})


class Part:
    """The values of one partition."""

    def __init__(self, values: Rdict, prefix: bytes) -> None:
        self._values, self._prefix = values, prefix
        self._checkpoint, self._key = prefix + _CHECKPOINT, prefix + _KEY

    def get_many(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        values: Any = self._values.get([self._key + key for key in keys])  # annotated as if for one key only
        return list(values)

    def apply(self, entries: Iterable[tuple[bytes, bytes | None]], checkpoint: Checkpoint | None) -> None:
        """Writes values (None removes the key) and the checkpoint, where there is one, all or nothing."""
        batch = WriteBatch(raw_mode=True)
        for key, value in entries:
            if value is None:
                batch.delete(self._key + key)
            else:
                batch.put(self._key + key, value)
        if checkpoint is not None:
            batch.put(self._checkpoint, _to_bytes(checkpoint))
        self._values.write(batch)

    def checkpoint(self) -> Checkpoint | None:
        found: bytes | None = self._values.get(self._checkpoint)
        return None if found is None else _to_checkpoint(found)

    def empty(self) -> bool:
        return next(self._all(), None) is None

    def clear(self) -> None:
        while some := list(islice(self._all(), CLEARED)):
            batch = WriteBatch(raw_mode=True)
            for key in some:
                batch.delete(key)
            self._values.write(batch)

    def _all(self) -> Iterator[bytes]:
        keys: Iterator[Any] = self._values.keys(from_key=self._prefix)
        return takewhile(lambda key: key.startswith(self._prefix), keys)


def _remove_singles(path: Path) -> None:
    """Frees the disk of databases that nobody reads any more; what is not certainly one of them stays, or is in use."""
    for folder in sorted(path.iterdir()):
        if not _SINGLE.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
            continue
        if not {each.name for each in folder.iterdir()} >= _FILES:
            continue
        try:
            Rdict.destroy(str(folder), Options(raw_mode=True))
        except Exception as failure:  # the library has no exceptions of its own
            log.warning("an old local store is left behind", path=str(folder), error=str(failure))
        else:
            log.info("an old local store is removed", path=str(folder))


def _options() -> Options:
    table = BlockBasedOptions()
    table.set_block_cache(Cache(BLOCKS))
    table.set_bloom_filter(10, False)  # most keys asked for are new: no disk read for them
    table.set_cache_index_and_filter_blocks(True)
    table.set_pin_l0_filter_and_index_blocks_in_cache(True)
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size(WRITES)
    options.set_max_write_buffer_number(2)
    options.set_max_total_wal_size(4 * WRITES)
    options.set_max_open_files(64)
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(MiB)
    options.set_stats_dump_period_sec(0)
    return options
