"""What the article's service does wrong: each is told to a model that does it so, which fails, and to Septet."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

import pytest

from domain.catalogue import CATALOGUE
from domain.kernel import ANONYMOUS, Context, Rejected
from domain.scheduling import calendar as rules
from domain.scheduling.ranking import Member, ranking
from domain.scheduling.zones import minute_of, text_of, zone
from tests.scenario import ANN, BOB, CID, NOON, fold
from tests.unit.domain.calendars import OPENED, TEN, book


class Service(Protocol):
    """As much of a scheduling service as the mistakes are about."""

    def book(self, number: int, start: datetime) -> bool: ...
    def convert(self, instant: datetime, zone_name: str) -> str: ...
    def choose(self, had: dict[UUID, int]) -> UUID: ...
    def kept_of(self, password: str) -> str: ...


class Naive:
    """As the article has it."""

    def book(self, number: int, start: datetime) -> bool:
        return True  # no conflict check; a time without its offset is as good as any

    def convert(self, instant: datetime, zone_name: str) -> str:
        return instant.isoformat()[:16]  # the conversion returns its input

    def choose(self, had: dict[UUID, int]) -> UUID:
        return next(iter(had))  # the team's member 0

    def kept_of(self, password: str) -> str:
        return password


class Septet:
    """The rules that decide."""

    def __init__(self) -> None:
        self.state = fold(CATALOGUE.named("scheduling", "calendar"), OPENED)

    def book(self, number: int, start: datetime) -> bool:
        context = Context(NOON, ANONYMOUS, str(ANN), number, f"command {number}")
        try:
            events = rules.decide(self.state, book(UUID(int=number), start), context)
        except Rejected:
            return False
        for event in events:
            self.state = rules.evolve(self.state, event)
        return True

    def convert(self, instant: datetime, zone_name: str) -> str:
        return text_of(zone(zone_name).wall(minute_of(instant)))

    def choose(self, had: dict[UUID, int]) -> UUID:
        return ranking({who: Member(meetings=count) for who, count in had.items()}, "a seed")[0]

    def kept_of(self, password: str) -> str:
        from api.secrets import Secrets

        return Secrets(b"installation").password_hash(password, "an occasion")


def no_two_have_one_time(service: Service) -> None:
    assert service.book(1, TEN)
    assert not service.book(2, TEN)
    assert service.book(3, TEN + timedelta(minutes=30))


def a_time_without_its_offset_is_refused(service: Service) -> None:
    assert not service.book(1, TEN.replace(tzinfo=None))


def a_time_is_converted(service: Service) -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert service.convert(summer, "Asia/Kathmandu") == "2026-07-01T17:45"
    assert service.convert(summer, "America/New_York") == "2026-07-01T08:00"
    assert service.convert(summer.replace(month=1), "America/New_York") == "2026-01-01T07:00"


def the_member_with_the_fewest_meetings_is_chosen(service: Service) -> None:
    assert service.choose({ANN: 3, BOB: 1, CID: 2}) == BOB


def passwords_cannot_be_read_back(service: Service) -> None:
    kept = service.kept_of("correct horse")
    assert "correct horse" not in kept
    assert base64.b64encode(b"correct horse").decode() not in kept


MISTAKES: tuple[Callable[[Service], None], ...] = (
    no_two_have_one_time,
    a_time_without_its_offset_is_refused,
    a_time_is_converted,
    the_member_with_the_fewest_meetings_is_chosen,
    passwords_cannot_be_read_back,
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: each.__name__)
def test_septet_does_not_make_a_mistake_that_the_article_makes(mistake: Callable[[Service], None]) -> None:
    with pytest.raises(AssertionError):
        mistake(Naive())
    mistake(Septet())
