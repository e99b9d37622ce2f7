"""Whose turn it is: by weight, priority, what one has had, and since when one is there."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from domain.scheduling.ranking import Member, fair_credit, ranking
from tests.scenario import ANN, BOB, CID, DAN, NOON


def share(members: dict[UUID, Member], meetings: int) -> Counter[UUID]:
    """Who has how many of the next meetings, when everybody is always free."""
    had: Counter[UUID] = Counter()
    for number in range(meetings):
        first = ranking(members, f"command {number}")[0]
        at = NOON + timedelta(minutes=number)
        members[first] = replace(members[first], meetings=members[first].meetings + 1, last=at)
        had[first] += 1
    return had


def test_equals_share_equally_and_in_turn() -> None:
    assert share({each: Member() for each in (ANN, BOB, CID)}, 300) == {ANN: 100, BOB: 100, CID: 100}
    once = share({each: Member() for each in (ANN, BOB, CID)}, 3)
    assert set(once.values()) == {1}


def test_weights_divide_the_meetings() -> None:
    assert share({ANN: Member(200), BOB: Member(100), CID: Member(100)}, 400) == {ANN: 200, BOB: 100, CID: 100}


def test_the_higher_priority_is_asked_before_all_others() -> None:
    members = {ANN: Member(priority=1, meetings=99), BOB: Member(), CID: Member(priority=2, meetings=999)}
    assert ranking(members, "x") == [CID, ANN, BOB]


def test_among_equal_loads_it_is_the_one_who_waited_longest() -> None:
    members = {ANN: Member(last=NOON), BOB: Member(last=NOON - timedelta(days=1)), CID: Member()}
    assert ranking(members, "x") == [CID, BOB, ANN]


def test_the_seed_decides_between_equals_and_the_article_s_first_in_the_list_does_not() -> None:
    members = {each: Member() for each in (ANN, BOB, CID, DAN)}
    firsts = Counter(ranking(members, f"command {number}")[0] for number in range(400))
    assert set(firsts) == {ANN, BOB, CID, DAN}
    assert min(firsts.values()) > 60
    assert ranking(members, "same") == ranking(dict(reversed(members.items())), "same")


def test_who_joins_late_does_not_make_up_for_it() -> None:
    members = {ANN: Member(meetings=50), BOB: Member(meetings=50)}
    members[CID] = replace(Member(), credit=fair_credit(Member(), members.values()))
    assert share(members, 30) == {ANN: 10, BOB: 10, CID: 10}


def test_who_comes_back_does_not_either_and_loses_nothing() -> None:
    others = [Member(meetings=40), Member(meetings=60)]
    assert fair_credit(Member(meetings=10), others) == 40
    assert fair_credit(Member(meetings=90), others) == 0
    assert fair_credit(Member(meetings=10, weight=200), others) == 90
    assert fair_credit(Member(credit=7), [replace(each, paused=True) for each in others]) == 7


def test_who_is_paused_is_not_asked() -> None:
    assert ranking({ANN: Member(paused=True), BOB: Member()}, "x") == [BOB]
