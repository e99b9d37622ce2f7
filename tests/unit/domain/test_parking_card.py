"""A card at the entry: authorised once, charged at the exit for what the stay cost, let go where nothing is due."""

import pytest

from domain.kernel import Reason
from domain.parking.lot import (
    Authorise,
    CardAsked,
    CardAuthorised,
    CardCharged,
    ChangeTerms,
    CorrectCount,
    Exit,
    Exited,
    IncidentReported,
    NoteAuthorised,
    NotePayment,
    NotePaymentFailed,
    NoteTrouble,
    Paid,
    Pay,
    PaymentAsked,
    Terms,
)
from domain.parking.payment import (
    CaptureStarted,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentReleased,
    PaymentStarted,
    RecordAuthorisation,
    RecordCapture,
    RecordDecline,
    RecordRelease,
    RefundStarted,
    ReleaseStarted,
    StartPayment,
    StartRefund,
    TakePayment,
)
from domain.parking.payout import (
    PayoutMade,
    PayoutRefused,
    PayoutStarted,
    RecordPayout,
    RecordPayoutRefusal,
    StartPayout,
)
from tests.scenario import ANN, NOON, SYSTEM, Given, given
from tests.unit.domain.lots import HOUR, LOT, OWNER, PLATE, STAFF, ZONE, entered, reservation, the_lot

TICKET, CARD, OTHER = reservation(1), reservation(8), reservation(9)
CEILING = Terms(card_ceiling=5_000)
ASKED = CardAsked(TICKET, CARD, STAFF, 5_000, "EUR", "card", ZONE, "Parking, Main Street")
GOOD = CardAuthorised(TICKET, CARD, 5_000)


def inside(*more: object) -> Given:
    """A walk-in that came at noon, and what happened since."""
    return the_lot(entered(1, PLATE, NOON), *more, terms=CEILING)


def test_a_card_is_asked_once_and_charged_at_the_exit_for_what_the_stay_cost() -> None:
    one = inside().when(Authorise(TICKET, CARD, "card"), by=STAFF).then(ASKED)
    one.when(Authorise(TICKET, CARD, "card"), by=STAFF).then()
    one.when(Authorise(TICKET, OTHER, "card"), by=STAFF).rejected("payment_open")
    one.when(Exit(ticket=TICKET), by=STAFF, at=NOON + HOUR).rejected("payment_due")  # not known to be good yet
    two = one.when(NoteAuthorised(TICKET, CARD, 5_000), by=SYSTEM).then(GOOD)
    two.when(NoteAuthorised(TICKET, CARD, 5_000), by=SYSTEM).then()
    two.when(Authorise(TICKET, CARD, "card"), by=STAFF).then()
    left, charged = two.when(Exit(ticket=TICKET), by=STAFF, at=NOON + 2 * HOUR).accepted().events[-2:]
    assert isinstance(left, Exited)
    assert (left.price, left.paid, left.refunds) == (400, 400, ())
    assert charged == CardCharged(TICKET, CARD, 400, 64)  # 19 % of tax is in it


def test_what_the_card_is_not_good_for_is_to_be_paid_before() -> None:
    long = inside(ASKED, CardAuthorised(TICKET, CARD, 399))
    long.when(Exit(ticket=TICKET), by=STAFF, at=NOON + 2 * HOUR).rejected("payment_due")
    short = long.when(Exit(ticket=TICKET), by=STAFF, at=NOON + HOUR).accepted().events[-1]
    assert short == CardCharged(TICKET, CARD, 200, 32)


def test_a_card_that_is_not_needed_is_let_go() -> None:
    paid = PaymentAsked(TICKET, OTHER, STAFF, 200, 32, "EUR", "card", ZONE, "Parking")
    at = NOON + HOUR
    stay = inside(ASKED, GOOD, paid, Paid(TICKET, OTHER, 200, at))
    assert stay.when(Exit(ticket=TICKET), by=STAFF, at=at).accepted().events[-1] == CardCharged(TICKET, CARD, 0, 0)
    counted = inside(ASKED, GOOD).when(CorrectCount("car", 0, "nobody there"), by=STAFF, at=at).accepted().events
    assert CardCharged(TICKET, CARD, 0, 0) in counted


def test_news_that_comes_when_the_vehicle_has_left_lets_the_card_go_once() -> None:
    paid = inside(ASKED).when(NotePayment(TICKET, OTHER, 200), by=SYSTEM, at=NOON + HOUR).accepted()
    gone = paid.when(Exit(ticket=TICKET), by=STAFF, at=NOON + HOUR).accepted()
    told = gone.when(NoteAuthorised(TICKET, CARD, 5_000), by=SYSTEM).then(CardCharged(TICKET, CARD, 0, 0))
    told.when(NoteAuthorised(TICKET, CARD, 5_000), by=SYSTEM).then()


def test_a_card_that_is_declined_leaves_the_driver_to_pay() -> None:
    one = inside(ASKED).when(NotePaymentFailed(TICKET, CARD), by=SYSTEM).accepted()
    one.when(Exit(ticket=TICKET), by=STAFF, at=NOON + HOUR).rejected("payment_due")
    one.when(Pay(TICKET, OTHER, 200, "card"), by=STAFF, at=NOON + HOUR).accepted()


def test_who_may_present_a_card_and_where_it_is_taken() -> None:
    inside().when(Authorise(TICKET, CARD, "card"), by=reservation(77)).rejected("reservation_unknown", Reason.NOT_FOUND)
    inside().when(Authorise(TICKET, CARD, "shells"), by=STAFF).rejected("method_unknown", Reason.INVALID)
    here = the_lot(entered(1, PLATE, NOON))
    here.when(Authorise(TICKET, CARD, "card"), by=STAFF).rejected("card_not_taken")
    here.when(NoteAuthorised(TICKET, CARD, 1), by=STAFF).rejected("not_yours", Reason.FORBIDDEN)
    here.when(ChangeTerms(Terms(card_ceiling=-1)), by=OWNER).rejected("terms_invalid", Reason.INVALID)


def test_money_that_went_astray_is_an_incident() -> None:
    command = NoteTrouble(CARD, "unpaid", "The card was not charged.", TICKET)
    one = (
        the_lot()
        .when(command, by=SYSTEM)
        .then(IncidentReported(CARD, "unpaid", "The card was not charged.", TICKET, None, (OWNER, STAFF)))
    )
    one.when(command, by=SYSTEM).then()


# The payment of such a card.

START = StartPayment(LOT, TICKET, ANN, 5_000, 0, "EUR", "card", ZONE, "Parking", later=True)
STARTED = PaymentStarted(LOT, TICKET, ANN, 5_000, 0, "EUR", "card", ZONE, "Parking", later=True)
AUTHORISED = PaymentAuthorised("ch_1", 5_000, "EUR", True, LOT, TICKET)
CAPTURED = PaymentCaptured(LOT, TICKET, ANN, 400, 64, "EUR", "card", "Parking", 2026, later=True)


def test_some_of_what_was_authorised_is_captured_once_however_often_and_late_the_news_comes() -> None:
    one = given(to=CARD).when(START, by=SYSTEM).then(STARTED)
    two = one.when(RecordAuthorisation("ch_1"), by=SYSTEM).then(AUTHORISED)
    two.when(RecordCapture("ch_1"), by=SYSTEM).then()  # nobody has asked for it
    two.when(TakePayment(5_001, 0), by=SYSTEM).rejected("capture_invalid")
    three = two.when(TakePayment(400, 64), by=SYSTEM).then(CaptureStarted("ch_1", 400, 64, "EUR"))
    for again in (TakePayment(400, 64), TakePayment(0, 0), RecordAuthorisation("ch_1"), RecordRelease()):
        three.when(again, by=SYSTEM).then()
    four = three.when(RecordCapture("ch_1"), by=SYSTEM).then(CAPTURED)
    for late in (RecordCapture("ch_1"), RecordDecline("late"), RecordRelease(), TakePayment(400, 64)):
        four.when(late, by=SYSTEM).then()
    four.when(StartRefund(OTHER, 401), by=SYSTEM).rejected("refund_invalid")
    four.when(StartRefund(OTHER, 400), by=SYSTEM).then(RefundStarted(OTHER, "ch_1", 400, "EUR"))


def test_a_card_is_let_go_once() -> None:
    one = given(STARTED, AUTHORISED, to=CARD).when(TakePayment(0, 0), by=SYSTEM).then(ReleaseStarted("ch_1"))
    two = one.when(RecordRelease(), by=SYSTEM).then(PaymentReleased(LOT, TICKET))
    for late in (RecordRelease(), RecordCapture("ch_1"), RecordDecline("late"), TakePayment(400, 64)):
        two.when(late, by=SYSTEM).then()


def test_a_capture_that_is_declined_says_what_is_owed_and_late_news_of_it_counts() -> None:
    begun = given(STARTED, AUTHORISED, CaptureStarted("ch_1", 400, 64, "EUR"), to=CARD)
    one = begun.when(RecordDecline("expired"), by=SYSTEM).then(PaymentDeclined(LOT, TICKET, "expired", 400))
    one.when(RecordDecline("expired"), by=SYSTEM).then()
    one.when(RecordCapture("ch_1"), by=SYSTEM).then(CAPTURED)


# What is owed to whom a promise was broken.


@pytest.mark.parametrize("times", [1, 3])
def test_a_compensation_is_paid_out_once(times: int) -> None:
    start = StartPayout(LOT, ANN, 1_500, "EUR")
    now = given(to=TICKET).when(start, by=SYSTEM).then(PayoutStarted(LOT, ANN, 1_500, "EUR"))
    now.when(start, by=SYSTEM).then()
    done = now.when(RecordPayout("po_1"), by=SYSTEM).then(PayoutMade(LOT, ANN, 1_500, "EUR", "po_1"))
    for _ in range(times):
        done.when(RecordPayout("po_1"), by=SYSTEM).then()
        done.when(RecordPayoutRefusal("late"), by=SYSTEM).then()


def test_a_payout_that_is_refused_is_told_and_news_that_it_was_made_is_true() -> None:
    begun = given(PayoutStarted(LOT, ANN, 1_500, "EUR"), to=TICKET)
    one = begun.when(RecordPayoutRefusal("no account"), by=SYSTEM).then(
        PayoutRefused(LOT, ANN, 1_500, "EUR", "no account")
    )
    one.when(RecordPayout("po_1"), by=SYSTEM).then(PayoutMade(LOT, ANN, 1_500, "EUR", "po_1"))
    given(to=TICKET).when(RecordPayout("po_1"), by=SYSTEM).rejected("payout_unknown", Reason.NOT_FOUND)
    given(to=TICKET).when(StartPayout(LOT, ANN, 1, "EUR"), by=ANN).rejected("not_yours", Reason.FORBIDDEN)
    given(to=TICKET).when(StartPayout(LOT, ANN, 0, "EUR"), by=SYSTEM).rejected("payout_invalid", Reason.INVALID)
