"""The command processor: the only writer of events, one transaction per batch, one owner per partition."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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
from infra.log import Headers, Log, LogUnavailable, Member, Record, TopicPartition, TransactionAborted
from infra.metrics import COMMAND_BATCH_SECONDS, COMMANDS_ABORTED, COMMANDS_DEAD, COMMANDS_DECIDED
from processors.recent import RecentStates
from processors.recovery import folded, last_head
from schemas import topics
from schemas.codec import Codec, Undecodable
from schemas.envelope import BrokenEnvelope, Command, actor_of, command_of, event_headers, id_of

log = structlog.get_logger(__name__)

GROUP = "commands"
BATCH = 500  # commands per transaction: above it one core is full, below it the transaction's own cost shows
AT_ONCE = 2_000  # commands read at a time, where so many wait: each transaction but the last has a next one to decide
WAIT = 0.1  # seconds until an idle worker looks around; a poll ends with the first command that comes
SILENT = 60.0  # seconds of restoring one partition without a word of it
REMEMBERED = timedelta(hours=25)  # how long an answer is kept for repeats; the promise is 24 h


Changes = dict[TopicPartition, list[tuple[bytes, bytes | None]]]  # new values of keyed topics, by key


class Place(NamedTuple):
    """One owned partition: what its commands lead to has the same number in the system's other topics."""

    system: str
    number: int
    commands: TopicPartition
    events: str
    state: str
    answered: str

    @classmethod
    def of(cls, partition: TopicPartition) -> "Place":
        system = topics.system_of(partition[0])
        return cls(
            system, partition[1], partition, topics.events(system), topics.state(system), topics.answered(system)
        )


@dataclass(slots=True)
class Share:
    """What one partition's commands of a batch lead to."""

    place: Place
    head: Head  # of the partition: first as it was before, then that of the last event decided here
    next: int  # the offset to commit
    earlier: dict[bytes, bytes]  # answers of the batch before this one, which may not be committed yet
    known: dict[bytes, bytes | None] = field(default_factory=dict)  # earlier answers to these commands' ids
    before: dict[bytes, Snapshot] = field(default_factory=dict)  # committed states, by key
    stored: dict[bytes, bytes | None] = field(default_factory=dict)  # the same as the store has them, not decoded yet
    states: dict[bytes, Snapshot] = field(default_factory=dict)  # that have changed, by key
    answers: dict[bytes, bytes] = field(default_factory=dict)  # new ones, by command id
    events: list[tuple[bytes, bytes, Headers]] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """What one transaction will make true.

    The order of steps: every command is decided into this object; events, snapshots, heads and answers are sent;
    they are committed together with the offsets; only then the store and the cache take them over. Where the
    transaction aborts, the object is dropped and the commands are read again, as if they had never been seen.

    Where to go on is part of each partition's head: the offsets of the group say the same, prove at the commit that
    the partition is still ours, and are what others count lag by; but a broker may withhold them. And because every
    batch writes the heads of its partitions, whoever restores them later meets each transaction that is not over.

    While one batch is being committed, the next may be decided upon it. Nothing of that leaves this process before
    the first is committed, and where that fails, both are dropped.
    """

    shares: dict[TopicPartition, Share] = field(default_factory=dict)
    replies: list[tuple[tuple[int, str], bytes]] = field(default_factory=list)  # reply address, answer
    dead: list[tuple[Record, str]] = field(default_factory=list)


class CommandProcessor:
    """Decides the commands of every system, for the partitions that its consumer group gives it."""

    batch = BATCH

    def __init__(
        self, catalogue: Catalogue, codec: Codec, source: Log, slot: str, clock: Callable[[], int] | None = None
    ) -> None:
        self._catalogue, self._codec, self._log, self._slot = catalogue, codec, source, slot
        self._clock = clock or (lambda: time.time_ns() // 1000)
        self._inquire = codec.type_name(Inquire)
        self._aggregates = {
            codec.type_name(command): (each, command) for each in catalogue.aggregates for command in each.commands
        }
        self._event_types = {
            event: codec.type_name(event).encode() for each in catalogue.aggregates for event in each.events
        }
        self._cache = RecentStates()
        self._places: dict[TopicPartition, Place] = {}
        self._heads: dict[TopicPartition, Head] = {}  # of the partitions that are ready to decide
        self._restoring: list[TopicPartition] = []
        self._waiting: tuple[TopicPartition, float] | None = None  # for the first of them, since when or last told
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
        records = consumer.poll(AT_ONCE, 0 if self._restoring else WAIT)
        parts = [records[first : first + self.batch] for first in range(0, len(records), self.batch)]
        ahead: Batch | None = None
        for number, part in enumerate(parts, start=1):
            started = time.perf_counter()
            following = parts[number] if number < len(parts) else None
            try:
                batch = ahead or self._decide_all(part)
                changes = self._changes(batch)
                ahead = self._transact(consumer, batch, changes, following)
            except (TransactionAborted, LogUnavailable) as error:
                undone = [record for each in parts[number - 1 :] for record in each]
                COMMANDS_ABORTED.inc(len(undone))
                log.warning("transaction void, reading its commands again", error=str(error), commands=len(undone))
                _read_again(consumer, undone)
                if isinstance(error, LogUnavailable):
                    raise
                return len(records) - len(undone)
            self._publish(batch, changes)
            COMMANDS_DECIDED.inc(len(part))
            self.decided += len(part)
            COMMAND_BATCH_SECONDS.observe(time.perf_counter() - started)
        return len(records)

    def _transact(
        self, consumer: Member, batch: Batch, changes: Changes, following: list[Record] | None
    ) -> Batch | None:
        """Makes a batch true, and in the meantime decides the one that follows, where there is one."""
        ahead = None
        offsets = {partition: share.next for partition, share in batch.shares.items()}
        self._transactor.begin()
        self._send(batch, changes)
        if following is None:
            self._transactor.commit(consumer, offsets)
        else:
            with ThreadPoolExecutor(1, "commit") as meanwhile:  # left when that has ended, whatever happens here
                committing = meanwhile.submit(self._transactor.commit, consumer, offsets)
                with suppress(LogUnavailable):  # then it is decided in its turn
                    ahead = self._decide_all(following, batch)
            committing.result()
        return ahead

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
        if not (
            self._states.restore(place.state, place.number) and self._answers.restore(place.answered, place.number)
        ):
            self._say_what_waits(partition)
            return
        self._waiting = None
        head = self._heads[partition] = self._head(place)
        self._restoring.remove(partition)
        consumer.start(partition, head.next if head.next >= 0 else None)
        log.debug("partition ready", topic=partition[0], partition=partition[1], head=head.sequence, next=head.next)

    def _say_what_waits(self, partition: TopicPartition) -> None:
        """Once a minute: it may be long, or be waiting for a transaction that Kafka never ends (docs/operations.md)."""
        now = time.monotonic()
        if self._waiting is None or self._waiting[0] != partition:
            self._waiting = partition, now
        elif now - self._waiting[1] > SILENT:
            self._waiting = partition, now
            log.warning("partition is still being restored", topic=partition[0], partition=partition[1])

    def _head(self, place: Place) -> Head:
        (stored,) = self._states.get_many(place.state, place.number, [topics.HEAD])
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

    def _decide_all(self, records: list[Record], before: Batch | None = None) -> Batch:
        """Decides partition by partition, where alone the order of commands means anything; upon `before`, if given."""
        batch = Batch()
        by_partition: dict[TopicPartition, list[Record]] = {}
        for record in records:
            by_partition.setdefault((record.topic, record.partition), []).append(record)
        for partition, ours in by_partition.items():
            earlier = None if before is None else before.shares.get(partition)
            share = batch.shares[partition] = self._share(partition, ours, earlier)
            for record in ours:
                try:
                    command = command_of(record.headers)
                    if record.headers["ce_subject"] != record.key:
                        raise BrokenEnvelope(f"its subject {command.key!r} is not its key {record.key!r}")
                except BrokenEnvelope as error:
                    batch.dead.append((record, str(error)))
                    continue
                concerning(command.correlation)
                if tracing.traced():
                    about = {"septet.key": command.key, "septet.correlation": command.correlation}
                    with tracing.span(
                        f"decide {command.type}", tracing.CONSUMER, command.traceparent, about
                    ) as carried:
                        answer = self._answer(batch, share, command.carrying(carried), record)
                else:
                    answer = self._answer(batch, share, command, record)
                if command.reply_to is not None and 0 <= command.reply_to[0] < self._gateways:
                    batch.replies.append((command.reply_to, answer))
            share.head = replace(share.head, next=share.next)
        concerning("")
        return batch

    def _share(self, partition: TopicPartition, records: list[Record], earlier: Share | None) -> Share:
        """An empty share, with all that its decisions will want to know of the stores: asking once is far quicker."""
        place = self._places[partition]
        head, answers = (self._heads[partition], {}) if earlier is None else (earlier.head, earlier.answers)
        share = Share(place, head, records[-1].offset + 1, answers)
        ids = list({record.headers.get("ce_id", b"") for record in records})
        share.known = dict(zip(ids, self._answers.get_many(place.answered, place.number, ids), strict=True))
        keys = []
        for key in {record.key for record in records}:
            found = (earlier and earlier.states.get(key)) or self._cache.get((partition, key))
            if found is None:
                keys.append(key)
            else:
                share.before[key] = found
        if keys:
            share.stored = dict(zip(keys, self._states.get_many(place.state, place.number, keys), strict=True))
        return share

    def _answer(self, batch: Batch, share: Share, command: Command, record: Record) -> bytes:
        """The framed answer to one command: the original one to a repeat, else a decision."""
        if command.type == self._inquire:
            return self._inquired(share, command, record)
        headers = record.headers
        number = headers["ce_id"]
        mark = blake2b(
            b"\0".join((headers["ce_type"], record.key, headers["ce_actor"], record.value or b"")), digest_size=8
        ).digest()
        known = share.answers.get(number) or share.earlier.get(number) or share.known[number]
        if known is not None:
            if self._codec.decode(known).fingerprint == mark:
                return known
            return self._codec.encode(_refusal(command, mark, REUSED))
        try:
            answer = self._decided(share, command, record, mark)
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
        framed = share.answers[number] = self._codec.encode(answer)
        return framed

    def _inquired(self, share: Share, command: Command, record: Record) -> bytes:
        """What became of an earlier command. A key's commands are in order: by now it has one, or never came."""
        try:
            number = self._codec.decode(record.value or b"").command_id.encode()
            known = share.answers.get(number) or share.earlier.get(number)
            if known is None:
                known = self._answers.get_many(share.place.answered, share.place.number, [number])[0]
        except Undecodable:
            known = None
        if known is None or self._codec.decode(known).actor != command.actor:
            return self._codec.encode(_refusal(command, b"", UNKNOWN))
        return known

    def _decided(self, share: Share, command: Command, record: Record, mark: bytes) -> Answer:
        place, headers, key = share.place, record.headers, record.key
        aggregate, body = self._aggregates.get(command.type, (None, None))
        if aggregate is None or aggregate.system != place.system:
            raise Undecodable(f"{command.type!r} is no command of {record.topic}")
        name, _, aggregate_id = command.key.partition("/")
        if name != aggregate.name or not aggregate_id:
            raise Undecodable(f"{command.type!r} is not addressed to a key like {command.key!r}")
        message = self._codec.decode(record.value or b"")
        if type(message) is not body:
            raise Undecodable(f"the body is a {self._codec.type_name(type(message))}, not a {command.type}")

        before = share.states.get(key) or share.before.get(key) or self._read(share, key, aggregate)
        if command.expected_version is not None and command.expected_version != before.version:
            raise Rejected("version_conflict", f"It has changed meanwhile: it is at version {before.version} now.")
        sequence, version = share.head.sequence, before.version
        at = max(self._clock(), share.head.time + 1)
        context = Context(instant(at), actor_of(headers["ce_actor"]), aggregate_id, version, command.id)
        events = aggregate.decide(before.state, message, context)
        if not events:
            return Answer(command.id, command.actor, mark, "", version)

        state, size = before.state, 0
        frames: list[tuple[bytes, bytes, Headers]] = []
        for index, event in enumerate(events, start=1):
            state = aggregate.evolve(state, event)
            framed = self._codec.encode(event, aggregate_id, context.actor.id)
            size += len(framed)
            if len(framed) > LARGEST:
                raise Rejected(
                    "too_large", "This is too large for one message. Send it in smaller parts.", Reason.INVALID
                )
            type_name = self._event_types[type(event)]
            where = (sequence + index, version + index, at + index - 1)
            around = event_headers(place.system, type_name, headers, index, *where, command.traceparent)
            frames.append((key, framed, around))
        # Only now, with every event encoded, does the command become part of the batch: all of it or nothing.
        share.events += frames
        version, sequence = version + len(frames), sequence + len(frames)
        share.states[key] = Snapshot(version, state)
        share.head = Head(sequence, at + len(frames) - 1)
        position = str(Position(place.system, place.number, sequence))
        returned = tuple([framed for _, framed, _ in frames]) if size <= ANSWERED_WITH else ()
        return Answer(command.id, command.actor, mark, position, version, returned, time=at)

    def _read(self, share: Share, key: bytes, aggregate: Aggregate) -> Snapshot:
        """A committed state that is not in the cache."""
        stored = share.stored[key]
        found = Snapshot(0, aggregate.initial) if stored is None else self._snapshot(stored, share, key, aggregate)
        share.before[key] = self._cache[share.place.commands, key] = found
        return found

    def _snapshot(self, stored: bytes, share: Share, key: bytes, aggregate: Aggregate) -> Snapshot:
        snapshot = self._readable(stored, share.place, key)
        if isinstance(snapshot, Snapshot) and isinstance(snapshot.state, aggregate.state):
            return snapshot
        return folded(self._log, self._codec, share.place.events, share.place.number, key, aggregate)

    # The end of a batch.

    def _changes(self, batch: Batch) -> Changes:
        """The new values of the keyed topics: snapshots, heads and remembered answers."""
        changes: Changes = {}
        encode = self._codec.encode
        for share in batch.shares.values():
            place = share.place
            changes[place.state, place.number] = [
                *((key, encode(each, id_of(key))) for key, each in share.states.items()),
                (topics.HEAD, encode(share.head)),
            ]
            if share.answers:
                changes[place.answered, place.number] = list(share.answers.items())
        return changes

    def _send(self, batch: Batch, changes: Changes) -> None:
        send = self._transactor.send
        for share in batch.shares.values():
            topic, number = share.place.events, share.place.number
            for key, body, headers in share.events:
                send(topic, number, key, body, headers)
        for (topic, number), entries in changes.items():
            for key, value in entries:
                send(topic, number, key, value, NO_HEADERS)
        for (gateway, token), framed in batch.replies:
            send(topics.ANSWERS, gateway, token.encode(), framed, NO_HEADERS)
        for record, error in batch.dead:
            COMMANDS_DEAD.inc()
            log.error("dead command", topic=record.topic, partition=record.partition, offset=record.offset, error=error)
            where = {"origin": f"{record.topic}:{record.partition}:{record.offset}".encode(), "error": error.encode()}
            send(topics.DEAD_COMMANDS, 0, record.key, record.value, {**record.headers, **where})

    def _publish(self, batch: Batch, changes: Changes) -> None:
        """Makes the committed batch what the next decisions see. Skips what a rebalance took away meanwhile."""
        for partition, share in batch.shares.items():
            if partition not in self._heads:
                continue
            place = share.place
            if entries := changes.get((place.state, place.number)):
                self._states.put(place.state, place.number, entries)
            if entries := changes.get((place.answered, place.number)):
                self._answers.put(place.answered, place.number, entries)
            for key, snapshot in share.states.items():
                self._cache[partition, key] = snapshot
            self._heads[partition] = share.head


NO_HEADERS: Headers = {}
LARGEST = 900_000  # bytes of one event: a broker takes 1 MiB with everything around it
ANSWERED_WITH = 256_000  # bytes of events that an answer brings back; above it the caller reads them by position
REUSED = Rejected("idempotency_key_reused", "This key was used for another command. Use a new one.", Reason.INVALID)
SORRY = Rejected("internal_error", "Something went wrong on our side. Try again later.", Reason.INTERNAL)
UNKNOWN = Rejected("unknown_command", "No such command came, or its answer is no longer kept.", Reason.NOT_FOUND)


def _read_again(consumer: Member, records: list[Record]) -> None:
    """Reads these once more, as if they had never been seen, except those of partitions that have moved."""
    first: dict[TopicPartition, int] = {}
    for record in records:
        first.setdefault((record.topic, record.partition), record.offset)
    for partition in first.keys() & consumer.owned():
        consumer.seek(partition, first[partition])


def _refusal(command: Command, mark: bytes, refused: Rejected) -> Answer:
    return Answer(command.id, command.actor, mark, "", 0, (), refused.code, refused.detail, refused.reason.value)
