"""A group that talks for some weeks: who says what to whom and when, the same for the same seed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from producers.chat_export.entries import Kind
from producers.chat_export_sample.scenes import Scene, Words, language, load

ZONE = ZoneInfo("Europe/Berlin")

_HOURS = {
    "morning": (7.0, 9.2),
    "day": (10.0, 17.0),
    "evening": (17.7, 21.3),
    "late": (22.0, 23.2),
    "weekend": (9.5, 17.0),
    "": (8.0, 21.5),
}
_SCENES_A_DAY = ((1, 2, 3, 4), (2, 5, 4, 1)), ((2, 3, 4, 5), (2, 5, 4, 1))  # how many and how likely; at weekends
_SENT = re.compile(r"\[(\w+)(?: ([^\]]+))?\](?: (.+))?", re.DOTALL)
_EDITED = " [edited]"
_FILLERS = ("👍", "😂", "❤️", "haha", "same", "so true", "😄", "🙏", "good to know", "nice!", "oh wow", "😅", "ok!")


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    called: str
    speaks: frozenset[str]
    phone: str  # E.164, out of the numbers kept free for fiction


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    former_title: str
    topics: frozenset[str]
    people: tuple[Person, ...]  # the first founds it, the last joins later
    founded: date


@dataclass(frozen=True, slots=True)
class Said:
    at: datetime
    author: Person
    text: str
    kind: Kind = Kind.TEXT
    name: str = ""
    deleted: bool = False
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    at: datetime
    author: Person | None
    text: str


def conversation(group: Group, *, messages: int, seed: int) -> Iterator[Said | Noted]:
    """What a group said since it was founded, until the scene with the given number of messages has ended."""
    chance = Random(f"{group.title} {seed}")
    now = datetime.combine(group.founded, time(18, 2), ZONE).astimezone(UTC)
    for note in _beginning(group):
        yield Noted(now, *note)
        now += timedelta(seconds=chance.randint(2, 20))
    present = group.people[:-1]
    pending = _later(group, messages)
    said = 0
    words, scenes = load()
    for start, scene in _days([scene for scene in scenes if scene.topic in group.topics], group.founded, chance):
        now = max(start, now + timedelta(minutes=chance.randint(6, 40)))
        if pending and pending[0][0] <= said:
            _, author, text = pending.pop(0)
            present = group.people if author == group.people[-1] else present
            yield Noted(now, author, text)
            now += timedelta(seconds=chance.randint(20, 200))
        for message in _play(scene, words, present, now, chance):
            yield message
            said, now = said + 1, message.at
        if said >= messages:
            return


def _beginning(group: Group) -> Iterator[tuple[Person | None, str]]:
    founder, *others = group.people[:-1]
    yield None, "Messages and calls are end-to-end encrypted. Only people in this chat can read them."
    yield founder, f'{founder.name} created group "{group.former_title}"'
    for other in others:
        yield founder, f"{founder.name} added {other.name}"


def _later(group: Group, messages: int) -> list[tuple[int, Person, str]]:
    founder, second, third, *_, newcomer = group.people
    return [
        (messages * 1 // 40, second, f"{second.name} changed this group's icon"),
        (messages * 3 // 40, newcomer, f"{newcomer.name} joined using this group's invite link"),
        (messages * 8 // 40, third, f'{third.name} changed the subject from "{group.former_title}" to "{group.title}"'),
        (messages * 9 // 40, founder, f"{founder.name} changed the group description"),
        (messages * 17 // 40, second, f"{second.name} pinned a message"),
        (messages * 26 // 40, third, f"{third.name} changed this group's icon"),
        (messages * 33 // 40, founder, f"{founder.name} changed the group description"),
    ]


def _days(scenes: list[Scene], day: date, chance: Random) -> Iterator[tuple[datetime, Scene]]:
    """For every later day the moments when somebody begins to talk, and of what; no scene comes again soon."""
    deck: list[Scene] = []
    played: list[Scene] = chance.sample(scenes, len(scenes))
    while True:
        day += timedelta(days=1)
        weekend = day.weekday() >= 5
        today: list[tuple[datetime, Scene]] = []
        for _ in range(chance.choices(*_SCENES_A_DAY[weekend])[0]):
            if len(deck) < 10:
                half = len(played) // 2
                deck += chance.sample(played[:half], half) + chance.sample(played[half:], len(played) - half)
                played.clear()
            scene = next(scene for scene in deck if weekend or scene.hours != "weekend")
            deck.remove(scene)
            if not scene.once:
                played.append(scene)
            hour = timedelta(seconds=int(3600 * chance.uniform(*_HOURS[scene.hours])))
            today.append((datetime.combine(day, time(0), ZONE).astimezone(UTC) + hour, scene))
        yield from sorted(today, key=lambda item: item[0])


def _play(scene: Scene, words: Words, present: tuple[Person, ...], now: datetime, chance: Random) -> Iterator[Said]:
    cast: dict[str, Person] = {}
    for role in scene.roles:
        spoken = language(role) or "en"
        cast[role] = chance.choice([p for p in present if spoken in p.speaks and p not in cast.values()])
    meant = {word: chance.choice(choices) for word, choices in words.items()}
    meant |= {role: person.called for role, person in cast.items()}
    lines = [(cast[line.role], chance.choice(line.wordings).format_map(meant)) for line in scene.lines]
    if chance.random() < 0.3:
        lines.append((chance.choice([p for p in present if p is not lines[-1][0]]), chance.choice(_FILLERS)))
    last: Person | None = None
    for author, written in lines:
        pause = chance.uniform(3, 25) if author is last else min(chance.lognormvariate(3.6, 1.2), 1500.0)
        now += timedelta(seconds=int(pause + len(written) / 6))
        last = author
        yield _said(now, author, written)


def _said(at: datetime, author: Person, written: str) -> Said:
    sent = _SENT.fullmatch(written)
    if sent is None:
        return Said(at, author, written.removesuffix(_EDITED), edited=written.endswith(_EDITED))
    what, name, caption = sent[1], sent[2] or "", sent[3] or ""
    return Said(at, author, "", deleted=True) if what == "deleted" else Said(at, author, caption, Kind(what), name)
