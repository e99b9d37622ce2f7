"""Who was a member of a conversation between which messages, and had which hidden: what the fan-out asks."""

from collections.abc import Sequence
from uuid import UUID

from infra.tables import Table, Tables, Write

SPANS = Table(
    "chat_audience",
    partition={"conversation": UUID},
    clustering={"person": UUID, "since": int},  # the first message of this membership
    columns={"until": int},  # its last one; LASTS or none while it lasts
)
HIDDEN_FROM = Table(
    "chat_hidden_from",
    partition={"conversation": UUID},
    clustering={"seq": int, "person": UUID},
    columns={"hidden": bool},
)
LASTS = -1  # said explicitly, as it opens again the stay of somebody who left and came back between two messages
PAGE = 2_000


class Audience:
    """The memberships of each conversation as spans of messages; a person who comes back has a span for each stay.

    And the messages that do not exist for somebody who had blocked their sender.
    """

    tables = (SPANS, HIDDEN_FROM)

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

    async def hides(self, conversation: UUID) -> bool:
        """Whether any message of the conversation was hidden from anybody."""
        return bool(await self._tables.scan(HIDDEN_FROM, conversation=conversation, limit=1))

    async def hidden_from(self, conversation: UUID, seq: int) -> list[UUID]:
        """For whom the message does not exist."""
        rows = await self._tables.scan(
            HIDDEN_FROM, conversation=conversation, above=(seq - 1,), below=(seq + 1,), limit=PAGE
        )
        return [row["person"] for row in rows]

    def hidden(self, conversation: UUID, seq: int, people: Sequence[UUID], at: int) -> list[Write]:
        """The message does not exist for these people, now and later."""
        return [HIDDEN_FROM.put(at, conversation=conversation, seq=seq, person=each, hidden=True) for each in people]
