"""The store port on the file itself: the last value of a key is one indexed lookup, there is no second copy."""

from collections.abc import Sequence

from infra.embedded.log import housekeeping
from infra.embedded.log.storage import Place, Storage
from infra.embedded.log.writer import Writer


class EmbeddedStore:
    def __init__(self, storage: Storage, writer: Writer) -> None:
        self._storage, self._writer = storage, writer
        self._level: set[Place] = set()

    def restore(self, topic: str, partition: int) -> bool:
        """True at once, except for old records of a topic whose keys nobody has looked for before."""
        found = self._storage.topic(topic)
        place = found.place(partition)
        if place in self._level or found.compacted or self._writer.call(lambda db: housekeeping.index(db, place)):
            self._level.add(place)
        return place in self._level

    def get_many(self, topic: str, partition: int, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        found = self._storage.last(self._storage.topic(topic), partition, keys)
        return [found.get(key) for key in keys]

    def put(self, topic: str, partition: int, entries: Sequence[tuple[bytes, bytes | None]]) -> None:
        """The commit has done it already."""

    def release(self, topic: str, partition: int) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""
