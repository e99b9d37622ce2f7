"""What the benchmarks count: arrivals, messages, steps."""

import time

import pytest

from bench.load import Meter, Step, outcome
from bench.pace import Times, open_loop


def test_a_meter_tells_missing_doubled_and_late_messages_apart() -> None:
    meter = Meter()
    meter.begin(1)
    late = meter.text(0, time.monotonic_ns()).encode()
    meter.begin(3)
    texts = [meter.text(number, time.monotonic_ns()).encode() for number in range(3)]

    for text in (late, texts[0], texts[1], texts[1]):
        meter.delivered(text)

    assert (len(meter.delivering.values), meter.doubled, meter.missing) == (2, 1, 1)


def test_a_message_to_many_is_complete_when_all_have_it() -> None:
    meter = Meter()
    meter.begin(1, copies=3)
    text = meter.text(0, time.monotonic_ns()).encode()

    for left in (2, 1, 0):
        meter.delivered(text)
        assert meter.missing == left


def test_texts_are_eighty_bytes() -> None:
    meter = Meter()
    meter.begin(1)
    assert len(meter.text(0, time.monotonic_ns()).encode()) == 80


@pytest.mark.parametrize(
    ("p99", "missing", "good"),
    [(250.0, 0, True), (250.1, 0, False), (10.0, 1, True), (10.0, 2, False), (None, 100, False)],
)
def test_a_rate_is_held_when_nearly_all_arrives_in_time(p99: float | None, missing: int, good: bool) -> None:
    assert Step(10, 100, 9.0, 1.0, p99, missing).good is good


def test_the_outcome_names_the_highest_rate_that_was_held() -> None:
    held, too_much = Step(10, 100, 9.9, 1.0, 20.0, 0), Step(14, 140, 12.0, 100.0, 400.0, 0)
    assert outcome("it", [held, too_much]) == "it: 10 messages/s with p99 20.0 ms; at most 12.0 delivered a second"
    assert "none of the rates" in outcome("it", [too_much])
    assert "the highest rate tried" in outcome("it", [held])


async def test_arrivals_are_all_sent_in_order_and_never_before_they_are_due() -> None:
    sent: list[tuple[int, int, int]] = []
    await open_loop(1_000, 0.05, lambda number, due: sent.append((number, due, time.monotonic_ns())))
    assert [number for number, _, _ in sent] == list(range(50))
    assert all(now >= due for _, due, now in sent)
    assert sorted(due for _, due, _ in sent) == [due for _, due, _ in sent]


def test_no_figure_without_a_measurement() -> None:
    assert Times().percentiles(0.5, 0.99) == [None, None]
