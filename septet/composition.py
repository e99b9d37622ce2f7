"""The composition root: the only place that reads the settings and knows which adapter stands behind a port."""

import asyncio
import secrets
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import structlog

from api.secrets import Secrets
from domain.catalogue import CATALOGUE
from domain.chat import signals
from domain.kernel import Catalogue
from infra import deadletters, generations, keyring, progress, workers
from infra.blob_store import ObjectBlobs
from infra.blobs import Blobs
from infra.calendars import Providers
from infra.clock import micros_now
from infra.generations import Generation, Generations, LiveTables, Plan
from infra.keyring import Keyring
from infra.log import Log, LogUnavailable, Retention, Topic
from infra.outbound import Post
from infra.payments import PaymentGateway
from infra.settings import Engine, Settings
from infra.tables import Table, Tables, TablesUnavailable
from infra.video import NamedRooms, NoRooms, VideoRooms
from processors.calendars.rows import TABLES as CALENDARS_TABLES
from processors.calendars.worker import Syncing
from processors.deadlines import Deadlines
from processors.delivery import Delivery
from processors.fanout import FanOut
from processors.forgetting import Forgetting
from processors.payments import Charging
from processors.policies import RULES, rules_with
from processors.policies.erasing import Erasing
from processors.policies.followers import Spreading
from processors.policies.worker import Policies, topics_of
from processors.sending.push import Vapid
from processors.sending.worker import Outside, Sending
from processors.streams import Handler, Stream
from producers.consents import Consents
from producers.notice_keys import NoticeKeys
from projections.chat.audience import Audience
from projections.chat.conversations import conversations
from projections.chat.inbox import Inbox
from projections.fingerprint import fingerprint
from projections.following import Following
from projections.identity import identity
from projections.notice import notices
from projections.parking.lots import parking
from projections.parking.money import invoices
from projections.projection import Projection
from projections.scheduling import scheduling
from projections.scheduling.hooks import Hooks
from projections.scheduling.links import Links
from projections.scheduling.queries import Calendars
from schemas import topics
from schemas.codec import Codec
from schemas.registry import Lock
from schemas.sealing import Seals

log = structlog.get_logger(__name__)

PROJECTIONS: tuple[Projection, ...] = (identity, conversations, parking, invoices, scheduling, notices)
WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True)
class House:
    """One process's view of an installation: what it decides with, and what it stands on."""

    settings: Settings
    catalogue: Catalogue
    codec: Codec
    log: Log
    store: Tables  # every table as it is
    generations: Generations
    tables: LiveTables  # as queries see them: of read models, the generation that is live
    blobs: Blobs
    secret: bytes
    keyring: Keyring

    async def prepare(self) -> None:
        """Makes topics and tables that are missing, waiting for log and tables where they are away.

        Raises WrongTopic where the log is not as it must be.
        """
        while True:
            try:
                self.log.ensure(all_topics(self.settings))
                await asyncio.to_thread(self.keyring.prepare)
                await self._make_tables()
                return
            except (LogUnavailable, TablesUnavailable) as error:
                log.warning("log or tables away, waiting for them", error=str(error))
                await asyncio.sleep(1.0)

    async def _make_tables(self) -> None:
        await self.store.create(own_tables())
        plans = dict(await self.generations.plans())
        for each in PROJECTIONS:
            if each.name not in plans:
                first = Generation(0, each.version, fingerprint(each), micros_now(), whole=True)
                plans[each.name] = Plan(each.name, (first,))
                await self.generations.put(plans[each.name])
            built = plans[each.name].generations
            await self.store.create([table.generation(one.number) for one in built for table in each.tables])
        for name, problem in all_outdated(plans).items():
            log.warning(problem, projection=name, rebuild=f"septet rebuild {name}")

    def stream(self, name: str) -> Stream[Any]:
        """The consumer of that name, ready to be fed; raises KeyError for a name there is none of."""
        return Stream(CONSUMERS[name].make(self), self.codec, self.log, self.tables)

    def close(self) -> None:
        self.keyring.close()
        self.log.close()


class Consumer(NamedTuple):
    """One of the roles that follow the log. What it reads is known before it is made: making it opens producers."""

    topics: tuple[str, ...]
    make: Callable[[House], Handler[Any]]


CONSUMERS: dict[str, Consumer] = {
    "fanout": Consumer(FanOut.topics, lambda house: FanOut(house.log, house.codec, Audience(house.tables))),
    "delivery": Consumer(
        Delivery.topics, lambda house: Delivery(house.log, house.codec, house.store, Inbox(house.store))
    ),
    "policies": Consumer(
        topics_of(CATALOGUE, RULES),
        lambda house: _policies(house),
    ),
    "forgetting": Consumer(Forgetting.topics, lambda house: Forgetting(house.keyring, house.codec)),
    "payments": Consumer(Charging.topics, lambda house: _charging(house)),
    "calendars": Consumer(Syncing.topics, lambda house: _syncing(house)),
    "sending": Consumer(Sending.topics, lambda house: _sending(house)),
    **{
        each.name: Consumer(each.topics, lambda house, each=each: Following(each, house.generations))  # type: ignore[misc]
        for each in PROJECTIONS
    },
}
READING: Mapping[str, Sequence[str]] = {name: each.topics for name, each in CONSUMERS.items()}


def all_topics(settings: Settings) -> list[Topic]:
    """Every topic, with how long it keeps what."""
    count = settings.partitions
    found = [
        Topic(topics.ANSWERS, settings.gateways, timedelta(hours=1)),
        Topic(topics.DEAD_COMMANDS, 1, Retention.FOREVER),
        keyring.TOPIC,
        Topic(signals.INBOX, count, MONTH),
        Topic(signals.SESSIONS, count, Retention.COMPACTED),
        Topic(signals.PASSING, count, timedelta(hours=1)),
    ]
    for system in CATALOGUE.systems:
        found += [
            Topic(topics.commands(system), count, WEEK),
            Topic(topics.events(system), count, Retention.FOREVER),
            Topic(topics.state(system), count, Retention.COMPACTED),
            Topic(topics.answered(system), count, timedelta(hours=25)),
        ]
    return found


def own_tables() -> Sequence[Table]:
    """Every table that is no read model's."""
    lists = (deadletters.TABLES, generations.TABLES, (progress.PROGRESS, *workers.TABLES))
    own = (
        *Inbox.tables,
        *Audience.tables,
        *Deadlines.tables,
        *Spreading.tables,
        *Erasing.tables,
        *Charging.tables,
        *Sending.tables,
        *Hooks.tables,
        *CALENDARS_TABLES,
        *Links.tables,
    )
    return [*own, *(each for tables in lists for each in tables)]


def outdated(projection: Projection, plan: Plan) -> str:
    """How the live generation differs from what the handlers would write now; "" where it does not."""
    live = plan.find(plan.live)
    if live.version != projection.version:
        return f"built by version {live.version}, the handlers are version {projection.version}: rebuild it"
    if live.handlers != fingerprint(projection):
        return "the handlers have changed since it was built: rebuild it, if they write something else now"
    return ""


def all_outdated(plans: Mapping[str, Plan]) -> dict[str, str]:
    """The read models that differ from what their handlers would write now, and how."""
    told = {each.name: outdated(each, plans[each.name]) for each in PROJECTIONS if each.name in plans}
    return {name: problem for name, problem in told.items() if problem}


def build(settings: Settings) -> House:
    """Opens an installation as the settings say; nothing is made or changed before `prepare`."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    match settings.engine:
        case Engine.EMBEDDED:
            source, store = _embedded(settings)
        case Engine.CLUSTER:
            source, store = _cluster(settings)
    plans, secret = Generations(store), _secret(settings)
    keys = Keyring(source, secret)
    codec = Codec(CATALOGUE, Lock.load(), keys=keys)
    tables = LiveTables(plans, {each.name: each.tables for each in PROJECTIONS}, Seals(keys).open_within)
    return House(settings, CATALOGUE, codec, source, store, plans, tables, _blobs(settings), secret, keys)


def _embedded(settings: Settings) -> tuple[Log, Tables]:
    from infra.embedded.log import EmbeddedLog
    from infra.embedded.tables import EmbeddedTables

    return EmbeddedLog(settings.data / "log.db"), EmbeddedTables(settings.data / "tables.db")


def _cluster(settings: Settings) -> tuple[Log, Tables]:
    from cassandra.auth import PlainTextAuthProvider

    from infra.cassandra.tables import CassandraTables
    from infra.kafka.log import KafkaLog

    source = KafkaLog(
        settings.kafka,
        data_dir=settings.data / "stores",
        security=settings.kafka_security,
        replication=settings.kafka_replication,
    )
    password = settings.cassandra_password.get_secret_value()
    auth = PlainTextAuthProvider(settings.cassandra_user, password) if settings.cassandra_user else None
    tables = CassandraTables(
        settings.cassandra,
        settings.cassandra_port,
        settings.cassandra_keyspace,
        replication=_replication(settings),
        datacenter=settings.cassandra_datacenter or None,
        auth=auth,
        tls=_tls(settings),
    )
    return source, tables


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """How nodes are trusted: by a certificate of ours to trust, and by the name they are reached by."""
    if settings.cassandra_ca is None:
        return None
    context = ssl.create_default_context(cafile=settings.cassandra_ca)
    if settings.cassandra_certificate is not None:
        context.load_cert_chain(settings.cassandra_certificate)
    return context


def _replication(settings: Settings) -> Mapping[str, str | int]:
    """One data centre by name where it is set, else wherever the nodes are."""
    if settings.cassandra_datacenter:
        return {"class": "NetworkTopologyStrategy", settings.cassandra_datacenter: settings.cassandra_replication}
    return {"class": "SimpleStrategy", "replication_factor": settings.cassandra_replication}


def _blobs(settings: Settings) -> Blobs:
    if not settings.blobs_bucket:
        return ObjectBlobs.in_folder(settings.data / "blobs")
    return ObjectBlobs.in_bucket(
        settings.blobs_bucket,
        region=settings.blobs_region,
        access_key_id=settings.blobs_key,
        secret_access_key=settings.blobs_secret.get_secret_value(),
        endpoint=settings.blobs_endpoint or None,
    )


def _policies(house: House) -> Policies:
    calendars = Calendars(house.tables)
    spreading = Spreading(house.tables, house.codec, calendars.followers_after)
    erasing = Erasing(house.tables, house.codec, calendars.remains, house.blobs)
    rules = rules_with(video_rooms(house))
    return Policies(house.log, house.codec, house.tables, house.catalogue, rules, (spreading, erasing))


def _charging(house: House) -> Charging:
    """With the gateway that is set, else a till in this process that takes no real money."""
    # Here, as in `_sending`: what only one role needs of other libraries, the others start without.
    from infra.payment_gateway.over_http import OverHttp
    from infra.payment_gateway.till import InProcess

    gateway: PaymentGateway = OverHttp(house.settings.payments) if house.settings.payments else InProcess()
    return Charging(house.log, house.codec, house.tables, house.catalogue, gateway)


def _syncing(house: House) -> Syncing:
    return Syncing(
        house.log,
        house.codec,
        house.tables,
        house.catalogue,
        other_calendars(house.settings),
        consents(house),
        Seals(house.keyring),
        Links(house.tables),
        back=back_from_consent(house.settings),
        every=house.settings.calendars_every,
    )


def other_calendars(settings: Settings) -> Providers:
    """Those that this installation is known to, or both where something stands in for them."""
    from infra.other_calendars.google import Google
    from infra.other_calendars.outlook import Outlook

    at = settings.calendars.rstrip("/")
    found: dict[str, Google | Outlook] = {}
    if at or settings.google_client:
        secret = settings.google_secret.get_secret_value()
        found["google"] = Google(settings.google_client or "septet", secret, f"{at}/google" if at else "")
    if at or settings.outlook_client:
        secret = settings.outlook_secret.get_secret_value()
        found["outlook"] = Outlook(settings.outlook_client or "septet", secret, f"{at}/outlook" if at else "")
    return found


def consents(house: House) -> Consents:
    """What people's consents to let us into their calendars hang on."""
    return Consents(Secrets(house.secret).key("calendar consent"))


def back_from_consent(settings: Settings) -> str:
    """The page that people come back to; it is registered with the providers."""
    return f"{settings.url.rstrip('/') or f'http://{settings.host}:{settings.port}'}/ui/scheduling/connected"


def notice_keys(house: House) -> NoticeKeys:
    """What codes and links in mails, and signatures of webhooks, are made with."""
    keys = Secrets(house.secret)
    return NoticeKeys(keys.key("e-mail code"), keys.key("webhook"), keys.key("stop mails"))


def video_rooms(house: House) -> VideoRooms:
    """Where video meetings take place."""
    url = house.settings.video
    return NamedRooms(url, Secrets(house.secret).key("video room")) if url else NoRooms()


def vapid(house: House) -> Vapid:
    """How push services know this installation."""
    return Vapid(Secrets(house.secret).key("vapid"), house.settings.mail_from)


def _sending(house: House) -> Sending:
    from infra.post.folder import Folder
    from infra.post.smtp import Smtp
    from infra.post.web import Http
    from processors.sending.mails import Mails

    settings, keys = house.settings, notice_keys(house)
    password = settings.mail_password.get_secret_value()
    folder = settings.data / "mail"
    post: Post = (
        Smtp(settings.mail, password, settings.mail_from) if settings.mail else Folder(folder, settings.mail_from)
    )
    mails = Mails(keys, settings.mail_from, settings.url, Secrets(house.secret).calendar_mark)
    outside = Outside(post, Http(settings.outbound_private), mails, keys, vapid(house), Hooks(house.tables))
    return Sending(house.log, house.codec, house.tables, house.catalogue, outside)


def _secret(settings: Settings) -> bytes:
    """The installation's secret: from the settings, else one that was made at the first start."""
    if text := settings.secret.get_secret_value():
        return text.encode()
    path = settings.data / "secret"
    if not path.exists():
        made = settings.data / f"secret.{secrets.token_hex(8)}"
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process was quicker: its secret counts
            path.hardlink_to(made)
        made.unlink()
    return path.read_text().encode()
