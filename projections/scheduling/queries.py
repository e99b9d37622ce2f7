"""What hosts and guests ask of calendars; who may see what is for the face to decide."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from domain.scheduling.calendar import KEPT, Booking, Busy, Calendar, Connection, Kind, Status, indexed
from domain.scheduling.calendar.state import Link
from domain.scheduling.erasure import Attendance, Remains, Said
from domain.scheduling.event_type import EventType
from domain.scheduling.ranking import Member
from domain.scheduling.routing import Form
from domain.scheduling.schedule import Absence, Holiday, Schedule
from domain.scheduling.team import Mode, Team, TeamType, Terms
from infra.tables import Row, Tables
from projections.scheduling.calendars import month_of
from projections.scheduling.tables import (
    ASSIGNED,
    BALLOTS,
    BOOKINGS,
    CALENDARS,
    ERASURES,
    FOLLOWERS,
    FOLLOWS,
    HISTORY,
    HOSTED,
    MEETINGS,
    MEMBER_OF,
    MINE,
    NOTES,
    OWN_POLLS,
    OWNED,
    POLLS,
    PUBLIC,
    SAID,
    SERIES,
    SETTINGS,
    TAKEN,
    TEAM_MEMBERS,
    TEAM_TYPES,
    TEAMS,
    VOTED,
)

MOST = 5_000  # rows of one partition


class Calendars:
    """Queries of scheduling."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def calendar(self, calendar: UUID) -> Row | None:
        """Whose it is, and what it is called; None where nobody opened it."""
        row = await self._tables.get(CALENDARS, calendar=calendar)
        return row if row and row["owner"] is not None else None

    async def owned(self, person: UUID) -> list[Row]:
        """The calendars that a person keeps."""
        return await self._tables.scan(OWNED, owner=person, limit=MOST)

    async def settings(self, calendar: UUID) -> Calendar | None:
        """A calendar without its bookings, as the rules know it."""
        head, rows = await asyncio.gather(
            self.calendar(calendar), self._tables.scan(SETTINGS, calendar=calendar, limit=MOST)
        )
        if head is None:
            return None
        values: dict[str, dict[str, str]] = {}
        for row in rows:
            values.setdefault(row["kind"], {})[row["name"]] = row["value"]
        decode = msgspec.json.decode
        return Calendar(
            owner=head["owner"],
            kind=Kind(head["kind"]),
            name=head["name"],
            event_types={k: decode(v, type=EventType) for k, v in values.get("event_type", {}).items()},
            schedules={k: decode(v, type=Schedule) for k, v in values.get("schedule", {}).items()},
            holidays=decode(values.get("holidays", {}).get("", "[]"), type=tuple[Holiday, ...]),
            absences={UUID(k): decode(v, type=Absence) for k, v in values.get("absence", {}).items()},
            busy={k: decode(v, type=tuple[Busy, ...]) for k, v in values.get("busy", {}).items()},
            forms={k: decode(v, type=Form) for k, v in values.get("form", {}).items()},
            webhooks={UUID(k): decode(v, type=str) for k, v in values.get("webhook", {}).items()},
            disabled={UUID(k): decode(v, type=str) for k, v in values.get("webhook_disabled", {}).items()},
            feed=decode(values.get("feed", {}).get("", "null"), type=UUID | None),
            connections={
                UUID(k): replace(
                    decode(v, type=Connection),
                    on=k in values.get("connection_on", {}),
                    why=decode(values.get("connection_failed", {}).get(k, '""'), type=str),
                )
                for k, v in values.get("connection", {}).items()
            },
            links={UUID(k): _link(v) for k, v in values.get("link", {}).items()},
        )

    async def around(self, calendar: UUID, start: datetime, end: datetime) -> Calendar | None:
        """A calendar with all that can matter for a meeting that begins in `[start, end)`."""
        months = range(month_of(start - KEPT), month_of(end + KEPT) + 1)
        settings, pages = await asyncio.gather(
            self.settings(calendar),
            asyncio.gather(*(self._tables.scan(TAKEN, calendar=calendar, month=each, limit=MOST) for each in months)),
        )
        if settings is None:
            return None
        bookings = {row["booking"]: _booking(row) for page in pages for row in page if row["status"] is not None}
        found = indexed(bookings)
        return replace(settings, bookings=bookings, days=found.days, held=found.held, longest=found.longest)

    async def booking(self, booking: UUID) -> Row | None:
        """Everything of one booking; None where there is none, or it is only held."""
        row = await self._tables.get(BOOKINGS, booking=booking)
        return row if row and row["booked_at"] is not None else None

    async def hosted(self, calendar: UUID, start: datetime, end: datetime) -> list[Row]:
        """The bookings of a calendar that begin in `[start, end)`, cancelled ones as well, by their start.

        What was booked before its owner had it cleared is theirs no more.
        """
        months = range(month_of(start), month_of(end - timedelta(microseconds=1)) + 1)
        head, pages = await asyncio.gather(
            self.calendar(calendar),
            asyncio.gather(*(self._tables.scan(HOSTED, calendar=calendar, month=each, limit=MOST) for each in months)),
        )
        if head is None:
            return []
        wanted = [row for page in pages for row in page if start <= row["start"] < end]
        found = await asyncio.gather(*(self.booking(row["booking"]) for row in wanted))
        return [row for row in found if row is not None and row["booked_at"] >= head["opened_at"]]

    async def of_guest(self, person: UUID) -> list[Row]:
        """What a person has booked while signed in, by its start."""
        return await self._all(await self._tables.scan(MINE, person=person, limit=MOST))

    async def history(self, booking: UUID) -> list[Row]:
        """What became of a booking, the oldest first."""
        return await self._tables.scan(HISTORY, booking=booking, limit=MOST)

    async def series(self, series: UUID) -> list[Row]:
        """The bookings of a series, by their start."""
        return await self._all(await self._tables.scan(SERIES, series=series, limit=MOST))

    async def notes(self, booking: UUID) -> list[Row]:
        """Comments and files of a booking, in the order in which they came."""
        rows = await self._tables.scan(NOTES, booking=booking, limit=MOST)
        return sorted((row for row in rows if row["written_at"] is not None), key=lambda row: row["written_at"])

    async def follows(self, person: UUID) -> list[UUID]:
        """Whom a person follows."""
        return [row["who"] for row in await self._tables.scan(FOLLOWS, person=person, limit=MOST)]

    async def followers(self, person: UUID) -> list[UUID]:
        """Who follows a person."""
        return [row["person"] for row in await self._tables.scan(FOLLOWERS, who=person, limit=MOST)]

    async def followers_after(self, person: UUID, after: UUID | None, limit: int) -> list[UUID]:
        """The same page by page: so many of them, after one."""
        above = None if after is None else (after,)
        return [row["person"] for row in await self._tables.scan(FOLLOWERS, who=person, above=above, limit=limit)]

    async def public(self, calendars: Sequence[UUID]) -> list[Row]:
        """The public bookings of these calendars, by their start. A booking's row knows whether it still is public."""
        pages = await asyncio.gather(*(self._tables.scan(PUBLIC, calendar=each, limit=MOST) for each in calendars))
        return [row for row in await self._all([row for page in pages for row in page]) if row["public"]]

    async def poll(self, poll: UUID) -> Row | None:
        """A poll; None where there is none."""
        row = await self._tables.get(POLLS, poll=poll)
        return row if row and row["owner"] is not None else None

    async def polls_of(self, owner: UUID) -> list[Row]:
        """The polls that a person has opened."""
        rows = await self._tables.scan(OWN_POLLS, owner=owner, limit=MOST)
        found = await asyncio.gather(*(self.poll(row["poll"]) for row in rows))
        return [row for row in found if row is not None]

    async def ballots(self, poll: UUID) -> list[Row]:
        """The votes of a poll."""
        return await self._tables.scan(BALLOTS, poll=poll, limit=MOST)

    async def erasure(self, person: UUID) -> Row | None:
        """When a person asked that nothing be kept of them, and whether that is done; None where they did not."""
        return await self._tables.get(ERASURES, person=person)

    async def remains(self, person: UUID, now: datetime, limit: int) -> Remains:
        """What shows of a person, up to `limit` of each kind: all that an erasure has to do yet."""
        calendars, mine, said, follows, followers, polls, voted = await asyncio.gather(
            self._tables.scan(OWNED, owner=person, limit=limit),
            self._tables.scan(MINE, person=person, limit=MOST),
            self._tables.scan(SAID, author=person, limit=MOST),
            self._tables.scan(FOLLOWS, person=person, limit=limit),
            self._tables.scan(FOLLOWERS, who=person, limit=limit),
            self._tables.scan(OWN_POLLS, owner=person, limit=limit),
            self._tables.scan(VOTED, person=person, limit=MOST),
        )
        booked = [
            Attendance(row["calendar"], row["booking"])
            for row in await self._all(mine)
            if row["status"] in ("pending", "confirmed") and row["start"] + timedelta(minutes=row["minutes"]) > now
        ]
        votes = await asyncio.gather(*(self._tables.get(BALLOTS, poll=row["poll"], voter=person) for row in voted))
        return Remains(
            calendars=tuple(row["calendar"] for row in calendars),
            meetings=tuple(booked[:limit]),
            notes=await self._said(said, limit),
            follows=tuple(row["who"] for row in follows),
            followers=tuple(row["person"] for row in followers),
            polls=tuple(row["poll"] for row in polls),
            ballots=tuple(row["poll"] for row in votes if row is not None)[:limit],
        )

    async def _said(self, rows: Sequence[Row], limit: int) -> tuple[Said, ...]:
        """Those of these notes that are still there. A file that lies beside a booking twice keeps its bytes."""
        found: list[Said] = []
        for booking in dict.fromkeys(row["booking"] for row in rows):
            head, notes = await asyncio.gather(self.booking(booking), self.notes(booking))
            own = {row["note"] for row in rows if row["booking"] == booking}
            for row in notes:
                alone = [each["digest"] for each in notes].count(row["digest"]) == 1
                if head is not None and row["note"] in own:
                    found.append(Said(head["calendar"], booking, row["note"], row["digest"] if alone else None))
            if len(found) >= limit:
                break
        return tuple(found[:limit])

    async def _all(self, rows: Sequence[Row]) -> list[Row]:
        """The bookings that these rows name, by their start."""
        found = await asyncio.gather(*(self.booking(row["booking"]) for row in rows))
        return sorted((row for row in found if row is not None), key=lambda row: row["start"])

    async def team(self, team: UUID) -> Team | None:
        """A team as the rules know it, with what each member has had so far; None where there is none."""
        head, members, types, assigned = await asyncio.gather(
            self._tables.get(TEAMS, team=team),
            self._tables.scan(TEAM_MEMBERS, team=team, limit=MOST),
            self._tables.scan(TEAM_TYPES, team=team, limit=MOST),
            self._tables.scan(ASSIGNED, team=team, limit=MOST),
        )
        if head is None or head["owner"] is None:
            return None
        had: dict[UUID, list[datetime]] = {}
        for row in assigned:
            had.setdefault(row["calendar"], []).append(row["chosen"])
        return Team(
            owner=head["owner"],
            name=head["name"],
            invited={
                row["calendar"]: Terms(row["weight"], row["priority"]) for row in members if row["weight"] is not None
            },
            members={
                row["calendar"]: Member(
                    row["weight"],
                    row["priority"],
                    len(had.get(row["calendar"], ())),
                    row["credit"] or 0,
                    max(had.get(row["calendar"], ()), default=None),
                    bool(row["paused"]),
                )
                for row in members
                if row["joined"] and row["weight"] is not None
            },
            types={
                row["slug"]: TeamType(msgspec.json.decode(row["value"], type=EventType), Mode(row["mode"]))
                for row in types
                if row["value"] is not None
            },
        )

    async def teams_of(self, calendar: UUID) -> list[UUID]:
        """The teams that a calendar was invited to or is in."""
        return [row["team"] for row in await self._tables.scan(MEMBER_OF, calendar=calendar, limit=MOST)]

    async def meeting(self, meeting: UUID) -> Row | None:
        """What became of a meeting of several; None where nobody asked for it, or it has not begun."""
        row = await self._tables.get(MEETINGS, meeting=meeting)
        return row if row and row["team"] is not None else None


def _link(value: str) -> Link:
    """A link as settings show it: nobody is shown what its secret hashes to."""
    known = msgspec.json.decode(value)
    return Link(known["slug"], datetime.fromisoformat(known["until"]), b"")


def _booking(row: Row) -> Booking:
    return Booking(
        slug=row["slug"],
        start=row["start"],
        minutes=row["minutes"],
        buffer_before=row["buffer_before"],
        buffer_after=row["buffer_after"],
        seats=row["seats"],
        status=Status(row["status"]),
        until=row["until"],
        blocks=row["blocks"],
        guest=None,
        proof=b"",
        meeting=None,
    )
