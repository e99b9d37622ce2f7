"""Faust's Kafka consumer, repaired for topics that are written in transactions; uses private names of faust 0.15.3.

Faust reads aborted records, and the holes that transaction markers leave in the offsets stop its commits. Here aborted
records are not read, and what is committed is the stream's own durable progress: holes mean nothing to it, and a batch
that Faust believes done because its handler was cancelled is not passed over. tests/contract/test_faust.py pins the
names and shows each repair on a real broker.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Producer, Transport
from faust.types import TP

from processors.faust.patience import insistent, patient
from processors.faust.prompt import Prompt

if TYPE_CHECKING:
    from processors.faust.app import StreamApp


class CommittedThread(AIOKafkaConsumerThread):
    """Reads committed records only, gives one member the same partitions of all its topics, and waits for brokers."""

    app: "StreamApp"

    def _create_worker_consumer(self, transport: Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        # The default deals the partitions of all topics out in turn; consumers of several topics count on having
        # partition n of each.
        consumer._partition_assignment_strategy = (RangePartitionAssignor,)
        client = consumer._client
        client._get_conn = patient(client._get_conn)
        client.bootstrap = insistent(client.bootstrap, self.app.target, lambda: self.should_stop)
        return consumer


class ProgressConsumer(Prompt, Consumer):
    """Starts where the stream's progress ends, and commits the stream's progress."""

    app: "StreamApp"

    def _new_consumer_thread(self) -> CommittedThread:
        return CommittedThread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)  # waits for the batch in work, then commits
        await self.app.target.revoke([(each.topic, each.partition) for each in revoked])

    async def seek_to_committed(self) -> Mapping[TP, int]:
        progress = self.app.target.progress()
        starts = {
            each: progress[each.topic, each.partition].place + 1
            for each in self.assignment()
            if (each.topic, each.partition) in progress
        }
        if starts:
            await self.seek_wait(starts)
        return starts

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """A hole in the offsets is nothing to keep books of."""

    def _new_offset(self, tp: TP) -> int | None:
        """What to commit; forgets what Faust noted as acknowledged up to there."""
        at = self.app.target.progress().get((tp.topic, tp.partition))
        if at is None:
            return None
        self._acked_index[tp].difference_update(self._acked[tp])
        self._acked[tp].clear()
        return at.place + 1


class WaitingProducer(Producer):
    """Faust wants one before anything else; nothing is sent with it. It waits for brokers, too."""

    app: "StreamApp"

    def _new_producer(self, transactional_id: str | None = None) -> AIOKafkaProducer:
        producer = super()._new_producer(transactional_id)
        producer.client.bootstrap = insistent(producer.client.bootstrap, self.app.target, lambda: self.should_stop)
        return producer


class RepairedTransport(Transport):
    """Faust's Kafka transport with the repaired consumer."""

    Consumer, Producer = ProgressConsumer, WaitingProducer
