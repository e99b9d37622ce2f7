"""Who was a member of a conversation between which messages: what the fan-out asks."""

from collections.abc import Sequence
from uuid import UUID

from infra.tables import Table, Tables, Write

SPANS = Table(
    "chat_audience",
    partition={"conversation": UUID},
    clustering={"person": UUID, "since": int},  # the first message of this membership
    columns={"until": int},  # its last one; LASTS or none while it lasts
)
LASTS = -1  # said explicitly, as it opens again the stay of somebody who left and came back between two messages
PAGE = 2_000


class Audience:
    """The memberships of each conversation as spans of messages; a person who comes back has a span for each stay."""

    tables = (SPANS,)

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def spans(self, conversation: UUID) -> list[tuple[UUID, int, int | None]]:
        """Every stay in the conversation: person, first message, last message (None while it lasts)."""
        found: list[tuple[UUID, int, int | None]] = []
        above: tuple[UUID, int] | None = None
        while rows := await self._tables.scan(SPANS, conversation=conversation, limit=PAGE, above=above):
            found += [(row["person"], row["since"], None if row["until"] == LASTS else row["until"]) for row in rows]
            above = (rows[-1]["person"], rows[-1]["since"])
        return found

    def joined(self, conversation: UUID, people: Sequence[UUID], since: int, at: int) -> list[Write]:
        """People become members before message `since`."""
        return [SPANS.put(at, conversation=conversation, person=each, since=since, until=LASTS) for each in people]

    def left(self, conversation: UUID, person: UUID, since: int, until: int, at: int) -> Write:
        """A stay that began with message `since` ends after message `until`."""
        return SPANS.put(at, conversation=conversation, person=person, since=since, until=until)
