"""Where the log ends, as this process knows it, and who waits for it to go on."""

from collections.abc import Iterable, Mapping
from threading import Event, Lock

from infra.embedded.log.storage import Place

Subject = Place | str  # what one can wait for: records of a place, or a change of a consumer group


class Tail:
    """What the writer publishes after each commit. It wakes only those whom the commit concerns."""

    def __init__(self) -> None:
        self.ends: dict[Place, int] = {}  # the offset after the last committed record
        self.generations: dict[str, int] = {}  # of each consumer group: rises when its members or owners change
        self._listeners: dict[Subject, tuple[Event, ...]] = {}
        self._lock = Lock()

    def listen(self, wake: Event, subjects: Iterable[Subject]) -> None:
        """From now on `wake` is set whenever one of the subjects changes."""
        with self._lock:
            for subject in subjects:
                self._listeners[subject] = (*self._listeners.get(subject, ()), wake)

    def ignore(self, wake: Event, subjects: Iterable[Subject]) -> None:
        with self._lock:
            for subject in subjects:
                rest = tuple(each for each in self._listeners.pop(subject, ()) if each is not wake)
                if rest:
                    self._listeners[subject] = rest

    def publish(self, ends: Mapping[Place, int], generations: Mapping[str, int]) -> None:
        """Makes new ends and generations known. Only the writer thread calls this."""
        changed: list[Subject] = [place for place, end in ends.items() if self.ends.get(place) != end]
        changed += [group for group, generation in generations.items() if self.generations.get(group) != generation]
        self.ends.update(ends)
        self.generations.update(generations)
        for wake in {wake for subject in changed for wake in self._listeners.get(subject, ())}:
            wake.set()

    def wake_all(self) -> None:
        with self._lock:
            sleepers = {wake for each in self._listeners.values() for wake in each}
        for wake in sleepers:
            wake.set()
