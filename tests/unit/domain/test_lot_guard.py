"""Security: cameras propose and open nothing, watched plates are incidents, and what happened is written down."""

import pytest

from domain.kernel import Message, Reason
from domain.parking.lot import (
    CloseIncident,
    Enter,
    Entered,
    IncidentClosed,
    IncidentReported,
    Observe,
    Observed,
    PlateUnwatched,
    PlateWatched,
    ReportIncident,
    UnwatchPlate,
    WatchPlate,
)
from domain.parking.stock import Vehicle
from tests.scenario import NOON
from tests.unit.domain.lots import DRIVER, HOUR, OTHER_PLATE, OWNER, PLATE, STAFF, entered, held, reservation, the_lot

SEEN, MISREAD = reservation(50), "DE:8AB1234"  # a B that was read as an 8


def test_a_camera_proposes_the_nearest_vehicle_and_lets_nobody_in_or_out() -> None:
    lot = the_lot(entered(1, PLATE, NOON), entered(2, OTHER_PLATE, NOON, "C2"))
    found = lot.when(Observe(SEEN, "gate 1", MISREAD, 70), by=STAFF)
    seen = found.then(Observed(SEEN, "gate 1", MISREAD, 70, reservation(1), 50, None, False))
    seen.when(Observe(SEEN, "gate 1", MISREAD, 70), by=STAFF).then()
    lot.when(Observe(SEEN, "gate 1", "PL:XYZ99", 99), by=STAFF).then(
        Observed(SEEN, "gate 1", "PL:XYZ99", 99, None, 0, None, False)
    )
    lot.when(
        Enter(reservation(3), MISREAD, Vehicle.CAR), by=STAFF
    ).accepted()  # a vehicle of its own, not the one inside


def test_a_hold_that_is_not_confirmed_is_nobody_to_expect() -> None:
    lot = the_lot(held(1, NOON + HOUR, NOON + 2 * HOUR))
    [seen] = lot.when(Observe(SEEN, "gate 1", PLATE, 99), by=STAFF).accepted().events[-1:]
    assert seen.match is None


def test_a_watched_plate_is_an_incident_however_it_was_read_and_is_let_in_all_the_same() -> None:
    lot = (
        the_lot()
        .when(WatchPlate(PLATE, "left without paying"), by=STAFF)
        .then(PlateWatched(PLATE, "left without paying", STAFF))
    )
    lot.when(WatchPlate(PLATE, "left without paying"), by=STAFF).then()
    seen, incident = lot.when(Observe(SEEN, "gate 1", MISREAD, 60), by=STAFF).accepted().events[-2:]
    assert (seen.watched, incident.kind, incident.note, incident.by, incident.at_work) == (
        True,
        "watched plate",
        "left without paying",
        None,
        (OWNER, STAFF),
    )
    came = lot.when(Enter(reservation(3), PLATE, Vehicle.CAR), by=STAFF).accepted()
    assert [type(each) for each in came.events[-2:]] == [Entered, IncidentReported]
    calm = lot.when(UnwatchPlate(PLATE), by=STAFF).then(PlateUnwatched(PLATE))
    assert isinstance(calm.when(Enter(reservation(3), PLATE, Vehicle.CAR), by=STAFF).accepted().events[-1], Entered)


def test_an_incident_is_reported_and_closed_once() -> None:
    report = ReportIncident(SEEN, "damage", "a broken barrier", reservation(1))
    lot = (
        the_lot()
        .when(report, by=STAFF)
        .then(IncidentReported(SEEN, "damage", "a broken barrier", reservation(1), STAFF, (OWNER,)))
    )
    lot.when(report, by=STAFF).then()
    closed = lot.when(CloseIncident(SEEN, "mended"), by=STAFF).then(IncidentClosed(SEEN, "mended", STAFF))
    closed.when(CloseIncident(SEEN, "mended"), by=STAFF).rejected("incident_unknown", Reason.NOT_FOUND)


@pytest.mark.parametrize(
    "command",
    [
        Observe(SEEN, "gate 1", PLATE, 90),
        WatchPlate(PLATE, "x"),
        UnwatchPlate(PLATE),
        ReportIncident(SEEN, "x", "y"),
        CloseIncident(SEEN, "x"),
    ],
)
def test_security_is_for_the_staff(command: Message) -> None:
    the_lot().when(command, by=DRIVER).rejected("not_at_work_here", Reason.FORBIDDEN)
