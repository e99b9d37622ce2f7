"""The only one that speaks to the outside on behalf of notices: each mail, webhook and push is sent until it is taken.

No rebuild can run it. What is to be sent is a row first, so a target that is slow or away keeps no other waiting, and
a worker that dies leaves the rest to the next. What is sent has an id made of the event: after a crash between the
sending and the note of it, it comes twice with one id.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID, uuid5

import msgspec
import structlog

from domain.kernel import Catalogue
from domain.notice.invitation import Announced
from domain.notice.recipient import Channel, Due, EmailGiven, NoteDelivered, NoteFailed, way
from infra.clock import micros_now
from infra.log import Log, Record
from infra.metrics import DELIVERIES
from infra.outbound import Away, Post, Refused, Web
from infra.tables import Row, Table, Tables, Write
from processors.sending.hooks import Call, webhook_call
from processors.sending.mails import Mails
from processors.sending.push import Vapid, push_call
from processors.streams import Keeper, read_event
from producers.notice_keys import NoticeKeys
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Command, Happened, recorded_of
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

    @property
    def id(self) -> str:
        return f"{self.happened.at.id}/{self.index}"


@dataclass(frozen=True, slots=True)
class Outside:
    """The ways out, and what they need."""

    post: Post
    web: Web
    mails: Mails
    keys: NoticeKeys
    vapid: Vapid


class Sending(Keeper):
    """Sends what is due, of the partitions it owns."""

    name = "sending"
    topics: tuple[str, ...] = (topics.events("notice"),)
    tables = (OUTGOING,)

    def __init__(self, source: Log, codec: Codec, tables: Tables, catalogue: Catalogue, outside: Outside) -> None:
        super().__init__()
        self._codec, self._catalogue, self._tables, self._outside = codec, catalogue, tables, outside
        self._wanted = {codec.type_name(each) for each in (Due, EmailGiven, Announced)}
        self._producer = source.producer()

    def read(self, record: Record, codec: Codec) -> Sequence[Happened] | None:
        """The event of a record where it means that something is sent."""
        return read_event(record, codec, self._wanted) or None

    async def handle(self, batch: Sequence[Sequence[Happened]]) -> Sequence[Write]:
        """Keeps what is to be sent. As of the event: what was sent and removed since does not come back."""
        jobs = [job for each in chain.from_iterable(batch) for job in _jobs(each)]
        return [self._kept(job, job.happened.at.micros, job.happened.at.micros) for job in jobs]

    async def tend(self) -> Sequence[Write]:
        """Sends what is due, several at once; each has its time limit."""
        due: list[Row] = []
        for place in sorted(self._places):
            room = AT_ONCE - len(due)
            due += await self._tables.scan(OUTGOING, place=place, below=(micros_now() + 1,), limit=room) if room else []
        if not due:
            return ()
        done = await asyncio.gather(*(self._tried(row) for row in due))
        await asyncio.to_thread(self._producer.flush, 30.0)
        return list(chain.from_iterable(done))

    async def _tried(self, row: Row) -> list[Write]:
        """The writes that an attempt leads to."""
        job = self._job(row)
        gone = OUTGOING.remove(micros_now(), place=row["place"], due=row["due"], id=row["id"])
        attempts = job.attempts + 1
        try:
            if micros_now() - job.happened.at.micros > TOO_OLD:
                raise Refused("too old to be news")
            await self._sent(job)
        except Refused as refused:
            self._failed(job, attempts, str(refused), gone=isinstance(refused, Gone))
        except Away as away:
            if job.attempts < len(PAUSES):
                log.info("not taken, will be tried again", delivery=job.id, why=str(away), attempts=attempts)
                at = micros_now()
                again = Job(job.happened, job.index, job.address, attempts)
                pause = max(PAUSES[job.attempts], min(away.after, LONGEST))
                return [self._kept(again, at + int(pause * 1e6), at), gone]
            self._failed(job, attempts, str(away), gone=False)
        else:
            DELIVERIES.labels(_channel(job).value, "delivered").inc()
            if isinstance(event := job.happened.event, Due):
                delivery = event.deliveries[job.index]
                self._note(job, NoteDelivered(event.what.notice, delivery.channel, delivery.target, attempts))
        return [gone]

    async def _sent(self, job: Job) -> None:
        """Sends it; what is a defect of ours may be mended by a later attempt, and stops nothing else."""
        try:
            await self._send(job)
        except (Refused, Away):
            raise
        except Exception as error:
            log.exception("sending failed", delivery=job.id)
            raise Away(f"a defect: {type(error).__name__}") from error

    def _failed(self, job: Job, attempts: int, why: str, *, gone: bool) -> None:
        """Given up, for all to see."""
        DELIVERIES.labels(_channel(job).value, "failed").inc()
        log.error("delivery given up", delivery=job.id, channel=_channel(job).value, why=why, attempts=attempts)
        if isinstance(event := job.happened.event, Due):
            delivery = event.deliveries[job.index]
            note = NoteFailed(event.what.notice, delivery.channel, delivery.target, attempts, why[:300], gone)
            self._note(job, note)

    async def _send(self, job: Job) -> None:
        event, at, out = job.happened.event, job.happened.at, self._outside
        if FORGOTTEN in job.address:
            raise Refused("they are forgotten")
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

    def _note(self, job: Job, command: NoteDelivered | NoteFailed) -> None:
        at, aggregate = job.happened.at, self._catalogue.of(type(command))
        envelope = Command.following(
            at,
            self.name,
            command_id=str(uuid5(_IDS, job.id)),
            type_name=self._codec.type_name(type(command)),
            key=aggregate.key(at.aggregate_id),
            time=micros_now(),
        )
        body, key = self._codec.encode(command, at.aggregate_id), envelope.key.encode()
        self._producer.send(topics.commands(aggregate.system), key, body, envelope.headers())

    def _kept(self, job: Job, due: int, at: int) -> Write:
        recorded = job.happened.at
        return OUTGOING.put(
            at,
            place=f"{topics.events(recorded.system)}:{recorded.partition}",
            due=due,
            id=job.id,
            headers=msgspec.msgpack.encode(recorded.headers()),
            body=self._codec.encode(job.happened.event, recorded.aggregate_id),
            index=job.index,
            attempts=job.attempts,
        )

    def _job(self, row: Row) -> Job:
        topic, _, number = row["place"].rpartition(":")
        headers = msgspec.msgpack.decode(row["headers"], type=dict[str, bytes])
        happened = Happened(self._codec.decode(row["body"]), recorded_of(topic, int(number), headers))
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
    return event.deliveries[job.index].channel if isinstance(event, Due) else Channel.EMAIL
