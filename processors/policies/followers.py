"""Followers are told of what becomes public: page by page, so that nothing else waits, however many there are."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import msgspec

from domain.kernel import Message
from domain.notice.recipient import Category, Notice, Tell
from domain.scheduling.calendar import Cancelled, PublicSet
from infra.clock import micros_now
from infra.tables import Row, Table, Tables, Write
from processors.policies.rules import Step, Then
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Happened, Recorded, recorded_of

PAGE = 200  # followers that one event is told to in a step, about one a second
AT_ONCE = 5  # events of one partition
MOST = 100  # rows of one booking: it was made public so often, and all are on their way
_IDS = UUID("5d0f7f0e-2c5c-5f3b-9d0e-8d4a6f1c2b90")  # never changes: the ids of notices hang on it

SPREADING = Table(
    "policies_spreading",
    partition={"place": str},  # the partition of events: "scheduling.events:3"
    clustering={"name": str},  # of what is told, and the event's id
    columns={"headers": bytes, "body": bytes, "after": UUID},
)
Followers = Callable[[UUID, UUID | None, int], Awaitable[Sequence[UUID]]]  # of somebody, after one, so many


@dataclass(frozen=True, slots=True)
class ToFollowers:
    """A command to each follower of somebody; None ends what was begun under this name and is not done yet."""

    name: str
    of: UUID
    command: Message | None


Rule = Callable[[Any, Recorded], ToFollowers]


def public_set(event: PublicSet, at: Recorded) -> ToFollowers:
    """Told once of a booking, however often it becomes public. Neither host nor guest is named."""
    what = Notice(
        notice=uuid5(_IDS, f"public/{event.booking}"),
        category=Category.FOLLOWING,
        kind="following.public",
        subject=f"Public: {event.title}" if event.title else "A new public event",
        text=f"Somebody you follow is there on {event.start:%Y-%m-%d %H:%M} UTC.",
        link=f"/ui/book/{at.aggregate_id}",
        about={"calendar": at.aggregate_id, "booking": str(event.booking)},
    )
    return ToFollowers(_name(event.booking), UUID(at.aggregate_id), Tell(what) if event.public else None)


def cancelled(event: Cancelled, at: Recorded) -> ToFollowers:
    return ToFollowers(_name(event.booking), UUID(at.aggregate_id), None)


def _name(booking: UUID) -> str:
    return f"public/{booking}"


RULES: Mapping[type, Rule] = {PublicSet: public_set, Cancelled: cancelled}


class Spreading:
    """What is on its way to followers, of the partitions of events that one worker owns.

    A step sends a page for each event and then notes how far it came: a crash between the two sends the page again,
    with the same ids. A row is put as of its event and removed as of now, so what is done does not come back when
    events are read again.
    """

    tables = (SPREADING,)

    def __init__(self, tables: Tables, codec: Codec, followers: Followers) -> None:
        self._tables, self._codec, self._followers = tables, codec, followers
        self._rules = {codec.type_name(event): rule for event, rule in RULES.items()}
        self._places: set[str] = set()  # where something may be on its way
        self._begun: set[tuple[str, str]] = set()  # places and names of rows that may not be written yet

    @property
    def types(self) -> Iterable[str]:
        """The events that there are rules for."""
        return self._rules

    def open(self, places: Iterable[str]) -> None:
        """Goes on with what is on its way from these places."""
        self._places.update(places)

    def close(self, places: Iterable[str]) -> None:
        """Leaves places to others."""
        self._places.difference_update(places)

    async def keep(self, happened: Happened) -> list[Write]:
        """The writes that begin or end what an event means."""
        rule = self._rules.get(happened.at.type)
        if rule is None:
            return []
        meant, at = rule(happened.event, happened.at), happened.at
        place = f"{topics.events(at.system)}:{at.partition}"
        if meant.command is None:
            return await self._ended(place, f"{meant.name}/", at)
        name = f"{meant.name}/{at.id}"
        self._places.add(place)
        self._begun.add((place, name))
        headers, body = msgspec.msgpack.encode(at.headers()), self._codec.encode(happened.event, at.aggregate_id)
        return [SPREADING.put(at.micros, place=place, name=name, headers=headers, body=body)]

    async def _ended(self, place: str, prefix: str, at: Recorded) -> list[Write]:
        if place not in self._places:
            return []
        rows = await self._tables.scan(SPREADING, place=place, above=(prefix,), limit=MOST)
        names = {row["name"] for row in rows} | {name for where, name in self._begun if where == place}
        now = max(micros_now(), at.micros)
        return [SPREADING.remove(now, place=place, name=each) for each in names if each.startswith(prefix)]

    async def step(self) -> Step:
        """The next page of each event."""
        step = Step([], [])
        for place in sorted(self._places):
            rows = await self._tables.scan(SPREADING, place=place, limit=AT_ONCE)
            if not rows:
                self._places.discard(place)
            for row in rows:
                await self._page(row, step)
        self._begun.clear()
        return step

    async def _page(self, row: Row, step: Step) -> None:
        topic, _, number = row["place"].rpartition(":")
        headers = msgspec.msgpack.decode(row["headers"], type=dict[str, bytes])
        at = recorded_of(topic, int(number), headers)
        meant = self._rules[at.type](self._codec.decode(row["body"]), at)
        found = await self._followers(meant.of, row["after"], PAGE)
        step.commands.extend((at, str(each), Then(meant.command, str(each))) for each in found)
        now = max(micros_now(), at.micros)
        if len(found) < PAGE:
            step.writes.append(SPREADING.remove(now, place=row["place"], name=row["name"]))
        else:
            step.writes.append(SPREADING.put(now, place=row["place"], name=row["name"], after=found[-1]))
