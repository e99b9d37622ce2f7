"""What the faces are given by the composition root."""

from dataclasses import dataclass
from datetime import timedelta

from api.secrets import Secrets
from api.senders import CodeSender
from domain.kernel import Catalogue
from infra.deadletters import DeadLetters
from infra.log import Log
from infra.tables import Tables
from producers.gateway import Gateway
from projections.chat.inbox import Inbox
from projections.chat.queries import Conversations
from projections.identity import People
from projections.waiting import Waiting
from schemas.codec import Codec


@dataclass(frozen=True)
class Services:
    """One API process's ways to the log and to the read models."""

    engine: str
    gateway: Gateway
    catalogue: Catalogue
    codec: Codec
    log: Log
    tables: Tables
    waiting: Waiting
    people: People
    conversations: Conversations
    inbox: Inbox
    letters: DeadLetters
    consumers: tuple[str, ...]  # every consumer's name
    secrets: Secrets
    sender: CodeSender
    access_token_life: timedelta
