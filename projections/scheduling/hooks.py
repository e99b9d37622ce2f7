"""The webhooks of calendars and what was sent there: written by the role that sends, read by their owners."""

from datetime import timedelta
from uuid import UUID

from domain.instants import instant
from infra.tables import Row, Table, Tables, Write

LOGGED = timedelta(days=30)

HOOKS = Table("scheduling_hooks", partition={"calendar": UUID}, clustering={"webhook": UUID}, columns={"url": str})
CALLS = Table(
    "scheduling_calls",
    partition={"webhook": UUID},
    clustering={"place": int, "call": UUID},  # microseconds of what it tells of
    columns={"kind": str, "state": str, "attempts": int, "why": str, "done_at": int},
    descending=True,
    ttl=LOGGED,
)


class Hooks:
    """No read model: a rebuild calls nobody, and what became of a call stands in no event."""

    tables = (HOOKS, CALLS)

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def of(self, calendar: UUID) -> dict[UUID, str]:
        """The addresses that are called for a calendar, by webhook."""
        return {row["webhook"]: row["url"] for row in await self._tables.scan(HOOKS, calendar=calendar, limit=100)}

    def added(self, calendar: UUID, webhook: UUID, url: str, at: int) -> Write:
        return HOOKS.put(at, calendar=calendar, webhook=webhook, url=url)

    def removed(self, calendar: UUID, webhook: UUID, at: int) -> Write:
        return HOOKS.remove(at, calendar=calendar, webhook=webhook)

    def waiting(self, webhook: UUID, call: UUID, kind: str, place: int) -> Write:
        """It is to be called."""
        return CALLS.put(place, webhook=webhook, place=place, call=call, kind=kind)

    def done(self, webhook: UUID, call: UUID, place: int, state: str, attempts: int, why: str, at: int) -> Write:
        """What became of it: `state` is "delivered" or "failed"."""
        return CALLS.put(
            at, webhook=webhook, place=place, call=call, state=state, attempts=attempts, why=why, done_at=at
        )

    async def calls(self, webhook: UUID, limit: int) -> list[Row]:
        """What was sent there, the latest first."""
        rows = await self._tables.scan(CALLS, webhook=webhook, limit=limit)
        return [
            {
                **row,
                "state": row["state"] or "waiting",
                "attempts": row["attempts"] or 0,
                "why": row["why"] or "",
                "done_at": None if row["done_at"] is None else instant(row["done_at"]),
            }
            for row in rows
        ]
