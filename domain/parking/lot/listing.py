"""The stock of a lot for those who only read of it: the same steps that the lot itself decides with."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.parking.lot.events import Stage
from domain.parking.stock import Profile, profile_of


@dataclass(frozen=True, slots=True)
class Standing:
    """A claim as far as the stock goes. Instants are microseconds since 1970."""

    stage: Stage
    pool: str
    start: int
    end: int
    due: int


def stock_of(claims: Iterable[Standing], now: int, overstay: int) -> dict[str, Profile]:
    """What is taken of each pool as of `now`, whether or not anything has been decided since something was due.

    What expired or was missed takes nothing; who should have left is taken to stay `overstay` microseconds from now.
    """
    spans: dict[str, list[tuple[int, int]]] = {}
    for each in claims:
        if each.due > now:
            spans.setdefault(each.pool, []).append((each.start, each.end))
        elif each.stage is Stage.PRESENT:
            spans.setdefault(each.pool, []).append((each.start, now + overstay))
    return {pool: profile_of(found) for pool, found in spans.items()}
