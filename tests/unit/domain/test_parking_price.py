"""What a stay costs: the worked examples of OCPI, what holds for any tariff, the days on which clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.kernel import Rejected
from domain.parking.price import Segment, price
from domain.parking.tariff import (
    HOLIDAY,
    Allowance,
    EarlyBird,
    Rate,
    Tariff,
    Use,
    Validation,
    check_tariff,
    exponent,
)

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WEEKDAYS, SATURDAY = (0, 1, 2, 3, 4), (5,)


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """In Berlin; the second of March 2026 is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def parked(start: datetime, *uses: tuple[int, Use]) -> list[Segment]:
    """One use after the other, each so many minutes long."""
    found = []
    for minutes, use in uses:
        found.append(Segment(start, start + minutes * MINUTE, use))
        start += minutes * MINUTE
    return found


def gross(tariff: Tariff, start: datetime, end: datetime, *validations: Validation) -> int:
    return price(tariff, [Segment(start, end)], validations).gross


COMPLEX = Tariff(
    "EUR",
    (
        Rate(100, 900, use=Use.CHARGING, tax=2_000, days=(0, 1, 2, 3, 4)),
        Rate(125, 600, use=Use.CHARGING, tax=2_000, days=(5, 6)),
        Rate(500, 300, days=WEEKDAYS, start=540, end=1_080, tax=1_000),
        Rate(600, 300, days=SATURDAY, start=600, end=1_020, tax=1_000),
    ),
    zone="Europe/Berlin",
    fee=250,
    fee_tax=1_500,
    tax_included=False,
)
FIRST_HOUR_FREE = Tariff(
    "EUR", (Rate(0, 60, until=3_600), Rate(200, 60, after=3_600, until=14_400), Rate(300, 60, after=14_400))
)


def excluding(*rates: Rate, fee: int = 0, fee_tax: int = 0) -> Tariff:
    return Tariff("EUR", rates, fee=fee, fee_tax=fee_tax, tax_included=False)


@pytest.mark.parametrize(
    ("tariff", "segments", "net", "total"),
    [
        # Each is a worked example of the OCPI 2.2.1 Tariffs module, without its energy.
        (excluding(Rate(200, 60, tax=1_000)), parked(at(2, 9), (150, Use.PARKING)), 500, 550),
        (excluding(Rate(200, 900, tax=2_000), fee=50, fee_tax=2_000), parked(at(2, 9), (40, Use.PARKING)), 200, 240),
        (
            excluding(Rate(300, 60, use=Use.CHARGING, tax=1_000), Rate(500, 300, tax=2_000)),
            parked(at(2, 9), (150, Use.CHARGING), (42, Use.PARKING)),
            1_125,
            1_275,
        ),
        (excluding(Rate(190, 300, tax=520)), parked(at(2, 9), (150, Use.PARKING)), 475, 500),
        (COMPLEX, parked(at(2, 9, 30), (147, Use.CHARGING), (42, Use.PARKING)), 875, 1_000),
        (COMPLEX, parked(at(7, 13, 30), (114, Use.CHARGING), (71, Use.PARKING)), 1_250, 1_413),
        (FIRST_HOUR_FREE, parked(at(2, 9), (165, Use.PARKING)), 350, 350),
        (
            excluding(Rate(500, 60, use=Use.RESERVATION, tax=2_000), fee=50, fee_tax=2_000),
            parked(at(2, 9), (15, Use.RESERVATION)),
            175,
            210,
        ),
        (
            excluding(Rate(500, 300, use=Use.RESERVATION, tax=2_000), fee=250, fee_tax=2_000),
            parked(at(2, 9), (13, Use.RESERVATION)),
            375,
            450,
        ),
        (
            excluding(Rate(200, 600, use=Use.RESERVATION, tax=2_000), fee=50, fee_tax=2_000),
            parked(at(2, 9), (22, Use.RESERVATION)),
            150,
            180,
        ),
        (
            excluding(Rate(200, 600, use=Use.RESERVATION, tax=2_000), fee=400, fee_tax=2_000),
            parked(at(2, 9), (60, Use.RESERVATION)),
            600,
            720,
        ),
    ],
)
def test_the_worked_examples_of_ocpi(tariff: Tariff, segments: list[Segment], net: int, total: int) -> None:
    found = price(tariff, segments)
    assert (found.net, found.gross) == (net, total)
    assert found.net + found.tax == found.gross


def test_a_started_unit_is_paid_and_nothing_costs_nothing() -> None:
    tariff = Tariff("EUR", (Rate(200),))
    assert gross(tariff, at(2, 9), at(2, 9)) == 0
    assert gross(tariff, at(2, 9), at(2, 9) + timedelta(microseconds=1)) == 200
    assert gross(tariff, at(2, 9), at(2, 9, 1)) == 200
    assert gross(tariff, at(2, 9), at(2, 9, 59)) == 200  # not: 59 minutes are no whole hour, so they are free
    assert gross(tariff, at(2, 9), at(2, 10)) == 200
    assert gross(tariff, at(2, 9), at(2, 10, 1)) == 400


def test_free_minutes_are_free_only_for_who_leaves_in_them() -> None:
    tariff = Tariff("EUR", (Rate(200, 1_800),), free=900)
    assert gross(tariff, at(2, 9), at(2, 9, 15)) == 0
    assert gross(tariff, at(2, 9), at(2, 9, 15) + timedelta(microseconds=1)) == 100
    assert gross(tariff, at(2, 9), at(2, 9, 16)) == 100


def test_caps_of_the_calendar_day_and_of_24_hours() -> None:
    day = Tariff("EUR", (Rate(200),), zone="Europe/Berlin", day_cap=1_000)
    assert gross(day, at(2, 20), at(3, 4)) == 800 + 800
    assert gross(day, at(2, 9), at(4, 9)) == 1_000 + 1_000 + 1_000
    rolling = Tariff("EUR", (Rate(200),), rolling_cap=1_000)
    assert gross(rolling, at(2, 20), at(3, 20)) == 1_000
    assert gross(rolling, at(2, 20), at(3, 21)) == 1_200


def test_a_night_flat_goes_over_midnight_and_is_paid_once_a_night() -> None:
    night = Rate(500, flat=True, start=1_200, end=480)
    tariff = Tariff("EUR", (night, Rate(200)), zone="Europe/Berlin")
    assert gross(tariff, at(2, 19), at(3, 9)) == 200 + 500 + 200
    assert gross(tariff, at(2, 21), at(3, 7)) == 500
    assert gross(tariff, at(3, 1), at(3, 2)) == 500
    assert gross(tariff, at(2, 21), at(4, 7)) == 500 + 12 * 200 + 500


def test_weekdays_holidays_and_events_have_rates_of_their_own() -> None:
    rates = (Rate(900, dates=(date(2026, 3, 4),)), Rate(100, days=(5, 6, HOLIDAY)), Rate(300))
    tariff = Tariff("EUR", rates, zone="Europe/Berlin", holidays=(date(2026, 3, 3),))
    assert [gross(tariff, at(day, 9), at(day, 10)) for day in (2, 3, 4, 7)] == [300, 100, 900, 100]


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    friday_night = Rate(700, flat=True, days=(4,), start=1_200, end=360)
    tariff = Tariff("EUR", (friday_night, Rate(100)), zone="Europe/Berlin")
    assert gross(tariff, at(7, 1), at(7, 2)) == 700
    assert gross(tariff, at(6, 1), at(6, 2)) == 100


def test_early_birds_pay_at_most_their_price() -> None:
    bird = EarlyBird(800, enter_from=300, enter_to=540, leave_by=1_140)
    tariff = Tariff("EUR", (Rate(200),), zone="Europe/Berlin", early_bird=bird)
    assert gross(tariff, at(2, 8), at(2, 9)) == 200
    assert gross(tariff, at(2, 8), at(2, 18)) == 800
    assert gross(tariff, at(2, 8), at(2, 20)) == 2_400
    assert gross(tariff, at(2, 10), at(2, 18)) == 1_600


def test_too_long_a_stay_and_a_lost_ticket() -> None:
    tariff = Tariff("EUR", (Rate(200),), max_stay=7_200, penalty=3_000, lost_ticket=2_000)
    assert gross(tariff, at(2, 9), at(2, 11)) == 400
    assert gross(tariff, at(2, 9), at(2, 11, 1)) == 600 + 3_000
    assert price(tariff, [Segment(at(2, 9), at(2, 10))], lost=True).gross == 2_000


def test_validations_take_off_time_then_a_share_then_an_amount() -> None:
    tariff = Tariff("EUR", (Rate(200),))
    hour, half, euro = (
        Validation("a", Allowance.SECONDS, 3_600),
        Validation("b", Allowance.PERCENT, 50),
        Validation("c", Allowance.AMOUNT, 100),
    )
    assert gross(tariff, at(2, 9), at(2, 12), hour) == 400
    assert gross(tariff, at(2, 9), at(2, 12), half) == 300
    assert gross(tariff, at(2, 9), at(2, 12), euro, half, hour) == 100
    assert gross(tariff, at(2, 9), at(2, 9, 30), Validation("d", Allowance.AMOUNT, 900)) == 0


def test_tax_is_inside_or_on_top() -> None:
    inside = price(Tariff("EUR", (Rate(238, tax=1_900),)), [Segment(at(2, 9), at(2, 10))])
    assert (inside.net, inside.tax, inside.gross) == (200, 38, 238)
    on_top = price(Tariff("EUR", (Rate(200, tax=1_900),), tax_included=False), [Segment(at(2, 9), at(2, 10))])
    assert (on_top.net, on_top.tax, on_top.gross) == (200, 38, 238)


def test_the_hour_that_comes_twice_is_paid_twice_and_the_one_that_is_missing_is_not() -> None:
    tariff = Tariff("EUR", (Rate(100),), zone="Europe/Berlin")
    assert gross(tariff, at(28, 0), at(29, 0)) == 2_400
    assert gross(tariff, at(29, 0), at(30, 0, month=3)) == 2_300  # 2026-03-29: from 2 to 3 at once
    assert gross(tariff, at(25, 0, month=10), at(26, 0, month=10)) == 2_500
    capped = Tariff("EUR", (Rate(100),), zone="Europe/Berlin", day_cap=1_000)
    assert gross(capped, at(25, 0, month=10), at(26, 0, month=10)) == 1_000  # one day, however long
    night = Tariff("EUR", (Rate(500, flat=True, start=1_200, end=480), Rate(100)), zone="Europe/Berlin")
    assert gross(night, at(28, 21), at(29, 9)) == 500 + 100


def test_currencies_have_their_own_minor_units() -> None:
    assert [exponent(each) for each in ("EUR", "JPY", "KWD", "USD")] == [2, 0, 3, 2]


# What holds for every tariff.

windows = st.tuples(st.integers(0, 23), st.integers(0, 24)).map(lambda hours: (hours[0] * 60, hours[1] * 60))


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    start, end = draw(windows)
    after = draw(st.sampled_from((0, 3_600, 7_200)))
    return Rate(
        draw(st.integers(0, 1_000)),
        draw(st.sampled_from((60, 300, 900, 1_800, 3_600))),
        days=draw(st.sampled_from(((), WEEKDAYS, (5, 6)))),
        start=start,
        end=end,
        after=after,
        until=draw(st.sampled_from((0, after + 3_600))),
        tax=draw(st.sampled_from((0, 700, 1_900))),
    )


tariffs = st.builds(
    Tariff,
    currency=st.just("EUR"),
    rates=st.lists(rates(), min_size=1, max_size=4).map(tuple),
    zone=st.sampled_from(("Europe/Berlin", "UTC", "America/New_York")),
    fee=st.sampled_from((0, 50)),
    free=st.sampled_from((0, 600)),
    day_cap=st.sampled_from((0, 900)),
    rolling_cap=st.sampled_from((0, 1_200)),
    early_bird=st.sampled_from((None, EarlyBird(300, 300, 600, 1_200))),
    max_stay=st.sampled_from((0, 86_400)),
    penalty=st.sampled_from((0, 500)),
    tax_included=st.booleans(),
)
starts = st.datetimes(datetime(2026, 3, 25), datetime(2026, 11, 5)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001
lengths = st.integers(0, 3 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
several = settings(max_examples=50, deadline=None)


@several
@for_all(tariffs, starts, lengths, lengths)
def test_the_price_never_falls_as_the_stay_grows(
    tariff: Tariff, start: datetime, first: timedelta, more: timedelta
) -> None:
    check_tariff(tariff)
    assert gross(tariff, start, start + first) <= gross(tariff, start, start + first + more)


@several
@for_all(tariffs, starts, lengths, lengths)
def test_extending_in_two_steps_is_one_longer_stay(
    tariff: Tariff, start: datetime, first: timedelta, more: timedelta
) -> None:
    middle, end = start + first, start + first + more
    whole = price(tariff, [Segment(start, end)])
    assert price(tariff, [Segment(middle, end), Segment(start, middle)]) == whole


@several
@for_all(tariffs, starts, lengths, st.integers(1, 100), st.integers(1, 500))
def test_a_discount_never_adds_and_never_pays_out(
    tariff: Tariff, start: datetime, length: timedelta, percent: int, amount: int
) -> None:
    end = start + length
    off = (Validation("a", Allowance.PERCENT, percent), Validation("b", Allowance.AMOUNT, amount))
    found = price(tariff, [Segment(start, end)], off)
    assert 0 <= found.gross <= gross(tariff, start, end)
    assert found.net + found.tax == found.gross
    assert min(found.net, found.tax) >= 0


@several
@for_all(tariffs, starts, st.integers(0, 6 * 3_600))
def test_units_are_counted_as_one_would_count_them_minute_by_minute(
    tariff: Tariff, start: datetime, seconds: int
) -> None:
    """Against a picture that ticks through the stay and knows no boundaries; caps and all else aside."""
    plain = Tariff(tariff.currency, tariff.rates, zone=tariff.zone)
    start = start.replace(second=0, microsecond=0)
    end, now, total = start + timedelta(seconds=seconds), start, 0
    while now < end:
        rate = next((each for each in plain.rates if _holds(each, now, now - start, ZoneInfo(plain.zone))), None)
        if rate is None:
            now += MINUTE
        else:
            total += rate.price * rate.step
            now += timedelta(seconds=rate.step)
    assert gross(plain, start, end) == (2 * total + 3_600) // 7_200


def _holds(rate: Rate, now: datetime, stayed: timedelta, zone: ZoneInfo) -> bool:
    local = now.astimezone(zone)
    minute, day = local.hour * 60 + local.minute, local.date()
    if rate.start < rate.end:
        inside = rate.start <= minute < rate.end
    elif rate.start == rate.end:
        inside = True
    else:
        inside = minute >= rate.start or minute < rate.end
        if minute < rate.end:
            day -= timedelta(days=1)
    long = timedelta(seconds=rate.after) <= stayed and (not rate.until or stayed < timedelta(seconds=rate.until))
    return inside and long and (not rate.days or day.weekday() in rate.days)


@pytest.mark.parametrize(
    "tariff",
    [
        Tariff("eur", (Rate(1),)),
        Tariff("EUR", ()),
        Tariff("EUR", (Rate(-1),)),
        Tariff("EUR", (Rate(1, 0),)),
        Tariff("EUR", (Rate(1, after=60, until=60),)),
        Tariff("EUR", (Rate(1, days=(8,)),)),
        Tariff("EUR", (Rate(1),), zone="Middle/Earth"),
        Tariff("EUR", (Rate(1),), early_bird=EarlyBird(1, 600, 500, 700)),
    ],
)
def test_a_tariff_that_cannot_be_is_refused(tariff: Tariff) -> None:
    with pytest.raises(Rejected, match="tariff_invalid"):
        check_tariff(tariff)
