"""What follows from events of the chat: who blocks somebody is not reached by their messages."""

from uuid import UUID

from domain.chat.contacts import Blocked, Unblocked
from domain.chat.conversation import SetBlocked, direct_id
from processors.policies.rules import Rules, Then
from schemas.envelope import Recorded


def blocked(event: Blocked, at: Recorded) -> list[Then]:
    blocker = UUID(at.aggregate_id)
    return [Then(SetBlocked(blocker, event.person, True), str(direct_id(blocker, event.person)))]


def unblocked(event: Unblocked, at: Recorded) -> list[Then]:
    blocker = UUID(at.aggregate_id)
    return [Then(SetBlocked(blocker, event.person, False), str(direct_id(blocker, event.person)))]


RULES: Rules = {Blocked: blocked, Unblocked: unblocked}
