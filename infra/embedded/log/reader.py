"""Reads chosen partitions without a group."""

from collections.abc import Mapping

from infra.embedded.log.cursors import Cursors
from infra.embedded.log.storage import Storage
from infra.embedded.log.tail import Tail
from infra.log import Record, TopicPartition


class EmbeddedReader:
    def __init__(self, storage: Storage, tail: Tail, partitions: Mapping[TopicPartition, int | None]) -> None:
        chosen = {name: storage.topic(name[0]) for name in partitions}
        places = {name: topic.place(name[1]) for name, topic in chosen.items()}
        ends = storage.ends(list(places.values()))
        self._goals = {name: ends[place] for name, place in places.items()}
        self._cursors = Cursors(storage, tail)
        for name, offset in partitions.items():
            self._cursors.add(chosen[name], name[1], self._goals[name] if offset is None else offset)

    def poll(self, limit: int, timeout: float) -> list[Record]:
        return self._cursors.poll(limit, timeout)

    def level(self) -> bool:
        return all(self._cursors[name].offset >= goal for name, goal in self._goals.items())

    def close(self) -> None:
        self._goals = {}
        self._cursors.drop(self._cursors.partitions())
