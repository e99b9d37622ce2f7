"""The states that were decided on lately, decoded and ready."""

from domain.kernel import Snapshot
from infra.log import TopicPartition

CACHED = 20_000  # decoded states kept in memory (twice, at most)

Key = tuple[TopicPartition, bytes]


class RecentStates:
    """Committed states that were used lately, in bounded memory: what is not asked for in two rounds is forgotten."""

    def __init__(self, limit: int = CACHED) -> None:
        self._limit = limit
        self._young: dict[Key, Snapshot] = {}
        self._old: dict[Key, Snapshot] = {}

    def get(self, key: Key) -> Snapshot | None:
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self[key] = found
        return found

    def __setitem__(self, key: Key, snapshot: Snapshot) -> None:
        if len(self._young) >= self._limit:
            self._old, self._young = self._young, {}
        self._young[key] = snapshot

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def forget(self, partition: TopicPartition) -> None:
        """Drops a whole partition: another process may write it from now on."""
        self._young = {key: value for key, value in self._young.items() if key[0] != partition}
        self._old = {key: value for key, value in self._old.items() if key[0] != partition}
