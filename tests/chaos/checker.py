"""What must be true of a chat after any storm, whatever was killed in it: a pure check of what was found afterwards."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a conversation. No two of a storm have the same text, unless one was sent twice."""

    chat: str
    seq: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """One record of a topic of events; `said` where it is a message."""

    topic: str
    partition: int
    sequence: int
    micros: int
    key: str
    version: int
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known when everything runs again and has caught up."""

    acknowledged: Sequence[Said]  # what senders were told
    events: Sequence[Event]  # the whole log, each partition in its order
    shown: Mapping[str, Sequence[Said]]  # what the read model shows of each conversation, in its order
    inboxes: Mapping[str, Sequence[tuple[str, int]]]  # conversation and seq of each message a person got, in order
    members: Mapping[str, frozenset[str]]  # the people of each conversation
    rebuilt: Mapping[str, int]  # rows of each table that a rebuild from zero makes otherwise


def faults(found: Evidence) -> list[str]:
    """Everything that is wrong, in words; empty where nothing is."""
    return [*_of_the_log(found), *_of_the_acknowledged(found), *_of_the_read_models(found), *_of_the_inboxes(found)]


def _of_the_log(found: Evidence) -> Iterator[str]:
    partitions, keys = defaultdict[Hashable, list[Event]](list), defaultdict[Hashable, list[Event]](list)
    for each in found.events:
        partitions[each.topic, each.partition].append(each)
        keys[each.topic, each.key].append(each)
    for place, events in partitions.items():
        yield from _holes(f"sequences of {place}", (each.sequence for each in events))
        times = [each.micros for each in events]
        late = [n for n in range(1, len(times)) if times[n] <= times[n - 1]]
        if late:
            yield f"times of {place} do not rise at sequence {events[late[0]].sequence} and {len(late) - 1} more"
    for key, events in keys.items():
        yield from _holes(f"versions of {key}", (each.version for each in events))
    for chat, said in _logged(found).items():
        yield from _holes(f"messages of {chat}", (each.seq for each in said))
        twice = [text for text, count in Counter(each.text for each in said).items() if count > 1]
        if twice:
            yield f"messages of {chat} that are there twice: {twice[:3]} of {len(twice)}"


def _of_the_acknowledged(found: Evidence) -> Iterator[str]:
    logged = Counter(each.said for each in found.events if each.said is not None)
    for each in found.acknowledged:
        if logged[each] != 1:
            yield f"acknowledged, but on the log {logged[each]} times: {each}"


def _of_the_read_models(found: Evidence) -> Iterator[str]:
    for chat, said in _logged(found).items():
        shown = list(found.shown.get(chat, ()))
        if shown != said:
            at = next((n for n, pair in enumerate(zip(shown, said, strict=False)) if pair[0] != pair[1]), len(shown))
            yield f"{chat} is shown otherwise than on the log from place {at} on ({len(shown)} of {len(said)})"
    yield from (f"{table}: a rebuild makes {rows} rows otherwise" for table, rows in found.rebuilt.items() if rows)


def _of_the_inboxes(found: Evidence) -> Iterator[str]:
    for chat, said in _logged(found).items():
        for person in found.members.get(chat, ()):
            got = [seq for where, seq in found.inboxes.get(person, ()) if where == chat]
            if got != [each.seq for each in said]:
                many = f"{len(got)} of {len(said)} messages"
                yield f"the inbox of {person} has {many} of {chat}, or not once and in order"


def _logged(found: Evidence) -> dict[str, list[Said]]:
    """The messages of each conversation, in the order of the log."""
    said: dict[str, list[Said]] = {}
    for each in found.events:
        if each.said is not None:
            said.setdefault(each.said.chat, []).append(each.said)
    return said


def _holes(what: str, numbers: Iterable[int]) -> Iterator[str]:
    expected = 1
    for each in numbers:
        if each != expected:
            yield f"{what}: {each} where {expected} belongs"
            return
        expected += 1
