"""The API of one process: its services opened on the house, served by uvicorn."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import VERSION, create_app
from api.secrets import Secrets
from api.senders import sender_of
from api.services import Services
from infra.deadletters import DeadLetters
from infra.generations import one_view
from infra.log import LogUnavailable, Retention, Topic
from infra.payment_gateway.over_http import is_signed
from infra.progress import progress_of
from infra.settings import Settings
from infra.tables import TablesUnavailable
from producers.gateway import Gateway
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
from projections.scheduling.hooks import Hooks
from projections.scheduling.links import Links
from projections.scheduling.queries import Calendars
from projections.status import Status
from projections.waiting import Waiting
from schemas import asyncapi
from schemas.registry import Lock
from septet.composition import (
    CONSUMERS,
    PROJECTIONS,
    READING,
    House,
    all_outdated,
    all_topics,
    back_from_consent,
    consents,
    notice_keys,
    other_calendars,
    vapid,
)
from septet.loading import loading


def _consent_pages(settings: Settings) -> dict[str, Callable[[str, str], str]]:
    back = back_from_consent(settings)
    return {
        name: lambda state, challenge, each=each: each.consent(state, challenge, back)  # type: ignore[misc]
        for name, each in other_calendars(settings).items()
    }


@asynccontextmanager
async def services(house: House) -> AsyncIterator[Services]:
    """Everything the faces need, open for as long as the block runs."""
    gateway = Gateway(house.catalogue, house.codec, house.log, house.settings.slot)
    await gateway.start()
    try:
        yield Services(
            engine=house.settings.engine.value,
            systems=house.catalogue.systems,
            projections=PROJECTIONS,
            consumers=tuple(CONSUMERS),
            gateway=gateway,
            signals=Signals(house.log, house.codec),
            tables=house.tables,
            waiting=Waiting(house.tables),
            people=People(house.tables),
            personal=PersonalData(house.log, house.codec, house.catalogue),
            conversations=Conversations(house.tables),
            inbox=Inbox(house.tables),
            lots=Lots(house.tables),
            invoices=Invoices(house.tables),
            lot_history=LotHistory(house.tables),
            payment_news=lambda body, mark: is_signed(house.settings.payments_secret.get_secret_value(), body, mark),
            calendars=Calendars(house.tables),
            hooks=Hooks(house.tables),
            links=Links(house.tables),
            consents=consents(house),
            consent_pages=_consent_pages(house.settings),
            notices=Notices(house.tables),
            notice_keys=notice_keys(house),
            has_video=bool(house.settings.video),
            push_key=vapid(house).public,
            blobs=house.blobs,
            letters=DeadLetters(house.tables),
            journal=Journal(house.log, house.codec, house.tables, tuple(CONSUMERS)),
            histories=Histories(house.log, house.codec, house.catalogue),
            status=Status(house.log, house.tables, READING),
            generations=house.generations,
            outdated=all_outdated,
            released=_released(),
            log_described=_described(house),
            secrets=Secrets(house.secret, house.settings.password_memory),
            sender=sender_of(house.settings.code_sender),
            access_token_life=house.settings.access_token_life,
            reachable=lambda: _reachable(house),
        )
    finally:
        await gateway.close()


def _released() -> dict[str, list[tuple[int, str]]]:
    """Every released schema, as a registry's clients are given it."""
    released = Lock.load().versions
    return {name: [(each.id, json.dumps(each.schema)) for each in versions] for name, versions in released.items()}


def _described(house: House) -> dict[str, Any]:
    """The topics of this installation and what is on them."""
    stored = [asyncapi.Stored(each.name, each.partitions, _kept(each)) for each in all_topics(house.settings)]
    return asyncapi.described(house.catalogue, stored, VERSION)


def _kept(topic: Topic) -> dict[str, Any]:
    """How long a topic keeps its records, in Kafka's words."""
    match topic.retention:
        case Retention.COMPACTED | Retention.ERASED:
            return {"cleanup.policy": ["compact"], "retention.ms": -1}
        case Retention.FOREVER:
            return {"cleanup.policy": ["delete"], "retention.ms": -1}
        case timedelta() as kept:
            return {"cleanup.policy": ["delete"], "retention.ms": kept // timedelta(milliseconds=1)}


async def _reachable(house: House) -> str:
    try:
        await asyncio.to_thread(house.log.topics)
        await progress_of(house.tables, next(iter(CONSUMERS)))
    except (LogUnavailable, TablesUnavailable) as error:
        return str(error)
    return ""


class OneView:
    """Each HTTP request reads one generation of the read models, whatever is switched meanwhile."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with one_view():
            await self._app(scope, receive, send)


def serve(house: House) -> None:
    """Serves until SIGTERM or SIGINT."""
    settings = house.settings
    with loading():
        app = create_app(lambda: services(house), settings.framed_by)
    app.add_middleware(OneView)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # costs 64 KiB a connection, and messages are short
        ws_max_size=256 * 1024,
        log_config=None,  # as all libraries: in our form, and no less than warnings, for frames have secrets in them
        access_log=False,  # so can addresses
        forwarded_allow_ips=settings.proxies,
        timeout_keep_alive=75,  # longer than those in front keep an idle connection: else it ends as it is used
        timeout_graceful_shutdown=5,
    )
