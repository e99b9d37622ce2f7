"""What the faces are given by the composition root."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from api.secrets import Secrets
from api.senders import CodeSender
from infra.blobs import Blobs
from infra.deadletters import DeadLetters
from infra.generations import Generations, Plan
from infra.tables import Tables
from producers.consents import Consents
from producers.gateway import Gateway
from producers.notice_keys import NoticeKeys
from producers.signals import Signals
from projections.chat.inbox import Inbox
from projections.chat.queries import Conversations
from projections.history import Histories
from projections.identity import People
from projections.journal import Journal
from projections.notice import Notices
from projections.parking.history import LotHistory
from projections.parking.money import Invoices
from projections.parking.queries import Lots
from projections.personal import PersonalData
from projections.projection import Projection
from projections.scheduling.hooks import Hooks
from projections.scheduling.links import Links
from projections.scheduling.queries import Calendars
from projections.status import Status
from projections.waiting import Waiting


@dataclass(frozen=True)
class Services:
    """One API process's ways to the log and to the read models."""

    engine: str
    systems: tuple[str, ...]  # those this installation has
    projections: tuple[Projection, ...]
    consumers: tuple[str, ...]
    gateway: Gateway
    signals: Signals
    tables: Tables
    waiting: Waiting
    people: People
    personal: PersonalData
    conversations: Conversations
    inbox: Inbox
    lots: Lots
    invoices: Invoices
    lot_history: LotHistory
    payment_news: Callable[[bytes, str], bool]  # whether a body was signed by the payment gateway
    calendars: Calendars
    hooks: Hooks
    links: Links
    consents: Consents
    consent_pages: Mapping[str, Callable[[str, str], str]]  # of a provider, for a state and a challenge
    notices: Notices
    notice_keys: NoticeKeys
    has_video: bool  # whether there is a tool for video meetings
    push_key: str  # by which push services know this installation
    blobs: Blobs
    letters: DeadLetters
    journal: Journal
    histories: Histories
    status: Status
    generations: Generations
    outdated: Callable[[Mapping[str, Plan]], Mapping[str, str]]  # read models that handlers would write otherwise now
    released: Mapping[str, Sequence[tuple[int, str]]]  # schemas by the record's full name: ids and texts, oldest first
    log_described: Mapping[str, Any]  # what lies on the log, as an AsyncAPI document
    secrets: Secrets
    sender: CodeSender
    access_token_life: timedelta
    reachable: Callable[[], Awaitable[str]]  # "" when log and tables answer, else what does not
