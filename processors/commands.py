"""The command processor: the only writer of events, one transaction per batch, one owner per partition."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import blake2b
from threading import Event
from typing import NamedTuple

import structlog

from domain.instants import instant
from domain.kernel import (
    Aggregate,
    Answer,
    Catalogue,
    Context,
    Head,
    Inquire,
    Message,
    Position,
    Reason,
    Rejected,
    Snapshot,
)
from infra import tracing
from infra.correlation import concerning
from infra.log import Log, LogUnavailable, Member, Record, TopicPartition, TransactionAborted
from infra.metrics import COMMAND_BATCH_SECONDS, COMMANDS_ABORTED, COMMANDS_DEAD, COMMANDS_DECIDED
from processors.recent import Key, RecentStates
from processors.recovery import folded, last_head
from schemas import topics
from schemas.codec import Codec, Undecodable
from schemas.envelope import BrokenEnvelope, Command, Recorded, actor_of, command_of, id_of

log = structlog.get_logger(__name__)

GROUP = "commands"
BATCH = 500  # commands per transaction: above it one core is full, below it the transaction's own cost shows
WAIT = 0.1  # seconds until an idle worker looks around; a poll ends with the first command that comes
REMEMBERED = timedelta(hours=25)  # how long an answer is kept for repeats; the promise is 24 h


class Place(NamedTuple):
    """One owned partition: what its commands lead to has the same number in the system's other topics."""

    system: str
    number: int
    events: str
    state: str
    answered: str

    @classmethod
    def of(cls, partition: TopicPartition) -> "Place":
        system = topics.system_of(partition[0])
        return cls(system, partition[1], topics.events(system), topics.state(system), topics.answered(system))


@dataclass(slots=True)
class Batch:
    """What one transaction will make true.

    The order of steps: every command is decided into this object; events, snapshots, heads and answers are sent;
    they are committed together with the offsets; only then the store and the cache take them over. Where the
    transaction aborts, the object is dropped and the commands are read again, as if they had never been seen.

    Where to go on is part of each partition's head: the offsets of the group say the same, prove at the commit that
    the partition is still ours, and are what others count lag by; but a broker may withhold them. And because every
    batch writes the heads of its partitions, whoever restores them later meets each transaction that is not over.
    """

    first: dict[TopicPartition, int] = field(default_factory=dict)  # offsets to read again from, after an abort
    next: dict[TopicPartition, int] = field(default_factory=dict)  # offsets to commit
    heads: dict[TopicPartition, Head] = field(default_factory=dict)
    states: dict[Key, Snapshot] = field(default_factory=dict)
    answers: dict[tuple[TopicPartition, str], bytes] = field(default_factory=dict)  # new ones, by command id
    replies: list[tuple[tuple[int, str], bytes]] = field(default_factory=list)  # reply address, answer
    events: list[tuple[TopicPartition, bytes, bytes, Mapping[str, bytes]]] = field(default_factory=list)
    dead: list[tuple[Record, str]] = field(default_factory=list)


class CommandProcessor:
    """Decides the commands of every system, for the partitions that its consumer group gives it."""

    def __init__(
        self, catalogue: Catalogue, codec: Codec, source: Log, slot: str, clock: Callable[[], int] | None = None
    ) -> None:
        self._catalogue, self._codec, self._log, self._slot = catalogue, codec, source, slot
        self._clock = clock or (lambda: time.time_ns() // 1000)
        self._inquire = codec.type_name(Inquire)
        self._aggregates = {
            codec.type_name(command): each for each in catalogue.aggregates for command in each.commands
        }
        self._cache = RecentStates()
        self._places: dict[TopicPartition, Place] = {}
        self._heads: dict[TopicPartition, Head] = {}  # of the partitions that are ready to decide
        self._restoring: list[TopicPartition] = []
        self.pulse = time.monotonic()  # when it last took a turn
        self.decided = 0  # commands so far

    @property
    def owned(self) -> int:
        """How many partitions it decides for."""
        return len(self._heads)

    def run(self, stop: Event) -> None:
        """Decides until `stop` is set. Raises Fenced when another process has taken this slot."""
        consumer = self.open()
        try:
            while not stop.is_set():
                try:
                    self.step(consumer)
                except LogUnavailable as error:
                    log.warning("log away, waiting for it", error=str(error))
                    stop.wait(0.5)
        finally:
            self.close(consumer)

    def open(self) -> Member:
        """Takes the slot and joins the group; what the group gives is restored in the following steps."""
        self._states = self._log.store(f"{self._slot}-state")
        self._answers = self._log.store(f"{self._slot}-answered", retention=REMEMBERED)
        self._transactor = self._log.transactor(f"{GROUP}-{self._slot}")
        self._gateways = self._log.topics()[topics.ANSWERS]
        sources = [topics.commands(each) for each in self._catalogue.systems]
        return self._log.member(GROUP, sources, self._slot, self._assigned, self._revoked)

    def close(self, consumer: Member) -> None:
        for each in (consumer, self._transactor, self._states, self._answers):
            each.close()

    def step(self, consumer: Member) -> int:
        """One turn: restores a slice of what is newly ours, decides what has come; answers how many were decided."""
        self.pulse = time.monotonic()
        if self._restoring:  # before the poll: were it to fail behind it, what that has brought would be passed over
            self._restore(consumer)
        records = consumer.poll(BATCH, 0 if self._restoring else WAIT)
        if not records:
            return 0
        started = time.perf_counter()
        batch = self._decide_all(records)
        changes = self._changes(batch)
        try:
            self._transactor.begin()
            self._send(batch, changes)
            self._transactor.commit(consumer, batch.next)
        except (TransactionAborted, LogUnavailable) as error:
            COMMANDS_ABORTED.inc(len(records))
            log.warning("transaction void, reading its commands again", error=str(error), commands=len(records))
            for partition in batch.first.keys() & consumer.owned():
                consumer.seek(partition, batch.first[partition])
            if isinstance(error, LogUnavailable):
                raise
            return 0
        self._publish(batch, changes)
        COMMANDS_DECIDED.inc(len(records))
        self.decided += len(records)
        COMMAND_BATCH_SECONDS.observe(time.perf_counter() - started)
        return len(records)

    # Partitions come and go.

    def _assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self._restoring.extend(partitions)
        self._places.update((each, Place.of(each)) for each in partitions)

    def _revoked(self, partitions: Sequence[TopicPartition]) -> None:
        for partition in partitions:
            place = self._places.pop(partition)
            self._heads.pop(partition, None)
            if partition in self._restoring:
                self._restoring.remove(partition)
            self._cache.forget(partition)
            self._states.release(place.state, place.number)
            self._answers.release(place.answered, place.number)

    def _restore(self, consumer: Member) -> None:
        """One slice of reading back what earlier owners decided."""
        partition = self._restoring[0]
        place = self._places[partition]
        if not self._states.restore(place.state, place.number):
            return
        if not self._answers.restore(place.answered, place.number):
            return
        head = self._heads[partition] = self._head(place)
        self._restoring.remove(partition)
        consumer.start(partition, head.next if head.next >= 0 else None)
        log.debug("partition ready", topic=partition[0], partition=partition[1], head=head.sequence, next=head.next)

    def _head(self, place: Place) -> Head:
        stored = self._states.get(place.state, place.number, topics.HEAD)
        head = Head(0, 0, 0) if stored is None else self._readable(stored, place, topics.HEAD)
        return head if isinstance(head, Head) else last_head(self._log, place.events, place.number)

    def _readable(self, stored: bytes, place: Place, key: bytes) -> Message | None:
        """What a value of the state topic says; None where nobody can read it."""
        try:
            return self._codec.decode(stored)
        except Undecodable as error:
            log.error("unreadable state", topic=place.state, partition=place.number, key=key.decode(), error=str(error))
            return None

    # One command.

    def _decide_all(self, records: list[Record]) -> Batch:
        batch = Batch()
        for record in records:
            partition = (record.topic, record.partition)
            batch.first.setdefault(partition, record.offset)
            batch.next[partition] = record.offset + 1
            try:
                command = command_of(record.headers)
                if command.key.encode() != record.key:
                    raise BrokenEnvelope(f"its subject {command.key!r} is not its key {record.key!r}")
            except BrokenEnvelope as error:
                batch.dead.append((record, str(error)))
                continue
            concerning(command.correlation)
            about = {"septet.key": command.key, "septet.correlation": command.correlation}
            with tracing.span(f"decide {command.type}", tracing.CONSUMER, command.traceparent, about) as carried:
                answer = self._answer(batch, partition, command.carrying(carried), record)
            if command.reply_to is not None and 0 <= command.reply_to[0] < self._gateways:
                batch.replies.append((command.reply_to, answer))
        for partition, offset in batch.next.items():
            batch.heads[partition] = replace(batch.heads.get(partition) or self._heads[partition], next=offset)
        concerning("")
        return batch

    def _answer(self, batch: Batch, partition: TopicPartition, command: Command, record: Record) -> bytes:
        """The framed answer to one command: the original one to a repeat, else a decision."""
        if command.type == self._inquire:
            return self._inquired(batch, partition, command, record)
        parts = (command.type.encode(), record.key, command.actor.encode(), record.value or b"")
        mark = blake2b(b"\0".join(parts), digest_size=8).digest()
        known = self._known(batch, partition, command.id)
        if known is not None:
            if self._codec.decode(known).fingerprint == mark:
                return known
            return self._codec.encode(_refusal(command, mark, REUSED))
        try:
            answer = self._decided(batch, partition, command, record, mark)
        except Undecodable as error:
            batch.dead.append((record, str(error)))
            unreadable = Rejected("undecodable", f"This command cannot be read: {error}", Reason.INVALID)
            answer = _refusal(command, mark, unreadable)
        except Rejected as refused:
            answer = _refusal(command, mark, refused)
        except Exception:
            # A defect in a rule. Nothing was written, so a repeat after the repair may decide anew: not remembered.
            log.exception("decision failed", command=command.type, key=command.key, id=command.id)
            return self._codec.encode(_refusal(command, mark, SORRY))
        framed = self._codec.encode(answer)
        batch.answers[partition, command.id] = framed
        return framed

    def _known(self, batch: Batch, partition: TopicPartition, command_id: str) -> bytes | None:
        framed = batch.answers.get((partition, command_id))
        if framed is None:
            place = self._places[partition]
            framed = self._answers.get(place.answered, place.number, command_id.encode())
        return framed

    def _inquired(self, batch: Batch, partition: TopicPartition, command: Command, record: Record) -> bytes:
        """What became of an earlier command. A key's commands are in order: by now it has one, or never came."""
        try:
            known = self._known(batch, partition, self._codec.decode(record.value or b"").command_id)
        except Undecodable:
            known = None
        if known is None or self._codec.decode(known).actor != command.actor:
            return self._codec.encode(_refusal(command, b"", UNKNOWN))
        return known

    def _decided(
        self, batch: Batch, partition: TopicPartition, command: Command, record: Record, mark: bytes
    ) -> Answer:
        aggregate = self._aggregates.get(command.type)
        place = self._places[partition]
        if aggregate is None or aggregate.system != place.system:
            raise Undecodable(f"{command.type!r} is no command of {record.topic}")
        name, _, aggregate_id = command.key.partition("/")
        if name != aggregate.name or not aggregate_id:
            raise Undecodable(f"{command.type!r} is not addressed to a key like {command.key!r}")
        message = self._codec.decode(record.value or b"")
        if self._codec.type_name(type(message)) != command.type:
            raise Undecodable(f"the body is a {self._codec.type_name(type(message))}, not a {command.type}")

        key = (partition, record.key)
        before = self._state(batch, key, aggregate)
        if command.expected_version is not None and command.expected_version != before.version:
            raise Rejected("version_conflict", f"It has changed meanwhile: it is at version {before.version} now.")
        head = batch.heads.get(partition) or self._heads[partition]
        at = max(self._clock(), head.time + 1)
        context = Context(instant(at), actor_of(command.actor.encode()), aggregate_id, before.version, command.id)
        events = aggregate.decide(before.state, message, context)
        if not events:
            return Answer(command.id, command.actor, mark, "", before.version)

        state, frames = before.state, []
        for index, event in enumerate(events, start=1):
            state = aggregate.evolve(state, event)
            recorded = Recorded(
                id=f"{command.id}:{index}",
                type=self._codec.type_name(type(event)),
                system=place.system,
                partition=place.number,
                sequence=head.sequence + index,
                key=command.key,
                version=before.version + index,
                micros=at + index - 1,
                actor=command.actor,
                correlation=command.correlation,
                causation=command.id,
                traceparent=command.traceparent,
            )
            frames.append((self._codec.encode(event, aggregate_id, context.actor.id), recorded.headers()))
        size = sum(len(body) for body, _ in frames)
        if any(len(body) > LARGEST for body, _ in frames):
            raise Rejected("too_large", "This is too large for one message. Send it in smaller parts.", Reason.INVALID)
        # Only now, with every event encoded, does the command become part of the batch: all of it or nothing.
        batch.events.extend((partition, record.key, body, headers) for body, headers in frames)
        version, sequence = before.version + len(events), head.sequence + len(events)
        batch.states[key] = Snapshot(version, state)
        batch.heads[partition] = Head(sequence, at + len(events) - 1)
        position = str(Position(place.system, place.number, sequence))
        returned = tuple(body for body, _ in frames) if size <= ANSWERED_WITH else ()
        return Answer(command.id, command.actor, mark, position, version, returned, time=at)

    def _state(self, batch: Batch, key: Key, aggregate: Aggregate) -> Snapshot:
        found = batch.states.get(key) or self._cache.get(key)
        if found is None:
            place = self._places[key[0]]
            stored = self._states.get(place.state, place.number, key[1])
            found = Snapshot(0, aggregate.initial) if stored is None else self._snapshot(stored, key, place, aggregate)
            self._cache[key] = found
        return found

    def _snapshot(self, stored: bytes, key: Key, place: Place, aggregate: Aggregate) -> Snapshot:
        snapshot = self._readable(stored, place, key[1])
        if isinstance(snapshot, Snapshot) and isinstance(snapshot.state, aggregate.state):
            return snapshot
        return folded(self._log, self._codec, place.events, place.number, key[1], aggregate)

    # The end of a batch.

    def _changes(self, batch: Batch) -> dict[TopicPartition, list[tuple[bytes, bytes | None]]]:
        """The new values of the keyed topics: snapshots, heads and remembered answers."""
        changes: dict[TopicPartition, list[tuple[bytes, bytes | None]]] = {}
        for (partition, key), snapshot in batch.states.items():
            place = self._places[partition]
            changes.setdefault((place.state, place.number), []).append((key, self._codec.encode(snapshot, id_of(key))))
        for partition, head in batch.heads.items():
            place = self._places[partition]
            changes.setdefault((place.state, place.number), []).append((topics.HEAD, self._codec.encode(head)))
        for (partition, command_id), framed in batch.answers.items():
            place = self._places[partition]
            changes.setdefault((place.answered, place.number), []).append((command_id.encode(), framed))
        return changes

    def _send(self, batch: Batch, changes: Mapping[TopicPartition, list[tuple[bytes, bytes | None]]]) -> None:
        send = self._transactor.send
        for partition, key, body, headers in batch.events:
            send(self._places[partition].events, partition[1], key, body, headers)
        for (topic, number), entries in changes.items():
            for key, value in entries:
                send(topic, number, key, value, {})
        for (gateway, token), framed in batch.replies:
            send(topics.ANSWERS, gateway, token.encode(), framed, {})
        for record, error in batch.dead:
            COMMANDS_DEAD.inc()
            log.error("dead command", topic=record.topic, partition=record.partition, offset=record.offset, error=error)
            where = {"origin": f"{record.topic}:{record.partition}:{record.offset}".encode(), "error": error.encode()}
            send(topics.DEAD_COMMANDS, 0, record.key, record.value, {**record.headers, **where})

    def _publish(self, batch: Batch, changes: Mapping[TopicPartition, list[tuple[bytes, bytes | None]]]) -> None:
        """Makes the committed batch what the next decisions see. Skips what a rebalance took away meanwhile."""
        for partition in self._places:
            place = self._places[partition]
            if entries := changes.get((place.state, place.number)):
                self._states.put(place.state, place.number, entries)
            if entries := changes.get((place.answered, place.number)):
                self._answers.put(place.answered, place.number, entries)
        for key, snapshot in batch.states.items():
            if key[0] in self._heads:
                self._cache[key] = snapshot
        for partition, head in batch.heads.items():
            if partition in self._heads:
                self._heads[partition] = head


LARGEST = 900_000  # bytes of one event: a broker takes 1 MiB with everything around it
ANSWERED_WITH = 256_000  # bytes of events that an answer brings back; above it the caller reads them by position
REUSED = Rejected("idempotency_key_reused", "This key was used for another command. Use a new one.", Reason.INVALID)
SORRY = Rejected("internal_error", "Something went wrong on our side. Try again later.", Reason.INTERNAL)
UNKNOWN = Rejected("unknown_command", "No such command came, or its answer is no longer kept.", Reason.NOT_FOUND)


def _refusal(command: Command, mark: bytes, refused: Rejected) -> Answer:
    return Answer(command.id, command.actor, mark, "", 0, (), refused.code, refused.detail, refused.reason.value)
