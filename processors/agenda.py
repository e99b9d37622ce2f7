"""When to look at what waits in a table: not every second in every place, where hardly anything ever does."""

from collections.abc import Iterable

LONGEST = 60_000_000  # microseconds after which a place is looked at whatever is known of it


class Agenda:
    """The places (partitions of events) that one worker owns, and from when on something may be due in each.

    Whoever owns a place is the only one to add rows there, and says so here; of one that was just taken over nothing
    is known, so it is due.
    """

    def __init__(self) -> None:
        self._due: dict[str, int] = {}  # microseconds

    def open(self, places: Iterable[str]) -> None:
        """These are to be looked at."""
        self._due.update(dict.fromkeys(places, 0))

    def close(self, places: Iterable[str]) -> None:
        """Leaves places to others."""
        for place in places:
            self._due.pop(place, None)

    def add(self, place: str, due: int) -> None:
        """Something will be due there."""
        if place in self._due:
            self._due[place] = min(self._due[place], due)

    def due(self, now: int) -> list[str]:
        """Where to look now."""
        return sorted(place for place, due in self._due.items() if due <= now)

    def rest(self, place: str, now: int, until: int | None) -> None:
        """Nothing more is due there before `until`, or at all as far as anybody knows."""
        self._due[place] = now + LONGEST if until is None else min(until, now + LONGEST)
