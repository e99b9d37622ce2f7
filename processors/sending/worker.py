"""The only one that speaks to the outside on behalf of notices: each mail, webhook and push is sent until it is taken.

No rebuild can run it. What is to be sent is a row first, so a target that is slow or away keeps no other waiting, and
a worker that dies leaves the rest to the next. What is sent has an id made of the event: after a crash between the
sending and the note of it, it comes twice with one id.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import get_args
from uuid import UUID, uuid5

import msgspec
import structlog

from domain.kernel import Catalogue
from domain.notice.invitation import Announced
from domain.notice.recipient import Channel, Due, EmailGiven, NoteDelivered, NoteFailed, way
from domain.scheduling.calendar import DisableWebhook, WebhookAdded, WebhookDisabled, WebhookPinged, WebhookRemoved
from infra.clock import micros_now
from infra.log import Log, Record
from infra.metrics import DELIVERIES
from infra.outbound import Away, Post, Refused, Web
from infra.tables import Row, Table, Tables, Write
from processors.consequences import Consequences
from processors.sending.hooks import Call, signed_call, webhook_call
from processors.sending.mails import Mails
from processors.sending.programs import KINDS, Change, Hooks, call_id, is_forgotten, told_of
from processors.sending.push import Vapid, push_call
from processors.streams import Keeper, read_event
from producers.notice_keys import NoticeKeys
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Happened, recorded_of
from schemas.sealing import FORGOTTEN

log = structlog.get_logger(__name__)

OUTGOING = Table(
    "notice_outgoing",
    partition={"place": str},  # the partition of events: "notice.events:3"
    clustering={"due": int, "id": str},
    columns={"headers": bytes, "body": bytes, "index": int, "attempts": int},
)
AT_ONCE = 32
PAUSES = (5, 30, 300, 1_800, 7_200, 18_000, 36_000)  # seconds between attempts; then it is given up
LONGEST = 3_600.0  # seconds that somebody may ask us to wait (Retry-After)
TOO_OLD = 86_400_000_000  # microseconds: what was to be told a day ago is no news any more
_IDS = UUID("3c1d9a0e-64c7-5f44-9f0d-6f7ad0c5a1b2")  # never changes: the ids of what is recorded hang on it


class Gone(Refused):
    """There is nobody at this address any more, and will not be."""


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to send: which of those that an event means, and how often it was tried."""

    happened: Happened
    index: int
    address: str
    attempts: int = 0
    webhook: UUID | None = None  # of a calendar

    @property
    def id(self) -> str:
        return f"{self.happened.at.id}/{self.webhook or self.index}"


@dataclass(frozen=True, slots=True)
class Outside:
    """The ways out, and what they need."""

    post: Post
    web: Web
    mails: Mails
    keys: NoticeKeys
    vapid: Vapid
    hooks: Hooks


class Sending(Keeper):
    """Sends what is due, of the partitions it owns."""

    name = "sending"
    topics: tuple[str, ...] = (topics.events("notice"), topics.events("scheduling"))
    tables = (OUTGOING,)

    def __init__(self, source: Log, codec: Codec, tables: Tables, catalogue: Catalogue, outside: Outside) -> None:
        super().__init__()
        self._codec, self._tables, self._outside = codec, tables, outside
        self._wanted = {codec.type_name(each) for each in (Due, EmailGiven, Announced, *KINDS, *get_args(Change))}
        self._producer = source.producer()
        self._consequences = Consequences(self.name, catalogue, codec, self._producer)

    def read(self, record: Record, codec: Codec) -> Sequence[Happened] | None:
        """The event of a record where it means that something is sent."""
        return read_event(record, codec, self._wanted) or None

    async def handle(self, batch: Sequence[Sequence[Happened]]) -> Sequence[Write]:
        """Keeps what is to be sent. As of the event: what was sent and removed since does not come back."""
        writes: list[Write] = []
        changed: dict[UUID, dict[UUID, str]] = {}  # whom this batch has to call, by calendar, as far as it was asked
        for happened in chain.from_iterable(batch):
            if happened.at.system == "scheduling":
                writes += await self._of_calendar(happened, changed)
            else:
                at = happened.at.micros
                writes += [self._kept(job, at, at) for job in _jobs(happened)]
        return writes

    async def _of_calendar(self, happened: Happened, known: dict[UUID, dict[UUID, str]]) -> list[Write]:
        """Keeps who is called for a calendar, and the calls that a change of a booking means. All are of one key."""
        event, at, hooks = happened.event, happened.at, self._outside.hooks
        if type(event) in KINDS and micros_now() - at.micros > TOO_OLD:
            return []
        calendar = UUID(at.aggregate_id)
        if calendar not in known:
            known[calendar] = await hooks.of(calendar)
        match event:
            case WebhookAdded(webhook=webhook, url=url):
                known[calendar][webhook] = url
                return [hooks.added(calendar, webhook, url, at.micros)]
            case WebhookRemoved(webhook=webhook) | WebhookDisabled(webhook=webhook):
                known[calendar].pop(webhook, None)
                return [hooks.removed(calendar, webhook, at.micros)]
        called = [event.webhook] if isinstance(event, WebhookPinged) else list(known[calendar])
        writes: list[Write] = []
        for webhook in called:
            job = Job(happened, 0, "", webhook=webhook)
            kept = self._kept(job, at.micros, at.micros)
            writes += [kept, hooks.waiting(webhook, call_id(event, at), KINDS[type(event)], at.micros)]
        return writes

    async def tend(self) -> Sequence[Write]:
        """Sends what is due, several at once; each has its time limit."""
        due: list[Row] = []
        for place in self._agenda.due(micros_now()):
            if room := AT_ONCE - len(due):
                rows, now = await self._tables.scan(OUTGOING, place=place, limit=room), micros_now()
                due += [row for row in rows if row["due"] <= now]
                if not rows or rows[0]["due"] > now:
                    self._agenda.rest(place, now, rows[0]["due"] if rows else None)
        if not due:
            return ()
        done = await asyncio.gather(*(self._tried(row) for row in due))
        await asyncio.to_thread(self._producer.flush, 30.0)
        return list(chain.from_iterable(done))

    async def _tried(self, row: Row) -> list[Write]:
        """The writes that an attempt leads to."""
        job = await self._job(row)
        gone = OUTGOING.remove(micros_now(), place=row["place"], due=row["due"], id=row["id"])
        attempts = job.attempts + 1
        try:
            if micros_now() - job.happened.at.micros > TOO_OLD:
                raise Refused("too old to be news")
            await self._sent(job)
        except Refused as refused:
            return [gone, *self._failed(job, attempts, str(refused), gone=isinstance(refused, Gone))]
        except Away as away:
            if job.attempts < len(PAUSES):
                log.info("not taken, will be tried again", delivery=job.id, why=str(away), attempts=attempts)
                at = micros_now()
                again = replace(job, attempts=attempts)
                pause = max(PAUSES[job.attempts], min(away.after, LONGEST))
                return [self._kept(again, at + int(pause * 1e6), at), gone]
            return [gone, *self._failed(job, attempts, str(away), gone=False)]
        DELIVERIES.labels(_channel(job).value, "delivered").inc()
        if isinstance(event := job.happened.event, Due):
            delivery = event.deliveries[job.index]
            self._note(job, NoteDelivered(event.what.notice, delivery.channel, delivery.target, attempts))
        return [gone, *self._done(job, "delivered", attempts, "")]

    async def _sent(self, job: Job) -> None:
        """Sends it; what is a defect of ours may be mended by a later attempt, and stops nothing else."""
        try:
            await self._send(job)
        except (Refused, Away):
            raise
        except Exception as error:
            log.exception("sending failed", delivery=job.id)
            raise Away(f"a defect: {type(error).__name__}") from error

    def _failed(self, job: Job, attempts: int, why: str, *, gone: bool) -> list[Write]:
        """Given up, for all to see."""
        DELIVERIES.labels(_channel(job).value, "failed").inc()
        log.error("delivery given up", delivery=job.id, channel=_channel(job).value, why=why, attempts=attempts)
        if isinstance(event := job.happened.event, Due):
            delivery = event.deliveries[job.index]
            note = NoteFailed(event.what.notice, delivery.channel, delivery.target, attempts, why[:300], gone)
            self._note(job, note)
        elif job.webhook is not None and (gone or attempts > len(PAUSES)):
            self._note(job, DisableWebhook(job.webhook, "gone" if gone else why[:300]))
        return self._done(job, "failed", attempts, why[:300])

    def _done(self, job: Job, state: str, attempts: int, why: str) -> list[Write]:
        """What is noted here of a call for a calendar; of all else the events tell it."""
        if job.webhook is None:
            return []
        event, at = job.happened.event, job.happened.at
        call = call_id(event, at)
        return [self._outside.hooks.done(job.webhook, call, at.micros, state, attempts, why, micros_now())]

    async def _send(self, job: Job) -> None:
        event, at, out = job.happened.event, job.happened.at, self._outside
        if FORGOTTEN in job.address or is_forgotten(event):
            raise Refused("they are forgotten")
        if job.webhook is not None:
            if not job.address:
                raise Refused("it was removed or switched off")
            key, call, kind = out.keys.webhook(job.webhook), str(call_id(event, at)), KINDS[type(event)]
            told = signed_call(job.address, key, call, kind, told_of(event, at), at.micros, micros_now())
            await self._called(told, (410,))
            return
        match event:
            case EmailGiven():
                await out.post.send(out.mails.of_code(event, at))
            case Announced():
                await out.post.send(out.mails.of_booking(event, job.address, at, job.index))
            case Due(what=what):
                delivery = event.deliveries[job.index]
                match delivery.channel:
                    case Channel.EMAIL:
                        name = way(what.notice, delivery.channel, delivery.target).replace("/", ".")
                        await out.post.send(out.mails.of_notice(event, delivery.address, name, at.aggregate_id))
                    case Channel.WEBHOOK:
                        key = out.keys.webhook(delivery.target)
                        await self._called(webhook_call(delivery.address, key, what, at.micros, micros_now()), (410,))
                    case Channel.PUSH:
                        await self._called(push_call(out.vapid, delivery, what), (404, 410))
                    case Channel.IN_APP:
                        raise TypeError("in the console it is told by the event itself")

    async def _called(self, call: Call, gone: Sequence[int]) -> None:
        reply = await self._outside.web.post(call.url, call.headers, call.body)
        if reply.status in gone:
            raise Gone(str(reply.status))
        if not 200 <= reply.status < 300:
            raise Away(str(reply.status), reply.retry_after)

    def _note(self, job: Job, command: NoteDelivered | NoteFailed | DisableWebhook) -> None:
        at = job.happened.at
        self._consequences.send(at, command, at.aggregate_id, str(uuid5(_IDS, job.id)), micros_now())

    def _kept(self, job: Job, due: int, at: int) -> Write:
        recorded = job.happened.at
        place = f"{topics.events(recorded.system)}:{recorded.partition}"
        self._agenda.add(place, due)
        return OUTGOING.put(
            at,
            place=place,
            due=due,
            id=job.id,
            headers=msgspec.msgpack.encode(recorded.headers()),
            body=self._codec.encode(job.happened.event, recorded.aggregate_id),
            index=job.index,
            attempts=job.attempts,
        )

    async def _job(self, row: Row) -> Job:
        topic, _, number = row["place"].rpartition(":")
        headers = msgspec.msgpack.decode(row["headers"], type=dict[str, bytes])
        happened = Happened(self._codec.decode(row["body"]), recorded_of(topic, int(number), headers))
        if happened.at.system == "scheduling":
            webhook = UUID(row["id"].rpartition("/")[2])
            hooks = await self._outside.hooks.of(UUID(happened.at.aggregate_id))
            return Job(happened, 0, hooks.get(webhook, ""), row["attempts"], webhook)
        return Job(happened, row["index"], _addresses(happened)[row["index"]], row["attempts"])


def _jobs(happened: Happened) -> list[Job]:
    return [Job(happened, index, address) for index, address in enumerate(_addresses(happened))]


def _addresses(happened: Happened) -> list[str]:
    """Where what an event means goes."""
    match happened.event:
        case Due(deliveries=deliveries):
            return [each.address for each in deliveries]
        case Announced(addresses=addresses):
            return list(addresses)
        case EmailGiven(address=address):
            return [address]
    return []


def _channel(job: Job) -> Channel:
    event = job.happened.event
    if job.webhook is not None:
        return Channel.WEBHOOK
    return event.deliveries[job.index].channel if isinstance(event, Due) else Channel.EMAIL
