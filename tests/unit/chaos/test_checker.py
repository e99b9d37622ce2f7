"""The chaos suite's checker can fail: each fault that is put into good evidence is found, and named."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.chaos.checker import Event, Evidence, Said, faults

CHAT, TOPIC = "the chat", "chat.events"
SAID = [Said(CHAT, n, f"id-{n}", f"text {n}") for n in range(1, 6)]
MADE = Event(TOPIC, 0, 1, 10, CHAT, 1)
EVENTS = [MADE, *(Event(TOPIC, 0, n + 1, 10 * (n + 1), CHAT, n + 1, said) for n, said in enumerate(SAID, start=1))]
ENTRIES = [(CHAT, each.seq) for each in SAID]
GOOD = Evidence(
    SAID[:-1],  # the answer to the last one got lost
    EVENTS,
    {CHAT: SAID},
    {"ann": ENTRIES, "bob": ENTRIES},
    {CHAT: frozenset({"ann", "bob"})},
    {"messages": 0},
)


def test_good_evidence_has_no_faults() -> None:
    assert faults(GOOD) == []


def lost() -> Evidence:
    """All of the system agrees that a message never was: only its sender knows better."""
    return replace(
        GOOD,
        acknowledged=SAID,
        events=EVENTS[:-1],
        shown={CHAT: SAID[:-1]},
        inboxes={"ann": ENTRIES[:-1], "bob": ENTRIES[:-1]},
    )


def doubled() -> Evidence:
    """A message that was sent again became a second one, of its own number: nothing else is out of order."""
    again = Said(CHAT, 6, "id-6", "text 5")
    entries = [*ENTRIES, (CHAT, 6)]
    return replace(
        GOOD,
        events=[*EVENTS, Event(TOPIC, 0, 7, 70, CHAT, 7, again)],
        shown={CHAT: [*SAID, again]},
        inboxes={"ann": entries, "bob": entries},
    )


def event(at: int, **changed: object) -> Callable[[], Evidence]:
    return lambda: replace(
        GOOD,
        events=[*EVENTS[:at], replace(EVENTS[at], **changed), *EVENTS[at + 1 :]],  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("seeded", "named"),
    [
        (lost, "on the log 0 times"),
        (doubled, "there twice"),
        (event(3, sequence=5), "sequences of"),
        (event(0, sequence=2), "sequences of"),
        (event(3, micros=30), "do not rise"),
        (event(3, micros=1), "do not rise"),
        (event(4, version=9), "versions of"),
        (event(3, said=replace(SAID[2], seq=4)), "messages of"),
        (event(3, said=replace(SAID[2], id="another")), "on the log 0 times"),
        (event(3, said=replace(SAID[2], text="another")), "on the log 0 times"),
        (lambda: replace(GOOD, events=[*EVENTS, EVENTS[-1]]), "sequences of"),
        (lambda: replace(GOOD, events=[*EVENTS[:2], EVENTS[3], EVENTS[2], *EVENTS[4:]]), "sequences of"),
        (lambda: replace(GOOD, shown={CHAT: SAID[:-1]}), "is shown otherwise"),
        (lambda: replace(GOOD, shown={}), "is shown otherwise"),
        (lambda: replace(GOOD, shown={CHAT: [*SAID, SAID[-1]]}), "is shown otherwise"),
        (lambda: replace(GOOD, inboxes={"ann": ENTRIES}), "inbox of bob"),
        (lambda: replace(GOOD, inboxes={"ann": ENTRIES, "bob": [*ENTRIES, ENTRIES[-1]]}), "inbox of bob"),
        (lambda: replace(GOOD, inboxes={"ann": ENTRIES, "bob": ENTRIES[::-1]}), "inbox of bob"),
        (lambda: replace(GOOD, rebuilt={"messages": 2}), "rebuild makes 2 rows"),
    ],
)
def test_each_fault_is_found(seeded: Callable[[], Evidence], named: str) -> None:
    assert any(named in each for each in faults(seeded())), faults(seeded())
