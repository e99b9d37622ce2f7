"""Listing, acceptance and explanation are one: against a slow lister, over zones, days and obstacles."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.kernel import ANONYMOUS, Context, Rejected
from domain.scheduling.calendar import (
    Booking,
    Busy,
    Calendar,
    Status,
    Wish,
    decide,
    indexed,
    obstacles,
    slots,
)
from domain.scheduling.event_type import EventType, Horizon, Limits
from domain.scheduling.schedule import Absence, Holiday, Override, Schedule, Travel, Weekly
from tests.scenario import ANN, NOON
from tests.unit.domain.calendars import INTRO, NINE_TO_FIVE, TEN, appointment, book, calendar, offering
from tests.unit.domain.naive_slots import NaiveLister
from tests.unit.domain.test_zones import HARD

DAY = timedelta(days=1)
ALWAYS = tuple(Weekly(day, 0, 24 * 60) for day in range(1, 8))
NIGHT = tuple(Weekly(day, opens, closes) for day in range(1, 8) for opens, closes in ((0, 4 * 60), (23 * 60, 24 * 60)))


@pytest.mark.parametrize(("name", "year"), HARD.items(), ids=lambda each: str(each).replace("/", "-"))
def test_all_days_of_a_year_in_hard_zones(name: str, year: int) -> None:
    """Nights, when clocks change; the slow lister walks through all of it."""
    schedule = Schedule("default", name, NIGHT, travels=(Travel(date(year, 6, 1), date(year, 6, 3), "Asia/Tokyo"),))
    owner = Calendar(owner=ANN, schedules={"default": schedule}, event_types={"intro": INTRO})
    definition = replace(INTRO, durations=(60,), horizon=Horizon(None, date(year, 1, 1), date(year, 12, 31)))
    now = start = datetime(year, 1, 1, tzinfo=UTC)
    wish = Wish(definition, 60)
    changes = [start + DAY * day for day in range(360) if _is_telling(name, start + DAY * day)]
    found = set(slots(owner, wish, start, start + 364 * DAY, now))
    for day in changes:
        naive = NaiveLister(owner, wish, day, day + DAY, now, step=15 if name == "Asia/Kathmandu" else 30)
        assert [each for each in sorted(found) if day <= each < day + DAY] == naive.starts()
    assert len(found) > 1_000


def _is_telling(name: str, day: datetime) -> bool:
    """Days on which the offset changes, their neighbours, those of the travel, and some others."""
    from tests.unit.domain.naive_slots import rules_of

    near = {(day + DAY * number).astimezone(rules_of(name)).utcoffset() for number in (-1, 0, 1, 2)}
    return len(near) > 1 or (day.month == 6 and day.day <= 5) or day.timetuple().tm_yday % 45 == 0


quarters = st.integers(-8, 4 * 24 * 3).map(
    lambda number: datetime(2026, 3, 27, tzinfo=UTC) + timedelta(minutes=15 * number)
)
lengths = st.sampled_from((15, 30, 45, 90))
buffers = st.sampled_from((0, 0, 15, 30))
limits = st.sampled_from((None, None, 1, 2))
spans = st.tuples(quarters, lengths).map(lambda pair: (pair[0], pair[0] + timedelta(minutes=pair[1])))


@st.composite
def bookings(draw: st.DrawFn) -> dict[UUID, Booking]:
    return {
        UUID(int=number): Booking(
            slug=draw(st.sampled_from(("intro", "other"))),
            start=draw(quarters),
            minutes=draw(lengths),
            buffer_before=draw(buffers),
            buffer_after=draw(buffers),
            seats=draw(st.integers(1, 2)),
            status=draw(st.sampled_from(Status)),
            until=datetime(2026, 3, 27, tzinfo=UTC) + timedelta(minutes=draw(st.sampled_from((-1, 0, 1)))),
            blocks=draw(st.booleans()),
            guest=None,
            proof=b"",
            meeting=None,
        )
        for number in range(draw(st.integers(0, 4)))
    }


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    zone = draw(st.sampled_from(("Europe/London", "America/New_York", "Australia/Lord_Howe")))
    weekly = draw(st.sampled_from((ALWAYS, NIGHT, NINE_TO_FIVE.weekly)))
    overrides = draw(
        st.sampled_from(((), (Override(date(2026, 3, 29), 0, 6 * 60),), (Override(date(2026, 3, 28), 0, 0),)))
    )
    travels = draw(st.sampled_from(((), (Travel(date(2026, 3, 28), date(2026, 3, 28), "Asia/Tokyo"),))))
    return replace(
        indexed(draw(bookings())),
        owner=ANN,
        schedules={"default": Schedule("default", zone, weekly, overrides, travels)},
        holidays=draw(st.sampled_from(((), (Holiday(date(2026, 3, 30), "Spring"),)))),
        absences={UUID(int=9): Absence(*span) for span in draw(st.lists(spans, max_size=1))},
        busy={"other": tuple(Busy(*span) for span in draw(st.lists(spans, max_size=2)))},
    )


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    seats = draw(st.sampled_from((1, 1, 3)))
    horizon = draw(st.sampled_from((Horizon(2), Horizon(60), Horizon(None, date(2026, 3, 28), date(2026, 3, 29)))))
    minutes = draw(lengths)
    definition = EventType(
        "intro",
        "Introduction",
        durations=(minutes,),
        interval=draw(st.sampled_from((15, 30, 60))),
        buffer_before=draw(buffers),
        buffer_after=draw(buffers),
        notice=draw(st.sampled_from((0, 45, 600))),
        horizon=horizon,
        zone=draw(st.sampled_from(("UTC", "Europe/London", "America/Los_Angeles"))),
        seats=seats,
        limits=Limits(draw(limits), draw(limits), draw(limits)),
    )
    return Wish(definition, minutes, draw(st.integers(1, seats)), draw(st.sampled_from((None, UUID(int=0)))))


@settings(max_examples=40, deadline=None)
@for_all(calendars(), wishes(), st.integers(0, 60))
def test_listed_accepted_and_explained_are_the_same_and_as_a_slow_lister_has_it(
    owner: Calendar, wish: Wish, late: int
) -> None:
    start, end = datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC)
    now = start + timedelta(minutes=late - 30)
    found = slots(owner, wish, start, end, now)
    naive = NaiveLister(owner, wish, start, end, now, step=15)
    assert found == naive.starts()
    for moment in (start + timedelta(minutes=15) * number for number in range(0, 4 * 72, 5)):
        assert (moment in found) == (obstacles(owner, wish, moment, now) == [])


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 3, 27), date(2026, 3, 29), date(2026, 10, 25)])
@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_every_listed_slot_is_bookable_and_every_unlisted_refused(name: str, day: date) -> None:
    """By the decider itself, at every fifth minute of two days."""
    owner = Calendar(
        owner=ANN,
        schedules={"default": Schedule("default", name, NIGHT)},
        event_types={"intro": replace(INTRO, durations=(45,), buffer_after=10)},
    )
    start = datetime.combine(day, datetime.min.time(), UTC) - timedelta(hours=12)
    now = start - DAY
    found = slots(owner, Wish(owner.event_types["intro"], 45), start, start + 2 * DAY, now)
    for minute in range(0, 2 * 24 * 60, 5):
        moment = start + timedelta(minutes=minute)
        context = Context(now, ANONYMOUS, str(ANN), 3, "a command")
        try:
            accepted = bool(decide(owner, book(start=moment, minutes=45), context))
        except Rejected:
            accepted = False
        assert accepted == (moment in found), moment
    assert found


def codes(owner: Calendar, start: datetime, definition: EventType = INTRO, now: datetime = NOON) -> list[str]:
    return [each.code for each in obstacles(owner, Wish(definition, definition.durations[0]), start, now)]


def state(*events: object) -> Calendar:
    from domain.catalogue import CATALOGUE
    from tests.scenario import fold

    folded: Calendar = fold(CATALOGUE.named("scheduling", "calendar"), calendar(*events).events)
    return folded


def test_why_a_time_is_not_free_is_explained_with_everything_that_stands_against_it() -> None:
    owner = state()
    assert codes(owner, TEN) == []
    assert codes(owner, TEN + timedelta(minutes=10)) == ["off_grid"]
    assert codes(owner, TEN + timedelta(seconds=1)) == ["off_grid"]
    assert codes(owner, TEN - timedelta(hours=3)) == ["outside_hours"]
    assert codes(owner, TEN + timedelta(hours=6, minutes=30), replace(INTRO, durations=(60,))) == ["does_not_fit"]
    assert codes(owner, TEN - 7 * DAY) == ["in_the_past"]
    assert codes(owner, TEN, replace(INTRO, notice=2 * 24 * 60)) == ["too_soon"]
    assert codes(owner, TEN + 70 * DAY) == ["too_far"]
    assert codes(replace(owner, holidays=(Holiday(TEN.date(), "May Day"),)), TEN) == ["holiday"]
    away = Absence(TEN - DAY, TEN + DAY)
    assert codes(replace(owner, absences={ANN: away}), TEN) == ["absent"]
    busy = replace(owner, busy={"other": (Busy(TEN - DAY, TEN + timedelta(minutes=1)),)})
    assert codes(busy, TEN) == ["busy"]
    taken = calendar().when(book(), by=ANONYMOUS).accepted()
    once = state(*taken.events[3:])
    assert codes(once, TEN) == ["taken"]
    assert codes(once, TEN + timedelta(minutes=30), replace(INTRO, limits=Limits(day=1))) == ["day_limit"]
    assert codes(once, TEN + DAY, replace(INTRO, limits=Limits(week=1))) == ["week_limit"]
    assert codes(once, TEN + 7 * DAY, replace(INTRO, limits=Limits(month=1))) == ["month_limit"]
    assert codes(once, TEN - timedelta(hours=3), replace(INTRO, notice=9999)) == ["too_soon", "outside_hours"]


def test_half_open_meetings_follow_each_other_without_a_gap() -> None:
    before = calendar().when(book(), by=ANONYMOUS).accepted()
    before.when(book(UUID(int=2), TEN + timedelta(minutes=30)), by=ANONYMOUS).accepted()
    before.when(book(UUID(int=2), TEN - timedelta(minutes=30)), by=ANONYMOUS).accepted()
    before.when(book(UUID(int=2), TEN - timedelta(minutes=30), 60), by=ANONYMOUS).rejected("taken")


def test_the_buffers_of_both_meetings_stay_free() -> None:
    padded = replace(INTRO, buffer_before=15, buffer_after=15, interval=15)
    before = offering(padded).when(book(), by=ANONYMOUS).accepted()
    before.when(book(UUID(int=2), TEN + timedelta(minutes=45)), by=ANONYMOUS).rejected("taken")
    before.when(book(UUID(int=2), TEN + timedelta(minutes=60)), by=ANONYMOUS).accepted()


def test_a_schedule_that_is_missing_opens_nothing() -> None:
    offering(replace(INTRO, schedule="none")).when(book(), by=ANONYMOUS).rejected("outside_hours")


def test_days_that_touch_at_midnight_are_one_opening() -> None:
    owner = Calendar(owner=ANN, schedules={"default": Schedule("default", "Europe/Berlin", ALWAYS)})
    midnight = datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert obstacles(owner, Wish(INTRO, 60), midnight - timedelta(minutes=30), NOON) == []


def test_the_appointment_of_the_tests_is_in_the_listing() -> None:
    assert appointment().start in slots(state(), Wish(INTRO, 30), NOON, NOON + DAY, NOON)
