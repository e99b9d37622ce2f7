"""What is remembered of a connection: how to get in, how far it was read, what is taken there, what is ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from infra.calendars import Tokens
from infra.tables import Row, Table, Tables, Write

CONNECTIONS = Table(
    "calendars_connections",
    partition={"place": str},  # the partition of events: "scheduling.events:3"
    clustering={"connection": UUID},
    columns={
        "calendar": UUID,
        "owner": UUID,
        "provider": str,
        "remote": str,
        "writes": bool,
        "zone": str,
        "headers": bytes,  # of the event that asked for it
        "secret": str,  # sealed: the code, later the tokens
        "good_until": int,  # of the access token; 0: there is none yet
        "mark": str,
        "whole_at": int,  # when everything is to be read again
        "told": bytes,  # a digest of the busy times that the calendar was told last
        "turn": int,
        "failures": int,
        "next_at": int,
        "ended": bool,
    },
)
# Taken there, without a word of what for.
ENTRIES = Table(
    "calendars_entries",
    partition={"connection": UUID},
    clustering={"entry": str},
    columns={"start": datetime, "end": datetime},
)
# Bookings that were written there, and under which name.
OWN = Table(
    "calendars_own",
    partition={"connection": UUID},
    clustering={"booking": UUID},
    columns={"entry": str, "title": str, "place": str, "start": datetime, "end": datetime},
)
# Events whose bookings are to be written there, in their order.
WAITING = Table(
    "calendars_waiting",
    partition={"connection": UUID},
    clustering={"micros": int, "event": str},
    columns={"headers": bytes, "body": bytes},
)
TABLES = (CONNECTIONS, ENTRIES, OWN, WAITING)
PAGE = 5_000


class Secret(msgspec.Struct, frozen=True):
    """What gets us in: first the code, then tokens."""

    code: str = ""
    access: str = ""
    refresh: str = ""

    def with_tokens(self, tokens: Tokens) -> "Secret":
        return Secret(access=tokens.access, refresh=tokens.refresh or self.refresh)


@dataclass(slots=True)
class Connection:
    """A row in memory, changed by a turn."""

    place: str
    id: UUID
    calendar: UUID
    owner: UUID
    provider: str
    remote: str
    writes: bool
    zone: str
    headers: bytes
    secret: str
    good_until: int = 0
    mark: str = ""
    whole_at: int = 0
    told: bytes = b""
    turn: int = 0
    failures: int = 0
    next_at: int = 0
    ended: bool = False

    def put(self, at: int) -> Write:
        kept = {name: getattr(self, name) for name in CONNECTIONS.columns}
        return CONNECTIONS.put(at, place=self.place, connection=self.id, **kept)

    def remove(self, at: int) -> Write:
        return CONNECTIONS.remove(at, place=self.place, connection=self.id)


async def connections_of(tables: Tables, place: str) -> list[Connection]:
    """All of a place."""
    found: list[Connection] = []
    above: tuple[UUID] | None = None
    while rows := await tables.scan(CONNECTIONS, place=place, above=above, limit=PAGE):
        found += [_connection(row) for row in rows if row["owner"] is not None]
        above = (rows[-1]["connection"],)
    return found


async def forgotten(tables: Tables, connection: UUID, at: int) -> list[Write]:
    """The writes after which nothing is known of what was there."""
    entries = await tables.scan(ENTRIES, connection=connection, limit=2 * PAGE)
    own = await tables.scan(OWN, connection=connection, limit=2 * PAGE)
    waiting = await tables.scan(WAITING, connection=connection, limit=2 * PAGE)
    return [
        *(ENTRIES.remove(at, connection=connection, entry=row["entry"]) for row in entries),
        *(OWN.remove(at, connection=connection, booking=row["booking"]) for row in own),
        *no_more(connection, waiting, at),
    ]


def no_more(connection: UUID, waiting: Sequence[Row], at: int) -> list[Write]:
    """The writes after which these wait no more."""
    return [WAITING.remove(at, connection=connection, micros=row["micros"], event=row["event"]) for row in waiting]


def _connection(row: Row) -> Connection:
    kept = {name: row[name] for name in CONNECTIONS.columns if row[name] is not None}
    return Connection(place=row["place"], id=row["connection"], **kept)
