"""Recent states: few are kept, those in use among them, and none of a partition that has gone."""

from domain.kernel import Snapshot
from infra.log import TopicPartition
from processors.recent import Key, RecentStates

LIMIT = 3
HERE, THERE = ("chat.commands", 0), ("chat.commands", 1)


def key(number: int, partition: TopicPartition = HERE) -> Key:
    return partition, b"conversation/%d" % number


def filled(*numbers: int) -> RecentStates:
    states = RecentStates(LIMIT)
    for each in numbers:
        states[key(each)] = Snapshot(each, None)
    return states


def kept(states: RecentStates, *numbers: int) -> list[int]:
    return [found.version for each in numbers if (found := states.get(key(each))) is not None]


def test_however_many_come_it_keeps_no_more_than_two_rounds() -> None:
    states = RecentStates(LIMIT)
    for number in range(10 * LIMIT):
        states[key(number)] = Snapshot(number, None)
        assert len(states) <= 2 * LIMIT
        assert states.get(key(number)) == Snapshot(number, None)
    assert kept(states, *range(9 * LIMIT, 10 * LIMIT)) == [*range(9 * LIMIT, 10 * LIMIT)]


def test_reading_alone_does_not_make_it_grow() -> None:
    states = filled(*range(2 * LIMIT))
    for _ in range(10):
        for number in range(2 * LIMIT):
            states.get(key(number))
            assert len(states) <= 2 * LIMIT


def test_the_same_aggregate_again_and_again_drives_nothing_out() -> None:
    states = filled(0, 1, *[2] * 10 * LIMIT)
    assert kept(states, 0, 1, 2) == [0, 1, 2]


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    states = filled(0, 1)
    for number in range(2, 10 * LIMIT):
        states[key(number)] = Snapshot(number, None)
        assert kept(states, 0) == [0]
    assert kept(states, 1) == []


def test_a_newer_state_is_never_hidden_by_an_older_one() -> None:
    states = filled(0, 1, 2, 3)  # a round has ended: 0 is among the old
    states[key(0)] = Snapshot(100, None)
    assert kept(states, 0) == [100]
    for number in range(4, 4 + LIMIT):
        states[key(number)] = Snapshot(number, None)
        assert kept(states, 0) == [100]


def test_a_partition_that_has_gone_leaves_nothing_and_takes_nothing_else() -> None:
    states = RecentStates(LIMIT)
    for number in range(2 * LIMIT):  # in both rounds, of both partitions
        states[key(number, (HERE, THERE)[number % 2])] = Snapshot(number, None)
    states.forget(HERE)
    assert len(states) == LIMIT
    assert [states.get(key(number)) for number in range(0, 2 * LIMIT, 2)] == [None] * LIMIT
    left = [states.get(key(number, THERE)) for number in range(1, 2 * LIMIT, 2)]
    assert left == [Snapshot(number, None) for number in range(1, 2 * LIMIT, 2)]
