"""The gates: who gets in, what they pay, and what happens when the count is wrong."""

from datetime import timedelta

import pytest

from domain.kernel import Reason
from domain.parking.lot import (
    ChangeLayout,
    CloseSpace,
    Confirmed,
    CorrectCount,
    CountCorrected,
    DeclareLost,
    Enter,
    Entered,
    Exit,
    Exited,
    Lapse,
    Lapsed,
    Level,
    Overstayed,
    Paid,
    Pay,
    ReopenSpace,
    Settle,
    Space,
    SpaceReopened,
    Span,
    Terms,
    TicketClosed,
    Validate,
    Validated,
)
from domain.parking.stock import Vehicle
from domain.parking.tariff import Allowance, Validation
from tests.scenario import DAN, NOON, SYSTEM, Given
from tests.unit.domain.lots import (
    DRIVER,
    HOUR,
    LEVELS,
    OTHER_PLATE,
    OWNER,
    PLATE,
    SPACES,
    STAFF,
    entered,
    held,
    reservation,
    the_lot,
)

MINUTE = timedelta(minutes=1)
ONE, TWO = NOON + HOUR, NOON + 2 * HOUR


def enter(number: int, plate: str = PLATE, vehicle: Vehicle = Vehicle.CAR) -> Enter:
    return Enter(reservation(number), plate, vehicle)


def reserved(plate: str = PLATE) -> Given:
    """One reservation from one to two."""
    return the_lot(
        held(1, ONE, TWO, plate=plate), Confirmed(reservation(1), DRIVER, ONE + 30 * MINUTE, Span("car", ONE, TWO))
    )


def test_a_walk_in_gets_a_space_and_a_ticket() -> None:
    taken = Span("car", NOON, NOON + 4 * HOUR)
    the_lot().when(enter(1), by=STAFF).then(
        Entered(reservation(1), None, Vehicle.CAR, PLATE, "C1", None, taken, NOON, None, 1, inside=1)
    )
    the_lot().when(enter(1), by=DRIVER).rejected("not_at_work_here", Reason.FORBIDDEN)
    the_lot().when(Enter(reservation(1), "B AB 1234", Vehicle.CAR), by=STAFF).rejected("plate_invalid")


def test_who_is_in_cannot_come_in_and_who_is_out_cannot_go_out() -> None:
    lot = the_lot(entered(1, PLATE, NOON))
    lot.when(enter(2), by=STAFF).rejected("already_inside")
    lot.when(enter(1), by=STAFF).then()
    lot.when(Exit(OTHER_PLATE), by=STAFF).rejected("not_inside", Reason.NOT_FOUND)
    out = lot.when(Exit(PLATE), by=STAFF).accepted()
    out.when(Exit(PLATE), by=STAFF).rejected("not_inside")
    out.when(enter(2), by=STAFF).accepted()


def test_walk_ins_and_reservations_are_counted_together() -> None:
    promised = [held(number, ONE, TWO, expires=TWO) for number in (1, 2, 3)]
    the_lot(*promised[:2]).when(enter(9), by=STAFF).accepted()
    the_lot(*promised).when(enter(9), by=STAFF).rejected("full")
    short = the_lot(*promised, terms=Terms(walk_in=HOUR))
    short.when(enter(9), by=STAFF).accepted()  # nobody is promised anything so soon


def test_a_reservation_is_found_by_its_plate_or_its_code() -> None:
    found = reserved().when(enter(9), by=STAFF, at=ONE).accepted().events[-1]
    assert isinstance(found, Entered)
    assert (found.ticket, found.freed, found.taken) == (reservation(1), Span("car", ONE, TWO), Span("car", ONE, TWO))
    by_code = Enter(reservation(9), OTHER_PLATE, Vehicle.CAR, reservation(1))
    found = reserved().when(by_code, by=STAFF, at=ONE + MINUTE).accepted().events[-1]
    assert isinstance(found, Entered)
    assert (found.plate, found.taken.start) == (OTHER_PLATE, ONE + MINUTE)
    reserved().when(by_code, by=STAFF, at=ONE - HOUR).rejected("too_early")
    unknown = Enter(reservation(9), PLATE, Vehicle.CAR, reservation(7))
    reserved().when(unknown, by=STAFF).rejected("reservation_unknown")


def test_coming_early_needs_room_until_it_begins() -> None:
    soon = ONE - 10 * MINUTE
    assert reserved().when(enter(9), by=STAFF, at=soon).accepted().events[-1].ticket == reservation(1)
    inside = [entered(number, f"DE:X{number}", NOON, f"C{number - 4}", until=ONE) for number in (5, 6, 7)]
    busy = Given(reserved().id, (*reserved().events, *inside))
    busy.when(enter(9), by=STAFF, at=soon).rejected("full_until_start")
    walk_in = reserved().when(enter(9), by=STAFF, at=NOON).accepted().events[-1]
    assert walk_in.ticket == reservation(9)


def test_the_bill_at_the_gate_is_the_quote() -> None:
    lot = reserved().when(enter(9), by=STAFF, at=ONE - 10 * MINUTE).accepted()
    lot.when(Exit(PLATE), by=STAFF, at=TWO).rejected("payment_due")
    lot.when(Pay(reservation(1), reservation(5), 200, "card"), by=DRIVER, at=TWO - MINUTE).accepted()
    paid = Given(lot.id, (*lot.events, Paid(reservation(1), reservation(5), 200, TWO - MINUTE)))
    out = paid.when(Exit(PLATE), by=STAFF, at=TWO).accepted().events[-1]
    assert isinstance(out, Exited)
    assert (out.price, out.paid, out.entered, out.refunds) == (200, 200, ONE - 10 * MINUTE, ())
    assert (lot.events[-1].inside, out.inside) == (1, 0)


def test_who_has_paid_has_time_to_leave() -> None:
    lot = the_lot(entered(1, PLATE, NOON), Paid(reservation(1), reservation(5), 200, ONE - MINUTE))
    lot.when(Exit(PLATE), by=STAFF, at=ONE + 14 * MINUTE).accepted()
    lot.when(Exit(PLATE), by=STAFF, at=ONE + 15 * MINUTE).rejected("payment_due")


def test_59_minutes_are_not_free() -> None:
    lot = the_lot(entered(1, PLATE, NOON))
    lot.when(Exit(PLATE), by=STAFF, at=NOON + 59 * MINUTE).rejected("payment_due")
    lot.when(Pay(reservation(1), reservation(5), 200, "card"), by=STAFF, at=NOON + 59 * MINUTE).accepted()


def test_a_lost_ticket_and_a_validation_change_what_is_due() -> None:
    lot = the_lot(entered(1, PLATE, NOON))
    shop = Validate(reservation(1), Validation("SHOP", Allowance.PERCENT, 50))
    half = lot.when(shop, by=STAFF).then(Validated(reservation(1), shop.validation))
    half.when(shop, by=STAFF).then()
    half.when(Pay(reservation(1), reservation(5), 100, "card"), by=STAFF, at=ONE).accepted()
    lost = lot.when(DeclareLost(reservation(1)), by=STAFF).accepted()
    lost.when(DeclareLost(reservation(1)), by=STAFF).then()
    bad = Validation("SHOP", Allowance.PERCENT, 101)
    lot.when(Validate(reservation(1), bad), by=STAFF).rejected("validation_invalid")


def test_who_stays_too_long_takes_more_and_it_is_seen() -> None:
    lot = the_lot(entered(1, PLATE, NOON))
    end = NOON + 4 * HOUR
    lot.when(Settle(), by=SYSTEM, at=end).then(
        Overstayed(reservation(1), None, Span("car", NOON, end), Span("car", NOON, end + 30 * MINUTE))
    )


def test_a_count_is_corrected_both_ways_with_a_reason() -> None:
    lot = the_lot(entered(1, PLATE, NOON), entered(2, OTHER_PLATE, NOON + MINUTE, "C2"))
    lot.when(CorrectCount("car", 2, "counted"), by=STAFF).then()
    lot.when(CorrectCount("car", 4, "counted"), by=STAFF).rejected("count_invalid")
    lot.when(CorrectCount("car", 1, " "), by=STAFF).rejected("reason_invalid")
    closed = TicketClosed(reservation(1), None, "C1", Span("car", NOON, NOON + 4 * HOUR))
    span = Span("car", ONE, ONE + 4 * HOUR)
    lot.when(CorrectCount("car", 1, "one has gone"), by=STAFF, at=ONE).then(
        closed, CountCorrected("car", 2, 1, "one has gone", STAFF, (), span)
    )
    more = lot.when(CorrectCount("car", 3, "one more"), by=STAFF, at=ONE).accepted()
    more.when(enter(9, "DE:NEW1"), by=STAFF, at=ONE).rejected("full")
    [stranger] = more.events[-1].added
    back = more.when(CorrectCount("car", 2, "gone"), by=STAFF, at=ONE).accepted()
    assert back.events[-2].ticket == stranger


def test_a_correction_that_breaks_a_promise_says_so() -> None:
    lot = the_lot(*(held(number, ONE, TWO, expires=TWO) for number in (1, 2, 3)))
    found = lot.when(CorrectCount("car", 1, "counted"), by=STAFF).accepted().events[-2:]
    assert isinstance(found[0], CountCorrected)
    assert isinstance(found[1], Lapsed)
    assert found[1].why is Lapse.DISPLACED


def test_spaces_are_closed_and_reopened_but_not_under_a_vehicle() -> None:
    lot = the_lot(entered(1, PLATE, NOON))
    lot.when(CloseSpace("C1", "paint"), by=STAFF).rejected("space_occupied")
    lot.when(CloseSpace("C9", "paint"), by=STAFF).rejected("space_unknown")
    closed = lot.when(CloseSpace("C2", "paint"), by=STAFF).accepted()
    closed.when(CloseSpace("C2", "paint"), by=STAFF).then()
    found = closed.when(enter(2, OTHER_PLATE), by=STAFF).accepted()
    assert found.events[-1].space == "C3"
    found.when(enter(3, "DE:X3"), by=STAFF).rejected("full")
    closed.when(ReopenSpace("C2"), by=STAFF).then(SpaceReopened("C2", "car"))


@pytest.mark.parametrize(
    ("levels", "spaces", "code"),
    [
        (LEVELS, SPACES[:1], "space_occupied"),
        (LEVELS, (*SPACES, SPACES[0]), "layout_invalid"),
        ((Level("0"),), SPACES, "layout_invalid"),
        (LEVELS, (Space("X", "0", pool="space:Y"),), "layout_invalid"),
        (LEVELS, (), "layout_invalid"),
    ],
)
def test_layouts_that_cannot_be(levels: tuple[Level, ...], spaces: tuple[Space, ...], code: str) -> None:
    lot = the_lot(entered(1, PLATE, NOON))
    lot.when(ChangeLayout(levels, spaces), by=OWNER).rejected(code)
    lot.when(ChangeLayout(LEVELS, SPACES), by=OWNER).then()
    lot.when(ChangeLayout(levels, spaces), by=DAN).rejected("not_the_owner", Reason.FORBIDDEN)
