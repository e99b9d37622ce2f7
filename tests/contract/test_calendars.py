"""What both adapters of other calendars promise, over HTTP, against servers of the shape of each."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from infra.calendars import (
    CalendarAway,
    CalendarRefused,
    Changes,
    Forgot,
    LetInAgain,
    OtherCalendars,
    Tokens,
    Window,
    Written,
)
from infra.other_calendars.google import Google
from infra.other_calendars.outlook import Outlook
from producers.consents import Consents
from tests.local_calendars import Elsewhere, local_calendars

BACK = "http://localhost/back"
CONSENTS, ONE = Consents(b"k" * 32), UUID(int=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = Window(NOON - 100 * HOUR, NOON + 1_000 * HOUR, "Europe/Berlin")
BOOKED = Written("00000000-0000-7000-8000-000000000007", "Planning", "Room 1", NOON, NOON + HOUR, False)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with local_calendars() as url:
        yield url


@pytest.fixture(params=[Google, Outlook])
async def there(request: pytest.FixtureRequest, server: str) -> AsyncIterator[tuple[OtherCalendars, Elsewhere]]:
    name = request.param.__name__.lower()
    adapter = request.param("septet", "secret", f"{server}/{name}")
    yield adapter, Elsewhere(server, name, request.node.name)
    await adapter.close()


def asked(adapter: OtherCalendars, where: Elsewhere, answer: str = "yes") -> dict[str, str]:
    return where.says_yes(adapter.consent("a state", CONSENTS.challenge(ONE), BACK), answer)


async def let_in(adapter: OtherCalendars, where: Elsewhere) -> Tokens:
    return await adapter.redeem(asked(adapter, where)["code"], CONSENTS.verifier(ONE), BACK)


async def test_a_code_is_good_once_for_who_asked_for_it(there: tuple[OtherCalendars, Elsewhere]) -> None:
    adapter, where = there
    told = asked(adapter, where)
    assert told["state"] == "a state"
    assert "code" not in asked(adapter, where, "no")
    with pytest.raises(CalendarRefused):
        await adapter.redeem(told["code"], CONSENTS.verifier(UUID(int=2)), BACK)
    tokens = await let_in(adapter, where)
    assert tokens.life > 60
    again = await adapter.refresh(tokens.refresh)
    assert again.access != tokens.access
    with pytest.raises(LetInAgain):
        await adapter.changes("another token", "primary", "", WINDOW)
    where.faults(revoke=where.account)
    with pytest.raises(CalendarRefused):
        await adapter.refresh(again.refresh or tokens.refresh)


async def test_what_changed_is_told_from_the_mark_on_page_by_page(there: tuple[OtherCalendars, Elsewhere]) -> None:
    adapter, where = there
    access = (await let_in(adapter, where)).access
    where.faults(page=2)
    added = [where.add(NOON + number * HOUR, NOON + (number + 1) * HOUR) for number in range(5)]
    where.add(NOON, NOON + HOUR, free=True)
    where.add(NOON - 200 * HOUR, NOON - 199 * HOUR)
    found = await adapter.changes(access, "primary", "", WINDOW)
    assert [(each.id, each.start, each.end) for each in found.entries] == [
        (name, NOON + number * HOUR, NOON + (number + 1) * HOUR) for number, name in enumerate(added)
    ]
    where.remove(added[0])
    day = where.add(datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC), whole_days=True)
    later = await adapter.changes(access, "primary", found.mark, WINDOW)
    assert list(later.gone) == [added[0]]
    [whole] = later.entries  # from midnight to midnight in Berlin, whose clocks change in between
    assert (whole.id, whole.start.hour, whole.end.hour) == (day, 23, 22)
    assert (await adapter.changes(access, "primary", later.mark, WINDOW)).entries == []
    where.faults(forget=where.account)
    with pytest.raises(Forgot):
        await adapter.changes(access, "primary", later.mark, WINDOW)
    where.faults(away=1)
    with pytest.raises(CalendarAway) as away:
        await adapter.changes(access, "primary", "", WINDOW)
    assert away.value.after == 1.0


async def test_a_booking_is_one_entry_however_often_it_is_written(there: tuple[OtherCalendars, Elsewhere]) -> None:
    adapter, where = there
    access = (await let_in(adapter, where)).access
    first = await adapter.write(access, "primary", BOOKED)
    moved = Written(BOOKED.booking, "Planning", "Room 2", NOON + HOUR, NOON + 2 * HOUR, True)
    assert await adapter.write(access, "primary", moved) == first
    [item] = where.items()
    assert (item["title"], item["place"], item["tentative"]) == ("Planning", "Room 2", True)
    assert datetime.fromisoformat(item["start"]) == NOON + HOUR
    found: Changes = await adapter.changes(access, "primary", "", WINDOW)
    assert [each.id for each in found.entries] == [first]
    for _ in range(2):
        await adapter.remove(access, "primary", BOOKED.booking)
    assert where.items() == []
    await adapter.write(access, "primary", BOOKED)  # it comes back: somebody has taken it out by mistake
    assert len(where.items()) == 1


async def test_no_token_goes_anywhere_but_to_the_provider(server: str) -> None:
    adapter = Outlook("septet", "secret", f"{server}/outlook")  # the other's marks are no addresses
    with pytest.raises(CalendarAway):
        await adapter.changes("a token", "primary", "http://127.0.0.1:9/v1.0/elsewhere", WINDOW)
    await adapter.close()
