"""Calendars as rows, and as hosts and guests ask for them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.kernel import ANONYMOUS
from domain.scheduling.calendar import (
    Approve,
    Busy,
    Cancel,
    Guest,
    Hold,
    Release,
    RemoveEventType,
    Reschedule,
    SyncBusy,
    Wish,
    slots,
)
from domain.scheduling.meeting import Failed
from domain.scheduling.team import Assigned, Invited, MemberJoined, MemberLeft, Mode, TeamCreated, TeamType, TypeDefined
from projections.scheduling import scheduling
from projections.scheduling.queries import Calendars
from projections.scheduling.tables import BOOKINGS, HOSTED, MEETINGS, TAKEN
from tests.scenario import ANN, BOB, CID, NOON, Given, fold
from tests.unit.domain.calendars import INTRO, NINE_TO_FIVE, ONE, OPENED, PROOF, TEN, TWO, book, calendar, hold
from tests.unit.domain.test_calendar import waiting
from tests.unit.projections.reading import ReadModel, opened

DAY, HALF = timedelta(days=1), timedelta(minutes=30)
BOBS = Guest("Bob", "bob@example.org", BOB)


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[ReadModel]:
    async with opened(scheduling, tmp_path) as model:
        yield model


@pytest.fixture
def ask(model: ReadModel) -> Calendars:
    return Calendars(model.tables)


async def listed(ask: Calendars) -> list[object]:
    """The slots of the first day, from the rows alone."""
    found = await ask.around(ANN, TEN, TEN + DAY)
    assert found is not None
    return list(slots(found, Wish(INTRO, 30), TEN, TEN + DAY, NOON))


async def shows(model: ReadModel, ask: Calendars, given: Given) -> None:
    """After these events, rows and rules agree on what is free."""
    from domain.catalogue import CATALOGUE

    await model.given(*given.events, to=ANN)
    state = fold(CATALOGUE.named("scheduling", "calendar"), given.events)
    assert await listed(ask) == slots(state, Wish(INTRO, 30), TEN, TEN + DAY, NOON)


async def test_settings_are_what_the_rules_have(model: ReadModel, ask: Calendars) -> None:
    synced = calendar().when(SyncBusy("work", (Busy(TEN, TEN + HALF),)), by=ANN).accepted()
    await shows(model, ask, synced)
    found = await ask.settings(ANN)
    assert found is not None
    assert (found.owner, found.event_types, found.schedules) == (ANN, {"intro": INTRO}, {"default": NINE_TO_FIVE})
    assert [(row["calendar"], row["kind"]) for row in await ask.owned(ANN)] == [(ANN, "host")]
    assert await ask.settings(BOB) is await ask.around(BOB, TEN, TEN + DAY) is None


async def test_a_removed_event_type_is_gone(model: ReadModel, ask: Calendars) -> None:
    await model.given(*calendar().when(RemoveEventType("intro"), by=ANN).accepted().events, to=ANN)
    found = await ask.settings(ANN)
    assert found is not None
    assert found.event_types == {}


async def test_rows_and_rules_agree_on_what_is_taken_after_each_change(tmp_path: Path) -> None:
    held = calendar().when(hold(), by=ANONYMOUS).accepted()
    moved_hold = held.when(hold(start=TEN + HALF), by=ANONYMOUS).accepted()
    taken = moved_hold.when(book(start=TEN + HALF), by=ANONYMOUS).accepted()
    moved = taken.when(Reschedule(ONE, TEN + 4 * HALF, 60, "UTC", ""), by=ANN).accepted()
    for number, given in enumerate(
        (
            held,
            moved_hold,
            held.when(Release(ONE, PROOF), by=ANONYMOUS).accepted(),
            taken,
            moved,
            moved.when(Cancel(ONE, ""), by=ANN).accepted(),
            waiting().when(Approve(ONE), by=ANN).accepted(),
        )
    ):
        (tmp_path / str(number)).mkdir()
        async with opened(scheduling, tmp_path / str(number)) as model:
            await shows(model, Calendars(model.tables), given)


async def test_a_booking_with_its_guest_and_what_became_of_it(model: ReadModel, ask: Calendars) -> None:
    given = calendar().when(book(guest=BOBS, others=("cid@example.org",)), by=BOB).accepted()
    given = given.when(Reschedule(ONE, TEN + HALF, 30, "Asia/Kathmandu", "train"), by=BOB).accepted()
    given = given.when(Cancel(ONE, "ill"), by=ANN).accepted()
    await model.given(*given.events, to=ANN)
    row = await ask.booking(ONE)
    assert row is not None
    assert (row["guest_name"], row["guest_person"], row["others"]) == ("Bob", BOB, '["cid@example.org"]')
    assert (row["status"], row["sequence"], row["reason"], row["by_host"]) == ("cancelled", 2, "ill", True)
    assert (row["start"], row["zone"], row["wall"]) == (TEN + HALF, "Asia/Kathmandu", "2026-03-02T15:15")
    told = [(each["what"], each["was"], each["reason"]) for each in await ask.history(ONE)]
    assert told == [("booked", None, ""), ("rescheduled", TEN, "train"), ("cancelled", None, "ill")]
    assert [each["booking"] for each in await ask.of_guest(BOB)] == [ONE]
    assert await ask.of_guest(ANN) == []
    assert [each["booking"] for each in await ask.hosted(ANN, TEN, TEN + DAY)] == [ONE]
    assert await ask.hosted(ANN, TEN + DAY, TEN + 2 * DAY) == []
    assert [row["start"] for row in await model.rows(HOSTED)] == [TEN + HALF]
    assert await model.rows(TAKEN) == []


async def test_bookings_are_found_across_the_months_they_are_kept_by(model: ReadModel, ask: Calendars) -> None:
    later = TEN + 30 * DAY  # the first of April
    given = calendar().when(book(), by=ANONYMOUS).accepted().when(book(TWO, later + HALF), by=ANONYMOUS).accepted()
    await model.given(*given.events, to=ANN)
    assert {row["month"] for row in await model.rows(TAKEN)} == {2026 * 12 + 3, 2026 * 12 + 4}
    assert [each["booking"] for each in await ask.hosted(ANN, TEN, later + DAY)] == [ONE, TWO]
    around = await ask.around(ANN, TEN, TEN + DAY)
    assert around is not None
    assert set(around.bookings) == {ONE, TWO}


async def test_a_hold_is_no_booking_yet(model: ReadModel, ask: Calendars) -> None:
    await model.given(*OPENED, to=ANN)
    held = calendar().when(Hold(ONE, "intro", TEN, 30, 1, PROOF), by=ANONYMOUS).accepted()
    await model.given(held.events[-1], to=ANN)
    assert await ask.booking(ONE) is None
    assert await model.rows(BOOKINGS) == []


async def test_a_team_and_what_its_members_had(model: ReadModel, ask: Calendars) -> None:
    team = UUID(int=77)
    await model.given(
        TeamCreated("Sales", ANN),
        TypeDefined(TeamType(INTRO, Mode.ROUND_ROBIN)),
        *(Invited(who, 100, 0) for who in (ANN, BOB, CID)),
        *(MemberJoined(who, credit) for who, credit in ((ANN, 0), (BOB, 2), (CID, 0))),
        Assigned(ONE, ANN, NOON),
        Assigned(TWO, ANN, NOON + DAY),
        Invited(BOB, 50, 1),
        MemberLeft(CID),
        to=team,
    )
    found = await ask.team(team)
    assert found is not None
    assert set(found.members) == set(found.invited) == {ANN, BOB}
    assert (found.members[ANN].meetings, found.members[ANN].last) == (2, NOON + DAY)
    assert (found.members[BOB].credit, found.members[BOB].weight, found.members[BOB].priority) == (2, 50, 1)
    assert found.types["intro"] == TeamType(replace(INTRO), Mode.ROUND_ROBIN)
    assert await ask.teams_of(BOB) == [team]
    assert await ask.teams_of(CID) == []
    assert await ask.team(ONE) is None


async def test_a_meeting_that_nobody_asked_for_is_none(model: ReadModel, ask: Calendars) -> None:
    await model.given(Failed((), "taken"), to=TWO)
    assert await ask.meeting(TWO) is await ask.meeting(ONE) is None
    assert len(await model.rows(MEETINGS)) == 1
