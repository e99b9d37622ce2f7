"""Hours in which somebody wants no notices, by the clocks of their own zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.kernel import Reason, Rejected
from domain.scheduling.zones import DAY, instant_of, minute_of, wall_of, zone


@dataclass(frozen=True, slots=True)
class Quiet:
    """Minutes of the local day, half-open; they go over midnight where `end` is not after `begin`."""

    zone: str  # IANA
    begin: int
    end: int


def check_quiet(quiet: Quiet) -> None:
    """Raises Rejected("quiet_invalid"), or "zone_unknown"."""
    zone(quiet.zone)
    if not (0 <= quiet.begin < DAY and 0 <= quiet.end < DAY) or quiet.begin == quiet.end:
        raise Rejected("quiet_invalid", "Quiet hours begin and end at two different times of the day.", Reason.INVALID)


def quiet_until(quiet: Quiet, now: datetime) -> datetime | None:
    """When the quiet hours that `now` is in are over; None where it is in none.

    What the clocks show decides: where they show an end twice, the first one counts, and where they skip a time, the
    instant of the change stands for it.
    """
    there, minute = zone(quiet.zone), minute_of(now)
    today = there.day(minute)
    for day in (today - timedelta(days=1), today):
        begin = there.begin(wall_of(day, quiet.begin))
        end = there.begin(wall_of(day, quiet.end) + (DAY if quiet.end <= quiet.begin else 0))
        if begin <= minute < end:
            return instant_of(end)
    return None
