"""The only one who speaks to the payment gateway: what a payment's events ask for is done there, and its news recorded.

No rebuild can run it. A call has a key made of the payment, so that after a crash, or an answer that never came, the
same call is made again and is the same call to the gateway; the command that records it has an id made of the event.
"""

import asyncio
from collections.abc import Sequence
from itertools import chain
from uuid import UUID, uuid5

import msgspec
import structlog

from domain.kernel import Catalogue, Message
from domain.parking.payment import (
    CaptureStarted,
    PaymentAuthorised,
    PaymentStarted,
    RecordAuthorisation,
    RecordCapture,
    RecordDecline,
    RecordRefund,
    RecordRelease,
    RefundStarted,
    ReleaseStarted,
)
from domain.parking.payout import PayoutStarted, RecordPayout, RecordPayoutRefusal
from infra.clock import micros_now
from infra.log import Log, Record
from infra.payments import Declined, GatewayAway, Money, PaymentGateway
from infra.tables import Table, Tables, Write
from processors.consequences import Consequences
from processors.streams import Keeper, read_event
from schemas import topics
from schemas.codec import Codec
from schemas.envelope import Happened, recorded_of

log = structlog.get_logger(__name__)

CALLS = Table(
    "parking_gateway_calls",
    partition={"place": str},  # the partition of events: "parking.events:3"
    clustering={"event": str},
    columns={"headers": bytes, "body": bytes},
)
PAGE = 200
_ASKING = (PaymentStarted, PaymentAuthorised, CaptureStarted, ReleaseStarted, RefundStarted, PayoutStarted)
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)  # seconds between attempts at a gateway that is away
_IDS = UUID("5f8a1a3e-6a0c-5a0b-9a53-8e4a3f0f7a11")  # never changes: the ids of what is recorded hang on it


def refund_key(payment: str, refund: UUID) -> str:
    """The key of the call that gives money back."""
    return f"{payment}/refund/{refund}"


class Charging(Keeper):
    """Authorises what was started, captures what was authorised, gives back what is to go back, pays out what is owed.

    While the gateway is away its calls wait in a table, and other payments' events do not wait for them.
    """

    name = "payments"
    topics: tuple[str, ...] = (topics.events("parking"),)
    tables = (CALLS,)

    def __init__(
        self, source: Log, codec: Codec, tables: Tables, catalogue: Catalogue, gateway: PaymentGateway
    ) -> None:
        super().__init__()
        self._codec, self._tables, self._gateway = codec, tables, gateway
        self._wanted = {codec.type_name(each) for each in _ASKING}
        self._producer = source.producer()
        self._consequences = Consequences(self.name, catalogue, codec, self._producer)
        self._failures, self._rests_until = 0, 0

    def read(self, record: Record, codec: Codec) -> Sequence[Happened] | None:
        """The event of a record where it asks something of the gateway."""
        return read_event(record, codec, self._wanted) or None

    async def handle(self, batch: Sequence[Sequence[Happened]]) -> Sequence[Write]:
        """Makes the calls and records what came of them; answers those that have to wait."""
        waiting = [each for each in chain.from_iterable(batch) if not await self._done(each)]
        await asyncio.to_thread(self._producer.flush, 30.0)
        return [self._kept(each) for each in waiting]

    async def tend(self) -> Sequence[Write]:
        """Tries again what waits, once the gateway has had its rest."""
        if micros_now() < self._rests_until:
            return ()
        done: list[Write] = []
        for place in self._agenda.due(micros_now()):
            rows = await self._tables.scan(CALLS, place=place, limit=PAGE)
            for row in rows:
                if not await self._done(self._read(place, row["headers"], row["body"])):
                    break
                done.append(CALLS.remove(micros_now(), place=place, event=row["event"]))
            if not rows:
                self._agenda.rest(place, micros_now(), None)
        await asyncio.to_thread(self._producer.flush, 30.0)
        return done

    async def _done(self, happened: Happened) -> bool:
        """Whether the gateway has answered; while it rests it is not even asked."""
        if micros_now() < self._rests_until:
            return False
        try:
            command = await self._call(happened.event, happened.at.aggregate_id)
        except Declined as declined:
            command = self._refused(happened, declined.reason)
        except GatewayAway as error:
            pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
            self._failures += 1
            self._rests_until = micros_now() + int(pause * 1e6)
            log.warning("payment gateway away", error=str(error), again_in=pause)
            return False
        self._failures = 0
        if command is not None:
            self._send(happened, command)
        return True

    async def _call(self, event: Message, payment: str) -> Message | None:
        match event:
            case PaymentStarted(amount=amount, currency=currency, method=method):
                money = Money(amount, currency)
                return RecordAuthorisation(
                    await self._gateway.authorise(f"{payment}/authorise", payment, money, method)
                )
            case PaymentAuthorised(later=True):
                return None  # it is captured, or let go, when the stay is over
            case PaymentAuthorised(reference=reference):
                await self._gateway.capture(f"{payment}/capture", reference)
                return RecordCapture(reference)
            case CaptureStarted(reference=reference, amount=amount, currency=currency):
                await self._gateway.capture(f"{payment}/capture", reference, Money(amount, currency))
                return RecordCapture(reference)
            case ReleaseStarted(reference=reference):
                await self._gateway.release(f"{payment}/release", reference)
                return RecordRelease()
            case PayoutStarted(payee=payee, amount=amount, currency=currency):
                money = Money(amount, currency)
                return RecordPayout(await self._gateway.pay_out(f"{payment}/payout", str(payee), money))
            case RefundStarted(refund=refund, reference=reference, amount=amount, currency=currency):
                await self._gateway.refund(refund_key(payment, refund), reference, Money(amount, currency))
                return RecordRefund(refund)
            case _:
                raise TypeError(f"asks nothing of a gateway: {event!r}")

    def _refused(self, happened: Happened, reason: str) -> Message | None:
        """A payment that is refused has failed; a refund that is refused is for people to look at."""
        if isinstance(happened.event, RefundStarted):
            log.error("refund refused by the gateway", payment=happened.at.aggregate_id, reason=reason)
            return None
        return RecordPayoutRefusal(reason) if isinstance(happened.event, PayoutStarted) else RecordDecline(reason)

    def _send(self, happened: Happened, command: Message) -> None:
        at = happened.at
        self._consequences.send(at, command, at.aggregate_id, str(uuid5(_IDS, at.id)), at.micros)

    def _kept(self, happened: Happened) -> Write:
        at = happened.at
        headers = msgspec.msgpack.encode(at.headers())
        place = f"{topics.events(at.system)}:{at.partition}"
        self._agenda.add(place, 0)
        body = self._codec.encode(happened.event, at.aggregate_id)
        return CALLS.put(micros_now(), place=place, event=at.id, headers=headers, body=body)

    def _read(self, place: str, headers: bytes, body: bytes) -> Happened:
        topic, _, number = place.rpartition(":")
        known = msgspec.msgpack.decode(headers, type=dict[str, bytes])
        return Happened(self._codec.decode(body), recorded_of(topic, int(number), known))
