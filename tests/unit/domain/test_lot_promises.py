"""Reservations: sold while there is room for all of an interval, kept, changed, cancelled, or openly broken."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.kernel import Reason
from domain.parking.lot import (
    Cancel,
    Cancelled,
    Change,
    Changed,
    CloseSpace,
    Confirm,
    Confirmed,
    Hold,
    HoursChanged,
    Lapse,
    Lapsed,
    NotePayment,
    Opening,
    Overstayed,
    Paid,
    Pay,
    PaymentAsked,
    PaymentReturned,
    Refund,
    Rehomed,
    Settle,
    Space,
    SpaceClosed,
    Span,
    Stage,
    Terms,
)
from domain.parking.stock import Vehicle
from tests.scenario import DAN, EVE, NOON, SYSTEM, Given
from tests.unit.domain.lots import (
    DRIVER,
    HOUR,
    OWNER,
    PLATE,
    entered,
    held,
    reservation,
    the_lot,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TEN, ELEVEN, TWELVE = (NOON + DAY + hour * HOUR for hour in (-2, -1, 0))


CONFIRMED = Confirmed(reservation(1), DRIVER, TEN + 30 * MINUTE, Span("car", TEN, ELEVEN))


def hold(number: int, vehicle: Vehicle = Vehicle.CAR, space: str = "", **more: Any) -> Hold:
    return Hold(reservation(number), vehicle, TEN, ELEVEN, PLATE, space, **more)


def reserved(number: int, **more: object) -> tuple[object, object]:
    one = held(number, TEN, ELEVEN, **more)
    return one, Confirmed(reservation(number), one.holder, TEN + 30 * MINUTE, one.taken)


def full() -> Given:
    """Every car's space is promised from ten to eleven."""
    return the_lot(*(held(number, TEN, ELEVEN, expires=NOON + DAY) for number in range(3)))


def test_a_hold_takes_a_space_for_its_interval_and_no_other() -> None:
    the_lot().when(hold(1), by=DRIVER).then(held(1, TEN, ELEVEN))
    full().when(hold(9), by=DAN).rejected("full", Reason.CONFLICT)
    for start, end in ((ELEVEN, TWELVE), (TEN - HOUR, TEN)):
        full().when(Hold(reservation(9), Vehicle.CAR, start, end), by=DAN).accepted()
    full().when(Hold(reservation(9), Vehicle.CAR, ELEVEN - MINUTE, TWELVE), by=DAN).rejected("full")


def test_one_reservation_does_not_remove_a_space_for_all_time() -> None:
    later = NOON + 30 * DAY
    full().when(Hold(reservation(9), Vehicle.CAR, later, later + HOUR), by=DAN).accepted()


def test_a_hold_expires_when_somebody_decides_not_when_a_timer_rings() -> None:
    lot = the_lot(*(held(number, TEN, ELEVEN) for number in range(3)))
    lot.when(hold(9), by=DAN, at=NOON + 10 * MINUTE - timedelta(microseconds=1)).rejected("full")
    outcome = lot.when(hold(9), by=DAN, at=NOON + 10 * MINUTE)
    assert [type(each).__name__ for each in outcome.events] == ["Lapsed"] * 3 + ["Held"]
    assert outcome.events[0] == Lapsed(reservation(0), DRIVER, Lapse.EXPIRED, Span("car", TEN, ELEVEN), 0, 0, ())


def test_a_confirmed_one_does_not_expire_and_a_repeat_adds_nothing() -> None:
    lot = the_lot(held(1, TEN, ELEVEN))
    confirmed = lot.when(Confirm(reservation(1)), by=DRIVER).then(CONFIRMED)
    confirmed.when(Confirm(reservation(1)), by=DRIVER).then()
    confirmed.when(Settle(), by=SYSTEM, at=TEN).then()
    lot.when(Confirm(reservation(1)), by=DRIVER, at=NOON + HOUR).rejected("reservation_unknown", Reason.NOT_FOUND)


def test_nobody_touches_what_is_somebody_elses() -> None:
    lot = the_lot(held(1, TEN, ELEVEN))
    for command in (Confirm(reservation(1)), Cancel(reservation(1)), Change(reservation(1), TEN, TWELVE)):
        lot.when(command, by=EVE).rejected("reservation_unknown", Reason.NOT_FOUND)
    lot.when(Pay(reservation(1), reservation(2), 200, "card"), by=EVE).rejected("reservation_unknown")


def test_a_motorcycle_may_take_a_cars_space_but_not_the_other_way() -> None:
    one = the_lot(held(1, TEN, ELEVEN, vehicle=Vehicle.MOTORCYCLE, pool="motorcycle"))
    found = one.when(hold(2, Vehicle.MOTORCYCLE), by=DAN).accepted()
    assert found.events[-1].taken.pool == "car"
    full().when(hold(9, Vehicle.CAR), by=DAN).rejected("full")
    full().when(hold(9, Vehicle.MOTORCYCLE), by=DAN).accepted()
    the_lot().when(hold(9, Vehicle.BICYCLE), by=DAN).rejected("no_such_space")


def test_this_very_space_is_a_class_of_one() -> None:
    lot = the_lot().when(hold(1, space="V1"), by=DRIVER).accepted()
    lot.when(hold(2, space="V1"), by=DAN).rejected("full")
    full().when(hold(9, space="V1"), by=DAN).accepted()
    the_lot().when(hold(2, space="C1"), by=DAN).rejected("no_such_space")
    the_lot().when(hold(2, space="V1", height=220), by=DAN).rejected("too_large", Reason.INVALID)


def test_a_quote_that_is_over_is_refused() -> None:
    the_lot().when(hold(1, price=199), by=DRIVER).rejected("price_changed")
    the_lot().when(hold(1, price=200), by=DRIVER).accepted()


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (ELEVEN, TEN, "interval_invalid"),
        (TEN.replace(tzinfo=None), ELEVEN.replace(tzinfo=None), "interval_invalid"),
        (NOON - HOUR, NOON + HOUR, "in_the_past"),
        (TEN, TEN + 40 * DAY, "too_long"),
        (datetime.max.replace(tzinfo=UTC) - HOUR, datetime.max.replace(tzinfo=UTC), "interval_invalid"),
        (datetime.min.replace(tzinfo=UTC), TEN, "interval_invalid"),
        (TEN + 91 * DAY, ELEVEN + 91 * DAY, "too_far_ahead"),
    ],
)
def test_intervals_that_cannot_be_reserved(start: object, end: object, code: str) -> None:
    the_lot().when(Hold(reservation(1), Vehicle.CAR, start, end), by=DRIVER).rejected(code)  # type: ignore[arg-type]


def test_opening_hours_are_those_of_the_lots_clock() -> None:
    monday = TEN.weekday()
    lot = the_lot(HoursChanged((Opening(monday, 11 * 60, 20 * 60),)))  # ten in UTC is eleven in Berlin
    lot.when(hold(1), by=DRIVER).accepted()
    early = Hold(reservation(1), Vehicle.CAR, TEN - MINUTE, ELEVEN)
    lot.when(early, by=DRIVER).rejected("closed")


def test_one_person_cannot_hold_the_whole_place() -> None:
    spaces = tuple(Space(f"C{number}", "0") for number in range(30))
    lot = the_lot(*(held(number, TEN, ELEVEN) for number in range(20)), spaces=spaces)
    lot.when(hold(21), by=DRIVER).rejected("too_many_reservations")
    lot.when(hold(21), by=DAN).accepted()


def test_a_change_needs_room_only_beside_itself_and_keeps_its_tariff() -> None:
    lot = full()
    lot.when(Change(reservation(1), TEN, TWELVE), by=DRIVER).then(
        Changed(
            reservation(1),
            DRIVER,
            TEN,
            TWELVE,
            Span("car", TEN, ELEVEN),
            Span("car", TEN, TWELVE),
            1,
            400,
            NOON + DAY,
            Stage.HELD,
        )
    )
    blocked = the_lot(*full().events[4:], held(5, ELEVEN, TWELVE), held(6, ELEVEN, TWELVE), held(7, ELEVEN, TWELVE))
    blocked.when(Change(reservation(1), TEN, TWELVE), by=DRIVER).rejected("full")
    lot.when(Change(reservation(1), TEN, ELEVEN), by=DRIVER).then()


def test_changes_and_cancellations_have_their_terms() -> None:
    terms = Terms(change_until=2 * HOUR, cancel_until=2 * HOUR)
    lot = the_lot(*reserved(1), terms=terms)
    lot.when(Change(reservation(1), TEN, TWELVE), by=DRIVER, at=TEN - HOUR).rejected("too_late_to_change")
    early = lot.when(Cancel(reservation(1)), by=DRIVER, at=TEN - 3 * HOUR)
    early.then(Cancelled(reservation(1), DRIVER, Span("car", TEN, ELEVEN), 0, ()))
    late = lot.when(Cancel(reservation(1)), by=DRIVER, at=TEN - HOUR)
    late.then(Cancelled(reservation(1), DRIVER, Span("car", TEN, ELEVEN), 200, ()))
    lot.when(Cancel(reservation(1)), by=OWNER, at=TEN - HOUR).then(
        Cancelled(reservation(1), DRIVER, Span("car", TEN, ELEVEN), 0, ())
    )


def test_a_space_is_given_back_once() -> None:
    lot = full().when(Cancel(reservation(1)), by=DRIVER).accepted()
    lot.when(Cancel(reservation(1)), by=DRIVER).rejected("reservation_unknown")
    one_more = lot.when(hold(8), by=DAN).accepted()
    one_more.when(hold(9), by=DAN).rejected("full")


def test_nobody_came() -> None:
    lot = the_lot(*reserved(1), terms=Terms(noshow_fee=50))
    lot.when(Settle(), by=SYSTEM, at=TEN + 30 * MINUTE - timedelta(microseconds=1)).then()
    span = Span("car", TEN, ELEVEN)
    lot.when(Settle(), by=SYSTEM, at=TEN + 30 * MINUTE).then(
        Lapsed(reservation(1), DRIVER, Lapse.NO_SHOW, span, 0, 0, ())
    )
    paid = Paid(reservation(1), reservation(2), 200, NOON)
    lot = the_lot(*reserved(1), paid, terms=Terms(noshow_fee=50))
    lot.when(Settle(), by=SYSTEM, at=TEN + HOUR).then(
        Lapsed(reservation(1), DRIVER, Lapse.NO_SHOW, span, 50, 0, (Refund(reservation(2), 150),))
    )


def test_paying_confirms_a_hold_and_money_for_nothing_goes_back_once() -> None:
    payment = reservation(9)
    lot = the_lot(held(1, TEN, ELEVEN))
    asked = lot.when(Pay(reservation(1), payment, 200, "card"), by=DRIVER).accepted()
    assert isinstance(asked.events[-1], PaymentAsked)
    assert (asked.events[-1].amount, asked.events[-1].tax) == (200, 32)
    asked.when(Pay(reservation(1), payment, 200, "card"), by=DRIVER).then()
    asked.when(Pay(reservation(1), reservation(8), 200, "card"), by=DRIVER).rejected("payment_open")
    lot.when(Pay(reservation(1), payment, 199, "card"), by=DRIVER).rejected("amount_differs", Reason.INVALID)
    note = NotePayment(reservation(1), payment, 200)
    paid = asked.when(note, by=SYSTEM).then(
        Paid(reservation(1), payment, 200, NOON),
        CONFIRMED,
    )
    paid.when(note, by=SYSTEM).then()
    paid.when(note, by=DRIVER).rejected("not_yours", Reason.FORBIDDEN)
    gone = lot.when(Cancel(reservation(1)), by=DRIVER).accepted()
    back = gone.when(note, by=SYSTEM).then(PaymentReturned(reservation(1), payment, 200))
    back.when(note, by=SYSTEM).then()


def test_an_overstay_takes_tomorrows_stock_openly() -> None:
    """Three are in, one for too long; the third promise cannot be kept and is broken with a word, not forgotten."""
    inside = [entered(number, f"DE:X{number}", TEN - HOUR, f"C{number + 1}", until=TEN) for number in range(2)]
    lot = the_lot(*inside, *reserved(5), *reserved(6), terms=Terms(compensation=500))
    found = lot.when(Settle(), by=SYSTEM, at=TEN).accepted().events[-3:]
    assert [type(each) for each in found] == [Overstayed, Lapsed, Overstayed] or [type(each) for each in found] == [
        Overstayed,
        Overstayed,
        Lapsed,
    ]
    [broken] = [each for each in found if isinstance(each, Lapsed)]
    assert (broken.why, broken.compensation) == (Lapse.DISPLACED, 500)


def test_who_can_be_moved_is_moved() -> None:
    one = held(1, TEN, ELEVEN, vehicle=Vehicle.MOTORCYCLE, pool="motorcycle")
    lot = the_lot(one)
    lot.when(CloseSpace("M1", "paint"), by=OWNER).then(
        SpaceClosed("M1", "motorcycle", "paint"),
        Rehomed(reservation(1), DRIVER, Span("motorcycle", TEN, ELEVEN), Span("car", TEN, ELEVEN)),
    )


def test_late_stop_is_kept_free_for_it() -> None:
    terms = Terms(late_stop=30 * MINUTE)
    lot = the_lot(terms=terms).when(hold(1), by=DRIVER).accepted()
    assert lot.events[-1].taken == Span("car", TEN, ELEVEN + 30 * MINUTE)
