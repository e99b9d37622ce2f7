"""Who wants nothing kept of them: what shows of theirs is deleted, and looked for again until nothing shows."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from uuid import UUID, uuid5

import msgspec
import structlog

from domain.identity.person import Forgotten
from domain.instants import instant
from domain.scheduling.calendar import CancelForGuest, ClearCalendar, EraseNote
from domain.scheduling.calendar.notes import blob_name
from domain.scheduling.erasure import AskErasure, ErasureAsked, NoteErasureDone, Remains
from domain.scheduling.follower import EndFollow, EndFollows
from domain.scheduling.poll import EraseBallot, ErasePoll
from infra.blobs import Blobs, BlobsUnavailable
from infra.clock import micros_now
from infra.tables import Row, Table, Tables, Write
from processors.agenda import Agenda
from processors.policies.rules import Rules, Step, Then
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Happened, Recorded, recorded_of

log = structlog.get_logger(__name__)

PAGE = 100  # of each kind in a turn
AT_ONCE, WAITING = 5, 500  # people of one partition in a step; that are looked at for it
QUIET = 2  # looks that have to find nothing: what was done just before may show a moment later
PAUSE, LONGEST = 2, 60  # seconds between looks; once nothing changes any more
_IDS = UUID("3f2a6a0e-7f51-5c8e-9d57-1b0a6d7c4e12")  # never changes: the new addresses of feeds hang on it

ERASING = Table(
    "policies_erasing",
    partition={"place": str},  # the partition of events: "scheduling.events:3"
    clustering={"event": str},
    columns={"headers": bytes, "body": bytes, "turn": int, "quiet": int, "same": int, "seen": bytes, "next_at": int},
)
Look = Callable[[UUID, datetime, int], Awaitable[Remains]]  # what shows of a person at an instant, so many of each kind


def forgotten(event: Forgotten, at: Recorded) -> list[Then]:
    """Whose account has ended keeps nothing here."""
    return [Then(AskErasure(), at.aggregate_id)]


FORGETTING: Rules = {Forgotten: forgotten}


class Erasing:
    """Whoever asked, of the partitions of events that one worker owns.

    A turn sends commands that may be sent again, and then notes that it is over: a crash between the two repeats it.
    Nothing has to be remembered of what was done: what is gone does not show.
    """

    tables = (ERASING,)

    def __init__(self, tables: Tables, codec: Codec, look: Look, blobs: Blobs) -> None:
        self._tables, self._codec, self._look, self._blobs = tables, codec, look, blobs
        self._asked = codec.type_name(ErasureAsked)
        self._agenda = Agenda()

    @property
    def types(self) -> Iterable[str]:
        return (self._asked,)

    def open(self, places: Iterable[str]) -> None:
        self._agenda.open(places)

    def close(self, places: Iterable[str]) -> None:
        self._agenda.close(places)

    async def keep(self, happened: Happened) -> list[Write]:
        if happened.at.type != self._asked:
            return []
        at = happened.at
        place = f"{topics.events(at.system)}:{at.partition}"
        self._agenda.add(place, 0)
        headers, body = msgspec.msgpack.encode(at.headers()), self._codec.encode(happened.event, at.aggregate_id)
        return [ERASING.put(at.micros, place=place, event=at.id, headers=headers, body=body)]

    async def step(self) -> Step:
        """A turn of everybody whose pause is over."""
        step = Step([], [])
        for place in self._agenda.due(micros_now()):
            rows, now = await self._tables.scan(ERASING, place=place, limit=WAITING), micros_now()
            due = [row for row in rows if (row["next_at"] or 0) <= now]
            for row in due[:AT_ONCE]:
                await self._turn(row, step)
            if not due:
                self._agenda.rest(place, now, min((row["next_at"] for row in rows), default=None))
        return step

    async def _turn(self, row: Row, step: Step) -> None:
        topic, _, number = row["place"].rpartition(":")
        at = recorded_of(topic, int(number), msgspec.msgpack.decode(row["headers"], type=dict[str, bytes]))
        person, turn, now = self._codec.decode(row["body"]).person, row["turn"] or 0, micros_now()
        found = await self._look(person, instant(now), PAGE)
        quiet = (row["quiet"] or 0) + 1 if found == Remains() else 0
        if quiet >= QUIET:
            step.commands.append((at, "done", Then(NoteErasureDone(), str(person))))
            step.writes.append(ERASING.remove(now, place=row["place"], event=row["event"]))
            log.info("erased", turns=turn)
            return
        try:
            await self._delete_files(found)
        except BlobsUnavailable as error:
            log.warning("files cannot be deleted now", error=str(error))
            later = now + PAUSE * 1_000_000
            step.writes.append(ERASING.put(now, place=row["place"], event=row["event"], next_at=later))
            return
        for name, then in self._commands(at, person, found, first=turn == 0):
            step.commands.append((at, f"{turn}/{name}", then))
        seen = blake2b(msgspec.msgpack.encode(found), digest_size=8).digest()
        same = (row["same"] or 0) + 1 if seen == row["seen"] else 0
        step.writes.append(
            ERASING.put(
                now,
                place=row["place"],
                event=row["event"],
                turn=turn + 1,
                quiet=quiet,
                same=same,
                seen=seen,
                next_at=now + min(PAUSE << min(same, 5), LONGEST) * 1_000_000,
            )
        )

    def _commands(self, at: Recorded, person: UUID, found: Remains, *, first: bool) -> Iterator[tuple[str, Then]]:
        """What is to be said to whom, each with its name. The first turn asks those that know by themselves."""
        if first:
            yield "follows", Then(EndFollows(), str(person))
        for calendar in {*found.calendars, *((person,) if first else ())}:
            yield f"calendar/{calendar}", Then(ClearCalendar(person, uuid5(_IDS, f"{at.id}/{calendar}")), str(calendar))
        for each in found.meetings:
            yield f"meeting/{each.booking}", Then(CancelForGuest(each.booking, person), str(each.calendar))
        for said in found.notes:
            yield f"note/{said.note}", Then(EraseNote(said.booking, said.note, person), str(said.calendar))
        for follower in found.followers:
            yield f"follower/{follower}", Then(EndFollow(person), str(follower))
        for poll in found.polls:
            yield f"poll/{poll}", Then(ErasePoll(person), str(poll))
        for poll in found.ballots:
            yield f"ballot/{poll}", Then(EraseBallot(person), str(poll))

    async def _delete_files(self, found: Remains) -> None:
        """The bytes go before the word that they are gone. Raises BlobsUnavailable."""
        for said in found.notes:
            if said.digest is not None:
                await self._blobs.delete(blob_name(said.booking, said.digest))
