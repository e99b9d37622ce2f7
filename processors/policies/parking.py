"""What follows from events of car parks: whatever has its time is settled when that has come."""

from domain.parking.lot import Changed, Confirmed, CountCorrected, Entered, Held, Overstayed, Settle
from processors.policies.rules import Rules, Then
from schemas.envelope import Recorded


def held(event: Held, at: Recorded) -> list[Then]:
    """Whether a hold is over is decided by every decision; this makes it seen where nobody decides anything."""
    return [Then(Settle(), at.aggregate_id, due=event.expires)]


def confirmed(event: Confirmed, at: Recorded) -> list[Then]:
    return [Then(Settle(), at.aggregate_id, due=event.noshow_at)]


def changed(event: Changed, at: Recorded) -> list[Then]:
    return [Then(Settle(), at.aggregate_id, due=event.due)]


def taken(event: Entered | Overstayed | CountCorrected, at: Recorded) -> list[Then]:
    """A vehicle that is still in then overstays."""
    return [Then(Settle(), at.aggregate_id, due=event.taken.end)]


RULES: Rules = {
    Held: held,
    Confirmed: confirmed,
    Changed: changed,
    Entered: taken,
    Overstayed: taken,
    CountCorrected: taken,
}
