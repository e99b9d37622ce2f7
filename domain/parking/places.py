"""Where car parks are: how far it is, and which of them suits somebody best."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from uuid import UUID

EARTH = 6_371_008.8  # metres: the mean radius (IUGG)


def distance(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres between two places in degrees, along the great circle (the haversine formula)."""
    north, east = radians(other_latitude - latitude), radians(other_longitude - longitude)
    across = cos(radians(latitude)) * cos(radians(other_latitude)) * sin(east / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(sin(north / 2) ** 2 + across)))


@dataclass(frozen=True, slots=True)
class Offer:
    """A car park as somebody who looks for one sees it."""

    lot: UUID
    free: int  # spaces for their vehicle over their time
    price: int  # minor units for that time
    metres: float
    favourite: bool


def ranked(offers: list[Offer]) -> list[Offer]:
    """Those with room first, favourites before others, then the nearer and the cheaper."""
    return sorted(offers, key=lambda one: (one.free == 0, not one.favourite, one.metres, one.price, one.lot))
