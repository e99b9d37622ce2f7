"""The rules of security: what cameras see, plates that are watched, incidents. None of it opens a gate."""

from collections.abc import Iterable
from uuid import UUID, uuid5

from domain.kernel import Context, Reason, Rejected
from domain.parking.lot.commands import CloseIncident, NoteTrouble, Observe, ReportIncident, UnwatchPlate, WatchPlate
from domain.parking.lot.events import (
    Event,
    IncidentClosed,
    IncidentReported,
    Observed,
    PlateUnwatched,
    PlateWatched,
    Stage,
)
from domain.parking.lot.state import Lot
from domain.parking.plates import check_plate, misread
from domain.text import check_line

NAME, NOTE = 60, 500  # code points
WATCHED, OPEN = 500, 500  # plates, and incidents that are not closed
MISREAD = 2.0  # letters: beyond that a plate is another one
ALIKE = 0.5  # letters: a watched plate is also known by one letter that looks like another
_INCIDENTS = UUID("8d3f6a43-6a50-5c8c-9b7b-3b51f3c0a2de")  # never changes: the ids of the watch list's incidents


def observe(lot: Lot, command: Observe) -> list[Event]:
    """What was read, and whose plate it may be: the nearest of those that are in or expected, as a proposal."""
    check_plate(command.plate)
    check_line(command.camera, "camera", NAME)
    if not 0 <= command.confidence <= 100:
        raise Rejected("confidence_invalid", "Give a confidence in per cent.", Reason.INVALID)
    if command.observation in lot.observed:
        return []
    near = [
        (misread(command.plate, each.plate), each.stage is not Stage.PRESENT, each.begin, which)
        for which, each in lot.claims.items()
        if each.plate and each.stage is not Stage.HELD
    ]
    far, _, _, which = min(near, default=(MISREAD + 1, True, 0, None))
    match = which if far <= MISREAD else None
    holder = None if match is None else lot.claims[match].holder
    watched = _watched(command.plate, lot.watched)
    seen = Observed(
        command.observation,
        command.camera,
        command.plate,
        command.confidence,
        match,
        0 if match is None else round(far * 100),
        holder,
        watched is not None,
    )
    return [seen, *reported(lot, command.plate, command.observation, match)]


def reported(lot: Lot, plate: str, source: UUID, claim: UUID | None) -> list[Event]:
    """The incident that it is when a watched plate is seen or let in."""
    watched = _watched(plate, lot.watched)
    if watched is None:
        return []
    incident = uuid5(_INCIDENTS, str(source))
    return [IncidentReported(incident, "watched plate", lot.watched[watched], claim, None, _at_work(lot))]


def watch(lot: Lot, command: WatchPlate, context: Context) -> list[Event]:
    check_plate(command.plate)
    check_line(command.reason, "reason", NOTE)
    if command.plate not in lot.watched and len(lot.watched) >= WATCHED:
        raise Rejected("too_many_watched", f"At most {WATCHED} plates are watched. Take one off first.")
    if lot.watched.get(command.plate) == command.reason:
        return []
    return [PlateWatched(command.plate, command.reason, context.actor.person)]


def unwatch(lot: Lot, command: UnwatchPlate) -> list[Event]:
    return [PlateUnwatched(command.plate)] if command.plate in lot.watched else []


def report(lot: Lot, command: ReportIncident, context: Context) -> list[Event]:
    check_line(command.kind, "kind", NAME)
    check_line(command.note, "note", NOTE)
    if command.incident in lot.incidents:
        return []
    if len(lot.incidents) >= OPEN:
        raise Rejected("too_many_incidents", f"{OPEN} incidents are open. Close one first.")
    by = context.actor.person
    return [IncidentReported(command.incident, command.kind, command.note, command.claim, by, _at_work(lot, by))]


def trouble(lot: Lot, command: NoteTrouble) -> list[Event]:
    """What the system itself reports; it is never refused for there being many."""
    if command.incident in lot.incidents:
        return []
    kind, note = command.kind[:NAME], command.note[:NOTE]
    return [IncidentReported(command.incident, kind, note, command.claim, None, _at_work(lot))]


def close(lot: Lot, command: CloseIncident, context: Context) -> list[Event]:
    check_line(command.note, "note", NOTE)
    if command.incident not in lot.incidents:
        raise Rejected("incident_unknown", "There is no such open incident.", Reason.NOT_FOUND)
    return [IncidentClosed(command.incident, command.note, context.actor.person)]


def _at_work(lot: Lot, but: UUID | None = None) -> tuple[UUID, ...]:
    """Who runs the car park and who works there, in an order that does not change."""
    return tuple(sorted({each for each in (lot.owner, *lot.staff) if each is not None and each != but}, key=str))


def _watched(plate: str, watched: Iterable[str]) -> str | None:
    """The plate of the watch list that this is, or is a misreading of."""
    near = [(misread(plate, each), each) for each in watched]
    far, found = min(near, default=(MISREAD, ""))
    return found if far <= ALIKE else None
