"""A model check of the command processor's protocol: every order of steps, deaths, take-overs and zombies, in small.

The real processor runs on a log whose faults are chosen, and each run is repeated with every other choice until none
is left (stateless model checking, as P. Godefroid's VeriSoft did it). After each run, whatever happened in it: each
command was decided exactly once, in order; its events have no gap; a repeat got the original answer.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import structlog

from domain.catalogue import CATALOGUE
from domain.chat.conversation import CreateGroup, SendMessage
from domain.kernel import Answer, Message
from infra.log import Fenced, Record
from processors.commands import Batch, CommandProcessor
from schemas.envelope import Command, recorded_of
from tests.processing import ANN, CODEC, SEAL
from tests.unit.processors.model_log import Guarantees, ModelConsumer, ModelLog, ModelTransactor

ROUNDS = 4  # steps or faults that a run begins with; then it goes on undisturbed
FAULTS = 2  # in one run
GROUP = UUID(int=7)
SENT: list[tuple[str, Message]] = [
    ("c1", CreateGroup("g", (), SEAL)),
    ("c2", SendMessage("one")),
    ("c3", SendMessage("two")),
    ("c2", SendMessage("one")),  # a repeat
]


class Died(BaseException):
    """The process was killed at this moment."""


@dataclass
class Choices:
    """One run's choices: those of the run before up to the last that had an alternative, then always the first."""

    given: list[int]
    made: list[tuple[int, int]] = field(default_factory=list)  # what was chosen, of how many

    def choose(self, count: int) -> int:
        at = len(self.made)
        chosen = self.given[at] if at < len(self.given) else 0
        self.made.append((chosen, count))
        return chosen

    def next(self) -> list[int] | None:
        left = list(self.made)
        while left and left[-1][0] + 1 >= left[-1][1]:
            left.pop()
        return [each for each, _ in left[:-1]] + [left[-1][0] + 1] if left else None


def every_run(run: Callable[[Choices], None]) -> Iterator[Choices]:
    given: list[int] | None = []
    while given is not None:
        choices = Choices(given)
        run(choices)
        yield choices
        given = choices.next()


@dataclass
class Process:
    processor: CommandProcessor
    consumer: ModelConsumer


@dataclass
class World:
    """Two slots, at first one process in the first of them."""

    choices: Choices
    guarantees: Guarantees = field(default_factory=Guarantees)
    kind: type[CommandProcessor] = CommandProcessor
    faults: int = FAULTS
    rounds: int = ROUNDS
    undisturbed: bool = False

    def __post_init__(self) -> None:
        self.log = ModelLog(self.guarantees, self._interrupt)
        for number, (command_id, command) in enumerate(SENT):
            envelope = Command(
                id=command_id,
                type=CODEC.type_name(type(command)),
                key=f"conversation/{GROUP}",
                time=0,
                actor=str(ANN),
                correlation=command_id,
                causation=command_id,
                source="/model",
                reply_to=(0, f"answer-{number}"),
            )
            entry = ("chat.commands", envelope.key.encode(), CODEC.encode(command), envelope.headers())
            self.log.append([entry])
        self.processes: dict[str, Process] = {}
        self.open("0")

    def open(self, slot: str) -> None:
        processor = self.kind(CATALOGUE, CODEC, self.log, slot, clock=lambda: 1)  # type: ignore[arg-type]
        self.processes[slot] = Process(processor, processor.open())  # type: ignore[arg-type]

    def step(self, process: Process) -> None:
        try:
            process.processor.step(process.consumer)  # type: ignore[arg-type]
        except (Fenced, Died):
            self.processes = {slot: each for slot, each in self.processes.items() if each is not process}

    def disturb(self) -> None:
        """One fault: a process is started in a slot, dead, new or taken; or one leaves; or the broker gives one up."""
        self.faults -= 1
        what = self.choices.choose(4)
        if what < 2:
            self.open(str(what))
        elif what == 2 and "0" in self.processes:
            self.processes.pop("0").processor.close(self.log.members[0])  # type: ignore[arg-type]
        elif what == 3:
            self.log.pending.clear()

    def _interrupt(self, moment: str, transactor: ModelTransactor) -> None:
        """The process stands still here: it dies, or the others go on for a while, or nothing happens."""
        if self.undisturbed or not self.faults:
            return
        match self.choices.choose(3):
            case 1:
                self.faults -= 1
                raise Died
            case 2:
                self.disturb()
                for process in list(self.processes.values()):
                    if transactor is not process.processor._transactor:  # type: ignore[comparison-overlap]
                        self.undisturbed = True
                        for _ in range(3):
                            self.step(process)
                        self.undisturbed = False

    def run(self) -> None:
        for _ in range(self.rounds):
            alive = sorted(self.processes)
            chosen = self.choices.choose(len(alive) + (self.faults > 0))
            if chosen < len(alive):
                self.step(self.processes[alive[chosen]])
            else:
                self.disturb()
        self.settle()

    def settle(self) -> None:
        """The faults end: the broker forgets who died, a fresh process is started, and decides what is left."""
        self.undisturbed = True
        self.log.pending.clear()
        for process in list(self.processes.values()):
            self.step(process)
        self.open("0")
        alive = [each.consumer for each in self.processes.values()]
        self.log.members = [each for each in self.log.members if each in alive]
        for _ in range(8):
            for process in list(self.processes.values()):
                self.step(process)

    def faults_found(self) -> list[str]:
        """What must never be."""
        events = [recorded_of("chat.events", 0, each.headers) for each in self.log.records.get("chat.events", [])]
        found = []
        if [each.causation for each in events] != ["c1", "c2", "c3"]:
            found.append(f"decided: {[each.causation for each in events]}")
        if [each.sequence for each in events] != list(range(1, len(events) + 1)):
            found.append(f"sequences: {[each.sequence for each in events]}")
        if [each.version for each in events] != list(range(1, len(events) + 1)):
            found.append(f"versions: {[each.version for each in events]}")
        answers: dict[str, set[Answer]] = {}
        for each in self.log.records.get("answers", []):
            answer = CODEC.decode(each.value or b"")
            answers.setdefault(answer.command_id, set()).add(answer)
        if sorted(answers) != ["c1", "c2", "c3"] or any(len(each) != 1 for each in answers.values()):
            found.append(f"answers: {answers}")
        return found


class Ahead(CommandProcessor):
    """With so small transactions that each next one is decided while one is being committed."""

    batch = 1


class Hasty(CommandProcessor):
    """With the mistake that a batch is believed before it is committed."""

    def _decide_all(self, records: list[Record], before: Batch | None = None) -> Batch:
        batch = super()._decide_all(records, before)
        self._publish(batch, self._changes(batch))
        return batch


class Blind(Ahead):
    """With the mistake that what is being committed is not known to what is decided meanwhile."""

    def _decide_all(self, records: list[Record], before: Batch | None = None) -> Batch:
        return super()._decide_all(records)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("kind", "rounds", "least"),
    [(CommandProcessor, ROUNDS, 1_000), (Ahead, 2, 300)],  # ahead, two rounds see four commits
    ids=["one at a time", "decided ahead"],
)
def test_no_order_of_steps_and_faults_loses_doubles_or_reorders_anything(
    kind: type[CommandProcessor], rounds: int, least: int
) -> None:
    runs = 0

    def run(choices: Choices) -> None:
        nonlocal runs
        runs += 1
        world = World(choices, kind=kind, rounds=rounds)
        world.run()
        assert world.faults_found() == [], [chosen for chosen, _ in choices.made]

    for _ in every_run(run):
        pass
    assert runs > least
    print(f"\n{runs} runs")


@pytest.mark.parametrize(
    ("guarantees", "kind"),
    [
        (Guarantees(epochs=False, membership=False), CommandProcessor),
        (Guarantees(membership=False), CommandProcessor),
        (Guarantees(stable=False), CommandProcessor),
        (Guarantees(written=False), CommandProcessor),
        (Guarantees(), Hasty),
        (Guarantees(), Blind),
    ],
    ids=[
        "no fencing",
        "no membership",
        "no waiting for open transactions",
        "offsets before records",
        "published before the commit",
        "decided blindly",
    ],
)
def test_each_mistake_is_found(guarantees: Guarantees, kind: type[CommandProcessor]) -> None:
    found: list[str] = []

    def run(choices: Choices) -> None:
        world = World(choices, guarantees, kind)
        world.run()
        found.extend(world.faults_found())

    assert any(found for _ in every_run(run))
