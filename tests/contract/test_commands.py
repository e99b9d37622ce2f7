"""The command processor's promises, on every log: one test each."""

import dataclasses
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from domain.catalogue import CATALOGUE
from domain.chat.conversation import GroupCreated, MessageSent, SendMessage
from domain.kernel import Actor, Aggregate, Catalogue, Context, Inquire, Message, Position, State
from infra.log import Fenced, Log, TransactionAborted
from processors.commands import GROUP, CommandProcessor
from schemas import topics
from tests.contract.conftest import OpenLog
from tests.processing import CODEC, PARTITIONS, Desk, Running, create, group_in, prepare
from tests.services import Service


@pytest.fixture
def desk(log: Log) -> Desk:
    prepare(log)
    return Desk(log)


@pytest.fixture
def running(log: Log, desk: Desk) -> Iterator[Running]:
    one = Running(log)
    yield one
    one.close()


def test_a_command_becomes_events_with_their_place_and_an_answer_that_tells_it(desk: Desk, running: Running) -> None:
    group = uuid4()
    made, sent = desk.send(create(), group), desk.send(SendMessage("hello"), group)
    running.decide(2)
    answers = desk.answers()
    (first, created), (second, message) = desk.events()
    assert isinstance(created, GroupCreated)
    assert isinstance(message, MessageSent)
    assert (message.seq, message.text) == (1, "hello")
    assert (second.sequence - first.sequence, first.version, second.version) == (1, 1, 2)
    assert second.micros > first.micros
    assert second.key == f"conversation/{group}"
    assert answers[made].accepted
    assert CODEC.decode(answers[sent].events[0]) == message
    assert Position.parse(answers[sent].position) == second.position
    assert answers[sent].version == 2


def test_the_sequence_of_a_partition_has_no_gaps_and_its_times_only_rise_whatever_the_clock_does(
    log: Log, desk: Desk
) -> None:
    clock = iter([5_000_000, 4_000_000, 4_000_000, *range(3_000_000, 2_900_000, -1_000)])
    running = Running(log, clock=lambda: next(clock))
    group = uuid4()
    desk.send(create(), group)
    for number in range(20):
        desk.send(SendMessage(f"{number}"), group)
    running.decide(21)
    assert list(desk.sequences().values()) == [list(range(1, 22))]
    times = [at.micros for at, _ in desk.events()]
    assert times == sorted(set(times))
    running.close()


def test_a_repeated_command_gets_the_original_answer_and_is_decided_once(desk: Desk, running: Running) -> None:
    group, command_id = uuid4(), str(uuid4())
    desk.send(create(), group)
    tokens = [desk.send(SendMessage("once"), group, command_id=command_id) for _ in range(3)]
    running.decide(4)
    late = desk.send(SendMessage("once"), group, command_id=command_id)
    running.decide(1)
    answers = desk.answers()
    assert answers[tokens[0]].accepted
    assert {answers[token] for token in [*tokens, late]} == {answers[tokens[0]]}
    assert len(desk.events()) == 2


def test_commands_that_are_decided_while_earlier_ones_are_committed_know_of_them(
    log: Log, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CommandProcessor, "batch", 3)  # so that a queue of some takes several transactions
    group, repeated = uuid4(), str(uuid4())
    desk.send(create(), group)
    originals = [desk.send(SendMessage("once"), group, command_id=repeated, expected=1)]
    others = []
    for number in range(10):
        others.append(desk.send(SendMessage(f"{number}"), group, expected=2 + number))
        originals.append(desk.send(SendMessage("once"), group, command_id=repeated, expected=1))
    running = Running(log)
    running.decide(22)
    answers = desk.answers()
    assert {answers[token] for token in originals} == {answers[originals[0]]}
    assert all(answers[token].accepted for token in [originals[0], *others])
    assert list(desk.sequences().values()) == [list(range(1, 13))]
    running.close()


def test_a_repeat_gets_the_original_answer_after_a_restart_too_even_where_the_local_store_is_lost(
    open_log: OpenLog, log: Log, desk: Desk, tmp_path: Path
) -> None:
    group, command_id, refused = uuid4(), str(uuid4()), str(uuid4())
    first = Running(log)
    desk.send(create(), group)
    accepted, not_blank = (
        desk.send(SendMessage("once"), group, command_id=command_id),
        desk.send(SendMessage("  "), group, command_id=refused),
    )
    first.decide(3)
    first.close()
    for folder in [each for each in tmp_path.iterdir() if each.is_dir()]:
        shutil.rmtree(folder)  # what Kafka's adapter keeps beside the log; the embedded log keeps nothing there

    second = Running(open_log())
    again, again_refused = (
        desk.send(SendMessage("once"), group, command_id=command_id),
        desk.send(SendMessage("  "), group, command_id=refused),
    )
    more = desk.send(SendMessage("more"), group)
    second.decide(3)
    answers = desk.answers()
    assert answers[again] == answers[accepted]
    assert answers[again_refused] == answers[not_blank]
    assert not answers[not_blank].accepted  # a refusal is an answer as well
    assert CODEC.decode(answers[more].events[0]).seq == 2
    assert list(desk.sequences().values()) == [[1, 2, 3]]
    second.close()


def test_the_same_id_with_another_body_is_refused(desk: Desk, running: Running) -> None:
    group, command_id = uuid4(), str(uuid4())
    desk.send(create(), group)
    desk.send(SendMessage("this"), group, command_id=command_id)
    other = desk.send(SendMessage("that"), group, command_id=command_id)
    stranger = desk.send(SendMessage("this"), group, command_id=command_id, by=Actor("person", str(uuid4())))
    running.decide(4)
    answers = desk.answers()
    assert (answers[other].code, answers[other].reason) == ("idempotency_key_reused", "invalid")
    assert answers[stranger].code == "idempotency_key_reused"
    assert answers[stranger].events == ()
    assert len(desk.events()) == 2


def test_an_expected_version_is_checked_against_the_state_inside_the_same_batch(desk: Desk, running: Running) -> None:
    group = uuid4()
    desk.send(create(), group)
    right = desk.send(SendMessage("right"), group, expected=1)
    late = desk.send(SendMessage("late"), group, expected=1)
    running.decide(3)
    answers = desk.answers()
    assert answers[right].accepted
    assert answers[late].code == "version_conflict"


def test_what_cannot_be_read_goes_to_the_dead_letters_is_answered_and_stops_nobody(
    log: Log, desk: Desk, running: Running
) -> None:
    group = group_in(0)
    desk.send(create(), group)
    garbage = desk.send(SendMessage("x"), group, body=b"\0\0\0\0\x01garbage")
    wrong_key = desk.send(SendMessage("x"), group, key=f"person/{group}")
    desk.raw("chat", f"conversation/{group}".encode(), b"", {"ce_id": b"\xff"})
    unknown_gateway = desk.send(SendMessage("still"), group, gateway=99)
    after = desk.send(SendMessage("after"), group)
    running.decide(6)
    answers = desk.answers()
    assert answers[garbage].code == "undecodable"
    assert answers[wrong_key].code == "undecodable"
    assert unknown_gateway not in answers
    assert CODEC.decode(answers[after].events[0]).seq == 2
    dead = desk.read(topics.DEAD_COMMANDS)
    assert len(dead) == 3
    assert all(record.headers["error"] and record.headers["origin"] for record in dead)


def test_a_defect_in_a_rule_answers_with_an_internal_error_stops_nobody_and_is_decided_anew(
    log: Log, desk: Desk
) -> None:
    broken = True

    def decide(state: State, command: Message, context: Context) -> list[Message]:
        if broken and isinstance(command, SendMessage) and command.text == "boom":
            raise ZeroDivisionError
        return list(conversation.decide(state, command, context))

    conversation = CATALOGUE.named("chat", "conversation")
    mended = [each if each is not conversation else dataclasses.replace(each, decide=decide) for each in _aggregates()]
    running = Running(log, catalogue=Catalogue(mended, CATALOGUE.signals))
    group, command_id = uuid4(), str(uuid4())
    desk.send(create(), group)
    failed, fine = desk.send(SendMessage("boom"), group, command_id=command_id), desk.send(SendMessage("fine"), group)
    running.decide(3)
    broken = False
    again = desk.send(SendMessage("boom"), group, command_id=command_id)
    running.decide(1)
    answers = desk.answers()
    assert (answers[failed].code, answers[failed].reason) == ("internal_error", "internal")
    assert "ZeroDivision" not in answers[failed].detail
    assert answers[fine].accepted
    assert answers[again].accepted
    running.close()


def _aggregates() -> tuple[Aggregate, ...]:
    return CATALOGUE.aggregates


def test_an_inquiry_gets_the_original_answer_for_the_one_who_sent_the_command_only(
    desk: Desk, running: Running
) -> None:
    group, command_id = uuid4(), str(uuid4())
    desk.send(create(), group)
    sent = desk.send(SendMessage("hello"), group, command_id=command_id)
    mine = desk.send(Inquire(command_id), group)
    foreign = desk.send(Inquire(command_id), group, by=Actor("person", str(uuid4())))
    never = desk.send(Inquire(str(uuid4())), group)
    running.decide(5)
    answers = desk.answers()
    assert answers[mine] == answers[sent]
    assert answers[foreign].code == answers[never].code == "unknown_command"
    assert len(desk.events()) == 2


def test_state_that_nobody_can_read_is_told_by_the_events(open_log: OpenLog, log: Log, desk: Desk) -> None:
    group = group_in(0)
    first = Running(log)
    desk.send(create(), group)
    desk.send(SendMessage("one"), group)
    first.decide(2)
    first.close()
    producer = log.producer()
    for key in (f"conversation/{group}".encode(), topics.HEAD):
        producer.send(topics.state("chat"), key, b"\0\xff\xff\xff\xff no schema has this id", {}, partition=0)
    producer.flush(30)

    second = Running(open_log())
    token = desk.send(SendMessage("two"), group)
    second.decide(1)
    second.close()
    third = Running(open_log())  # what the second wrote has healed it
    after = desk.send(SendMessage("three"), group)
    third.decide(1)
    third.close()
    answers = desk.answers()
    assert [answers[each].version for each in (token, after)] == [3, 4]
    assert [CODEC.decode(answers[each].events[0]).seq for each in (token, after)] == [2, 3]
    assert desk.sequences() == {0: [1, 2, 3, 4]}


@pytest.mark.cluster
def test_offsets_that_a_broker_withholds_stop_nobody(open_kafka_log: OpenLog, kafka: Service) -> None:
    """A transaction that the group takes for open for as long as the test lasts: what a killed broker may leave."""
    log = open_kafka_log()
    prepare(log)
    until_nobody_is_in(kafka)
    stuck = Producer(
        {"bootstrap.servers": kafka.address, "transactional.id": "stuck", "transaction.timeout.ms": 600_000}
    )
    stuck.init_transactions(60)
    stuck.begin_transaction()
    nobody = Consumer({"bootstrap.servers": kafka.address, "group.id": GROUP}).consumer_group_metadata()
    everything = [TopicPartition(topics.commands("chat"), number, 0) for number in range(PARTITIONS)]
    try:
        stuck.send_offsets_to_transaction(everything, nobody, 60)
        desk, group = Desk(log), uuid4()
        tokens = [desk.send(create(), group)]
        for slot in ("0", "1"):  # what one has decided, the next one of another slot goes on from
            tokens.append(desk.send(SendMessage(slot), group))
            running = Running(log, slot)
            running.until(lambda: set(tokens) <= desk.answers().keys())
            running.close()
        assert list(desk.sequences().values()) == [[1, 2, 3]]
    finally:
        stuck.abort_transaction(60)


def until_nobody_is_in(kafka: Service) -> None:
    """Members of a slot stay in their group for a while after they have left: other tests leave some behind."""
    admin = AdminClient({"bootstrap.servers": kafka.address})
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        [described] = admin.describe_consumer_groups([GROUP]).values()
        with suppress(KafkaException):  # nobody was ever in it
            if described.result(30).members:
                time.sleep(0.2)
                continue
        return
    raise AssertionError("the group is not left")


def test_a_zombie_of_the_same_slot_is_fenced_and_nothing_of_it_is_kept(open_log: OpenLog, log: Log, desk: Desk) -> None:
    zombie = Running(log)
    group = uuid4()
    desk.send(create(), group)
    zombie.decide(1)
    heir = Running(open_log("elsewhere"))
    sent = desk.send(SendMessage("to the heir"), group)
    ended: list[Exception] = []

    def heir_has_answered() -> bool:
        if not ended:
            try:
                zombie.processor.step(zombie.consumer)
            except (Fenced, TransactionAborted) as error:
                ended.append(error)
        return sent in desk.answers()

    heir.until(heir_has_answered)
    assert list(desk.sequences().values()) == [[1, 2]]
    assert len(desk.read(topics.ANSWERS)) == 2
    heir.close()


def test_two_slots_share_the_partitions_and_a_leaving_one_hands_its_own_over(
    open_log: OpenLog, log: Log, desk: Desk
) -> None:
    groups = [group_in(number % PARTITIONS) for number in range(9)]
    one = Running(log, "0")
    for group in groups:
        desk.send(create(), group)
    one.decide(9)
    two = Running(open_log(), "1")
    tokens = [desk.send(SendMessage(f"{number}"), groups[number % 9]) for number in range(90)]

    def step_both() -> bool:
        two.processor.step(two.consumer)
        return set(tokens) <= desk.answers().keys()

    one.until(step_both)
    one.close()
    tokens += [desk.send(SendMessage("after"), group) for group in groups]
    two.until(lambda: set(tokens) <= desk.answers().keys())
    two.close()

    seqs: dict[str, list[int]] = {}
    for at, event in desk.events():
        if isinstance(event, MessageSent):
            seqs.setdefault(at.key, []).append(event.seq)
    assert all(found == list(range(1, len(found) + 1)) for found in desk.sequences().values())
    assert list(seqs.values()) == [list(range(1, 12))] * 9
    assert all(answer.accepted for token, answer in desk.answers().items() if token in tokens)
