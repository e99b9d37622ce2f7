"""Connected calendars: let in once, read from the mark on, written in order; whatever dies, the next one goes on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.catalogue import CATALOGUE
from domain.scheduling.calendar import (
    Booked,
    Busy,
    Cancelled,
    ConnectionAsked,
    Disconnected,
    FailConnection,
    NoteConnected,
    Rescheduled,
    Status,
    SyncConnected,
)
from domain.scheduling.calendar.bookings import meant
from infra.calendars import CalendarAway, CalendarRefused, Changes, Entry, Forgot, Tokens, Window, Written
from infra.progress import PROGRESS
from processors.calendars import worker
from processors.calendars.rows import CONNECTIONS, ENTRIES, OWN, TABLES, WAITING
from processors.calendars.worker import Syncing
from processors.streams import Stream
from producers.consents import Consents
from projections.scheduling.links import LINKS, Links
from schemas import topics
from schemas.envelope import command_of
from schemas.sealing import Seals
from tests.scenario import ANN
from tests.unit.domain.calendars import ONE, TWO, book, calendar
from tests.unit.past import CODEC
from tests.unit.processors.stage import Stage, staged
from tests.unit.schemas.test_sealing import Keys

CONSENTS = Consents(b"k" * 32)
HOUR = timedelta(hours=1)
SOON = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + 48 * HOUR
ASKED = ConnectionAsked(ONE, "google", "primary", True, "UTC", ANN, "a code")


@dataclass
class There:
    """The other side: what is there, what it was asked, and what it answers instead."""

    entries: dict[str, Entry] = field(default_factory=dict)
    written: list[Written | str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    numbers: int = 0

    def consent(self, state: str, challenge: str, back: str) -> str:
        raise NotImplementedError

    async def redeem(self, code: str, verifier: str, back: str) -> Tokens:
        assert (code, verifier, back) == ("a code", CONSENTS.verifier(ONE), "back")
        self.asked.append("redeem")
        return self._tokens()

    async def refresh(self, refresh: str) -> Tokens:
        assert refresh == f"refresh {self.numbers}"
        self.asked.append("refresh")
        return self._tokens()

    def _tokens(self) -> Tokens:
        self.numbers += 1
        return Tokens(f"access {self.numbers}", f"refresh {self.numbers}", 3_600.0)

    async def revoke(self, refresh: str) -> None:
        self.asked.append("revoke")

    async def changes(self, access: str, remote: str, mark: str, window: Window) -> Changes:
        self._may_fail(access)
        self.asked.append(f"changes {mark}".rstrip())
        return Changes(list(self.entries.values()), [], f"m{len(self.asked)}")

    async def write(self, access: str, remote: str, what: Written) -> str:
        self._may_fail(access)
        self.written.append(what)
        self.entries[what.booking] = Entry(what.booking, what.start, what.end)
        return what.booking

    async def remove(self, access: str, remote: str, booking: str) -> None:
        self._may_fail(access)
        self.written.append(booking)
        self.entries.pop(booking, None)

    async def close(self) -> None:
        return None

    def _may_fail(self, access: str) -> None:
        assert access == f"access {self.numbers}"
        if self.fails:
            raise self.fails.pop(0)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PAUSES", (0.0,))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        await stage.tables.create([*TABLES, *Links.tables])
        yield stage


async def started(stage: Stage, there: There) -> Stream[object]:
    """A worker, another one each time, as after a crash before any progress was noted."""
    await stage.tables.drop([PROGRESS])
    await stage.tables.create([PROGRESS])
    made = Syncing(
        *(stage.log, CODEC, stage.tables, CATALOGUE, {"google": there}, CONSENTS, Seals(Keys()), Links(stage.tables)),
        back="back",
        every=timedelta(microseconds=1),
    )
    return await stage.run(made)


def sent(stage: Stage) -> list[object]:
    return stage.messages(topics.commands("scheduling"))


async def turn(stage: Stage, there: There) -> None:
    await (await started(stage, there)).tend()


def booked(booking: UUID, start: datetime) -> Booked:
    events = calendar().when(book(booking), by=ANN).events
    assert isinstance(events[0], Booked)
    return replace(events[0], start=start, status=Status.CONFIRMED)


async def test_it_is_let_in_once_and_tells_what_is_taken_when_that_changes(stage: Stage) -> None:
    there = There({"a": Entry("a", SOON, SOON + HOUR)})
    stage.happen(ASKED, ANN)
    for _ in range(3):  # another worker each time
        await turn(stage, there)
    assert there.asked == ["redeem", "changes", "changes m2", "changes m3"]
    first = SyncConnected(ONE, (Busy(SOON, SOON + HOUR),))
    assert sent(stage) == [NoteConnected(ONE), first]
    there.entries["a"] = Entry("a", SOON + HOUR, SOON + 2 * HOUR)
    await turn(stage, there)
    there.entries["a"] = Entry("a", SOON, SOON + HOUR)  # as it was: told again, under another id
    await turn(stage, there)
    assert sent(stage)[1:] == [first, SyncConnected(ONE, (Busy(SOON + HOUR, SOON + 2 * HOUR),)), first]
    ids = [command_of(each.headers).id for each in stage.read(topics.commands("scheduling"))]
    assert len(ids) == len(set(ids))
    [row] = [row async for row in stage.tables.rows(CONNECTIONS)]
    assert row["secret"].startswith("sealed:1:")
    assert "refresh 1" not in str(row)


async def test_bookings_are_written_in_order_and_are_no_busy_times(stage: Stage) -> None:
    there = There()
    stage.happen(ASKED, ANN)
    await turn(stage, there)
    made = booked(TWO, SOON)
    moved = Rescheduled(
        *(TWO, made.slug, 1, SOON, SOON + HOUR, 30, 0, 0, True, Status.CONFIRMED, meant(SOON, "UTC"), ()),
        *(True, "", 1, SOON),
    )
    stage.happen(made, ANN)
    stage.happen(moved, ANN)
    there.fails = [CalendarAway("away"), CalendarAway("away")]
    for _ in range(3):
        await turn(stage, there)
    half = timedelta(minutes=30)
    assert there.written == [
        Written(str(TWO), made.title, "", SOON, SOON + half, False),
        Written(str(TWO), made.title, "", SOON + HOUR, SOON + HOUR + half, False),
    ]
    assert sent(stage)[1:] == [SyncConnected(ONE, ())]
    stage.happen(Cancelled(TWO, SOON + HOUR, None, True, "", 2), ANN)
    await turn(stage, there)
    assert there.written[2:] == [str(TWO)]
    assert [row async for row in stage.tables.rows(WAITING)] == [row async for row in stage.tables.rows(OWN)] == []


async def test_where_the_mark_is_forgotten_everything_is_read(stage: Stage) -> None:
    there = There({"a": Entry("a", SOON, SOON + HOUR)})
    stage.happen(ASKED, ANN)
    await turn(stage, there)
    there.entries = {"b": Entry("b", SOON + HOUR, SOON + 2 * HOUR)}
    there.fails = [Forgot()]
    await turn(stage, there)
    assert there.asked[2:] == ["changes"]
    assert sent(stage)[-1] == SyncConnected(ONE, (Busy(SOON + HOUR, SOON + 2 * HOUR),))


async def test_who_is_let_in_no_more_says_so_once_and_asks_no_more(stage: Stage) -> None:
    there = There()
    stage.happen(ASKED, ANN)
    await turn(stage, there)
    there.fails = [CalendarRefused("withdrawn")]
    for _ in range(2):
        await turn(stage, there)
    assert sent(stage)[-1] == FailConnection(ONE, "withdrawn")
    assert [row["problem"] async for row in stage.tables.rows(LINKS)] == ["withdrawn"]
    stage.happen(booked(TWO, SOON), ANN)
    await turn(stage, there)
    assert there.written == []


async def test_what_is_disconnected_is_forgotten_and_the_consent_given_back(stage: Stage) -> None:
    there = There({"a": Entry("a", SOON, SOON + HOUR)})
    stage.happen(ASKED, ANN)
    await turn(stage, there)
    stage.happen(Disconnected(ONE), ANN)
    await turn(stage, there)
    assert there.asked[-1] == "revoke"
    for table in (CONNECTIONS, ENTRIES, OWN, WAITING, LINKS):
        assert [row async for row in stage.tables.rows(table)] == []


async def test_an_answer_that_nobody_understands_keeps_no_other_connection_waiting(stage: Stage) -> None:
    there = There()
    stage.happen(ASKED, ANN)
    stage.happen(replace(ASKED, connection=TWO, provider="outlook"), ANN)
    there.fails = [AttributeError("no such thing")]
    await turn(stage, there)
    assert NoteConnected(ONE) in sent(stage)
    problems = {row["connection"]: row["problem"] async for row in stage.tables.rows(LINKS)}
    assert problems == {ONE: "it answers what is not understood here", TWO: "not set up here"}
    await turn(stage, there)
    assert SyncConnected(ONE, ()) in sent(stage)
