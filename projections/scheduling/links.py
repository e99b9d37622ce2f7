"""How the calendars that people keep elsewhere are: written by the role that speaks to them, read by their owners."""

from uuid import UUID

from infra.tables import Row, Table, Tables, Write

LINKS = Table(
    "scheduling_links",
    partition={"calendar": UUID},
    clustering={"connection": UUID},
    columns={"synced_at": int, "problem": str},  # microseconds; "" where all is well
)


class Links:
    """No read model: a rebuild asks nobody, and how the other side answered stands in no event."""

    tables = (LINKS,)

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def of(self, calendar: UUID) -> dict[UUID, Row]:
        """By connection."""
        return {row["connection"]: row for row in await self._tables.scan(LINKS, calendar=calendar, limit=100)}

    def synced(self, calendar: UUID, connection: UUID, at: int) -> Write:
        return LINKS.put(at, calendar=calendar, connection=connection, synced_at=at, problem="")

    def troubled(self, calendar: UUID, connection: UUID, problem: str, at: int) -> Write:
        return LINKS.put(at, calendar=calendar, connection=connection, problem=problem)

    def ended(self, calendar: UUID, connection: UUID, at: int) -> Write:
        return LINKS.remove(at, calendar=calendar, connection=connection)
